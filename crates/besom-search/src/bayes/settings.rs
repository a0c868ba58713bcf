//! The options of the method.

use std::cell::LazyCell;

use besom_core::value::same_ignoring_injected_keys;
use besom_core::{
    Distribution, Ends, History, OptionDefault, OptionError, OptionKind, OptionReader, ParamPath, Parameter,
    Point, Problem, Run, Spec, Supports, When, typed_options,
};
use serde_json::{Map, Value};

use super::acquisition::Acquisition;
use super::encode::Encoding;
use super::{initial, note};

/// What the options of `bayes` say.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    /// How many points come before the model decides, if not as many as usual.
    pub(super) initial_points: Option<usize>,
    /// What is tried before anything else, in this order; parameters that are not named are chosen.
    pub(super) given: Vec<Vec<(ParamPath, Value)>>,
    pub(super) acquisition: Acquisition,
    /// Whether a finite space that is used up is tried again.
    pub(super) replicate: bool,
}

/// The most metrics: what random combinations of more find is hardly better than chance (decision 99).
const METRICS: usize = 4;
const POINTS: &str = "points_to_evaluate";
const CONFIDENCE_BOUND: &str = AcquisitionKind::WORDS[1];
/// As in Vizier's Gaussian process bandit.
const BETA: f64 = 1.8;

/// What the next point of [`Bayes`](crate::Bayes) maximizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcquisitionKind {
    /// How much a point is expected to improve on the best.
    ExpectedImprovement,
    /// How good the model thinks that a point may be.
    ConfidenceBound,
}

impl AcquisitionKind {
    /// As in a sweep file, in the order of the variants.
    const WORDS: &[&str] = &["expected_improvement", "confidence_bound"];
}

impl From<AcquisitionKind> for Value {
    fn from(kind: AcquisitionKind) -> Self {
        AcquisitionKind::WORDS[kind as usize].into()
    }
}

typed_options! {
    /// Options of [`Bayes`](crate::Bayes), which is built with them by `with`.
    pub struct BayesOptions {
        /// How many quasi-random points are tried before the model is used.
        initial_points: usize =
            OptionKind::at_least(1),
            OptionDefault::Chosen("the number of parameters plus 2, from 4 to 10, at most a quarter of `run_cap`");
        /// Points to try first, such as the values in use today; missing parameters are filled in.
        points_to_evaluate: Vec<Value> = OptionKind::Points, OptionDefault::Chosen("none");
        /// What the next point maximizes: the expected improvement, or the best value that the model considers
        /// plausible. With several metrics, the expected improvement of their hypervolume only.
        acquisition: AcquisitionKind =
            OptionKind::Choice(AcquisitionKind::WORDS),
            OptionDefault::Word(AcquisitionKind::WORDS[0]);
        /// With `confidence_bound`, how many standard deviations from the mean are plausible; more explores more.
        beta: f64 = OptionKind::above(0.0), OptionDefault::Chosen("1.8 with `confidence_bound`");
        /// Whether to try the points of an exhausted finite space again, the most promising first, instead of
        /// ending the sweep: for noisy metrics. Set a `run_cap`, too.
        replicate: bool = OptionKind::Flag, OptionDefault::Flag(false);
    }
}

impl Settings {
    /// How the method describes itself.
    pub(super) const SPEC: Spec =
        Spec::new("Models the runs so far by a Gaussian process to find promising points")
            .needs_metric()
            .ends(Ends::Exhausted)
            .in_wandb()
            .supports(Supports::ONE_METRIC.conditions().metrics(METRICS))
            .options(BayesOptions::SPECS);

    /// The settings; everything that is wrong with them goes to the reader.
    pub(super) fn read(problem: &Problem, read: &mut OptionReader<'_>) -> Self {
        let bound = read.choice("acquisition") == CONFIDENCE_BOUND;
        if bound && problem.metrics.len() > 1 {
            let expected = format!("{} with several metrics", AcquisitionKind::WORDS[0]);
            let found = CONFIDENCE_BOUND.to_owned();
            read.fault(OptionError::Wrong { key: "acquisition", expected, found, nearest: None });
        }
        let beta = read.given_number("beta");
        if let Some(beta) = beta.filter(|_| !bound) {
            let expected = format!("left out unless acquisition is {CONFIDENCE_BOUND}");
            read.fault(OptionError::Wrong { key: "beta", expected, found: beta.to_string(), nearest: None });
        }
        let mut given = Vec::new();
        let space = &problem.space;
        // Made once: of a space with constraints it looks at many points.
        let encoding = LazyCell::new(|| Encoding::new(space));
        let is_illegal = |given: &[(ParamPath, Value)]| {
            space.is_constrained()
                && initial::completed(space, &encoding, given, &mut initial::generator()).is_none()
        };
        for point in read.given(POINTS).and_then(Value::as_array).into_iter().flatten() {
            match read_point(problem, point) {
                Ok(entries) if is_illegal(&entries) => {
                    let expected = "points that keep all of parameter_constraints".to_owned();
                    read.fault(wrong(POINTS, expected, point));
                }
                Ok(point) => given.push(point),
                Err(faults) => faults.into_iter().for_each(|fault| read.fault(fault)),
            }
        }
        let acquisition = match bound {
            true => Acquisition::ConfidenceBound { beta: beta.unwrap_or(BETA) },
            false => Acquisition::ExpectedImprovement,
        };
        let initial_points = read.given_count("initial_points");
        Self { initial_points, given, acquisition, replicate: read.flag("replicate") }
    }

