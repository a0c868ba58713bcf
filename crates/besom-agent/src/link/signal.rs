//! What a runner is asked to do with its run.

use besom_core::RunState;
use besom_store::StopKind;

use crate::Level;

/// What a runner is asked to do with its run. A later one includes the earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Signal {
    /// Keep running.
    #[default]
    Continue,
    /// The agent shuts down, at [`Level::Terminate`] or above: end the run, which will be handed out again.
    Shutdown(Level),
    /// End the run: a stopping rule or the owner wants it.
    Stop {
        /// Who.
        kind: StopKind,
        /// Why.
        reason: String,
    },
    /// The lease is over: end the run at once. Its end is not reported.
    Lost,
}

impl Signal {
    /// The state in which a run ends that was ended because of this signal; `None` for [`Signal::Continue`],
    /// and for [`Signal::Lost`], since its end is not reported.
    pub fn end_state(&self) -> Option<RunState> {
        match self {
            Self::Continue | Self::Lost => None,
            Self::Shutdown(_) => Some(RunState::Preempted),
            Self::Stop { kind: StopKind::Early, .. } => Some(RunState::Finished),
            Self::Stop { kind: StopKind::Cancel, .. } => Some(RunState::Killed),
        }
    }

    /// Which signal overrides which.
    pub(crate) fn weight(&self) -> u8 {
        match self {
            Self::Continue => 0,
            Self::Shutdown(_) => 1,
            Self::Stop { kind: StopKind::Early, .. } => 2,
            Self::Stop { kind: StopKind::Cancel, .. } => 3,
            Self::Lost => 4,
        }
    }
}
