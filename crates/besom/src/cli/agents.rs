//! The agents of this process, and what is shown while they work.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use besom_agent::{Bridge, CommandPattern, Gpus, ProgramRunner, Runner, Shutdown};
use besom_engine::{Attendant, Crew, Event, News, Place, Worked};
use besom_server::{Wandb, WandbMode};
use besom_store::{StoreError, SweepId};

use crate::cli::files::Files;
use crate::cli::gpus::Jobs;
use crate::cli::output::{line, notice};
use crate::cli::progress::Progress;
use crate::cli::signals;
use crate::error::InputError;

/// How often the display is brought up to date. Each time reads what is new in the store.
const PACE: Duration = Duration::from_millis(250);

/// How soon the end of the agents is noticed.
const MOMENT: Duration = Duration::from_millis(25);

/// The first argument by which this program becomes the supervisor of a run.
pub(crate) const SUPERVISE: &str = "__supervise";

/// What supervises programs, if it is not this executable. One for the process, as the executable is.
static SUPERVISOR: OnceLock<Vec<OsString>> = OnceLock::new();

/// Has programs supervised by this command, from the first call on.
pub(crate) fn supervise_by(command: Vec<OsString>) {
    // A second call in the same process is the same command again.
    drop(SUPERVISOR.set(command));
}

/// How programs are executed.
pub(crate) struct Terms<'a> {
    /// How many in parallel, and on which GPUs.
    pub(crate) jobs: &'a Jobs,
    /// How long they may take to end.
    pub(crate) grace: Duration,
    /// What they may be; anything if there are none.
    pub(crate) allowed: Vec<CommandPattern>,
    /// What becomes of what they log with W&B's client.
    pub(crate) wandb: WandbMode,
}

/// Executes runs of the crew's sweep until it has ended, the count is used up, or a signal ends it.
pub(crate) fn work(place: &Place, crew: &mut Crew, terms: &Terms<'_>, shutdown: &Shutdown) -> Result<Worked> {
    let runners = terms.jobs.slots().map(|gpus| runner(crew, terms, gpus)).collect::<Result<Vec<_>>>()?;
    if let (true, Some(runner)) = (place.is_elsewhere(), runners.first()) {
        // Somebody else may have written the sweep's file.
        line(format!("programs run in {}: {}", runner.directory.display(), runner.outline()))?;
    }
    crew.set_bridge(runners.first().and_then(|runner| wandb(terms.wandb, runner)));
    signals::listen(shutdown)?;
    besom_agent::raise_file_limit();
    besom_agent::adopt_orphans();
    let files = Files::new(place.directory(), crew.sweep().id());
    let progress = Progress::new(place.open()?, crew, files, terms.jobs.count())?;
    let (id, news) = (&crew.sweep().new.id, crew.news());
    let mut display = Display { progress, id, news, due: Instant::now(), shown: Ok(()) };
    let runners = runners.into_iter().map(|runner| Box::new(runner) as Box<dyn Runner + Send>).collect();
    let worked = crew.work(runners, &mut display);
    let shown = display.close(worked.is_ok());
    let worked = worked?;
    shown?;
    Ok(worked)
}

/// What takes what programs log with W&B's client, if they do not log elsewhere; that is said if they seem to log at all.
fn wandb(mode: WandbMode, runner: &ProgramRunner) -> Option<Arc<dyn Bridge>> {
    let wandb = Wandb::new(mode, &runner.directory);
    let words: Vec<_> = runner.outline().split_whitespace().map(str::to_owned).collect();
    wandb.notice_for("use --wandb local", &runner.directory, &words).into_iter().for_each(notice);
    wandb.bridge()
}

fn runner(crew: &Crew, terms: &Terms<'_>, gpus: Gpus) -> Result<ProgramRunner> {
    let mut runner = crew.program_runner()?;
    (runner.grace, runner.gpus) = (terms.grace, gpus);
    runner.allowed.clone_from(&terms.allowed);
    runner.check_allowed().map_err(|error| InputError::new(error.to_string()))?;
    runner.supervisor = Some(supervisor()?);
    runner.interpreters = interpreter().and_then(|file| Some(file.parent()?.to_owned()));
    let program = interpreter().or_else(|| std::env::current_exe().ok());
    runner.tools = program.and_then(|file| Some(file.parent()?.to_owned()));
    Ok(runner)
}

