//! Agents at work in this process: programs, or calls of a Python function.
//!
//! The agents are the engine's crew: threads of Rust that hold no lock of Python. Functions are called elsewhere: the only
//! agent's on the thread that waits for it here, so that a training function may be on the main thread, where Ctrl-C
//! reaches it and libraries that insist on the main thread work; each of several agents has a second thread for its
//! function.

use std::ffi::{CString, OsString};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use besom::{GpuRequest, Report, Spelling};
use besom_agent::{Gpus, Level, ProgramRunner, Runner, Shutdown};
use besom_engine::{Attendant, Crew, CrewOptions, EngineError, Event, Place, Steps, Worked, id_of_path};
use besom_server::{Wandb, WandbMode};
use besom_store::SweepId;
use pyo3::exceptions::{PyUserWarning, PyValueError};
use pyo3::prelude::*;

use crate::error::Failure;
use crate::function::{Call, FunctionRunner};
use crate::place;

/// How a call has W&B's client log into its runs.
const INSTEAD: &str = "pass wandb=\"local\"";

/// How often Python gets to see its signals: soon enough for Ctrl-C to feel immediate.
const SIGNALS: Duration = Duration::from_millis(20);

/// How often `watch` is called while nothing else happens.
const PACE: Duration = Duration::from_millis(250);

/// What executes the runs of one agent.
type AnyRunner = Box<dyn Runner + Send>;

/// Execute runs of a sweep until it finishes, the agents have executed `count` runs, or `timeout` seconds are over: then those in
/// hand are finished. Call `function` for each run, or execute `command` or else the sweep's program, on these `gpus` (a list as the
/// command takes it, how many for each run, whether others may use them). Call `watch` now and then, and before each call of
/// `function` that is made on this thread; call `say` with what whoever watches should know.
/// `wandb` says where metrics go that W&B's client logs (auto, local, off), and `imports_wandb` whether the function seems to use it. Return how many runs were executed.
#[pyfunction]
#[pyo3(signature = (store, id, function=None, *, jobs=None, count=None, timeout=None, gpus=None, supervisor=Vec::new(), command=None, steps=true, heartbeat_timeout=60.0, shutdown=None, watch=None, say=None, wandb="off", imports_wandb=false))]
#[expect(clippy::too_many_arguments, reason = "Python calls it by keywords")]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 hands these over by value")]
pub(crate) fn run_agents(
    py: Python<'_>,
    store: PathBuf,
    id: String,
    function: Option<Py<PyAny>>,
    jobs: Option<u32>,
    count: Option<u64>,
    timeout: Option<f64>,
    gpus: Option<(String, u32, bool)>,
    supervisor: Vec<OsString>,
    command: Option<Vec<String>>,
    steps: bool,
    heartbeat_timeout: f64,
    shutdown: Option<Py<PyShutdown>>,
    watch: Option<Py<PyAny>>,
    say: Option<Py<PyAny>>,
    wandb: &str,
    imports_wandb: bool,
) -> PyResult<u64> {
    let heartbeat_timeout = seconds("heartbeat_timeout", heartbeat_timeout)?;
    let timeout = timeout.map(|timeout| seconds("timeout", timeout)).transpose()?;
    let shutdown = shutdown.map_or_else(Shutdown::new, |shutdown| shutdown.get().shutdown.clone());
    let mode = WandbMode::parse(wandb).ok_or_else(|| {
        PyValueError::new_err(format!("wandb must be 'auto', 'local' or 'off', got '{wandb}'"))
    })?;
    let steps = if steps { Steps::UnlessLocal } else { Steps::Never };
    let mut options = CrewOptions::default();
    (options.count, options.heartbeat_timeout) = (count, heartbeat_timeout);
    (options.steps, options.shutdown) = (steps, shutdown.clone());
    py.detach(|| {
        let place = Place::new(store)?;
        let mut crew = Crew::new(&place, &place::registry(), &SweepId::new(id_of_path(&id)), options)?;
        let id = crew.sweep().id().clone();
        let mut caller = Caller::new(&shutdown, watch.as_ref(), say.as_ref(), &id);
        caller.leave = timeout.map(|timeout| Instant::now() + timeout);
        let worked = match &function {
            Some(function) => {
                let chosen = Wandb::new(mode, Path::new("."));
                chosen.notice(INSTEAD, || imports_wandb).into_iter().for_each(|text| caller.say(&text));
                // The environment is that of the process, so of one function at a time.
                crew.set_bridge(chosen.bridge().filter(|_| mode == WandbMode::Off || jobs.unwrap_or(1) == 1));
                call(&crew, function, jobs.unwrap_or(1), caller)?
            }
            None => {
                let plain = crew.program_runner()?;
                let chosen = Wandb::new(mode, &plain.directory);
                let notice = match &command {
                    Some(_) => chosen.notice(INSTEAD, || imports_wandb),
                    None => chosen.notice_for(INSTEAD, &plain.directory, &words(&plain)),
                };
                notice.into_iter().for_each(|text| caller.say(&text));
                crew.set_bridge(chosen.bridge());
                let runner = |gpus| program(&crew, &supervisor, command.clone(), gpus);
                let runners = slots(jobs, gpus, &mut caller)?.into_iter().map(runner);
                work(&crew, runners.collect::<Result<_, EngineError>>()?, &mut caller)?
            }
        };
        Ok(worked.into_runs()?)
    })
    .map_err(Failure::into)
}

