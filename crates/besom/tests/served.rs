//! Agents of a store behind a server: where they run programs, what they execute, and what programs get to know.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;
#[path = "kill/serving.rs"]
mod serving;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use command::{Answer, Desk};
use serving::Serving;

const SWEEP: &str = "\
method: grid
program: train.sh
command: [sh, '${program}', '${args}', '${envvar:BESOM_TOKEN}']
metric: {name: loss}
parameters: {x: {values: [1, 2]}}
";

/// Says what it sees.
const PROGRAM: &str = "\
echo here $(pwd) $*
echo store $BESOM_STORE token ${BESOM_TOKEN-none}
echo files $BESOM_RUN_DIR
besom log loss=1
";

/// A served sweep, and a directory elsewhere with its program.
struct Scene {
    desk: Desk,
    server: Serving,
    sweep: String,
}

impl Scene {
    fn new() -> Self {
        let desk = Desk::new();
        desk.file("sweep.yaml", SWEEP);
        desk.file("elsewhere/train.sh", PROGRAM);
        assert_eq!(desk.call(&["sweep", "sweep.yaml", "--seed", "1"]).code, Some(0));
        let (server, sweep) = (Serving::begin(&desk), desk.newest());
        Self { desk, server, sweep }
    }

    fn elsewhere(&self) -> PathBuf {
        self.desk.path().join("elsewhere")
    }

    /// An agent elsewhere.
    fn agent(&self, arguments: &[&str]) -> Command {
        let mut command = self.desk.command(&[&["agent", &self.sweep], arguments].concat());
        self.server.tell(&self.desk, &mut command);
        command.current_dir(self.elsewhere()).env_remove("BESOM_HOME");
        command
    }

    fn states(&self) -> Vec<String> {
        let runs = self.desk.json(&["runs", &self.sweep, "--json"]);
        runs.as_array().unwrap().iter().map(|run| run["state"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn programs_run_where_their_agent_was_started_and_what_they_print_is_read_at_the_store() {
    let scene = Scene::new();
    let answer = Answer::from(scene.agent(&["--allow-command", "sh train.sh *"]).output().unwrap());
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let elsewhere = scene.elsewhere().canonicalize().unwrap();
    let shown =
        format!("programs run in {}: sh train.sh ${{args}} ${{envvar:BESOM_TOKEN}}\n", elsewhere.display());
    assert!(answer.out.contains(&shown), "{shown}{answer:?}");
    assert_eq!(scene.states(), ["finished", "finished"]);
    let said = scene.desk.call(&["logs", &scene.sweep, "1"]).out;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines[0],
        format!("here {} --x=1 BESOM_TOKEN", elsewhere.display()),
        "the name, not the token"
    );
    assert!(lines[1].starts_with("store http://127.0.0.1:") && lines[1].ends_with(" token none"), "{said}");
    let files = elsewhere.join(format!(".besom/remote/runs/{}/1", scene.sweep));
    assert_eq!(lines[2], format!("files {}", files.display()));
    assert!(files.is_dir());
}

#[test]
fn files_of_runs_are_below_the_run_root_if_one_is_given() {
    let scene = Scene::new();
    let root = scene.desk.path().join("root");
    let arguments = ["--run-root", root.to_str().unwrap(), "--count", "1"];
    let answer = Answer::from(scene.agent(&arguments).output().unwrap());
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(root.join(format!("runs/{}/1", scene.sweep)).is_dir());
    assert!(!scene.elsewhere().join(".besom").exists());
    let local = scene.desk.call(&["agent", &scene.sweep, "--run-root", "root"]);
    let sentence = "--run-root is for a store behind a server";
    assert!(local.code == Some(2) && local.err.contains(sentence), "{local:?}");
}

#[test]
fn a_command_line_that_is_not_allowed_is_refused_before_anything_is_claimed() {
    let scene = Scene::new();
    let arguments = ["--allow-command", "python train.py *", "--allow-command", "sh other.sh"];
    let answer = Answer::from(scene.agent(&arguments).output().unwrap());
    assert_eq!(answer.code, Some(2), "{answer:?}");
    let sentence = "besom: this agent must not execute `sh train.sh BESOM_TOKEN`; it may execute `python train.py *`, \
                    `sh other.sh` only\n";
    assert_eq!(answer.err, sentence);
    assert_eq!(scene.states(), [""; 0], "the server suggests runs to agents that work");
}

fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

/// A server that answers nothing and closes nothing, as on a machine that is suspended.
#[test]
fn an_agent_leaves_at_sigterm_though_its_server_hangs_and_nothing_is_lost() {
    let scene = Scene::new();
    scene.desk.file("elsewhere/train.sh", "besom log loss=1; echo > began; exec sleep 1000");
    let mut agent = scene.agent(&[]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    scene.desk.await_file("elsewhere/began", &mut agent);
    signal("-STOP", scene.server.pid());
    let begun = Instant::now();
    signal("-TERM", agent.id());
    let ended = agent.wait_with_output().unwrap();
    // Each request may take 40 s.
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    signal("-CONT", scene.server.pid());
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("s, and this process is to end"), "{said}");
    scene.desk.file("elsewhere/train.sh", PROGRAM);
    let answer = Answer::from(scene.agent(&[]).output().unwrap());
    assert_eq!(
        (answer.code, scene.states()),
        (Some(0), ["finished"; 2].map(str::to_owned).to_vec()),
        "{answer:?}"
    );
    let first = scene.desk.json(&["show", &scene.sweep, "1", "--json"]);
    let attempts: Vec<_> =
        first["attempts"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(attempts, ["preempted", "finished"]);
}
