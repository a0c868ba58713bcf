//! CMA-ES: an evolution strategy that adapts the covariance of a normal distribution.
//!
//! Points of a generation are drawn from one distribution (`model`); from the ranks of their values it learns
//! where to draw the next, how far, and in which directions (`normal`). For many cheap runs over numbers,
//! where a model of all runs costs more than runs do.
//!
//! No crate serves here: `cmaes` 0.2 draws, evaluates and updates inside one call, with a generator of its
//! own, and so can be neither asked for one point nor rebuilt from a history. The mathematics is Hansen's
//! tutorial's.

mod constants;
mod model;
mod normal;
mod story;

use std::ops::Bound;

use besom_core::value::float;
use besom_core::{
    Answer, Ask, BoxError, Ends, Fault, Faults, Method, Note, OptionDefault, OptionKind, Options, Problem,
    Search, Spec, Suggestion, typed_options,
};
use serde_json::json;

use self::constants::Constants;
use self::model::{Model, Plan, Update};
use self::story::{Mark, Story};
use crate::SearchError;
use crate::axis::Axis;
use crate::failures::FailureTest;
use crate::options::{learner, named};

/// Draws generations of points from a normal distribution that learns from the ranks of their values.
///
/// Options: see [`CmaEs::SPEC`]. `step` is taken on each parameter's quantile scale. Never done; a point of a
/// finite space may come again.
///
/// * Whole numbers and lists of at least three rising numbers keep a deviation with which their neighbors are
///   tried. Categories are drawn from probabilities that move towards those of the best runs.
/// * A generation ends once `population` of its runs have ended. Until then more points of the same
///   generation are suggested, so that no agent waits and a lost run delays nothing. A run that ends later
///   counts in the generation that is current then, with its influence bounded. Ended runs without a value
///   rank last and never pull the mean.
/// * Once the distribution has shrunk to a point, or all runs of a generation have one value, it starts anew
///   elsewhere with twice the population.
/// * Runs that it did not suggest play no part.
///
/// Notes hold `why` (a sentence), `kind` (`initial` in the first generation and after new starts, else
/// `model`), `generation`, `starts` (how many new starts there were), `step`, `x` (where the numbers lie on
/// their quantile scales), and at the beginning of a generation `learned_from`: the runs of the one before,
/// best first, and how many have a value.
#[derive(Clone, Debug)]
pub struct CmaEs {
    plan: Plan,
    failures: FailureTest,
    /// What was learned from these generations.
    known: Option<(Vec<Update>, Model)>,
}

/// The largest population: a larger generation would not end within any sweep.
const MOST_IN_POPULATION: usize = 100_000;

typed_options! {
    /// Options of [`CmaEs`], which is built with them by `with`.
    pub struct CmaEsOptions {
        /// The number of runs in a generation; use more for rugged or noisy metrics.
        population: usize =
            OptionKind::at_least(4),
            OptionDefault::Chosen("4 + 3 ln of the number of parameters, rounded down");
        /// The initial step size: the standard deviation of the first generation as a share of each range.
        step: f64 =
            OptionKind::Number { low: Bound::Excluded(0.0), high: Bound::Included(1.0) },
            OptionDefault::Number(0.3);
    }
}

impl CmaEs {
    /// The most parameters that may be searched.
    pub const DIMENSIONS: usize = 200;

    /// How the method describes itself.
    pub const SPEC: Spec =
        Spec::new("Moves a distribution of points toward the best runs of each generation")
            .needs_metric()
            .ends(Ends::Never)
            .options(CmaEsOptions::SPECS);

