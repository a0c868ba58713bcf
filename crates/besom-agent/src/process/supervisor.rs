//! The process between an agent and a program.
//!
//! Its standard input is one end of a socket pair. Lines it receives: `go` (start the program), `term`,
//! `kill`. Lines it sends: `ready` (the lock is held), `started`, `failed ERRNO`, `exit code N` or
//! `exit signal N`, `gone` (no process of the run is left). When the socket closes, because the agent died in
//! whatever way, it kills everything.
//!
//! It is a *subreaper*: what the program leaves behind becomes its child, so everything that belongs to the
//! run is always below it, whatever groups and sessions it makes.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, WaitOptions, getpid, wait};

use super::{Exit, KILL_TIMEOUT, LEFTOVER_GRACE, spawn, tree};

/// The life of a supervisor process: executes a program until nothing of it is left, and returns the status
/// to exit with. The first of `arguments` is a file to lock, then come `--` and the program with its
/// arguments.
///
/// An agent starts [`ProgramRunner::supervisor`](crate::ProgramRunner::supervisor) followed by these
/// arguments; that binary must call this before anything else, in its main thread.
pub fn supervise(arguments: impl IntoIterator<Item = OsString>) -> i32 {
    let mut arguments = arguments.into_iter();
    let (Some(lock), Some(_), Some(program)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return 2;
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    i32::from(run(&lock, command).is_err())
}

fn run(lock: &OsString, command: Command) -> io::Result<()> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    adopt_orphans()?;
    // Whoever wants to read the metrics file for the last time waits for this lock. It is closed on exec, and
    // held until this process ends.
    let lock = File::options().create(true).append(true).open(lock)?;
    // A file system without locks is no reason to fail.
    let _ = lock.lock();
    send(&socket, "ready")?;
    let mut lines = BufReader::new(socket.try_clone()?).lines();
    if lines.next().transpose()?.as_deref() != Some("go") {
        return Ok(());
    }
    let main = match start(command) {
        Ok(main) => main,
        Err(error) => return send(&socket, &format!("failed {}", error.raw_os_error().unwrap_or(0))),
    };
    thread::Builder::new().name("listen".into()).spawn(move || listen(lines))?;
    // Fails if the agent is dead; then the other thread ends everything.
    let _ = send(&socket, "started");
    let exit = reap_until(main);
    let _ = send(&socket, &describe(exit));
    tree::end_all(below, LEFTOVER_GRACE, KILL_TIMEOUT);
    let _ = send(&socket, "gone");
    Ok(())
}

fn send(mut socket: &UnixStream, line: &str) -> io::Result<()> {
    socket.write_all(format!("{line}\n").as_bytes())
}

fn describe(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal(signal) => format!("exit signal {signal}"),
        Exit::Vanished => "exit unknown".to_owned(),
    }
}

/// All processes of the run.
fn below() -> Vec<Pid> {
    tree::descendants(getpid())
}

#[cfg(target_os = "linux")]
fn adopt_orphans() -> io::Result<()> {
    Ok(rustix::process::set_child_subreaper(Some(getpid()))?)
}

#[cfg(not(target_os = "linux"))]
fn adopt_orphans() -> io::Result<()> {
    Ok(())
}

fn start(mut command: Command) -> io::Result<Pid> {
    spawn::bind_to_parent(&mut command);
    let child = command.spawn()?;
    Ok(Pid::from_child(&child))
}

/// Obeys the agent until it is gone, then ends everything, including this process.
fn listen(lines: impl Iterator<Item = io::Result<String>>) {
    for line in lines.map_while(Result::ok) {
        match line.as_str() {
            "term" => {
                let alive = below();
                tree::signal_all(&alive, Signal::TERM);
                tree::signal_all(&alive, Signal::CONT);
            }
            "kill" => {
                tree::kill_all(below, KILL_TIMEOUT);
            }
            _ => {}
        }
    }
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
