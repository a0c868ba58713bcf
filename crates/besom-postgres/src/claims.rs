//! Claims: which run an agent gets.

use besom_core::RunNumber;
use besom_store::rules::{Request, is_held_back};
use besom_store::{AgentId, Claim, ClaimedRun, SweepState};

use crate::agents::Agent;
use crate::columns::{bounded, unsigned, value};
use crate::events::object;
use crate::fault::{Fault, Outcome, damaged};
use crate::runs::{Run, RunColumn, lease, run, run_number};
use crate::sweeps::Sweep;
use crate::tx::{Lock, Tx};

impl Tx<'_> {
    /// Answers a claim.
    pub(crate) fn claim(&mut self, id: AgentId, request: u64) -> Outcome<Claim> {
        let agent = self.agent(id)?;
        self.on_sweep_of(agent.sweep, |tx, sweep| {
            let kind = Request::of(request, agent.request);
            if kind.is_drained(agent.draining) {
                return tx.answer_nothing(&agent, Claim::Drained);
            }
            match agent.answer {
                _ if kind == Request::New => tx.claim_next(sweep, &agent, request),
                Some((number, attempt)) if kind == Request::Repeated => {
                    tx.claim_again(sweep, &agent, number, attempt)
                }
                _ => tx.answer_nothing(&agent, Claim::Nothing(sweep.record.state)),
            }
        })
    }

    /// An answer that leaves no trace but a sign of life.
    fn answer_nothing(&mut self, agent: &Agent, answer: Claim) -> Outcome<Claim> {
        self.hear(agent.id)?;
        self.is_soft = true;
        Ok(answer)
    }

    /// The stored answer, if it is still worth something.
    fn claim_again(
        &mut self,
        sweep: &Sweep,
        agent: &Agent,
        number: RunNumber,
        attempt: u64,
    ) -> Outcome<Claim> {
        // The run before the agent, as all do, so that nobody waits for one who waits for him.
        let mut run = self.run_to_change(sweep, number)?;
        let stands = self.revive(sweep, &mut run, attempt)?;
        self.hear(agent.id)?;
        if stands { self.claimed(sweep, &run) } else { Ok(Claim::Nothing(sweep.record.state)) }
    }

    fn claim_next(&mut self, sweep: &mut Sweep, agent: &Agent, request: u64) -> Outcome<Claim> {
        let Some(mut run) = self.next(sweep)? else {
            return self.answer_nothing(agent, Claim::Nothing(sweep.record.state));
        };
        if sweep.record.state == SweepState::Pending && self.lock_of(sweep.key) != Some(Lock::Exclusive) {
            // The first claim changes the sweep, too.
            return Err(Fault::Again(Lock::Exclusive));
        }
        if let Some(entry) = sweep.record.begin(self.now) {
            self.log(sweep, None, &entry)?;
        }
        self.hand_out(sweep, &mut run, agent)?;
        self.store_answer(agent, request, run.record.number, run.record.attempt)?;
        self.claimed(sweep, &run)
    }

    /// The run of the lowest number that waits to be handed out, and which nobody else is being given; those that came back go
    /// last. This is the first row that a claim locks: see [`crate`] on the numbers of changes.
    fn next(&mut self, sweep: &Sweep) -> Outcome<Option<Run>> {
        if !sweep.record.hands_out() {
            return Ok(None);
        }
        let sql = |condition: &str| {
            format!(
                "SELECT {} FROM runs r WHERE r.sweep = $1 AND r.state IN ('pending', 'preempted') AND {condition}
                 ORDER BY r.number LIMIT 1 FOR UPDATE SKIP LOCKED",
                RunColumn::SQL
            )
        };
        if let Some(row) = self.query_opt(&sql("r.due_ms IS NULL"), &[&sweep.key])? {
            return run(&row).map(Some);
        }
        let ready = self.came_back(sweep)?.into_iter().filter(|run| !run.1);
        for (number, _) in ready.collect::<Vec<_>>() {
            let condition = sql("r.due_ms IS NOT NULL AND r.number = $2");
            if let Some(row) = self.query_opt(&condition, &[&sweep.key, &bounded(number.get())])? {
                return run(&row).map(Some);
            }
        }
        Ok(None)
    }

    /// The runs that came back to wait, in order, and whether each is held back until later.
    fn came_back(&mut self, sweep: &Sweep) -> Outcome<Vec<(RunNumber, bool)>> {
        let rows = self.query(
            "SELECT number, due_ms FROM runs WHERE sweep = $1 AND due_ms IS NOT NULL
               AND state IN ('pending', 'preempted') ORDER BY number",
            &[&sweep.key],
        )?;
        let now = self.now;
        let run = |row: &postgres::Row| {
            let due = unsigned(value(row, 1)?);
            Ok((run_number(value(row, 0)?)?, is_held_back(Some(due), now)))
        };
        rows.iter().map(run).collect()
    }

    /// How many runs are held back.
    pub(crate) fn held_back(&mut self, sweep: &Sweep) -> Outcome<u64> {
        Ok(self.came_back(sweep)?.into_iter().filter(|run| run.1).count() as u64)
    }

    fn claimed(&mut self, sweep: &Sweep, run: &Run) -> Outcome<Claim> {
        let row = self.query_opt("SELECT point FROM points WHERE run = $1", &[&run.key])?;
        let Some(row) = row else { return Err(damaged("a run without a point", run.record.number)) };
        Ok(Claim::Run(ClaimedRun::new(lease(sweep, run), object(value(&row, 0)?)?)))
    }
}
