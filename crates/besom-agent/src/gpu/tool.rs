//! Asks a program of a vendor.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::process::{forget, spawn};

/// How long a tool may take. Without the persistence daemon, `nvidia-smi` takes seconds; with a driver that hangs, for ever.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How often its end is looked for.
const PACE: Duration = Duration::from_millis(10);

/// What a tool prints, or why it says nothing, for people.
pub(super) fn ask(tool: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(tool);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = output(&mut command).map_err(|error| match error.kind() {
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
fn output(command: &mut Command) -> io::Result<(bool, String)> {
    let mut child = spawn(command)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        // What cannot be read is missing, which the caller notices.
        let _ = stdout.map(|mut stream| stream.read_to_end(&mut text));
        let _ = stderr.map(|mut stream| stream.read_to_end(&mut text));
        String::from_utf8_lossy(&text).into_owned()
    });
    let deadline = Instant::now() + TIMEOUT;
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if Instant::now() >= deadline => {
                // One that hangs in the kernel stays, and so does the thread that reads from it.
                let _ = child.kill();
                return Err(io::Error::other("it does not answer"));
            }
            None => thread::sleep(PACE),
        }
    };
    forget(&child);
    let text = reader.join().unwrap_or_default();
    Ok((status.success(), text))
}
