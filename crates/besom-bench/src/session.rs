//! One sweep of a method, wherever it runs: asked for points, told what became of them.

use std::time::Duration;

use besom_controller::Sweep;
use besom_core::{Answer, BoxError, Point, RunNumber, RunState};

use crate::clock;

/// A sweep of a method that is being benchmarked. Runs are named by the order in which they were asked for, from 0.
pub(crate) trait Session {
    /// The next point.
    fn ask(&mut self) -> Result<Asked, BoxError>;

    /// Tells what a running run has logged; returns the runs that a stopping rule wants ended.
    fn report(&mut self, run: usize, step: usize, value: f64) -> Result<Vec<usize>, BoxError>;

    /// Tells how a run ended.
    fn tell(&mut self, run: usize, end: End) -> Result<(), BoxError>;

    /// CPU time that the method has taken so far, from any moment.
    fn cpu(&self) -> Duration;

    /// The most memory that the method's own process has used, in MiB.
    fn peak_mb(&self) -> u64 {
        0
    }
}

/// What a method answers.
#[derive(Debug)]
pub(crate) enum Asked {
    Run(Point),
    /// Nothing until another run has ended.
    Wait,
    /// Nothing ever again.
    Done,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    Finished(f64),
    /// A stopping rule ended it; its last value.
    Stopped(f64),
    Failed,
}

/// A method in this process.
pub(crate) struct Own(pub(crate) Sweep);

impl Session for Own {
    fn ask(&mut self) -> Result<Asked, BoxError> {
        let Answer::Try(runs) = self.0.ask(1)? else {
            let open = self.0.history().has_open();
            return Ok(if open { Asked::Wait } else { Asked::Done });
        };
        let run = runs.first().and_then(|number| self.0.history().get(*number));
        Ok(Asked::Run(run.expect("a run that has just begun").point.clone()))
    }

    fn report(&mut self, run: usize, _step: usize, value: f64) -> Result<Vec<usize>, BoxError> {
        self.0.report(RunNumber::from_index(run), value)?;
        Ok(self.0.stops()?.into_iter().map(|stop| stop.run.index()).collect())
    }

    /// As `besom ask-tell` does it, so that a method is the same from inside and outside.
    fn tell(&mut self, run: usize, end: End) -> Result<(), BoxError> {
        let number = RunNumber::from_index(run);
        let (state, value) = match end {
            End::Finished(value) | End::Stopped(value) => (RunState::Finished, Some(value)),
            End::Failed => (RunState::Failed, None),
        };
        self.0.set_summary(number, value)?;
        if matches!(end, End::Stopped(_)) {
            self.0.mark_stopped(number, "stopped")?;
        }
        Ok(self.0.end(number, state)?)
    }

    fn cpu(&self) -> Duration {
        clock::thread_cpu()
    }
}
