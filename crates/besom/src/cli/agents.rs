//! Agents at work in this process: one thread each, and one that steps the sweep for its stopping rule.

use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use besom_agent::{AgentOptions, CrashLoopGuard, Idle, Level, ProgramRunner, Shutdown};
use besom_config::SweepConfig;
use besom_controller::{Controller, ControllerError, Step};
use besom_core::{BoxError, Registry};
use besom_store::{PausedBy, SqliteStore, Store, StoreError, SweepRow, SweepState};

use crate::cli::place::Place;
use crate::cli::progress::Progress;
use crate::cli::signals;

/// How often the stopping rule looks at running runs, and the display at the store.
const PACE: Duration = Duration::from_millis(250);

/// How soon a program that logs nothing hears that it is to end. Each beat is a write to the store.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// The first argument by which this program becomes the supervisor of a run.
pub(crate) const SUPERVISE: &str = "__supervise";

/// Whether this process steps the sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Steps {
    /// Yes: it was told to run the sweep.
    Always,
    /// Unless the sweep file says `controller: {type: local}`.
    UnlessLocal,
}

/// Some agents that work on one sweep in this process.
pub(crate) struct Crew<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) place: &'a Place,
    pub(crate) jobs: u32,
    pub(crate) count: Option<u64>,
    pub(crate) silence: Duration,
    pub(crate) steps: Steps,
}

impl Crew<'_> {
    /// Works until the sweep is over, the count is used up, or signals say that it is enough.
    pub(crate) fn work(&self, sweep: SweepRow) -> Result<()> {
        let config = besom_engine::stored_config(self.registry, &sweep)?;
        let steps = self.steps == Steps::Always || !config.controller_local;
        // Who does not step needs no algorithms, and may not have them.
        let stepped = steps.then(|| besom_engine::build(self.registry, &config, sweep.seed)).transpose()?;
        let stepper = stepped
            .map(|stepped| -> Result<_> {
                let controller = Controller::new(sweep.id.clone(), stepped);
                Ok(Mutex::new(Stepper { controller, store: self.place.open_existing()? }))
            })
            .transpose()?;
        let shutdown = Shutdown::new();
        signals::listen(&shutdown)?;
        let mut progress = Progress::new(
            self.place.open_existing()?,
            sweep.clone(),
            self.jobs,
            besom_engine::total(&config),
        )?;

        let mut watcher = self.place.open_existing()?;
        let (over, guard) = (AtomicBool::new(false), CrashLoopGuard::default());
        let (troubles, heard) = mpsc::channel();
        let ended = thread::scope(|scope| {
            let agents: Vec<_> = (1..=self.jobs)
                .map(|job| {
                    let (sweep, config, shutdown, guard) = (&sweep, &config, &shutdown, &guard);
                    let stepper = stepper.as_ref();
                    scope.spawn(move || self.agent(job, sweep, config, stepper, shutdown, guard))
                })
                .collect();
            let stepping =
                stepper.as_ref().map(|stepper| scope.spawn(|| keep_stepping(stepper, &over, &troubles)));
            let (mut shown, mut level) = (Ok(()), Level::None);
            let mut paused = false;
            while agents.iter().any(|agent| !agent.is_finished()) {
                if shutdown.level() != level {
                    level = shutdown.level();
                    progress.print(signals::meaning(level));
                }
                heard.try_iter().for_each(|trouble: String| progress.print(&trouble));
                shown = shown.and_then(|()| progress.tick());
                // A store that cannot be read is the agents' trouble.
                if let Ok(now) = watcher.sweep(&sweep.id) {
                    paused = notice_pause(&now, paused, &guard, &mut progress);
                }
                wait(&agents);
            }
            over.store(true, Ordering::SeqCst);
            let mut ended: Vec<Result<()>> = agents.into_iter().map(join).collect();
            ended.extend(stepping.map(join));
            ended.push(shown.and_then(|()| progress.tick()));
            ended
        });
        progress.close();
        ended.into_iter().collect()
    }

    fn agent(
        &self,
        job: u32,
        sweep: &SweepRow,
        config: &SweepConfig,
        stepper: Option<&Mutex<Stepper>>,
        shutdown: &Shutdown,
        guard: &CrashLoopGuard,
    ) -> Result<()> {
        let mut queue = self.place.open_for_agent(job)?;
        let mut runner = program_runner(self.place, sweep, config)?;
        let name = format!("{}/{}/{job}", host(), std::process::id());
        let options = AgentOptions {
            count: self.count.map(|count| share(count, job, self.jobs)),
            heartbeat_timeout: self.silence,
            heartbeat_interval: HEARTBEAT,
            guard: guard.clone(),
            ..AgentOptions::new(name, self.place.directory())
        };
        let mut idle = || -> Result<Idle, BoxError> {
            let Some(stepper) = stepper else { return Ok(Idle::Waiting) };
            Ok(match step(stepper, 1)? {
                Step::Ready(_) => Idle::Worked,
                Step::Wait | Step::Paused | Step::Over => Idle::Waiting,
            })
        };
        besom_agent::work(&mut queue, &sweep.id, &options, &mut runner, shutdown, &mut idle)?;
        Ok(())
    }
}

