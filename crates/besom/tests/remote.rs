//! The command with a store behind a server: all of it works, and what cannot says so.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use besom_core::{Goal, RunNumber};
use besom_remote::{HttpOptions, HttpStore};
use besom_store::{NewRun, NewSweep, Store};
use command::{Answer, Desk};
use serde_json::json;

const SWEEP: &str = "\
method: grid
name: first
metric: {name: loss, goal: maximize}
program: train.sh
command: [sh, '${program}', '${args}']
parameters:
  a: {values: [1, 2, 3]}
  b: {value: text}
";

/// `besom serve` at one desk.
struct Server {
    desk: Desk,
    child: Child,
    url: String,
    /// The tokens of its owner and of its agents.
    owner: String,
    agents: String,
}

impl Server {
    fn start() -> Self {
        let desk = Desk::new();
        let mut command = desk.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let said = out.lines().take(3).map(Result::unwrap).collect::<Vec<_>>().join("\n");
        let after = |mark: &str, end: char| {
            let rest = said.split_once(mark).unwrap_or_else(|| panic!("{mark}: {said}")).1;
            rest.split([end, '\n']).next().unwrap().to_owned()
        };
        let url = after("BESOM_STORE=", ' ');
        let (owner, agents) = (after("#token=", ' '), after("BESOM_TOKEN=", ' '));
        Self { desk, child, url, owner, agents }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Another desk, whose store is behind the server.
struct Client<'a> {
    desk: Desk,
    server: &'a Server,
}

impl Client<'_> {
    fn command(&self, token: &str, arguments: &[&str]) -> Command {
        let mut command = self.desk.command(arguments);
        command.env("BESOM_STORE", &self.server.url).env("BESOM_TOKEN", token);
        command
    }

    fn call(&self, arguments: &[&str]) -> Answer {
        Answer::from(self.command(&self.server.owner, arguments).output().unwrap())
    }

    /// A call that must succeed; what it printed.
    fn done(&self, arguments: &[&str]) -> String {
        let answer = self.call(arguments);
        assert_eq!(answer.code, Some(0), "{arguments:?}: {answer:?}");
        answer.out
    }
}

#[test]
fn a_sweep_is_created_executed_and_shown_through_a_server() {
    let server = Server::start();
    let client = Client { desk: Desk::new(), server: &server };
    client.desk.file("train.sh", "echo \"training $1\"; env | grep -c BESOM_TOKEN; besom log loss=${1#--a=}");
    client.desk.file("sweep.yaml", SWEEP);
    client.done(&["sweep", "sweep.yaml", "--seed", "1"]);
    let sweeps: serde_json::Value = serde_json::from_str(&client.done(&["list", "--json"])).unwrap();
    let id = sweeps[0]["id"].as_str().unwrap().to_owned();
    client.done(&["pause", &id]);
    assert!(client.done(&["list"]).contains("paused"));
    client.done(&["resume", &id]);

    let agent = client.command(&server.agents, &["agent", &id, "-j", "2"]).output().unwrap();
    let agent = Answer::from(agent);
    assert_eq!(agent.code, Some(0), "{agent:?}");
    assert!(client.done(&["status", &id]).contains("finished: search space exhausted"));
    let runs: serde_json::Value = serde_json::from_str(&client.done(&["runs", &id, "--json"])).unwrap();
    assert_eq!(runs.as_array().unwrap().len(), 3);
    assert_eq!(runs[0]["params"], json!({"a": 1, "b": "text"}));
    assert!(client.done(&["best", &id]).starts_with("best loss 3 in run 3"));
    client.done(&["show", "1"]);
    assert!(client.done(&["logs", "1"]).starts_with("training --a=1\n0\n"), "programs get no token");
    // A third machine has no file of the run.
    let third = Client { desk: Desk::new(), server: &server };
    assert!(third.done(&["logs", "1"]).starts_with("training --a=1\n"));
    // The files of runs are on the machine of the agent, the store on that of the server.
    assert!(client.desk.path().join(".besom/remote/runs").join(&id).is_dir());
    assert!(!server.desk.path().join(".besom/runs").exists());

    let removed = client.call(&["rm", &id, "--yes"]);
    assert!(
        removed.code == Some(0) && removed.err.contains("files of their runs on other machines"),
        "{removed:?}"
    );
    assert!(!client.desk.path().join(".besom/remote/runs").join(&id).exists());
}

#[test]
fn a_run_of_a_file_works_through_a_server() {
    let server = Server::start();
    let client = Client { desk: Desk::new(), server: &server };
    client.desk.file("train.sh", "besom log loss=${1#--a=}");
    client.desk.file("sweep.yaml", SWEEP);
    let out = client.done(&["run", "sweep.yaml", "--seed", "1", "-j", "2"]);
    assert!(out.contains("best loss 3 in run 3"), "{out}");
}

#[test]
fn runs_of_a_method_that_another_process_has_are_executed_by_any_agent() {
    let server = Server::start();
    let client = Client { desk: Desk::new(), server: &server };
    client.desk.file("train.sh", "besom log loss=${1#--a=}");
    let owner = HttpOptions::default().token(server.owner.clone());
    let mut store = HttpStore::connect(&server.url, &owner).unwrap();
    let text = SWEEP.replace("method: grid", "method: walk");
    let new = NewSweep::new("walk0001").text(text).metric("loss", Goal::Maximize);
    store.create_sweep(&new).unwrap();
    let point = |a: u64| json!({"a": a, "b": "text"}).as_object().unwrap().clone();
    let runs = [1, 2].map(|a| NewRun::new(point(a)));
    store.add_runs(&new.id, RunNumber::new(1).unwrap(), &runs, None).unwrap();

    let agent = client.command(&server.agents, &["agent", "walk0001", "--count", "2"]).output().unwrap();
    let agent = Answer::from(agent);
    assert_eq!(agent.code, Some(0), "{agent:?}");
    assert!(agent.out.contains("run 2 finished: loss 2"), "{agent:?}");
}

fn refused(answer: &Answer, message: &str) {
    assert!(answer.code == Some(2) && answer.err.contains(message), "{message}: {answer:?}");
}

#[test]
fn what_cannot_work_says_so_in_a_sentence_that_names_the_url() {
    let server = Server::start();
    let client = Client { desk: Desk::new(), server: &server };
    let here = "run this command on the server's machine, with --store DIRECTORY";
    refused(&client.call(&["backup", "copy"]), here);
    refused(&client.call(&["doctor"]), here);
    let wrong = client.command(&"x".repeat(40), &["list"]).output().unwrap();
    refused(
        &Answer::from(wrong),
        &format!("cannot use the store at {}: the server does not know the token", server.url),
    );
    client.desk.file("sweep.yaml", SWEEP);
    let low = Answer::from(client.command(&server.agents, &["sweep", "sweep.yaml"]).output().unwrap());
    refused(&low, "this token is for");
    let nowhere = client.desk.command(&["list"]).env("BESOM_STORE", "http://127.0.0.1:9").output().unwrap();
    let nowhere = Answer::from(nowhere);
    assert!(
        nowhere.err.contains("cannot use the store at http://127.0.0.1:9: no server listens there"),
        "{nowhere:?}"
    );
    let plain =
        client.desk.command(&["list"]).env("BESOM_STORE", "http://10.255.255.1:7070").output().unwrap();
    refused(&Answer::from(plain), "plain http shows the token and all data");
}
