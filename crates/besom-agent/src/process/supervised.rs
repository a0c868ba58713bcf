//! A program behind a supervisor, as the agent sees it.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Exit, KILL_PATIENCE, LEFTOVER_GRACE, Program, SpawnError, tree};

/// How long a supervisor may take to begin. It does so in milliseconds, unless the machine is overloaded.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// What a supervisor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Ready,
    Started,
    Failed(i32),
    Exit(Exit),
    Gone,
}

impl Said {
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        Some(match words[..] {
            ["ready"] => Self::Ready,
            ["started"] => Self::Started,
            ["failed", errno] => Self::Failed(errno.parse().ok()?),
            ["exit", "code", code] => Self::Exit(Exit::Code(code.parse().ok()?)),
            ["exit", "signal", signal] => Self::Exit(Exit::Signal(signal.parse().ok()?)),
            ["exit", ..] => Self::Exit(Exit::Vanished),
            ["gone"] => Self::Gone,
            _ => return None,
        })
    }
}

/// A program behind a supervisor.
#[derive(Debug)]
pub(crate) struct Supervised {
    /// The supervisor. It holds the program's streams until nothing of the run is left.
    pub(super) child: Child,
    socket: UnixStream,
    /// What it says; disconnected when it is gone.
    said: Receiver<Said>,
    marks: Vec<Vec<u8>>,
    is_closed: bool,
}

impl Supervised {
    pub(super) fn spawn(program: &Program, supervisor: &[OsString]) -> Result<Self, SpawnError> {
        let mut this = Self::start(program, supervisor).map_err(SpawnError::Supervisor)?;
        this.hear_within(START_PATIENCE, Said::Ready)?;
        this.tell("go");
        this.hear_within(START_PATIENCE, Said::Started)?;
        Ok(this)
    }

    fn start(program: &Program, supervisor: &[OsString]) -> io::Result<Self> {
        let empty = || io::Error::new(io::ErrorKind::InvalidInput, "no supervisor is named");
        let (binary, arguments) = supervisor.split_first().ok_or_else(empty)?;
        let (socket, theirs) = UnixStream::pair()?;
        let mut command = Command::new(binary);
        command.args(arguments).arg(&program.lock).arg("--").args(&program.argv);
        command.current_dir(&program.directory).envs(program.env.iter().map(|(name, value)| (name, value)));
        command.stdin(OwnedFd::from(theirs)).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C in a terminal is for the agent alone.
        command.process_group(0);
        let child = command.spawn()?;
        let (sender, said) = mpsc::channel();
        let lines = BufReader::new(socket.try_clone()?).lines();
        thread::Builder::new().name("supervised".into()).spawn(move || {
            for said in lines.map_while(Result::ok).filter_map(|line| Said::parse(&line)) {
                if sender.send(said).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { child, socket, said, marks: program.marks(), is_closed: false })
    }

    fn hear_within(&mut self, patience: Duration, expected: Said) -> Result<(), SpawnError> {
        match self.said.recv_timeout(patience) {
            Ok(said) if said == expected => Ok(()),
            Ok(Said::Failed(errno)) => Err(SpawnError::Program(io::Error::from_raw_os_error(errno))),
            other => {
                let what = match other {
                    Err(RecvTimeoutError::Timeout) => "it does not answer",
                    Err(RecvTimeoutError::Disconnected) => "it ended at once",
                    Ok(_) => "it does not speak as a supervisor does",
                };
                Err(SpawnError::Supervisor(io::Error::other(what)))
            }
        }
    }

    pub(super) fn tell(&mut self, word: &str) {
        // If it is gone, there is nobody to tell, and waiting will show it.
        let _ = self.socket.write_all(format!("{word}\n").as_bytes());
    }

    pub(super) fn wait(&mut self, timeout: Duration) -> Option<Exit> {
        match self.said.recv_timeout(timeout) {
            Ok(Said::Exit(exit)) => Some(exit),
            Ok(_) | Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Exit::Vanished),
        }
    }

    pub(super) fn close(&mut self) -> bool {
        self.is_closed = true;
        let until = Instant::now() + LEFTOVER_GRACE + KILL_PATIENCE;
        let mut gone = false;
        while !gone {
            match self.said.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(said) => gone = said == Said::Gone,
                Err(_) => break,
            }
        }
        if !gone {
            // It was killed, or something hangs: by other means, then.
            let _ = self.child.kill();
            gone = tree::kill_all(|| tree::marked(&self.marks), KILL_PATIENCE);
        }
        self.child.wait().is_ok() && gone
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        if !self.is_closed {
            self.tell("kill");
            self.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supervisor_is_understood() {
        assert_eq!(Said::parse("exit code 3"), Some(Said::Exit(Exit::Code(3))));
        assert_eq!(Said::parse("exit signal 9"), Some(Said::Exit(Exit::Signal(9))));
        assert_eq!(Said::parse("exit unknown"), Some(Said::Exit(Exit::Vanished)));
        assert_eq!(Said::parse("failed 2"), Some(Said::Failed(2)));
        assert_eq!(Said::parse("hello"), None);
    }
}
