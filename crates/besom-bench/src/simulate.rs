//! One sweep with simulated workers.
//!
//! Workers are simulated: `k` runs are in flight, and their epochs pass in turn, one each. An objective is played back: it is
//! run as soon as its point is known, and what it logs is shown to the method epoch by epoch. So no clock and no thread has a
//! say in what a method gets to know.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use besom_core::{BoxError, Goal, RunNumber, seed};

use crate::record::Record;
use crate::session::{Asked, End, Session};
use crate::{Keep, Objective, Outcome};

/// How a sweep is to be run.
pub(crate) struct Plan<'a> {
    /// The budget in runs.
    pub(crate) runs: usize,
    /// The epochs of a full run.
    pub(crate) epochs: usize,
    pub(crate) workers: usize,
    pub(crate) seed: u64,
    pub(crate) cancel: &'a AtomicBool,
}

/// Runs a sweep and enters what came of it into the record; false if it was canceled.
pub(crate) fn simulate(
    plan: &Plan<'_>,
    objective: &dyn Objective,
    goal: Goal,
    session: &mut dyn Session,
    record: &mut Record,
) -> Result<bool, BoxError> {
    let mut sweep = Simulation {
        plan,
        objective,
        goal,
        costs: Costs::default(),
        session,
        flying: VecDeque::new(),
        started: 0,
        done: false,
        best: (f64::INFINITY, f64::INFINITY),
        track: Vec::new(),
    };
    while sweep.track.len() < sweep.budget() {
        if plan.cancel.load(Ordering::Relaxed) {
            return Ok(false);
        }
        sweep.fill()?;
        if !sweep.tick()? {
            break;
        }
    }
    if sweep.track.is_empty() {
        return Err("the method suggested no run".into());
    }
    sweep.enter(record);
    Ok(true)
}

struct Simulation<'a> {
    plan: &'a Plan<'a>,
    objective: &'a dyn Objective,
    goal: Goal,
    session: &'a mut dyn Session,
    costs: Costs,
    /// The runs in flight; the one whose turn it is first.
    flying: VecDeque<Flying>,
    started: usize,
    /// Whether the method has said that nothing comes.
    done: bool,
    /// The smallest observed loss with the true one.
    best: (f64, f64),
    /// The true loss of the best observed run after each epoch.
    track: Vec<f64>,
}

/// A run in flight: what it will log, how much of that is known, and how it will end.
struct Flying {
    run: usize,
    logs: Vec<f64>,
    known: usize,
    outcome: Outcome,
}

