//! Signals: what Ctrl-C, service managers and batch systems mean.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use besom_agent::{Level, Shutdown, UserSignal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXFSZ};
use signal_hook::iterator::Signals;

/// The first signal that asked for the end; 0 if none has.
static FIRST: AtomicI32 = AtomicI32::new(0);

/// The exit code of a command that a signal has ended, as shells have it: 130 after Ctrl-C.
pub(crate) fn exit_code() -> Option<u8> {
    let signal = u8::try_from(FIRST.load(Ordering::SeqCst)).ok()?;
    (signal > 0).then(|| 128 + signal)
}

/// Obeys signals from now on. The first Ctrl-C (SIGINT) asks, the second terminates, the third kills. SIGTERM, and SIGHUP of
/// a terminal that is gone, terminate at once: whoever sends them sends SIGKILL soon. SIGUSR1 and SIGUSR2, by which batch
/// systems warn, are passed on to the programs. The thread lives as long as the process.
pub(crate) fn listen(shutdown: &Shutdown) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2])?;
    let shutdown = shutdown.clone();
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            if matches!(signal, SIGINT | SIGTERM | SIGHUP) {
                // Only the first one counts; later ones are impatience.
                let _ = FIRST.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
            }
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

/// Calls `end` at the first signal that asks for the end. A second one ends the process at once.
pub(crate) fn on_end(end: impl Fn() + Send + 'static) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            if FIRST.swap(signal, Ordering::SeqCst) != 0 {
                std::process::exit(128 + signal);
            }
            end();
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
