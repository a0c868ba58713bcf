//! A program that is the agent's own child.

use std::io;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::record::Record;
use crate::{RunDir, UserSignal};

use super::{Exit, KILL_TIMEOUT, LEFTOVER_GRACE, Program, orphans, spawn, tree};

/// A program that is the agent's own child. It is reaped last: until then its process id, which is that of
/// its group, is not reused.
#[derive(Debug)]
pub(crate) struct Direct {
    pub(super) child: Child,
    pid: Pid,
    files: RunDir,
    exits: Receiver<Exit>,
    /// The record of the program's end, unless it was ordered to end.
    record: Option<Record>,
    is_closed: bool,
}

impl Direct {
    pub(super) fn spawn(program: &Program) -> io::Result<Self> {
        let record = Some(Record::create(program.files.attempt())?);
        let mut command = Command::new(&program.argv[0]);
        command.args(&program.argv[1..]).current_dir(&program.directory);
        spawn::set_environment(&mut command, &program.env);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        spawn::bind_to_parent(&mut command);
        let child = orphans::spawn(&mut command)?;
        let pid = Pid::from_child(&child);
        let (sender, exits) = mpsc::channel();
        thread::Builder::new().name("wait".into()).spawn(move || {
            // Fails if the process was dropped.
            let _ = sender.send(wait_for(pid));
        })?;
        Ok(Self { child, pid, files: program.files.clone(), exits, record, is_closed: false })
    }

    pub(super) fn wait(&mut self, timeout: Duration) -> Option<Exit> {
        match self.exits.recv_timeout(timeout) {
            Ok(exit) => {
                // Without a record, what the store is told has to do.
                let _ = self.record.take().map(|record| record.exit(exit));
                Some(exit)
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Exit::Vanished),
        }
    }

    pub(super) fn terminate(&mut self) {
        self.record = None;
        // Fails only if all are gone.
        let _ = kill_process_group(self.pid, Signal::TERM);
        tree::signal_all(&tree::marked(self.files.attempt()), Signal::TERM);
    }

    pub(super) fn kill(&mut self) {
        self.record = None;
        // Fails only if all are gone.
        let _ = kill_process_group(self.pid, Signal::KILL);
        tree::signal_all(&tree::marked(self.files.attempt()), Signal::KILL);
    }

    pub(super) fn forward(&mut self, signal: UserSignal) {
        let group = tree::group(self.pid);
        let mut beyond = tree::marked(self.files.attempt());
        beyond.retain(|pid| !group.contains(pid));
        tree::forward(&group, signal);
        tree::forward(&beyond, signal);
    }

    pub(super) fn close(&mut self) -> bool {
        let (pid, attempt) = (self.pid, self.files.attempt());
        let find = || {
            let mut alive = tree::group(pid);
            alive.extend(tree::family(attempt));
            alive
        };
        let gone = tree::end_all(find, LEFTOVER_GRACE, KILL_TIMEOUT);
        // Where there is no /proc, at least the group.
        let _ = kill_process_group(pid, Signal::KILL);
        self.is_closed = true;
        let reaped = self.child.wait().is_ok();
        orphans::forget(&self.child);
        reaped && gone
    }
}

impl Drop for Direct {
    fn drop(&mut self) {
        if !self.is_closed {
            self.kill();
            self.close();
        }
    }
}

/// Waits for the end of a child and leaves it unreaped.
fn wait_for(pid: Pid) -> Exit {
    loop {
        match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            Ok(Some(status)) => {
                return match (status.exit_status(), status.terminating_signal()) {
                    (Some(code), _) => Exit::Code(code),
                    (_, Some(signal)) => Exit::Signal(signal),
                    _ => Exit::Vanished,
                };
            }
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Exit::Vanished,
        }
    }
}
