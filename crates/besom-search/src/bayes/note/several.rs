//! Notes on suggestions with several metrics.

use besom_core::value::float;
use besom_core::{Goal, History, Note, Problem};
use besom_gp::Warp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::super::encode::Encoding;
use super::super::fit::Fit;
use super::super::several::{Corner, Gaining, Weights};
use super::super::surrogate::Surrogate;
use super::{FitEntry, StoredFit, in_units_of, note, short};

/// The key of the fit of a combination of metrics.
const SCALARIZED: &str = "scalarized_fit";

/// The fits that the latest runs with some in their notes were suggested by.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) struct EarlierFits {
    /// By metric, in the order of the models.
    pub(in super::super) of_metrics: Vec<Option<Fit>>,
    /// That of a random combination of the metrics.
    pub(in super::super) scalarized: Option<Fit>,
}

impl EarlierFits {
    /// Those of the metrics of a problem, by name.
    pub(in super::super) fn new(problem: &Problem, history: &History, encoding: &Encoding) -> Self {
        let latest = |find: &dyn Fn(&Note) -> Option<Value>| {
            let read = |note: &Note| OneOfSeveral::deserialize(find(note)?).ok()?.stored().read(encoding);
            history.runs().iter().rev().find_map(|run| read(&run.note))
        };
        let of_metric = |place: usize| {
            let name = &problem.metrics[place].name;
            latest(&|note| note.get("fit")?.get(name).cloned())
        };
        Self {
            of_metrics: by_name(problem).into_iter().map(of_metric).collect(),
            scalarized: latest(&|note| note.get(SCALARIZED).cloned()),
        }
    }
}

/// Of a point that gains most beside the front, given the models of the metrics by name.
pub(in super::super) fn beside_front(
    problem: &Problem,
    encoding: &Encoding,
    surrogates: &[&Surrogate],
    gaining: &Gaining,
) -> Note {
    let (mut predicted, mut fits, mut words) = (Map::new(), Map::new(), Vec::new());
    let places = by_name(problem);
    for ((&place, surrogate), &(mean, sd)) in places.iter().zip(surrogates).zip(&gaining.predicted) {
        let metric = &problem.metrics[place];
        let (mean, sd) = predicted_value(metric.goal, &surrogate.warp, mean, sd);
        predicted.insert(metric.name.clone(), json!({ "mean": mean, "sd": sd }));
        fits.insert(metric.name.clone(), stored(surrogate, encoding));
        words.push(format!("{} {} ± {}", metric.name, short(mean), short(sd)));
    }
    let why = format!("{} (predicted {})", sentence(problem, gaining), words.join(", "));
    let mut note = note("model", why);
    note.insert("turn".to_owned(), gaining.corner.as_str().into());
    note.insert("predicted".to_owned(), predicted.into());
    if gaining.share.is_finite() {
        note.insert("expected_gain".to_owned(), float(gaining.share));
    }
    note.insert("fit".to_owned(), fits.into());
    note
}

/// What is to be gained, and beside what.
fn sentence(problem: &Problem, gaining: &Gaining) -> String {
    let front = match gaining.front {
        0 => "a front without runs".to_owned(),
        1 => "a front of 1 run".to_owned(),
        count => format!("a front of {count} runs"),
    };
    let corner = match gaining.corner {
        _ if problem.metrics.iter().all(|metric| metric.threshold.is_some()) => "the thresholds",
        Corner::Near => "just beyond it",
        Corner::Wide => "the worst of all runs",
    };
    // A front may have no volume up to a threshold yet.
    let share = match gaining.share.is_finite() {
        true => format!("{} % ", short(100.0 * gaining.share)),
        false => String::new(),
    };
    format!("largest expected hypervolume improvement: {share}beside {front}, measured up to {corner}")
}

/// Of a point that is expected to improve a random combination of the metrics.
pub(in super::super) fn scalarized(
    problem: &Problem,
    encoding: &Encoding,
    surrogate: &Surrogate,
    weights: &Weights,
) -> Note {
    let (mut own, mut words) = (Map::new(), Vec::new());
    for (place, &weight) in by_name(problem).into_iter().zip(&weights.0) {
        let name = &problem.metrics[place].name;
        words.push(format!("{} of {name}", short(weight)));
        own.insert(name.clone(), weight.into());
    }
    let why =
        format!("largest expected improvement of a random combination of the metrics: {}", words.join(", "));
    let mut note = note("model", why);
    note.insert("turn".to_owned(), "scalarized".into());
    note.insert("weights".to_owned(), own.into());
    note.insert(SCALARIZED.to_owned(), stored(surrogate, encoding));
    note
}

/// The places of the metrics, by name: in which order they were declared makes no difference.
pub(in super::super) fn by_name(problem: &Problem) -> Vec<usize> {
    let mut places: Vec<usize> = (0..problem.metrics.len()).collect();
    places.sort_by(|&a, &b| problem.metrics[a].name.cmp(&problem.metrics[b].name));
    places
}

/// A fit beside others, with its length scales in it.
#[derive(Serialize, Deserialize)]
struct OneOfSeveral {
    #[serde(flatten)]
    fit: FitEntry,
    length_scales: Map<String, Value>,
}

impl OneOfSeveral {
    fn stored(self) -> StoredFit {
        StoredFit { fit: self.fit, length_scales: self.length_scales }
    }
}

fn stored(surrogate: &Surrogate, encoding: &Encoding) -> Value {
    let StoredFit { fit, length_scales } = StoredFit::new(surrogate, encoding);
    serde_json::to_value(OneOfSeveral { fit, length_scales }).unwrap_or_default()
}

/// What is predicted of a metric, with its deviation, in its own units.
fn predicted_value(goal: Goal, warp: &Warp, mean: f64, sd: f64) -> (f64, f64) {
    let own = |target| in_units_of(goal, warp, target);
    (own(mean), (0.5 * own(mean + sd) - 0.5 * own(mean - sd)).abs())
}
