//! Retrying while a store fails: most failures are transient.

use std::thread;
use std::time::{Duration, Instant};

use besom_store::{Queue, StoreError};

/// The first pause after a failure: long enough for another writer's transaction.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// The longest pause between two tries: a store that works again is noticed within seconds.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Retries with growing pauses until the operation succeeds, fails for good, or `timeout` has passed.
fn retry_until<T>(
    timeout: Duration,
    mut operation: impl FnMut() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let deadline = Instant::now() + timeout;
    let mut backoff = Backoff::default();
    loop {
        match operation() {
            Err(error) if error.is_transient() && Instant::now() < deadline => {
                thread::sleep(backoff.next_pause());
            }
            other => return other,
        }
    }
}

/// A queue whose calls are retried while it fails.
pub(crate) struct RetryingQueue<'a> {
    queue: &'a mut dyn Queue,
    timeout: Duration,
}

impl<'a> RetryingQueue<'a> {
    pub(crate) fn new(queue: &'a mut dyn Queue, timeout: Duration) -> Self {
        Self { queue, timeout }
    }

    /// Makes a call, again and again while it fails for a transient reason. All calls are safe to repeat.
    pub(crate) fn call<T>(
        &mut self,
        mut call: impl FnMut(&mut dyn Queue) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        retry_until(self.timeout, || call(self.queue))
    }

    /// The queue itself, whose failures are the caller's business.
    pub(crate) fn once(&mut self) -> &mut dyn Queue {
        self.queue
    }
}

/// Pauses that double up to a limit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff(u32);

impl Backoff {
    /// The next pause.
    pub(crate) fn next_pause(&mut self) -> Duration {
        // Ten doublings exceed the limit by far, and do not overflow.
        let pause = PAUSE_MIN * 2_u32.pow(self.0.min(10));
        self.0 += 1;
        pause.min(PAUSE_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_transient_failures_are_retried_and_not_forever() {
        let mut tries = 0;
        let result = retry_until(Duration::from_secs(60), || {
            tries += 1;
            if tries < 2 { Err(StoreError::Busy(1)) } else { Ok(tries) }
        });
        assert!(matches!(result, Ok(2)));

        let mut tries = 0;
        let result: Result<(), _> = retry_until(Duration::from_secs(60), || {
            tries += 1;
            Err(StoreError::NoAgent(7))
        });
        assert!(matches!(result, Err(StoreError::NoAgent(7))) && tries == 1);

        let result: Result<(), _> = retry_until(Duration::ZERO, || Err(StoreError::Busy(1)));
        assert!(matches!(result, Err(StoreError::Busy(1))), "the timeout ends it");
    }
}
