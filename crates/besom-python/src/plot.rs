//! Pictures of a sweep, as the command draws them.

use besom_plot::{Format, Kind, Plot, PlotError};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::{BesomError, Failure};
use crate::view::HistoryView;

/// The content of a picture's file: `kind` is a picture of `besom plot`, `format` is `svg` or `png`, `size` is in pixels,
/// `scale` enlarges all.
#[pyfunction]
#[pyo3(signature = (history, kind, format="svg", parameters=Vec::new(), size=None, scale=1.0))]
pub(crate) fn draw<'py>(
    py: Python<'py>,
    history: &HistoryView,
    kind: &str,
    format: &str,
    parameters: Vec<String>,
    size: Option<(u32, u32)>,
    scale: f64,
) -> PyResult<Bound<'py, PyBytes>> {
    let format = match format {
        "svg" => Format::Svg,
        "png" => Format::Png,
        other => return Err(PyValueError::new_err(format!("a picture must be svg or png, got '{other}'"))),
    };
    let kind: Kind = kind.parse().map_err(|error| PyValueError::new_err(format!("'{kind}': {error}")))?;
    let mut plot = Plot::new(kind).parameters(parameters).scale(scale);
    if let Some((width, height)) = size {
        plot = plot.size(width, height);
    }
    let content = py.detach(|| plot.draw(&history.problem, &history.history, format).map_err(Failure::from));
    Ok(PyBytes::new(py, &content?))
}

impl From<PlotError> for Failure {
    fn from(error: PlotError) -> Self {
        match error {
            PlotError::Insight(error) => error.into(),
            error => BesomError::new_err(error.to_string()).into(),
        }
    }
}
