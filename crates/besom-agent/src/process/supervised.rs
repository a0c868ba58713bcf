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

use crate::RunDir;

use super::{Exit, KILL_TIMEOUT, LEFTOVER_GRACE, Program, SpawnError, orphans, spawn, tree};

/// How long a supervisor may take to start. It takes milliseconds, unless the machine is overloaded.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A message of a supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Ready,
    Started,
    Failed(i32),
    Exit(Exit),
    Gone,
}

impl Message {
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        Some(match words[..] {
            ["ready"] => Self::Ready,
            ["started"] => Self::Started,
            ["failed", errno] => Self::Failed(errno.parse().ok()?),
            ["exit", ref words @ ..] => Self::Exit(Exit::parse(words)?),
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
    /// Its messages; disconnected when it is gone.
    messages: Receiver<Message>,
    files: RunDir,
    is_closed: bool,
}

impl Supervised {
    pub(super) fn spawn(program: &Program, supervisor: &[OsString]) -> Result<Self, SpawnError> {
        let mut this = Self::start(program, supervisor).map_err(SpawnError::Supervisor)?;
        this.expect(Message::Ready)?;
        this.send("go");
        this.expect(Message::Started)?;
        Ok(this)
    }

    fn start(program: &Program, supervisor: &[OsString]) -> io::Result<Self> {
        let empty = || io::Error::new(io::ErrorKind::InvalidInput, "the command of the supervisor is empty");
        let (binary, arguments) = supervisor.split_first().ok_or_else(empty)?;
        let (socket, theirs) = UnixStream::pair()?;
        let mut command = Command::new(binary);
        command.args(arguments).arg(program.files.attempt()).arg("--").args(&program.argv);
        command.current_dir(&program.directory);
        spawn::set_environment(&mut command, &program.env);
        command.stdin(OwnedFd::from(theirs)).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C in a terminal is for the agent alone.
        command.process_group(0);
        spawn::restore_limits(&mut command);
        let child = orphans::spawn(&mut command)?;
        let (sender, messages) = mpsc::channel();
        let lines = BufReader::new(socket.try_clone()?).lines();
        thread::Builder::new().name("supervised".into()).spawn(move || {
            for message in lines.map_while(Result::ok).filter_map(|line| Message::parse(&line)) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { child, socket, messages, files: program.files.clone(), is_closed: false })
    }

    fn expect(&mut self, expected: Message) -> Result<(), SpawnError> {
        match self.messages.recv_timeout(START_TIMEOUT) {
            Ok(message) if message == expected => Ok(()),
            // Before it is ready it has only made its own files.
            Ok(Message::Failed(errno)) if expected == Message::Ready => {
                Err(SpawnError::Supervisor(io::Error::from_raw_os_error(errno)))
            }
            Ok(Message::Failed(errno)) => Err(SpawnError::Program(io::Error::from_raw_os_error(errno))),
            other => {
                let what = match other {
                    Err(RecvTimeoutError::Timeout) => "it does not answer",
                    Err(RecvTimeoutError::Disconnected) => "it ended at once",
                    Ok(_) => "its messages are not those of a supervisor",
                };
                Err(SpawnError::Supervisor(io::Error::other(what)))
            }
        }
    }

    pub(super) fn send(&mut self, word: &str) {
        // Fails if it is gone, which `wait` will show.
        let _ = self.socket.write_all(format!("{word}\n").as_bytes());
    }

    pub(super) fn wait(&mut self, timeout: Duration) -> Option<Exit> {
        match self.messages.recv_timeout(timeout) {
            Ok(Message::Exit(exit)) => Some(exit),
            Ok(_) | Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Exit::Vanished),
        }
    }

    pub(super) fn close(&mut self) -> bool {
        self.is_closed = true;
        let deadline = Instant::now() + LEFTOVER_GRACE + KILL_TIMEOUT;
        let mut gone = false;
        while let Ok(message) = self.messages.recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            gone = message == Message::Gone;
            if gone {
                break;
            }
        }
        if !gone {
            // It was killed, or something hangs.
            let _ = self.child.kill();
            let find = || [tree::family(self.files.attempt()), orphans::living()].concat();
            gone = tree::kill_all(find, KILL_TIMEOUT);
        }
        let reaped = self.child.wait().is_ok();
        orphans::forget(&self.child);
        reaped && gone
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        if !self.is_closed {
            self.send("kill");
            self.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_a_supervisor_are_parsed() {
        assert_eq!(Message::parse("exit code 3"), Some(Message::Exit(Exit::Code(3))));
        assert_eq!(Message::parse("exit signal 9"), Some(Message::Exit(Exit::Signal(9))));
        assert_eq!(Message::parse("exit unknown"), Some(Message::Exit(Exit::Vanished)));
        assert_eq!(Message::parse("failed 2"), Some(Message::Failed(2)));
        assert_eq!(Message::parse("hello"), None);
    }
}
