//! Bayesian search: a model of the losses chooses the next point.
//!
//! A Gaussian process (Matérn 5/2, one length scale per parameter) is fitted to what runs logged, and the
//! point that maximizes its acquisition function, expected improvement, is suggested. The steps, one file
//! each:
//!
//! | | |
//! |---|---|
//! | [`data`](Observations) | which run enters with which value |
//! | `failures` of the crate | which failed runs do not enter |
//! | `axis`, `encode` | points as coordinates, and back |
//! | `curves` | extrapolation of learning curves: where stopped and running runs would end |
//! | `training` | the history as data (X, y) and pending points `X_pending` |
//! | `fit` | the fit of the hyperparameters |
//! | `surrogate` | the Gaussian process: posterior mean mu(x) and deviation sigma(x) |
//! | `acquisition` | expected improvement over the incumbent, or a confidence bound |
//! | `candidates`, `acquire` | maximizing it |
//! | `branch` | models of the runs with one value of a category alone |
//! | `proposers` | which model chooses |
//! | `several` | the same with several metrics: a model of each, and what is gained beside their front |
//! | `initial` | quasi-random points where there is no model |
//! | `shares` | which value of a category has too few runs to be judged |
//! | `note` | the note of a suggestion, and what later ones read back of it |
//!
//! Hyperparameters are stored in the note of each suggestion; the latest note is where the next fit starts.
//! What an instance keeps in memory, the last model, only saves time: the answer is a function of the
//! history, bit for bit on the same kind of CPU (decision 10).

mod acquire;
mod acquisition;
mod axis;
mod branch;
mod candidates;
mod context;
mod curves;
mod data;
mod encode;
mod fit;
mod initial;
mod models;
mod note;
mod proposers;
mod settings;
mod several;
mod shares;
mod surrogate;
mod training;

use besom_core::{Answer, Ask, BoxError, Faults, Method, Options, Problem, Search, Spec};
use besom_gp::GpError;

pub use besom_gp::Warp;
pub use data::{InFlight, Observation, Observations};
pub use settings::{AcquisitionKind, BayesOptions};

use crate::failures::FailureTest;
use crate::options::{learner, named};

use self::branch::CachedBranch;
use self::context::SuggestContext;
pub(crate) use self::encode::Encoding;
use self::fit::Fit;
use self::models::{CachedModel, Models};
use self::note::EarlierFits;
use self::proposers::Proposers;
use self::settings::Settings;
use self::several::Several;
use self::shares::Shares;
use self::training::{Pending, Training};

/// Suggests the point with the largest expected improvement under a Gaussian process.
///
/// The first few points (two more than parameters, 4 to 10, at most a quarter of `run_cap`) are quasi-random.
/// Runs that have not ended count with what the model predicts of them, so that agents working at once get
/// different points. No point is suggested twice while there is another; a finite space that is used up ends
/// the search, unless it is to be replicated. The model never fails a sweep: where it cannot be fitted the
/// point is quasi-random and its note says so.
///
/// Notes on suggestions hold `why` (a sentence), `kind` (`given`, `initial`, `model` or `fallback`) and, of
/// the model, `predicted_mean`, `predicted_sd`, `expected_improvement`, `best` and `incumbent` in units of
/// the metric, `probability_of_improvement`, `length_scales` by parameter, what else the next `fit` starts
/// from and, where another model than that of all runs chose, `doubt` (the factor on its length scales) or
/// `branch`.
#[derive(Debug)]
pub struct Bayes {
    encoding: Encoding,
    settings: Settings,
    failures: FailureTest,
    cache: Cache,
}

/// The models of the last answer: they only save time.
#[derive(Debug, Default)]
struct Cache {
    /// By metric.
    models: Vec<CachedModel>,
    branches: Vec<CachedBranch>,
}

/// The fits that later ones start from.
enum Earlier {
    /// With one metric.
    One(Option<Fit>),
    Several(EarlierFits),
}

impl Earlier {
    fn new(ask: &Ask<'_>, encoding: &Encoding) -> Self {
        match ask.problem.metrics.len() {
            0 | 1 => Self::One(note::latest_fit(ask.history, encoding)),
            _ => Self::Several(EarlierFits::new(ask.problem, ask.history, encoding)),
        }
    }
}

impl Bayes {
    /// How the method describes itself.
    pub const SPEC: Spec = Settings::SPEC;

