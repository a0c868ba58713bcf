//! The processes of a run, none of which outlives it.
//!
//! There are two ways. With a *supervisor* (a small process between agent and program) nothing escapes: it
//! adopts what the program leaves behind, finds children in sessions of their own, and ends all of them when
//! its connection to the agent breaks, as it does even when the agent is killed by SIGKILL. *Directly*, for
//! those who embed an agent and have no binary to be the supervisor, the program has a process group, dies
//! with its parent, and processes that left the group are recognized by their environment.

mod direct;
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

use rustix::process::WaitStatus;

pub use supervisor::supervise;
pub(crate) use tree::{end_all, marked};

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
    /// Variables beyond the agent's own environment. They must distinguish this attempt from every other:
    /// processes that have the marked ones belong to the run.
    pub(crate) env: Vec<(&'static str, OsString)>,
    /// The file that the supervisor locks.
    pub(crate) lock: PathBuf,
}

impl Program {
    /// The entries of the environment by which processes of this attempt are recognized.
    fn marks(&self) -> Vec<Vec<u8>> {
        tree::marks(&self.env)
    }
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
            Self::Signal(signal) => signal == rustix::process::Signal::KILL.as_raw(),
            Self::Vanished => true,
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
                Some(name) => write!(f, "killed by {name}"),
                None => write!(f, "killed by signal {signal}"),
            },
            Self::Vanished => f.write_str("the process that supervised the program was killed"),
        }
    }
}

/// The names of the signals that end programs.
fn signal_name(signal: i32) -> Option<&'static str> {
    use rustix::process::Signal;
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

    /// After the end of the program: ends what it left behind. Returns whether nothing is left.
    pub(crate) fn close(self) -> bool {
        match self {
            Self::Direct(mut direct) => direct.close(),
            Self::Supervised(mut supervised) => supervised.close(),
        }
    }
}
