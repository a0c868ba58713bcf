//! The life of an agent.

use std::path::{self, PathBuf};
use std::time::{Duration, Instant};

use besom_core::{BoxError, RunState};
use besom_store::{AgentId, Claim, ClaimedRun, End, NewAgent, Queue, SweepId, SweepState};

use crate::liveness::Sign;
use crate::patience::patiently;
use crate::{AgentError, Ended, Guard, Level, Link, RunDir, Runner, Shutdown, recover};

/// How an agent works.
#[derive(Clone, Debug)]
pub struct AgentOptions {
    /// A name for people, such as `host/1234/2`.
    pub name: String,
    /// The directory of the store, below which the directories of runs are made.
    pub directory: PathBuf,
    /// The most runs to execute; no limit if `None`.
    pub count: Option<u64>,
    /// How often the store hears that a run goes on, if it hears of no metrics; 10 s, at most a third of `silence`.
    pub heartbeat: Duration,
    /// After how long a silence others may give up the agent's run; 300 s.
    pub silence: Duration,
    /// The shortest wait when there is nothing to claim; 5 ms.
    pub poll_min: Duration,
    /// The longest wait when there is nothing to claim; 500 ms.
    pub poll_max: Duration,
    /// How long the store may fail before the agent does; 60 s.
    pub patience: Duration,
    /// Pauses the sweep when its program is broken; share one between the agents of a process.
    pub guard: Guard,
}

impl AgentOptions {
    /// The defaults.
    pub fn new(name: impl Into<String>, directory: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            directory: directory.into(),
            count: None,
            heartbeat: Duration::from_secs(10),
            silence: Duration::from_secs(300),
            poll_min: Duration::from_millis(5),
            poll_max: Duration::from_millis(500),
            patience: Duration::from_secs(60),
            guard: Guard::default(),
        }
    }

    /// How often to show a sign of life, given how long a silence may be.
    pub(crate) fn heartbeat_now(&self) -> Duration {
        self.heartbeat.min(self.silence / 3)
    }
}

/// What came of doing something else while there was nothing to claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// There may be something to claim now.
    Worked,
    /// Nothing changed.
    Waiting,
}

/// Why an agent left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// The sweep is over.
    Over(SweepState),
    /// It has executed as many runs as it was to.
    Count,
    /// It was told to go.
    Shutdown,
    /// The program is broken; the sweep was paused for this reason, by this agent or one that shares its [`Guard`]. Or
    /// whoever shares it was told of another reason ([`Guard::tell`]).
    Broken(String),
}

/// What an agent has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Why it left.
    pub left: Left,
    /// How many runs it has executed.
    pub runs: u64,
}

/// Works on a sweep until it is over, or until told to go: joins, claims runs, hands them to `runner`, gives them back
/// with their end, leaves. Gives up the runs of agents that are gone, after reading what they have logged.
///
/// When there is nothing to claim `idle` is called (a controller's step, for example), then the agent waits a little,
/// the longer the longer nothing happens. In a paused sweep it waits until the sweep goes on.
///
/// # Errors
/// If `idle` fails, or the store fails for longer than the agent has patience. A run in hand is left to be recovered;
/// nothing that it logged is lost.
pub fn work(
    queue: &mut dyn Queue,
    sweep: &SweepId,
    options: &AgentOptions,
    runner: &mut dyn Runner,
    shutdown: &Shutdown,
    idle: &mut dyn FnMut() -> Result<Idle, BoxError>,
) -> Result<Outcome, AgentError> {
    let directory = path::absolute(&options.directory).map_err(AgentError::io(&options.directory))?;
    let options = AgentOptions { directory, ..options.clone() };
    recover::recover_dead(queue, sweep, &options.directory, options.patience)?;
    let silence_ms = u64::try_from(options.silence.as_millis()).unwrap_or(u64::MAX);
    let new = NewAgent { name: options.name.clone(), silence_ms };
    let id = patiently(options.patience, || queue.join(sweep, &new))?;
    let sign = Sign::give(&options.directory, sweep, id)?;
    let pause = Pause::new(&options);
    let looked = Instant::now();
    let mut agent = Agent { queue, sweep, options, shutdown, id, request: 1, runs: 0, pause, looked };
    let left = agent.live(runner, idle)?;
    let runs = agent.runs;
    agent.part()?;
    if let Some(sign) = sign {
        sign.withdraw();
    }
    Ok(Outcome { left, runs })
}

struct Agent<'a> {
    queue: &'a mut dyn Queue,
    sweep: &'a SweepId,
    options: AgentOptions,
    shutdown: &'a Shutdown,
    id: AgentId,
    request: u64,
    runs: u64,
    pause: Pause,
    /// When it last looked for runs that nobody works on any more.
    looked: Instant,
}

