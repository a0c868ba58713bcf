//! Which generations a history holds.
//!
//! A suggestion's note says to which generation its run belongs, where its numbers lie, and, on the first
//! runs of a generation, which runs the generation before it was learned from, best first. So a generation
//! enters with exactly the runs that it was learned from when it happened, whatever came in later.

use std::collections::BTreeMap;

use besom_core::value::float;
use besom_core::{History, Metric, Note, Run, RunNumber};
use serde_json::{Value, json};

use super::model::{Plan, Update};
use super::normal::Sample;
use crate::FailedRuns;
use crate::axis::{Axis, Place};

/// What a note remembers.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) generation: u64,
    /// New starts so far.
    pub(super) starts: u32,
    /// Where the numbers of the run lie.
    pub(super) x: Vec<f64>,
    /// What was learned before this generation.
    pub(super) pool: Option<Pool>,
}

/// The runs that a generation is learned from, as places in the history, best first.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pool {
    pub(super) ranked: Vec<usize>,
    /// How many of them have a value.
    pub(super) valued: usize,
    /// Whether there is nothing to choose between them: all have one value.
    pub(super) flat: bool,
}

/// The generations of a history.
#[derive(Clone, Debug, Default)]
pub(super) struct Story {
    /// The current generation, from 0.
    pub(super) generation: u64,
    /// New starts so far.
    pub(super) starts: u32,
    /// The generations before.
    pub(super) updates: Vec<Update>,
    /// Runs that were not learned from yet, by their place in the history.
    waiting: BTreeMap<usize, Waiting>,
}

#[derive(Clone, Debug)]
struct Waiting {
    generation: u64,
    x: Vec<f64>,
}

impl Story {
    /// Reads a history. Runs that the method did not suggest play no part.
    pub(super) fn read(plan: &Plan, history: &History) -> Self {
        let numbers = plan.numeric().count();
        let mut story = Self::default();
        for (place, run) in history.runs().iter().enumerate() {
            let Some(mark) = Mark::of(&run.note).filter(|mark| mark.x.len() == numbers) else { continue };
            let known = match &mark.pool {
                _ if mark.generation <= story.generation => mark.starts <= story.starts,
                Some(pool) if mark.generation == story.generation + 1 => {
                    let starts = mark.starts == story.starts || mark.starts == story.starts + 1;
                    starts && story.close(plan, history, pool, mark.starts)
                }
                _ => false,
            };
            if known && mark.starts == story.starts {
                story.waiting.insert(place, Waiting { generation: mark.generation, x: mark.x });
            }
        }
        story
    }

    /// Enters the end of a generation; `false`, and nothing is done, if its runs are not there.
    pub(super) fn close(&mut self, plan: &Plan, history: &History, pool: &Pool, starts: u32) -> bool {
        let Some(mut update) = self.update(plan, history, pool) else { return false };
        update.starts = starts;
        self.updates.push(update);
        pool.ranked.iter().for_each(|place| drop(self.waiting.remove(place)));
        if starts > self.starts {
            self.waiting.clear();
            self.starts = starts;
        }
        self.generation += 1;
        true
    }

    /// What is learned from these runs; `None` if one of them is not waiting, or if they are fewer than a
    /// generation: a note may come from other options.
    pub(super) fn update(&self, plan: &Plan, history: &History, pool: &Pool) -> Option<Update> {
        if pool.ranked.len() < plan.population(self.starts) {
            return None;
        }
        let sample = |place: &usize| {
            let Waiting { generation, x } = self.waiting.get(place)?;
            Some(Sample { x: x.clone(), late: *generation < self.generation })
        };
        let levels = |place: &usize| {
            let point = &history.runs()[*place].point;
            let level = |axis: &Axis| match axis.find(point) {
                Some(Place::Level(level)) => Some(level),
                _ => None,
            };
            plan.axes.iter().filter(|axis| axis.categories().is_some()).map(level).collect()
        };
        Some(Update {
            starts: self.starts,
            runs: pool.ranked.iter().map(sample).collect::<Option<_>>()?,
            levels: pool.ranked.iter().map(levels).collect(),
            valued: pool.valued,
        })
    }

    /// The runs to learn from, once at least `population` of those that wait have ended and count.
    pub(super) fn pool(
        &self,
        metric: &Metric,
        history: &History,
        failed: &FailedRuns,
        population: usize,
    ) -> Option<Pool> {
        let counts = |place: &usize| !failed.leave_out(RunNumber::from_index(*place));
        let ended =
            |place: &usize| Some(&history.runs()[*place]).filter(|run| !run.state.is_open() && counts(place));
        let mut runs: Vec<(Option<f64>, usize)> = self
            .waiting
            .keys()
            .filter_map(|place| ended(place).map(|run: &Run| (metric.counted(run, 0).loss(), *place)))
            .collect();
        if runs.len() < population {
            return None;
        }
        // Those without a value come last.
        runs.sort_by(|(a, i), (b, j)| {
            let (a, b) = (a.unwrap_or(f64::INFINITY), b.unwrap_or(f64::INFINITY));
            a.total_cmp(&b).then(i.cmp(j))
        });
        Some(Pool {
            valued: runs.iter().filter(|(loss, _)| loss.is_some()).count(),
            flat: runs.iter().all(|(loss, _)| loss.is_some() && *loss == runs[0].0),
            ranked: runs.into_iter().map(|(_, place)| place).collect(),
        })
    }

    /// How many runs of the current generation there are.
    pub(super) fn begun(&self) -> usize {
        self.waiting.values().filter(|waiting| waiting.generation == self.generation).count()
    }
}

impl Mark {
    /// What a note holds; `None` if it is not of this method.
    fn of(note: &Note) -> Option<Self> {
        let x = note.get("x")?.as_array()?.iter();
        let x = x.map(|x| x.as_f64().filter(|x| (0.0..=1.0).contains(x))).collect::<Option<_>>()?;
        let pool = || {
            let pool = note.get("learned_from")?;
            let place = |run: &Value| Some(RunNumber::new(run.as_u64()?)?.index());
            let ranked: Vec<usize> =
                pool.get("runs")?.as_array()?.iter().map(place).collect::<Option<_>>()?;
            let valued = usize::try_from(pool.get("valued")?.as_u64()?).ok()?;
            (valued <= ranked.len()).then_some(Pool { ranked, valued, flat: false })
        };
        let generation = note.get("generation")?.as_u64()?;
        Some(Self { generation, starts: u32::try_from(note.get("starts")?.as_u64()?).ok()?, x, pool: pool() })
    }

    /// Enters it into a note.
    pub(super) fn write(&self, note: &mut Note) {
        note.insert("generation".to_owned(), json!(self.generation));
        note.insert("starts".to_owned(), json!(self.starts));
        note.insert("x".to_owned(), self.x.iter().map(|&x| float(x)).collect());
        if let Some(Pool { ranked, valued, .. }) = &self.pool {
            let runs: Vec<u64> = ranked.iter().map(|&place| RunNumber::from_index(place).get()).collect();
            note.insert("learned_from".to_owned(), json!({ "runs": runs, "valued": valued }));
        }
    }
}
