//! A sweep as a pure type.

use std::fmt;

use besom_core::{
    Answer, Ask, Best, Ends, Failure, History, Method, News, Point, Problem, Rule, Run, RunNumber, RunState,
    Shown, Stop, Suggestion,
};

use crate::ControllerError;

/// A sweep in memory: a problem, its history, a search method and perhaps a stopping rule.
///
/// ```
/// use besom_controller::Sweep;
/// use besom_core::{Answer, Problem, Space};
///
/// let space = Space::builder().uniform("x", -5.0, 5.0).build().unwrap();
/// let problem = Problem::minimize("loss").space(space).seed(1);
/// let mut sweep = Sweep::new(problem, besom_search::Random);
/// for _ in 0..20 {
///     let Answer::Try(numbers) = sweep.ask(1).unwrap() else { break };
///     let x = sweep.params(numbers[0]).unwrap()["x"].as_f64().unwrap();
///     sweep.tell(numbers[0], x * x).unwrap();
/// }
/// let best = sweep.best().unwrap();
/// assert!(best.value < 1.0, "run {} is near the minimum", best.run);
/// ```
pub struct Sweep {
    problem: Problem,
    history: History,
    search: Method,
    stopper: Option<Rule>,
    /// How many runs end the sweep: as many as its search method was promised, unless others have said otherwise.
    cap: Option<u64>,
    exhausted: bool,
}

impl Sweep {
    /// A sweep with no runs and no stopping rule. The search method comes from a registry or is your own
    /// [`Search`](besom_core::Search).
    pub fn new(problem: Problem, search: impl Into<Method>) -> Self {
        let (cap, search) = (problem.run_cap, search.into());
        Self { problem, history: History::new(), search, stopper: None, cap, exhausted: false }
    }

    /// The same with a stopping rule, from a registry or your own [`Stopper`](besom_core::Stopper).
    #[must_use]
    pub fn with_stopper(mut self, stopper: impl Into<Rule>) -> Self {
        self.stopper = Some(stopper.into());
        self
    }

    /// The same with a cap that only tells the search method how many runs are planned and does not end the sweep: the caller
    /// decides when to stop asking.
    #[must_use]
    pub fn without_cap(mut self) -> Self {
        self.cap = None;
        self
    }

    /// Suggests from now on with another seed; `search` is a fresh method for it.
    pub(crate) fn reseed(&mut self, seed: u64, search: Method) {
        (self.problem.seed, self.search) = (seed, search);
    }

    /// Lets another number of runs end the sweep than the one that its search method knows; `None` for no number.
    pub(crate) fn set_cap(&mut self, cap: Option<u64>) {
        self.cap = cap;
    }

    /// How many runs there may be.
    pub(crate) fn cap(&self) -> Option<u64> {
        self.cap
    }

    /// What the sweep is to solve.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// All runs so far.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The history, to record what happened elsewhere; its past must stay as it is.
    pub(crate) fn parts_mut(&mut self) -> (&Problem, &mut History) {
        (&self.problem, &mut self.history)
    }

