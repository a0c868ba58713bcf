//! Whose runs an agent gives up.

use std::path::Path;

use besom_store::{Lease, SweepId};

use crate::{RunDir, sweep_directory};

/// Where the files of runs are on this machine, and whether others give up silent agents without them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Files<'a> {
    pub(crate) directory: Option<&'a Path>,
    /// A server gives up all silent agents, but cannot read what their programs logged at last.
    pub(crate) is_served: bool,
}

impl Files<'_> {
    /// Whether there is a reason to look at the heartbeats of a sweep.
    pub(crate) fn looks(&self, sweep: &SweepId) -> bool {
        !self.is_served || self.directory.is_some_and(|directory| sweep_directory(directory, sweep).exists())
    }

    /// Whether a silent attempt is to be given up here.
    pub(crate) fn concern(&self, lease: &Lease) -> bool {
        !self.is_served
            || self.directory.is_some_and(|directory| RunDir::new(directory, lease).attempt().exists())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use besom_core::RunNumber;

    use super::*;

    #[test]
    fn beside_a_server_an_agent_minds_what_lies_on_its_machine_only() {
        let dir = tempfile::tempdir().unwrap();
        let lease = |attempt| Lease { sweep: SweepId::new("s"), run: RunNumber::FIRST, attempt };
        let alone = Files { directory: Some(dir.path()), is_served: false };
        let served = Files { is_served: true, ..alone };
        assert!(alone.looks(&lease(1).sweep) && alone.concern(&lease(1)));
        assert!(!served.looks(&lease(1).sweep) && !served.concern(&lease(1)));
        RunDir::new(dir.path(), &lease(1)).create().unwrap();
        assert!(served.looks(&lease(1).sweep) && served.concern(&lease(1)));
        assert!(!served.concern(&lease(2)), "that attempt is on another machine");
        assert!(!served.looks(&SweepId::new("other")));
        assert!(!Files { directory: None, is_served: true }.looks(&lease(1).sweep));
    }
}
