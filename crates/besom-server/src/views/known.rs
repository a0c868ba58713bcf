//! What is kept of each sweep that somebody looks at, so that a look costs what has changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use besom_config::SweepConfig;
use besom_core::{Registry, Space};
use besom_engine::stored_config;
use besom_insight::Axis;
use besom_store::{Store, StoreError, SweepId, SweepRow};

use super::secrets::Secrets;
use crate::columns::Columns;
use crate::lock::lock;

/// How long what nobody looks at is kept.
const UNSEEN: Duration = Duration::from_secs(60);

/// How many answers that are costly to compute are kept of a sweep.
const ANSWERS: usize = 64;

/// What is kept of all sweeps.
#[derive(Debug, Default)]
pub(crate) struct Views {
    sweeps: Mutex<Sweeps>,
}

#[derive(Debug, Default)]
struct Sweeps {
    kept: HashMap<SweepId, Arc<Kept>>,
    /// When those that nobody looks at were last forgotten.
    cleared: Option<Instant>,
}

/// What is kept of one.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) known: Known,
    columns: Mutex<Columns>,
    answers: Mutex<HashMap<String, Answer>>,
    seen: Mutex<Instant>,
}

/// An answer, and the cursor up to which it is one.
type Answer = (u64, Arc<Vec<u8>>);

/// What never changes of a sweep.
#[derive(Debug)]
pub(crate) struct Known {
    /// What its file says; `None` if this program cannot read it.
    pub(crate) config: Option<SweepConfig>,
    /// Those of the parameters that vary.
    pub(super) axes: Vec<Axis>,
    /// What must not be shown.
    pub(super) secrets: Secrets,
}

impl Known {
    pub(super) fn new(registry: &Registry, sweep: &SweepRow) -> Self {
        let config = stored_config(registry, sweep).ok();
        let axes = config.iter().flat_map(|config| config.space.searchable()).map(Axis::new).collect();
        let secrets = Secrets::new(config.as_ref(), &sweep.new.text);
        Self { config, axes, secrets }
    }

    pub(super) fn space(&self) -> Option<&Space> {
        self.config.as_ref().map(|config| &config.space)
    }

    /// How many runs the sweep will have, if that is known.
    pub(crate) fn planned(&self, sweep: &SweepRow) -> Option<u64> {
        self.config.as_ref().map_or(sweep.new.run_cap, |config| besom_engine::planned(sweep, config))
    }
}

impl Views {
    /// What is kept of a sweep; read if nothing is.
    pub(crate) fn of(&self, registry: &Registry, sweep: &SweepRow) -> Arc<Kept> {
        let (mut sweeps, now) = (lock(&self.sweeps), Instant::now());
        if sweeps.cleared.is_none_or(|cleared| now - cleared > UNSEEN / 4) {
            sweeps.kept.retain(|id, kept| id == sweep.id() || now - *lock(&kept.seen) < UNSEEN);
            sweeps.cleared = Some(now);
        }
        let new = || Arc::new(Kept::new(registry, sweep));
        let kept = sweeps.kept.entry(sweep.id().clone()).or_insert_with(new);
        *lock(&kept.seen) = now;
        Arc::clone(kept)
    }

    /// Forgets a sweep that was removed.
    pub(crate) fn forget(&self, id: &SweepId) {
        lock(&self.sweeps).kept.remove(id);
    }
}

impl Kept {
    fn new(registry: &Registry, sweep: &SweepRow) -> Self {
        Self {
            known: Known::new(registry, sweep),
            columns: Mutex::default(),
            answers: Mutex::default(),
            seen: Mutex::new(Instant::now()),
        }
    }

    /// The columns as they are now, without the places of new runs.
    pub(super) fn columns(
        &self,
        store: &mut dyn Store,
        id: &SweepId,
    ) -> Result<MutexGuard<'_, Columns>, StoreError> {
        let mut columns = lock(&self.columns);
        columns.refresh(store, id)?;
        Ok(columns)
    }

    /// The columns as they are now, with all places.
    pub(super) fn placed(
        &self,
        store: &mut dyn Store,
        id: &SweepId,
    ) -> Result<MutexGuard<'_, Columns>, StoreError> {
        let mut columns = self.columns(store, id)?;
        if let Some(space) = self.known.space() {
            columns.place(store, id, space, &self.known.axes)?;
        }
        Ok(columns)
    }

    /// The answer to a question, computed once for each state of the sweep; the state is `cursor`.
    pub(super) fn answer<E>(
        &self,
        question: &str,
        cursor: u64,
        compute: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Arc<Vec<u8>>, E> {
        if let Some((at, answer)) = lock(&self.answers).get(question)
            && *at == cursor
        {
            return Ok(Arc::clone(answer));
        }
        let answer = Arc::new(compute()?);
        let mut answers = lock(&self.answers);
        if answers.len() >= ANSWERS {
            answers.clear();
        }
        answers.insert(question.to_owned(), (cursor, Arc::clone(&answer)));
        Ok(answer)
    }
}
