//! From a configuration to a sweep's row in a store.

use besom_config::SweepConfig;
use besom_store::{NewSweep, PastRun, Store, StoreError, SweepId, SweepRow, Watched};

use crate::PriorRun;

/// Letters of sweep ids.
const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// A sweep to store. Its algorithms were built once before, because they may refuse the problem.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Creation<'a> {
    /// The checked configuration.
    pub config: &'a SweepConfig,
    /// The sweep file as its owner wrote it; what is stored.
    pub text: String,
    /// Where the file is, to find "the same file" again.
    pub source: Option<String>,
    /// The directory in which programs run.
    pub directory: Option<String>,
    /// The seed.
    pub seed: u64,
}

impl<'a> Creation<'a> {
    /// The sweep of a configuration, with an empty text and no places.
    pub fn new(config: &'a SweepConfig, seed: u64) -> Self {
        Self { config, text: String::new(), source: None, directory: None, seed }
    }

    /// The same with the text of the sweep file.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// The same with the place of the sweep file.
    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same with the directory in which programs run.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<String>) -> Self {
        self.directory = Some(directory.into());
        self
    }
}

/// Creates a sweep in state `pending`, under an id of eight letters that no sweep of the store has.
pub fn create(store: &mut dyn Store, creation: Creation<'_>) -> Result<SweepId, StoreError> {
    create_with(store, creation, &[])
}

/// As [`create`], where the sweep begins with runs from elsewhere: all of it in one transaction. To the store they are runs like
/// any other, and count toward the sweep's `run_cap`.
///
/// # Errors
/// Also if there are more of them than the `run_cap`.
pub fn create_with(
    store: &mut dyn Store,
    creation: Creation<'_>,
    prior: &[PriorRun],
) -> Result<SweepId, StoreError> {
    let past: Vec<PastRun> = prior.iter().map(PastRun::from).collect();
    let mut new = stored(new_id(), creation);
    loop {
        match store.create_with(&new, &past) {
            Err(StoreError::SweepExists(_)) => new.id = new_id(),
            created => return created.map(|()| new.id),
        }
    }
}

/// The sweep as it is stored.
fn stored(id: SweepId, creation: Creation<'_>) -> NewSweep {
    let Creation { config, text, source, directory, seed } = creation;
    let mut new = NewSweep::new(id).text(text).seed(seed);
    (new.name, new.source, new.directory) = (config.name.clone(), source, directory);
    new.metrics = config.metrics.iter().map(|m| Watched::new(m.name.as_str(), m.goal)).collect();
    new.run_cap = config.run_cap;
    (new.retry_crashed, new.retry_failed) = (config.retry.crashed, config.retry.failed);
    new
}

/// Another configuration for a sweep that nobody has begun to work on: it keeps its id and labels. All its agents and runs are gone.
///
/// # Errors
/// If the store fails.
pub fn replace(store: &mut dyn Store, sweep: &SweepRow, creation: Creation<'_>) -> Result<(), StoreError> {
    let mut new = stored(sweep.id().clone(), creation);
    new.labels.clone_from(&sweep.new.labels);
    store.remove_sweep(sweep.id())?;
    store.create_sweep(&new)
}

fn new_id() -> SweepId {
    let letter = |_| char::from(LETTERS[usize::from(rand::random::<u8>()) % LETTERS.len()]);
    SweepId::new((0..8).map(letter).collect::<String>())
}

/// The seed of a new sweep: the one its owner asks for, else the one in its file, else a fresh one.
pub fn seed(config: &SweepConfig, wanted: Option<u64>) -> u64 {
    wanted.or(config.seed).unwrap_or_else(besom_core::seed::fresh)
}
