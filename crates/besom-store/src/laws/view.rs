//! What the model shows of itself.

use besom_core::{Best, RunNumber, RunState};

use super::fold::{Folded, FoldedRun};
use super::model::{Agent, Model, Run, Sweep};
use crate::{AgentId, AgentRow, Attempt, RunRow, Status, StopKind, Watched};

impl Model {
    /// What the store should show of its agents, but for their ids.
    pub(super) fn agent_rows(&self, at: usize) -> Vec<AgentRow> {
        let of_sweep = self.agents.iter().enumerate().filter(|(_, agent)| agent.sweep == at);
        of_sweep
            .map(|(index, agent)| AgentRow {
                id: AgentId(0),
                name: agent.new.name.clone(),
                seen_ms: agent.seen_ms,
                alive: !agent.gone
                    && self.now.saturating_sub(agent.seen_ms) <= agent.new.heartbeat_timeout_ms,
                run: self.sweeps[at].held_by(index),
            })
            .collect()
    }

    pub(super) fn status(&self, at: usize) -> Status {
        let sweep = &self.sweeps[at];
        let count = |state| sweep.runs.iter().filter(|run| run.state == state).count() as u64;
        let early = |run: &&Run| matches!(run.stop, Some((StopKind::Early, _)));
        let agents = self.agent_rows(at).iter().filter(|agent| agent.alive).count() as u64;
        Status {
            counts: RunState::ALL.map(|state| (state, count(state))).to_vec(),
            stopped: sweep.runs.iter().filter(early).count() as u64,
            best: sweep.best_in(&[RunState::Running, RunState::Finished]),
            better_uncounted: sweep.better_uncounted(),
            agents,
            mean_run_ms: sweep.mean_run_ms(),
        }
    }
}

impl Sweep {
    fn held_by(&self, agent: usize) -> Option<RunNumber> {
        let holds = |run: &&Run| {
            run.state == RunState::Running && run.attempts.last().is_some_and(|newest| newest.agent == agent)
        };
        self.runs.iter().find(holds).map(|run| run.number)
    }

    fn best_in(&self, states: &[RunState]) -> Option<Best> {
        let runs = self.runs.iter().filter(|run| states.contains(&run.state));
        let ranked = runs
            .filter_map(|run| Some(Best { run: run.number, state: run.state, value: self.row(run).best? }));
        ranked.min_by(|a, b| self.loss(a.value).total_cmp(&self.loss(b.value)).then(a.run.cmp(&b.run)))
    }

    fn better_uncounted(&self) -> Option<Best> {
        let counted = self.best_in(&[RunState::Running, RunState::Finished]);
        let other = self.best_in(&[RunState::Failed, RunState::Crashed, RunState::Killed])?;
        counted.is_none_or(|best| self.loss(other.value) < self.loss(best.value)).then_some(other)
    }

    pub(super) fn loss(&self, value: f64) -> f64 {
        self.new.metrics[0].goal.to_loss(value) + 0.0
    }

    /// Over all ended runs: scripts are too short for more than a hundred.
    fn mean_run_ms(&self) -> Option<f64> {
        let took = |run: &Run| Some(run.ended_ms?.saturating_sub(run.attempts.last()?.started_ms) as f64);
        let took: Vec<f64> = self.runs.iter().filter_map(took).collect();
        (!took.is_empty()).then(|| took.iter().sum::<f64>() / took.len() as f64)
    }

    pub(super) fn rows(&self) -> Vec<RunRow> {
        self.runs.iter().map(|run| self.row(run)).collect()
    }

    fn row(&self, run: &Run) -> RunRow {
        let goal = self.new.metrics[0].goal;
        let newest = run.attempts.last();
        let curve = run.curve(&self.new.metrics[0]);
        let valid = || curve.iter().copied().filter(|value| value.is_finite());
        let last = valid().next_back();
        // Values of several metrics belong together, so that the last of each counts.
        let loss = match self.new.metrics.len() {
            1 => valid().map(|value| goal.to_loss(value)).reduce(f64::min),
            _ => last.map(|value| goal.to_loss(value)),
        };
        RunRow {
            number: run.number,
            state: run.state,
            point: run.new.point.clone(),
            note: run.new.note.clone(),
            stop_reason: run.stop.as_ref().map(|(_, reason)| reason.clone()),
            stop_kind: run.stop.as_ref().map(|(kind, _)| *kind),
            message: run.message.clone(),
            attempt: run.attempt(),
            exit_code: run.exit_code,
            rows: newest.map_or(0, |newest| newest.rows.len() as u64),
            best: loss.map(|loss| goal.to_loss(loss) + 0.0),
            last,
            created_ms: run.created_ms,
            started_ms: newest.map(|newest| newest.started_ms),
            ended_ms: run.ended_ms,
        }
    }

    pub(super) fn folded(&self) -> Folded {
        let mut folded = Folded { state: Some(self.state), ..Folded::default() };
        for run in &self.runs {
            let early = run.stop.as_ref().filter(|(kind, _)| *kind == StopKind::Early);
            folded.runs.push(FoldedRun {
                new: run.new.clone(),
                state: run.state,
                stopped: early.map(|(_, reason)| reason.clone()),
                rows: run.attempts.last().map_or(0, |newest| newest.rows.len() as u64),
                curves: self.new.metrics.iter().map(|metric| run.curve(metric)).collect(),
            });
        }
        folded
    }
}

impl Run {
    pub(super) fn curve(&self, metric: &Watched) -> Vec<f64> {
        let rows = self.attempts.last().map_or(&[][..], |newest| &newest.rows);
        let values = rows.iter().filter_map(|row| row.values.get(&metric.name));
        values.map(|value| value.as_f64().filter(|x| x.is_finite()).unwrap_or(f64::NAN)).collect()
    }

    pub(super) fn tried(&self, agents: &[Agent]) -> Vec<Attempt> {
        (1..)
            .zip(&self.attempts)
            .map(|(number, tried)| Attempt {
                number,
                agent: agents[tried.agent].new.name.clone(),
                started_ms: tried.started_ms,
                ended_ms: tried.ended_ms,
                state: tried.state,
                rows: tried.rows.len() as u64,
            })
            .collect()
    }
}