    /// How many of the given points, from the first on, were suggested: their notes say so, or, where notes are not kept,
    /// a run agrees with them.
    pub(super) fn used(&self, history: &History) -> usize {
        if history.runs().iter().any(|run| !run.note.is_empty()) {
            return history.runs().iter().filter(|run| note::is_given(&run.note)).count();
        }
        let agrees = |run: &Run, given: &[(ParamPath, Value)]| {
            given.iter().all(|(name, value)| {
                run.point.get(name).is_some_and(|found| same_ignoring_injected_keys(value, found))
            })
        };
        let met = |given: &&Vec<(ParamPath, Value)>| history.runs().iter().any(|run| agrees(run, given));
        self.given.iter().take_while(met).count()
    }
}

/// As the space writes a value that it contains: a whole number without a fraction, an entry of a list as it is there.
fn as_written(distribution: &Distribution, value: &Value) -> Value {
    let written = match distribution {
        Distribution::Categorical { values, .. } => {
            values.iter().find(|listed| same_ignoring_injected_keys(listed, value)).cloned()
        }
        Distribution::IntUniform { .. } => {
            distribution.levels().and_then(|levels| levels.value(levels.index(value)?))
        }
        _ => None,
    };
    written.unwrap_or_else(|| value.clone())
}

/// A point, given as an object of parameters and values, nested as in the sweep file or with dots.
fn read_point(problem: &Problem, point: &Value) -> Result<Vec<(ParamPath, Value)>, Vec<OptionError>> {
    let Value::Object(object) = point else {
        return Err(vec![wrong(
            POINTS,
            "a list of points, each an object of parameters and values".to_owned(),
            point,
        )]);
    };
    let (mut entries, mut faults) = (Vec::new(), Vec::new());
    for (key, value) in flat(problem, object, "") {
        let parameters = problem.space.parameters();
        match parameters.iter().find(|parameter| parameter.name.to_string() == key) {
            Some(parameter) if parameter.distribution.contains(value) => {
                entries.push((parameter.name.clone(), as_written(&parameter.distribution, value)));
            }
            Some(_) => faults.push(wrong(
                POINTS,
                format!("points of the space, and '{key}' does not take this value"),
                value,
            )),
            None => {
                let names: Vec<String> =
                    parameters.iter().map(|parameter| parameter.name.to_string()).collect();
                let nearest = besom_core::nearest(&key, names.iter().map(String::as_str)).map(str::to_owned);
                let expected = format!("points of the space, and there is no parameter '{key}'");
                faults.push(OptionError::Wrong { key: POINTS, expected, found: value.to_string(), nearest });
            }
        }
    }
    if faults.is_empty() {
        faults.extend(inactive(problem, &entries));
    }
    if faults.is_empty() { Ok(entries) } else { Err(faults) }
}

/// Values for parameters that do not exist beside the other values of the point. One that depends on what is left open is fine.
fn inactive(problem: &Problem, entries: &[(ParamPath, Value)]) -> Vec<OptionError> {
    let space = &problem.space;
    let point: Point = entries.iter().cloned().collect();
    let active = space.active_in(&point);
    let is_open = |parameter: &Parameter| {
        parameter.when.iter().flat_map(When::leaves).any(|(parent, _)| point.get(parent).is_none())
    };
    let pairs = space.parameters().iter().zip(active).filter(|(p, active)| !active && !is_open(p));
    pairs
        .filter_map(|(parameter, _)| {
            let (value, when) = (point.get(&parameter.name)?, parameter.when.as_ref()?);
            let expected = format!("points of the space, and '{}' exists only when {when}", parameter.name);
            Some(wrong(POINTS, expected, value))
        })
        .collect()
}

/// The entries of an object by the names of parameters: an object that is not a parameter's value is opened.
fn flat<'a>(problem: &Problem, object: &'a Map<String, Value>, prefix: &str) -> Vec<(String, &'a Value)> {
    let mut entries = Vec::new();
    for (key, value) in object {
        let name = format!("{prefix}{key}");
        let parameter = problem.space.parameters().iter().any(|parameter| parameter.name.to_string() == name);
        match value {
            Value::Object(inner) if !parameter => entries.extend(flat(problem, inner, &format!("{name}."))),
            _ => entries.push((name, value)),
        }
    }
    entries
}

fn wrong(key: &'static str, expected: String, found: &Value) -> OptionError {
    OptionError::Wrong { key, expected, found: found.to_string(), nearest: None }
}
