//! The command as a value, to be built with algorithms of your own.

use std::process::ExitCode;

use besom_core::{BoxError, Options, Problem, Registry, Search, Spec, Stopper};

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
}

impl Default for App {
    fn default() -> Self {
        Self::new()
    }
}

impl App {
    /// The command with the built-in algorithms.
    pub fn new() -> Self {
        Self { registry: besom_engine::registry() }
    }

    /// Adds a search method that sweep files name by `method: name`, in place of one of that name; see
    /// [`Registry::add_search`].
    #[must_use]
    pub fn search<S, F>(mut self, name: &str, spec: Spec, make: F) -> Self
    where
        S: Search + 'static,
        F: Fn(&Problem, &Options) -> Result<S, BoxError> + Send + Sync + 'static,
    {
        self.registry.add_search(name, spec, make);
        self
    }

    /// Adds a stopping rule that sweep files name by `early_terminate: {type: name}`, in place of one of that name.
    #[must_use]
    pub fn stopper<S, F>(mut self, name: &str, spec: Spec, make: F) -> Self
    where
        S: Stopper + 'static,
        F: Fn(&Problem, &Options) -> Result<S, BoxError> + Send + Sync + 'static,
    {
        self.registry.add_stopper(name, spec, make);
        self
    }

    /// Runs the command with the arguments of this process. Exit codes: 0 success, 1 failure, 2 invalid input.
    #[must_use]
    pub fn main(self) -> ExitCode {
        cli::main(&self.registry)
    }
}
