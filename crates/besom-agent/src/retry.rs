//! Retrying while a store fails: most failures are transient.

use std::thread;
use std::time::{Duration, Instant};

use besom_core::error_chain;
use besom_store::{Queue, StoreError};

use crate::notice::Notices;
use crate::{AgentOptions, Level, Notice, Shutdown};

/// The first pause after a failure: long enough for another writer's transaction.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// The longest pause between two tries: a store that works again is noticed within seconds.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// How long a store must have failed before that is said: another writer's turn passes sooner.
const SAID_AFTER: Duration = Duration::from_secs(1);

/// How an agent meets a store that fails: it keeps trying, because what it has to say is worth more than its time. Only when
/// it was asked to shut down does it give up after a while.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    shutdown: Shutdown,
    /// How long to keep trying after a shutdown was asked for.
    timeout: Duration,
    notices: Notices,
}

impl Patience {
    pub(crate) fn new(options: &AgentOptions, shutdown: &Shutdown) -> Self {
        Self { shutdown: shutdown.clone(), timeout: options.store_timeout, notices: options.notices() }
    }

    /// Whether a call that was begun then has hung for longer than somebody waits who is to stop now.
    pub(crate) fn is_over(&self, begun: Instant) -> bool {
        self.shutdown.gives_up(begun.elapsed())
    }

    /// That of somebody who waits for an answer: at most for this long.
    pub(crate) fn at_most(timeout: Duration) -> Self {
        let shutdown = Shutdown::new();
        shutdown.raise_to(Level::Finish);
        Self { shutdown, timeout, notices: Notices::default() }
    }
}

/// How long a store has failed until now, if it does.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    since: Option<Instant>,
    is_said: bool,
    /// When to give up, once a shutdown was asked for.
    leave_by: Option<Instant>,
}

impl Trouble {
    /// Notes a failure of a call that was begun then. Returns whether to try again.
    pub(crate) fn note(&mut self, error: &StoreError, begun: Instant, patience: &Patience) -> bool {
        if self.since.get_or_insert_with(Instant::now).elapsed() >= SAID_AFTER {
            self.is_said = true;
            patience.notices.say(Notice::StoreFails(error_chain(error)));
        }
        match patience.shutdown.level() {
            Level::None => true,
            Level::Kill => false,
            // It would hang again.
            Level::Terminate if patience.is_over(begun) => false,
            Level::Finish | Level::Terminate => {
                // A call that hung has used up its time.
                *self.leave_by.get_or_insert(begun + patience.timeout) > Instant::now()
            }
        }
    }

    /// Whether it has lasted for long enough to be said.
    pub(crate) fn lasts(&self) -> bool {
        self.is_said
    }

    /// Notes that the store works.
    pub(crate) fn end(&mut self, patience: &Patience) {
        if std::mem::take(self).is_said {
            patience.notices.say(Notice::StoreWorks);
        }
    }
}

/// A queue whose calls are retried while it fails.
pub(crate) struct RetryingQueue<'a> {
    queue: &'a mut dyn Queue,
    patience: Patience,
    /// Whether the store has failed for some time since somebody asked.
    has_failed: bool,
}

impl<'a> RetryingQueue<'a> {
    pub(crate) fn new(queue: &'a mut dyn Queue, patience: Patience) -> Self {
        Self { queue, patience, has_failed: false }
    }

    /// Whether the store has failed for some time since this was asked last.
    pub(crate) fn take_trouble(&mut self) -> bool {
        std::mem::take(&mut self.has_failed)
    }

    /// Makes a call, again and again while it fails for a transient reason. All calls are safe to repeat.
    pub(crate) fn call<T>(
        &mut self,
        call: impl FnMut(&mut dyn Queue) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.call_while(call, Level::Kill)
    }

    /// As [`Self::call`], but gives up as soon as a shutdown is asked for: nothing is lost by not making it.
    pub(crate) fn call_at_leisure<T>(
        &mut self,
        call: impl FnMut(&mut dyn Queue) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.call_while(call, Level::Finish)
    }

