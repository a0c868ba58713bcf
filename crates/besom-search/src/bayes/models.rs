//! The models of one answer, and what takes their place where there is none.

use besom_core::{Ask, Note, Point, RunNumber, Suggestion};
use besom_gp::GpError;
use rand::Rng;

use super::acquisition::Acquisition;
use super::context::SuggestContext;
use super::curves::Forecast;
use super::encode::Encoding;
use super::fit::{Fit, TrainingData};
use super::proposers::Proposers;
use super::several::Several;
use super::surrogate::Surrogate;
use super::{initial, note};

/// The models of one answer.
pub(super) enum Models {
    /// They are not needed yet, or there is too little to learn from.
    None,
    /// They could not be fitted.
    Failed(GpError),
    /// Of one metric.
    Fitted(Box<Proposers>),
    /// Of several metrics.
    Several(Box<Several>),
}

/// A point that models suggest.
pub(super) struct Suggested {
    pub(super) point: Point,
    pub(super) coordinates: Vec<f64>,
    pub(super) note: Note,
}

/// A model of an earlier answer, and what it was made from.
#[derive(Debug)]
pub(super) struct CachedModel {
    data: TrainingData,
    earlier: Option<Fit>,
    surrogate: Surrogate,
}

impl CachedModel {
    /// Without the pending points of the answer.
    pub(super) fn new(data: TrainingData, earlier: Option<Fit>, mut surrogate: Surrogate) -> Self {
        surrogate.drop_pending();
        Self { data, earlier, surrogate }
    }

    /// The model of this data after this earlier fit: the cached one if it was made from the same.
    pub(super) fn surrogate(
        cached: Option<Self>,
        encoding: &Encoding,
        data: &TrainingData,
        earlier: Option<&Fit>,
        acquisition: Acquisition,
    ) -> Result<Surrogate, GpError> {
        match cached {
            Some(cached) if cached.data == *data && cached.earlier.as_ref() == earlier => {
                Ok(cached.surrogate)
            }
            cached => {
                Surrogate::new(encoding, data, earlier, cached.map(|cached| cached.surrogate), acquisition)
            }
        }
    }
}

impl From<Result<Proposers, GpError>> for Models {
    fn from(fitted: Result<Proposers, GpError>) -> Self {
        fitted.map_or_else(Self::Failed, |proposers| Self::Fitted(Box::new(proposers)))
    }
}

impl Models {
    /// As [`Proposers::add_pending`].
    pub(super) fn add_pending(&mut self, coordinates: &[f64], note: &Note, forecast: Option<Forecast>) {
        match self {
            Self::None | Self::Failed(_) => {}
            Self::Fitted(proposers) => proposers.add_pending(coordinates, note, forecast),
            Self::Several(several) => several.add_pending(coordinates),
        }
    }

    /// The `i`-th point of the answer, which is pending from then on; `None` if no untried one was found.
    pub(super) fn suggest(&mut self, i: usize, context: &SuggestContext<'_>) -> Option<Suggestion> {
        let Ask { problem, history, .. } = *context.ask;
        let run = history.next_number().plus(i);
        let mut rng = context.ask.rng(i);
        if let Some(given) = context.next_given(run, &mut rng) {
            if let Some(coordinates) = context.encoding.encode(&given.point) {
                self.add_pending(&coordinates, &given.note, None);
            }
            return Some(given);
        }
        let owed = self.owed(context);
        let note = match self.propose(run, context, owed, &mut rng) {
            Ok(suggestion) => return Some(suggestion),
            Err(note) => note,
        };
        let coordinates = initial::untried(problem, context.encoding, run, &mut rng, &context.tried, owed)?;
        self.add_pending(&coordinates, &note, None);
        Some(Suggestion::new(context.encoding.decode(&coordinates)).with_note(note))
    }

    /// The value of a category that gets a run without asking the models.
    fn owed(&self, context: &SuggestContext<'_>) -> Option<(usize, f64)> {
        let modeled =
            matches!(self, Self::Fitted(_) | Self::Several(_)) && context.handed_out >= context.planned;
        context.shares.owed().filter(|_| modeled)
    }

    /// What the models propose, or the note of a quasi-random point in place of it, as for a value that is owed a run.
    fn propose(
        &mut self,
        run: RunNumber,
        context: &SuggestContext<'_>,
        owed: Option<(usize, f64)>,
        rng: &mut impl Rng,
    ) -> Result<Suggestion, Note> {
        if context.handed_out < context.planned {
            let is_middle = initial::middle(context.ask.problem, context.encoding, run).is_some();
            return Err(note::initial(context.handed_out + 1, context.planned, is_middle));
        }
        if let Some((axis, coordinate)) = owed {
            return Err(note::share(context.encoding, axis, coordinate));
        }
        let suggested = match self {
            Self::None => return Err(note::waiting(context.measured)),
            Self::Failed(error) => return Err(note::fallback(&error.to_string())),
            Self::Fitted(proposers) => proposers.propose(run, context, rng).map(|proposed| {
                let (proposal, choice) = proposed?;
                let problem = context.ask.problem;
                let note = note::model(problem, context.encoding, proposers.fitted(), &proposal, choice);
                Some(Suggested { point: proposal.point, coordinates: proposal.coordinates, note })
            }),
            Self::Several(several) => several.propose(run, context, rng),
        };
        match suggested {
            Ok(Some(Suggested { point, coordinates, note })) => {
                self.add_pending(&coordinates, &note, None);
                Ok(Suggestion::new(point).with_note(note))
            }
            Ok(None) => Err(note::fallback("every point that the model proposed was tried before")),
            Err(error) => Err(note::fallback(&error.to_string())),
        }
    }
}
