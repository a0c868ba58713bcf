//! What is told of a suggestion.

use besom_core::value::float;
use besom_core::{Goal, History, Metric, Name, Note, Problem};
use besom_gp::Hyperparameters;
use besom_gp::improvement::probability_of_improvement;
use serde_json::{Map, Value, json};

use super::acquire::Choice;
use super::encode::Encoding;
use super::surrogate::{Fit, Surrogate};

/// Which model a point was chosen by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Opinion {
    /// That of all runs.
    Fitted,
    /// The same with length scales times this.
    Doubting(f64),
    /// That of the runs alone that agree with the point in this category.
    Branch(usize),
}

/// Of the `place`-th of `planned` first points.
pub(super) fn initial(place: usize, planned: usize) -> Note {
    note("initial", format!("initial point {place} of {planned}, quasi-random"))
}

/// Of the `place`-th of `count` points that the options want tried first.
pub(super) fn given(place: usize, count: usize) -> Note {
    note(GIVEN, format!("point {place} of {count} to evaluate first"))
}

/// Whether a note is that of a point that the options wanted tried.
pub(super) fn is_given(note: &Note) -> bool {
    note.get("kind").is_some_and(|kind| kind == GIVEN)
}

const GIVEN: &str = "given";

/// Whether a note is that of a point that the model of all runs did not choose.
pub(super) fn is_of_another_model(note: &Note) -> bool {
    note.contains_key(DOUBT) || note.contains_key(BRANCH)
}

const DOUBT: &str = "doubt";
const BRANCH: &str = "branch";

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

/// Of a point that a model chose; `surrogate` is that of all runs.
pub(super) fn model(
    problem: &Problem,
    encoding: &Encoding,
    surrogate: &Surrogate,
    choice: &Choice,
    opinion: Opinion,
) -> Note {
    let goal = problem.metric().map_or(Goal::Minimize, |metric| metric.goal);
    // Losses near the largest number have neighbours beyond it.
    let metric_value = |loss: f64| goal.to_loss(loss).clamp(f64::MIN, f64::MAX);
    let value = |target: f64| metric_value(choice.warp.inverse(target));
    let mean = value(choice.mean);
    let sd = (0.5 * value(choice.mean + choice.sd) - 0.5 * value(choice.mean - choice.sd)).abs();
    let improvement = choice.gain();
    let best = metric_value(surrogate.warp.inverse(surrogate.best));
    let metric = problem.metric().map_or("the metric", |metric: &Metric| &metric.name);
    let side = match goal {
        Goal::Minimize => "below",
        Goal::Maximize => "above",
    };
    let whose = match opinion {
        Opinion::Fitted => String::new(),
        Opinion::Doubting(factor) => {
            format!(", if length scales are {factor} times as long: as fitted, the model expects no more")
        }
        Opinion::Branch(axis) => {
            let name = &encoding.names()[axis];
            let value = choice.point.get(name).map(Value::to_string).unwrap_or_default();
            format!(", by the runs with {name} {value} alone: all together expect less anywhere")
        }
    };
    let why = format!(
        "{} of {metric}: {} {side} the best value {} (predicted {} ± {}){whose}",
        surrogate.reason(),
        short(improvement),
        short(best),
        short(mean),
        short(sd)
    );
    let mut note = note("model", why);
    note.insert("predicted_mean".to_owned(), float(mean));
    note.insert("predicted_sd".to_owned(), float(sd));
    note.insert("expected_improvement".to_owned(), float(improvement));
    let probability = probability_of_improvement(choice.mean, choice.sd, choice.incumbent);
    note.insert("probability_of_improvement".to_owned(), float(probability));
    note.insert("best".to_owned(), float(best));
    note.insert("incumbent".to_owned(), float(value(choice.incumbent)));
    match opinion {
        Opinion::Fitted => {}
        Opinion::Doubting(factor) => {
            note.insert(DOUBT.to_owned(), float(factor));
        }
        Opinion::Branch(axis) => {
            let name = &encoding.names()[axis];
            let value = choice.point.get(name).cloned().unwrap_or_default();
            note.insert(BRANCH.to_owned(), json!({ name.to_string(): value }));
        }
    }
    let fit = &surrogate.fit;
    note.insert(
        "fit".to_owned(),
        json!({
            "runs": fit.runs,
            "cold": fit.cold,
            "signal_variance": fit.hyperparameters.signal_variance,
            "noise_variance": fit.hyperparameters.noise_variance,
        }),
    );
    let scales =
        encoding.names().iter().enumerate().map(|(k, name)| {
            (name.to_string(), float(surrogate.posterior.hyperparameters().length_scale(k)))
        });
    note.insert("length_scales".to_owned(), Value::Object(scales.collect::<Map<_, _>>()));
    note
}

/// The fit that the latest run with one in its note was suggested by.
pub(super) fn latest_fit(history: &History, encoding: &Encoding) -> Option<Fit> {
    history.runs().iter().rev().find_map(|run| fit(&run.note, encoding))
}

fn fit(note: &Note, encoding: &Encoding) -> Option<Fit> {
    let fit = note.get("fit")?;
    let count = |key| usize::try_from(fit.get(key)?.as_u64()?).ok();
    let scales = note.get("length_scales")?;
    let scale = |name: &Name| scales.get(name.to_string())?.as_f64();
    let hyperparameters = Hyperparameters {
        length_scales: encoding.names().iter().map(scale).collect::<Option<_>>()?,
        signal_variance: fit.get("signal_variance")?.as_f64()?,
        noise_variance: fit.get("noise_variance")?.as_f64()?,
    };
    Some(Fit { hyperparameters, runs: count("runs")?, cold: count("cold")? })
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
