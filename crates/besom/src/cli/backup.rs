//! `besom backup`: a copy of a store that may be in use.

use std::path::Path;

use anyhow::Result;
use besom_engine::{BackupContent, Place};

use crate::cli::output::{Outcome, line};

pub(crate) fn backup(place: &Place, to: &Path, with_runs: bool) -> Result<Outcome> {
    let content = if with_runs { BackupContent::WithRuns } else { BackupContent::Store };
    place.back_up(to, content)?;
    line(format!("copied the store to {}", to.display()))?;
    Ok(Outcome::Done)
}
