//! The front of a sweep with several metrics: the runs to choose from.
//!
//! These are the only definitions of who is on it, as `objective.rs` is of the best run: the command, the Python package and
//! pictures use them. Only finished runs are on a front, with their last values ([`Problem::values`]): a running one changes its
//! values with every step, and is listed beside it.

use serde::{Deserialize, Serialize};

use crate::{History, Metric, Problem, RunNumber, RunState, pareto};

/// The most runs on a front of four metrics whose hypervolume is computed, which takes a second for so many; of more metrics, it
/// grows too fast for any.
const MEASURED: usize = 2000;

/// The runs of a sweep that no other one beats: another finished run is worse in one metric or equal in all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Front {
    /// The finished runs that no finished run dominates, the best of the first metric first, of equal ones the earlier.
    /// Equal runs are all on it.
    pub runs: Vec<FrontRun>,
    /// The running runs that no run of the front dominates with the values that they have logged last, in the same order. They
    /// may yet get better or worse.
    pub running: Vec<FrontRun>,
    /// How many finished runs have a value of each metric, and so can be on the front.
    pub of: usize,
    /// How many of these are worse than a [threshold](Metric::threshold) and therefore not on the front.
    pub beyond: usize,
    /// Where the hypervolume ends: the threshold of each metric, or, if it has none, the worst value of any finished run. Empty while no
    /// run counts.
    pub reference: Vec<f64>,
    /// The volume between the front and the reference: the larger, the better. Comparable between sweeps, or between moments of one,
    /// only if all metrics have thresholds. `None` while no run counts, and where it takes too long: of five metrics and more,
    /// and of very many runs with four.
    pub hypervolume: Option<f64>,
}

/// A run on a front, or beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FrontRun {
    /// The run.
    pub run: RunNumber,
    /// Its values, one per metric in the order of the problem; finite.
    pub values: Vec<f64>,
}

/// A run with its losses, smaller is better.
struct Candidate {
    run: RunNumber,
    values: Vec<f64>,
    losses: Vec<f64>,
}

impl Front {
    /// The front of runs with these states and values, one per metric, in any order. Runs in other states than `Finished` and
    /// `Running` don't count, nor do those with a value that is no finite number.
    ///
    /// ```
    /// use besom_core::{Front, Metric, RunNumber, RunState::Finished};
    ///
    /// let metrics = [Metric::maximize("accuracy"), Metric::minimize("latency")];
    /// let values = [[0.9, 80.0], [0.7, 20.0], [0.6, 40.0]];
    /// let runs = (0..).map(RunNumber::from_index).zip(values).map(|(run, values)| (run, Finished, values.to_vec()));
    /// let front = Front::new(&metrics, runs);
    /// let numbers: Vec<u64> = front.runs.iter().map(|run| run.run.get()).collect();
    /// assert_eq!((numbers, front.reference), (vec![1, 2], vec![0.6, 80.0]));
    /// assert!(front.hypervolume.is_some_and(|volume| (volume - 6.0).abs() < 1e-9));
    /// ```
    pub fn new(metrics: &[Metric], runs: impl IntoIterator<Item = (RunNumber, RunState, Vec<f64>)>) -> Self {
        let (mut finished, mut running) = (Vec::new(), Vec::new());
        for (run, state, values) in runs {
            let is_whole = values.len() == metrics.len() && values.iter().all(|value| value.is_finite());
            let losses = metrics.iter().zip(&values).map(|(metric, value)| metric.goal.to_loss(*value) + 0.0);
            let candidate = Candidate { run, losses: losses.collect(), values };
            match state {
                RunState::Finished if is_whole => finished.push(candidate),
                RunState::Running if is_whole => running.push(candidate),
                _ => {}
            }
        }
        let limits: Vec<Option<f64>> =
            metrics.iter().map(|metric| Some(metric.goal.to_loss(metric.threshold?) + 0.0)).collect();
        let is_within = |candidate: &Candidate| {
            candidate.losses.iter().zip(&limits).all(|(loss, limit)| limit.is_none_or(|limit| *loss <= limit))
        };
        let of = finished.len();
        let worst = |place: usize| finished.iter().map(|run| run.losses[place]).reduce(f64::max);
        let reference: Option<Vec<f64>> =
            limits.iter().enumerate().map(|(place, limit)| limit.or_else(|| worst(place))).collect();
        finished.retain(is_within);
        running.retain(is_within);
        let beyond = of - finished.len();
        let (runs, losses) = non_dominated(finished);
        running.retain(|run| !losses.iter().any(|other| pareto::dominates(other, &run.losses)));
        let running = non_dominated(running).0;
        let reference = reference.filter(|_| of > 0).unwrap_or_default();
        let hypervolume = (!reference.is_empty() && is_measured(metrics.len(), losses.len()))
            .then(|| pareto::hypervolume(&losses, &reference));
        let as_logged = |(metric, loss): (&Metric, &f64)| metric.goal.to_loss(*loss) + 0.0;
        let reference = metrics.iter().zip(&reference).map(as_logged).collect();
        Self { runs, running, of, beyond, reference, hypervolume }
    }