    /// The method for a problem, which needs a metric and a parameter to search.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, Faults> {
        let mut read = learner(Self::SPEC, problem, options);
        let settings = Settings::read(problem, &mut read);
        let encoding = Encoding::new(&problem.space);
        read.finish(Self { encoding, settings, failures: FailureTest::default(), cache: Cache::default() })
    }

    /// As [`Bayes::new`] with typed options; named and guarded, as a registry builds it.
    ///
    /// ```
    /// use besom_core::{Ask, History, Problem, Space};
    /// use besom_search::{Bayes, BayesOptions};
    ///
    /// let space = Space::builder().log_uniform("lr", 1e-5, 1e-1).int("layers", 1, 8).build()?;
    /// let problem = Problem::minimize("loss").space(space).seed(7);
    /// let mut bayes = Bayes::with(&problem, BayesOptions::new().initial_points(5))?;
    /// bayes.suggest(&Ask::new(&problem, &History::new()))?;
    ///
    /// let error = Bayes::with(&problem, BayesOptions::new().beta(-1.0)).expect_err("it must be positive");
    /// assert!(error.to_string().starts_with("option 'beta' must be a number greater than 0, found -1"));
    /// # Ok::<(), besom_core::BoxError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Bayes::new`].
    pub fn with(problem: &Problem, options: BayesOptions) -> Result<Method, Faults> {
        named("bayes", Self::SPEC, problem, options, Self::new)
    }

    /// How many points come before the model decides.
    fn planned(&self, problem: &Problem) -> usize {
        self.settings.initial_points.unwrap_or_else(|| initial::count(problem, self.encoding.axes().len()))
    }

    /// The models for an answer, with all pending runs.
    fn models(&mut self, ask: &Ask<'_>, training: &Training<'_>, earlier: &Earlier) -> Models {
        let needed = training.handed_out() + ask.count > training.planned;
        if !needed || training.measured < 2 || training.valued() == 0 {
            return Models::None;
        }
        let mut models = match earlier {
            Earlier::One(earlier) => Models::from(self.proposers(ask, training, earlier.as_ref())),
            Earlier::Several(earlier) => {
                let cached = std::mem::take(&mut self.cache.models);
                Models::Several(Box::new(Several::new(ask.problem, training, earlier.clone(), cached)))
            }
        };
        for Pending { coordinates, run, forecast } in &training.pending {
            models.add_pending(coordinates, &run.note, *forecast);
        }
        models
    }

    /// The models of a single metric.
    fn proposers(
        &mut self,
        ask: &Ask<'_>,
        training: &Training<'_>,
        earlier: Option<&Fit>,
    ) -> Result<Proposers, GpError> {
        let Cache { models, branches } = std::mem::take(&mut self.cache);
        let (cached, data) = (models.into_iter().next(), &training.data[0]);
        let surrogate =
            CachedModel::surrogate(cached, &self.encoding, data, earlier, self.settings.acquisition)?;
        Proposers::new(ask, &self.encoding, surrogate, data.rows.len(), branches)
    }

    /// What is known before the first point of an answer is chosen.
    fn context<'a>(&'a self, ask: &'a Ask<'a>, training: &Training<'_>) -> SuggestContext<'a> {
        let encoding = &self.encoding;
        SuggestContext {
            ask,
            encoding,
            tried: ask.history.runs().iter().filter_map(|run| encoding.key(&run.point)).collect(),
            handed_out: training.handed_out(),
            measured: training.measured,
            planned: training.planned,
            given: &self.settings.given,
            used: self.settings.used(ask.history),
            shares: Shares::new(ask, encoding),
        }
    }
}

impl Search for Bayes {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        let failed = self.failures.read(ask.problem, ask.history);
        let training = Training::new(ask, &self.encoding, self.planned(ask.problem), &failed);
        let earlier = Earlier::new(ask, &self.encoding);
        let mut models = self.models(ask, &training, &earlier);
        let mut context = self.context(ask, &training);
        let mut suggestions = Vec::new();
        for i in 0..ask.count {
            if context.exhausted() {
                if !self.settings.replicate {
                    break;
                }
                context.tried.clear();
            }
            let Some(suggestion) = models.suggest(i, &context) else {
                break;
            };
            context.record(&suggestion);
            suggestions.push(suggestion);
        }
        match (models, earlier) {
            (Models::Fitted(proposers), Earlier::One(earlier)) => {
                let (surrogate, branches) = proposers.into_cached();
                let data = training.data.into_iter().next().unwrap_or_default();
                self.cache = Cache { models: vec![CachedModel::new(data, earlier, surrogate)], branches };
            }
            (Models::Several(several), _) => self.cache.models = several.into_cached(),
            _ => {}
        }
        Ok(if suggestions.is_empty() { Answer::Done } else { Answer::Try(suggestions) })
    }
}