    /// What needs the metric, as its [`Spec`](besom_core::Spec) says; `None` if nothing does.
    pub(crate) fn needs_metric(&self) -> Option<&'static str> {
        if self.search.spec().needs_metric {
            return Some("the search method");
        }
        self.stopper.as_ref().filter(|rule| rule.spec().needs_metric).map(|_| "the stopping rule")
    }

    /// Whether each metric has a value in some run.
    pub(crate) fn has_value(&self) -> bool {
        let has = |place| self.history.runs().iter().any(|run| run.curve(place).last().is_some());
        (0..self.problem.metrics.len()).all(has)
    }

    /// Asks for up to `count` runs to execute. They enter the history as `running`. `Done` also if the cap or the target is
    /// reached.
    pub fn ask(&mut self, count: usize) -> Result<Answer<RunNumber>, ControllerError> {
        Ok(self.suggest(count)?.map(|suggestion| self.start(suggestion)))
    }

    /// What the search method answers, without recording it: at most `count` suggestions, cut at the cap.
    pub fn suggest(&mut self, count: usize) -> Result<Answer, ControllerError> {
        let room = self.cap().map_or(u64::MAX, |cap| cap.saturating_sub(self.history.len() as u64));
        let count = count.min(usize::try_from(room).unwrap_or(usize::MAX));
        if self.exhausted || room == 0 || self.target_reached() {
            return Ok(Answer::Done);
        }
        if count == 0 {
            return Ok(Answer::Wait);
        }
        let ask = Ask::new(&self.problem, &self.history).count(count);
        let answer = self.search.suggest(&ask).map_err(ControllerError::Search)?;
        self.exhausted = answer == Answer::Done;
        Ok(answer)
    }

    /// Finds out whether the search method has a point left, if that may be all that keeps the sweep from being over.
    pub(crate) fn ask_whether_exhausted(&mut self) -> Result<(), ControllerError> {
        let may_end = self.search.spec().ends != Ends::Never && !self.history.is_empty();
        if may_end && !self.history.has_open() && !self.is_over() {
            let _: Answer = self.suggest(1)?;
        }
        Ok(())
    }

    fn start(&mut self, suggestion: Suggestion) -> RunNumber {
        let mut run = Run::new(suggestion.point);
        run.note = suggestion.note;
        run.state = RunState::Running;
        self.history.push(run)
    }

    /// Adds a run that was made elsewhere, for the search to learn from.
    pub fn import(&mut self, run: Run) -> RunNumber {
        self.history.push(run)
    }

    /// The parameters of a run as a nested JSON object.
    #[must_use]
    pub fn params(&self, number: RunNumber) -> Option<serde_json::Map<String, serde_json::Value>> {
        self.history.get(number).map(|run| run.point.to_json())
    }

    /// Adds a value to the curve of the metric of a run, of several the first; the n-th call is its n-th step. NaN is welcome.
    pub fn report(&mut self, number: RunNumber, value: f64) -> Result<(), ControllerError> {
        self.report_to(number, 0, value)
    }

    /// Adds a value to the curve of the `metric`-th metric of a run, from 0.
    ///
    /// # Errors
    /// If the run does not exist or has ended.
    pub fn report_to(&mut self, number: RunNumber, metric: usize, value: f64) -> Result<(), ControllerError> {
        self.record(number, News::logged(metric, vec![value]))
    }

    /// Sets the final value of the metric of a run, of several the first, beside its curve (W&B's summary); `None` for none.
    pub fn set_summary(&mut self, number: RunNumber, value: Option<f64>) -> Result<(), ControllerError> {
        self.set_summary_of(number, 0, value)
    }

    /// Sets the final value of the `metric`-th metric of a run, from 0, beside its curve; `None` for none.
    ///
    /// # Errors
    /// If the run does not exist or has ended.
    pub fn set_summary_of(
        &mut self,
        number: RunNumber,
        metric: usize,
        value: Option<f64>,
    ) -> Result<(), ControllerError> {
        self.record(number, News::Summary { metric, value })
    }

    /// Notes that a run is being stopped early, and why; the first reason stays.
    pub fn mark_stopped(&mut self, number: RunNumber, reason: &str) -> Result<(), ControllerError> {
        let reason = self.open(number)?.stopped.clone().unwrap_or_else(|| reason.to_owned());
        self.record(number, News::Stopped(Some(reason)))
    }

    /// Reports the value of a run and ends it as finished: what a run without a curve needs. NaN is welcome.
    ///
    /// # Errors
    /// If the run does not exist or has ended, or the problem has several metrics.
    pub fn tell(&mut self, number: RunNumber, value: f64) -> Result<(), ControllerError> {
        self.check_values(1)?;
        self.report(number, value)?;
        self.end(number, RunState::Finished)
    }

    /// Reports the values of a run, one per metric in the order of the problem, and ends it as finished. NaN is welcome.
    ///
    /// ```
    /// use besom_controller::Sweep;
    /// use besom_core::{Answer, Metric, Problem, Space};
    ///
    /// let space = Space::builder().uniform("x", 0.0, 1.0).build().unwrap();
    /// let problem = Problem::minimize("loss").with_metric(Metric::minimize("latency")).space(space).seed(1);
    /// let mut sweep = Sweep::new(problem, besom_search::Random);
    /// for _ in 0..20 {
    ///     let Answer::Try(numbers) = sweep.ask(1).unwrap() else { break };
    ///     let x = sweep.params(numbers[0]).unwrap()["x"].as_f64().unwrap();
    ///     sweep.tell_all(numbers[0], &[x * x, 1.0 - x]).unwrap();
    /// }
    /// assert_eq!(sweep.history().runs().len(), 20);
    /// ```
    ///
    /// # Errors
    /// If the run does not exist or has ended, or there are more or fewer values than metrics.
    pub fn tell_all(&mut self, number: RunNumber, values: &[f64]) -> Result<(), ControllerError> {
        self.check_values(values.len())?;
        for (metric, value) in values.iter().enumerate() {
            self.report_to(number, metric, *value)?;
        }
        self.end(number, RunState::Finished)
    }

    /// Refuses so many values of a run if that is not one per metric; a problem without a metric takes one, which nobody reads.
    fn check_values(&self, found: usize) -> Result<(), ControllerError> {
        let expected = self.problem.metrics.len().max(1);
        if found == expected { Ok(()) } else { Err(ControllerError::Values { expected, found }) }
    }

    /// Ends a run as failed, with no value or with those that it reported.
    ///
    /// # Errors
    /// If the run does not exist or has ended.
    pub fn fail(&mut self, number: RunNumber) -> Result<(), ControllerError> {
        self.end(number, RunState::Failed)
    }

    /// The same, for this reason: it tells a search method whether the point may be at fault.
    ///
    /// # Errors
    /// If the run does not exist or has ended.
    pub fn fail_because(&mut self, number: RunNumber, failure: Failure) -> Result<(), ControllerError> {
        self.mark_failure(number, failure)?;
        self.fail(number)
    }

    /// Notes why a run fails, before it ends.
    ///
    /// # Errors
    /// If the run does not exist or has ended.
    pub fn mark_failure(&mut self, number: RunNumber, failure: Failure) -> Result<(), ControllerError> {
        self.record(number, News::Failure(Some(failure)))
    }

    /// Asks and tells, one run after the other, until the sweep is over; `objective` returns the value of the metric at a
    /// point, which is minimized or maximized as the metric says. Returns the best run.
    ///
    /// ```
    /// use besom_controller::Sweep;
    /// use besom_core::{Problem, Space};
    ///
    /// let space = Space::builder().uniform("x", -5.0, 5.0).build()?;
    /// let problem = Problem::minimize("loss").space(space).seed(1).run_cap(20);
    /// let best = Sweep::new(problem, besom_search::Random).optimize(|point| point.f64("x").map_or(f64::NAN, |x| x * x))?;
    /// assert!(best.is_some_and(|best| best.value < 1.0));
    /// # Ok::<(), besom_core::BoxError>(())
    /// ```
    ///
    /// # Errors
    /// If the search method fails, or nothing would ever end the sweep, or the problem has several metrics.
    pub fn optimize(
        &mut self,
        mut objective: impl FnMut(&Point) -> f64,
    ) -> Result<Option<Best>, ControllerError> {
        self.check_values(1)?;
        if self.cap().is_none() && !self.problem.has_target() && self.search.spec().ends == Ends::Never {
            return Err(ControllerError::Endless);
        }
        while let Answer::Try(runs) = self.ask(1)? {
            for run in runs {
                let point = &self.history.get(run).ok_or(ControllerError::NoRun(run))?.point;
                let value = objective(point);
                self.tell(run, value)?;
            }
        }
        Ok(self.best())
    }

    /// Ends a run.
    pub fn end(&mut self, number: RunNumber, state: RunState) -> Result<(), ControllerError> {
        self.record(number, News::State(state))
    }

    fn record(&mut self, number: RunNumber, news: News) -> Result<(), ControllerError> {
        self.open(number)?;
        self.history.record(number, news);
        Ok(())
    }

    fn open(&self, number: RunNumber) -> Result<&Run, ControllerError> {
        let run = self.history.get(number).ok_or(ControllerError::NoRun(number))?;
        if run.state.is_open() { Ok(run) } else { Err(ControllerError::Over(number)) }
    }

    /// The running runs that the stopping rule wants ended and has not named before. The caller ends them.
    pub fn stops(&mut self) -> Result<Vec<Stop>, ControllerError> {
        let Some(stopper) = &mut self.stopper else { return Ok(Vec::new()) };
        let mut stops = stopper.stop(&self.problem, &self.history).map_err(ControllerError::Stopper)?;
        stops.retain(|stop| self.history.get(stop.run).is_some_and(|run| run.stopped.is_none()));
        for stop in &stops {
            self.history.record(stop.run, News::Stopped(Some(stop.reason.clone())));
        }
        Ok(stops)
    }

    /// Whether the stopping rule wants the run ended, or has had it ended: also after [`Sweep::stops`] has named it to somebody
    /// else, as where several workers share a sweep.
    #[must_use]
    pub fn is_stopped(&self, number: RunNumber) -> bool {
        self.history.get(number).is_some_and(|run| run.stopped.is_some())
    }

    /// What the stopping rule shows of its view (bands, thresholds); empty without a rule.
    pub fn show_stopper(&mut self) -> Result<Shown, ControllerError> {
        match &mut self.stopper {
            Some(stopper) => stopper.show(&self.problem, &self.history).map_err(ControllerError::Stopper),
            None => Ok(Shown::new()),
        }
    }

    /// The best run so far in the first metric, see [`History::best`].
    #[must_use]
    pub fn best(&self) -> Option<Best> {
        self.history.best(&self.problem)
    }

    /// Whether a run has reached the target, of several metrics all of them, see [`Problem::reaches_target`].
    #[must_use]
    pub fn target_reached(&self) -> bool {
        // Without a target, `ask` must not cost a pass over the history.
        self.problem.has_target() && self.reached_by().is_some()
    }

    /// The run that has reached the target; with one metric the best.
    pub(crate) fn reached_by(&self) -> Option<RunNumber> {
        if let [_] = self.problem.metrics[..] {
            let best = self.best()?.run;
            return self.problem.reaches_target(self.history.get(best)?).then_some(best);
        }
        self.history.iter().find(|(_, run)| self.problem.reaches_target(run)).map(|(number, _)| number)
    }

    /// Whether nothing is left to do: no run is open, and no new one will come (as far as is known without asking).
    #[must_use]
    pub fn is_over(&self) -> bool {
        let capped = self.cap().is_some_and(|cap| self.history.len() as u64 >= cap);
        (self.exhausted || capped || self.target_reached()) && !self.history.has_open()
    }
}

impl fmt::Debug for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sweep")
            .field("problem", &self.problem)
            .field("runs", &self.history.len())
            .field("exhausted", &self.exhausted)
            .finish_non_exhaustive()
    }
}
