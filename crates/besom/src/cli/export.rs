//! `besom export`: the dashboard of one sweep as one file that needs no server.

use std::io::{IsTerminal, Write};

use anyhow::Result;
use besom_core::Registry;
use besom_engine::Place;

use crate::cli::output::Outcome;
use crate::cli::target;
use crate::error::InputError;

pub(crate) fn export(registry: &Registry, place: &Place, id: Option<&str>) -> Result<Outcome> {
    let mut store = place.open_to_read()?;
    let sweep = target::sweep_or_newest(&mut *store, place, id)?;
    let mut out = std::io::stdout().lock();
    if out.is_terminal() {
        let id = sweep.id();
        let message =
            format!("a page is no text for a terminal; write it to a file: besom export {id} > {id}.html");
        return Err(InputError::new(message).into());
    }
    let page = besom_server::export(registry, &mut *store, place.directory(), sweep.id())?;
    out.write_all(page.as_bytes())?;
    out.flush()?;
    Ok(Outcome::Done)
}
