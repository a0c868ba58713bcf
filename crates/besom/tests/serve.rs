//! `besom serve` as people type it: what it prints, who finds it, how it ends, and what its death costs.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use besom_core::RunState;
use besom_engine::Place;
use besom_remote::{HttpOptions, HttpStore};
use besom_store::{
    Claim, End, NewAgent, Queue, Reply, Row, RunQuery, Store, StoreError, SweepId, SweepState,
};
use command::Desk;
use rustix::process::{Pid, Signal, kill_process};

const SWEEP: &str = "{method: random, command: [sh, -c, 'exit 0'], run_cap: 60, metric: {name: loss}, \
                     parameters: {x: {min: 0.0, max: 1.0}}}";

/// A server that is killed when it is dropped.
struct Served {
    child: Child,
    lines: Vec<String>,
}

impl Served {
    fn start(desk: &Desk, arguments: &[&str]) -> Self {
        let mut command = desk.command(&[&["serve"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let lines = out.lines().take(3).map(Result::unwrap).collect();
        Self { child, lines }
    }

    /// What follows a word of the lines, up to the next space.
    fn after(&self, word: &str) -> String {
        let text = self.lines.join("\n");
        let rest = text.split(word).nth(1).unwrap_or_else(|| panic!("{word}: {text}"));
        rest.split_whitespace().next().unwrap().to_owned()
    }

    fn end(mut self, signal: Signal) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn desk_with_a_sweep() -> (Desk, SweepId) {
    let desk = Desk::new();
    desk.file("sweep.yaml", SWEEP);
    let created = desk.json(&["sweep", "sweep.yaml", "--seed", "1", "--json"]);
    let id = SweepId::new(created["id"].as_str().unwrap());
    (desk, id)
}

#[test]
fn serve_prints_links_that_status_finds_until_it_ends_well() {
    let (desk, _) = desk_with_a_sweep();
    let served = Served::start(&desk, &["--listen", "127.0.0.1:0"]);
    let (link, url) = (served.after("dashboard"), served.after("BESOM_STORE="));
    assert!(
        served.lines[0].starts_with("besom ") && served.lines[0].ends_with("/.besom"),
        "{:?}",
        served.lines
    );
    assert_eq!(link.split("/#token=").next(), Some(url.as_str()));
    let status = desk.call(&["status"]);
    assert!(status.err.contains(&link), "{link} {status:?}");
    let again = desk.call(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.err.contains(&format!("the store is served already, at {url}")), "{again:?}");
    assert!(!again.err.contains("token="), "{again:?}");
    assert_eq!(served.end(Signal::TERM), Some(0));
    assert!(!desk.call(&["status"]).err.contains("token="));
}

#[test]
fn tokens_are_made_listed_and_revoked_by_name() {
    let (desk, id) = desk_with_a_sweep();
    let made = desk.call(&["token", "--agent", &id.as_str()[..4]]);
    assert_eq!((made.code, made.out.trim().len()), (Some(0), 40), "{made:?}");
    assert!(desk.call(&["token", "--read", "--name", "ada"]).code == Some(0));
    let list = desk.call(&["token"]).out;
    assert!(list.contains("agent-1") && list.contains("ada") && list.contains(id.as_str()), "{list}");
    assert!(!list.contains(made.out.trim()), "{list}");
    assert_eq!(desk.call(&["token", "--revoke", "ada"]).code, Some(0));
    let unknown = desk.call(&["token", "--revoke", "agent-11"]);
    assert!(unknown.code == Some(2) && unknown.err.contains("did you mean 'agent-1'?"), "{unknown:?}");
}

#[test]
fn a_server_that_others_could_reach_needs_tls_or_the_word_that_it_need_not() {
    let (desk, _) = desk_with_a_sweep();
    let refused = desk.call(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("--tls-cert") && refused.err.contains("--insecure-http"), "{refused:?}");
    let served = Served::start(&desk, &["--listen", "0.0.0.0:0", "--insecure-http"]);
    assert!(served.after("BESOM_STORE=").starts_with("http://"));
    desk.file("cert.pem", "nonsense");
    let refused = desk.call(&["serve", "--tls-cert", "cert.pem", "--tls-key", "cert.pem"]);
    assert!(refused.code == Some(2) && refused.err.contains("no certificate can be read"), "{refused:?}");
}

#[test]
fn a_run_with_serve_says_where_it_is_served_and_ends_by_itself() {
    let desk = Desk::new();
    desk.file("sweep.yaml", &SWEEP.replace("run_cap: 60", "run_cap: 2"));
    let ran = desk.call(&["run", "sweep.yaml", "--serve", "--seed", "1"]);
    assert!(ran.out.contains("/#token="), "{ran:?}");
    assert!(!desk.call(&["status"]).err.contains("token="));
}

#[test]
fn an_agent_elsewhere_works_a_sweep_off_with_a_token_for_that_sweep_alone() {
    let (desk, elsewhere) = (Desk::new(), Desk::new());
    let text = SWEEP.replace("exit 0", "besom log loss=0.5").replace("run_cap: 60", "run_cap: 3");
    desk.file("sweep.yaml", &text);
    let created = desk.json(&["sweep", "sweep.yaml", "--seed", "1", "--json"]);
    let id = created["id"].as_str().unwrap();
    let served = Served::start(&desk, &["--listen", "127.0.0.1:0"]);
    let token = desk.call(&["token", "--agent", id]).out;
    let mut agent = elsewhere.command(&["agent", id]);
    agent.env("BESOM_STORE", served.after("BESOM_STORE=")).env("BESOM_TOKEN", token.trim());
    let worked = command::Answer::from(agent.output().unwrap());
    assert_eq!(worked.code, Some(0), "{worked:?}");
    let status = desk.json(&["status", id, "--json"]);
    assert_eq!(
        (&status["status"]["best"]["value"], &status["sweep"]["state"]),
        (&0.5.into(), &"finished".into())
    );
    let mut other = elsewhere.command(&["cancel", id]);
    other.env("BESOM_STORE", served.after("BESOM_STORE=")).env("BESOM_TOKEN", token.trim());
    let refused = command::Answer::from(other.output().unwrap());
    assert!(refused.code == Some(2) && refused.err.contains("needs one for 'owner'"), "{refused:?}");
    let mut again = elsewhere.command(&["serve", "--listen", "127.0.0.1:0"]);
    let again =
        command::Answer::from(again.env("BESOM_STORE", served.after("BESOM_STORE=")).output().unwrap());
    assert!(again.code == Some(2) && again.err.contains("behind a server already"), "{again:?}");
}

/// A port that was free a moment ago, to be used by one server after the other.
fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// The answer to a call that is repeated until the server is there.
fn repeated<T>(mut call: impl FnMut() -> Result<T, StoreError>) -> T {
    loop {
        match call() {
            Ok(answer) => return answer,
            Err(error) => assert!(error.is_transient(), "{}", besom_core::error_chain(&error)),
        }
        thread::yield_now();
    }
}

/// Claims and finishes until the sweep has ended.
fn work(url: &str, token: &str, id: &SweepId, done: &AtomicUsize) {
    let mut store = HttpStore::connect(url, &HttpOptions::default().token(token)).unwrap();
    let agent = NewAgent::new("killed/1", Duration::from_secs(600));
    let agent = repeated(|| store.join(id, &agent));
    for request in 1.. {
        let run = loop {
            match repeated(|| store.claim(agent, request)) {
                Claim::Run(run) => break run,
                Claim::Nothing(state) if state.is_over() => return,
                Claim::Nothing(_) | Claim::Drained => thread::yield_now(),
            }
        };
        let end = End::new(RunState::Finished);
        assert_eq!(repeated(|| store.finish(&run.lease, &end)), Reply::Continue);
        done.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_server_that_is_killed_again_and_again_loses_nothing_and_hands_out_nothing_twice() {
    let (desk, id) = desk_with_a_sweep();
    let address = free_port();
    let mut served = Served::start(&desk, &["--listen", &address]);
    let (url, token) = (served.after("BESOM_STORE="), served.after("BESOM_TOKEN="));
    let done = AtomicUsize::new(0);
    thread::scope(|scope| {
        let agents: Vec<_> = (0..4).map(|_| scope.spawn(|| work(&url, &token, &id, &done))).collect();
        for kills in 1..=4 {
            while done.load(Ordering::SeqCst) < kills * 12 {
                thread::yield_now();
            }
            served.end(Signal::KILL);
            served = Served::start(&desk, &["--listen", &address]);
            assert_eq!(served.after("BESOM_TOKEN="), token, "it is the same after a restart");
        }
        agents.into_iter().for_each(|agent| agent.join().unwrap());
    });
    let mut store = Place::new(desk.path().join(".besom")).unwrap().open().unwrap();
    assert_eq!(store.sweep(&id).unwrap().state, SweepState::Finished);
    let runs = store.runs(&id, &RunQuery::default()).unwrap();
    assert_eq!((runs.len(), done.load(Ordering::SeqCst)), (60, 60));
    for run in runs {
        assert_eq!((run.state, run.attempt), (RunState::Finished, 1), "run {}", run.number);
    }
}

#[test]
fn a_full_disk_under_the_server_costs_nothing_that_was_acknowledged() {
    let (desk, id) = desk_with_a_sweep();
    let address = free_port();
    let besom = env!("CARGO_BIN_EXE_besom");
    let script = format!("ulimit -f 4000; exec {besom} serve --listen {address}");
    let mut shell = std::process::Command::new("sh");
    let shell =
        shell.args(["-c", &script]).current_dir(desk.path()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = shell.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let served = Served { child, lines: out.lines().take(3).map(Result::unwrap).collect() };
    let (url, token) = (served.after("BESOM_STORE="), served.after("BESOM_TOKEN="));
    let mut store = HttpStore::connect(&url, &HttpOptions::default().token(token)).unwrap();
    let agent = store.join(&id, &NewAgent::new("writer/1", Duration::from_secs(600))).unwrap();
    let Claim::Run(run) = store.claim(agent, 1).unwrap() else { panic!("there is a run") };
    let rows = |first: u64| -> Vec<Row> { (first..first + 1000).map(row).collect() };
    let mut stored = 0;
    let full = loop {
        match store.report(&run.lease, &rows(stored + 1)) {
            Ok(reply) => assert_eq!(reply, Reply::Continue),
            Err(error) => break error,
        }
        stored += 1000;
    };
    assert!(full.is_transient(), "{full:?}");
    served.end(Signal::KILL);
    let _served = Served::start(&desk, &["--listen", &address]);
    assert!(repeated(|| store.run(&id, run.lease.run)).rows >= stored);
    assert_eq!(repeated(|| store.report(&run.lease, &rows(stored + 1))), Reply::Continue);
    assert_eq!(store.run(&id, run.lease.run).unwrap().rows, stored + 1000);
}

fn row(seq: u64) -> Row {
    let values = serde_json::json!({"loss": 1.0 / seq as f64, "text": "x".repeat(100)});
    Row::new(seq, values.as_object().cloned().unwrap())
}