impl Simulation<'_> {
    /// The budget in epochs.
    fn budget(&self) -> usize {
        self.plan.runs * self.plan.epochs
    }

    /// Begins runs until all workers have one, or the budget or the method has no more.
    fn fill(&mut self) -> Result<(), BoxError> {
        while !self.done
            && self.flying.len() < self.plan.workers
            && self.track.len() + self.flying.len() < self.budget()
        {
            let run = self.started;
            match self.costs.spend(run, self.session, |session| session.ask())? {
                Asked::Run(point) => {
                    self.started += 1;
                    let flying = self.play(run, &point);
                    self.flying.push_back(flying);
                }
                Asked::Wait if !self.flying.is_empty() => break,
                Asked::Wait => return Err("the method waits, but every run has ended".into()),
                Asked::Done => self.done = true,
            }
        }
        Ok(())
    }

    /// Runs the objective. Chance is that of the run's number, so that every method meets the same.
    fn play(&self, run: usize, point: &besom_core::Point) -> Flying {
        let room = self.budget() - self.track.len();
        let mut rng = seed::rng(1000 + self.plan.seed, RunNumber::from_index(run));
        let mut logs = Vec::new();
        let outcome = self.objective.run(point, &mut rng, &mut |value| {
            logs.push(value);
            if logs.len() < room { Keep::Going } else { Keep::Stop }
        });
        Flying { run, logs, known: 0, outcome }
    }

    /// Lets an epoch of the first run in flight pass; false if none is.
    fn tick(&mut self) -> Result<bool, BoxError> {
        let Some(mut flying) = self.flying.pop_front() else { return Ok(false) };
        let logged = flying.logs.get(flying.known).copied();
        if let Some(value) = logged {
            flying.known += 1;
            // A run that fails is never the best, whatever it has logged.
            if flying.outcome != Outcome::Failed {
                self.note(value, value);
            }
        } else if let Outcome::Finished { observed, truth } = flying.outcome {
            self.note(observed, truth);
        }
        self.track.push(self.best.1);
        let over = flying.known == flying.logs.len();
        let (run, step) = (flying.run, flying.known);
        self.flying.push_back(flying);
        if let Some(value) = logged {
            self.report(run, step, value)?;
        }
        if over {
            self.end(run, None)?;
        }
        Ok(true)
    }

    fn note(&mut self, observed: f64, truth: f64) {
        let (observed, truth) = (self.goal.to_loss(observed), self.goal.to_loss(truth));
        if observed.is_finite() && truth.is_finite() && (observed, truth) < self.best {
            self.best = (observed, truth);
        }
    }

    /// Reports what a run has logged, and ends the runs that the stopping rule names.
    fn report(&mut self, run: usize, step: usize, value: f64) -> Result<(), BoxError> {
        let stops = self.costs.spend(run, self.session, |session| session.report(run, step, value))?;
        for stopped in stops {
            let flying = self.flying.iter().find(|flying| flying.run == stopped);
            // A run that has logged all it has is finished, not stopped.
            let last =
                flying.filter(|f| f.known < f.logs.len()).and_then(|f| f.logs.get(f.known.checked_sub(1)?));
            if let Some(&last) = last {
                self.end(stopped, Some(last))?;
            }
        }
        Ok(())
    }

    /// Ends a run: as it ended, or with its last value if a stopping rule ended it.
    fn end(&mut self, run: usize, stopped: Option<f64>) -> Result<(), BoxError> {
        let Some(place) = self.flying.iter().position(|flying| flying.run == run) else { return Ok(()) };
        let flying = self.flying.remove(place).expect("it was just found");
        let end = match (stopped, flying.outcome) {
            (Some(value), _) => End::Stopped(value),
            (None, Outcome::Finished { observed, .. }) => End::Finished(observed),
            (None, Outcome::Failed) => End::Failed,
        };
        self.costs.spend(run, self.session, |session| session.tell(run, end))
    }

    fn enter(self, record: &mut Record) {
        record.curve = self.track.chunks_exact(self.plan.epochs).filter_map(<[f64]>::last).copied().collect();
        // A search that ended early may have spent less than a full run's epochs at its end.
        if !self.track.len().is_multiple_of(self.plan.epochs) {
            record.curve.extend(self.track.last());
        }
        record.runs = Some(self.plan.runs);
        record.workers = self.plan.workers;
        record.started = (self.plan.epochs > 1).then_some(self.started);
        record.peak_mb = self.session.peak_mb();
        self.costs.enter(record);
    }
}

/// What a method has cost: in total, and for each run.
#[derive(Default)]
struct Costs {
    wall: Duration,
    cpu: Duration,
    by_run: Vec<Duration>,
}

impl Costs {
    /// Does something with the method and puts what it costs down to a run.
    fn spend<T>(
        &mut self,
        run: usize,
        session: &mut dyn Session,
        call: impl FnOnce(&mut dyn Session) -> Result<T, BoxError>,
    ) -> Result<T, BoxError> {
        let (begun, before) = (Instant::now(), session.cpu());
        let answer = call(session)?;
        let cpu = session.cpu().saturating_sub(before);
        self.wall += begun.elapsed();
        self.cpu += cpu;
        if self.by_run.len() <= run {
            self.by_run.resize(run + 1, Duration::ZERO);
        }
        self.by_run[run] += cpu;
        Ok(answer)
    }

    fn enter(&self, record: &mut Record) {
        let rounded = |seconds: f64, digits: f64| (seconds * digits).round() / digits;
        let mut late: Vec<f64> = self.by_run.iter().rev().take(10).map(Duration::as_secs_f64).collect();
        record.wall_s = rounded(self.wall.as_secs_f64(), 1e3);
        record.cpu_s = rounded(self.cpu.as_secs_f64(), 1e3);
        record.cpu_ms_late = rounded(1e3 * crate::numbers::median(&mut late), 1e2);
    }
}
