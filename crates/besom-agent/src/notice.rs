//! What agents say while they work.

use std::sync::mpsc::Sender;

/// Something that happens to an agent and that its owner should know while it lasts. The same is said again and again; it is
/// up to the receiver to show it seldom.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The store fails, for this reason. The agent keeps trying, and loses nothing meanwhile.
    StoreFails(String),
    /// The store works again.
    StoreWorks,
    /// The machine cannot begin runs, for this reason: its disk is full, for example. The agent waits.
    MachineFails(String),
    /// The machine begins runs again.
    MachineWorks,
    /// A run whose agent is gone cannot be recovered, for this reason: its files are not this user's to read, for example. It stays
    /// for others, and the agent keeps working.
    RecoveryFails(String),
    /// Nothing can begin in this slot now, for this reason: its GPU is in use. The agent claims nothing.
    Waits {
        /// The slot.
        slot: u32,
        /// Why.
        reason: String,
    },
    /// Runs can begin in this slot again.
    Ready {
        /// The slot.
        slot: u32,
    },
    /// The agent leaves, because its owner has drained it.
    Drained {
        /// Its name.
        agent: String,
    },
    /// The agent leaves, because it seems unable to work.
    Quarantined {
        /// Its name.
        agent: String,
        /// Why.
        reason: String,
    },
}

/// Where notices go, if anywhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notices(pub(crate) Option<Sender<Notice>>);

impl Notices {
    /// Says something to whoever listens.
    pub(crate) fn say(&self, notice: Notice) {
        if let Some(sender) = &self.0 {
            // A listener who has gone does not want to know.
            let _ = sender.send(notice);
        }
    }
}
