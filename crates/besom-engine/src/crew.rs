//! The agents of one process that work on a sweep together: the crew.
//!
//! Each agent is a thread. One more thread steps the sweep for its stopping rule while all agents are busy, and looks out
//! for pauses. The thread that calls [`Crew::work`] has its hands free meanwhile: it attends (see [`Attendant`]).

mod attendant;
mod keeper;
mod seldom;
mod stepper;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use besom_agent::{
    AgentOptions, Bridge, CrashLoopGuard, ExitReason, Level, Notice, Outcome, ProgramRunner, Runner, Shutdown,
};
use besom_config::SweepConfig;
use besom_core::Registry;
use besom_store::{SweepId, SweepRow};

use crate::build::has_algorithms;
use crate::size::planned;
use crate::{EngineError, News, Place, build, stored_config};

pub use attendant::{Attendant, Event};
use keeper::Keeper;
use seldom::Seldom;
use stepper::Stepper;

/// How soon a program that logs nothing learns that it must end. Each heartbeat is a write to the store, so not sooner.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// Whether a crew steps its sweep: suggests runs and stops bad ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Steps {
    /// It does.
    Always,
    /// It does, unless the sweep file has `controller: {type: local}`.
    #[default]
    UnlessLocal,
    /// It does not: another process steps the sweep. The algorithms of the sweep need not be known here.
    Never,
}

/// How a crew works. Make one by `CrewOptions::default()` and set its fields.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CrewOptions {
    /// The most runs to execute, shared among the agents; no limit if `None`.
    pub count: Option<u64>,
    /// After how long without a heartbeat others treat an agent of this crew as dead; 60 s.
    pub heartbeat_timeout: Duration,
    /// Whether the crew steps the sweep.
    pub steps: Steps,
    /// Raise its level to make the agents leave.
    pub shutdown: Shutdown,
}

impl Default for CrewOptions {
    fn default() -> Self {
        let heartbeat_timeout = Duration::from_secs(60);
        Self { count: None, heartbeat_timeout, steps: Steps::default(), shutdown: Shutdown::new() }
    }
}

/// What a crew has done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Worked {
    /// How many runs it has executed.
    pub runs: u64,
    /// Why it left a paused sweep: the search method or stopping rule failed, or the program looks broken.
    pub paused: Option<String>,
    /// Why agents of it left that seem unable to work, while others go on: the first reason.
    pub quarantined: Option<String>,
}

impl Worked {
    /// How many runs were executed, unless the crew left because something must be fixed.
    ///
    /// # Errors
    /// [`EngineError::Paused`] and [`EngineError::Quarantined`].
    pub fn into_runs(self) -> Result<u64, EngineError> {
        match (self.paused, self.quarantined) {
            (Some(reason), _) => Err(EngineError::Paused { reason }),
            (None, Some(reason)) => Err(EngineError::Quarantined { reason }),
            (None, None) => Ok(self.runs),
        }
    }
}

/// The name of this process among those that work on sweeps: `host/1234`, with which the names of its agents begin.
pub fn process_name() -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{host}/{}", std::process::id())
}

/// Agents of this process that work on one sweep.
#[derive(Debug)]
pub struct Crew {
    place: Place,
    sweep: SweepRow,
    config: SweepConfig,
    options: CrewOptions,
    stepper: Option<Mutex<Stepper>>,
    news: News,
    bridge: Option<Arc<dyn Bridge>>,
}

