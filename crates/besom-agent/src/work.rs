//! The life of an agent.

mod crash_loop;
mod health;
mod options;
mod wait;

use std::cell::Cell;
use std::time::{Duration, Instant};

use besom_core::{BoxError, RunState, error_chain};
use besom_store::{AgentId, Claim, ClaimedRun, Lease, NewAgent, Queue, SweepId, SweepState};

pub use crash_loop::CrashLoopGuard;
pub use options::AgentOptions;

use crate::recovery::{self, LivenessLock, Watch};
use crate::retry::{Patience, RetryingQueue};
use crate::{AgentError, Ended, Level, Link, Notice, RunDir, Runner, Shutdown};
use crash_loop::{RunEnd, Streak};
use health::Health;
use wait::Wait;

/// How often an agent looks for others that died on this machine: a directory is read, and no store asked.
const DEAD_PACE: Duration = Duration::from_secs(2);
/// The pause before a runner that can begin no run is asked again.
const OBSTACLE_PAUSE: Duration = Duration::from_secs(1);
/// How often in a row that is not worth a word: a GPU takes a moment to forget a program that has ended.
const QUIET: u32 = 1;

/// What came of doing something else while there was nothing to claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// There may be something to claim now.
    Worked,
    /// Nothing changed.
    Waiting,
}

/// Why an agent stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExitReason {
    /// The sweep has ended in this state.
    SweepEnded(SweepState),
    /// It executed [`AgentOptions::count`] runs.
    CountReached,
    /// It was asked to, by its [`Shutdown`].
    Shutdown,
    /// Its owner has drained it in the store: see [`Store::drain`](besom_store::Store::drain).
    Drained,
    /// The program is broken and the sweep was paused for this reason, by this agent or one that shares its
    /// [`CrashLoopGuard`]; or whoever shares the guard tripped it for another reason
    /// ([`CrashLoopGuard::trip`]).
    Broken(String),
    /// It seems unable to work, for this reason, while others go on: it left, and gave back what had failed.
    Quarantined(String),
}

/// What an agent has done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// Why it stopped.
    pub exit_reason: ExitReason,
    /// The number of runs that it executed.
    pub runs: u64,
}

/// Executes runs of a sweep until it ends, or until asked to stop: joins, claims runs, hands them to
/// `runner`, returns them with their end, leaves. Gives up the runs of agents that are gone, after reading
/// what they logged, as far as it lies in its own [directory](AgentOptions::directory); without one it touches no file.
///
/// While there is nothing to claim, `idle` is called (a controller's step, for example, with a store of its
/// own); then the agent waits, longer each time that nothing happens. In a paused sweep it waits until the
/// sweep is resumed. An agent that is drained leaves after the run in hand.
///
/// # Errors
/// If `idle` fails, or the store fails for good, or it fails when the agent was asked to shut down, for longer than
/// [`AgentOptions::store_timeout`]. A run in hand is left to be recovered; nothing that it logged is lost, nor how its program ended.
pub fn work(
    queue: &mut dyn Queue,
    sweep: &SweepId,
    options: &AgentOptions,
    runner: &mut dyn Runner,
    shutdown: &Shutdown,
    idle: &mut dyn FnMut() -> Result<Idle, BoxError>,
) -> Result<Outcome, AgentError> {
    let options = options.clone().absolute()?;
    let mut queue = RetryingQueue::new(queue, Patience::new(&options, shutdown));
    recovery::recover_dead(&mut queue, sweep, options.directory.as_deref())?;
    let new = NewAgent::new(&options.name, options.heartbeat_timeout);
    let id = queue.call_at_leisure(|queue| queue.join(sweep, &new))?;
    let directory = options.directory.as_deref();
    let lock = directory.map(|directory| LivenessLock::acquire(directory, sweep, id)).transpose()?.flatten();
    let wait = Wait::new(&options);
    let (streak, health) = (Streak::new(&options.guard), Health::default());
    let watch = Watch::new(options.heartbeat_timeout);
    let mut agent = Agent {
        queue,
        sweep,
        options,
        shutdown,
        id,
        request: 1,
        runs: 0,
        wait,
        streak,
        health,
        watch,
        looked_for_dead: Instant::now(),
        waited: Duration::ZERO,
        obstacles: 0,
        is_drained: false,
    };
    let exit_reason = agent.live(runner, idle)?;
    let runs = agent.runs;
    agent.leave()?;
    if let Some(lock) = lock {
        lock.release();
    }
    Ok(Outcome { exit_reason, runs })
}

