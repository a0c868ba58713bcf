//! What the command says of a sweep, for programs that say it in a place of their own.

use std::collections::HashSet;

use besom_config::SweepConfig;
use besom_core::{Best, Registry};
use besom_engine::{BestExpected, EngineError, Event, Place, stored_config};
use besom_store::SweepId;

use crate::cli::{
    Follower, beginning, better, constants, expected_value, in_full, meaning, number, one_line, standing,
    value_of, varying,
};

/// A sweep in the command's words: how it begins, a line for each run that ends, how it stands at the end.
///
/// ```
/// use besom::Report;
/// use besom::engine::{Creation, Place, create, registry};
///
/// let (registry, place) = (registry(), Place::memory());
/// let text = "{method: random, run_cap: 5, metric: {name: loss}, parameters: {x: {min: 0.0, max: 1.0}}}";
/// let config = besom::config::Reader::new(&registry).read(text, "sweep.yaml")?.config;
/// let id = create(&mut *place.open_or_create()?, Creation::new(&config, 7).text(text))?;
/// let mut report = Report::new(&place, &registry, &id)?;
/// assert_eq!(report.beginning(), format!("sweep {id}: random search, 5 runs, minimize loss, seed 7"));
/// assert!(report.ended()?.is_empty());
/// # Ok::<(), besom::engine::EngineError>(())
/// ```
pub struct Report {
    follower: Follower,
    config: SweepConfig,
    constants: HashSet<String>,
}

impl std::fmt::Debug for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Report").field("sweep", &self.follower.sweep.id()).finish_non_exhaustive()
    }
}

impl Report {
    /// Begins to look at a sweep: runs that have ended before are not news.
    ///
    /// # Errors
    /// If the store fails or has no such sweep.
    pub fn new(place: &Place, registry: &Registry, id: &SweepId) -> Result<Self, EngineError> {
        let mut store = place.open_to_read()?;
        let sweep = store.sweep(id)?;
        let config = stored_config(registry, &sweep)?;
        let constants = constants(&config);
        let (follower, _) = Follower::new(store, sweep, Some(&config))?;
        Ok(Self { follower, config, constants })
    }

    /// `sweep 3k8s0x1q: bayes search, 30 runs, minimize loss, seed 7`.
    pub fn beginning(&self) -> String {
        beginning(&self.follower.sweep, &self.config)
    }

    /// A line for each run that has ended since the last call: `run 12 finished: loss 0.234 (new best), 12 steps in 3.2 s | lr=0.1`,
    /// without the parameters that have one value only.
    ///
    /// # Errors
    /// If the store fails.
    pub fn ended(&mut self) -> Result<Vec<String>, EngineError> {
        let (_, ended) = self.follower.next()?;
        let line = |ended: &crate::cli::Ended| {
            let params: Vec<String> =
                varying(&ended.run.point, &self.constants).map(|(_, text)| text).collect();
            in_full(&self.follower.sweep, ended, &params.join(" "))
        };
        Ok(ended.iter().map(line).collect())
    }

    /// How the sweep stands: its state, or that it was interrupted and what continues it (`again`), its runs, its best run with the
    /// parameters, the run that is expected to be the best where values are noisy, and what was better and does not count.
    ///
    /// # Errors
    /// If the store fails.
    pub fn standing(&mut self, again: Option<&str>) -> Result<String, EngineError> {
        let id = self.follower.sweep.id().clone();
        let store = &mut *self.follower.store;
        let (sweep, status) = (store.sweep(&id)?, store.status(&id)?);
        Ok(standing(store, &sweep, &status, &self.config, again)?.join("\n"))
    }

    /// What an event means for whoever watches, if anything. A missing metric and the shutdown are the caller's to name.
    pub fn notice(event: &Event, sweep: &SweepId) -> Option<String> {
        meaning(event, sweep)
    }

    /// The best run in one line, the run that is expected to be the best where values are noisy, and what was better and does
    /// not count; nothing without all three.
    ///
    /// ```
    /// use besom::{Report, core::{Best, RunNumber, RunState}, engine::BestExpected};
    ///
    /// let best = Best::new(RunNumber::FIRST, RunState::Running, 0.3125);
    /// assert_eq!(Report::best("loss", Some(&best), None, None), "best loss 0.3125 (run 1, running)");
    /// let expected = BestExpected::new(RunNumber::FIRST, 0.352, 0.011, 0.05);
    /// let line = Report::best("loss", Some(&best), Some(&expected), None);
    /// assert_eq!(line, "best observed loss 0.3125 (run 1, running); best expected loss 0.352 ± 0.011 (run 1)");
    /// ```
    pub fn best(
        metric: &str,
        best: Option<&Best>,
        expected: Option<&BestExpected>,
        uncounted: Option<&Best>,
    ) -> String {
        let word = if expected.is_some() { "best observed" } else { "best" };
        let best = best.map(|best| format!("{word} {}", value_of(metric, best)));
        let expected = expected.map(|best| format!("best expected {}", expected_value(metric, best)));
        best.into_iter().chain(expected).chain(uncounted.map(better)).collect::<Vec<_>>().join("; ")
    }

    /// A number in six digits, or as many more as it takes to show that it is not a whole number.
    ///
    /// ```
    /// assert_eq!([0.123_456_78, 1_234_567.25].map(besom::Report::number), ["0.123457", "1234567.2"]);
    /// ```
    pub fn number(x: f64) -> String {
        number(x)
    }

    /// A text of somebody else's in one line, with escapes for what a terminal would obey.
    ///
    /// ```
    /// assert_eq!(besom::Report::one_line("a\nb\u{1b}[2J"), "a b\\u{1b}[2J");
    /// ```
    pub fn one_line(text: &str) -> String {
        one_line(text)
    }
}