impl Crew {
    /// A crew for the stored sweep `id`.
    ///
    /// # Errors
    /// If there is no such sweep, or the crew steps it and its algorithms cannot be built.
    pub fn new(
        place: &Place,
        registry: &Registry,
        id: &SweepId,
        options: CrewOptions,
    ) -> Result<Self, EngineError> {
        let place = place.clone().heeding(&options.shutdown);
        let mut store = place.open()?;
        let sweep = store.sweep(id)?;
        let config = stored_config(registry, &sweep)?;
        let steps = match options.steps {
            Steps::Always => true,
            Steps::UnlessLocal => !config.controller_local,
            Steps::Never => false,
        };
        // A server steps the sweeps whose algorithms it has, which are the built-in ones; agents may not even have the right to do it.
        // Others are stepped by the processes that have them, and any agent may execute their runs.
        let is_ours = || !has_algorithms(&crate::registry(), &config) && has_algorithms(registry, &config);
        let steps = steps && (place.url().is_none() || is_ours());
        // A crew that does not step needs no algorithms, and may not have them.
        let stepped = steps.then(|| build(registry, &config, sweep.new.seed)).transpose()?;
        let stepper = stepped.map(|stepped| Mutex::new(Stepper::new(id, stepped, store)));
        let news = News::of(&place, id)?;
        Ok(Self { place, sweep, config, options, stepper, news, bridge: None })
    }

    /// Sets what speaks the protocol of another tool with the code of runs; nothing at first.
    pub fn set_bridge(&mut self, bridge: Option<Arc<dyn Bridge>>) {
        self.bridge = bridge;
    }

    /// The sweep as it was when the crew was made.
    pub fn sweep(&self) -> &SweepRow {
        &self.sweep
    }

    /// The configuration of the sweep.
    pub fn config(&self) -> &SweepConfig {
        &self.config
    }

    /// Whether something of the sweep has changed, for whoever shows it.
    pub fn news(&self) -> News {
        self.news.clone()
    }

    /// How many runs the sweep will have, if that is known beforehand.
    pub fn total(&self) -> Option<u64> {
        planned(&self.sweep, &self.config)
    }

    /// What executes the sweep's program: its `program` and `command`, in its directory, with no supervisor.
    ///
    /// # Errors
    /// [`EngineError::NoDirectory`] if the place has none, or if the working directory is needed and cannot be read.
    pub fn program_runner(&self) -> Result<ProgramRunner, EngineError> {
        // The directory of a sweep means something on the machine on which it was created.
        let known = self.sweep.new.directory.as_deref().filter(|_| !self.place.is_elsewhere());
        let directory = std::path::absolute(known.unwrap_or(".")).map_err(EngineError::WorkingDirectory)?;
        self.place.make_files_directory()?;
        let files = self.place.directory().ok_or(EngineError::NoDirectory)?;
        let store = self.place.name_for_programs().unwrap_or_else(|| files.as_os_str().to_owned());
        let mut runner = ProgramRunner::new(directory, store);
        runner.program.clone_from(&self.config.program);
        runner.command.clone_from(&self.config.command);
        runner.metric = self.sweep.new.metrics.first().map(|metric| metric.name.clone());
        Ok(runner)
    }

