//! `run --resume`: which sweep a file means, and whether the file still means it.

use anyhow::Result;
use besom_config::SweepConfig;
use besom_core::Registry;
use besom_engine::stored_config;
use besom_store::{Store, SweepRow, SweepState};
use serde_json::Value;

use crate::cli::conclusion::on_resuming;
use crate::cli::input::SweepFile;
use crate::cli::output::notice;
use crate::error::InputError;

/// What `--resume` finds in the store.
pub(crate) enum Found {
    /// No sweep of this file.
    Nothing,
    /// The newest sweep of this file, to be worked on.
    Unfinished(SweepRow),
    /// The newest sweep of this file, which has ended.
    Ended(SweepRow),
}

/// The newest sweep of a file, set to run, with another cap if `run_cap` or a change of the file asks for it.
pub(crate) fn resume(
    registry: &Registry,
    store: &mut dyn Store,
    file: &SweepFile,
    run_cap: Option<u64>,
) -> Result<Found> {
    let Some(mut sweep) = newest_of(store, file)? else { return Ok(Found::Nothing) };
    let before = stored_config(registry, &sweep)?;
    check_meaning(&before, file, &sweep)?;
    let cap = run_cap.or(cap_of_file(file.config.run_cap, before.run_cap, sweep.new.run_cap));
    if cap != sweep.new.run_cap && sweep.state != SweepState::Canceled {
        store.set_run_cap(&sweep.new.id, cap)?;
        sweep = store.sweep(&sweep.new.id)?;
    }
    if sweep.state.is_over() {
        return Ok(Found::Ended(sweep));
    }
    if sweep.state == SweepState::Paused {
        notice(on_resuming(store, &sweep)?);
        store.set_state(&sweep.new.id, SweepState::Running, None)?;
    }
    Ok(Found::Unfinished(sweep))
}

/// The cap of a resumed sweep by what its file says `now`, by the one of its creation and the `present` one. A file that says
/// what it said, or nothing, leaves it; once the sweep was extended, a file can only raise it, so as to take nothing back.
fn cap_of_file(now: Option<u64>, creation: Option<u64>, present: Option<u64>) -> Option<u64> {
    let is_extended = present != creation;
    now.filter(|_| now != creation && (!is_extended || now > present)).or(present)
}

/// The newest sweep of the same file.
pub(crate) fn newest_of(store: &mut dyn Store, file: &SweepFile) -> Result<Option<SweepRow>> {
    let Some(source) = source(file) else { return Ok(None) };
    let mut sweeps = store.sweeps()?;
    sweeps.retain(|sweep| sweep.new.source.as_ref() == Some(&source));
    Ok(sweeps.pop())
}

/// By what a file is found again.
pub(crate) fn source(file: &SweepFile) -> Option<String> {
    file.path.as_ref().map(|path| path.display().to_string())
}

/// Refuses a file that means another sweep than it did; layout, comments and the `run_cap` may change.
fn check_meaning(before: &SweepConfig, file: &SweepFile, sweep: &SweepRow) -> Result<()> {
    let without_cap = |config: &Value| {
        let mut config = config.clone();
        config.as_object_mut().map(|keys| keys.remove("run_cap"));
        config
    };
    let (old, new) = (without_cap(&before.filled), without_cap(&file.config.filled));
    let Some(difference) = difference(&old, &new, "") else { return Ok(()) };
    let id = &sweep.new.id;
    let message = format!(
        "the file has changed since sweep {id} was created: {difference}; continue that sweep as it was with: besom agent {id}; \
         create a new one with: besom run, without --resume"
    );
    Err(InputError::new(message).into())
}

/// The first key in which two configurations differ, with both values.
fn difference(before: &Value, now: &Value, place: &str) -> Option<String> {
    let (Value::Object(old), Value::Object(new)) = (before, now) else {
        return (!is_same(before, now)).then(|| format!("{place} was {before} and is now {now}"));
    };
    let at = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
    let changed = old.iter().find_map(|(key, before)| match new.get(key) {
        Some(now) => difference(before, now, &at(key)),
        None => Some(format!("{} was removed", at(key))),
    });
    changed
        .or_else(|| new.keys().find(|key| !old.contains_key(*key)).map(|key| format!("{} is new", at(key))))
}

/// Whether two values mean the same: 1 and 1.0 do.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_lowers_the_cap_of_a_sweep_only_as_long_as_it_was_not_extended() {
        let cap = |now, creation, present| cap_of_file(now, creation, Some(present));
        assert_eq!(cap(Some(30), Some(60), 60), Some(30));
        assert_eq!(cap(Some(60), Some(60), 80), Some(80));
        assert_eq!(cap(Some(70), Some(60), 80), Some(80));
        assert_eq!(cap(Some(90), Some(60), 80), Some(90));
        assert_eq!(cap(None, Some(20), 20), Some(20));
        assert_eq!(cap_of_file(None, None, None), None);
        assert_eq!(cap_of_file(Some(5), None, None), Some(5));
    }

    #[test]
    fn the_key_that_differs_is_named() {
        let config = |max: Value| json!({"method": "grid", "parameters": {"lr": {"min": 0, "max": max}}});
        assert_eq!(difference(&config(json!(1)), &config(json!(1.0)), ""), None);
        let found = difference(&config(json!(1)), &config(json!(2)), "");
        assert_eq!(found.as_deref(), Some("parameters.lr.max was 1 and is now 2"));
        let found = difference(&config(json!(1)), &json!({"method": "grid"}), "");
        assert_eq!(found.as_deref(), Some("parameters was removed"));
        let found = difference(&json!({}), &json!({"run_cap": 3}), "");
        assert_eq!(found.as_deref(), Some("run_cap is new"));
    }
}
