//! The agents of this process, and what is shown while they work.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use besom_agent::{Gpus, Runner, Shutdown};
use besom_engine::{Attendant, Crew, Event, Place, Worked};
use besom_store::SweepId;

use crate::cli::files::Files;
use crate::cli::gpus::Jobs;
use crate::cli::progress::Progress;
use crate::cli::signals;

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

/// Executes runs of the crew's sweep, those of `jobs` in parallel, until it has ended, the count is used up, or a signal ends
/// it.
pub(crate) fn work(
    place: &Place,
    crew: &Crew<'_>,
    jobs: &Jobs,
    grace: Duration,
    shutdown: &Shutdown,
) -> Result<Worked> {
    signals::listen(shutdown)?;
    besom_agent::raise_file_limit();
    besom_agent::adopt_orphans();
    let runners = jobs.slots().map(|gpus| runner(crew, grace, gpus)).collect::<Result<Vec<_>>>()?;
    let files = Files::new(place.directory(), crew.sweep().id());
    let progress = Progress::new(place.open()?, crew, files, jobs.count())?;
    let mut display = Display { progress, id: &crew.sweep().new.id, due: Instant::now(), shown: Ok(()) };
    let worked = crew.work(runners, &mut display);
    let shown = display.close();
    let worked = worked?;
    shown?;
    Ok(worked)
}

fn runner(crew: &Crew<'_>, grace: Duration, gpus: Gpus) -> Result<Box<dyn Runner + Send>> {
    let mut runner = crew.program_runner()?;
    (runner.grace, runner.gpus) = (grace, gpus);
    runner.supervisor = Some(supervisor()?);
    runner.interpreters = interpreter().and_then(|file| Some(file.parent()?.to_owned()));
    let program = interpreter().or_else(|| std::env::current_exe().ok());
    runner.tools = program.and_then(|file| Some(file.parent()?.to_owned()));
    Ok(Box::new(runner))
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

/// Shows a sweep while the crew works on it.
struct Display<'a> {
    progress: Progress,
    id: &'a SweepId,
    /// When the display is to be brought up to date next.
    due: Instant,
    /// The error that ended the display; the agents work on without it.
    shown: Result<()>,
}

impl Attendant for Display<'_> {
    fn event(&mut self, event: Event) {
        let id = self.id;
        match event {
            Event::Shutdown(level) => self.progress.notice(signals::meaning(level)),
            Event::PausedByOwner => self
                .progress
                .notice(&format!("sweep {id} is paused by its owner; resume with: besom resume {id}")),
            Event::MetricMissing(missing) => self.progress.notice(&format!("warning: {missing}")),
            Event::StoreFails { message } => {
                self.progress.notice(&format!("{message}; trying again, nothing is lost"));
            }
            Event::StoreWorks => self.progress.notice("the store works again"),
            Event::MachineFails { message } => {
                self.progress.notice(&format!("this machine cannot start runs: {message}; waiting"));
            }
            Event::MachineWorks => self.progress.notice("this machine can start runs again"),
            Event::RecoveryFails { message } => {
                self.progress.notice(&format!("cannot recover a run of a dead agent: {message}"));
            }
            Event::SlotWaits { slot, message } => {
                self.progress.notice(&format!("slot {slot} cannot start runs: {message}; waiting"));
            }
            Event::SlotReady { slot } => self.progress.notice(&format!("slot {slot} can start runs again")),
            Event::Quarantined { agent, reason } => {
                let what = "its failed runs go to other agents";
                self.progress.notice(&format!("agent {agent} exits; {what}: {reason}"));
            }
            Event::SteppingFailed { message } => {
                self.progress.notice(&format!("cannot step the sweep: {message}"));
            }
            _ => {}
        }
    }

    fn attend(&mut self) {
        if self.shown.is_ok() && Instant::now() >= self.due {
            self.shown = self.progress.tick();
            self.due = Instant::now() + PACE;
        }
        thread::sleep(MOMENT);
    }
}

impl Display<'_> {
    /// Shows what came last, and takes the display away.
    fn close(mut self) -> Result<()> {
        let shown = self.shown.and_then(|()| self.progress.tick());
        self.progress.close();
        shown
    }
}