    /// The method for a problem, which needs a metric and a parameter to search.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, Faults> {
        let dimensions = problem.space.dimensions();
        let mut read = learner(Self::SPEC, problem, options);
        if dimensions > Self::DIMENSIONS {
            let (found, limit) = (dimensions, Self::DIMENSIONS);
            let error = SearchError::TooManyDimensions { method: "cma-es", found, limit };
            read.fault(Fault::of_problem(error));
        }
        if problem.space.is_conditional() {
            let instead = "use bayes or tpe, which learn within each branch, or auto";
            read.fault(Fault::of_problem(SearchError::Conditions { method: "cma-es", instead }));
        }
        if problem.space.is_constrained() {
            let instead = "use bayes, tpe or random, or auto";
            read.fault(Fault::of_problem(SearchError::Constraints { method: "cma-es", instead }));
        }
        let population = read.given_count("population");
        let population = population.unwrap_or_else(|| Constants::usual_population(dimensions));
        let axes = problem.space.searchable().map(Axis::new).collect();
        let plan = Plan {
            axes,
            population: population.min(MOST_IN_POPULATION),
            step: read.number("step"),
            seed: problem.seed,
        };
        read.finish(Self { plan, failures: FailureTest::default(), known: None })
    }

    /// As [`CmaEs::new`] with typed options; named and guarded, as a registry builds it.
    ///
    /// # Errors
    /// As [`CmaEs::new`].
    pub fn with(problem: &Problem, options: CmaEsOptions) -> Result<Method, Faults> {
        named("cma-es", Self::SPEC, problem, options, Self::new)
    }

    /// The model that has learned from these generations.
    fn model(&mut self, updates: &[Update]) -> Model {
        let known = self.known.take().filter(|(known, _)| updates.starts_with(known));
        let (mut learned, mut model) = known.unwrap_or_else(|| (Vec::new(), Model::new(&self.plan, 0)));
        for update in &updates[learned.len()..] {
            model.learn(&self.plan, update);
            learned.push(update.clone());
        }
        self.known = Some((learned, model.clone()));
        model
    }
}

impl Search for CmaEs {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        let Ask { problem, history, count, .. } = *ask;
        let metric = problem.metric().ok_or(SearchError::NoMetric)?;
        let mut story = Story::read(&self.plan, history);
        let mut model = self.model(&story.updates);
        let failed = self.failures.read(problem, history);
        let pool = story.pool(metric, history, &failed, model.constants.population);
        if let Some(pool) = &pool
            && let Some(update) = story.update(&self.plan, history, pool)
        {
            let mut next = model.clone();
            next.learn(&self.plan, &update);
            let starts = story.starts + u32::from(next.is_spent() || pool.flat);
            story.close(&self.plan, history, pool, starts);
            model = if starts > model.starts { Model::new(&self.plan, starts) } else { next };
        }
        let suggestions = (0..count).map(|i| {
            let (x, cube) = model.draw(&self.plan, &mut ask.rng(i));
            let mark = Mark { generation: story.generation, starts: story.starts, x, pool: pool.clone() };
            let place = story.begun() + i + 1;
            Suggestion::new(problem.space.decode(&cube)).with_note(note(&model, &story, &mark, place))
        });
        Ok(Answer::Try(suggestions.collect()))
    }
}

/// The note of the `place`-th run of a generation.
fn note(model: &Model, story: &Story, mark: &Mark, place: usize) -> Note {
    // After a new start the newest generation was not learned from, only left.
    let learned = story.updates.last().filter(|_| !begins_anew(story));
    let (kind, from) = match learned {
        Some(Update { valued: 0, runs, .. }) => (
            "model",
            format!(
                "where the generation before was drawn, because none of its {} runs has a value",
                runs.len()
            ),
        ),
        Some(update) => {
            let best = model.constants.parents.min(update.valued);
            ("model", format!("around where the best {best} of {} runs lead", update.runs.len()))
        }
        None if story.starts == 0 => ("initial", "around the middle of the space".to_owned()),
        None => ("initial", format!("around a new place, because start {} found all it could", story.starts)),
    };
    let generation = story.generation + 1;
    let population = model.constants.population;
    let why = format!("{from}: run {place} of generation {generation}, which ends after {population}");
    let mut note = Note::from_iter([
        ("why".to_owned(), json!(why)),
        ("kind".to_owned(), json!(kind)),
        ("step".to_owned(), float(model.normal.sigma)),
    ]);
    mark.write(&mut note);
    note
}

/// Whether the current generation is the first after a start.
fn begins_anew(story: &Story) -> bool {
    let before = story.updates.iter().rev().nth(1).map_or(0, |update| update.starts);
    story.updates.last().is_none_or(|update| update.starts > before)
}