    /// Executes runs, one agent for each of the `runners`, until the sweep has ended, the count is used up, or the level of
    /// the shutdown is raised. Agents wait while the sweep is paused by its owner; if it is paused by anything else they
    /// leave, because something must be fixed first.
    ///
    /// # Errors
    /// The first error of an agent, or else of the steps between. The other agents work on.
    pub fn work<'r>(
        &self,
        runners: Vec<Box<dyn Runner + Send + 'r>>,
        attendant: &mut dyn Attendant,
    ) -> Result<Worked, EngineError> {
        let jobs = u64::try_from(runners.len()).unwrap_or(u64::MAX);
        let (guard, over) = (CrashLoopGuard::default(), AtomicBool::new(false));
        let (events, heard) = mpsc::channel();
        let (notices, noticed) = mpsc::channel();
        let (store, id) = (self.place.open()?, &self.sweep.new.id);
        let says = (events, notices.clone());
        let keeper = Keeper::new(store, id, self.stepper.as_ref(), &guard, says, self.news());
        let mut seldom = Seldom::default();
        let (agents, kept) = thread::scope(|scope| {
            let agents: Vec<_> = (1..)
                .zip(runners)
                .map(|(job, runner)| {
                    let (guard, notices) = (guard.clone(), notices.clone());
                    scope.spawn(move || self.agent(job, jobs, runner, guard, notices))
                })
                .collect();
            let keeper = scope.spawn(|| keeper.keep(&over, &self.options.shutdown));
            let mut level = Level::None;
            while agents.iter().any(|agent| !agent.is_finished()) {
                self.notice_level(&mut level, attendant);
                let news = noticed.try_iter().filter_map(|notice| seldom.event(notice, Instant::now()));
                heard.try_iter().chain(news).for_each(|event| attendant.event(event));
                attendant.attend();
            }
            over.store(true, Ordering::SeqCst);
            keeper.thread().unpark();
            let agents = agents.into_iter().map(join).collect::<Vec<_>>();
            (agents, join(keeper))
        });
        let news = noticed.try_iter().filter_map(|notice| seldom.event(notice, Instant::now()));
        heard.try_iter().chain(news).for_each(|event| attendant.event(event));
        let outcomes = agents.into_iter().collect::<Result<Vec<_>, _>>()?;
        kept?;
        if let Some(stepper) = &self.stepper {
            stepper::last_step(stepper)?;
        }
        Ok(worked(outcomes))
    }

    fn notice_level(&self, before: &mut Level, attendant: &mut dyn Attendant) {
        let level = self.options.shutdown.level();
        if level != *before {
            *before = level;
            attendant.event(Event::Shutdown(level));
        }
    }

    fn agent(
        &self,
        job: u32,
        jobs: u64,
        mut runner: Box<dyn Runner + Send + '_>,
        guard: CrashLoopGuard,
        notices: Sender<Notice>,
    ) -> Result<Outcome, EngineError> {
        let mut queue = self.place.open_queue(job)?;
        let name = format!("{}/{job}", process_name());
        let mut options = AgentOptions::new(name)
            .heartbeat_timeout(self.options.heartbeat_timeout)
            .heartbeat_interval(HEARTBEAT)
            .guard(guard)
            .slot(job - 1)
            .report_to(notices);
        if self.place.url().is_some() {
            options = options.behind_server();
            if self.stepper.is_some() {
                // Whoever steps the sweep itself has nobody to wait for.
                options.claim_wait = Duration::ZERO;
            }
        }
        options.bridge.clone_from(&self.bridge);
        options.timeout = self.config.timeout;
        options.count = self.options.count.map(|count| share(count, job.into(), jobs));
        options.directory = self.place.directory().map(Path::to_owned);
        let shutdown = &self.options.shutdown;
        let mut idle = || stepper::idle(self.stepper.as_ref());
        Ok(besom_agent::work(&mut queue, &self.sweep.new.id, &options, &mut runner, shutdown, &mut idle)?)
    }
}

/// What one of `jobs` agents may execute of `count` runs.
fn share(count: u64, job: u64, jobs: u64) -> u64 {
    count / jobs + u64::from(job <= count % jobs)
}

fn worked(outcomes: Vec<Outcome>) -> Worked {
    let runs = outcomes.iter().map(|outcome| outcome.runs).sum();
    let (mut paused, mut quarantined) = (None, None);
    for outcome in outcomes {
        match outcome.exit_reason {
            ExitReason::Broken(reason) => paused = paused.or(Some(reason)),
            ExitReason::Quarantined(reason) => quarantined = quarantined.or(Some(reason)),
            _ => {}
        }
    }
    Worked { runs, paused, quarantined }
}

fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn the_count_is_shared_out_exactly() {
        for (count, jobs) in [(0, 1), (5, 1), (5, 2), (5, 8), (16, 4)] {
            let shares: Vec<u64> = (1..=jobs).map(|job| share(count, job, jobs)).collect();
            assert_eq!(shares.iter().sum::<u64>(), count, "{shares:?}");
            assert!(shares.iter().max() <= shares.iter().min().map(|least| least + 1).as_ref(), "{shares:?}");
        }
    }
}
