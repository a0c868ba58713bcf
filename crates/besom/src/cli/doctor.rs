//! `besom doctor`: is the store well, and what can be saved if it is not.

use std::path::Path;

use anyhow::Result;
use besom_engine::Place;
use besom_store::Health;
use serde_json::json;

use crate::cli::output::{self, Outcome, line};
use crate::cli::table::count;

pub(crate) fn doctor(place: &Place, salvage: Option<&Path>, as_json: bool) -> Result<Outcome> {
    let (health, what) = match salvage {
        Some(to) => (place.salvage(to)?, to.display().to_string()),
        None => (place.examine()?, place.directory().unwrap_or(Path::new("")).display().to_string()),
    };
    if as_json {
        let Health { sweeps, runs, problems, .. } = &health;
        output::json(&json!({"store": what, "sweeps": sweeps, "runs": runs, "problems": problems}))?;
    } else {
        print(&health, &what, salvage.is_some())?;
    }
    let is_lost = salvage.is_some() && health.sweeps == 0;
    Ok(if health.problems.is_empty() && !is_lost { Outcome::Done } else { Outcome::Failed })
}

fn print(health: &Health, what: &str, is_saved: bool) -> Result<()> {
    let (sweeps, runs) = (count(health.sweeps, "sweep"), count(health.runs, "run"));
    let verb = if is_saved { "saved" } else { "readable" };
    line(format!("store {what}: {sweeps} and {runs} {verb}"))?;
    for problem in &health.problems {
        line(format!("  {problem}"))?;
    }
    match (health.problems.len() as u64, is_saved) {
        (_, true) if health.sweeps == 0 => line("no sweep can be read, so the new store is empty"),
        (0, _) => line("no problems found"),
        (found, true) => line(format!("{} left in the new store", count(found, "problem"))),
        (found, false) => line(format!(
            "{}; copy what can be read to a new store with: besom doctor --salvage DIR",
            count(found, "problem")
        )),
    }
}
