//! Ctrl-C and its like: the first asks, the second terminates, the third kills.

use besom_agent::{Level, Shutdown};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Raises the level of `shutdown` by one with each SIGINT, SIGTERM or SIGHUP. The thread lives as long as the process.
pub(crate) fn listen(shutdown: &Shutdown) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let shutdown = shutdown.clone();
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            // A terminal that is gone will not ask twice.
            let _: Level =
                if signal == SIGHUP { shutdown.raise_to(Level::Terminate) } else { shutdown.raise() };
        }
    })?;
    Ok(())
}

/// What a level means, for whoever has pressed Ctrl-C.
pub(crate) fn meaning(level: Level) -> &'static str {
    match level {
        Level::None | Level::Finish => "finishing the running runs; Ctrl-C again to terminate them",
        Level::Terminate => "terminating the running runs; Ctrl-C again to kill them",
        Level::Kill => "killing the running runs",
    }
}
