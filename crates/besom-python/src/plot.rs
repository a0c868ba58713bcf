//! Pictures of a sweep, as the command draws them.

use besom_core::nearest;
use besom_plot::{Format, Kind, Plot, PlotError};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::{BesomError, Failure};
use crate::view::HistoryView;

/// The content of a picture's file: `kind` is a picture of `besom plot`, `format` is `svg` or `png`, `size` is in pixels.
#[pyfunction]
#[pyo3(signature = (history, kind, format="svg", parameters=Vec::new(), size=None))]
pub(crate) fn draw<'py>(
    py: Python<'py>,
    history: &HistoryView,
    kind: &str,
    format: &str,
    parameters: Vec<String>,
    size: Option<(u32, u32)>,
) -> PyResult<Bound<'py, PyBytes>> {
    let format = match format {
        "svg" => Format::Svg,
        "png" => Format::Png,
        other => return Err(PyValueError::new_err(format!("a picture must be svg or png, got '{other}'"))),
    };
    let mut plot = Plot::new(parse(kind)?).parameters(parameters);
    if let Some((width, height)) = size {
        plot = plot.size(width, height);
    }
    let content = py.detach(|| plot.draw(&history.problem, &history.history, format).map_err(Failure::from));
    Ok(PyBytes::new(py, &content?))
}

fn parse(kind: &str) -> PyResult<Kind> {
    Kind::parse(kind).ok_or_else(|| {
        let known = Kind::ALL.map(Kind::as_str);
        let hint = nearest(kind, known).map(|name| format!(", did you mean '{name}'?")).unwrap_or_default();
        PyValueError::new_err(format!("unknown picture '{kind}'{hint}; known: {}", known.join(", ")))
    })
}

impl From<PlotError> for Failure {
    fn from(error: PlotError) -> Self {
        match error {
            PlotError::Insight(error) => error.into(),
            error => BesomError::new_err(error.to_string()).into(),
        }
    }
}
