//! Files that the user names: sweep files and lists of runs.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use anyhow::Result;
use besom_config::{Paint, Reader, SweepConfig};
use besom_controller::stateless::SweepRun;
use besom_core::{Registry, did_you_mean};
use besom_engine::json_fault;
use besom_store::files::parent;
use serde_json::Value;

use crate::cli::output::notice_report;
use crate::error::InputError;

/// A valid sweep file.
#[derive(Debug)]
pub(crate) struct SweepFile {
    /// Its configuration.
    pub(crate) config: SweepConfig,
    /// Its text.
    pub(crate) text: String,
    /// Where it is; `None` for standard input.
    pub(crate) path: Option<PathBuf>,
}

/// Reads a sweep file (`-` is standard input) and prints its warnings to standard error, or fails for them if that is `strict`.
pub(crate) fn read_sweep_file(registry: &Registry, path: &Path, strict: bool) -> Result<SweepFile> {
    let (text, name) = read_text(path)?;
    let parsed = reader(registry, strict).read(&text, &name)?;
    let paint = paint(&std::io::stderr());
    for warning in &parsed.warnings {
        notice_report(&warning.report(paint));
    }
    let path = (path.as_os_str() != "-").then(|| std::fs::canonicalize(path)).transpose()?;
    Ok(SweepFile { config: parsed.config, text, path })
}

/// The sweep file with these values of keys in place of its own.
pub(crate) fn replaced(registry: &Registry, file: SweepFile, values: &[(&str, Value)]) -> Result<SweepFile> {
    if values.is_empty() {
        return Ok(file);
    }
    let mut config = file.config.filled.clone();
    for (key, value) in values {
        config[key] = value.clone();
    }
    let text = serde_json::to_string_pretty(&config)?;
    let parsed = Reader::new(registry).read(&text, "the sweep file with these flags")?;
    Ok(SweepFile { config: parsed.config, text, path: file.path })
}

/// A reader to which warnings are errors if it is `strict`.
pub(crate) fn reader(registry: &Registry, strict: bool) -> Reader<'_> {
    let reader = Reader::new(registry);
    if strict { reader.strict() } else { reader }
}

/// Whether what is printed to this stream has colors.
pub(crate) fn paint(stream: &impl RawStream) -> Paint {
    if AutoStream::choice(stream) == ColorChoice::Never { Paint::Plain } else { Paint::Color }
}

/// The text of a sweep file and the name to call it by.
pub(crate) fn read_text(path: &Path) -> Result<(String, String)> {
    let name = if path.as_os_str() == "-" { "standard input".into() } else { path.display().to_string() };
    let text = if path.as_os_str() == "-" {
        besom_config::read_from(std::io::stdin().lock(), &name)
    } else {
        besom_config::read_file(path)
    };
    let text = text.map_err(|error| match (&error, file_like(path)) {
        (besom_config::ReadError::Io { source, .. }, Some(near)) if source.kind() == ErrorKind::NotFound => {
            InputError::new(format!("no file {name}{}", did_you_mean(Some(&near)))).into()
        }
        _ => anyhow::Error::from(error),
    });
    Ok((text?, name))
}

/// The file in the same directory whose name is spelled most alike.
fn file_like(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let entries = std::fs::read_dir(parent(path)).ok()?;
    let mut names: Vec<_> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    let near = besom_core::nearest(wanted, names.iter().map(String::as_str))?;
    Some(path.with_file_name(near).display().to_string())
}

/// Reads the runs in a JSON file in W&B's format; `-` is standard input.
pub(crate) fn read_runs(path: &Path) -> Result<Vec<SweepRun>> {
    let text = if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    let name = path.display();
    let text = text.map_err(|e| InputError::new(format!("cannot read {name}: {e}")))?;
    let of_json = |e: &serde_json::Error| {
        InputError::new(format!("{name}:{}:{}: not JSON: {}", e.line(), e.column(), json_fault(e)))
    };
    let text = text.trim_start_matches('\u{feff}');
    let runs = serde_json::from_str::<Value>(text).map_err(|e| of_json(&e))?;
    let Value::Array(runs) = runs else {
        let message = format!(
            "{name}: expected a list of runs, such as [{{\"config\": {{\"lr\": {{\"value\": 0.1}}}}}}]"
        );
        return Err(InputError::new(message).into());
    };
    let run = |(place, run): (usize, Value)| {
        let wrong =
            |e: serde_json::Error| format!("{name}: run {} of the list: {}", place + 1, json_fault(&e));
        serde_json::from_value(run).map_err(|e| InputError::new(wrong(e)).into())
    };
    runs.into_iter().enumerate().map(run).collect()
}
