//! The real binary, in a directory of its own.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

/// A fresh directory in which `besom` is called; its store is the default `.besom` there.
pub(crate) struct Desk {
    directory: tempfile::TempDir,
}

/// What a call gave.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file and returns its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A call to be started: `besom ARGUMENTS` in this directory.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_by(Command::new(env!("CARGO_BIN_EXE_besom")), arguments)
    }

    /// The same by another program that is `besom`.
    pub(crate) fn command_by(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        for name in ["BESOM_STORE", "BESOM_TOKEN", "BESOM_HOME", "BESOM_METRICS"] {
            command.env_remove(name);
        }
        // Programs of a sweep find the very binary that is tested.
        let binary = Path::new(env!("CARGO_BIN_EXE_besom")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
        command.env("PATH", path);
        command
    }

    /// A line for the shell, which finds `besom`.
    pub(crate) fn shell(&self, line: &str) -> Answer {
        Answer::from(self.command_by(Command::new("sh"), &["-c", line]).output().unwrap())
    }

    pub(crate) fn call(&self, arguments: &[&str]) -> Answer {
        Answer::from(self.command(arguments).output().unwrap())
    }

    pub(crate) fn call_with_input(&self, arguments: &[&str], input: &[u8]) -> Answer {
        let mut command = self.command(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // The command may refuse to read it all.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let answer = Answer::from(child.wait_with_output().unwrap());
        writer.join().unwrap();
        answer
    }

    /// Waits until a file is there that this call, or what it executes, makes.
    pub(crate) fn await_file(&self, name: &str, call: &mut Child) {
        let path = self.path().join(name);
        loop {
            let ended = call.try_wait().unwrap();
            if path.exists() {
                return;
            }
            assert_eq!(ended, None, "it ended without {name}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The id of the newest sweep.
    pub(crate) fn newest(&self) -> String {
        let sweeps = self.json(&["list", "--json"]);
        sweeps.as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// A call that must succeed and print JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let answer = self.call(arguments);
        assert_eq!(answer.code, Some(0), "{arguments:?}: {answer:?}");
        serde_json::from_str(&answer.out).unwrap()
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let answer = Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
        assert!(!answer.err.contains("panicked"), "{answer:?}");
        assert!(answer.code.is_some(), "ended by a signal: {answer:?}");
        answer
    }
}