/// The interpreter that executes this command, if one does.
fn interpreter() -> Option<PathBuf> {
    SUPERVISOR.get().and_then(|command| command.first()).map(PathBuf::from)
}

/// This very program, also when its file was replaced meanwhile.
fn supervisor() -> Result<Vec<OsString>> {
    if let Some(command) = SUPERVISOR.get() {
        return Ok(command.clone());
    }
    let linux = Path::new("/proc/self/exe");
    let executable = match linux.exists() {
        true => linux.to_owned(),
        false => std::env::current_exe()
            .context("cannot find besom's own executable, which supervises programs")?,
    };
    Ok(vec![executable.into(), SUPERVISE.into()])
}

/// Whether an error is that of a store that may work again.
fn may_pass(error: &anyhow::Error) -> bool {
    error.downcast_ref::<StoreError>().is_some_and(StoreError::is_transient)
}

/// Shows a sweep while the crew works on it.
struct Display<'a> {
    progress: Progress,
    id: &'a SweepId,
    news: News,
    /// When the display is to be brought up to date next.
    due: Instant,
    /// The error that ended the display; the agents work on without it.
    shown: Result<()>,
}

impl Attendant for Display<'_> {
    fn event(&mut self, event: Event) {
        let text = match event {
            Event::Shutdown(level) => Some(signals::meaning(level).to_owned()),
            Event::MetricMissing(missing) => Some(format!("warning: {missing}")),
            event => meaning(&event, self.id),
        };
        text.into_iter().for_each(|text| self.progress.notice(&text));
    }

    fn attend(&mut self) {
        if self.shown.is_ok() && Instant::now() >= self.due {
            if self.news.may_have_changed() {
                self.shown = self.show();
            }
            self.due = Instant::now() + PACE;
        }
        thread::sleep(MOMENT);
    }
}

impl Display<'_> {
    /// Brings the display up to date. What a store that fails for a while does not say is shown later; the agents say that it fails.
    fn show(&mut self) -> Result<()> {
        match self.progress.tick() {
            Err(error) if may_pass(&error) => {
                self.news.look_again();
                Ok(())
            }
            shown => shown,
        }
    }

    /// Shows what came last, unless the store may hang, and takes the display away.
    fn close(mut self, is_well: bool) -> Result<()> {
        let before = std::mem::replace(&mut self.shown, Ok(()));
        let shown = if is_well { before.and_then(|()| self.show()) } else { before };
        self.progress.close();
        shown
    }
}

/// What an event means for whoever watches, if anything.
pub(crate) fn meaning(event: &Event, id: &SweepId) -> Option<String> {
    Some(match event {
        Event::PausedByOwner => {
            format!("sweep {id} is paused by its owner; resume with: besom resume {id}")
        }
        Event::StoreFails { message } => format!("{message}; trying again, nothing is lost"),
        Event::StoreWorks => "the store works again".to_owned(),
        Event::MachineFails { message } => format!("this machine cannot start runs: {message}; waiting"),
        Event::MachineWorks => "this machine can start runs again".to_owned(),
        Event::RecoveryFails { message } => {
            format!("cannot recover a run of a dead agent: {message}")
        }
        Event::SlotWaits { slot, message } => format!("slot {slot} cannot start runs: {message}; waiting"),
        Event::SlotReady { slot } => format!("slot {slot} can start runs again"),
        Event::Drained { agent } => format!("agent {agent} was drained and exits"),
        Event::Quarantined { agent, reason } => {
            format!("agent {agent} exits; its failed runs go to other agents: {reason}")
        }
        Event::SteppingFailed { message } => format!("cannot step the sweep: {message}"),
        _ => return None,
    })
}
