//! Sweeps that begin with runs which have ended elsewhere.

use std::time::Duration;

use besom_core::RunNumber;

use super::Tx;
use super::fault::Outcome;
use super::sweeps::Sweep;
use crate::{Added, NewAgent, NewRun, NewSweep, PastRun};

/// The name of the agent that seems to have executed them.
const AGENT: &str = "prior runs";

impl Tx<'_> {
    /// Creates a sweep with past runs.
    pub(super) fn create_with(&self, new: &NewSweep, past: &[PastRun]) -> Outcome<()> {
        PastRun::all_ended(past)?;
        self.create_sweep(new)?;
        if past.is_empty() {
            return Ok(());
        }
        self.on_sweep(&new.id, |sweep| {
            sweep.record.admit_past(past.len())?;
            let runs: Vec<NewRun> = past.iter().map(|run| run.new.clone()).collect();
            let _: Added = self.add_runs(sweep, RunNumber::FIRST, &runs, None)?;
            self.replay(sweep, past)
        })
    }

    /// Lets them happen again.
    fn replay(&self, sweep: &mut Sweep, past: &[PastRun]) -> Outcome<()> {
        let id = self.join(sweep, &NewAgent::new(AGENT, Duration::from_secs(60)))?;
        let agent = self.agent(id)?;
        if let Some(entry) = sweep.record.begin(self.now) {
            self.log(sweep, None, &entry)?;
        }
        let budgets = (sweep.record.retry_crashed, sweep.record.retry_failed);
        (sweep.record.retry_crashed, sweep.record.retry_failed) = (0, 0);
        for (place, old) in past.iter().enumerate() {
            let mut run = self.run(sweep, RunNumber::from_index(place))?;
            self.hand_out(sweep, &mut run, &agent)?;
            let rows = old.reported();
            if !rows.is_empty() {
                self.add_rows(sweep, &mut run, &rows)?;
            }
            self.end(sweep, &mut run, &old.end)?;
        }
        (sweep.record.retry_crashed, sweep.record.retry_failed) = budgets;
        self.mark_gone(id)
    }
}
