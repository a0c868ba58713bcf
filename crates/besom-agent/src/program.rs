//! Runs as programs in any language.

mod allowed;
mod command_line;
mod diagnosis;
mod ending;
mod fresh;
mod hydra;
mod output;
mod python;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use besom_core::{Failure, RunState, error_chain};
use besom_store::ClaimedRun;

use crate::process::{Exit, MARK, Process, Program, SECRETS};
pub use allowed::CommandPattern;
pub use command_line::{CommandLine, DEFAULT_COMMAND, command_line, interpreter, wandb_config, word};

use crate::cause::{self, OomKills};
use crate::link::Ear;
use crate::record::Record;
use crate::{AgentError, Ended, Gpus, Level, Link, Runner, Shutdown, Signal};
use ending::Ending;
use fresh::Fresh;
use output::{Bounded, Output};

/// The bounds of the interval at which the metrics file is read: at once while rows arrive, less often when
/// idle.
const POLL_INTERVAL: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(100));

/// How often the program is looked after: whoever presses Ctrl-C or stops a run notices no delay.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// How long after a program that was asked to end by somebody else this process may be asked, too.
const SHUTDOWN_DELAY: Duration = Duration::from_millis(500);

/// Executes runs as programs in any language.
///
/// The program is executed with an argument vector, never by a shell, in `directory`, with no standard input,
/// in a process group of its own. Its environment has no `BESOM_TOKEN`, and has `BESOM_SWEEP_ID`, `BESOM_RUN_ID`, `BESOM_RUN_NUMBER`,
/// `BESOM_ATTEMPT`, `BESOM_STORE`, `BESOM_PARAMS` (a JSON file), `BESOM_METRICS` (a file to append JSON lines
/// to), `BESOM_RUN_DIR`, `BESOM_ATTEMPT_DIR`, `BESOM_SLOT` ([`crate::AgentOptions::slot`]), those of [`ProgramRunner::gpus`] and of the agent's [bridge](crate::AgentOptions::bridge) and, if the sweep has a metric, its name as `BESOM_METRIC`. Head and tail of its output are kept in [`crate::RunDir::output`]. So its agent must have a
/// [directory](crate::AgentOptions::directory).
///
/// Make one by [`ProgramRunner::new`], then set its fields.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProgramRunner {
    /// The sweep's `command`; W&B's default if `None`.
    pub command: Option<Vec<String>>,
    /// The sweep's `program`.
    pub program: Option<String>,
    /// The name of the sweep's first metric, so that `besom log` can warn of a value that is no number.
    pub metric: Option<String>,
    /// The directory in which programs run: an absolute path.
    pub directory: PathBuf,
    /// The value of `BESOM_STORE`.
    pub store: OsString,
    /// How to start a process that calls [`crate::supervise`] with the arguments that follow these, such as
    /// `["/proc/self/exe", "__supervise"]`; its first word must be an absolute path. Without one, a SIGKILL
    /// of the agent ends the program itself, but not what the program has started.
    pub supervisor: Option<Vec<OsString>>,
    /// A directory appended to `PATH`, so that `besom log` works in programs wherever `besom` was started
    /// from.
    pub tools: Option<PathBuf>,
    /// A directory prepended to `PATH`, so that `python` is the intended one.
    pub interpreters: Option<PathBuf>,
    /// How long a program may take to end after SIGTERM before it is killed; 30 s.
    pub grace: Duration,
    /// The GPUs that its programs see; all if there are none.
    pub gpus: Gpus,
    /// The command lines that may be executed; all if there are none.
    pub allowed: Vec<CommandPattern>,
}

impl ProgramRunner {
    /// A runner with W&B's default command and no supervisor, for programs in `directory`.
    pub fn new(directory: impl Into<PathBuf>, store: impl Into<OsString>) -> Self {
        Self {
            command: None,
            program: None,
            metric: None,
            directory: directory.into(),
            store: store.into(),
            supervisor: None,
            tools: None,
            interpreters: None,
            // The default of Kubernetes and Slurm.
            grace: Duration::from_secs(30),
            gpus: Gpus::default(),
            allowed: Vec::new(),
        }
    }

