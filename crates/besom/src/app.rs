//! The command as a value, to be built with algorithms of your own.

use std::ffi::OsString;
use std::process::ExitCode;

use besom_core::{BoxError, Options, Problem, Registry, Search, Spec, Stopper, Taken};

use crate::cli;

/// The command `besom`, with the built-in algorithms and yours.
///
/// ```no_run
/// use besom::core::{Answer, Ask, BoxError, Search, Spec};
///
/// struct Middle;
/// impl Search for Middle {
///     fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
///         let middle = vec![0.5; ask.problem.space.dimensions()];
///         Ok(Answer::Try(vec![ask.problem.space.decode(&middle).into()]))
///     }
/// }
///
/// fn main() -> std::process::ExitCode {
///     // `method: middle` in a sweep file now finds it.
///     let spec = Spec::new("Tries the middle of the space");
///     besom::App::new().search("middle", spec, |_problem, _options| Ok(Middle)).main()
/// }
/// ```
#[derive(Debug)]
pub struct App {
    registry: Registry,
    /// Names that were added twice; reported by [`App::run`].
    taken: Vec<Taken>,
    supervisor: Option<Vec<OsString>>,
}

impl Default for App {
    fn default() -> Self {
        Self::new()
    }
}

impl App {
    /// The command with the built-in algorithms.
    pub fn new() -> Self {
        Self { registry: besom_engine::registry(), taken: Vec::new(), supervisor: None }
    }

    /// Adds a search method that sweep files name by `method: name`; see [`Registry::add_search`]. If the name is taken,
    /// [`App::main`] fails and says so; [`App::replace_search`] is for those who mean it.
    #[must_use]
    pub fn search<S, F>(mut self, name: &str, spec: Spec, make: F) -> Self
    where
        S: Search + 'static,
        F: Fn(&Problem, &Options) -> Result<S, BoxError> + Send + Sync + 'static,
    {
        self.taken.extend(self.registry.add_search(name, spec, make).err());
        self
    }

    /// As [`App::search`], in place of a method that had the name.
    #[must_use]
    pub fn replace_search<S, F>(mut self, name: &str, spec: Spec, make: F) -> Self
    where
        S: Search + 'static,
        F: Fn(&Problem, &Options) -> Result<S, BoxError> + Send + Sync + 'static,
    {
        self.registry.replace_search(name, spec, make);
        self
    }

    /// Adds a stopping rule that sweep files name by `early_terminate: {type: name}`, as [`App::search`] does a method.
    #[must_use]
    pub fn stopper<S, F>(mut self, name: &str, spec: Spec, make: F) -> Self
    where
        S: Stopper + 'static,
        F: Fn(&Problem, &Options) -> Result<S, BoxError> + Send + Sync + 'static,
    {
        self.taken.extend(self.registry.add_stopper(name, spec, make).err());
        self
    }

    /// As [`App::stopper`], in place of a rule that had the name.
    #[must_use]
    pub fn replace_stopper<S, F>(mut self, name: &str, spec: Spec, make: F) -> Self
    where
        S: Stopper + 'static,
        F: Fn(&Problem, &Options) -> Result<S, BoxError> + Send + Sync + 'static,
    {
        self.registry.replace_stopper(name, spec, make);
        self
    }

    /// The registry of the command, for what [`App::search`] and [`App::stopper`] do not cover.
    ///
    /// ```
    /// let mut app = besom::App::new();
    /// let names: Vec<_> = app.registry_mut().searches().collect();
    /// assert!(names.contains(&"bayes"));
    /// ```
    pub fn registry_mut(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// Starts programs of a sweep through this command in place of this executable, which need not be a program of its own: a
    /// module of an interpreter, say. The command must call [`supervise`](crate::agent::supervise) with the arguments added to it.
    /// Programs find the interpreter in the directory of its first word first, and `besom` there last.
    #[must_use]
    pub fn supervisor(mut self, command: Vec<OsString>) -> Self {
        self.supervisor = Some(command);
        self
    }

    /// Runs the command with the arguments of this process, or says which names were added twice. Exit codes: 0 success,
    /// 1 failure, 2 invalid input.
    #[must_use]
    pub fn main(self) -> ExitCode {
        self.run(std::env::args_os())
    }

    /// Runs the command with these arguments; the first is the name of the program, as in [`std::env::args_os`]. It reads standard
    /// input, prints to standard output and error, and `besom run` and `besom agent` handle SIGINT and SIGTERM: it is the command,
    /// not a library call (see [`engine::run`](crate::engine::run) for that). Exit codes as for [`App::main`].
    ///
    /// Programs of a sweep are started through a supervisor, which is this executable with [`App::SUPERVISE`] as first argument.
    /// If your program has arguments of its own, hand such a call over unchanged, before anything else happens.
    ///
    /// ```
    /// use std::process::ExitCode;
    ///
    /// assert_eq!(besom::App::new().run(["besom", "methods", "random"]), ExitCode::SUCCESS);
    /// assert_eq!(besom::App::new().run(["besom", "methods", "randon"]), ExitCode::from(2));
    /// ```
    #[must_use]
    pub fn run<I, T>(self, arguments: I) -> ExitCode
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString>,
    {
        if !self.taken.is_empty() {
            return cli::refuse(&self.taken);
        }
        if let Some(supervisor) = self.supervisor {
            cli::supervise_by(supervisor);
        }
        cli::run(&self.registry, arguments.into_iter().map(Into::into).collect())
    }

    /// The first argument by which this executable becomes the supervisor of a run.
    pub const SUPERVISE: &'static str = cli::SUPERVISE;
}
