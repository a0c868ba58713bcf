//! Tasks, and suites of them.

use std::fmt;
use std::sync::Arc;

use besom_core::BoxError;

use crate::Objective;

type Make = dyn Fn(u64) -> Result<Box<dyn Objective>, BoxError> + Send + Sync;

/// A family of objectives under one name, and how many runs a sweep of it gets.
///
/// ```
/// use besom_bench::Task;
/// # use besom_bench::{Keep, Objective, Outcome, Rng};
/// # use besom_core::{Point, Problem};
/// # struct Flat(u64);
/// # impl Objective for Flat {
/// #     fn problem(&self) -> Problem { Problem::minimize("loss") }
/// #     fn run(&self, _: &Point, _: &mut Rng, _: &mut dyn FnMut(f64) -> Keep) -> Outcome { Outcome::exact(0.0) }
/// # }
///
/// let task = Task::new("flat", 50, |instance| Ok(Flat(instance)));
/// assert_eq!((task.instance(0), task.instance(4), task.instance(5)), (1, 5, 1));
/// assert_eq!((task.key(7), task.instances(1).key(7)), ("flat_i3".to_owned(), "flat".to_owned()));
/// ```
#[derive(Clone)]
pub struct Task {
    name: String,
    runs: usize,
    epochs: usize,
    instances: u64,
    make: Arc<Make>,
}

impl Task {
    /// A task of this name, with `runs` runs a sweep (at least 1). `make` gets the number of an instance, from 1: the same
    /// number must give the same objective. What differs between instances (shift, rotation, permutation) should leave them
    /// equally hard.
    pub fn new<O, F>(name: impl Into<String>, runs: usize, make: F) -> Self
    where
        O: Objective + 'static,
        F: Fn(u64) -> Result<O, BoxError> + Send + Sync + 'static,
    {
        let make = move |instance| -> Result<Box<dyn Objective>, BoxError> { Ok(Box::new(make(instance)?)) };
        Self { name: name.into(), runs: runs.max(1), epochs: 1, instances: 5, make: Arc::new(make) }
    }

    /// The same with this many epochs in a full run, each of which is logged (at least 1; 1 if nothing is). The budget of a
    /// sweep is then `runs` times `epochs` epochs, and a method whose runs are stopped early gets more runs out of it.
    #[must_use]
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs.max(1);
        self
    }

    /// The same with this many instances (at least 1) instead of five; a sweep's seed chooses among them in turn.
    #[must_use]
    pub fn instances(mut self, instances: u64) -> Self {
        self.instances = instances.max(1);
        self
    }

    /// The task's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many runs a sweep gets.
    pub fn runs(&self) -> usize {
        self.runs
    }

    /// How many epochs a full run has.
    pub fn full_epochs(&self) -> usize {
        self.epochs
    }

    /// How many instances there are.
    pub fn instance_count(&self) -> u64 {
        self.instances
    }

    /// The number of the instance that a sweep of this seed gets, from 1.
    pub fn instance(&self, seed: u64) -> u64 {
        1 + seed % self.instances
    }

    /// What names that instance in results and references: `NAME_iINSTANCE`, or the name alone where there is one instance.
    pub fn key(&self, seed: u64) -> String {
        match self.instances {
            1 => self.name.clone(),
            _ => format!("{}_i{}", self.name, self.instance(seed)),
        }
    }

    /// The objective of a sweep of this seed.
    ///
    /// # Errors
    /// Whatever keeps the task from making it, such as a file that is missing.
    pub fn objective(&self, seed: u64) -> Result<Box<dyn Objective>, BoxError> {
        (self.make)(self.instance(seed))
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, runs, epochs, instances, make: _ } = self;
        let mut task = f.debug_struct("Task");
        task.field("name", name).field("runs", runs).field("epochs", epochs).field("instances", instances);
        task.finish_non_exhaustive()
    }
}

/// Tasks that are benchmarked together. Every task counts alike in its score.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// What it is for, in a line without a full stop.
    pub summary: String,
    /// Its tasks, no two of one name.
    pub tasks: Vec<Task>,
}

impl Suite {
    /// A suite of these tasks.
    pub fn new(name: impl Into<String>, summary: impl Into<String>, tasks: Vec<Task>) -> Self {
        Self { name: name.into(), summary: summary.into(), tasks }
    }
}