    /// What is executed for each run, for people: as the sweep says it, with the program in its place.
    pub fn outline(&self) -> String {
        let program = self.program.as_deref().unwrap_or("${program}");
        let word = |word: &String| if word == "${program}" { program.to_owned() } else { word.clone() };
        command_line::words(self.command.as_deref()).iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// Checks what may be executed, as far as that is known without a run: the arguments that depend on parameters are missing.
    ///
    /// # Errors
    /// [`AgentError::NotAllowed`].
    pub fn check_allowed(&self) -> Result<(), AgentError> {
        let (command, program) = (self.command.as_deref(), self.program.as_deref());
        match command_line(command, program, &serde_json::Map::new(), "args.json", 0, &|name| {
            variable(name, &[])
        }) {
            Ok(line) => self.check_line(&line.argv),
            // It is said where the command is used.
            Err(_) => Ok(()),
        }
    }

    fn check_line(&self, argv: &[String]) -> Result<(), AgentError> {
        if self.allowed.is_empty() || self.allowed.iter().any(|pattern| pattern.allows(argv)) {
            return Ok(());
        }
        let allowed = self.allowed.iter().map(|pattern| pattern.text().to_owned()).collect();
        Err(AgentError::NotAllowed { command: argv.join(" "), allowed })
    }

    /// Writes the files of an attempt and returns what to execute.
    fn prepare(&self, run: &ClaimedRun, link: &mut Link<'_>) -> Result<Program, AgentError> {
        let dir = link.dir().cloned().ok_or(AgentError::NoDirectory)?;
        let lease = &run.lease;
        let mut set: Vec<(&'static str, OsString)> = vec![
            ("BESOM_SWEEP_ID", lease.sweep.as_str().into()),
            ("BESOM_RUN_ID", lease.run_name().into()),
            ("BESOM_RUN_NUMBER", lease.run.to_string().into()),
            ("BESOM_ATTEMPT", lease.attempt.to_string().into()),
            ("BESOM_STORE", self.store.clone()),
            ("BESOM_PARAMS", dir.params().into()),
            ("BESOM_METRICS", dir.metrics().into()),
            ("BESOM_RUN_DIR", dir.path().into()),
            (MARK, dir.attempt().into()),
            ("BESOM_SLOT", link.slot().to_string().into()),
            // A script that calls wandb.init() finds the parameters in wandb.config.
            ("WANDB_SWEEP_PARAM_PATH", dir.wandb_config().into()),
        ];
        set.extend(self.gpus.variables());
        set.extend(self.metric.as_ref().map(|metric| ("BESOM_METRIC", metric.into())));
        set.extend(self.path(std::env::var_os("PATH").as_deref()).map(|path| ("PATH", path)));
        let mut env: Vec<_> = set.into_iter().map(|(name, value)| (name, Some(value))).collect();
        env.extend(link.open_bridge(run));
        let CommandLine { argv, json_file, warnings } = command_line(
            self.command.as_deref(),
            self.program.as_deref(),
            &run.point,
            &dir.args_json().to_string_lossy(),
            link.slot(),
            &|name| variable(name, &env),
        )?;
        self.check_line(&argv)?;
        warnings.into_iter().for_each(|warning| link.warn(warning));
        dir.write_params(&run.point)?;
        if let Some(text) = json_file {
            dir.write_args_json(&text)?;
        }
        Ok(Program { argv, directory: self.directory.clone(), env, files: dir })
    }

    /// `PATH` with our directories at its ends; `None` if it stays unchanged.
    fn path(&self, path: Option<&OsStr>) -> Option<OsString> {
        // Without PATH the system searches its default directories, and would not any more if there were one.
        let entries: Vec<PathBuf> = std::env::split_paths(path?).collect();
        let tools = self.tools.iter().filter(|tools| !entries.contains(tools));
        let all: Vec<_> = self.interpreters.iter().chain(&entries).chain(tools).collect();
        // A directory with a colon in its name cannot be in PATH.
        if all.len() == entries.len() { None } else { std::env::join_paths(all).ok() }
    }

    /// Executes a program to the end of all its processes.
    fn execute(&mut self, program: &Program, link: &mut Link<'_>) -> Ended {
        let path = program.files.output();
        let file = match Output::create(&path).map_err(AgentError::io(&path)) {
            Ok(file) => file,
            Err(error) => return unstarted(&error),
        };
        let mut process = match Process::spawn(program, self.supervisor.as_deref()) {
            Ok(process) => process,
            Err(error) => return diagnosis::not_started(&program.argv[0], &self.directory, error),
        };
        let output = match copy_output(file, &mut process).map_err(AgentError::io(&path)) {
            Ok(output) => output,
            Err(error) => return unstarted(&error),
        };
        let fresh = output.as_ref().map(Output::fresh).unwrap_or_default();
        let ear = link.ear();
        let kills = OomKills::so_far();
        let (exit, ending, is_closed) = thread::scope(|scope| {
            let (running, has_ended) = mpsc::channel();
            scope.spawn(|| report(link, &fresh, has_ended));
            let (exit, ending) = drive(&mut process, ear, self.grace, program.files.attempt());
            let is_closed = process.close();
            drop(running);
            (exit, ending, is_closed)
        });
        if !is_closed {
            link.warn("some processes of the run could not be killed");
            self.gpus.leave_behind(program.files.attempt());
        }
        let (excerpt, copy_error) = output.map(Output::finish).unwrap_or_default();
        fresh.finish(link);
        if let Some(error) = copy_error {
            link.warn(format!("output.log is incomplete: {error}"));
        }
        self.verdict(program, exit, &ending, excerpt, kills)
    }

    /// The end of a program, before which the kernel had killed so many.
    fn verdict(
        &self,
        program: &Program,
        exit: Exit,
        ending: &Ending,
        excerpt: String,
        kills: OomKills,
    ) -> Ended {
        let own = || self.own_end(program, exit, &excerpt, kills);
        let mut ended = ending.ended(self.grace).unwrap_or_else(own);
        ended.end.exit_code = match exit {
            Exit::Code(code) => Some(code),
            Exit::Signal(_) | Exit::Vanished => None,
        };
        ended.excerpt(excerpt)
    }

    /// The end of a program that nobody has ended.
    fn own_end(&self, program: &Program, exit: Exit, excerpt: &str, kills: OomKills) -> Ended {
        let mut ended = Ended::new(match exit {
            Exit::Code(0) => return Ended::new(RunState::Finished),
            Exit::Vanished => RunState::Crashed,
            Exit::Code(_) | Exit::Signal(_) => RunState::Failed,
        });
        ended.killed_externally = exit.is_external();
        ended.broken = diagnosis::why_broken(&program.argv, self.program.as_deref(), &self.directory, exit);
        let failure = match ended.broken {
            Some(_) => Failure::Machine,
            None => cause::of_exit(exit, excerpt, kills.grew()),
        };
        ended.end.failure = Some(failure);
        ended.end.message = Some(ended.broken.clone().unwrap_or_else(|| describe(exit, excerpt)));
        ended
    }
}

impl Runner for ProgramRunner {
    fn run(&mut self, run: &ClaimedRun, link: &mut Link<'_>) -> Ended {
        self.gpus.begin();
        match self.prepare(run, link) {
            Ok(program) => self.execute(&program, link),
            Err(error @ (AgentError::NoProgram | AgentError::EmptyCommand | AgentError::NoDirectory)) => {
                Ended::broken(error.to_string())
            }
            Err(error @ AgentError::NotAllowed { .. }) => Ended::refused(error.to_string()),
            Err(error) => unstarted(&error),
        }
    }

