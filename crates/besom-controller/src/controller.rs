//! The step of a sweep against a store.

use std::collections::BTreeMap;

use besom_core::{Answer, History, News, Problem, Run, RunNumber, RunState, Shown, Stop, error_chain};
use besom_store::{
    Added, Changes, NewRun, PausedBy, RunChange, Seen, StopKind, Store, StoreError, SweepId, SweepState,
};

use crate::missing::enough_finished;
use crate::{ControllerError, MissingMetric, Sweep};

/// Steps a sweep that lives in a store.
///
/// A controller remembers how far it has read, so that a step reads only what is new; a new one catches up
/// with the store. Any number of controllers can step one sweep at the same time. The cap that ends it is the store's.
#[derive(Debug)]
pub struct Controller {
    id: SweepId,
    sweep: Sweep,
    cursor: u64,
    /// How many rows each running run has logged.
    rows: BTreeMap<RunNumber, u64>,
    /// How many finished runs there were when they were last found to be too few to miss a metric.
    judged: usize,
    /// How many of the runs that wait are held back: agents get none of them now.
    held_back: u64,
}

/// What a step did and found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// This many runs wait for agents now, some of them perhaps added by this step.
    Ready(usize),
    /// Nothing to hand out until a run ends.
    Wait,
    /// The sweep is paused; by whom and why is in the store.
    Paused,
    /// The sweep has ended.
    Over,
}

impl Controller {
    /// A controller of the stored sweep `id`; `sweep` is the problem and its algorithms with no runs yet.
    pub fn new(id: SweepId, sweep: Sweep) -> Self {
        Self { id, sweep, cursor: 0, rows: BTreeMap::new(), judged: 0, held_back: 0 }
    }

    /// The sweep as far as it was read.
    pub fn sweep(&self) -> &Sweep {
        &self.sweep
    }

    /// Reads what is new and returns the sweep's state.
    pub fn refresh(&mut self, store: &mut dyn Store) -> Result<SweepState, ControllerError> {
        let Changes { upto, state, runs, run_cap, held_back, .. } = store.changes(&self.id, self.cursor)?;
        // The owner may have changed it, or taken it away; what the search method was promised stays.
        self.sweep.set_cap(run_cap);
        for change in runs {
            match change.state {
                RunState::Running => drop(self.rows.insert(change.number, change.rows)),
                _ => drop(self.rows.remove(&change.number)),
            }
            let (problem, history) = self.sweep.parts_mut();
            record(problem, history, change)?;
        }
        self.cursor = upto;
        self.held_back = held_back;
        Ok(state)
    }

    /// What was read so far, to be stored with what is suggested from it.
    pub fn seen(&self) -> Seen {
        let rows = self.rows.iter().map(|(&number, &rows)| (number, rows)).collect();
        Seen::new(self.cursor, self.sweep.history().len() as u64, rows)
    }

    /// What the search method answers to the history as far as it was read, without storing it. For owners that drive
    /// the loop themselves; [`Controller::step`] does it all.
    pub fn suggest(&mut self, count: usize) -> Result<Answer, ControllerError> {
        self.sweep.suggest(count)
    }

    /// The runs that the stopping rule wants ended as far as was read, without asking the store for it; see
    /// [`Sweep::stops`].
    pub fn stops(&mut self) -> Result<Vec<Stop>, ControllerError> {
        self.sweep.stops()
    }

    /// What the stopping rule shows of its view, as far as was read; see [`Sweep::show_stopper`].
    pub fn show_stopper(&mut self) -> Result<Shown, ControllerError> {
        self.sweep.show_stopper()
    }

    /// One step: reads what is new, asks for the stops that the stopping rule wants, and adds runs until `want` wait
    /// for agents (0: none is added). Ends the sweep when nothing is left to do. An algorithm that fails, panics or breaks its
    /// contract pauses the sweep, with the reason in the store, and is not an error of the step. So does a metric that an
    /// algorithm needs and no run has logged, after the third finished run since the sweep was last resumed.
    pub fn step(&mut self, store: &mut dyn Store, want: usize) -> Result<Step, ControllerError> {
        match self.try_step(store, want) {
            Err(error @ ControllerError::Search(_)) => self.pause(store, PausedBy::Search, error),
            Err(error @ ControllerError::Stopper(_)) => self.pause(store, PausedBy::Stopper, error),
            other => other,
        }
    }

    /// The step of whoever has just executed the last run that it may: no run is added, but a sweep of which nothing is open is
    /// ended if its search method has no point left. So a sweep that is worked off run by run, by one short job after the other,
    /// ends with its last run.
    pub fn last_step(&mut self, store: &mut dyn Store) -> Result<Step, ControllerError> {
        self.refresh(store)?;
        // The answer is not needed: what counts is whether there is one. An error shows again in the step.
        let _ = self.sweep.ask_whether_exhausted();
        self.step(store, 0)
    }

    fn pause(
        &self,
        store: &mut dyn Store,
        by: PausedBy,
        error: ControllerError,
    ) -> Result<Step, ControllerError> {
        match store.pause(&self.id, by, Some(&error_chain(&error))) {
            Ok(()) => Ok(Step::Paused),
            // Somebody has just ended the sweep.
            Err(StoreError::Transition { .. }) => Err(error),
            Err(broken) => Err(broken.into()),
        }
    }

