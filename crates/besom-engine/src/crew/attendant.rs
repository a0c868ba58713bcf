//! What the caller of a crew does and learns while the agents work.

use std::thread;
use std::time::Duration;

use besom_agent::Level;
use besom_controller::MissingMetric;

/// How long a caller with nothing to do sleeps: the end of the agents should be noticed soon.
const MOMENT: Duration = Duration::from_millis(25);

/// Something that happens while a crew works, for its caller to show.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The level of the shutdown was raised: agents are leaving.
    Shutdown(Level),
    /// The sweep was paused by its owner: agents wait until it is resumed.
    PausedByOwner,
    /// Runs have finished without a value of the sweep's metric; reported once, unless one arrives first.
    MetricMissing(MissingMetric),
    /// The store fails, as while the disk is full. Agents and steps keep trying, and lose nothing. It is said once, and then
    /// seldom while it lasts.
    StoreFails {
        /// What failed, for people.
        message: String,
    },
    /// The store works again.
    StoreWorks,
    /// The machine cannot begin runs, as while its disk is full. Agents wait. It is said once, and then seldom while it lasts.
    MachineFails {
        /// What failed, for people.
        message: String,
    },
    /// The machine begins runs again.
    MachineWorks,
    /// A run whose agent is gone cannot be recovered, as where its files cannot be read: it stays `running`, for others to
    /// recover. It is said once, and then seldom while it lasts.
    RecoveryFails {
        /// What failed, for people.
        message: String,
    },
    /// No run can begin in a slot: its GPU is in use. It is said once, and then seldom while it lasts.
    SlotWaits {
        /// The slot.
        slot: u32,
        /// Why, for people.
        message: String,
    },
    /// Runs can begin in a slot again.
    SlotReady {
        /// The slot.
        slot: u32,
    },
    /// An agent leaves because its owner has drained it.
    Drained {
        /// Its name.
        agent: String,
    },
    /// An agent leaves because it seems unable to work; what has failed at it goes to others. Said of the first one only.
    Quarantined {
        /// Its name.
        agent: String,
        /// Why.
        reason: String,
    },
    /// The steps for the stopping rule failed: no run is stopped early any more. [`Crew::work`](super::Crew::work) will
    /// return the error.
    SteppingFailed {
        /// What failed, for people.
        message: String,
    },
}

/// The caller of [`Crew::work`](super::Crew::work), on whose thread both methods are called until all agents have left.
pub trait Attendant {
    /// Learns of something that happened.
    fn event(&mut self, event: Event) {
        drop(event);
    }

    /// Spends a moment: shows progress, looks at signals, or just sleeps. Called again and again; should return within some
    /// 25 ms, so that the end of the agents is noticed.
    fn attend(&mut self) {
        thread::sleep(MOMENT);
    }
}

/// Does nothing but wait.
impl Attendant for () {}
