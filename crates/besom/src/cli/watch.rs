//! `besom status --watch`: how a sweep gets on, until it ends.

use std::time::Duration;

use anyhow::Result;
use besom_core::Registry;
use besom_engine::Place;
use besom_store::{Queue, Store, SweepRow};

use crate::cli::expected::Watched;
use crate::cli::inspect::glance;
use crate::cli::live::Live;
use crate::cli::output::{Outcome, line};
use crate::cli::target;
use crate::cli::text::Line;

/// How long at most until another look: agents fall silent, and time passes, without a change.
const LOOK: Duration = Duration::from_secs(2);

/// The least time between two looks at a sweep that changes all the time.
const PACE: Duration = Duration::from_millis(250);

pub(crate) fn watch(registry: &Registry, place: &Place, id: Option<&str>) -> Result<Outcome> {
    let mut store = place.open_to_read()?;
    let mut sweep = match id {
        Some(id) => target::sweep(&mut *store, place, id)?,
        None => match newest_open(store.sweeps()?) {
            Some(sweep) => sweep,
            None => target::sweep_or_newest(&mut *store, place, None)?,
        },
    };
    let (mut live, mut shown, mut cursor) = (Live::new(), String::new(), 0);
    let mut watched = Watched::default();
    while !sweep.state.is_over() {
        let text = glance(registry, &mut *store, &sweep, &mut watched)?;
        match &mut live {
            Some(live) => live.show(Vec::new(), 0, text.lines().map(Line::from).collect()),
            None if text != shown => line(format!("{text}\n"))?,
            None => {}
        }
        shown = text;
        std::thread::sleep(PACE);
        cursor = store.wait(sweep.id(), cursor, LOOK)?;
        sweep = store.sweep(sweep.id())?;
    }
    if let Some(live) = &mut live {
        live.clear();
    }
    line(glance(registry, &mut *store, &sweep, &mut Watched::default())?)?;
    Ok(Outcome::Done)
}

/// The newest sweep that has not ended.
fn newest_open(sweeps: Vec<SweepRow>) -> Option<SweepRow> {
    sweeps.into_iter().rfind(|sweep| !sweep.state.is_over())
}
