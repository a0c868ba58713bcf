//! What a runner is asked to do with its run.

use std::time::Duration;

use besom_core::{Failure, RunState};
use besom_store::StopKind;

use crate::{Ended, Level};

/// What a runner is asked to do with its run. A later one includes the earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Signal {
    /// Keep running.
    #[default]
    Continue,
    /// The agent shuts down, at [`Level::Terminate`] or above: end the run, which will be handed out again.
    Shutdown(Level),
    /// The run has lasted longer than its [timeout](crate::AgentOptions::timeout), which is this: end it.
    Timeout(Duration),
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
            Self::Timeout(_) => Some(RunState::Failed),
            Self::Stop { kind: StopKind::Early, .. } => Some(RunState::Finished),
            Self::Stop { kind: StopKind::Cancel, .. } => Some(RunState::Killed),
        }
    }

    /// Why the run is to end, for people; `None` for [`Signal::Continue`].
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Continue => None,
            Self::Shutdown(_) => Some("the agent shuts down".to_owned()),
            Self::Timeout(limit) => Some(format!("timeout after {}", humantime::format_duration(*limit))),
            Self::Stop { reason, .. } => Some(reason.clone()),
            Self::Lost => Some("another agent has the run".to_owned()),
        }
    }

    /// The end of a run that was ended because of this signal; `None` as for [`Signal::end_state`].
    pub fn ended(&self) -> Option<Ended> {
        let mut ended = Ended::new(self.end_state()?);
        if let Self::Timeout(_) = self {
            ended.timed_out = true;
            ended.end.failure = Some(Failure::TimeLimit);
            ended.end.message = self.reason();
        }
        Some(ended)
    }

    /// Which signal overrides which; the first of equal ones holds.
    pub(crate) fn weight(&self) -> u8 {
        match self {
            Self::Continue => 0,
            Self::Shutdown(_) | Self::Timeout(_) => 1,
            Self::Stop { kind: StopKind::Early, .. } => 2,
            Self::Stop { kind: StopKind::Cancel, .. } => 3,
            Self::Lost => 4,
        }
    }
}
