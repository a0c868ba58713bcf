//! Agents at work in this process: programs, or calls of a Python function.
//!
//! An agent is a thread of Rust that holds no lock of Python. Functions are called elsewhere: the only agent's on the
//! thread that waits for it here, so that a training function may be on the main thread, where Ctrl-C reaches it
//! and libraries that insist on the main thread work; each of several agents has a second thread for its function.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use besom_agent::{
    AgentError, AgentOptions, CrashLoopGuard, ExitReason, Idle, Level, ProgramRunner, Runner, Shutdown,
};
use besom_config::SweepConfig;
use besom_controller::{Controller, ControllerError, Step};
use besom_core::BoxError;
use besom_store::{SqliteStore, Store, SweepId, SweepRow};
use pyo3::prelude::*;

use crate::error::{Failure, SweepPaused};
use crate::function::{Call, FunctionRunner};
use crate::place;

/// How often the stopping rule looks at running runs.
const PACE: Duration = Duration::from_millis(250);

/// How often Python gets to see its signals.
const SIGNALS: Duration = Duration::from_millis(20);

/// How soon a program that logs nothing hears that it is to end. Each beat is a write to the store.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// After how long a silence others may give up a run of these agents.
const SILENCE: Duration = Duration::from_secs(60);

/// What the agents of one call have in common.
struct Crew {
    directory: PathBuf,
    sweep: SweepRow,
    config: SweepConfig,
    jobs: u32,
    count: Option<u64>,
    supervisor: Vec<OsString>,
    command: Option<Vec<String>>,
    stepper: Option<Mutex<Stepper>>,
    shutdown: Shutdown,
    guard: CrashLoopGuard,
    over: AtomicBool,
}

/// What steps the sweep: agents see no store, so it has one of its own.
struct Stepper {
    controller: Controller,
    store: SqliteStore,
}

/// Works on a sweep until it is over, or the agents have executed `count` runs. Calls `function` for each run, or executes
/// `command` or else the sweep's program. Says how many runs were executed.
#[pyfunction]
#[pyo3(signature = (store, id, function=None, *, jobs=1, count=None, supervisor=Vec::new(), command=None, steps=true, shutdown=None))]
#[expect(clippy::too_many_arguments, reason = "Python calls it by keywords")]
pub(crate) fn run_agents(
    py: Python<'_>,
    store: PathBuf,
    id: String,
    function: Option<Py<PyAny>>,
    jobs: u32,
    count: Option<u64>,
    supervisor: Vec<OsString>,
    command: Option<Vec<String>>,
    steps: bool,
    shutdown: Option<Py<PyShutdown>>,
) -> PyResult<u64> {
    let shutdown = shutdown.map_or_else(Shutdown::new, |shutdown| shutdown.get().shutdown.clone());
    let crew = py.detach(|| -> Result<Crew, Failure> {
        let directory = std::path::absolute(store)?;
        let sweep = place::open(&directory)?.sweep(&SweepId::new(id))?;
        let config = place::stored_config(&sweep)?;
        let steps = steps && !config.controller_local;
        let stepper = steps
            .then(|| -> Result<_, Failure> {
                let controller = place::controller(&sweep, &crate::algorithm::Algorithms::default())?;
                Ok(Mutex::new(Stepper { controller, store: place::open(&directory)? }))
            })
            .transpose()?;
        Ok(Crew {
            directory,
            sweep,
            config,
            jobs: jobs.max(1),
            count,
            supervisor,
            command,
            stepper,
            shutdown,
            guard: CrashLoopGuard::default(),
            over: AtomicBool::new(false),
        })
    })?;
    crew.work(py, function.as_ref())
}

impl Crew {
    fn work(&self, py: Python<'_>, function: Option<&Py<PyAny>>) -> PyResult<u64> {
        let mut interrupt = None;
        let (calls, called) = mpsc::channel();
        let called = Mutex::new(called);
        let ended = thread::scope(|scope| {
            let agents: Vec<_> = (1..=self.jobs)
                .map(|job| {
                    let runner = self.runner(py, function, &calls, scope);
                    scope.spawn(move || self.agent(job, runner?))
                })
                .collect();
            drop(calls);
            let stepper = scope.spawn(|| self.keep_stepping());
            let is_over = || agents.iter().all(thread::ScopedJoinHandle::is_finished);
            while !py.detach(is_over) {
                match py.detach(|| next(&called)) {
                    Ok(call) => keep(&mut interrupt, call.execute(py, function)),
                    Err(RecvTimeoutError::Timeout) => {}
                    // No function is ever called on this thread.
                    Err(RecvTimeoutError::Disconnected) => py.detach(|| thread::sleep(SIGNALS)),
                }
                keep(&mut interrupt, py.check_signals());
                if interrupt.is_some() {
                    self.shutdown.raise_to(Level::Terminate);
                }
            }
            self.over.store(true, Ordering::SeqCst);
            py.detach(|| {
                let stepped = join(stepper);
                let agents: Vec<Result<Worked, Failure>> = agents.into_iter().map(join).collect();
                stepped.and_then(|()| agents.into_iter().collect::<Result<Vec<_>, _>>())
            })
        });
        if let Some(interrupt) = interrupt {
            return Err(interrupt);
        }
        conclude(ended?)
    }

