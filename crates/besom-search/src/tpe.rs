//! Tree-structured Parzen estimator: a density of the good runs against one of the bad.
//!
//! Letters are those of Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NIPS 2011, section 4.
//! The quantile gamma splits runs into a few good and many bad ones (`split`); l(x) is the density of the
//! good points and g(x) that of the bad (their equation 2). Points are drawn from l, and the one with the
//! largest l(x) / g(x), which has the largest expected improvement, is suggested. Each density is a mixture
//! with a kernel around every run (`density`, `bandwidth`), over all parameters at once, so that parameters
//! which only work together are seen together. A suggestion costs O(n) for n runs, where a Gaussian process
//! takes O(n²) or more.
//!
//! Kernels and the bandwidths of l are those of Optuna 5, see Watanabe, "Tree-Structured Parzen Estimator:
//! Understanding Its Algorithm Components and Their Roles for Better Empirical Performance", 2023. Different
//! here, each because it measured better: g has wider kernels and its runs do not age; how narrow the kernels
//! of l may become differs from suggestion to suggestion, so that some look close by and some farther; there
//! are 128 candidates instead of 24. A parameter lives on its own quantile scale.

mod bandwidth;
mod density;
mod split;

use std::collections::HashSet;
use std::ops::Bound;

use besom_core::value::float;
use besom_core::{
    Answer, Ask, BoxError, Ends, Faults, Method, Note, OptionDefault, OptionKind, Options, Point, Problem,
    Search, Space, Spec, Suggestion, Supports, typed_options,
};
use libm::pow;
use rand::{Rng, RngExt};
use serde_json::json;

use crate::SearchError;
use crate::failures::FailureTest;
use crate::options::{learner, named};
use crate::sobol::{self, LegalPoints};

use self::bandwidth::Bandwidth;
use self::density::Density;
use self::split::Split;
use crate::axis::{Axis, Place};

/// Suggests the point, of some drawn where good runs are dense, at which bad runs are rarest in proportion.
///
/// Options: see [`Tpe::SPEC`]. Until `initial_points` runs have a value, points are those of [`crate::Sobol`]. Runs that have not
/// ended and those that failed count as bad, but for failures by chance ([`FailedRuns`](crate::FailedRuns)), which do not
/// count. Never done; in a finite space a point is suggested twice only if all
/// candidates were tried before. Candidates that break a constraint are drawn again. A parameter that is inactive in a run counts there by its prior, and one that is
/// inactive in a candidate does not count.
///
/// Notes hold `why` (a sentence), `kind` (`initial` or `model`), and of the model `good` and `bad`, how many
/// runs were on either side, and `log_ratio`, the logarithm of the ratio of the densities.
#[derive(Clone, Debug)]
pub struct Tpe {
    axes: Vec<Axis>,
    failures: FailureTest,
    initial_points: usize,
    gamma: f64,
    candidates: usize,
    legal: LegalPoints,
}

/// How many runs have a value, as a rule, before the densities decide: as in Optuna.
const INITIAL_POINTS: usize = 10;
/// More candidates cost time and add nothing.
const MOST_CANDIDATES: usize = 10_000;
/// The most good runs: as in Optuna, so that l stays sharp however many runs there are.
const MOST_GOOD: usize = 25;
/// How much narrower the kernels of l may become in the suggestions that look closest by. Drawn between this
/// and 1 the score on the core suite was .587, always 1 .572; always narrower gained nothing.
const NARROWEST: f64 = 0.5;
/// How many points are drawn at most for each candidate that keeps all constraints.
const DRAWS: usize = 20;
/// How many candidates there are where none of the drawn ones keeps them: each costs a random walk.
const WALKED: usize = 8;

