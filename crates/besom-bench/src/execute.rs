//! Runs the sweeps of a benchmark on threads.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use besom_core::{BoxError, Registry, error_chain};

use crate::files::{self, Appender, References};
use crate::method::Contestant;
use crate::process::Process;
use crate::simulate::{Plan, simulate};
use crate::{Bench, BenchError, Record, Reference, Results, Task, baseline};

/// What a benchmark has done so far.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// How many sweeps are finished, without those that a folder had already.
    pub done: usize,
    /// How many sweeps there are to run.
    pub total: usize,
    /// The sweep that was finished last.
    pub last: &'a Record,
}

/// A sweep to run.
struct Item<'a> {
    contestant: Contestant<'a>,
    /// Its place among the contestants.
    place: usize,
    task: &'a Task,
    seed: u64,
}

pub(crate) fn execute(bench: &Bench<'_>) -> Result<Results, BenchError> {
    let earlier = earlier(bench)?;
    let items = items(bench, &earlier);
    let mut references = match &bench.folder {
        Some(folder) => files::read_references(folder)?,
        None => References::new(),
    };
    let wanted = instances(bench);
    let found = run(bench, &items, &wanted, &references)?;
    references.extend(found.measured);
    if let Some(folder) = bench.folder.as_ref().filter(|_| !references.is_empty()) {
        let others = files::read_references(folder)?;
        references.extend(others.into_iter().filter(|(key, _)| !wanted.contains_key(key)));
        files::write_references(folder, &references)?;
    }
    Ok(Results::new(in_order(bench, earlier.into_values().chain(found.records)), references))
}

type Identity = (String, String, u64);

/// What the folder has of this benchmark already, errors left out.
fn earlier(bench: &Bench<'_>) -> Result<BTreeMap<Identity, Record>, BenchError> {
    let mut earlier = BTreeMap::new();
    let Some(folder) = &bench.folder else { return Ok(earlier) };
    let tasks: HashMap<&str, &Task> = bench.suite.tasks.iter().map(|task| (task.name(), task)).collect();
    let mut problems = Vec::new();
    for label in bench.contestants().iter().map(Contestant::label) {
        let path = files::path_of(folder, &label);
        let records = if path.exists() { files::read_file(&path)? } else { Vec::new() };
        for record in records.into_iter().filter(|record| record.error.is_none() && record.method == label) {
            let Some(task) = tasks.get(record.problem.as_str()) else { continue };
            if !bench.seeds.contains(&record.seed) {
                continue;
            }
            let (runs, workers) = (bench.runs_of(task), bench.workers);
            if record.runs.is_some_and(|theirs| theirs != runs) || record.workers != workers {
                let found = format!("{} runs and {} at a time", record.budget(), record.workers);
                problems.push(format!(
                    "{} holds sweeps of {label} on {} with {found}, not {runs} and {workers}: choose another folder",
                    path.display(),
                    record.problem
                ));
            }
            earlier.insert((label.clone(), record.problem.clone(), record.seed), record);
        }
    }
    problems.dedup();
    if problems.is_empty() { Ok(earlier) } else { Err(BenchError::Invalid { problems }) }
}

/// What is left to run. Seeds are outermost, so that a benchmark that is cut short is still balanced.
fn items<'a>(bench: &'a Bench<'_>, earlier: &BTreeMap<Identity, Record>) -> Vec<Item<'a>> {
    let mut items = Vec::new();
    let contestants = bench.contestants();
    for &seed in &bench.seeds {
        for task in &bench.suite.tasks {
            for (place, contestant) in contestants.iter().enumerate() {
                if !earlier.contains_key(&(contestant.label(), task.name().to_owned(), seed)) {
                    items.push(Item { contestant: *contestant, place, task, seed });
                }
            }
        }
    }
    items
}

/// The instances of a benchmark, by key: the task, a seed that chooses it.
fn instances<'a>(bench: &'a Bench<'_>) -> BTreeMap<String, (&'a Task, u64)> {
    let tasks = bench.suite.tasks.iter();
    let pairs = tasks.flat_map(|task| bench.seeds.iter().map(move |&seed| (task.key(seed), (task, seed))));
    pairs.collect()
}

/// What threads have found.
struct Found {
    records: Vec<Record>,
    measured: References,
}

/// An instance without a reference of the benchmark's length; the thread that needs it first measures it.
struct Instance<'a> {
    task: &'a Task,
    seed: u64,
    measured: OnceLock<Option<Reference>>,
}

/// Runs all items, and measures the instances that have no reference of the benchmark's length.
fn run(
    bench: &Bench<'_>,
    items: &[Item<'_>],
    wanted: &BTreeMap<String, (&Task, u64)>,
    known: &References,
) -> Result<Found, BenchError> {
    let never = AtomicBool::new(false);
    let unknown = wanted.iter().filter(|(key, (task, _))| {
        known.get(*key).is_none_or(|found| found.random.len() < bench.runs_of(task))
    });
    let instance = |(task, seed)| Instance { task, seed, measured: OnceLock::new() };
    let team = Team {
        bench,
        items,
        cancel: bench.cancel.unwrap_or(&never),
        next: AtomicUsize::new(0),
        next_instance: AtomicUsize::new(0),
        instances: unknown.map(|(key, found)| (key.as_str(), instance(*found))).collect(),
        written: Mutex::new(Written { records: Vec::new(), files: HashMap::new(), error: None }),
    };
    std::thread::scope(|scope| {
        // More threads than things to do are of no use.
        for _ in 1..bench.jobs.min(items.len() + team.instances.len()) {
            scope.spawn(|| team.work());
        }
        team.work();
    });
    let written = team.written.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = written.error {
        return Err(error);
    }
    let measured = team
        .instances
        .into_iter()
        .filter_map(|(key, one)| Some((key.to_owned(), one.measured.into_inner()??)));
    Ok(Found { records: written.records, measured: measured.collect() })
}

/// What the threads of a benchmark share.
struct Team<'a> {
    bench: &'a Bench<'a>,
    items: &'a [Item<'a>],
    cancel: &'a AtomicBool,
    next: AtomicUsize,
    next_instance: AtomicUsize,
    instances: BTreeMap<&'a str, Instance<'a>>,
    written: Mutex<Written>,
}

