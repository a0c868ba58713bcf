//! W&B's flags of `sweep`: what is a command of its own here, and what stands in place of keys of the file.

use anyhow::Result;
use besom_core::Registry;
use besom_engine::Place;
use serde_json::Value;

use crate::cli::arguments::SweepArguments;
use crate::cli::input::{SweepFile, read_sweep_file};
use crate::cli::output::Outcome;
use crate::cli::{input, manage};
use crate::error::InputError;

/// Does what `sweep --stop ID` and its like ask for; `None` if a sweep is to be created.
pub(crate) fn change(place: &Place, arguments: &SweepArguments) -> Option<Result<Outcome>> {
    let id = arguments.file.to_string_lossy();
    let flags = &arguments.wandb;
    if let Some(update) = &flags.update {
        let message = format!(
            "besom does not change sweep {update}; allow more runs with: besom extend {update} N; create a new one with: besom sweep {id}"
        );
        return Some(Err(InputError::new(message).into()));
    }
    Some(match () {
        () if flags.stop => manage::stop(place, &arguments.file),
        () if flags.cancel => manage::cancel(place, &id),
        () if flags.pause => manage::pause(place, &id),
        () if flags.resume => manage::resume(place, &id),
        () => return None,
    })
}

/// The sweep file with the keys that the flags replace.
pub(crate) fn file(registry: &Registry, arguments: &SweepArguments) -> Result<SweepFile> {
    let file = read_sweep_file(registry, &arguments.file, arguments.strict)?;
    let flags = &arguments.wandb;
    let replaced = [
        ("name", &arguments.name),
        ("program", &flags.program),
        ("project", &flags.project),
        ("entity", &flags.entity),
    ];
    let values = replaced.into_iter().filter_map(|(key, value)| Some((key, Value::from(value.as_deref()?))));
    input::replaced(registry, file, &values.collect::<Vec<_>>())
}