    fn obstacle(&mut self, shutdown: &Shutdown) -> Option<String> {
        self.gpus.obstacle(shutdown)
    }
}

/// A variable as the program will have it; `own` are those that this run changes.
fn variable(name: &str, own: &[(&str, Option<OsString>)]) -> Option<String> {
    match own.iter().find(|(known, _)| *known == name) {
        Some((_, value)) => value.as_ref()?.to_str().map(str::to_owned),
        None => std::env::var(name).ok().filter(|_| !SECRETS.contains(&name)),
    }
}

/// What becomes of a run that had no chance because of the machine: the disk is full, for example.
fn unstarted(error: &AgentError) -> Ended {
    Ended::unstarted(error_chain(error))
}

/// Starts to copy the program's output.
fn copy_output(file: Bounded, process: &mut Process) -> io::Result<Option<Output>> {
    let Some((stdout, stderr)) = process.streams() else { return Ok(None) };
    Output::start(file, stdout, stderr).map(Some)
}

/// Reports what the program logs and prints until it has ended. However long the store takes, the program does not notice.
fn report(link: &mut Link<'_>, fresh: &Fresh, has_ended: Receiver<()>) {
    let mut interval = POLL_INTERVAL.0;
    while has_ended.recv_timeout(interval) != Err(RecvTimeoutError::Disconnected) {
        let before = link.rows();
        let signal = link.pump();
        link.tell_bridge(&signal);
        fresh.send_sometimes(link);
        interval = if link.rows() > before { POLL_INTERVAL.0 } else { (interval * 2).min(POLL_INTERVAL.1) };
    }
}

/// Passes signals on to the program until it has ended.
fn drive(process: &mut Process, mut ear: Ear, grace: Duration, attempt: &Path) -> (Exit, Ending) {
    let mut ending = Ending::default();
    loop {
        if let Some(exit) = process.wait(LOOK_INTERVAL) {
            await_shutdown(exit, &ear);
            note_last(&mut ending, ear.signal());
            return (exit, ending);
        }
        ear.take_forwarded().into_iter().for_each(|signal| process.forward(signal));
        let signal = ear.signal();
        if matches!(signal, Signal::Shutdown(_)) && ending.signal() == &Signal::Continue {
            // For whoever recovers the run if this process does not live to say so. If that fails, it counts as a crash.
            let _ = Record::preempting(attempt);
        }
        ending.advance(signal, ear.level(), grace, process);
    }
}

/// Notes a signal that came together with the end of the program. One that has ended by itself has taken as long as it took.
fn note_last(ending: &mut Ending, signal: Signal) {
    if !matches!(signal, Signal::Timeout(_)) {
        ending.note(signal);
    }
}

/// Gives the shutdown time to be noticed that a program was quicker to follow: a service manager or a batch system sends
/// its signal to every process of a job.
fn await_shutdown(exit: Exit, ear: &Ear) {
    if exit.is_requested() {
        ear.sleep_below(Level::Terminate, SHUTDOWN_DELAY);
    }
}

/// "exit status 1: ValueError: lr must be positive".
fn describe(exit: Exit, excerpt: &str) -> String {
    // Long enough for an exception with its values, short enough for one line of a table.
    const SHOWN: usize = 300;
    match excerpt.lines().next_back() {
        Some(last) => format!("{exit}: {}", last.trim().chars().take(SHOWN).collect::<String>()),
        None => exit.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: Option<&str>, interpreters: Option<&str>, tools: Option<&str>) -> Option<String> {
        let runner = ProgramRunner {
            interpreters: interpreters.map(PathBuf::from),
            tools: tools.map(PathBuf::from),
            ..ProgramRunner::new("/", "/store")
        };
        runner.path(path.map(OsStr::new)).map(|path| path.into_string().unwrap_or_default())
    }

    #[test]
    fn tools_come_last_in_the_path_and_once() {
        let check = |given: Option<&str>, tools| path(given, None, Some(tools));
        assert_eq!(check(Some("/bin:/usr/bin"), "/opt/b").as_deref(), Some("/bin:/usr/bin:/opt/b"));
        assert_eq!(check(Some("/opt/b:/bin"), "/opt/b"), None);
        assert_eq!(check(Some("/bin"), "/odd:name"), None);
        assert_eq!(check(None, "/opt/b"), None);
    }

    #[test]
    fn interpreters_come_first_in_the_path() {
        let found = path(Some("/bin:/venv/bin"), Some("/venv/bin"), Some("/opt/b"));
        assert_eq!(found.as_deref(), Some("/venv/bin:/bin:/venv/bin:/opt/b"));
        assert_eq!(path(Some("/bin"), None, None), None);
    }
}