impl Agent<'_> {
    fn live(
        &mut self,
        runner: &mut dyn Runner,
        idle: &mut dyn FnMut() -> Result<Idle, BoxError>,
    ) -> Result<Left, AgentError> {
        recover::recover_silent(self.queue, self.sweep, &self.options.directory, self.options.patience)?;
        loop {
            if self.shutdown.level() >= Level::Finish {
                return Ok(Left::Shutdown);
            }
            if self.options.count.is_some_and(|count| self.runs >= count) {
                return Ok(Left::Count);
            }
            let left = match self.claim()? {
                Claim::Run(run) => self.execute(&run, runner)?,
                Claim::Nothing(state) => self.pass_time(state, idle)?,
            };
            if let Some(left) = left {
                return Ok(left);
            }
            self.recover_now_and_then()?;
        }
    }

    /// Each claim has a number of its own; a repetition after a failure has the same one.
    fn claim(&mut self) -> Result<Claim, AgentError> {
        let (queue, id, request) = (&mut *self.queue, self.id, self.request);
        let claim = patiently(self.options.patience, || queue.claim(id, request))?;
        self.request += 1;
        Ok(claim)
    }

    fn execute(&mut self, run: &ClaimedRun, runner: &mut dyn Runner) -> Result<Option<Left>, AgentError> {
        self.pause.reset();
        self.runs += 1;
        RunDir::new(&self.options.directory, &run.lease).create()?;
        let begun = Instant::now();
        let mut link = Link::new(self.queue, &run.lease, &self.options, self.shutdown);
        let mut ended = runner.run(run, &mut link);
        let took = begun.elapsed();
        link.settle()?;
        if !link.is_open() {
            return Ok(None);
        }
        let said = ended.end.message.take().into_iter().chain(link.warnings());
        let message = said.collect::<Vec<String>>().join("; ");
        ended.end.message = Some(message).filter(|message| !message.is_empty());
        let end = if link.is_preempting() { preempted(&ended.end) } else { ended.end.clone() };
        link.finish(&end)?;
        // A program that always says so and fails is broken all the same.
        self.look_for_a_broken_program(&ended, took)
    }

    /// Pauses the sweep if the program of this run, which has just ended, can't work.
    fn look_for_a_broken_program(
        &mut self,
        ended: &Ended,
        took: Duration,
    ) -> Result<Option<Left>, AgentError> {
        let state = ended.end.state;
        let reason = match &ended.hopeless {
            Some(reason) => reason.clone(),
            // Told or made to end, by whomever: that says nothing of the program.
            None if ended.from_outside || matches!(state, RunState::Killed | RunState::Preempted) => {
                return Ok(None);
            }
            None if !self.options.guard.trips(state != RunState::Finished, took) => return Ok(None),
            None if self.has_succeeded_before()? => return Ok(None),
            None => {
                let limit = self.options.guard.limit();
                let said = ended.end.message.as_deref().unwrap_or("(it printed nothing)");
                let lines = if ended.excerpt.is_empty() { said } else { &ended.excerpt };
                format!(
                    "the program looks broken: {limit} quick failures in a row, the last one said:\n{lines}"
                )
            }
        };
        let (queue, sweep) = (&mut *self.queue, self.sweep);
        patiently(self.options.patience, || queue.report_broken(sweep, &reason))?;
        self.options.guard.tell(&reason);
        Ok(Some(Left::Broken(reason)))
    }

    fn has_succeeded_before(&mut self) -> Result<bool, AgentError> {
        let (queue, sweep) = (&mut *self.queue, self.sweep);
        Ok(patiently(self.options.patience, || queue.has_finished_run(sweep))?)
    }

    fn pass_time(
        &mut self,
        state: SweepState,
        idle: &mut dyn FnMut() -> Result<Idle, BoxError>,
    ) -> Result<Option<Left>, AgentError> {
        if state.is_over() {
            return Ok(Some(Left::Over(state)));
        }
        if state == SweepState::Paused {
            if let Some(reason) = self.options.guard.told() {
                return Ok(Some(Left::Broken(reason)));
            }
        } else if idle().map_err(AgentError::Idle)? == Idle::Worked {
            self.pause.reset();
            return Ok(None);
        }
        if self.pause.is_heartbeat_due() {
            let (queue, id) = (&mut *self.queue, self.id);
            patiently(self.options.patience, || queue.idle(id))?;
        }
        self.shutdown.sleep_below(Level::Finish, self.pause.next());
        Ok(None)
    }

    fn recover_now_and_then(&mut self) -> Result<(), AgentError> {
        let every = (self.options.silence / 10).clamp(Duration::from_millis(50), Duration::from_secs(2));
        if self.looked.elapsed() < every {
            return Ok(());
        }
        self.looked = Instant::now();
        self.recover()
    }

    fn recover(&mut self) -> Result<(), AgentError> {
        recover::recover_dead(self.queue, self.sweep, &self.options.directory, self.options.patience)?;
        recover::recover_silent(self.queue, self.sweep, &self.options.directory, self.options.patience)?;
        Ok(())
    }

    /// Leaves in order; nobody might look after those who did not, so once more.
    fn part(mut self) -> Result<(), AgentError> {
        self.recover()?;
        let (queue, id) = (&mut *self.queue, self.id);
        Ok(patiently(self.options.patience, || queue.leave(id))?)
    }
}

/// The end of an attempt that had said that it is about to be preempted: that it failed then is no fault of its own.
fn preempted(end: &End) -> End {
    if !matches!(end.state, RunState::Failed | RunState::Crashed) {
        return end.clone();
    }
    let why = end.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
    End { state: RunState::Preempted, message: Some(format!("was being preempted{why}")), ..end.clone() }
}

/// How long to wait when there is nothing to do.
#[derive(Debug)]
struct Pause {
    min: Duration,
    max: Duration,
    now: Duration,
    heartbeat: Duration,
    heard: Instant,
}

impl Pause {
    fn new(options: &AgentOptions) -> Self {
        let (min, max) = (options.poll_min, options.poll_max);
        Self { min, max, now: min, heartbeat: options.heartbeat_now(), heard: Instant::now() }
    }

    fn reset(&mut self) {
        self.now = self.min;
    }

    fn next(&mut self) -> Duration {
        let pause = self.now;
        self.now = (pause * 3 / 2).min(self.max);
        pause
    }

    /// Whether a sign of life is due; a run in hand gives its own.
    fn is_heartbeat_due(&mut self) -> bool {
        let is_due = self.heard.elapsed() >= self.heartbeat;
        if is_due {
            self.heard = Instant::now();
        }
        is_due
    }
}
