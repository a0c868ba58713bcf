//! Extrapolation of learning curves: the final loss of runs that were stopped early, and a forecast for
//! running ones.
//!
//! A run that was stopped early is worse on paper than it is: those beside it continued to improve. Its final
//! loss is predicted from the runs that went all the way, by a linear regression of their final loss on their
//! best loss after as many steps (decision 24). For a running one the prediction comes with its standard
//! error (decision 26).

use besom_core::{Goal, History, Metric, Run, RunState};

/// The fewest complete runs to extrapolate from (decision 24).
const COMPLETE: usize = 4;
/// The most complete runs that are read, the latest: enough for a straight line, and a bound on time
/// (decision 26).
const READ: usize = 200;
/// The least slope of the regression: at 0 a run that diverged would be forgiven; by .1 it stays bad
/// (decision 24).
const LEAST_SLOPE: f64 = 0.1;
/// The fewest values of a complete run, and of a running one with a forecast: fewer make no curve (decision
/// 26).
const STEPS: usize = 5;
/// One in this many ended runs must be complete for a forecast of a running one. Where a rule lets only the
/// best go all the way, a run like theirs is not like the others (decision 26).
const COMPLETE_SHARE: usize = 4;

/// Extrapolates curves by those of the complete runs, which were not stopped.
pub(super) struct Extrapolation {
    goal: Goal,
    /// How many values a complete run usually logs.
    usual: usize,
    /// The best loss so far of each complete run after each of its values.
    curves: Vec<Vec<f64>>,
    /// Whether enough of the ended runs are complete to stand for a running one.
    representative: bool,
}

/// The forecast of a running run's final loss, and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Forecast {
    pub(super) loss: f64,
    pub(super) error: f64,
}

impl Extrapolation {
    pub(super) fn new(metric: &Metric, history: &History) -> Self {
        let goal = metric.goal;
        let none = Self { goal, usual: 0, curves: Vec::new(), representative: false };
        let running =
            |run: &Run| run.state == RunState::Running && run.curve(0).valid().nth(STEPS - 1).is_some();
        if !history.runs().iter().any(|run| was_stopped(run) || running(run)) {
            return none;
        }
        let finished: Vec<&Run> =
            history.runs().iter().filter(|run| run.state == RunState::Finished).collect();
        let complete = finished.iter().filter(|run| run.stopped.is_none());
        let representative = complete.clone().count() * COMPLETE_SHARE >= finished.len();
        let curves = complete.rev().map(|run| best_so_far(goal, run));
        let mut curves: Vec<_> = curves.filter(|curve| curve.len() >= STEPS).take(READ).collect();
        let mut lengths: Vec<usize> = curves.iter().map(Vec::len).collect();
        lengths.sort_unstable();
        let usual = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
        // Nine tenths of the usual way count as all of it (decision 24).
        curves.retain(|curve| curve.len() * 10 >= usual * 9);
        Self { usual, curves, representative, ..none }
    }

    /// The loss that a stopped run would have ended with; `None` if it was not stopped, had as good as ended
    /// (nineteen twentieths of the usual way), or too few runs are complete. Never worse than what it
    /// reached.
    pub(super) fn final_loss(&self, run: &Run) -> Option<f64> {
        if !was_stopped(run) || self.curves.len() < COMPLETE {
            return None;
        }
        let curve = best_so_far(self.goal, run);
        if curve.len() * 20 >= self.usual * 19 {
            return None;
        }
        Some(self.predict(curve.len(), *curve.last()?)?.loss)
    }

    /// The forecast for a running run; `None` if it is not running, has not gone a fifth of the usual way, or
    /// too few runs are complete.
    pub(super) fn forecast(&self, run: &Run) -> Option<Forecast> {
        if run.state != RunState::Running || self.curves.len() < COMPLETE || !self.representative {
            return None;
        }
        let curve = best_so_far(self.goal, run);
        if curve.len() < STEPS || curve.len() * 5 < self.usual {
            return None;
        }
        // All complete runs got nine tenths of the way.
        self.predict(curve.len().min(self.usual * 9 / 10), *curve.last()?)
            .filter(|forecast| forecast.error.is_finite())
    }

    /// The final loss of a run whose best is `reached` after this many steps, by linear regression.
    fn predict(&self, steps: usize, reached: f64) -> Option<Forecast> {
        // (the best loss of a complete run after as many steps, its final loss)
        let pairs = self.curves.iter().filter_map(|curve| Some((*curve.get(steps - 1)?, *curve.last()?)));
        let pairs: Vec<(f64, f64)> = pairs.collect();
        let count = pairs.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / count;
        let (then, end) = (mean(|pair| pair.0), mean(|pair| pair.1));
        let spread: f64 = pairs.iter().map(|pair| (pair.0 - then).powi(2)).sum();
        let common: f64 = pairs.iter().map(|pair| (pair.0 - then) * (pair.1 - end)).sum();
        // A run ahead of the others stays ahead, but by no more; one that diverged stays bad, whatever they
        // did from there.
        let slope = if spread > 0.0 { (common / spread).clamp(LEAST_SLOPE, 1.0) } else { 1.0 };
        let line = |at: f64| end + slope * (at - then);
        let loss = Some(line(reached)).filter(|end| end.is_finite())?.min(reached);
        // The standard error of a prediction: more of it away from the others.
        let wrong: f64 = pairs.iter().map(|pair| (pair.1 - line(pair.0)).powi(2)).sum();
        let away = if spread > 0.0 { (reached - then).powi(2) / spread } else { 0.0 };
        let error = (wrong / (count - 2.0).max(1.0) * (1.0 + 1.0 / count + away)).sqrt();
        Some(Forecast { loss, error })
    }
}

