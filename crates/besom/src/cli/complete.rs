//! What a shell completes: ids of sweeps, kinds of pictures, states, sweep files.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use besom_engine::Place;
use besom_plot::Kind;
use besom_store::SweepRow;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter};

use crate::cli::arguments::states;
use crate::cli::describe;
use crate::cli::text::one_line;

/// Ids of the sweeps in the store, the newest first. A shell must not be disturbed: where there is no store, there are none.
pub(crate) fn ids() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let named = named_store(std::env::args_os());
        let store = Place::find(named.as_deref()).ok().and_then(|place| place.open_to_read().ok());
        let sweeps = store.and_then(|mut store| store.sweeps().ok()).unwrap_or_default();
        sweeps.iter().rev().enumerate().map(id).collect()
    })
}

/// The store that `--store` names in the words of the line, which are arguments of this process; completers get none of them.
fn named_store(mut words: impl Iterator<Item = OsString>) -> Option<OsString> {
    let is_option = |word: &OsString| word.as_bytes().starts_with(b"--store");
    let option = words.find(is_option)?;
    match option.as_bytes().strip_prefix(b"--store=") {
        Some(path) => Some(OsStr::from_bytes(path).to_owned()),
        None => words.next(),
    }
}

fn id((place, sweep): (usize, &SweepRow)) -> CompletionCandidate {
    let name = describe::name(sweep).map(|name| format!(" {}", one_line(name))).unwrap_or_default();
    let about = format!("{}{name}", sweep.state);
    CompletionCandidate::new(sweep.new.id.as_str()).help(Some(about.into())).display_order(Some(place))
}

/// Kinds of pictures.
pub(crate) fn plots() -> ArgValueCandidates {
    ArgValueCandidates::new(|| Kind::ALL.iter().map(|kind| CompletionCandidate::new(kind.as_str())).collect())
}

/// States of runs.
pub(crate) fn run_states() -> ArgValueCandidates {
    ArgValueCandidates::new(|| states().map(CompletionCandidate::new).collect())
}

/// Sweep files, and the directories that may hold them.
pub(crate) fn files() -> ArgValueCompleter {
    let may_be_meant = |path: &Path| {
        let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        path.is_dir() || ["yaml", "yml", "json"].contains(&extension)
    };
    ArgValueCompleter::new(PathCompleter::any().filter(may_be_meant))
}
