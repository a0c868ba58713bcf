//! The notes on suggestions: written here, and what later suggestions need of them read back here.

mod several;

use besom_core::value::float;
use besom_core::{Goal, History, Note, ParamPath, Problem};
use besom_gp::improvement::probability_of_improvement;
use besom_gp::{Hyperparameters, Warp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::acquire::Proposal;
use super::encode::Encoding;
use super::fit::Fit;
use super::surrogate::Surrogate;
pub(super) use several::{EarlierFits, beside_front, by_name, scalarized};

/// Which model chose a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ModelChoice {
    /// That of all runs.
    Fitted,
    /// The same with length scales times this.
    ShorterLengthScales(f64),
    /// That of the runs alone that agree with the point in this category.
    Branch(usize),
}

/// The kind of a point that the options wanted tried.
const GIVEN: &str = "given";
/// The keys of points of another model than that of all runs.
const DOUBT: &str = "doubt";
const BRANCH: &str = "branch";

/// Of the `place`-th of `planned` first points.
pub(super) fn initial(place: usize, planned: usize, is_middle: bool) -> Note {
    let which = if is_middle { "with every number at its median" } else { "quasi-random" };
    note("initial", format!("initial point {place} of {planned}, {which}"))
}

/// Of a point with a value of a category that few runs have.
pub(super) fn share(encoding: &Encoding, axis: usize, coordinate: f64) -> Note {
    let (name, value) = (&encoding.names()[axis], encoding.axes()[axis].decode(coordinate));
    note("initial", format!("quasi-random, because too few runs have {name} = {value} to judge it by"))
}

/// Of the `place`-th of `count` points that the options want tried first.
pub(super) fn given(place: usize, count: usize) -> Note {
    note(GIVEN, format!("point {place} of {count} to evaluate first"))
}

/// Whether a note is that of a point that the options wanted tried.
pub(super) fn is_given(note: &Note) -> bool {
    note.get("kind").is_some_and(|kind| kind == GIVEN)
}

/// Whether a note is that of a point that the model of all runs did not choose.
pub(super) fn is_of_another_model(note: &Note) -> bool {
    note.contains_key(DOUBT) || note.contains_key(BRANCH)
}

/// Of a point that is needed before there is enough to learn from.
pub(super) fn waiting(measured: usize) -> Note {
    let have = match measured {
        0 => "none has".to_owned(),
        _ => format!("{measured} has"),
    };
    note("fallback", format!("quasi-random, because a model needs two runs with a value, and {have} one"))
}

/// Of a point in place of the model's.
pub(super) fn fallback(reason: &str) -> Note {
    note("fallback", format!("quasi-random, because the model gave no point: {reason}"))
}

/// Of a point that a model proposed; `fitted` is that of all runs.
pub(super) fn model(
    problem: &Problem,
    encoding: &Encoding,
    fitted: &Surrogate,
    proposal: &Proposal,
    choice: ModelChoice,
) -> Note {
    let goal = problem.metric().map_or(Goal::Minimize, |metric| metric.goal);
    let figures = Figures::new(goal, fitted, proposal);
    let metric = problem.metric().map_or("the metric", |metric| &metric.name);
    let aside = aside(choice, encoding, proposal);
    let mut note = note("model", figures.sentence(fitted.reason(), metric, goal) + &aside);
    let own = ModelNote {
        figures,
        doubt: match choice {
            ModelChoice::ShorterLengthScales(factor) => Some(factor),
            _ => None,
        },
        branch: match choice {
            ModelChoice::Branch(axis) => {
                let (name, value) = category(axis, encoding, proposal);
                Some(Map::from_iter([(name.to_string(), value)]))
            }
            _ => None,
        },
        stored: StoredFit::new(fitted, encoding),
    };
    if let Ok(Value::Object(own)) = serde_json::to_value(own) {
        note.extend(own);
    }
    note
}

/// What the note of a model's point holds beside its sentence and kind.
#[derive(Serialize)]
struct ModelNote {
    #[serde(flatten)]
    figures: Figures,
    /// The factor on length scales, if the model of all runs was doubted.
    #[serde(skip_serializing_if = "Option::is_none")]
    doubt: Option<f64>,
    /// The category whose runs alone were modeled, and its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<Map<String, Value>>,
    #[serde(flatten)]
    stored: StoredFit,
}

/// What a model predicts, in units of the metric.
#[derive(Serialize)]
struct Figures {
    predicted_mean: f64,
    predicted_sd: f64,
    expected_improvement: f64,
    probability_of_improvement: f64,
    best: f64,
    incumbent: f64,
}

