//! Which failed runs count, for all methods that learn from runs.
//!
//! A run that failed without a value counts as the worst. That is right where failures depend on the parameters: a region that
//! does not fit into memory is as good as bad. It is wrong where they come by chance, as with a lost machine or a flaky
//! download: each spoils the best region found so far. So runs that the machine failed never count; those whose point is at
//! fault always do; for the others the runs tell: the evidence for failures as a function of the parameters, a Gaussian process,
//! against that for a constant rate of failures; and where they depend on the parameters, a failure among successes is still
//! one by chance (decision 87).

use std::collections::BTreeMap;
use std::fmt;

use besom_core::{Counted, Culprit, Failure, History, Problem, Run, RunNumber, RunState, Space};
use besom_gp::{Dimension, Hyperparameters, MarginalLikelihood, Model};
use nalgebra::{DMatrix, DVector};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::bayes::Encoding;

/// The most runs that decide, the newest: the factor of their covariance costs O(n³).
const DECIDING: usize = 200;
/// Length scales of failures, in units of √d as those of [`besom_gp::Prior::for_dimensions`].
const LENGTH_SCALES: [f64; 4] = [0.15, 0.3, 0.6, 1.2];
/// Which share of the variance of failures the parameters explain; the rest is chance.
const EXPLAINED: [f64; 2] = [0.5, 0.9];

/// How far runs near a failed one are looked for, in length scales of the most probable function.
const NEARBY: f64 = 0.5;
/// By how many runs that fail as often as all do the runs nearby are joined, so that one alone says little.
const JOINED: f64 = 1.0;
/// How often runs nearby must fail, as a multiple of how often all do, for a failure to count.
const AS_OFTEN: f64 = 0.8;

/// How a run that failed without a value of its own counts in the methods that learn from runs.
///
/// ```
/// use besom_core::{Failure, History, Point, Problem, Run, RunState, Space};
/// use besom_search::FailedRuns;
///
/// let problem = Problem::minimize("loss").space(Space::builder().uniform("x", 0.0, 1.0).build()?);
/// let failed = Run::new(Point::default()).with_state(RunState::Failed).with_failure(Failure::Signal);
/// let mut history = History::new();
/// let number = history.push(failed);
/// let counts = FailedRuns::new(&problem, &history).get(number).expect("it failed");
/// assert!(counts.is_left_out());
/// assert_eq!(counts.to_string(), "left out: it was killed from outside, which says nothing about its parameters");
/// # Ok::<(), besom_core::BoxError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum FailedRun {
    /// It is left out, as [`Impute::Ignore`](besom_core::Impute::Ignore) wants.
    Ignored,
    /// The kind of its failure decides.
    Known(Failure),
    /// The other runs decide, by the log odds that failures depend on the parameters; before any run these are even.
    Unknown {
        /// Negative: it is left out.
        log_odds: f64,
        /// How often runs near it fail, as a multiple of how often all do: if they fail clearly less often, it is left out, too.
        nearby: f64,
    },
}

impl FailedRun {
    /// Whether it does not count; otherwise it counts as the worst.
    pub fn is_left_out(self) -> bool {
        match self {
            Self::Ignored => true,
            Self::Known(failure) => failure.culprit() == Culprit::Machine,
            Self::Unknown { log_odds, nearby } => log_odds < 0.0 || nearby < AS_OFTEN,
        }
    }
}

impl Serialize for FailedRun {
    /// As JSON has it: `left_out`, and `why` in words.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut shown = serializer.serialize_struct("FailedRun", 2)?;
        shown.serialize_field("left_out", &self.is_left_out())?;
        shown.serialize_field("why", &self.to_string())?;
        shown.end()
    }
}

impl fmt::Display for FailedRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_left_out() { "left out: " } else { "counts as the worst value: " })?;
        match *self {
            Self::Ignored => f.write_str("metric.impute is ignore"),
            Self::Known(failure) if self.is_left_out() => {
                write!(f, "it {}, which says nothing about its parameters", failure.words())
            }
            Self::Known(failure) => write!(f, "it {}, as others near it would", failure.words()),
            Self::Unknown { log_odds, .. } if log_odds < 0.0 => {
                write!(f, "failures seem to come by chance ({})", odds(-log_odds))
            }
            Self::Unknown { nearby, .. } if nearby < AS_OFTEN => {
                let times = 1.0 / nearby.max(1e-3);
                write!(
                    f,
                    "failures depend on the parameters, but runs near it fail {times:.1} times as rarely as others"
                )
            }
            Self::Unknown { log_odds, .. } => {
                write!(f, "failures seem to depend on the parameters ({})", odds(log_odds))
            }
        }
    }
}

