//! Random search: independent draws.
//!
//! The baseline that every other method must beat, and a good choice when runs are cheap and many. It looks
//! at no history at all, so that any number of controllers and any crash leave the sequence of points as it
//! is.

use besom_core::{
    Answer, Ask, BoxError, Ends, Faults, Method, Options, Problem, Search, Spec, Supports, typed_options,
};

use crate::SearchError;
use crate::options::{check, named};

/// Draws every parameter that is active independently from its distribution, again where a constraint is broken ([`Space::draw`]).
/// Never done; a point may come twice.
///
/// [`Space::draw`]: besom_core::Space::draw
#[derive(Clone, Debug, Default)]
pub struct Random;

typed_options! {
    /// Options of [`Random`]; there are none.
    pub struct RandomOptions {}
}

impl Random {
    /// How the method describes itself.
    pub const SPEC: Spec = Spec::new("Draws points at random")
        .options(RandomOptions::SPECS)
        .ends(Ends::Never)
        .in_wandb()
        .supports(Supports::ONE_METRIC.conditions().any_metrics());

    /// The method; it has no options.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, Faults> {
        check(Self::SPEC, problem, options)?;
        Ok(Self)
    }

    /// As [`Random::new`] with typed options; named and guarded, as a registry builds it.
    ///
    /// # Errors
    /// As [`Random::new`].
    pub fn with(problem: &Problem, options: RandomOptions) -> Result<Method, Faults> {
        named("random", Self::SPEC, problem, options, Self::new)
    }
}

impl Search for Random {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        let space = &ask.problem.space;
        let draw = |i| Some(space.decode(&space.draw(&mut ask.rng(i))?).into());
        let suggestions: Option<Vec<_>> = (0..ask.count).map(draw).collect();
        Ok(Answer::Try(suggestions.ok_or(SearchError::NoLegalPoint)?))
    }
}