    /// What executes the runs of one agent.
    fn runner<'scope>(
        &'scope self,
        py: Python<'_>,
        function: Option<&Py<PyAny>>,
        calls: &Sender<Call>,
        scope: &'scope thread::Scope<'scope, '_>,
    ) -> Result<Box<dyn Runner + Send>, Failure> {
        let Some(function) = function else { return Ok(Box::new(self.program_runner()?)) };
        if self.jobs == 1 {
            return Ok(Box::new(FunctionRunner::new(calls.clone())));
        }
        let (calls, called) = mpsc::channel::<Call>();
        let function = function.clone_ref(py);
        scope.spawn(move || {
            for call in called {
                let executed = Python::attach(|py| call.execute(py, Some(&function)));
                if executed.is_err() {
                    self.shutdown.raise_to(Level::Terminate);
                }
            }
            // The function is Python's; it is let go with the GIL held.
            Python::attach(|_| drop(function));
        });
        Ok(Box::new(FunctionRunner::new(calls)))
    }

    fn program_runner(&self) -> Result<ProgramRunner, Failure> {
        let directory = self.sweep.directory.clone().unwrap_or_else(|| ".".into());
        Ok(ProgramRunner {
            program: self.config.program.clone(),
            command: self.command.clone().or_else(|| self.config.command.clone()),
            supervisor: (!self.supervisor.is_empty()).then(|| self.supervisor.clone()),
            // The supervisor is this very Python. Programs get the same one, also where its environment is not activated.
            interpreters: self
                .supervisor
                .first()
                .and_then(|python| Path::new(python).parent())
                .map(Path::to_owned),
            ..ProgramRunner::new(std::path::absolute(directory)?, self.directory.clone())
        })
    }

    fn agent(&self, job: u32, mut runner: Box<dyn Runner + Send>) -> Result<Worked, Failure> {
        let mut queue = place::open(&self.directory)?;
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let options = AgentOptions {
            count: self.count.map(|count| share(count, job, self.jobs)),
            heartbeat_timeout: SILENCE,
            heartbeat_interval: HEARTBEAT,
            guard: self.guard.clone(),
            ..AgentOptions::new(format!("{host}/{}/{job}", std::process::id()), self.directory.clone())
        };
        let mut idle = || self.idle();
        let outcome =
            besom_agent::work(&mut queue, &self.sweep.id, &options, &mut runner, &self.shutdown, &mut idle);
        // The others have no work either if the store or the search is broken.
        let outcome = outcome.inspect_err(|_: &AgentError| {
            self.shutdown.raise_to(Level::Finish);
        })?;
        Ok(Worked { exit_reason: outcome.exit_reason, runs: outcome.runs })
    }

    fn idle(&self) -> Result<Idle, BoxError> {
        let Some(stepper) = &self.stepper else { return Ok(Idle::Waiting) };
        Ok(match step(stepper, 1)? {
            Step::Ready(_) => Idle::Worked,
            Step::Wait | Step::Paused | Step::Over => Idle::Waiting,
        })
    }

    /// Steps the sweep for its stopping rule while all agents are busy.
    fn keep_stepping(&self) -> Result<(), Failure> {
        let Some(stepper) = &self.stepper else { return Ok(()) };
        while !self.over.load(Ordering::SeqCst) {
            step(stepper, 0)?;
            let mut slept = Duration::ZERO;
            while slept < PACE && !self.over.load(Ordering::SeqCst) {
                thread::sleep(SIGNALS);
                slept += SIGNALS;
            }
        }
        Ok(())
    }
}

/// A word to agents that work in another thread.
#[pyclass(frozen, name = "Shutdown", module = "besom._besom")]
#[derive(Debug, Default)]
pub(crate) struct PyShutdown {
    shutdown: Shutdown,
}

#[pymethods]
impl PyShutdown {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Tells the agents to end their runs, which are handed out again, and to leave.
    fn terminate(&self) {
        self.shutdown.raise_to(Level::Terminate);
    }
}

/// What an agent did.
struct Worked {
    exit_reason: ExitReason,
    runs: u64,
}

fn step(stepper: &Mutex<Stepper>, want: usize) -> Result<Step, ControllerError> {
    let stepper = &mut *stepper.lock().unwrap_or_else(PoisonError::into_inner);
    stepper.controller.step(&mut stepper.store, want)
}

fn conclude(agents: Vec<Worked>) -> PyResult<u64> {
    let broken = agents.iter().find_map(|agent| match &agent.exit_reason {
        ExitReason::Broken(reason) => Some(reason),
        ExitReason::SweepEnded(_) | ExitReason::CountReached | ExitReason::Shutdown => None,
    });
    match broken {
        Some(reason) => Err(SweepPaused::new_err(format!("the sweep is paused: {reason}"))),
        None => Ok(agents.iter().map(|agent| agent.runs).sum()),
    }
}

fn next(called: &Mutex<Receiver<Call>>) -> Result<Call, RecvTimeoutError> {
    called.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(SIGNALS)
}

/// Keeps the first interrupt.
fn keep(interrupt: &mut Option<PyErr>, result: PyResult<()>) {
    if let Err(error) = result {
        interrupt.get_or_insert(error);
    }
}

/// What one of `jobs` agents may do of `count` runs.
fn share(count: u64, job: u32, jobs: u32) -> u64 {
    let (job, jobs) = (u64::from(job), u64::from(jobs));
    count / jobs + u64::from(job <= count % jobs)
}

fn join<T>(thread: thread::ScopedJoinHandle<'_, Result<T, Failure>>) -> Result<T, Failure> {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The life of a supervisor process; see `besom_agent::supervise`.
#[pyfunction]
pub(crate) fn supervise(py: Python<'_>, arguments: Vec<OsString>) -> i32 {
    py.detach(|| besom_agent::supervise(arguments))
}