/// "odds of 20 to 1".
fn odds(log: f64) -> String {
    match libm::exp(log) {
        odds if odds > 1000.0 => "odds of more than 1000 to 1".to_owned(),
        odds if odds < 10.0 => format!("odds of {odds:.1} to 1"),
        odds => format!("odds of {odds:.0} to 1"),
    }
}

/// The runs of a history that failed without a value of their own, and how they count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FailedRuns(BTreeMap<RunNumber, FailedRun>);

impl FailedRuns {
    /// Those of a history; none if the problem has no metric.
    pub fn new(problem: &Problem, history: &History) -> Self {
        FailureTest::default().read(problem, history)
    }

    /// How a run counts; `None` if it has not ended, or has a value.
    pub fn get(&self, run: RunNumber) -> Option<FailedRun> {
        self.0.get(&run).copied()
    }

    /// How many do not count.
    pub fn left_out(&self) -> usize {
        self.0.values().filter(|counts| counts.is_left_out()).count()
    }

    /// Whether a run failed and does not count.
    pub fn leave_out(&self, run: RunNumber) -> bool {
        self.get(run).is_some_and(FailedRun::is_left_out)
    }
}

/// Tells how failed runs count. It remembers the last test, which only saves time.
#[derive(Clone, Debug, Default)]
pub(crate) struct FailureTest {
    /// Made once a failure is to be judged, which most sweeps never have.
    encoding: Option<Encoding>,
    last: Option<(Labels, Evidence)>,
}

/// Runs of which is known whether they failed.
#[derive(Clone, Debug, Default, PartialEq)]
struct Labels(Vec<Label>);

/// A run, its coordinates, and whether it failed.
#[derive(Clone, Debug, PartialEq)]
struct Label {
    number: RunNumber,
    row: Vec<f64>,
    failed: bool,
}

impl FailureTest {
    /// The failed runs of a history.
    pub(crate) fn read(&mut self, problem: &Problem, history: &History) -> FailedRuns {
        if problem.metrics.is_empty() {
            return FailedRuns::default();
        }
        let (mut known, mut ended) = (BTreeMap::new(), Vec::new());
        for (number, run) in history.iter().filter(|(_, run)| !run.state.is_open()) {
            // A run has failed that has a value of no metric.
            let counted: Vec<Counted> =
                (0..problem.metrics.len()).map(|metric| problem.counted(run, metric)).collect();
            if counted.contains(&Counted::LeftOut) {
                known.insert(number, FailedRun::Ignored);
                continue;
            }
            let failed = counted.iter().all(|counted| *counted == Counted::Worst);
            if !failed && run.state != RunState::Finished {
                // It has a value of its own that stands in.
                continue;
            }
            match decided(run).filter(|_| failed) {
                Some(failure) => {
                    known.insert(number, FailedRun::Known(failure));
                }
                None => ended.push((number, run, failed)),
            }
        }
        if ended.iter().any(|(.., failed)| *failed) {
            known.extend(self.judge(&problem.space, &ended));
        }
        FailedRuns(known)
    }

    /// How those of these runs count that failed, by what all of them tell.
    fn judge(
        &mut self,
        space: &Space,
        ended: &[(RunNumber, &Run, bool)],
    ) -> impl Iterator<Item = (RunNumber, FailedRun)> {
        let encoding = self.encoding.get_or_insert_with(|| Encoding::new(space));
        let model = encoding.flat_model();
        let (mut failures, mut labels) = (Vec::new(), Labels::default());
        for &(number, run, failed) in ended {
            let row = encoding.encode(&run.point).filter(|row| !row.is_empty());
            if failed {
                failures.push((number, row.clone()));
            }
            labels.0.extend(row.map(|row| Label { number, row, failed }));
        }
        let labels = labels.deciding();
        let Evidence { log_odds, length_scale } = self.evidence(&model, &labels);
        failures.into_iter().map(move |(number, row)| {
            let nearby = match row.filter(|_| log_odds >= 0.0) {
                Some(row) => labels.nearby(&model, NEARBY * length_scale, &row, number),
                None => 1.0,
            };
            (number, FailedRun::Unknown { log_odds, nearby })
        })
    }

