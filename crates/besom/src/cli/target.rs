//! Which sweep and which run somebody means: whole ids, unique beginnings of ids, the newest one, the best one.

use std::str::FromStr;

use anyhow::{Result, anyhow};
use besom_core::{RunNumber, did_you_mean, nearest};
use besom_engine::{Place, id_of_path};
use besom_store::{RunQuery, RunRow, Store, StoreError, SweepId, SweepRow};

use crate::cli::output::notice;
use crate::cli::{describe, front};
use crate::error::InputError;

/// The sweep with this id, or the only one whose id begins so; `entity/project/` in front of it is ignored.
pub(crate) fn sweep(store: &mut dyn Store, place: &Place, id: &str) -> Result<SweepRow> {
    let wanted = id_of_path(id);
    match store.sweep(&SweepId::new(wanted)) {
        Err(StoreError::NoSweep { .. }) => {}
        found => return Ok(found?),
    }
    let sweeps = store.sweeps()?;
    let ids = || sweeps.iter().map(|sweep| sweep.new.id.as_str());
    let begin: Vec<&str> = ids().filter(|id| !wanted.is_empty() && id.starts_with(wanted)).collect();
    match begin[..] {
        [only] => Ok(store.sweep(&SweepId::new(only))?),
        [] => {
            let near = did_you_mean(nearest(wanted, ids()));
            Err(InputError::new(format!(
                "no sweep has the id '{wanted}'{near} (in the store {place}); besom list shows all sweeps"
            ))
            .into())
        }
        _ => Err(InputError::new(format!(
            "several sweeps have ids that begin with '{wanted}': {}",
            begin.join(", ")
        ))
        .into()),
    }
}

/// The sweep with this id, or the newest one; that is said, because others may have come meanwhile.
pub(crate) fn sweep_or_newest(store: &mut dyn Store, place: &Place, id: Option<&str>) -> Result<SweepRow> {
    if let Some(id) = id {
        return sweep(store, place, id);
    }
    let newest = store.sweeps()?.pop().ok_or_else(|| {
        InputError::new(format!("no sweeps yet in the store {place}; create one with: besom run FILE"))
    })?;
    notice(format!("sweep {}{}, the newest", newest.new.id, describe::title(&newest)));
    Ok(newest)
}

/// A run of a sweep as it is typed: `12`, `best`, or `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunName {
    Number(RunNumber),
    /// The best run of the sweep.
    Best,
    /// The one that began last.
    Last,
}

impl FromStr for RunName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "best" => Ok(Self::Best),
            "last" => Ok(Self::Last),
            "0" => Err("run numbers start at 1".to_owned()),
            _ => {
                let number = text.parse().ok().and_then(RunNumber::new);
                number.map(Self::Number).ok_or_else(|| "expected a run number, best or last".to_owned())
            }
        }
    }
}

/// The run that is meant.
pub(crate) fn run(store: &mut dyn Store, sweep: &SweepRow, name: RunName) -> Result<RunRow> {
    let id = &sweep.new.id;
    let number = match name {
        RunName::Number(number) => Some(number),
        RunName::Best if front::has_front(sweep) => {
            let metrics = sweep.new.metrics.len();
            let message = format!(
                "sweep {id} has {metrics} metrics, and so a front in place of a best run: see besom best {id}"
            );
            return Err(InputError::new(message).into());
        }
        RunName::Best => store.status(id)?.best.map(|best| best.run),
        RunName::Last => {
            let runs = store.runs(id, &RunQuery::default())?;
            runs.iter()
                .filter(|run| run.started_ms.is_some())
                .max_by_key(|run| run.started_ms)
                .map(|run| run.number)
        }
    };
    let none = || match name {
        RunName::Best => anyhow!(
            "sweep {id} has no best run: no run has logged a number as '{}' yet",
            describe::metric(sweep)
        ),
        _ => anyhow!("no run of sweep {id} has started yet"),
    };
    let number = number.ok_or_else(none)?;
    match store.run(id, number) {
        Err(StoreError::NoRun { .. }) => {
            let runs = match sweep.runs {
                0 => "none yet".to_owned(),
                1 => "run 1 only".to_owned(),
                runs => format!("runs 1 to {runs}"),
            };
            Err(InputError::new(format!("sweep {id} has no run {number}: it has {runs}")).into())
        }
        found => Ok(found?),
    }
}