typed_options! {
    /// Options of [`Tpe`], which is built with them by `with`.
    pub struct TpeOptions {
        /// How many runs must have a value before the method learns from them.
        initial_points: usize =
            OptionKind::at_least(1),
            OptionDefault::Chosen("10, or a quarter of `run_cap` if that is less, at least 3");
        /// The share of runs that counts as the best, at most 25 runs.
        gamma: f64 =
            OptionKind::Number { low: Bound::Excluded(0.0), high: Bound::Excluded(1.0) },
            OptionDefault::Number(0.1);
        /// How many points are drawn for each suggestion.
        candidates: usize = OptionKind::at_least(1), OptionDefault::Count(128);
    }
}

impl Tpe {
    /// How the method describes itself.
    pub const SPEC: Spec = Spec::new("Draws points where good runs are dense and bad ones are rare")
        .needs_metric()
        .ends(Ends::Never)
        .supports(Supports::ONE_METRIC.conditions())
        .options(TpeOptions::SPECS);

    /// The method for a problem, which needs a metric and a parameter to search.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, Faults> {
        let read = learner(Self::SPEC, problem, options);
        let initial_points = read.given_count("initial_points");
        let initial_points = initial_points.unwrap_or_else(|| sobol::initial_points(problem, INITIAL_POINTS));
        let (gamma, candidates) = (read.number("gamma"), read.count("candidates").min(MOST_CANDIDATES));
        let axes = problem.space.searchable().map(Axis::new).collect();
        let (failures, legal) = Default::default();
        read.finish(Self { axes, failures, initial_points, gamma, candidates, legal })
    }

    /// As [`Tpe::new`] with typed options; named and guarded, as a registry builds it.
    ///
    /// # Errors
    /// As [`Tpe::new`].
    pub fn with(problem: &Problem, options: TpeOptions) -> Result<Method, Faults> {
        named("tpe", Self::SPEC, problem, options, Self::new)
    }

    /// The best of the candidates, an untried one if there is any, and its log ratio, ln l(x) - ln g(x). `None` if no legal point is
    /// known.
    fn choose(
        &self,
        (l, g): (&Density, &Density),
        rng: &mut impl Rng,
        (space, tried): (&Space, &HashSet<Vec<u64>>),
    ) -> Option<(Vec<f64>, f64)> {
        let mut best: Option<(bool, f64, Vec<f64>)> = None;
        let mut consider = |cube: Vec<f64>| {
            let active = space.active_at(&cube);
            let at = |((axis, &u), active): ((&Axis, &f64), &bool)| active.then(|| axis.place(u));
            let places: Vec<Option<Place>> = self.axes.iter().zip(&cube).zip(&active).map(at).collect();
            let ratio = l.log(&places) - g.log(&places);
            let new = key(&places, &active).is_none_or(|key| !tried.contains(&key));
            if best.as_ref().is_none_or(|(best_new, highest, _)| (new, ratio) > (*best_new, *highest)) {
                best = Some((new, ratio, cube));
            }
        };
        let mut legal = 0;
        for _ in 0..self.candidates * if space.is_constrained() { DRAWS } else { 1 } {
            let cube = l.draw(&self.axes, rng);
            if space.allows_at(&cube) {
                consider(cube);
                legal += 1;
            }
            if legal == self.candidates {
                break;
            }
        }
        if legal == 0 {
            (0..WALKED).filter_map(|_| space.draw(rng)).for_each(consider);
        }
        best.map(|(_, ratio, cube)| (cube, ratio))
    }

    /// Where a point lies on each axis, `None` where it is inactive, has no value, or one that the space does not
    /// know; and what distinguishes it from all others.
    fn places(&self, space: &Space, point: &Point) -> (Vec<Option<Place>>, Option<Vec<u64>>) {
        let active = space.active_in(point);
        let active = space.parameters().iter().zip(active).filter(|(p, _)| !p.distribution.is_constant());
        let active: Vec<bool> = active.map(|(_, active)| active).collect();
        let find = |(axis, active): (&Axis, &bool)| if *active { axis.find(point) } else { None };
        let places: Vec<Option<Place>> = self.axes.iter().zip(&active).map(find).collect();
        let key = key(&places, &active);
        (places, key)
    }
}

