//! What lasts is said once, and then seldom.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use besom_agent::Notice;

use super::Event;

/// The bounds of the time between two words on the same trouble; it doubles each time.
const INTERVAL: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3600));

/// Turns the notices of all agents into events: each trouble once, and then ever more seldom while it lasts.
#[derive(Debug, Default)]
pub(super) struct Seldom {
    store: Trouble,
    machine: Trouble,
    recovery: Trouble,
    slots: BTreeMap<u32, Trouble>,
    /// Whether an agent was quarantined: the others of its process share its host, and soon its fate.
    quarantined: bool,
}

#[derive(Debug, Default)]
struct Trouble {
    /// When it may be said again, and the time to let pass after that; none while all is well.
    next: Option<(Instant, Duration)>,
}

impl Trouble {
    /// Whether to say it now.
    fn lasts(&mut self, now: Instant) -> bool {
        let pause = match self.next {
            None => INTERVAL.0,
            Some((at, pause)) if now >= at => pause,
            Some(_) => return false,
        };
        self.next = Some((now + pause, (pause * 2).min(INTERVAL.1)));
        true
    }

    /// Whether its end is news.
    fn ends(&mut self) -> bool {
        self.next.take().is_some()
    }
}

impl Seldom {
    /// What to show of a notice, if anything.
    pub(super) fn event(&mut self, notice: Notice, now: Instant) -> Option<Event> {
        match notice {
            Notice::StoreFails(message) => self.store.lasts(now).then_some(Event::StoreFails { message }),
            Notice::StoreWorks => self.store.ends().then_some(Event::StoreWorks),
            Notice::MachineFails(message) => {
                self.machine.lasts(now).then_some(Event::MachineFails { message })
            }
            Notice::MachineWorks => self.machine.ends().then_some(Event::MachineWorks),
            Notice::RecoveryFails(message) => {
                self.recovery.lasts(now).then_some(Event::RecoveryFails { message })
            }
            Notice::Waits { slot, reason: message } => {
                let lasts = self.slots.entry(slot).or_default().lasts(now);
                lasts.then_some(Event::SlotWaits { slot, message })
            }
            Notice::Ready { slot } => {
                self.slots.entry(slot).or_default().ends().then_some(Event::SlotReady { slot })
            }
            Notice::Drained { agent } => Some(Event::Drained { agent }),
            Notice::Quarantined { agent, reason } => {
                let is_first = !std::mem::replace(&mut self.quarantined, true);
                is_first.then_some(Event::Quarantined { agent, reason })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_said_once_and_then_ever_more_seldom_until_it_ends() {
        let (mut seldom, begun) = (Seldom::default(), Instant::now());
        let mut said = |notice: Notice, minute: u64| {
            seldom.event(notice, begun + Duration::from_secs(60 * minute)).is_some()
        };
        let full = || Notice::StoreFails("the disk is full".to_owned());
        let minutes: Vec<u64> = (0..200).filter(|&minute| said(full(), minute)).collect();
        assert_eq!(minutes, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
        assert!(said(Notice::MachineFails("no room".to_owned()), 200), "another trouble");
        assert!(said(Notice::StoreWorks, 200) && !said(Notice::StoreWorks, 200));
        assert!(said(full(), 200));
        let left = || Notice::Quarantined { agent: "here/1/1".to_owned(), reason: "no GPU".to_owned() };
        assert!(said(left(), 200) && !said(left(), 201));
        let waits = |slot| Notice::Waits { slot, reason: "GPU 0 is in use".to_owned() };
        assert!(said(waits(0), 200) && !said(waits(0), 200) && said(waits(1), 200), "each slot for itself");
        assert!(said(Notice::Ready { slot: 0 }, 200) && !said(Notice::Ready { slot: 0 }, 200));
        assert!(!said(waits(1), 200));
    }
}