impl Figures {
    fn new(goal: Goal, fitted: &Surrogate, proposal: &Proposal) -> Self {
        let own = |target| in_units_of(goal, &proposal.warp, target);
        let Proposal { mean, sd, incumbent, .. } = *proposal;
        Self {
            predicted_mean: own(mean),
            predicted_sd: (0.5 * own(mean + sd) - 0.5 * own(mean - sd)).abs(),
            expected_improvement: proposal.gain(),
            probability_of_improvement: probability_of_improvement(mean, sd, incumbent),
            best: in_units_of(goal, &fitted.warp, fitted.best),
            incumbent: own(incumbent),
        }
    }

    fn sentence(&self, reason: &str, metric: &str, goal: Goal) -> String {
        let side = match goal {
            Goal::Minimize => "below",
            Goal::Maximize => "above",
        };
        format!(
            "{reason} of {metric}: {} {side} the best value {} (predicted {} ± {})",
            short(self.expected_improvement),
            short(self.best),
            short(self.predicted_mean),
            short(self.predicted_sd)
        )
    }
}

/// The value of a metric whose target this is.
fn in_units_of(goal: Goal, warp: &Warp, target: f64) -> f64 {
    // Losses near the largest number have neighbors beyond it.
    goal.to_loss(warp.inverse(target)).clamp(f64::MIN, f64::MAX)
}

/// What the sentence says of a model that is not that of all runs.
fn aside(choice: ModelChoice, encoding: &Encoding, proposal: &Proposal) -> String {
    match choice {
        ModelChoice::Fitted => String::new(),
        ModelChoice::ShorterLengthScales(factor) => {
            format!(", if length scales are {factor} times as long: as fitted, the model expects no more")
        }
        ModelChoice::Branch(axis) => {
            let (name, value) = category(axis, encoding, proposal);
            format!(", by the runs with {name} {value} alone: all together expect less anywhere")
        }
    }
}

/// The name of an axis and the value of a proposal there.
fn category<'a>(axis: usize, encoding: &'a Encoding, proposal: &Proposal) -> (&'a ParamPath, Value) {
    let name = &encoding.names()[axis];
    (name, proposal.point.get(name).cloned().unwrap_or_default())
}

/// The fit of a model, as a note keeps it for later ones.
#[derive(Serialize, Deserialize)]
struct StoredFit {
    fit: FitEntry,
    /// By parameter; null where the scale is not finite.
    length_scales: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct FitEntry {
    runs: usize,
    cold: usize,
    signal_variance: f64,
    noise_variance: f64,
    /// Of the terms of conditions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    variances: Vec<f64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    stretches: Vec<f64>,
}

impl StoredFit {
    fn new(surrogate: &Surrogate, encoding: &Encoding) -> Self {
        let Fit { hyperparameters, runs, cold } = &surrogate.fit;
        let scale = |k| float(surrogate.posterior.hyperparameters().length_scale(k));
        let scales = encoding.names().iter().enumerate().map(|(k, name)| (name.to_string(), scale(k)));
        Self {
            fit: FitEntry {
                runs: *runs,
                cold: *cold,
                signal_variance: hyperparameters.signal_variance,
                noise_variance: hyperparameters.noise_variance,
                variances: hyperparameters.variances.clone(),
                stretches: hyperparameters.stretches.clone(),
            },
            length_scales: scales.collect(),
        }
    }

    /// The fit, if it is one of the parameters of this encoding.
    fn read(self, encoding: &Encoding) -> Option<Fit> {
        let scale = |name: &ParamPath| self.length_scales.get(&name.to_string())?.as_f64();
        let length_scales: Vec<f64> = encoding.names().iter().map(scale).collect::<Option<_>>()?;
        let FitEntry { signal_variance, noise_variance, variances, stretches, .. } = self.fit;
        let hyperparameters =
            Hyperparameters::new(length_scales, signal_variance, noise_variance).terms(variances, stretches);
        Some(Fit { hyperparameters, runs: self.fit.runs, cold: self.fit.cold })
    }
}

/// The fit that the latest run with one in its note was suggested by.
pub(super) fn latest_fit(history: &History, encoding: &Encoding) -> Option<Fit> {
    let stored = |note: &Note| StoredFit::deserialize(note).ok()?.read(encoding);
    history.runs().iter().rev().find_map(|run| stored(&run.note))
}

fn note(kind: &str, why: String) -> Note {
    let entries = [("why", why), ("kind", kind.to_owned())];
    entries.into_iter().map(|(key, text)| (key.to_owned(), Value::String(text))).collect()
}

/// A number with about four digits.
fn short(x: f64) -> String {
    if x == 0.0 || (1e-3..1e5).contains(&x.abs()) {
        let text = format!("{x:.4}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{x:.3e}")
    }
}
