//! A benchmark: which methods, on which suite, with which seeds.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use besom_core::{BoxError, Problem, Registry, Search};

use crate::execute::{self, Progress};
use crate::method::{self, Contestant, Kind, Method, Rule};
use crate::{BenchError, Results, Suite};

/// What is called after each sweep.
type Report<'a> = Box<dyn Fn(&Progress<'_>) + Send + Sync + 'a>;

/// A benchmark to run: methods, a suite, seeds.
///
/// ```
/// use besom_bench::{Bench, suites};
/// use besom_core::{Answer, Ask, BoxError, Registry, Search};
///
/// /// Tries the middle of the space.
/// struct Middle;
///
/// impl Search for Middle {
///     fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
///         let middle = vec![0.5; ask.problem.space.dimensions()];
///         Ok(Answer::Try(vec![ask.problem.space.decode(&middle).into()]))
///     }
/// }
///
/// let mut registry = Registry::new();
/// besom_search::register(&mut registry);
/// let results = Bench::new(suites::smoke())
///     .method("middle", |_problem| Ok(Middle))
///     .registry(&registry)
///     .against(["random", "tpe"])
///     .seeds(0..5)
///     .run()?;
/// assert_eq!(results.records().len(), 3 * 2 * 5);
/// assert!(results.paired_difference("tpe", "middle")?.low > 0.0);
/// # Ok::<(), BoxError>(())
/// ```
#[must_use = "nothing is benchmarked until run is called"]
pub struct Bench<'a> {
    pub(crate) suite: Suite,
    pub(crate) methods: Vec<Method<'a>>,
    pub(crate) registry: Option<&'a Registry>,
    /// None: without a rule.
    pub(crate) rules: Vec<Option<Rule>>,
    pub(crate) seeds: Vec<u64>,
    pub(crate) runs: Option<usize>,
    pub(crate) workers: usize,
    pub(crate) jobs: usize,
    pub(crate) timeout: Duration,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) cancel: Option<&'a AtomicBool>,
    pub(crate) progress: Option<Report<'a>>,
}

impl<'a> Bench<'a> {
    /// A benchmark on a suite, with the seeds 0 to 9, one worker and one thread.
    pub fn new(suite: Suite) -> Self {
        Self {
            suite,
            methods: Vec::new(),
            registry: None,
            rules: Vec::new(),
            seeds: (0..10).collect(),
            runs: None,
            workers: 1,
            jobs: 1,
            timeout: Duration::from_secs(600),
            folder: None,
            cancel: None,
            progress: None,
        }
    }

    /// Adds a method of your own under a label. `make` is called for each sweep; its error is the sweep's.
    pub fn method<S, F>(mut self, label: impl Into<String>, make: F) -> Self
    where
        S: Search + 'static,
        F: Fn(&Problem) -> Result<S, BoxError> + Send + Sync + 'a,
    {
        let make =
            move |problem: &Problem| -> Result<Box<dyn Search>, BoxError> { Ok(Box::new(make(problem)?)) };
        self.methods.push(Method { label: label.into(), kind: Kind::Own(Box::new(make)) });
        self
    }

    /// Where [`Bench::against`] and [`Bench::stoppers`] find names.
    pub fn registry(mut self, registry: &'a Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// Adds methods of the registry. `bayes:initial_points=3` gives options, `few=bayes:initial_points=3` a label of its own.
    pub fn against(mut self, methods: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.methods.extend(methods.into_iter().map(|text| {
            let (label, name, options) = method::parse(text.as_ref());
            Method { label, kind: Kind::Named { name, options } }
        }));
        self
    }

    /// Adds a program that speaks ask-tell, as [`Bench::against`] adds a method. The command is split at blanks, quotes are as
    /// in a shell. `label:method` names the method that its configuration asks for; without, that is `bayes`. A program serves
    /// one sweep after the other, and is started anew after an error.
    pub fn exec(mut self, label: impl AsRef<str>, command: impl Into<String>) -> Self {
        let (label, method) = label.as_ref().split_once(':').unwrap_or((label.as_ref(), "bayes"));
        let kind = Kind::Program { command: command.into(), method: method.to_owned() };
        self.methods.push(Method { label: label.to_owned(), kind });
        self
    }

    /// Runs every method with each of these stopping rules of the registry (`asha`, `hyperband:min_iter=3`, and `none`), under
    /// the label `METHOD+RULE`. Without, no run is stopped.
    pub fn stoppers(mut self, rules: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.rules.extend(rules.into_iter().map(|text| {
            let (_, name, options) = method::parse(text.as_ref());
            (name != "none").then_some(Rule { name, options })
        }));
        self
    }

    /// The seeds, one sweep of each task for each; they choose the instances too.
    pub fn seeds(mut self, seeds: impl IntoIterator<Item = u64>) -> Self {
        self.seeds = seeds.into_iter().collect();
        self
    }

    /// The budget of a sweep in runs, in place of what each task says.
    pub fn runs(mut self, runs: usize) -> Self {
        self.runs = Some(runs);
        self
    }

    /// How many runs are in flight at a time. They are simulated: results do not depend on the machine.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// How many sweeps are run at a time, a thread each. Results do not depend on it; but measure CPU time with no more than
    /// there are cores.
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs;
        self
    }

    /// How long a program may take for an answer; ten minutes if this is not called.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Appends each sweep to `METHOD.jsonl` in this folder as soon as it is finished, and does not run again what has a result
    /// there. Delete the file of a method that has changed.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Ends early once this is true: sweeps that are not finished are dropped, [`Bench::run`] returns the others.
    pub fn cancel(mut self, cancel: &'a AtomicBool) -> Self {
        self.cancel = Some(cancel);
        self
    }

    /// Calls a function after each sweep, from any thread.
    pub fn progress(mut self, report: impl Fn(&Progress<'_>) + Send + Sync + 'a) -> Self {
        self.progress = Some(Box::new(report));
        self
    }

    /// Runs it. A sweep that fails (an error or a panic of its method or objective) has a record with the error.
    ///
    /// # Errors
    /// [`BenchError`] before anything is run, or if a folder can't be read or written, or an instance not be made.
    pub fn run(self) -> Result<Results, BenchError> {
        self.check()?;
        execute::execute(&self)
    }

    /// Every method with every rule.
    pub(crate) fn contestants(&self) -> Vec<Contestant<'_>> {
        let rules: Vec<Option<&Rule>> = match self.rules.is_empty() {
            true => vec![None],
            false => self.rules.iter().map(Option::as_ref).collect(),
        };
        let with_rules = |method| rules.iter().map(move |&rule| Contestant { method, rule });
        self.methods.iter().flat_map(with_rules).collect()
    }

    /// The budget of a sweep of a task.
    pub(crate) fn runs_of(&self, task: &crate::Task) -> usize {
        self.runs.unwrap_or(task.runs())
    }
}

impl std::fmt::Debug for Bench<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let labels: Vec<String> = self.contestants().iter().map(Contestant::label).collect();
        f.debug_struct("Bench")
            .field("suite", &self.suite.name)
            .field("methods", &labels)
            .field("seeds", &self.seeds)
            .finish_non_exhaustive()
    }
}