    /// Whether a run is on the front.
    pub fn contains(&self, run: RunNumber) -> bool {
        self.runs.iter().any(|other| other.run == run)
    }
}

/// Whether the hypervolume of a front can be computed while somebody waits.
fn is_measured(metrics: usize, runs: usize) -> bool {
    metrics <= 3 || metrics == 4 && runs <= MEASURED
}

/// Those that no other one dominates, in order, and their losses.
fn non_dominated(candidates: Vec<Candidate>) -> (Vec<FrontRun>, Vec<Vec<f64>>) {
    let losses: Vec<Vec<f64>> = candidates.iter().map(|candidate| candidate.losses.clone()).collect();
    let mut members = pareto::front(&losses).into_iter().peekable();
    let mut kept: Vec<Candidate> = Vec::new();
    for (place, candidate) in candidates.into_iter().enumerate() {
        if members.next_if_eq(&place).is_some() {
            kept.push(candidate);
        }
    }
    let first = |candidate: &Candidate| candidate.losses.first().copied().unwrap_or(0.0);
    kept.sort_by(|a, b| first(a).total_cmp(&first(b)).then(a.run.cmp(&b.run)));
    kept.into_iter().map(|Candidate { run, values, losses }| (FrontRun { run, values }, losses)).unzip()
}

