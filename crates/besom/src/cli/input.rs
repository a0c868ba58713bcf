//! Files that the user names: sweep files and lists of runs.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::Result;
use besom_config::{Reader, SweepConfig};
use besom_controller::stateless::SweepRun;
use besom_core::{Registry, did_you_mean};

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

/// Reads a sweep file (`-` is standard input) and prints its warnings to standard error.
pub(crate) fn read_sweep_file(registry: &Registry, path: &Path) -> Result<SweepFile> {
    let (text, name) = read_text(path)?;
    let parsed = Reader::new(registry).read(&text, &name)?;
    for warning in &parsed.warnings {
        eprintln!("{warning}");
    }
    let path = (path.as_os_str() != "-").then(|| std::fs::canonicalize(path)).transpose()?;
    Ok(SweepFile { config: parsed.config, text, path })
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
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let entries = std::fs::read_dir(directory.unwrap_or(Path::new("."))).ok()?;
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
    serde_json::from_str(&text).map_err(|e| {
        InputError::new(format!("{name}:{}:{}: not a list of runs: {e}", e.line(), e.column())).into()
    })
}
