//! Claims: which run an agent gets.

use besom_core::RunNumber;
use besom_store::rules::{Request, is_held_back};
use besom_store::{AgentId, Claim, ClaimedRun, SweepState};
use serde_json::{Map, Value};

use crate::agents::{self, Agent, COLUMNS, no_agent};
use crate::columns::{After, bounded, unsigned, value};
use crate::events::object;
use crate::fault::{Fault, Outcome, damaged};
use crate::runs::{Run, RunColumn, lease, run_after, run_number};
use crate::sweeps::{Sweep, SweepColumn, TABLES, head};
use crate::tx::{Lock, Tx};

impl Tx<'_> {
    /// Answers a claim.
    pub(crate) fn claim(&mut self, id: AgentId, request: u64) -> Outcome<Claim> {
        let (agent, sweep, waiting) = self.begin_claim(id, request)?;
        self.on(sweep, |tx, sweep| {
            let kind = Request::of(request, agent.request);
            if kind.is_drained(agent.draining) {
                return tx.answer_nothing(&agent, Claim::Drained);
            }
            match agent.answer {
                _ if kind == Request::New => tx.claim_next(sweep, &agent, request, waiting),
                Some((number, attempt)) if kind == Request::Repeated => {
                    tx.claim_again(sweep, &agent, number, attempt)
                }
                _ => tx.answer_nothing(&agent, Claim::Nothing(sweep.record.state)),
            }
        })
    }

    /// The agent, its sweep, and the run of the lowest number that it can get for a new request: one that waits to be handed out, has not
    /// come back, and is not being given to somebody else. It is the first row that a claim locks: see [`crate`] on the
    /// numbers of changes.
    fn begin_claim(&mut self, id: AgentId, request: u64) -> Outcome<(Agent, Sweep, Option<Waiting>)> {
        let (sweeps, runs) = (SweepColumn::SQL, RunColumn::SQL);
        let sql = format!(
            "SELECT {sweeps}, {COLUMNS}, waiting.* {TABLES} JOIN agents a ON a.sweep = s.key
             LEFT JOIN LATERAL (
               SELECT {runs}, t.point FROM runs r JOIN points t ON t.run = r.key
               WHERE r.sweep = a.sweep AND r.state IN ('pending', 'preempted') AND r.due_ms IS NULL
                 AND p.state IN ('pending', 'running') AND a.request < $2 AND NOT a.draining
               ORDER BY r.number LIMIT 1 FOR UPDATE OF r SKIP LOCKED
             ) waiting ON true WHERE a.key = $1"
        );
        let Some(row) = self.query_opt(&sql, &[&bounded(id.0), &bounded(request)])? else {
            return Err(no_agent(id));
        };
        let first = SweepColumn::COUNT + agents::COUNT;
        let is_there = value::<Option<i64>>(&row, first)?.is_some();
        let waiting = if is_there { Some(waiting(&row, first)?) } else { None };
        Ok((agents::agent(&row, SweepColumn::COUNT)?, head(&row)?, waiting))
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
        if stands { self.claimed_again(sweep, &run) } else { Ok(Claim::Nothing(sweep.record.state)) }
    }

    fn claim_next(
        &mut self,
        sweep: &mut Sweep,
        agent: &Agent,
        request: u64,
        waiting: Option<Waiting>,
    ) -> Outcome<Claim> {
        let next = if waiting.is_some() { waiting } else { self.next_back(sweep)? };
        let Some((mut run, point)) = next else {
            return self.answer_nothing(agent, Claim::Nothing(sweep.record.state));
        };
        if sweep.record.state == SweepState::Pending && self.lock_of(sweep.key) != Some(Lock::Exclusive) {
            // The first claim changes the sweep, too.
            return Err(Fault::Again(Lock::Exclusive));
        }
        if let Some(entry) = sweep.record.begin(self.now) {
            self.log(sweep, None, &entry)?;
        }
        if run.record.attempt == 0 {
            self.hand_out_first(sweep, &mut run, agent, request)?;
        } else {
            self.hand_out(sweep, &mut run, agent)?;
            self.store_answer(agent, request, run.record.number, run.record.attempt)?;
        }
        Ok(Claim::Run(ClaimedRun::new(lease(sweep, &run), point)))
    }

    /// The first run that can be handed out of those that came back, which go last.
    fn next_back(&mut self, sweep: &Sweep) -> Outcome<Option<Waiting>> {
        if !sweep.record.hands_out() {
            return Ok(None);
        }
        let sql = format!(
            "SELECT {}, p.point FROM runs r JOIN points p ON p.run = r.key
             WHERE r.sweep = $1 AND r.state IN ('pending', 'preempted') AND r.due_ms IS NOT NULL AND r.number = $2
             FOR UPDATE OF r SKIP LOCKED",
            RunColumn::SQL
        );
        let ready = self.came_back(sweep)?.into_iter().filter(|run| !run.1);
        for (number, _) in ready.collect::<Vec<_>>() {
            if let Some(row) = self.query_opt(&sql, &[&sweep.key, &bounded(number.get())])? {
                return waiting(&row, 0).map(Some);
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

    fn claimed_again(&mut self, sweep: &Sweep, run: &Run) -> Outcome<Claim> {
        let row = self.query_opt("SELECT point FROM points WHERE run = $1", &[&run.key])?;
        let Some(row) = row else { return Err(damaged("a run without a point", run.record.number)) };
        Ok(Claim::Run(ClaimedRun::new(lease(sweep, run), object(value(&row, 0)?)?)))
    }
}

/// A run that waits to be handed out, and its point.
type Waiting = (Run, Map<String, Value>);

/// Reads a run and its point after so many other columns.
fn waiting(row: &postgres::Row, first: usize) -> Outcome<Waiting> {
    Ok((run_after(After(row, first))?, object(value(row, first + RunColumn::COUNT)?)?))
}