    fn evidence(&mut self, model: &Model, labels: &Labels) -> Evidence {
        match &self.last {
            Some((known, evidence)) if known == labels => *evidence,
            _ => {
                let evidence = Evidence::new(model, labels);
                self.last = Some((labels.clone(), evidence));
                evidence
            }
        }
    }
}

/// The kind of a run's failure, if that alone decides.
fn decided(run: &Run) -> Option<Failure> {
    run.why_failed().filter(|failure| failure.culprit() != Culprit::Unknown)
}

impl Labels {
    /// Those that decide: the newest when there was last a tenth more of them, so that most suggestions need no new test.
    fn deciding(mut self) -> Self {
        let mut count = self.0.len().min(1);
        let mut next = count;
        while next <= self.0.len() && next > 0 {
            count = next;
            next = (count * 11).div_ceil(10);
        }
        Self(self.0.drain(count.saturating_sub(DECIDING)..count).collect())
    }

    /// How many failed.
    fn failures(&self) -> usize {
        self.0.iter().filter(|label| label.failed).count()
    }

    /// How often the others near a run fail, as a multiple of how often all do: a kernel estimate.
    fn nearby(&self, model: &Model, length_scale: f64, row: &[f64], number: RunNumber) -> f64 {
        let rate = self.failures() as f64 / self.0.len().max(1) as f64;
        if rate == 0.0 {
            return 1.0;
        }
        let others = self.0.iter().filter(|label| label.number != number);
        let (weight, failed) = others.fold((JOINED, JOINED * rate), |(weight, failed), other| {
            let distances = model.dimensions.iter().zip(row.iter().zip(&other.row));
            let squares = distances.map(|(dimension, (a, b))| match dimension {
                Dimension::Categorical => f64::from(u8::from(a.to_bits() != b.to_bits())),
                _ => (a - b) * (a - b),
            });
            let near = model.kernel.correlation(squares.sum::<f64>() / (length_scale * length_scale)).0;
            (weight + near, failed + if other.failed { near } else { 0.0 })
        });
        failed / weight / rate
    }
}

/// What runs say of failures.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Evidence {
    /// The logarithm of the Bayes factor: how much more probable the failures are as a function of the parameters than at a
    /// constant rate.
    log_odds: f64,
    /// That of the most probable function.
    length_scale: f64,
}

impl Evidence {
    /// Even odds if all runs or none failed.
    ///
    /// Failures are ±1, standardized, and modeled as in a regression, which is a close and cheap stand-in for a classification
    /// (Rasmussen and Williams, *Gaussian Processes for Machine Learning*, 2006, section 6.5). The function is averaged over a few
    /// length scales and shares of variance; the constant rate is the same model without the function.
    fn new(model: &Model, labels: &Labels) -> Self {
        let even = Self { log_odds: 0.0, length_scale: 1.0 };
        let (n, failures) = (labels.0.len(), labels.failures());
        if failures == 0 || failures == n {
            return even;
        }
        let dimensions = model.dimensions.len();
        let rate = failures as f64 / n as f64;
        let sd = (rate * (1.0 - rate)).sqrt();
        let x = DMatrix::from_fn(n, dimensions, |i, k| labels.0[i].row[k]);
        let y = DVector::from_fn(n, |i, _| (f64::from(u8::from(labels.0[i].failed)) - rate) / sd);
        let Ok(mut likelihood) = MarginalLikelihood::new(model, &x, &y) else { return even };
        let mut at = |length_scale: f64, explained: f64| {
            likelihood.value(&Hyperparameters::new([length_scale], explained, 1.0 - explained)).ok()
        };
        // A function of next to no variance.
        let Some(constant) = at(1.0, 1e-9) else { return even };
        let scales = LENGTH_SCALES.map(|scale| scale * (dimensions as f64).sqrt());
        let all = scales.iter().flat_map(|&scale| EXPLAINED.map(|explained| (scale, explained)));
        let factors: Vec<(f64, f64)> =
            all.filter_map(|(scale, explained)| Some((at(scale, explained)? - constant, scale))).collect();
        let Some(&(highest, length_scale)) = factors.iter().reduce(|a, b| if b.0 > a.0 { b } else { a })
        else {
            return even;
        };
        let sum: f64 = factors.iter().map(|(factor, _)| libm::exp(factor - highest)).sum();
        let log_odds = highest + libm::log(sum / factors.len() as f64);
        if log_odds.is_finite() { Self { log_odds, length_scale } } else { even }
    }
}
