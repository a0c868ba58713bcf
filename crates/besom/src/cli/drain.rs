//! Commands about the agents of a sweep: `agents`, `drain`.

use anyhow::Result;
use besom_engine::Place;
use besom_store::{AgentRow, Store, system_clock};

use crate::cli::output::{self, Outcome, line};
use crate::cli::{table, target};

/// Lists the agents of a sweep.
pub(crate) fn agents(place: &Place, id: Option<&str>, all: bool, json: bool) -> Result<Outcome> {
    let mut store = place.open_to_read()?;
    let sweep = target::sweep_or_newest(&mut *store, place, id)?;
    let (id, mut rows) = (sweep.id(), store.agents(sweep.id())?);
    let joined = rows.len();
    rows.retain(|row| all || !row.left);
    if json {
        output::json(&rows)?;
        return Ok(Outcome::Done);
    }
    let gone = (joined - rows.len()) as u64;
    if rows.is_empty() {
        line(format!("no agent works on sweep {id}; start one with: besom agent {id}"))?;
    } else {
        line(table::text(&listed(&rows)))?;
    }
    if gone > 0 {
        let (have, them) = if gone == 1 { ("has", "it") } else { ("have", "them") };
        line(format!(
            "{} {have} left; list {them}, too, with: besom agents {id} --all",
            table::count(gone, "agent")
        ))?;
    }
    Ok(Outcome::Done)
}

fn listed(rows: &[AgentRow]) -> comfy_table::Table {
    let now = system_clock()();
    let mut table = table::table(&["agent", "state", "run", "last sign"], &[2, 3]);
    for row in rows {
        let run = row.run.map_or_else(|| "-".to_owned(), |run| run.to_string());
        let seen = format!("{} ago", table::span(now.saturating_sub(row.seen_ms)));
        table.add_row([row.name.clone(), standing(row).to_owned(), run, seen]);
    }
    table
}

/// How an agent stands, as the dashboard says it.
fn standing(row: &AgentRow) -> &'static str {
    match row {
        _ if row.left => "left",
        _ if !row.alive => "silent",
        _ if row.draining => "draining",
        _ if row.run.is_some() => "running",
        _ => "idle",
    }
}

/// Lets agents finish their runs and exit.
pub(crate) fn drain(place: &Place, id: &str, names: &[String]) -> Result<Outcome> {
    let mut store = place.open()?;
    let sweep = target::sweep(&mut *store, place, id)?;
    let id = sweep.id();
    let meant = besom_engine::drain(&mut *store, id, names)?;
    for row in &meant {
        line(format!("agent {} {}", row.name, described(row)))?;
    }
    let is_open = !sweep.state.is_over();
    if is_open && store.agents(id)?.iter().all(|row| !row.alive || row.draining) {
        line(format!("no other agent works on sweep {id}; start one with: besom agent {id}"))?;
    }
    Ok(Outcome::Done)
}

/// What becomes of an agent that was as in this row.
fn described(row: &AgentRow) -> String {
    match row.run {
        _ if row.left => "has already left".to_owned(),
        _ if row.draining => "is already draining".to_owned(),
        Some(run) => format!("finishes run {run} and exits"),
        None => "exits".to_owned(),
    }
}
