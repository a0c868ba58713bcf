//! A sweep from its file to its best run, in one call.

use besom_agent::{FunctionRunner, RunContext, Runner};
use besom_config::{Reader, SweepConfig};
use besom_core::{BoxError, Front, Registry};
use besom_store::{RunRow, Status, SweepId, SweepRow};

use crate::{
    BestExpected, Creation, Crew, CrewOptions, EngineError, MissingMetric, Place, Steps, best_expected,
    build, create, front, registry, seed,
};

/// How [`run`] and [`start`](crate::start) execute a sweep.
///
/// ```
/// use besom_engine::RunOptions;
///
/// let options = RunOptions::in_memory().jobs(4).seed(7); // or RunOptions::new(".besom")?
/// assert!(options.place.directory().is_none());
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct RunOptions {
    /// Where the sweep is stored.
    pub place: Place,
    /// The algorithms that the sweep file may name: the built-in ones, and yours.
    pub registry: Registry,
    /// The number of runs to execute in parallel; 1.
    pub jobs: usize,
    /// The seed, in place of the sweep file's; a fresh one if neither has one.
    pub seed: Option<u64>,
    /// How the agents work.
    pub crew: CrewOptions,
}

impl RunOptions {
    /// The defaults, with the store at the place of this name; see [`Place::new`].
    ///
    /// # Errors
    /// As [`Place::new`].
    pub fn new(place: impl AsRef<std::ffi::OsStr>) -> Result<Self, EngineError> {
        Ok(Self::at(Place::new(place)?))
    }

    /// The defaults, with a new store in memory: nothing touches the file system. See [`Place::memory`].
    pub fn in_memory() -> Self {
        Self::at(Place::memory())
    }

    /// The defaults, with the store at this place.
    pub fn at(place: Place) -> Self {
        let crew = CrewOptions { steps: Steps::Always, ..CrewOptions::default() };
        Self { place, registry: registry(), jobs: 1, seed: None, crew }
    }

    /// The same with algorithms of yours beside the built-in ones, or without these.
    #[must_use]
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// The same with this many runs in parallel.
    #[must_use]
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs;
        self
    }

    /// The same with this seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}

/// What came of a sweep.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Ran {
    /// The sweep: its id, its state, and the reason for it.
    pub sweep: SweepRow,
    /// Counts of runs by state, and the best run.
    pub status: Status,
    /// The best run, if any run has a value of the metric; with several metrics, the best of the first.
    pub best: Option<RunRow>,
    /// The runs that no other one beats, of a sweep with several metrics.
    pub front: Option<Front>,
    /// The run that is expected to be the best, where values are noisy, see [`best_expected`](crate::best_expected()).
    pub best_expected: Option<BestExpected>,
    /// Why no finished run has a value of the metric, if none has.
    pub missing_metric: Option<MissingMetric>,
}

/// Creates a sweep from the text of a sweep file and runs it to completion. `train` is called for each run, on a thread
/// per job; what it logs, and how it ends, becomes the run's. To look at the sweep meanwhile, or cancel it, see
/// [`start`](crate::start); for a display, programs or own threads use [`Crew`].
///
/// ```
/// use besom_engine::{RunOptions, run};
/// use serde_json::json;
///
/// let text = "{method: random, run_cap: 5, metric: {name: loss}, parameters: {x: {min: -1.0, max: 1.0}}}";
/// let ran = run(text, &RunOptions::in_memory(), |run| {
///     let x = run.params()["x"].as_f64().ok_or("x is not a number")?;
///     Ok(run.log_json(json!({"loss": x * x}))?)
/// })?;
/// assert!(ran.status.best.is_some_and(|best| best.value < 1.0));
/// # Ok::<(), besom_engine::EngineError>(())
/// ```
///
/// # Errors
/// If the configuration is invalid, an algorithm refuses it, the store or an agent fails, or the sweep is paused because
/// its algorithms or `train` fail.
pub fn run<F>(text: &str, options: &RunOptions, train: F) -> Result<Ran, EngineError>
where
    F: Fn(&mut RunContext<'_>) -> Result<(), BoxError> + Sync,
{
    let (id, _) = create_sweep(text, options)?;
    work(&id, options, &train)
}

/// Lets agents of this process work on a stored sweep until it has ended.
pub(crate) fn work<F>(id: &SweepId, options: &RunOptions, train: &F) -> Result<Ran, EngineError>
where
    F: Fn(&mut RunContext<'_>) -> Result<(), BoxError> + Sync,
{
    let crew = Crew::new(&options.place, &options.registry, id, options.crew.clone())?;
    let runner = || {
        Box::new(FunctionRunner::new(move |run: &mut RunContext<'_>| train(run)))
            as Box<dyn Runner + Send + '_>
    };
    let worked = crew.work((0..options.jobs.max(1)).map(|_| runner()).collect(), &mut ())?;
    worked.into_runs()?;
    result(&options.place, id, crew.config())
}

/// Creates the sweep of a sweep file, unless an algorithm refuses it; its id, and what the file says.
pub(crate) fn create_sweep(text: &str, options: &RunOptions) -> Result<(SweepId, SweepConfig), EngineError> {
    let config = Reader::new(&options.registry).read(text, "the sweep")?.config;
    let seed = seed(&config, options.seed);
    // An algorithm may refuse the problem: before anything is stored.
    build(&options.registry, &config, seed)?;
    let creation = Creation::new(&config, seed).text(text);
    let id = create(&mut *options.place.open_or_create()?, creation)?;
    Ok((id, config))
}

fn result(place: &Place, id: &SweepId, config: &SweepConfig) -> Result<Ran, EngineError> {
    let mut store = place.open_to_read()?;
    let (sweep, status) = (store.sweep(id)?, store.status(id)?);
    let best = status.best.as_ref().map(|best| store.run(id, best.run)).transpose()?;
    let best_expected = best_expected(&mut *store, &sweep, config)?;
    let missing_metric = MissingMetric::of(&mut *store, id)?;
    let front = front(&mut *store, &sweep, Some(config))?;
    Ok(Ran { sweep, status, best, front, best_expected, missing_metric })
}
