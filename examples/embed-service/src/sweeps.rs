//! Sweeps in memory with worker threads: nothing here knows of HTTP.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use besom_config::Reader;
use besom_controller::{ControllerError, Sweep};
use besom_core::serde_json::{Map, Value, json};
use besom_core::{Answer, BoxError, Registry, RunNumber, RunState};

/// How many runs of a sweep are executed in parallel.
const WORKERS: usize = 2;

type Params = Map<String, Value>;

/// All sweeps of the service.
pub struct Sweeps {
    registry: Registry,
    all: Mutex<Vec<Arc<Job>>>,
}

/// A sweep with its workers.
pub struct Job {
    /// Locked while the search thinks.
    sweep: Mutex<Sweep>,
    /// Signaled when a run has ended: workers that were told to wait ask again.
    ended: Condvar,
    canceled: AtomicBool,
    /// What a request sees; never locked while the search thinks.
    progress: Mutex<Value>,
}

impl Sweeps {
    pub fn new() -> Self {
        let mut registry = Registry::new();
        besom_search::register(&mut registry);
        besom_stop::register(&mut registry);
        Self { registry, all: Mutex::default() }
    }

    /// Starts a sweep and returns its id; or all that is wrong with its file.
    pub fn start(&self, file: &str) -> Result<usize, BoxError> {
        let config = Reader::new(&self.registry).read(file, "sweep")?.config;
        let problem = config.problem();
        let search = self.registry.search(&config.method.name, &problem, &config.method.options)?;
        let stopper =
            config.early_terminate.map(|rule| self.registry.stopper(&rule.name, &problem, &rule.options));
        let mut sweep = Sweep::new(problem, search);
        if let Some(stopper) = stopper.transpose()? {
            sweep = sweep.with_stopper(stopper);
        }
        let job = Arc::new(Job {
            sweep: Mutex::new(sweep),
            ended: Condvar::new(),
            canceled: AtomicBool::new(false),
            progress: Mutex::new(json!({ "state": "running" })),
        });
        for _ in 0..WORKERS {
            let job = Arc::clone(&job);
            thread::spawn(move || job.work());
        }
        let mut all = lock(&self.all);
        all.push(job);
        Ok(all.len() - 1)
    }

    pub fn get(&self, id: usize) -> Option<Arc<Job>> {
        lock(&self.all).get(id).cloned()
    }
}

impl Job {
    pub fn progress(&self) -> Value {
        lock(&self.progress).clone()
    }

    /// Asks the workers to leave; a run notices at its next epoch.
    pub fn cancel(&self) {
        self.canceled.store(true, Ordering::Relaxed);
        self.ended.notify_all();
    }

    fn work(&self) {
        let worked = self.run_all();
        let state = match &worked {
            Err(error) => json!({ "failed": besom_core::error_chain(error) }),
            Ok(()) if self.canceled.load(Ordering::Relaxed) => json!("canceled"),
            Ok(()) => json!("finished"),
        };
        self.publish(&lock(&self.sweep), state);
        self.ended.notify_all();
    }

    fn run_all(&self) -> Result<(), ControllerError> {
        while let Some((run, params)) = self.next()? {
            // Learning from a run that panicked is the sweep's business, not a reason to lose the worker.
            let trained = catch_unwind(AssertUnwindSafe(|| train(&params, |loss| self.log(run, loss))));
            let state = match trained {
                Ok(Ok(true)) => RunState::Finished,
                Ok(Ok(false)) if self.canceled.load(Ordering::Relaxed) => RunState::Killed,
                Ok(Ok(false)) => RunState::Finished, // stopped early: what it reached counts
                Ok(Err(error)) => return Err(error),
                Err(_panic) => RunState::Failed,
            };
            let mut sweep = lock(&self.sweep);
            sweep.end(run, state)?;
            self.publish(&sweep, json!("running"));
            self.ended.notify_all();
        }
        Ok(())
    }

    /// The next run to execute; `None` if there is none any more.
    fn next(&self) -> Result<Option<(RunNumber, Params)>, ControllerError> {
        let mut sweep = lock(&self.sweep);
        while !self.canceled.load(Ordering::Relaxed) {
            match sweep.ask(1)? {
                Answer::Try(runs) => return Ok(sweep.params(runs[0]).map(|params| (runs[0], params))),
                Answer::Wait => sweep = self.ended.wait(sweep).unwrap_or_else(PoisonError::into_inner),
                Answer::Done => break,
            }
        }
        Ok(None)
    }

    /// Logs a value of a running run; whether the run shall continue.
    fn log(&self, run: RunNumber, loss: f64) -> Result<bool, ControllerError> {
        let mut sweep = lock(&self.sweep);
        sweep.report(run, loss)?;
        sweep.stops()?; // names each run once, to whichever worker asks; the reason stays with the run
        let stopped = sweep.history().get(run).is_some_and(|run| run.stopped.is_some());
        Ok(!stopped && !self.canceled.load(Ordering::Relaxed))
    }

    fn publish(&self, sweep: &Sweep, state: Value) {
        let history = sweep.history();
        let count = |state| history.count(state);
        let stopped = history.runs().iter().filter(|run| run.stopped.is_some()).count();
        let best = sweep.best().map(
            |best| json!({ "run": best.run.get(), "value": best.value, "params": sweep.params(best.run) }),
        );
        *lock(&self.progress) = json!({
            "state": state,
            "runs": history.len(),
            "finished": count(RunState::Finished),
            "stopped_early": stopped,
            "failed": count(RunState::Failed),
            "best": best,
        });
    }
}

/// Stands for your training: logs a loss per epoch and returns whether it came to its end.
fn train<E>(params: &Params, mut log: impl FnMut(f64) -> Result<bool, E>) -> Result<bool, E> {
    let x = params["x"].as_f64().expect("the service sweeps over a number x");
    assert!(x < 9.0, "no training beyond 9");
    for epoch in 1..=10 {
        if !log((x - 1.0).powi(2) + 1.0 / f64::from(epoch))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Locks what a panic elsewhere may have poisoned: everything behind these locks is whole at any time.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
