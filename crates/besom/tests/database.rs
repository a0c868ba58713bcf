//! Sweeps in a database, by the command.
#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;
#[path = "../../besom-postgres/tests/server/mod.rs"]
mod server;
#[path = "kill/serving.rs"]
mod serving;

use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use command::Desk;
use serde_json::Value;
use server::Server;
use serving::Serving;

const SWEEP: &str = "\
method: random
run_cap: 12
program: train.sh
command: [sh, '${program}']
metric: {name: loss}
parameters: {x: {min: 0.0, max: 1.0}}
";

/// Waits for the word to go on.
const PROGRAM: &str = "\
echo $BESOM_RUN_NUMBER >> began
while [ ! -e go ]; do sleep 0.02; done
besom log loss=$BESOM_RUN_NUMBER
";

fn agent(desk: &Desk, server: &Serving, sweep: &str) -> Child {
    let mut command = desk.command(&["agent", sweep]);
    server.tell(desk, &mut command);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn two_servers_share_a_database_and_agents_go_on_when_one_is_killed() {
    let Some(database) = Server::start_with("two_servers_share_a_database", "-c fsync=off") else { return };
    let (desk, url) = (Desk::new(), database.url());
    desk.file("sweep.yaml", SWEEP);
    desk.file("train.sh", PROGRAM);
    let store = ["--store", &url];
    let json = |arguments: &[&str]| desk.json(&[&store, arguments].concat());
    let sweep = json(&["sweep", "sweep.yaml", "--json"])["id"].as_str().unwrap().to_owned();
    let mut first = Serving::of(&desk, &["--store", &url, "--run-root", "first"]);
    let second = Serving::of(&desk, &["--store", &url, "--run-root", "second"]);
    let mut agents = [agent(&desk, &first, &sweep), agent(&desk, &second, &sweep)];
    let began = || std::fs::read_to_string(desk.path().join("began")).unwrap_or_default().lines().count();
    wait_until(|| began() == 2);
    first.kill();
    desk.file("go", "");
    let runs = || json(&["runs", &sweep, "--json"]).as_array().unwrap().clone();
    let is_finished = |run: &&Value| run["state"] == "finished";
    // The other agent does all that is left; what the first one has is its own until it is heard of again.
    wait_until(|| runs().iter().filter(is_finished).count() == 11);
    first.revive(&desk);
    for agent in &mut agents {
        assert_eq!(agent.wait().unwrap().code(), Some(0));
    }
    let runs = runs();
    assert_eq!(runs.len(), 12);
    assert!(runs.iter().all(|run| run["state"] == "finished" && run["attempt"] == 1), "{runs:?}");
    assert!(runs.iter().all(|run| run["best"].as_f64() == run["number"].as_f64()), "{runs:?}");
    assert_eq!(began(), 12, "no run was executed twice");
    assert_eq!(json(&["list", "--json"])[0]["state"], "finished");
    // And into a directory, and back to a database of another name.
    let other = format!("{url}?schema=other");
    for (from, to) in [(url.as_str(), "copy"), ("copy", other.as_str())] {
        let copied = desk.call(&["store", "copy", from, to]);
        assert_eq!((copied.code, copied.out.starts_with("copied sweep")), (Some(0), true), "{copied:?}");
    }
    let copied = desk.json(&["--store", &other, "runs", &sweep, "--json"]);
    assert_eq!(copied.as_array(), Some(&runs));
}