fn seconds(name: &str, seconds: f64) -> PyResult<Duration> {
    let span = Duration::try_from_secs_f64(seconds).ok().filter(|span| !span.is_zero());
    span.ok_or_else(|| PyValueError::new_err(format!("{name} must be > 0, got {seconds}")))
}

/// The words of the command line of each run.
fn words(runner: &ProgramRunner) -> Vec<String> {
    runner.outline().split_whitespace().map(str::to_owned).collect()
}

/// The GPUs of each program that is to run in parallel.
fn slots(
    jobs: Option<u32>,
    gpus: Option<(String, u32, bool)>,
    caller: &mut Caller<'_>,
) -> Result<Vec<Gpus>, Failure> {
    let Some((list, per_run, share)) = gpus else {
        return Ok((0..jobs.unwrap_or(1)).map(|_| Gpus::default()).collect());
    };
    let slots = GpuRequest::new(&list, Spelling::Keywords).and_then(|mut request| {
        (request.per_run, request.share) = (per_run, share);
        request.slots(jobs)
    });
    let (slots, notes) = slots.map_err(|error| PyValueError::new_err(error.to_string()))?;
    notes.iter().for_each(|note| caller.say(note));
    Ok(slots)
}

fn program(
    crew: &Crew,
    supervisor: &[OsString],
    command: Option<Vec<String>>,
    gpus: Gpus,
) -> Result<AnyRunner, EngineError> {
    let mut runner = crew.program_runner()?;
    (runner.command, runner.gpus) = (command.or(runner.command), gpus);
    runner.supervisor = (!supervisor.is_empty()).then(|| supervisor.to_vec());
    // The supervisor is this very Python. Programs get the same one, also where its environment is not activated.
    runner.interpreters =
        supervisor.first().and_then(|python| Path::new(python).parent()).map(Path::to_owned);
    Ok(Box::new(runner))
}

/// Lets the crew execute its runs by calls of a function.
fn call<'a>(
    crew: &Crew,
    function: &'a Py<PyAny>,
    jobs: u32,
    mut caller: Caller<'a>,
) -> Result<Worked, Failure> {
    if jobs == 1 {
        let (calls, called) = mpsc::channel();
        caller.calls = Some((called, function));
        return work(crew, vec![Box::new(FunctionRunner::new(calls))], &mut caller);
    }
    thread::scope(|scope| {
        let runner =
            |_| Box::new(FunctionRunner::new(thread_of_calls(scope, function, caller.shutdown))) as AnyRunner;
        let runners = (0..jobs).map(runner).collect();
        work(crew, runners, &mut caller)
    })
}

fn work(crew: &Crew, runners: Vec<AnyRunner>, caller: &mut Caller<'_>) -> Result<Worked, Failure> {
    let worked = crew.work(runners, caller);
    match caller.interrupt.take() {
        Some(interrupt) => Err(interrupt.into()),
        None => Ok(worked?),
    }
}

