//! Suites by name.

use besom_core::UnknownName;

use crate::{BenchError, Suite, Task};

impl Suite {
    /// A suite of everything that `names` name among `suites`: whole suites, and single tasks. A task that is named twice, by
    /// itself or by two suites, is there once.
    ///
    /// ```
    /// use besom_bench::{Suite, suites};
    ///
    /// let suite = Suite::select(&suites::all(), ["smoke"])?;
    /// let task = Suite::select(&suites::all(), ["bowl"])?;
    /// assert_eq!((suite.tasks.len(), task.tasks.len()), (2, 1));
    /// let unknown = Suite::select(&suites::all(), ["smok"]).unwrap_err();
    /// assert!(unknown.to_string().contains("did you mean 'smoke'?"));
    /// # Ok::<(), besom_bench::BenchError>(())
    /// ```
    ///
    /// # Errors
    /// [`BenchError::Unknown`] for a name that neither a suite nor a task has.
    pub fn select(
        suites: &[Self],
        names: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, BenchError> {
        let (mut found, mut tasks) = (Vec::new(), Vec::<Task>::new());
        for name in names {
            let name = name.as_ref();
            found.push(name.to_owned());
            for task in tasks_of(suites, name).ok_or_else(|| unknown(suites, name))? {
                if tasks.iter().all(|known| known.name() != task.name()) {
                    tasks.push(task);
                }
            }
        }
        Ok(Self::new(found.join(","), "selected by name", tasks))
    }
}

/// The tasks of a suite, or the task, of this name.
fn tasks_of(suites: &[Suite], name: &str) -> Option<Vec<Task>> {
    if let Some(suite) = suites.iter().find(|suite| suite.name == name) {
        return Some(suite.tasks.clone());
    }
    let task = suites.iter().flat_map(|suite| &suite.tasks).find(|task| task.name() == name);
    task.map(|task| vec![task.clone()])
}

/// The message lists suites only: there are hundreds of tasks.
fn unknown(suites: &[Suite], name: &str) -> BenchError {
    let tasks = suites.iter().flat_map(|suite| suite.tasks.iter().map(Task::name));
    let suites = suites.iter().map(|suite| suite.name.as_str());
    let unknown = UnknownName::new("suite or task", name, suites.clone());
    BenchError::Unknown(unknown.nearest_of(suites.chain(tasks)))
}
