//! Binding a program to its parent, between fork and exec.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Resource, setrlimit};

use super::limits;

/// Variables that are for agents alone: a token is the right to execute runs, which a program does not need.
pub(crate) const SECRETS: [&str; 1] = ["BESOM_TOKEN"];

/// Sets the environment of a program: that of this process without what is for agents alone, and what its run changes.
pub(super) fn set_environment(command: &mut Command, changed: &[(&'static str, Option<OsString>)]) {
    for name in SECRETS {
        command.env_remove(name);
    }
    for (name, value) in changed {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

/// Gives the program a process group of its own and, where the system can, lets it die with the *thread* that
/// starts it. That thread must therefore live until the program has ended: it is the main thread of a
/// supervisor, or the one that executes the run.
#[expect(unsafe_code, reason = "safe Rust cannot act between fork and exec")]
pub(crate) fn bind_to_parent(command: &mut Command) {
    restore_limits(command);
    command.process_group(0);
    let parent = rustix::process::getpid();
    // SAFETY: after fork only async-signal-safe code may run. These are two raw system calls; an error is
    // built from its number, without allocation.
    unsafe { command.pre_exec(move || die_with(parent)) };
}

/// Gives the program the limit of open files that this process had at first.
#[expect(unsafe_code, reason = "safe Rust cannot act between fork and exec")]
pub(crate) fn restore_limits(command: &mut Command) {
    let Some(original) = limits::original() else { return };
    // SAFETY: as above; one raw system call.
    unsafe { command.pre_exec(move || Ok(setrlimit(Resource::Nofile, original)?)) };
}

#[cfg(target_os = "linux")]
fn die_with(parent: rustix::process::Pid) -> io::Result<()> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // The parent may have died before.
    if getppid() == Some(parent) { Ok(()) } else { Err(rustix::io::Errno::SRCH.into()) }
}

#[cfg(not(target_os = "linux"))]
fn die_with(_: rustix::process::Pid) -> io::Result<()> {
    Ok(())
}