/// A thread that calls the function, for as long as what is returned is held.
fn thread_of_calls<'scope>(
    scope: &'scope Scope<'scope, '_>,
    function: &'scope Py<PyAny>,
    shutdown: &'scope Shutdown,
) -> Sender<Call> {
    let (calls, called) = mpsc::channel::<Call>();
    scope.spawn(move || {
        for call in called {
            if Python::attach(|py| call.execute(py, function)).is_err() {
                shutdown.raise_to(Level::Terminate);
            }
        }
    });
    calls
}

/// The thread that has called Python's `agent`, while the crew works.
struct Caller<'a> {
    /// Calls that are to be made on this thread, and of what.
    calls: Option<(Receiver<Call>, &'a Py<PyAny>)>,
    shutdown: &'a Shutdown,
    /// What shows how the sweep gets on, and when it is due.
    watch: Option<&'a Py<PyAny>>,
    due: Instant,
    /// What tells whoever watches what happens to the sweep.
    say: Option<&'a Py<PyAny>>,
    sweep: &'a SweepId,
    /// When no more runs are to be begun.
    leave: Option<Instant>,
    /// The first interrupt of this process, such as Ctrl-C.
    interrupt: Option<PyErr>,
}

impl Attendant for Caller<'_> {
    fn event(&mut self, event: Event) {
        if let Event::MetricMissing(missing) = &event {
            let warned = Python::attach(|py| warn(py, &missing.to_string()));
            // Where warnings are errors.
            self.keep(warned);
        } else if let Some(text) = Report::notice(&event, self.sweep) {
            self.say(&text);
        }
    }

    fn attend(&mut self) {
        if self.leave.is_some_and(|leave| Instant::now() >= leave) {
            self.shutdown.raise_to(Level::Finish);
        }
        let call = self.next_call();
        if call.is_some() || Instant::now() >= self.due {
            self.show();
        }
        // After an interrupt a call that is dropped gives its run back.
        if let Some((call, function)) = call.filter(|_| self.interrupt.is_none()) {
            self.keep(Python::attach(|py| call.execute(py, function)));
        }
        self.keep(Python::attach(|py| py.check_signals()));
    }
}

fn warn(py: Python<'_>, text: &str) -> PyResult<()> {
    let text = CString::new(text.replace('\0', "")).unwrap_or_default();
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), &text, 1)
}

impl<'a> Caller<'a> {
    fn new(
        shutdown: &'a Shutdown,
        watch: Option<&'a Py<PyAny>>,
        say: Option<&'a Py<PyAny>>,
        sweep: &'a SweepId,
    ) -> Self {
        Self { calls: None, shutdown, watch, due: Instant::now(), say, sweep, leave: None, interrupt: None }
    }

    fn say(&mut self, text: &str) {
        if let Some(say) = self.say {
            let text = format!("besom: {text}");
            self.keep(Python::attach(|py| say.call1(py, (text,)).map(drop)));
        }
    }

    /// Has it shown how the sweep gets on, on the thread and at a time where no function prints.
    fn show(&mut self) {
        if let Some(watch) = self.watch {
            self.keep(Python::attach(|py| watch.call0(py).map(drop)));
        }
        self.due = Instant::now() + PACE;
    }

    /// Waits a moment for a call.
    fn next_call(&mut self) -> Option<(Call, &'a Py<PyAny>)> {
        if let Some((called, function)) = &self.calls {
            match called.recv_timeout(SIGNALS) {
                Ok(call) => return Some((call, function)),
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => {}
            }
        }
        thread::sleep(SIGNALS);
        None
    }

    /// Keeps the first interrupt, which ends the crew.
    fn keep(&mut self, result: PyResult<()>) {
        if let Err(error) = result {
            self.interrupt.get_or_insert(error);
            self.shutdown.raise_to(Level::Terminate);
        }
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

    /// Make the agents end their runs, which are handed out again, and leave.
    fn terminate(&self) {
        self.shutdown.raise_to(Level::Terminate);
    }
}

/// Be a supervisor process; see `besom_agent::supervise`.
#[pyfunction]
pub(crate) fn supervise(py: Python<'_>, arguments: Vec<OsString>) -> i32 {
    py.detach(|| besom_agent::supervise(arguments))
}
