//! What a history reveals about its parameters, for pictures on matplotlib.

use besom_insight::{Axis, Sample, Span, Surface, ValuedRun};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::error::Failure;
use crate::value;
use crate::view::HistoryView;

/// How many values of the metric stand beside a scale of colors.
const LEVELS: usize = 7;

/// The runs that have a value, laid out over all parameters that are not constant, or over the `most` most important ones.
///
/// A dict: `axes`, dicts of `name`, `ticks` (place from 0 to 1, text) and `names` (whether its values are names, without
/// order); `left_out`, the number of other parameters; `runs`, dicts of `number`, `value`, `counts`
/// (whether the run can be the best), `stopped`, `rank` (from 0, the best, to 1) and `places` (one per axis, or None);
/// `best`, the number of the best run or None; `records`, pairs of number and value of the runs that were better than
/// all before them.
#[pyfunction]
#[pyo3(signature = (history, most=None))]
pub(crate) fn sample<'py>(
    py: Python<'py>,
    history: &HistoryView,
    most: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let found = py.detach(|| -> Result<Value, Failure> {
        let all = Sample::new(&history.problem, &history.history, &[])?;
        let sample = all.of_most_important(most.unwrap_or(usize::MAX));
        let ranks = sample.ranks();
        let run = |(run, rank): (&ValuedRun<'_>, f64)| {
            let places: Vec<_> = (0..sample.axes.len()).map(|k| sample.place(run.run, k)).collect();
            json!({
                "number": run.number.get(), "value": run.value, "counts": run.counts(),
                "stopped": run.run.stopped.is_some(), "rank": rank, "places": places,
            })
        };
        let records = sample.records().into_iter().map(|run| (run.number.get(), run.value));
        Ok(json!({
            "axes": sample.axes.iter().map(axis).collect::<Vec<_>>(),
            "left_out": all.axes.len() - sample.axes.len(),
            "runs": sample.runs.iter().zip(ranks).map(run).collect::<Vec<_>>(),
            "best": sample.best.map(besom_core::RunNumber::get),
            "records": records.collect::<Vec<_>>(),
        }))
    });
    value::python(py, &found?)
}

fn axis(axis: &Axis) -> Value {
    json!({"name": axis.name().to_string(), "ticks": axis.ticks(), "names": axis.is_categorical()})
}

/// The importance of each parameter that is not constant: `(name, alone, total)`, in the order of the parameters.
#[pyfunction]
pub(crate) fn importances(py: Python<'_>, history: &HistoryView) -> Result<Vec<(String, f64, f64)>, Failure> {
    py.detach(|| {
        let sample = Sample::new(&history.problem, &history.history, &[])?;
        let found = sample.importances()?;
        Ok(found.into_iter().map(|found| (found.parameter.to_string(), found.alone, found.total)).collect())
    })
}

/// The prediction of a model over two parameters; the most important ones replace those that are not given.
///
/// A dict: `axes`, as in `sample`; `scores`, one row of `cells` numbers for each part of the second axis, smaller is
/// better; `levels`, pairs of a score and the value of the metric that has it; `runs`, the number and the two places of
/// each run that has both; `best`, the number of the best run or None.
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
        return Err(PyValueError::new_err(format!("cells must be from 1 to 1000, got {cells}")));
    }
    let found = py.detach(|| -> Result<Value, Failure> {
        let named = two(history, x, y)?;
        let sample = Sample::new(&history.problem, &history.history, &named)?;
        sample.require_pair()?;
        described(&sample, &sample.surface(&[0, 1])?, cells)
    });
    value::python(py, &found?)
}

/// The names of two parameters: the given ones, completed by the most important others.
fn two(history: &HistoryView, x: Option<String>, y: Option<String>) -> Result<Vec<String>, Failure> {
    if let (Some(x), Some(y)) = (&x, &y) {
        return Ok(vec![x.clone(), y.clone()]);
    }
    let sample = Sample::new(&history.problem, &history.history, &[])?;
    sample.require_axes(2)?;
    let others = sample.by_importance()?.into_iter().map(|k| sample.axes[k].name().to_string());
    let mut others = others.filter(|name| x.as_ref() != Some(name) && y.as_ref() != Some(name));
    Ok([x.clone(), y.clone()].into_iter().filter_map(|named| named.or_else(|| others.next())).collect())
}

fn described(sample: &Sample<'_>, surface: &Surface, cells: usize) -> Result<Value, Failure> {
    let scores = surface.cells(cells)?;
    let (low, high) =
        scores.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &s| (low.min(s), high.max(s)));
    let level = |k: usize| low + (high - low) * k as f64 / (LEVELS - 1) as f64;
    let levels: Vec<_> = (0..LEVELS).map(|k| (level(k), surface.value(level(k)))).collect();
    let place =
        |run: &ValuedRun<'_>| Some((run.number.get(), sample.place(run.run, 0)?, sample.place(run.run, 1)?));
    Ok(json!({
        "axes": surface.axes().iter().map(axis).collect::<Vec<_>>(),
        "scores": scores.chunks(cells).collect::<Vec<_>>(),
        "levels": levels,
        "runs": sample.runs.iter().filter_map(place).collect::<Vec<_>>(),
        "best": sample.best.map(besom_core::RunNumber::get),
    }))
}

/// The ends of the range of values that a picture shows, the best one among them, and whether it is logarithmic.
#[pyfunction]
#[pyo3(signature = (values, best=None))]
pub(crate) fn span(values: Vec<f64>, best: Option<f64>) -> (f64, f64, bool) {
    let Span { low, high, logarithmic, .. } = Span::of(values).including(best.unwrap_or(f64::NAN));
    let end = |end: f64| if logarithmic { 10_f64.powf(end).clamp(f64::MIN_POSITIVE, f64::MAX) } else { end };
    (end(low), end(high), logarithmic)
}

/// Numbers in four significant digits, or as many as it takes to tell them apart.
#[pyfunction]
pub(crate) fn numbers(values: Vec<f64>) -> Vec<String> {
    besom_insight::numbers(&values)
}
