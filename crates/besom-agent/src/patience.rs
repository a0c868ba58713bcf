//! What to do when a store fails: most failures pass.

use std::thread;
use std::time::{Duration, Instant};

use besom_store::StoreError;

/// The first pause after a failure.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// The longest pause between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Whether trying again may help: the store was busy, the disk full, the network away.
pub(crate) fn may_pass(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Open { .. } | StoreError::Write(_) | StoreError::Busy(_) | StoreError::Database(_)
    )
}

/// Tries again, with growing pauses, until it works, or fails for good, or `patience` is over.
pub(crate) fn patiently<T>(
    patience: Duration,
    mut operation: impl FnMut() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let until = Instant::now() + patience;
    let mut backoff = Backoff::default();
    loop {
        match operation() {
            Err(error) if may_pass(&error) && Instant::now() < until => thread::sleep(backoff.next_pause()),
            other => return other,
        }
    }
}

/// Pauses that double up to a limit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff(u32);

impl Backoff {
    /// The next pause.
    pub(crate) fn next_pause(&mut self) -> Duration {
        let pause = PAUSE_MIN * 2_u32.pow(self.0.min(10));
        self.0 += 1;
        pause.min(PAUSE_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again_and_what_may_not_is_not() {
        let mut tries = 0;
        let result = patiently(Duration::from_secs(60), || {
            tries += 1;
            if tries < 2 { Err(StoreError::Busy(1)) } else { Ok(tries) }
        });
        assert!(matches!(result, Ok(2)));

        let mut tries = 0;
        let result: Result<(), _> = patiently(Duration::from_secs(60), || {
            tries += 1;
            Err(StoreError::NoAgent(7))
        });
        assert!(matches!(result, Err(StoreError::NoAgent(7))) && tries == 1);

        let result: Result<(), _> = patiently(Duration::ZERO, || Err(StoreError::Busy(1)));
        assert!(matches!(result, Err(StoreError::Busy(1))), "patience has an end");
    }
}
