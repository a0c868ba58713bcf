//! The server of a storm whose agents are elsewhere, as far as they know.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use super::command::Desk;

/// A server that is killed and started again at the same address.
pub(crate) struct Serving {
    child: Child,
    address: String,
    token: String,
    /// The options that name its store.
    store: Vec<String>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Serving {
    /// Serves the store of a desk.
    pub(crate) fn begin(desk: &Desk) -> Self {
        Self::of(desk, &["--store", ".besom"])
    }

    /// Serves the store that these options name.
    pub(crate) fn of(desk: &Desk, store: &[&str]) -> Self {
        // Nobody else takes the port within the storm: the system gives out others first.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let token = desk.json(&[store, &["token", "--agent", "--json"]].concat());
        let token = token["token"].as_str().unwrap().to_owned();
        let store: Vec<String> = store.iter().map(|&option| option.to_owned()).collect();
        let mut child = start(desk, &store, &address, Stdio::piped());
        let said = BufReader::new(child.stdout.take().unwrap());
        // It says how to use it once it listens.
        assert!(said.lines().any(|line| line.unwrap().contains("besom agent ID")));
        Self { child, address, token, store }
    }

    /// What an agent needs to know of it. Its files are on this machine, as those of all agents of the desk.
    pub(crate) fn tell(&self, desk: &Desk, agent: &mut Command) {
        agent.env("BESOM_STORE", format!("http://{}", self.address)).env("BESOM_TOKEN", &self.token);
        agent.env("BESOM_HOME", desk.path().join("home"));
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Starts it again if it has ended.
    pub(crate) fn revive(&mut self, desk: &Desk) {
        if self.child.try_wait().unwrap().is_some() {
            self.child = start(desk, &self.store, &self.address, Stdio::null());
        }
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(desk: &Desk, store: &[String], address: &str, said: Stdio) -> Child {
    let errors = std::fs::File::options().create(true).append(true).open(desk.path().join("errors")).unwrap();
    let mut command = desk.command(&[]);
    command.args(store).args(["serve", "--listen", address]);
    command.stdout(said).stderr(errors).spawn().unwrap()
}
