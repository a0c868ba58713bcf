//! Asks a program of a vendor.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::process::{forget, spawn};
use crate::{Level, Shutdown};

/// How long a tool may take. Without the persistence daemon, `nvidia-smi` takes seconds; with a driver that hangs, for ever.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long what it has printed may take to arrive once it has ended.
const REST: Duration = Duration::from_secs(2);
/// How often its end is looked for.
const PACE: Duration = Duration::from_millis(10);

/// What a tool prints, or why it says nothing, for people. It is not waited for once the shutdown is raised.
pub(super) fn ask(tool: &str, arguments: &[&str], shutdown: &Shutdown) -> Result<String, String> {
    let mut command = Command::new(tool);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = output(&mut command, shutdown).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("{tool} is not in PATH"),
        _ => format!("{tool} cannot be asked: {error}"),
    })?;
    match output {
        (true, text) => Ok(text),
        (false, text) => {
            let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no reason given");
            Err(format!("{tool} failed: {line}"))
        }
    }
}

/// Whether a command succeeded, and all that it printed.
fn output(command: &mut Command, shutdown: &Shutdown) -> io::Result<(bool, String)> {
    let mut child = spawn(command)?;
    let deadline = Instant::now() + TIMEOUT;
    // Both at once: a pipe that nobody reads blocks whoever fills it.
    let streams = [child.stdout.take().map(reader), child.stderr.take().map(reader)];
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if Instant::now() >= deadline || shutdown.level() >= Level::Finish => {
                abandon(child);
                return Err(io::Error::other("it does not answer"));
            }
            None => thread::sleep(PACE),
        }
    };
    forget(&child);
    // What it has left running may hold the pipes open for ever.
    let text = streams.iter().flatten().flat_map(|read| read.recv_timeout(REST).unwrap_or_default());
    Ok((status.success(), String::from_utf8_lossy(&text.collect::<Vec<u8>>()).into_owned()))
}

/// Reads a stream to its end in a thread of its own. What cannot be read is missing, which the caller notices.
fn reader(mut stream: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (sender, read) = mpsc::channel();
    thread::spawn(move || {
        let mut text = Vec::new();
        let _ = stream.read_to_end(&mut text);
        // The caller may have given up.
        let _ = sender.send(text);
    });
    read
}

/// Ends a child that does not answer. One that hangs in the kernel stays, and so does the thread that waits for it.
fn abandon(mut child: Child) -> JoinHandle<()> {
    let _ = child.kill();
    thread::spawn(move || {
        let _ = child.wait();
        forget(&child);
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_tool_may_fill_the_pipe_of_its_errors_before_it_answers() {
        let said = ask("sh", &["-c", "head -c 300000 /dev/zero >&2; echo fine"], &Shutdown::new()).unwrap();
        assert!(said.starts_with("fine\n"), "{:?}", &said[..9]);
    }

    #[test]
    fn a_tool_is_not_waited_for_once_the_shutdown_is_raised() {
        let shutdown = Shutdown::new();
        shutdown.raise();
        let begun = Instant::now();
        assert!(ask("sleep", &["600"], &shutdown).is_err());
        assert!(begun.elapsed() < TIMEOUT / 2, "{:?}", begun.elapsed());
    }

    #[test]
    fn a_tool_that_does_not_answer_is_ended_and_waited_for() {
        let child = spawn(Command::new("sleep").arg("600")).unwrap();
        let process = std::path::PathBuf::from(format!("/proc/{}", child.id()));
        abandon(child).join().unwrap();
        assert!(!process.exists());
    }
}