struct Written {
    records: Vec<Record>,
    files: HashMap<usize, Appender>,
    error: Option<BenchError>,
}

impl Team<'_> {
    /// Takes sweeps until none is left, then instances whose sweeps were all there already.
    fn work(&self) {
        let mut processes: HashMap<usize, Option<Process>> = HashMap::new();
        while let Some(item) = self.take(&self.next, self.items) {
            self.measure(&item.task.key(item.seed));
            let process = processes.entry(item.place).or_default();
            if let Some(record) = self.sweep(item, process) {
                self.write(item, record);
            }
        }
        let keys: Vec<&str> = self.instances.keys().copied().collect();
        while let Some(key) = self.take(&self.next_instance, &keys) {
            self.measure(key);
        }
    }

    /// The next thing to do; nothing once the benchmark is over.
    fn take<'b, T>(&self, next: &AtomicUsize, all: &'b [T]) -> Option<&'b T> {
        if self.is_over() { None } else { all.get(next.fetch_add(1, Ordering::Relaxed)) }
    }

    /// Whether the benchmark was canceled or has failed.
    fn is_over(&self) -> bool {
        self.cancel.load(Ordering::Relaxed) || self.written().error.is_some()
    }

    fn written(&self) -> std::sync::MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, error: BenchError) {
        self.written().error.get_or_insert(error);
    }

    /// Measures an instance that has no reference yet.
    fn measure(&self, key: &str) {
        let Some(Instance { task, seed, measured }) = self.instances.get(key) else { return };
        measured.get_or_init(|| {
            let reference = caught(|| reference(key, task, *seed, self.bench.runs_of(task)));
            reference.map_err(|source| self.fail(BenchError::Task { key: key.to_owned(), source })).ok()
        });
    }

    /// Runs a sweep; none if it was canceled.
    fn sweep(&self, item: &Item<'_>, process: &mut Option<Process>) -> Option<Record> {
        let mut record = Record::new(item.contestant.label(), item.task.name(), item.seed);
        let finished = caught(|| self.try_sweep(item, process, &mut record));
        if finished.is_err() {
            *process = None;
        }
        match finished {
            Ok(true) => Some(record),
            Ok(false) => None,
            Err(error) => {
                let mut failed = Record::new(record.method, record.problem, record.seed);
                failed.error = Some(error_chain(&*error));
                Some(failed)
            }
        }
    }

    fn try_sweep(
        &self,
        item: &Item<'_>,
        process: &mut Option<Process>,
        record: &mut Record,
    ) -> Result<bool, BoxError> {
        let Item { contestant, task, seed, .. } = *item;
        let objective = task.objective(seed)?;
        let runs = self.bench.runs_of(task);
        let mut problem = objective.problem();
        problem.seed = seed;
        problem.run_cap = Some(runs as u64);
        let goal = problem.metric().ok_or("an objective needs a metric")?.goal;
        let plan =
            Plan { runs, epochs: task.full_epochs(), workers: self.bench.workers, seed, cancel: self.cancel };
        record.key = task.key(seed);
        let empty = Registry::new();
        let registry = self.bench.registry.unwrap_or(&empty);
        contestant.with_session(registry, problem, process, self.bench.timeout, |session| {
            simulate(&plan, &*objective, goal, session, record)
        })
    }

    fn write(&self, item: &Item<'_>, record: Record) {
        let mut written = self.written();
        let appended = self.bench.folder.as_ref().map_or(Ok(()), |folder| {
            let file = match written.files.entry(item.place) {
                Entry::Occupied(open) => open.into_mut(),
                Entry::Vacant(place) => place.insert(Appender::open(folder, &record.method)?),
            };
            file.append(&record)
        });
        if let Err(error) = appended {
            written.error.get_or_insert(error);
        }
        written.records.push(record);
        if let Some(report) = &self.bench.progress {
            let last = written.records.last().expect("it was just pushed");
            report(&Progress { done: written.records.len(), total: self.items.len(), last });
        }
    }
}

/// The reference that an objective has stored, or else a measured one.
fn reference(key: &str, task: &Task, seed: u64, runs: usize) -> Result<Reference, BoxError> {
    let objective = task.objective(seed)?;
    match objective.reference() {
        Some(stored) if stored.random.len() >= runs => Ok(stored),
        _ => baseline::measure(&*objective, key, runs),
    }
}

/// The order that does not depend on threads: methods, then tasks, then seeds, each as the benchmark lists them.
fn in_order(bench: &Bench<'_>, records: impl Iterator<Item = Record>) -> Vec<Record> {
    let labels: Vec<String> = bench.contestants().iter().map(Contestant::label).collect();
    let mut records: Vec<Record> = records.collect();
    records.sort_by_cached_key(|record| {
        let method = labels.iter().position(|label| *label == record.method);
        let task = bench.suite.tasks.iter().position(|task| task.name() == record.problem);
        (method, task, bench.seeds.iter().position(|seed| *seed == record.seed))
    });
    records
}

/// A panic as an error.
fn caught<T>(act: impl FnOnce() -> Result<T, BoxError>) -> Result<T, BoxError> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(format!("panicked: {}", text.unwrap_or_else(|| "no text".to_owned())).into())
    })
}
