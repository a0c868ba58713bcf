//! `besom plot`: a picture of a sweep in a file.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use besom_controller::Sweep;
use besom_core::{Curve, History, Problem, Registry, did_you_mean, logged_value, nearest};
use besom_insight::InsightError;

use crate::cli::arguments::PlotArguments;
use crate::cli::output::{Outcome, line};
use crate::cli::target;
use crate::error::InputError;
use besom_engine::Place;
use besom_plot::{Format, Kind, Plot, PlotError};
use besom_store::files::parent;
use besom_store::{Store, SweepId};
use serde_json::Value;

pub(crate) fn plot(registry: &Registry, place: &Place, arguments: &PlotArguments) -> Result<Outcome> {
    let output = arguments.output.clone().unwrap_or_else(|| default_output(arguments));
    let format = format(&output)?;
    let mut store = place.open_to_read()?;
    let sweep = target::sweep_or_newest(&mut *store, place, arguments.id.as_deref())?;
    let config = besom_engine::stored_config(registry, &sweep)?;
    let controller = besom_engine::past(&mut store, &sweep, &config)?;
    let mut picture =
        Plot::new(arguments.kind).parameters(arguments.parameters.iter().cloned()).scale(arguments.scale);
    if let Some((width, height)) = arguments.size {
        picture = picture.size(width, height);
    }
    let (id, sweep) = (sweep.id(), controller.sweep());
    let problem = sweep.problem();
    let bytes = match arguments.metric.as_deref().filter(|key| !is_first(problem, key)) {
        None => picture.draw(problem, sweep.history(), format),
        Some(key) => {
            check_kind(arguments.kind)?;
            let history = with_curves(&mut *store, id, sweep, key)?;
            picture.curves_of(problem.metrics.len(), key).draw(problem, &history, format)
        }
    };
    let bytes = bytes.map_err(of_input)?;
    if output.as_os_str() == "-" {
        std::io::stdout().write_all(&bytes)?;
    } else {
        check_directory(&output)?;
        write_whole(&output, &bytes).with_context(|| format!("cannot write {}", output.display()))?;
        line(output.display())?;
    }
    Ok(Outcome::Done)
}

fn is_first(problem: &Problem, key: &str) -> bool {
    problem.metric().is_some_and(|metric| metric.name == key)
}

fn check_kind(kind: Kind) -> Result<(), InputError> {
    match kind {
        Kind::Curves => Ok(()),
        other => Err(InputError::new(format!(
            "--metric is for curves only: {} shows the metric of the sweep",
            other.as_str()
        ))),
    }
}

/// The runs with the curves of this key, as they have logged it, behind those of the metrics.
fn with_curves(store: &mut dyn Store, id: &SweepId, sweep: &Sweep, key: &str) -> Result<History> {
    let place = sweep.problem().metrics.len();
    let number = |value: &Value| value.as_f64().filter(|x| x.is_finite()).unwrap_or(f64::NAN);
    let mut runs = Vec::new();
    for (run, known) in sweep.history().iter() {
        let rows = store.rows(id, run, None)?;
        let values = rows.iter().filter_map(|row| logged_value(&row.values, key)).map(number);
        runs.push(known.clone().with_curve(place, Curve::new(values.collect::<Vec<_>>())));
    }
    if runs.iter().all(|run| run.curve(place).last().is_none()) {
        return Err(unknown(store, id, key)?);
    }
    Ok(runs.into_iter().collect())
}

/// What to say of a key as which no run has logged a number. Where runs have logged no numbers at all, there is nothing to
/// show yet.
fn unknown(store: &mut dyn Store, id: &SweepId, key: &str) -> Result<anyhow::Error> {
    let logged = store.logged_by_run(id)?;
    let keys = logged.iter().flat_map(|(_, keys)| keys.keys()).filter(|logged| logged.numbers > 0);
    let keys: BTreeSet<&str> = keys.map(|logged| logged.key.as_str()).collect();
    if keys.is_empty() {
        return Ok(InsightError::NoValues { metric: key.to_owned() }.into());
    }
    let near = did_you_mean(nearest(key, keys.iter().copied()));
    let known = keys.into_iter().collect::<Vec<_>>().join(", ");
    Ok(InputError::new(format!("no run has logged a number as '{key}'{near}; logged: {known}")).into())
}

/// What the user can mend is the user's input; that there is nothing to show yet is not.
fn of_input(error: PlotError) -> anyhow::Error {
    use InsightError::{Model, NoValues, Runs};
    match error {
        PlotError::Insight(Model(_) | NoValues { .. } | Runs { .. }) | PlotError::Drawing(_) => error.into(),
        other => InputError::new(other.to_string()).into(),
    }
}

/// `history.svg` in the working directory.
fn default_output(arguments: &PlotArguments) -> PathBuf {
    PathBuf::from(format!("{}.svg", arguments.kind.as_str()))
}

fn format(output: &Path) -> Result<Format, InputError> {
    if output.as_os_str() == "-" {
        return Ok(Format::Svg);
    }
    match output.extension().map(|extension| extension.to_string_lossy().to_lowercase()).as_deref() {
        Some("svg") => Ok(Format::Svg),
        Some("png") => Ok(Format::Png),
        _ => Err(InputError::new(format!(
            "unknown format of {}: the file name must end in .svg or .png (\"-\" writes SVG to stdout)",
            output.display()
        ))),
    }
}

/// The directory of a file must be there.
fn check_directory(path: &Path) -> Result<(), InputError> {
    let directory = parent(path);
    if directory.is_dir() {
        return Ok(());
    }
    let (path, directory) = (path.display(), directory.display());
    Err(InputError::new(format!("cannot write {path}: there is no directory {directory}; create it first")))
}

/// Writes a file that is never seen half written.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let file = tempfile::Builder::new()
        .prefix(".besom-plot-")
        .permissions(std::fs::Permissions::from_mode(0o666))
        .tempfile_in(parent(path));
    // The error without the temporary name, which nobody has given.
    let mut file = file.map_err(|error| std::io::Error::from(error.kind()))?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}
