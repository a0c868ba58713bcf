//! Sobol search: points that fill the space evenly, whichever number of them is tried.
//!
//! Like random search it looks at no result, but leaves no holes and makes no clumps: the better start when
//! runs are few and nothing is known.

mod sequence;

use besom_core::{
    Answer, Ask, BoxError, Ends, Fault, Faults, Method, OptionReader, Options, Problem, Search, Spec,
    Supports, typed_options,
};

use crate::SearchError;
use crate::options::named;

pub(crate) use sequence::scrambled;

/// Tries the points of a scrambled Sobol sequence; the point of a run is a function of the sweep's seed and
/// the run's number. Never done; in a finite space a point may come twice.
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
pub struct Sobol;

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
        .supports(Supports::ONE_METRIC.conditions());

    /// The method; it has no options.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, Faults> {
        let mut read = OptionReader::new(Self::SPEC, options);
        let (found, limit) = (problem.space.dimensions(), Self::DIMENSIONS);
        if found > limit {
            read.fault(Fault::of_problem(SearchError::TooManyDimensions { method: "sobol", found, limit }));
        }
        read.finish(Self)
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
        let dimensions = problem.space.dimensions();
        let suggestions = (0..count)
            .map(|i| problem.space.decode(&point(problem.seed, history.len() + i, dimensions)).into());
        Ok(Answer::Try(suggestions.collect()))
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