struct Agent<'a> {
    queue: RetryingQueue<'a>,
    sweep: &'a SweepId,
    options: AgentOptions,
    shutdown: &'a Shutdown,
    id: AgentId,
    /// The number of the next claim.
    request: u64,
    runs: u64,
    wait: Wait,
    /// Its quick failures in a row.
    streak: Streak,
    health: Health,
    /// What it knows of the heartbeats of all.
    watch: Watch,
    looked_for_dead: Instant,
    /// How long the last claim took.
    waited: Duration,
    /// How often in a row something kept the runner from beginning a run.
    obstacles: u32,
    /// Whether the store has said, while nothing could be claimed, that nothing will be handed to it.
    is_drained: bool,
}

impl Agent<'_> {
    fn live(
        &mut self,
        runner: &mut dyn Runner,
        idle: &mut dyn FnMut() -> Result<Idle, BoxError>,
    ) -> Result<ExitReason, AgentError> {
        loop {
            if self.shutdown.level() >= Level::Finish {
                return Ok(ExitReason::Shutdown);
            }
            if self.options.count.is_some_and(|count| self.runs >= count) {
                return Ok(ExitReason::CountReached);
            }
            if self.is_drained {
                return Ok(self.drained());
            }
            let exit = match self.obstacle(runner) {
                // Looking for it may have taken a while.
                None if self.shutdown.level() >= Level::Finish => continue,
                Some(reason) => self.wait_out(reason)?,
                None => match self.claim()? {
                    Claim::Run(run) => self.execute(&run, runner)?,
                    Claim::Nothing(state) => self.pass_time(state, idle)?,
                    Claim::Drained => Some(self.drained()),
                },
            };
            if let Some(reason) = exit {
                return Ok(reason);
            }
            self.recover_if_due()?;
        }
    }

    fn drained(&self) -> ExitReason {
        self.options.notices().say(Notice::Drained { agent: self.options.name.clone() });
        ExitReason::Drained
    }

    /// What keeps the runner from beginning a run, if anything; its end is said if its beginning was.
    fn obstacle(&mut self, runner: &mut dyn Runner) -> Option<String> {
        let obstacle = runner.obstacle(self.shutdown);
        if obstacle.is_none() && std::mem::take(&mut self.obstacles) > QUIET {
            self.options.notices().say(Notice::Ready { slot: self.options.slot });
        }
        obstacle
    }

    /// Lets time pass without claiming anything.
    fn wait_out(&mut self, reason: String) -> Result<Option<ExitReason>, AgentError> {
        if let Some(state) = self.options.guard.ended() {
            return Ok(Some(ExitReason::SweepEnded(state)));
        }
        if let Some(reason) = self.options.guard.reason() {
            return Ok(Some(ExitReason::Broken(reason)));
        }
        self.obstacles = self.obstacles.saturating_add(1);
        if self.obstacles > QUIET {
            self.options.notices().say(Notice::Waits { slot: self.options.slot, reason });
        }
        self.pause(OBSTACLE_PAUSE)?;
        Ok(None)
    }

    /// Each claim that gets a run has a number of its own; a retry has the same one.
    fn claim(&mut self) -> Result<Claim, AgentError> {
        let begun = Instant::now();
        let guard = &self.options.guard;
        // What was said to all agents of the process shows in the sweep's state, which a claim that was given up does not know.
        let at_most = match guard.reason().is_some() || guard.ended().is_some() {
            true => Duration::ZERO,
            false => self.options.claim_wait.min(self.options.idle_interval()),
        };
        let (id, request, looked) = (self.id, self.request, Cell::new(self.looked_for_dead));
        let Self { queue, options, shutdown, sweep, .. } = self;
        let enough = || {
            shutdown.level() >= Level::Finish
                || options.guard.ended().is_some()
                || options.guard.reason().is_some()
                || is_due(&looked) && recovery::is_any_dead(options.directory.as_deref(), sweep)
        };
        let claim = queue.call_at_leisure(|queue| queue.claim_within(id, request, at_most, &enough))?;
        // The number of a claim that got nothing may be used again. It must be, where a claim was given up while it waited: the store may
        // have handed out a run since.
        self.request += u64::from(matches!(claim, Claim::Run(_)));
        self.waited = begun.elapsed();
        Ok(claim)
    }

    fn execute(
        &mut self,
        run: &ClaimedRun,
        runner: &mut dyn Runner,
    ) -> Result<Option<ExitReason>, AgentError> {
        self.wait.reset();
        self.runs += 1;
        if let Some(directory) = &self.options.directory
            && let Err(error) = RunDir::new(directory, &run.lease).create()
        {
            return self.postpone(&run.lease, &error_chain(&error));
        }
        let started = Instant::now();
        let link = Link::new(self.queue.once(), &run.lease, &self.options, self.shutdown);
        let mut link = link.watching(self.options.files().looks(self.sweep).then_some(&mut self.watch));
        let mut ended = runner.run(run, &mut link);
        let took = started.elapsed();
        if let Some(why) = ended.unstarted.take() {
            return self.postpone(&run.lease, &why);
        }
        if let Some(why) = ended.refused.take() {
            return self.refuse(&run.lease, why).map(Some);
        }
        link.drain()?;
        if !link.is_open() {
            return Ok(None);
        }
        ended.end.message = with_warnings(ended.end.message.take(), link.warnings());
        let is_preempted = link.is_preempting() && !ended.timed_out;
        let has_logged = link.rows() > 0;
        let end = if is_preempted { recovery::preempted(&ended.end) } else { ended.end.clone() };
        link.finish(&end)?;
        if self.health.recover() {
            self.options.notices().say(Notice::MachineWorks);
        }
        match is_preempted && has_logged {
            // What fails because the machine goes says nothing about the program. One that claims to be preempted before it has
            // logged anything is another matter: it may always do so.
            true => Ok(None),
            false => self.check_health(&run.lease, &ended, took),
        }
    }

    /// Gives back a run that the machine could not begin, which was no attempt, and waits until the machine seems well.
    fn postpone(&mut self, lease: &Lease, why: &str) -> Result<Option<ExitReason>, AgentError> {
        self.runs -= 1;
        self.queue.call(|queue| queue.give_back(lease, why))?;
        let mut why = why.to_owned();
        loop {
            self.options.notices().say(Notice::MachineFails(why));
            let pause = self.health.next_pause();
            self.pause(pause)?;
            let directory = self.options.directory.as_deref();
            match directory.map(|directory| health::probe(directory, self.id.0)) {
                Some(Err(error)) if self.is_wanted() => why = error.to_string(),
                _ => return Ok(None),
            }
        }
    }

    /// Gives back a run that this agent must not execute, for others, and leaves.
    fn refuse(&mut self, lease: &Lease, reason: String) -> Result<ExitReason, AgentError> {
        self.runs -= 1;
        self.queue.call(|queue| queue.give_back(lease, &reason))?;
        let agent = self.options.name.clone();
        self.options.notices().say(Notice::Quarantined { agent, reason: reason.clone() });
        Ok(ExitReason::Quarantined(reason))
    }

    /// Lets time pass, with heartbeats.
    fn pause(&mut self, time: Duration) -> Result<(), AgentError> {
        let until = Instant::now() + time;
        while Instant::now() < until && self.is_wanted() {
            self.beat_if_due()?;
            let left = until.saturating_duration_since(Instant::now());
            self.shutdown.sleep_below(Level::Finish, left.min(self.options.poll_max));
        }
        Ok(())
    }

    /// Whether there may still be something to do for it.
    fn is_wanted(&self) -> bool {
        self.shutdown.level() < Level::Finish && self.options.guard.ended().is_none() && !self.is_drained
    }

    fn beat_if_due(&mut self) -> Result<(), AgentError> {
        if self.wait.is_heartbeat_due() {
            self.is_drained |= !self.queue.call_at_leisure(|queue| queue.idle(self.id))?;
        }
        Ok(())
    }

    /// Leaves the sweep if this agent seems unable to work, whatever others do.
    fn check_health(
        &mut self,
        lease: &Lease,
        ended: &Ended,
        took: Duration,
    ) -> Result<Option<ExitReason>, AgentError> {
        let end = match ended.end.state {
            _ if ended.broken.is_some() => RunEnd::Hopeless,
            // An end that somebody else wanted says nothing about the program.
            _ if ended.killed_externally || ended.timed_out => return Ok(None),
            RunState::Killed | RunState::Preempted => return Ok(None),
            RunState::Finished => RunEnd::Success,
            _ => RunEnd::Failure,
        };
        match self.streak.record(lease, end, took) {
            Some(failed) => self.quarantine(&failed, &why_unable(ended, failed.len())).map(Some),
            None => Ok(None),
        }
    }

    /// Gives back what failed last, and leaves.
    fn quarantine(&mut self, failed: &[Lease], reason: &str) -> Result<ExitReason, AgentError> {
        let name = &self.options.name;
        for lease in failed {
            let why = format!("agent {name} fails whatever it executes");
            self.queue.call(|queue| queue.give_back(lease, &why))?;
        }
        if self.queue.call(|queue| queue.quarantine(self.id, reason))? {
            self.options.guard.trip(reason);
            return Ok(ExitReason::Broken(reason.to_owned()));
        }
        let (agent, reason) = (name.clone(), reason.to_owned());
        self.options.notices().say(Notice::Quarantined { agent, reason: reason.clone() });
        Ok(ExitReason::Quarantined(reason))
    }

    fn pass_time(
        &mut self,
        state: SweepState,
        idle: &mut dyn FnMut() -> Result<Idle, BoxError>,
    ) -> Result<Option<ExitReason>, AgentError> {
        if state.is_over() {
            return Ok(Some(ExitReason::SweepEnded(state)));
        }
        if state == SweepState::Paused {
            if let Some(reason) = self.options.guard.reason() {
                return Ok(Some(ExitReason::Broken(reason)));
            }
        } else if idle().map_err(AgentError::Idle)? == Idle::Worked {
            self.wait.reset();
            return Ok(None);
        }
        // The claim was a sign of life, and may have waited already.
        let wait = self.wait.next().min(self.watch.interval());
        self.shutdown.sleep_below(Level::Finish, wait.saturating_sub(self.waited));
        Ok(None)
    }

    fn recover_if_due(&mut self) -> Result<(), AgentError> {
        let now = Instant::now();
        if now.duration_since(self.looked_for_dead) >= DEAD_PACE {
            self.recover_dead()?;
        }
        if self.watch.is_due(now) { self.recover_overdue() } else { Ok(()) }
    }

    fn recover_dead(&mut self) -> Result<(), AgentError> {
        self.looked_for_dead = Instant::now();
        let directory = self.options.directory.as_deref();
        let dead = recovery::recover_dead(&mut self.queue, self.sweep, directory);
        self.unless_unreadable(dead)
    }

    fn recover_overdue(&mut self) -> Result<(), AgentError> {
        let overdue =
            recovery::recover_overdue(&mut self.queue, self.sweep, &self.options.files(), &mut self.watch);
        self.unless_unreadable(overdue)
    }

    /// That a run of somebody else cannot be read is worth a word, and no reason to stop working.
    fn unless_unreadable(&self, recovered: Result<(), AgentError>) -> Result<(), AgentError> {
        match recovered {
            Err(error @ AgentError::Io { .. }) => {
                self.options.notices().say(Notice::RecoveryFails(error_chain(&error)));
                Ok(())
            }
            other => other,
        }
    }

    /// Leaves the sweep, after recovering what others left behind: there may be no other agent to do it.
    fn leave(mut self) -> Result<(), AgentError> {
        self.recover_dead()?;
        self.recover_overdue()?;
        Ok(self.queue.call(|queue| queue.leave(self.id))?)
    }
}

/// Whether it is time to look for agents that died on this machine; notes that it was done.
fn is_due(looked: &Cell<Instant>) -> bool {
    let is_due = looked.get().elapsed() >= DEAD_PACE;
    if is_due {
        looked.set(Instant::now());
    }
    is_due
}

/// A message with everything that its reader should know.
fn with_warnings(message: Option<String>, warnings: Vec<String>) -> Option<String> {
    let parts: Vec<String> = message.into_iter().chain(warnings).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Why an agent seems unable to work, for people.
fn why_unable(ended: &Ended, failures: usize) -> String {
    if let Some(reason) = &ended.broken {
        return reason.clone();
    }
    let message = ended.end.message.as_deref().unwrap_or("(it printed nothing)");
    let lines = if ended.excerpt.is_empty() { message } else { &ended.excerpt };
    format!("the program looks broken: {failures} quick failures in a row; the last one ended with:\n{lines}")
}