    fn call_while<T>(
        &mut self,
        mut call: impl FnMut(&mut dyn Queue) -> Result<T, StoreError>,
        until: Level,
    ) -> Result<T, StoreError> {
        let (mut trouble, mut backoff) = (Trouble::default(), Backoff::default());
        loop {
            let begun = Instant::now();
            match call(self.queue) {
                Err(error) if error.is_transient() => {
                    let again = trouble.note(&error, begun, &self.patience);
                    self.has_failed |= trouble.lasts();
                    if !again || self.patience.shutdown.level() >= until {
                        return Err(error);
                    }
                    thread::sleep(backoff.next_pause());
                }
                other => {
                    trouble.end(&self.patience);
                    return other;
                }
            }
        }
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
    use std::sync::mpsc;

    use super::*;
    use crate::link::fake::Fake;

    /// What comes of a call that fails with `error` until it was made `tries` times, at this level of shutdown.
    fn outcome(error: fn() -> StoreError, tries: u32, level: Level) -> (Result<u32, StoreError>, u32) {
        let (shutdown, mut made) = (Shutdown::new(), 0);
        shutdown.raise_to(level);
        let options = AgentOptions::new("a").store_timeout(Duration::ZERO);
        let mut fake = Fake::default();
        let mut queue = RetryingQueue::new(&mut fake, Patience::new(&options, &shutdown));
        let result = queue.call(|_| {
            made += 1;
            if made < tries { Err(error()) } else { Ok(made) }
        });
        (result, made)
    }

    #[test]
    fn only_transient_failures_are_retried_and_only_until_a_shutdown() {
        let busy = || StoreError::Busy(1);
        assert!(matches!(outcome(busy, 3, Level::None), (Ok(3), 3)));
        assert!(matches!(
            outcome(|| StoreError::NoAgent(7), 3, Level::None),
            (Err(StoreError::NoAgent(7)), 1)
        ));
        for level in [Level::Finish, Level::Terminate, Level::Kill] {
            assert!(matches!(outcome(busy, 3, level), (Err(StoreError::Busy(1)), 1)), "{level:?}");
        }
    }

    #[test]
    fn a_call_that_hung_for_longer_than_an_agent_may_take_to_leave_is_not_made_again() {
        let shutdown = Shutdown::new();
        shutdown.raise_to(Level::Finish);
        let patience =
            Patience::new(&AgentOptions::new("a").store_timeout(Duration::from_secs(30)), &shutdown);
        let again = |begun: Instant| Trouble::default().note(&StoreError::Busy(1), begun, &patience);
        assert!(again(Instant::now()));
        assert!(again(Instant::now() - Duration::from_secs(29)), "its run goes on");
        assert!(!again(Instant::now() - Duration::from_secs(31)));
        shutdown.raise_to(Level::Terminate);
        assert!(again(Instant::now()), "a store that fails at once may work again");
        assert!(!again(Instant::now() - Duration::from_secs(6)));
    }

    #[test]
    fn trouble_is_said_once_it_lasts_and_so_is_its_end() {
        let (sender, said) = mpsc::channel();
        let options = AgentOptions::new("a").report_to(sender);
        let patience = Patience::new(&options, &Shutdown::new());
        let mut brief = Trouble::default();
        assert!(brief.note(&StoreError::Busy(1), Instant::now(), &patience));
        brief.end(&patience);
        assert_eq!(said.try_iter().count(), 0);
        let mut long = Trouble { since: Some(Instant::now() - SAID_AFTER), ..Trouble::default() };
        assert!(long.note(&StoreError::Busy(1), Instant::now(), &patience));
        long.end(&patience);
        let said: Vec<Notice> = said.try_iter().collect();
        assert!(matches!(&said[..], [Notice::StoreFails(_), Notice::StoreWorks]), "{said:?}");
    }
}
