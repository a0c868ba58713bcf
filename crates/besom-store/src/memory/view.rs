//! What a sweep shows of itself.

use std::collections::HashMap;

use besom_core::{Best, RunNumber, RunState};

use super::index::Rank;
use super::sweep::Sweep;
use crate::{AgentId, Event, Order, RunQuery, RunRow, Status};

/// Over how many of the runs that ended last the mean time is taken.
const NEWEST: usize = 100;

impl Sweep {
    /// Runs by a query.
    pub(super) fn listed(&self, query: &RunQuery) -> Vec<RunRow> {
        let places: Box<dyn Iterator<Item = usize> + '_> = match query.order {
            Order::Number => Box::new(0..self.runs.len()),
            Order::Newest => Box::new((0..self.runs.len()).rev()),
            Order::Best => Box::new(self.index.ranked()),
        };
        let rows = places.map(|at| &self.runs[at].row);
        let chosen = rows.filter(|row| query.chooses(row.number, row.state));
        chosen.skip(bounded(query.offset)).take(query.limit.map_or(usize::MAX, bounded)).cloned().collect()
    }

    /// The log after a seq, of one run if given.
    pub(super) fn logged(&self, run: Option<RunNumber>, after: u64, limit: u64) -> Vec<Event> {
        let limit = bounded(limit);
        let Some(run) = run else {
            let first = self.events.partition_point(|event| event.seq <= after);
            return self.events[first..].iter().take(limit).cloned().collect();
        };
        let places = self.runs.get(run.index()).map_or(&[][..], |run| &run.events);
        let first = places.partition_point(|&place| self.events[place].seq <= after);
        places[first..].iter().take(limit).map(|&place| self.events[place].clone()).collect()
    }

    /// The sweep at a glance, but for its agents.
    pub(super) fn status(&self) -> Status {
        let best = self.first(Rank::CanBeBest);
        let loss = |best: &Best| self.row.goal().to_loss(best.value);
        let uncounted = self.first(Rank::Uncounted);
        Status {
            counts: RunState::ALL.map(|state| (state, self.index.count(state))).to_vec(),
            stopped: self.index.stopped,
            best,
            better_uncounted: uncounted.filter(|other| best.is_none_or(|best| loss(other) < loss(&best))),
            mean_run_ms: self.mean_run_ms(),
            ..Status::default()
        }
    }

    fn first(&self, rank: Rank) -> Option<Best> {
        let row = &self.runs[self.index.first(rank)?].row;
        Some(Best::new(row.number, row.state, row.best?))
    }

    fn mean_run_ms(&self) -> Option<f64> {
        let rows = self.index.newest_ends().take(NEWEST).map(|at| &self.runs[at].row);
        let took = rows.filter_map(|row| Some(row.ended_ms?.saturating_sub(row.started_ms?) as f64));
        let (count, sum) = took.fold((0_u32, 0.0), |(count, sum), ms| (count + 1, sum + ms));
        (count > 0).then(|| sum / f64::from(count))
    }

    /// The first run that each agent holds.
    pub(super) fn held(&self) -> HashMap<AgentId, RunNumber> {
        let running = self.index.in_states(&[RunState::Running]).into_iter().rev();
        let holder = |at: usize| Some((self.runs[at].attempts.last()?.agent, self.runs[at].row.number));
        running.filter_map(holder).collect()
    }
}

fn bounded(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
