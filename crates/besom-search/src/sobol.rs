//! Sobol search: points that fill the space evenly, whichever number of them is tried.
//!
//! Like random search it looks at no result, but leaves no holes and makes no clumps: the better start when
//! runs are few and nothing is known.

mod sequence;

use besom_core::{
    Answer, Ask, BoxError, Ends, Fault, Faults, Method, OptionReader, Options, Problem, Search, Spec,
    Supports, typed_options,
};

use rand::Rng;

use crate::SearchError;
use crate::options::{check_legal, named};

pub(crate) use sequence::scrambled;

/// Tries the points of a scrambled Sobol sequence; the point of a run is a function of the sweep's seed and
/// the run's number. With constraints the points that break one are left out of the sequence; where fewer than 1 in 200 keep them
/// all, points are those of a random walk. Never done; in a finite space a point may come twice.
///
/// ```
/// use besom_core::distribution::Continuous;
/// use besom_core::{Answer, Ask, Distribution, History, Options, Parameter, Problem, Search, Space};
/// use besom_search::Sobol;
///
/// let unit = Distribution::Continuous(Continuous::Uniform { min: 0.0, max: 1.0 });
/// let space = Space::new(vec![Parameter::new("x", unit)])?;
/// let problem = Problem::without_metric().space(space).seed(7);
/// let history = History::new();
/// let ask = Ask::new(&problem, &history).count(4);
/// let Answer::Try(suggestions) = Sobol::new(&problem, &Options::new())?.suggest(&ask)? else {
///     unreachable!("it is never done")
/// };
/// let mut x: Vec<f64> = suggestions.iter().filter_map(|s| s.point.get(&"x".into())?.as_f64()).collect();
/// x.sort_by(f64::total_cmp);
/// assert!(x[0] < 0.25 && x[1] < 0.5 && 0.5 < x[2] && 0.75 < x[3]);
/// # Ok::<(), besom_core::BoxError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sobol {
    legal: LegalPoints,
}

typed_options! {
    /// Options of [`Sobol`]; there are none.
    pub struct SobolOptions {}
}

impl Sobol {
    /// The most parameters that may be searched.
    pub const DIMENSIONS: usize = sequence::DIMENSIONS;

    /// How the method describes itself.
    pub const SPEC: Spec = Spec::new("Fills the space evenly")
        .options(SobolOptions::SPECS)
        .ends(Ends::Never)
        .supports(Supports::ONE_METRIC.conditions().any_metrics());

    /// The method; it has no options.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, Faults> {
        let mut read = OptionReader::new(Self::SPEC, options);
        let (found, limit) = (problem.space.dimensions(), Self::DIMENSIONS);
        if found > limit {
            read.fault(Fault::of_problem(SearchError::TooManyDimensions { method: "sobol", found, limit }));
        }
        check_legal(&mut read, problem);
        read.finish(Self::default())
    }

    /// As [`Sobol::new`] with typed options; named and guarded, as a registry builds it.
    ///
    /// # Errors
    /// As [`Sobol::new`].
    pub fn with(problem: &Problem, options: SobolOptions) -> Result<Method, Faults> {
        named("sobol", Self::SPEC, problem, options, Self::new)
    }
}

impl Search for Sobol {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        let Ask { problem, history, count, .. } = *ask;
        let mut suggestion = |i| {
            let cube = self.legal.point(problem, history.len() + i, &mut ask.rng(i))?;
            Some(problem.space.decode(&cube).into())
        };
        let suggestions: Option<Vec<_>> = (0..count).map(&mut suggestion).collect();
        Ok(Answer::Try(suggestions.ok_or(SearchError::NoLegalPoint)?))
    }
}

/// How many points of the sequence in a row are looked at for a legal one.
const SKIPPED: usize = 2000;

/// Which points of the sequence are legal, as far as was asked for: a function of the problem.
#[derive(Clone, Debug, Default)]
pub(crate) struct LegalPoints {
    /// The place in the sequence of each legal point, or of the last one that was looked at in vain.
    places: Vec<Result<usize, usize>>,
}

impl LegalPoints {
    /// The point of the run at this place in the history: the legal point of the sequence with this number, or a drawn one where
    /// legal points are rare. `None` if none is known.
    pub(crate) fn point(&mut self, problem: &Problem, place: usize, rng: &mut impl Rng) -> Option<Vec<f64>> {
        let space = &problem.space;
        let at = |place| point(problem.seed, place, space.dimensions());
        if !space.is_constrained() {
            return Some(at(place));
        }
        if space.is_rarely_legal() {
            return space.draw(rng);
        }
        while self.places.len() <= place {
            let next = self.places.last().map_or(0, |(Ok(last) | Err(last))| last + 1);
            let legal = (next..next + SKIPPED).find(|&place| space.allows_at(&at(place)));
            self.places.push(legal.ok_or(next + SKIPPED - 1));
        }
        self.places[place].map_or_else(|_| space.draw(rng), |place| Some(at(place)))
    }
}

/// The scrambled point of the run at this place in the history. The sequence starts again after 2^32 runs.
pub(crate) fn point(seed: u64, place: usize, dimensions: usize) -> Vec<f64> {
    scrambled(seed, u32::try_from(place as u64 % (1 << 32)).unwrap_or_default(), dimensions)
}

/// How many points of the sequence a method takes that learns from them: as many as usual, but not more than
/// a quarter of a bounded sweep if that is at least 3.
pub(crate) fn initial_points(problem: &Problem, usual: usize) -> usize {
    let quarter = |cap: u64| usize::try_from(cap.div_ceil(4)).unwrap_or(usize::MAX).max(3);
    problem.run_cap.map_or(usual, |cap| usual.min(quarter(cap)))
}
