//! The processes of a run, none of which outlives it.
//!
//! There are two ways. With a *supervisor* (a small process between agent and program) nothing escapes: it
//! adopts what the program leaves behind, finds children in sessions of their own, and ends all of them when
//! its connection to the agent breaks, as it does even when the agent is killed by SIGKILL. *Directly*, for
//! those who embed an agent and have no binary to be the supervisor, the program has a process group, dies
//! with its parent, and processes that left the group are recognized by their environment.

mod direct;
mod limits;
mod orphans;
mod spawn;
mod supervised;
mod supervisor;
mod tree;

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::{ChildStderr, ChildStdout};
use std::time::Duration;

use rustix::process::{Signal, WaitStatus};

use crate::{RunDir, UserSignal};

pub use limits::raise_file_limit;
pub use orphans::adopt_orphans;
pub(crate) use orphans::{forget, spawn};
pub(crate) use spawn::SECRETS;
pub use supervisor::supervise;
pub(crate) use tree::{MARK, end_all, family, started};

use direct::Direct;
use supervised::Supervised;

/// How long processes that a program left behind may take after SIGTERM: the run is over, so not its whole
/// grace period.
pub(crate) const LEFTOVER_GRACE: Duration = Duration::from_secs(2);
/// How long to wait for processes that were sent SIGKILL. Only one that hangs in the kernel takes longer.
pub(crate) const KILL_TIMEOUT: Duration = Duration::from_secs(20);

/// What to execute.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// The argument vector; not empty.
    pub(crate) argv: Vec<String>,
    /// The working directory.
    pub(crate) directory: PathBuf,
    /// Variables beyond the agent's own environment, [`MARK`] among them: processes that have it belong to the run. `None` for those of
    /// the agent's that the program must not have.
    pub(crate) env: Vec<(&'static str, Option<OsString>)>,
    /// The files of the attempt, among which the supervisor keeps its lock and the record of the program's end.
    pub(crate) files: RunDir,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// By itself.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// Unknown: its supervisor is gone.
    Vanished,
}

impl Exit {
    /// Whether no program ends this way by itself. A fault of its own is another signal (SIGSEGV, SIGABRT).
    pub(crate) fn is_external(self) -> bool {
        match self {
            Self::Code(_) => false,
            Self::Signal(signal) => signal == Signal::KILL.as_raw(),
            Self::Vanished => true,
        }
    }

    /// Whether the program followed a request to end that somebody else has sent.
    pub(crate) fn is_requested(self) -> bool {
        let requests = [Signal::TERM, Signal::HUP, Signal::INT].map(Signal::as_raw);
        matches!(self, Self::Signal(signal) if requests.contains(&signal))
    }

    /// The exit that [`Exit::words`] describes.
    pub(crate) fn parse(words: &[&str]) -> Option<Self> {
        Some(match words {
            ["code", code] => Self::Code(code.parse().ok()?),
            ["signal", signal] => Self::Signal(signal.parse().ok()?),
            _ => Self::Vanished,
        })
    }

    /// In the words of messages and records.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Code(code) => format!("code {code}"),
            Self::Signal(signal) => format!("signal {signal}"),
            Self::Vanished => "unknown".to_owned(),
        }
    }
}

impl From<WaitStatus> for Exit {
    fn from(status: WaitStatus) -> Self {
        match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Self::Code(code),
            (_, Some(signal)) => Self::Signal(signal),
            _ => Self::Vanished,
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit status {code}"),
            Self::Signal(signal) => match signal_name(*signal) {
                Some("SIGXFSZ") => {
                    f.write_str("killed by SIGXFSZ: a file would exceed the size limit (ulimit -f)")
                }
                Some(name) => write!(f, "killed by {name}"),
                None => write!(f, "killed by signal {signal}"),
            },
            Self::Vanished => f.write_str("the process that supervised the program was killed"),
        }
    }
}

/// The names of the signals that end programs.
fn signal_name(signal: i32) -> Option<&'static str> {
    let names = [
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::USR1, "SIGUSR1"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::USR2, "SIGUSR2"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::ALARM, "SIGALRM"),
        (Signal::TERM, "SIGTERM"),
        (Signal::XCPU, "SIGXCPU"),
        (Signal::XFSZ, "SIGXFSZ"),
        (Signal::SYS, "SIGSYS"),
    ];
    names.into_iter().find(|(named, _)| named.as_raw() == signal).map(|(_, name)| name)
}

/// The word for a signal in messages to a supervisor.
fn word(signal: UserSignal) -> &'static str {
    match signal {
        UserSignal::Usr1 => "usr1",
        UserSignal::Usr2 => "usr2",
    }
}

/// Why a program could not be started.
#[derive(Debug)]
pub(crate) enum SpawnError {
    /// The program itself.
    Program(io::Error),
    /// The supervisor.
    Supervisor(io::Error),
}

/// A program that was started. Dropping it without [`Process::close`] ends it, too.
#[derive(Debug)]
pub(crate) enum Process {
    Direct(Direct),
    Supervised(Supervised),
}

impl Process {
    /// Starts a program, behind `supervisor` if there is one.
    pub(crate) fn spawn(program: &Program, supervisor: Option<&[OsString]>) -> Result<Self, SpawnError> {
        match supervisor {
            Some(supervisor) => Supervised::spawn(program, supervisor).map(Self::Supervised),
            None => Direct::spawn(program).map(Self::Direct).map_err(SpawnError::Program),
        }
    }

    /// Its output streams; `None` the second time.
    pub(crate) fn streams(&mut self) -> Option<(ChildStdout, ChildStderr)> {
        let child = match self {
            Self::Direct(direct) => &mut direct.child,
            Self::Supervised(supervised) => &mut supervised.child,
        };
        child.stdout.take().zip(child.stderr.take())
    }

    /// Waits for the end of the program, at most for `timeout`.
    pub(crate) fn wait(&mut self, timeout: Duration) -> Option<Exit> {
        match self {
            Self::Direct(direct) => direct.wait(timeout),
            Self::Supervised(supervised) => supervised.wait(timeout),
        }
    }

    /// Asks all processes of the run to end, with SIGTERM.
    pub(crate) fn terminate(&mut self) {
        match self {
            Self::Direct(direct) => direct.terminate(),
            Self::Supervised(supervised) => supervised.send("term"),
        }
    }

    /// Ends all processes of the run, with SIGKILL.
    pub(crate) fn kill(&mut self) {
        match self {
            Self::Direct(direct) => direct.kill(),
            Self::Supervised(supervised) => supervised.send("kill"),
        }
    }

    /// Passes a signal on to those processes of the run that handle it: it ends all others, such as a shell that waits for
    /// the program.
    pub(crate) fn forward(&mut self, signal: UserSignal) {
        match self {
            Self::Direct(direct) => direct.forward(signal),
            Self::Supervised(supervised) => supervised.send(word(signal)),
        }
    }

    /// After the end of the program: ends what it left behind. Returns whether nothing is left.
    pub(crate) fn close(self) -> bool {
        match self {
            Self::Direct(mut direct) => direct.close(),
            Self::Supervised(mut supervised) => supervised.close(),
        }
    }
}
