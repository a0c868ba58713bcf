//! What a history says of its parameters, for pictures.

use besom_insight::{Axis, Model, Sample, Span};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::error::Failure;
use crate::value;
use crate::view::HistoryView;

/// How many values of the metric stand beside a scale of colours.
const LEVELS: usize = 7;

/// The importance of each parameter that is not constant: `(name, alone, total)`, in the order of the parameters.
#[pyfunction]
pub(crate) fn importances(py: Python<'_>, history: &HistoryView) -> Result<Vec<(String, f64, f64)>, Failure> {
    py.detach(|| {
        let sample = Sample::new(&history.problem, &history.history, &[])?;
        let importances = sample.importances()?;
        let pairs = sample.axes.iter().zip(importances);
        Ok(pairs.map(|(axis, found)| (axis.name().to_string(), found.alone, found.total)).collect())
    })
}

/// What a model predicts over two parameters; the most important ones where none is named.
///
/// A dict: `axes`, two dicts of `name` and `ticks` (place from 0 to 1, value); `scores`, one row of `cells` numbers for each
/// part of the second axis, smaller is better; `levels`, pairs of a score and the value of the metric that has it; `runs`,
/// the number and the two places of each run that has them.
#[pyfunction]
#[pyo3(signature = (history, x=None, y=None, cells=48))]
pub(crate) fn surface<'py>(
    py: Python<'py>,
    history: &HistoryView,
    x: Option<String>,
    y: Option<String>,
    cells: usize,
) -> PyResult<Bound<'py, PyAny>> {
    if !(1..=1000).contains(&cells) {
        return Err(PyValueError::new_err(format!("1 to 1000 cells can be shown, not {cells}")));
    }
    let found = py.detach(|| -> Result<Value, Failure> {
        let named = two(history, x, y)?;
        let sample = Sample::new(&history.problem, &history.history, &named)?;
        described(&sample, &sample.model(&[0, 1])?, cells)
    });
    value::python(py, &found?)
}

/// The names of two parameters: those that were named, filled up with the most important others.
fn two(history: &HistoryView, x: Option<String>, y: Option<String>) -> Result<Vec<String>, Failure> {
    if let (Some(x), Some(y)) = (&x, &y) {
        return Ok(vec![x.clone(), y.clone()]);
    }
    let sample = Sample::new(&history.problem, &history.history, &[])?;
    if sample.axes.len() < 2 {
        let found = sample.axes.len();
        let message = format!("a contour needs 2 parameters that are not constant, the sweep has {found}");
        return Err(PyValueError::new_err(message).into());
    }
    let mut others: Vec<_> =
        sample.axes.iter().map(|axis| axis.name().to_string()).zip(sample.importances()?).collect();
    others.sort_by(|a, b| b.1.total.total_cmp(&a.1.total));
    let is_named = |name: &String| x.as_ref() == Some(name) || y.as_ref() == Some(name);
    let mut others = others
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| !is_named(name))
        .collect::<Vec<_>>()
        .into_iter();
    Ok([x, y].into_iter().filter_map(|named| named.or_else(|| others.next())).collect())
}

fn described(sample: &Sample<'_>, model: &Model, cells: usize) -> Result<Value, Failure> {
    let scores = model.surface(cells)?;
    let (low, high) =
        scores.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &s| (low.min(s), high.max(s)));
    let level = |k: usize| low + (high - low) * k as f64 / (LEVELS - 1) as f64;
    let levels: Vec<_> = (0..LEVELS).map(|k| (level(k), model.value(level(k)))).collect();
    let axis = |axis: &Axis| json!({"name": axis.name().to_string(), "ticks": axis.ticks()});
    let place = |seen: &besom_insight::Seen<'_>| {
        Some((seen.number.get(), sample.place(seen.run, 0)?, sample.place(seen.run, 1)?))
    };
    Ok(json!({
        "axes": model.axes().iter().map(axis).collect::<Vec<_>>(),
        "scores": scores.chunks(cells).collect::<Vec<_>>(),
        "levels": levels,
        "runs": sample.seen.iter().filter_map(place).collect::<Vec<_>>(),
    }))
}

/// The ends of the part of some values that a picture shows, and whether by their logarithms.
#[pyfunction]
pub(crate) fn span(values: Vec<f64>) -> (f64, f64, bool) {
    let Span { low, high, logarithmic } = Span::of(values);
    let end = |end: f64| if logarithmic { 10_f64.powf(end).clamp(f64::MIN_POSITIVE, f64::MAX) } else { end };
    (end(low), end(high), logarithmic)
}