fn was_stopped(run: &Run) -> bool {
    run.state == RunState::Finished && run.stopped.is_some()
}

/// The best loss after each value that a run logged.
fn best_so_far(goal: Goal, run: &Run) -> Vec<f64> {
    let losses = run.curve(0).valid().map(|value| goal.to_loss(value));
    losses
        .scan(f64::INFINITY, |best, loss| {
            *best = best.min(loss);
            Some(*best)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use besom_core::{Curve, Point};

    use super::*;

    fn run(curve: Vec<f64>, stopped: bool) -> Run {
        let stopped = stopped.then(|| "asha".to_owned());
        Run::new(Point::default())
            .with_curve(0, Curve::new(curve))
            .with_state(RunState::Finished)
            .with_stopped(stopped)
    }

    /// A curve that falls from `start` by half of the distance to `end` at each of ten steps.
    fn falling(start: f64, end: f64, steps: usize) -> Vec<f64> {
        (0..steps).map(|step| end + (start - end) * 0.5_f64.powi(i32::try_from(step).unwrap_or(0))).collect()
    }

    fn history(goal: Goal) -> History {
        let sign = goal.to_loss(1.0);
        let curve = |k: u32| {
            let end = f64::from(k) * 0.1;
            falling(2.0 + end, end, 10).into_iter().map(|loss| sign * loss).collect()
        };
        (0..6).map(|k| run(curve(k), false)).chain([run(vec![sign * 9.0], true)]).collect()
    }

    #[test]
    fn stopped_runs_end_as_those_that_continued() {
        for goal in [Goal::Minimize, Goal::Maximize] {
            let extrapolation = Extrapolation::new(&Metric::new("loss", goal), &history(goal));
            let sign = goal.to_loss(1.0);
            let early: Vec<f64> = falling(2.35, 0.35, 3).into_iter().map(|loss| sign * loss).collect();
            let end = extrapolation.final_loss(&run(early.clone(), true));
            assert!(end.is_some_and(|end| (end - 0.35).abs() < 0.01), "{end:?}");
            assert_eq!(extrapolation.final_loss(&run(early, false)), None);
        }
    }

    #[test]
    fn running_runs_have_a_forecast_where_most_go_all_the_way() {
        let running = |steps| {
            let curve = Curve::new(falling(2.35, 0.35, steps));
            Run::new(Point::default()).with_curve(0, curve).with_state(RunState::Running)
        };
        let metric = Metric::new("loss", Goal::Minimize);
        let forecast = |history: &History, steps| {
            let mut history: History = history.runs().iter().cloned().collect();
            history.push(running(steps));
            Extrapolation::new(&metric, &history).forecast(&running(steps))
        };
        let mut history = history(Goal::Minimize);
        let found = forecast(&history, 5);
        assert!(found.is_some_and(|p| (p.loss - 0.35).abs() < 0.01 && p.error < 0.05), "{found:?}");
        assert_eq!(forecast(&history, 4), None, "it has hardly begun");
        for _ in 0..30 {
            history.push(run(vec![1.0], true));
        }
        assert_eq!(forecast(&history, 5), None, "few go all the way");
    }

    #[test]
    fn a_diverged_run_stays_bad_where_curves_cross() {
        // A run that begins worse ends better.
        let crossing = |k: i32| falling(3.0 - 0.2 * f64::from(k), 0.1 * f64::from(k), 10);
        let stopped = run(vec![1e9; 2], true);
        let history: History = (0..6).map(|k| run(crossing(k), false)).chain([stopped.clone()]).collect();
        let extrapolation = Extrapolation::new(&Metric::new("loss", Goal::Minimize), &history);
        assert!(extrapolation.final_loss(&stopped) > Some(1e7), "a diverged run is forgiven");
    }

    #[test]
    fn no_run_ends_worse_than_it_was_and_few_complete_ones_say_nothing() {
        let history = history(Goal::Minimize);
        let metric = Metric::new("loss", Goal::Minimize);
        let extrapolation = Extrapolation::new(&metric, &history);
        for start in [-5.0, 0.0, 1e300, 7.0] {
            let end = extrapolation.final_loss(&run(vec![start; 2], true));
            assert!(end.is_some_and(|end| end <= start), "{start}: {end:?}");
        }
        assert_eq!(extrapolation.final_loss(&run(Vec::new(), true)), None);
        assert_eq!(extrapolation.final_loss(&run(vec![1.0; 10], true)), None);
        let few: History = history.runs()[3..].iter().cloned().collect();
        assert_eq!(Extrapolation::new(&metric, &few).final_loss(&run(vec![1.0], true)), None);
    }
}