/// What distinguishes a point of a finite space from all others; `None` if the space is not finite or the point
/// lacks a parameter that is active.
fn key(places: &[Option<Place>], active: &[bool]) -> Option<Vec<u64>> {
    let level = |(place, active): (&Option<Place>, &bool)| match place {
        Some(Place::Level(level)) => Some(*level as u64),
        None if !active => Some(u64::MAX),
        _ => None,
    };
    places.iter().zip(active).map(level).collect()
}

impl Search for Tpe {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        let metric = ask.problem.metric().ok_or(SearchError::NoMetric)?;
        let failed = self.failures.read(ask.problem, ask.history);
        let split = Split::new(metric, ask.history, &failed, self.gamma, MOST_GOOD);
        let suggestions = match split.valued < self.initial_points {
            true => self.initial(ask, &split),
            false => self.modeled(ask, &split),
        };
        Ok(Answer::Try(suggestions.ok_or(SearchError::NoLegalPoint)?))
    }
}

impl Tpe {
    /// Points that fill the space.
    fn initial(&mut self, ask: &Ask<'_>, split: &Split) -> Option<Vec<Suggestion>> {
        let Ask { problem, history, count, .. } = *ask;
        let note = initial_note(split.valued, self.initial_points);
        let mut suggestion = |i| {
            let cube = self.legal.point(problem, history.len() + i, &mut ask.rng(i))?;
            Some(Suggestion::new(problem.space.decode(&cube)).with_note(note.clone()))
        };
        (0..count).map(&mut suggestion).collect()
    }

    /// Points that the densities choose.
    fn modeled(&self, ask: &Ask<'_>, split: &Split) -> Option<Vec<Suggestion>> {
        let Ask { problem, history, count, .. } = *ask;
        let space = &problem.space;
        let runs = history.runs().iter().map(|run| self.places(space, &run.point));
        let (all, keys): (Vec<_>, Vec<_>) = runs.unzip();
        let side = |runs: &[usize]| runs.iter().map(|&run| all[run].clone()).collect::<Vec<_>>();
        let mut tried: HashSet<Vec<u64>> = keys.into_iter().flatten().collect();
        let good = side(&split.good);
        let mut g = Density::new(&self.axes, side(&split.bad), Bandwidth::Common);
        let mut suggestions = Vec::new();
        for i in 0..count {
            let mut rng = ask.rng(i);
            let narrow = Bandwidth::Neighbors(pow(NARROWEST, rng.random::<f64>()));
            let l = Density::new(&self.axes, good.clone(), narrow);
            let (cube, ratio) = self.choose((&l, &g), &mut rng, (space, &tried))?;
            let point = space.decode(&cube);
            if i + 1 < count {
                // As after the run has been added: it has not ended, so it is a bad one.
                let (places, key) = self.places(space, &point);
                tried.extend(key);
                g = g.with(&self.axes, places);
            }
            suggestions.push(Suggestion::new(point).with_note(model_note(split, i, ratio)));
        }
        Some(suggestions)
    }
}

fn initial_note(valued: usize, needed: usize) -> Note {
    let why = format!(
        "{valued} of {needed} runs have the value that the model needs: a point that fills the space"
    );
    Note::from_iter([("why".to_owned(), json!(why)), ("kind".to_owned(), json!("initial"))])
}

fn model_note(split: &Split, earlier: usize, ratio: f64) -> Note {
    let (good, bad) = (split.good.len(), split.bad.len() + earlier);
    let why = format!("where the best {good} runs are dense and the other {bad} are not");
    Note::from_iter([
        ("why".to_owned(), json!(why)),
        ("kind".to_owned(), json!("model")),
        ("good".to_owned(), json!(good)),
        ("bad".to_owned(), json!(bad)),
        ("log_ratio".to_owned(), float(ratio)),
    ])
}