/// What steps the sweep: agents see no store, so it has one of its own.
struct Stepper {
    controller: Controller,
    store: SqliteStore,
}

fn step(stepper: &Mutex<Stepper>, want: usize) -> Result<Step, ControllerError> {
    let stepper = &mut *stepper.lock().unwrap_or_else(PoisonError::into_inner);
    stepper.controller.step(&mut stepper.store, want)
}

/// Steps the sweep for its stopping rule while all agents are busy. What goes wrong is told once, and tried again if
/// it may pass, such as a full disk: agents wait for that, too.
fn keep_stepping(stepper: &Mutex<Stepper>, over: &AtomicBool, troubles: &mpsc::Sender<String>) -> Result<()> {
    let mut told = None;
    while !over.load(Ordering::SeqCst) {
        match step(stepper, 0) {
            Ok(_) => told = None,
            Err(ControllerError::Store(StoreError::Write(reason))) => {
                if told.as_ref() != Some(&reason) {
                    // Nobody listens any more once all agents are done.
                    drop(troubles.send(format!("cannot write the store: {reason}; trying again")));
                }
                told = Some(reason);
            }
            Err(error) => {
                drop(troubles.send(format!("early stopping ends: {error}")));
                return Err(error.into());
            }
        }
        thread::park_timeout(PACE);
    }
    Ok(())
}

/// Whether the sweep is paused, and says so when that is new. For a pause of the owner's agents wait; any other needs
/// something to be mended first, so they leave.
fn notice_pause(now: &SweepRow, before: bool, guard: &CrashLoopGuard, progress: &mut Progress) -> bool {
    if now.state != SweepState::Paused {
        return false;
    }
    match now.paused_by {
        Some(by) if by != PausedBy::Owner => guard.trip(now.reason.as_deref().unwrap_or(by.as_str())),
        _ if before => {}
        _ => {
            let id = &now.id;
            progress.print(&format!("sweep {id} is paused by its owner; besom resume {id} lets it go on"));
        }
    }
    true
}

fn program_runner(place: &Place, sweep: &SweepRow, config: &SweepConfig) -> Result<ProgramRunner> {
    let directory = sweep.directory.clone().unwrap_or_else(|| ".".into());
    Ok(ProgramRunner {
        program: config.program.clone(),
        command: config.command.clone(),
        supervisor: Some(supervisor()?),
        tools: std::env::current_exe().ok().and_then(|file| Some(file.parent()?.to_owned())),
        ..ProgramRunner::new(directory, place.directory())
    })
}

/// This very program, also when its file was replaced meanwhile.
fn supervisor() -> Result<Vec<OsString>> {
    let linux = std::path::Path::new("/proc/self/exe");
    let executable = match linux.exists() {
        true => linux.to_owned(),
        false => std::env::current_exe().context("cannot find this program to supervise others")?,
    };
    Ok(vec![executable.into(), SUPERVISE.into()])
}

/// What one of `jobs` agents may do of `count` runs.
fn share(count: u64, job: u32, jobs: u32) -> u64 {
    let (job, jobs) = (u64::from(job), u64::from(jobs));
    count / jobs + u64::from(job <= count % jobs)
}

/// Sleeps until the display is due, or all agents are done.
fn wait<T>(agents: &[thread::ScopedJoinHandle<'_, T>]) {
    const STEPS: u32 = 10;
    for _ in 0..STEPS {
        if agents.iter().all(thread::ScopedJoinHandle::is_finished) {
            return;
        }
        thread::sleep(PACE / STEPS);
    }
}

fn join<T>(thread: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
