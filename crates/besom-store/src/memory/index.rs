//! Where the runs of a sweep stand, by all that one asks for.

use std::collections::BTreeSet;
use std::ops::Bound;

use besom_core::{Goal, RunState};

use super::run::Run;
use crate::StopKind;

/// Places of runs in several orders. Whoever changes a run takes it out before and enters it after.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// In the order of [`RunState::ALL`].
    states: [BTreeSet<usize>; RunState::ALL.len()],
    /// By rank, loss and place.
    ranks: BTreeSet<(Rank, u64, usize)>,
    /// Those that wait and came back to do so.
    pub(super) came_back: BTreeSet<usize>,
    /// By the newest change.
    changed: BTreeSet<(u64, usize)>,
    /// Those that have begun and ended, by when.
    ended: BTreeSet<(u64, usize)>,
    /// How many of the finished ones a stopping rule has ended.
    pub(super) stopped: u64,
}

/// The states of runs that wait to be handed out.
const WAITING: [RunState; 2] = [RunState::Pending, RunState::Preempted];

/// The groups in the order of the best run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    CanBeBest,
    Uncounted,
    Waiting,
    Unvalued,
}

impl Index {
    pub(super) fn enter(&mut self, at: usize, run: &Run, goal: Goal) {
        self.states[place(run.row.state)].insert(at);
        if run.due_ms.is_some() && WAITING.contains(&run.row.state) {
            self.came_back.insert(at);
        }
        self.ranks.insert(rank(at, run, goal));
        self.changed.insert((run.changed, at));
        self.ended.extend(end(at, run));
        self.stopped += u64::from(is_stopped(run));
    }

    pub(super) fn take_out(&mut self, at: usize, run: &Run, goal: Goal) {
        self.states[place(run.row.state)].remove(&at);
        self.came_back.remove(&at);
        self.ranks.remove(&rank(at, run, goal));
        self.changed.remove(&(run.changed, at));
        if let Some(end) = end(at, run) {
            self.ended.remove(&end);
        }
        self.stopped -= u64::from(is_stopped(run));
    }

    pub(super) fn count(&self, state: RunState) -> u64 {
        self.states[place(state)].len() as u64
    }

    /// The runs in these states, in order.
    pub(super) fn in_states(&self, states: &[RunState]) -> Vec<usize> {
        let chosen = RunState::ALL.into_iter().filter(|state| states.contains(state));
        let mut found: Vec<usize> =
            chosen.flat_map(|state| self.states[place(state)].iter().copied()).collect();
        found.sort_unstable();
        found
    }

    /// The first run that waits to be handed out and did not come back to do so.
    pub(super) fn next(&self) -> Option<usize> {
        let first = |state| self.states[place(state)].difference(&self.came_back).next().copied();
        WAITING.into_iter().filter_map(first).min()
    }

    /// All runs, best first.
    pub(super) fn ranked(&self) -> impl Iterator<Item = usize> {
        self.ranks.iter().map(|&(_, _, at)| at)
    }

    /// The first run of a rank.
    pub(super) fn first(&self, rank: Rank) -> Option<usize> {
        let first = self.ranks.range((rank, 0, 0)..).next();
        first.filter(|&&(found, _, _)| found == rank).map(|&(_, _, at)| at)
    }

    /// The runs that changed after `since`, in order.
    pub(super) fn changed_after(&self, since: u64) -> Vec<usize> {
        let after = (Bound::Excluded((since, usize::MAX)), Bound::Unbounded);
        let mut found: Vec<usize> = self.changed.range(after).map(|&(_, at)| at).collect();
        found.sort_unstable();
        found
    }

    /// The runs that have begun and ended, the last one first.
    pub(super) fn newest_ends(&self) -> impl Iterator<Item = usize> {
        self.ended.iter().rev().map(|&(_, at)| at)
    }
}

fn place(state: RunState) -> usize {
    RunState::ALL.iter().position(|&other| other == state).expect("all states are in the list")
}

fn is_stopped(run: &Run) -> bool {
    run.row.state == RunState::Finished && run.row.stop_kind == Some(StopKind::Early)
}

fn end(at: usize, run: &Run) -> Option<(u64, usize)> {
    run.row.ended_ms.filter(|_| run.row.started_ms.is_some()).map(|ended| (ended, at))
}

fn rank(at: usize, run: &Run, goal: Goal) -> (Rank, u64, usize) {
    let Some(best) = run.row.best else { return (Rank::Unvalued, 0, at) };
    let rank = match run.row.state {
        state if state.can_be_best() => Rank::CanBeBest,
        RunState::Pending | RunState::Preempted => Rank::Waiting,
        _ => Rank::Uncounted,
    };
    (rank, key(goal.to_loss(best)), at)
}

/// A number that is ordered as the loss is.
fn key(loss: f64) -> u64 {
    let bits = loss.to_bits();
    if loss.is_sign_negative() { !bits } else { bits | 1 << 63 }
}
