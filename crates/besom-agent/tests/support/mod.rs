//! What the tests with real stores and processes share.
#![allow(
    dead_code,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "each test file uses its part; tests may panic"
)]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use besom_agent::{AgentOptions, Idle, Outcome, ProgramRunner, RunDir, Runner, Shutdown, work};
use besom_core::{Goal, RunNumber};
use besom_store::{
    Added, Clock, Lease, NewRun, NewSweep, Queue, Row, RunRow, SqliteStore, Store, SweepId, SweepRow,
    forward_queue, system_clock,
};
use serde_json::{Map, Value, json};

/// Waits until a condition holds: long enough for a machine under load, but not forever.
pub fn eventually<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(Instant::now() < until, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// A store directory with one sweep, and a directory for programs.
pub struct Scene {
    root: tempfile::TempDir,
    pub sweep: SweepId,
    /// Milliseconds by which the store's clock is ahead of the wall clock.
    ahead: Arc<AtomicU64>,
    /// Changes the sweep before it is created.
    pub options: AgentOptions,
    pub shutdown: Shutdown,
}

impl Scene {
    /// A sweep with a run for each value of `x`.
    pub fn new(xs: &[i64]) -> Self {
        Self::with(xs, |_| {})
    }

    pub fn with(xs: &[i64], change: impl FnOnce(&mut NewSweep)) -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("work")).unwrap();
        let sweep = SweepId::new("sweep001");
        let options = AgentOptions::new("tester/1/1")
            .directory(root.path().join("store"))
            .heartbeat_interval(Duration::from_millis(50))
            .poll_max(Duration::from_millis(10));
        fs::create_dir(root.path().join("store")).unwrap();
        let scene = Self { root, sweep, ahead: Arc::default(), options, shutdown: Shutdown::new() };
        let mut new =
            NewSweep::new(scene.sweep.clone()).seed(1).metric("loss", Goal::Minimize).retry_crashed(1);
        change(&mut new);
        let mut store = scene.store();
        store.create_sweep(&new).unwrap();
        let runs: Vec<NewRun> = xs.iter().map(|x| NewRun::new(object(json!({"x": x})))).collect();
        if !runs.is_empty() {
            let added = store.add_runs(&scene.sweep, RunNumber::FIRST, &runs, None).unwrap();
            assert_eq!(added, Added::Added(runs.len()));
        }
        scene
    }

    /// The directory of the store.
    pub fn directory(&self) -> PathBuf {
        self.root.path().join("store")
    }

    /// A connection of its own.
    pub fn store(&self) -> SqliteStore {
        open_store(&self.directory(), Arc::clone(&self.ahead))
    }

    /// Lets the store's clock jump forward.
    pub fn let_pass(&self, time: Duration) {
        self.ahead.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// The directory in which programs run.
    pub fn work_dir(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// A file there.
    pub fn file(&self, name: &str) -> PathBuf {
        self.work_dir().join(name)
    }

    /// The content of a file there, once it has a whole line.
    pub fn eventually_read(&self, name: &str) -> String {
        eventually(&format!("{name} is written"), || {
            fs::read_to_string(self.file(name)).ok().filter(|text| text.ends_with('\n'))
        })
    }

    /// A runner that executes `script` by `sh`, with a supervisor.
    pub fn shell(&self, script: &str) -> ProgramRunner {
        let words = ["sh", "-c", script, "program", "${args}"];
        let mut runner = ProgramRunner::new(self.work_dir(), self.directory());
        runner.command = Some(words.map(str::to_owned).to_vec());
        runner.supervisor = Some(supervisor());
        runner
    }

    /// Works on the sweep until there is nothing left to claim.
    pub fn work(&self, runner: &mut dyn Runner) -> Outcome {
        self.work_on(&mut QueueOnly(self.store()), runner)
    }

    /// As [`Scene::work`], on a queue of one's own.
    pub fn work_on(&self, queue: &mut dyn Queue, runner: &mut dyn Runner) -> Outcome {
        let shutdown = self.shutdown.clone();
        let mut owner = self.store();
        let mut idle = || {
            let runs = owner.runs(&self.sweep, &besom_store::RunQuery::default())?;
            if runs.iter().all(|run| !run.state.is_open()) {
                shutdown.raise();
            }
            Ok(Idle::Waiting)
        };
        work(queue, &self.sweep, &self.options, runner, &self.shutdown, &mut idle).unwrap()
    }

    /// Executes one run of a shell script and returns its row.
    pub fn run_one(&self, script: &str) -> RunRow {
        self.work(&mut self.shell(script));
        self.run(1)
    }

    /// Works in another thread while `act` runs.
    pub fn while_working(&self, mut runner: ProgramRunner, act: impl FnOnce()) -> Outcome {
        thread::scope(|scope| {
            let agent = scope.spawn(move || self.work(&mut runner));
            act();
            agent.join().unwrap()
        })
    }

    pub fn run(&self, number: u64) -> RunRow {
        self.store().run(&self.sweep, RunNumber::new(number).unwrap()).unwrap()
    }

    pub fn row(&self) -> SweepRow {
        self.store().sweep(&self.sweep).unwrap()
    }

    /// The rows of the newest attempt of a run: `seq:values`.
    pub fn rows(&self, number: u64) -> Vec<String> {
        let rows = self.store().rows(&self.sweep, RunNumber::new(number).unwrap(), None).unwrap();
        rows.iter()
            .map(|Row { seq, values, .. }| format!("{seq}:{}", Value::Object(values.clone())))
            .collect()
    }

    pub fn dir(&self, number: u64, attempt: u64) -> RunDir {
        let run = RunNumber::new(number).unwrap();
        RunDir::new(&self.directory(), &Lease { sweep: self.sweep.clone(), run, attempt })
    }

    /// Waits until this many rows of a run are stored.
    pub fn eventually_logged(&self, number: u64, rows: u64) {
        eventually("rows are stored", || (self.run(number).rows >= rows).then_some(()));
    }
}

/// A store of which one sees the queue and nothing else. All agents of these tests work on it, so that what
/// they need cannot grow beyond [`Queue`].
pub struct QueueOnly(pub SqliteStore);

impl Queue for QueueOnly {
    forward_queue!(|self, call| call(&mut self.0));
}

/// A queue whose reports hang, as at a server that answers nothing and closes nothing.
pub struct Hanging {
    pub store: SqliteStore,
    pub valve: Valve,
}

/// What keeps the reports of a queue.
#[derive(Clone, Default)]
pub struct Valve {
    shut: Arc<AtomicBool>,
    waiting: Arc<AtomicBool>,
}

impl Valve {
    /// Keeps reports from now on; returns when one is kept.
    pub fn shut(&self) {
        self.shut.store(true, Ordering::SeqCst);
        eventually("a report hangs", || self.waiting.load(Ordering::SeqCst).then_some(()));
    }

    pub fn open(&self) {
        self.shut.store(false, Ordering::SeqCst);
    }
}

impl Queue for Hanging {
    forward_queue!(
        [report] | self,
        call | {
            while self.valve.shut.load(Ordering::SeqCst) {
                self.valve.waiting.store(true, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(2));
            }
            call(&mut self.store)
        }
    );
    forward_queue!(
        [
            join, claim, describe, print, resume, finish, idle, leave, held, running, give_up, give_back,
            quarantine, wait
        ] | self,
        call | call(&mut self.store)
    );
}

pub fn open_store(directory: &Path, ahead: Arc<AtomicU64>) -> SqliteStore {
    let now = system_clock();
    let clock: Clock = Arc::new(move || now() + ahead.load(Ordering::SeqCst));
    SqliteStore::open(&directory.join("besom.db"), clock).unwrap()
}

pub fn supervisor() -> Vec<OsString> {
    vec![env!("CARGO_BIN_EXE_besom-supervise").into()]
}

pub fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// Whether a process lives; one that only waits to be reaped does not.
pub fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| rest.trim().starts_with(['R', 'S', 'D', 'T', 't', 'I']))
}

/// The processes whose numbers are the lines of a text.
pub fn living(pids: &str) -> Vec<String> {
    pids.lines().filter(|pid| is_alive(pid)).map(str::to_owned).collect()
}
