//! The process between an agent and a program.
//!
//! Its standard input is one end of a socket pair. Lines it receives: `go` (start the program), `term`,
//! `kill`, `usr1` and `usr2` (pass the signal on to who handles it). Lines it sends: `ready` (the lock is held), `started`, `failed ERRNO`, `exit code N` or
//! `exit signal N`, `gone` (no process of the run is left). When the socket closes, because the agent died in
//! whatever way, it kills everything.
//!
//! It is a *subreaper*: what the program leaves behind becomes its child, so everything that belongs to the
//! run is always below it, whatever groups and sessions it makes.
//!
//! How a program ended that nobody has ordered to is written to the attempt's [record](crate::record) before the agent
//! learns of it, so that no death of the agent and no failure of the store lose a run that was complete.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::process::{Pid, Signal, WaitOptions, getpid, wait};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};

use super::{Exit, KILL_TIMEOUT, LEFTOVER_GRACE, orphans, spawn, tree};
use crate::UserSignal;
use crate::private;
use crate::record::{LOCK, Record};

/// The life of a supervisor process: executes a program until nothing of it is left, and returns the status
/// to exit with. The first of `arguments` is the directory of the attempt, in which it locks the file `lock` and
/// records the program's end; then come `--` and the program with its arguments.
///
/// An agent starts [`ProgramRunner::supervisor`](crate::ProgramRunner::supervisor) followed by these
/// arguments; that binary must call this before anything else, in its main thread.
pub fn supervise(arguments: impl IntoIterator<Item = OsString>) -> i32 {
    let mut arguments = arguments.into_iter();
    let (Some(files), Some(_), Some(program)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return 2;
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    i32::from(run(Path::new(&files), command).is_err())
}

fn run(files: &Path, command: Command) -> io::Result<()> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    outlive_signals()?;
    orphans::become_subreaper()?;
    let (_lock, record) = match prepare(files) {
        Ok(prepared) => prepared,
        Err(error) => return send(&socket, &format!("failed {}", error.raw_os_error().unwrap_or(0))),
    };
    send(&socket, "ready")?;
    let mut lines = BufReader::new(socket.try_clone()?).lines();
    if lines.next().transpose()?.as_deref() != Some("go") {
        return Ok(());
    }
    let main = match start(command) {
        Ok(main) => main,
        Err(error) => return send(&socket, &format!("failed {}", error.raw_os_error().unwrap_or(0))),
    };
    let ordered = Arc::new(AtomicBool::new(false));
    let orders = Arc::clone(&ordered);
    thread::Builder::new().name("listen".into()).spawn(move || listen(lines, &orders))?;
    // Fails if the agent is dead; then the other thread ends everything.
    let _ = send(&socket, "started");
    let exit = reap_until(main);
    if !ordered.load(Ordering::SeqCst) {
        // Without it, the agent's word has to do.
        let _ = record.exit(exit);
    }
    let _ = send(&socket, &format!("exit {}", exit.words()));
    tree::end_all(below, LEFTOVER_GRACE, KILL_TIMEOUT);
    let _ = send(&socket, "gone");
    Ok(())
}

fn send(mut socket: &UnixStream, line: &str) -> io::Result<()> {
    socket.write_all(format!("{line}\n").as_bytes())
}

/// Locks the attempt and begins its record. The lock is closed on exec, and held until this process ends: whoever wants to
/// read the metrics file for the last time waits for it.
fn prepare(files: &Path) -> io::Result<(File, Record)> {
    let lock = private::open(File::options().append(true), &files.join(LOCK))?;
    // A file system without locks is no reason to fail.
    let _ = lock.lock();
    Ok((lock, Record::create(files)?))
}

/// Service managers and batch systems send their signals to every process of a job. What they mean is for the agent to say:
/// if this process died of one, the program would die with it, without time to save. A handler, unlike ignoring, is not
/// inherited by the program.
fn outlive_signals() -> io::Result<()> {
    let seen = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGUSR2] {
        signal_hook::flag::register(signal, Arc::clone(&seen))?;
    }
    Ok(())
}

/// All processes of the run.
fn below() -> Vec<Pid> {
    tree::descendants(&[getpid()])
}

fn start(mut command: Command) -> io::Result<Pid> {
    spawn::bind_to_parent(&mut command);
    let child = command.spawn()?;
    Ok(Pid::from_child(&child))
}

/// Obeys the agent until it is gone, then ends everything, including this process.
fn listen(lines: impl Iterator<Item = io::Result<String>>, ordered: &AtomicBool) {
    for line in lines.map_while(Result::ok) {
        match line.as_str() {
            "term" => {
                ordered.store(true, Ordering::SeqCst);
                let alive = below();
                tree::signal_all(&alive, Signal::TERM);
                tree::signal_all(&alive, Signal::CONT);
            }
            "kill" => {
                ordered.store(true, Ordering::SeqCst);
                tree::kill_all(below, KILL_TIMEOUT);
            }
            "usr1" => tree::forward(&below(), UserSignal::Usr1),
            "usr2" => tree::forward(&below(), UserSignal::Usr2),
            _ => {}
        }
    }
    ordered.store(true, Ordering::SeqCst);
    tree::kill_all(below, KILL_TIMEOUT);
    std::process::exit(1);
}

/// Reaps children, also adopted ones, until the program itself has ended.
fn reap_until(main: Pid) -> Exit {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == main => return status.into(),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Exit::Vanished,
        }
    }
}