impl History {
    /// The front of the runs, see [`Front`]. Of a problem with one metric it holds the best finished runs, of one without none.
    ///
    /// ```
    /// use besom_core::{History, Metric, Point, Problem, Run};
    ///
    /// let problem = Problem::minimize("loss").with_metric(Metric::minimize("latency"));
    /// let run = |loss, latency| Run::new(Point::default()).finished_with([loss, latency]);
    /// let history = History::from_iter([run(0.5, 10.0), run(0.1, 90.0), run(0.6, 20.0), run(0.2, f64::NAN)]);
    /// let front = history.front(&problem);
    /// assert_eq!(front.runs.iter().map(|run| run.run.get()).collect::<Vec<_>>(), [2, 1]);
    /// assert_eq!(front.of, 3);
    /// ```
    pub fn front(&self, problem: &Problem) -> Front {
        let valued = self.iter().filter_map(|(number, run)| Some((number, run.state, problem.values(run)?)));
        match problem.metrics.is_empty() {
            true => Front::default(),
            false => Front::new(&problem.metrics, valued),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Curve, Point, Run};
    use RunState::{Failed, Finished, Killed, Running};

    fn front(metrics: &[Metric], runs: &[(RunState, &[f64])]) -> Front {
        let runs = runs.iter().enumerate();
        Front::new(
            metrics,
            runs.map(|(index, (state, values))| (RunNumber::from_index(index), *state, values.to_vec())),
        )
    }

    fn two() -> [Metric; 2] {
        [Metric::minimize("loss"), Metric::minimize("size")]
    }

    fn numbers(runs: &[FrontRun]) -> Vec<u64> {
        runs.iter().map(|run| run.run.get()).collect()
    }

    #[test]
    fn only_finished_runs_are_on_a_front_and_running_ones_beside_it() {
        let runs: [(RunState, &[f64]); 7] = [
            (Finished, &[2.0, 1.0]),
            (Failed, &[0.0, 0.0]),
            (Running, &[0.5, 9.0]),
            (Killed, &[0.1, 0.1]),
            (Running, &[3.0, 1.0]),
            (Finished, &[1.0, 2.0]),
            (Finished, &[2.0, 2.0]),
        ];
        let front = front(&two(), &runs);
        assert_eq!((numbers(&front.runs), numbers(&front.running)), (vec![6, 1], vec![3]));
        assert_eq!((front.of, front.beyond, front.contains(runs_number(6))), (3, 0, true));
        assert_eq!((front.reference, front.hypervolume), (vec![2.0, 2.0], Some(0.0)));
    }

    fn runs_number(n: u64) -> RunNumber {
        RunNumber::new(n).expect("it is not 0")
    }

    #[test]
    fn equal_runs_are_all_on_the_front_in_the_order_of_their_numbers() {
        let front =
            front(&two(), &[(Finished, &[1.0, 1.0]), (Finished, &[1.0, 1.0]), (Finished, &[-0.0, 2.0])]);
        assert_eq!(numbers(&front.runs), [3, 1, 2]);
    }

    #[test]
    fn a_run_that_is_worse_than_a_threshold_is_not_on_the_front() {
        let metrics = [Metric::maximize("accuracy"), Metric::minimize("latency").threshold(80.0)];
        let runs: [(RunState, &[f64]); 4] = [
            (Finished, &[0.9, 90.0]),
            (Finished, &[0.8, 80.0]),
            (Finished, &[0.5, 30.0]),
            (Running, &[0.99, 81.0]),
        ];
        let front = front(&metrics, &runs);
        assert_eq!((numbers(&front.runs), front.beyond, front.of), (vec![2, 3], 1, 3));
        assert_eq!((front.running.len(), front.reference), (0, vec![0.5, 80.0]));
        let none = super::Front::new(&metrics, [(runs_number(1), Finished, vec![0.9, 99.0])]);
        assert_eq!((none.runs.len(), none.beyond, none.hypervolume), (0, 1, Some(0.0)));
    }

    #[test]
    fn without_a_run_that_counts_there_is_no_front() {
        for runs in [&[][..], &[(Running, &[1.0, 1.0][..])], &[(Finished, &[1.0, f64::NAN][..])]] {
            let front = front(&two(), runs);
            assert_eq!((front.runs.len(), front.of, front.hypervolume), (0, 0, None));
            assert!(front.reference.is_empty());
        }
        let run = Run::new(Point::default()).finished(1.0);
        let history = History::from_iter([run.clone(), run.with_curve(0, Curve::new([0.5]))]);
        assert_eq!(history.front(&Problem::without_metric()), Front::default());
        assert_eq!(numbers(&history.front(&Problem::minimize("loss")).runs), [2]);
    }

    #[test]
    fn a_front_of_ten_thousand_runs_is_found_and_measured() {
        let values = |i: usize| vec![i as f64, (10_000 - i) as f64];
        let runs = (0..10_000).map(|i| (RunNumber::from_index(i), Finished, values(i)));
        let front = Front::new(&two(), runs);
        assert_eq!((front.runs.len(), front.of), (10_000, 10_000));
        // Columns of height 0 to 9999 without the last, which lies on the reference.
        assert_eq!(front.hypervolume, Some((0..9_999).map(f64::from).sum::<f64>()));
    }
}
