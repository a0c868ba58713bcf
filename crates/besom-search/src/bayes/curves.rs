//! What runs that a stopping rule ended would have reached.
//!
//! A run that was stopped early is worse on paper than it is: those beside it went on to improve. Its end is predicted from
//! the runs that went all the way, by a regression of their end on where they stood when this one was stopped.

use besom_core::{Goal, History, Metric, Run, RunState};

/// The fewest complete runs that say anything of others.
const COMPLETE: usize = 4;
/// The least share of its distance from the others that a run is believed to keep.
const LEAST_SLOPE: f64 = 0.1;
/// The fewest values of a complete run: fewer are no curve.
const STEPS: usize = 5;

/// The curves of the runs that nobody stopped, each as the best loss so far.
pub(super) struct Complete {
    goal: Goal,
    /// How many values such a run usually logs.
    usual: usize,
    curves: Vec<Vec<f64>>,
}

impl Complete {
    pub(super) fn new(metric: &Metric, history: &History) -> Self {
        let goal = metric.goal;
        let none = Self { goal, usual: 0, curves: Vec::new() };
        if !history.runs().iter().any(was_stopped) {
            return none;
        }
        let complete = |run: &&Run| run.state == RunState::Finished && run.stopped.is_none();
        let curves = history.runs().iter().filter(complete).map(|run| best_so_far(goal, run));
        let mut curves: Vec<_> = curves.filter(|curve| curve.len() >= STEPS).collect();
        let mut lengths: Vec<usize> = curves.iter().map(Vec::len).collect();
        lengths.sort_unstable();
        let usual = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
        // Nine tenths of the way is the end.
        curves.retain(|curve| curve.len() * 10 >= usual * 9);
        Self { usual, curves, ..none }
    }

    /// The loss that a stopped run would have ended with; `None` if it was not stopped, had as good as ended, or too few
    /// runs went all the way. Never worse than what it reached.
    pub(super) fn end_of(&self, run: &Run) -> Option<f64> {
        if !was_stopped(run) || self.curves.len() < COMPLETE {
            return None;
        }
        let curve = best_so_far(self.goal, run);
        let (steps, reached) = (curve.len(), *curve.last()?);
        if steps * 20 >= self.usual * 19 {
            return None;
        }
        // (where a complete run stood after as many steps, its end)
        let pairs = self.curves.iter().filter_map(|curve| Some((*curve.get(steps - 1)?, *curve.last()?)));
        let pairs: Vec<(f64, f64)> = pairs.collect();
        let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / pairs.len() as f64;
        let (then, end) = (mean(|pair| pair.0), mean(|pair| pair.1));
        let spread: f64 = pairs.iter().map(|pair| (pair.0 - then).powi(2)).sum();
        let common: f64 = pairs.iter().map(|pair| (pair.0 - then) * (pair.1 - end)).sum();
        // Who is ahead stays ahead, but by no more; and one that diverged stays bad, whatever the others did from there.
        let slope = if spread > 0.0 { (common / spread).clamp(LEAST_SLOPE, 1.0) } else { 1.0 };
        Some(end + slope * (reached - then)).filter(|end| end.is_finite()).map(|end| end.min(reached))
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
        Run {
            state: RunState::Finished,
            stopped,
            curves: vec![Curve::new(curve)],
            ..Run::new(Point::default())
        }
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
    fn stopped_runs_end_as_those_that_went_on() {
        for goal in [Goal::Minimize, Goal::Maximize] {
            let complete = Complete::new(&Metric::new("loss", goal), &history(goal));
            let sign = goal.to_loss(1.0);
            let early: Vec<f64> = falling(2.35, 0.35, 3).into_iter().map(|loss| sign * loss).collect();
            let end = complete.end_of(&run(early.clone(), true));
            assert!(end.is_some_and(|end| (end - 0.35).abs() < 0.01), "{end:?}");
            assert_eq!(complete.end_of(&run(early, false)), None);
        }
    }

    #[test]
    fn a_diverged_run_stays_bad_where_curves_cross() {
        // Who begins worse ends better.
        let crossing = |k: i32| falling(3.0 - 0.2 * f64::from(k), 0.1 * f64::from(k), 10);
        let stopped = run(vec![1e9; 2], true);
        let history: History = (0..6).map(|k| run(crossing(k), false)).chain([stopped.clone()]).collect();
        let complete = Complete::new(&Metric::new("loss", Goal::Minimize), &history);
        assert!(complete.end_of(&stopped) > Some(1e7), "a diverged run is forgiven");
    }

    #[test]
    fn no_run_ends_worse_than_it_was_and_few_complete_ones_say_nothing() {
        let history = history(Goal::Minimize);
        let metric = Metric::new("loss", Goal::Minimize);
        let complete = Complete::new(&metric, &history);
        for start in [-5.0, 0.0, 1e300, 7.0] {
            let end = complete.end_of(&run(vec![start; 2], true));
            assert!(end.is_some_and(|end| end <= start), "{start}: {end:?}");
        }
        assert_eq!(complete.end_of(&run(Vec::new(), true)), None);
        assert_eq!(complete.end_of(&run(vec![1.0; 10], true)), None);
        let few: History = history.runs()[3..].iter().cloned().collect();
        assert_eq!(Complete::new(&metric, &few).end_of(&run(vec![1.0], true)), None);
    }
}