    fn try_step(&mut self, store: &mut dyn Store, want: usize) -> Result<Step, ControllerError> {
        let mut state = self.refresh(store)?;
        if self.request_stops(store)? {
            // What is suggested next has seen these stops, and the log up to its cursor must say so.
            state = self.refresh(store)?;
        }
        loop {
            match state {
                SweepState::Finished | SweepState::Canceled => return Ok(Step::Over),
                SweepState::Paused => return Ok(Step::Paused),
                SweepState::Pending | SweepState::Running => {}
            }
            if self.pause_without_metric(store)? {
                return Ok(Step::Paused);
            }
            if let Some(reason) = self.target_reason() {
                store.set_state(&self.id, SweepState::Finished, Some(&reason))?;
                return Ok(Step::Over);
            }
            let waiting = self.waiting();
            if waiting >= want.max(1) {
                return Ok(Step::Ready(waiting));
            }
            if want == 0 {
                return self.end_if_over(store);
            }
            let Answer::Try(suggestions) = self.sweep.suggest(want - waiting)? else {
                return if waiting > 0 { Ok(Step::Ready(waiting)) } else { self.end_if_over(store) };
            };
            let runs: Vec<NewRun> =
                suggestions.into_iter().map(|s| NewRun::new(s.point.to_json()).note(s.note)).collect();
            let next = self.sweep.history().next_number();
            // Whatever the store answers, the next look at it tells where the sweep stands: a lost race is no error.
            let _: Added = store.add_runs(&self.id, next, &runs, Some(&self.seen()))?;
            state = self.refresh(store)?;
        }
    }

    /// How many runs agents can get now.
    fn waiting(&self) -> usize {
        let history = self.sweep.history();
        let waiting = history.count(RunState::Pending) + history.count(RunState::Preempted);
        waiting.saturating_sub(usize::try_from(self.held_back).unwrap_or(usize::MAX))
    }

    fn request_stops(&mut self, store: &mut dyn Store) -> Result<bool, ControllerError> {
        let stops: Vec<_> = self.sweep.stops()?.into_iter().map(|stop| (stop.run, stop.reason)).collect();
        if !stops.is_empty() {
            store.request_stops(&self.id, &stops, StopKind::Early)?;
        }
        Ok(!stops.is_empty())
    }

    /// Pauses the sweep if no run has a value of the metric that its algorithms need.
    fn pause_without_metric(&mut self, store: &mut dyn Store) -> Result<bool, ControllerError> {
        let Some(needed_by) = self.sweep.needs_metric() else { return Ok(false) };
        let finished = self.sweep.history().count(RunState::Finished);
        if finished <= self.judged || self.sweep.has_value() {
            return Ok(false);
        }
        self.judged = finished;
        if !enough_finished(store, &self.id)? {
            return Ok(false);
        }
        let Some(missing) = MissingMetric::of(store, &self.id)? else { return Ok(false) };
        let reason = format!("{}; {needed_by} needs it", missing.conclusion());
        match store.pause(&self.id, PausedBy::Metric, Some(&reason)) {
            // Somebody has just ended the sweep; the next look tells.
            Err(StoreError::Transition { .. }) => Ok(false),
            other => Ok(other.map(|()| true)?),
        }
    }

    fn target_reason(&self) -> Option<String> {
        let (problem, history) = (self.sweep.problem(), self.sweep.history());
        if !problem.has_target() {
            return None;
        }
        let number = self.sweep.reached_by()?;
        let run = history.get(number)?;
        let reached = problem.metrics.iter().enumerate().filter_map(|(place, metric)| {
            let (target, value) = (metric.target?, problem.value(run, place)?);
            Some(format!("{} {value} (target {target})", metric.name))
        });
        let reached: Vec<String> = reached.collect();
        let targets = if reached.len() == 1 { "target" } else { "targets" };
        Some(format!("run {number} reached the {targets}: {}", reached.join(", ")))
    }

    fn end_if_over(&mut self, store: &mut dyn Store) -> Result<Step, ControllerError> {
        if !self.sweep.is_over() {
            return Ok(Step::Wait);
        }
        let cap = self.sweep.cap();
        let reason = match cap {
            Some(cap) if self.sweep.history().len() as u64 >= cap => format!("run_cap of {cap} reached"),
            _ => "search space exhausted".to_owned(),
        };
        store.set_state(&self.id, SweepState::Finished, Some(&reason))?;
        Ok(Step::Over)
    }
}

fn record(problem: &Problem, history: &mut History, change: RunChange) -> Result<(), ControllerError> {
    let RunChange { number, added, state, stopped, failure, curves, .. } = change;
    if let Some(added) = added
        && number == history.next_number()
    {
        let mut run = Run::new(problem.space.read(&added.point));
        run.note = added.note;
        history.push(run);
    }
    let parts = curves.into_iter().map(|part| News::Values {
        metric: part.metric,
        from: part.from,
        values: part.values,
    });
    let facts = [News::State(state), News::Stopped(stopped), News::Failure(failure)];
    for news in facts.into_iter().chain(parts) {
        history.record(number, news).ok_or(ControllerError::NoRun(number))?;
    }
    Ok(())
}
