//! Signals: what Ctrl-C, service managers and batch systems mean.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use besom_agent::{Level, Shutdown, UserSignal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXFSZ};
use signal_hook::iterator::Signals;

/// Obeys signals from now on. The first Ctrl-C (SIGINT) asks, the second terminates, the third kills. SIGTERM, and SIGHUP of
/// a terminal that is gone, terminate at once: whoever sends them sends SIGKILL soon. SIGUSR1 and SIGUSR2, by which batch
/// systems warn, are passed on to the programs. The thread lives as long as the process.
pub(crate) fn listen(shutdown: &Shutdown) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2])?;
    let shutdown = shutdown.clone();
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            match signal {
                SIGUSR1 => shutdown.forward(UserSignal::Usr1),
                SIGUSR2 => shutdown.forward(UserSignal::Usr2),
                SIGINT => drop(shutdown.raise()),
                _ => drop(shutdown.raise_to(Level::Terminate)),
            }
        }
    })?;
    Ok(())
}

/// Makes a write beyond the file size limit (`ulimit -f`) an error with a message, in place of a silent death by SIGXFSZ.
/// Programs are not concerned: a handler is not inherited.
pub(crate) fn survive_file_size_limit() {
    // If it cannot be set, that death remains.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// What a level means, for whoever has pressed Ctrl-C.
pub(crate) fn meaning(level: Level) -> &'static str {
    match level {
        Level::None | Level::Finish => "finishing the running runs; Ctrl-C again to terminate them",
        Level::Terminate => "terminating the running runs; Ctrl-C again to kill them",
        Level::Kill => "killing the running runs",
    }
}
