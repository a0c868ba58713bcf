//! Bayesian search: a model of the losses chooses the next point.
//!
//! A Gaussian process (Matérn 5/2, one length scale per parameter) is fitted to what runs logged, and the point with
//! the largest expected improvement under it is suggested. The steps, one file each: [`data`](Observations) says which
//! run enters with which value, `encode` and `axis` turn points into coordinates, `curves` says where stopped and running
//! runs would end, `transform` warps losses, `surrogate` fits, `acquire` searches the best point, `branch` asks the runs
//! with another category alone, `opinions` says who is asked, `initial` gives points where there is no model.
//!
//! Hyperparameters are stored in the note of each suggestion; the latest note is where the next fit starts. What an
//! instance keeps in memory, the last model, only saves time: the answer is a function of the history, bit for bit.

mod acquire;
mod acquisition;
mod axis;
mod branch;
mod context;
mod curves;
mod data;
mod encode;
mod initial;
mod note;
mod opinions;
mod settings;
mod surrogate;
mod transform;

use besom_core::{Answer, Ask, BoxError, Options, Problem, RunNumber, Search, Suggestion};
use besom_gp::GpError;

pub use data::{InFlight, Observation, Observations};
pub use transform::Warp;

use crate::SearchError;
use crate::error::none_of;

use self::context::Moment;
use self::curves::Complete;
use self::encode::Encoding;
use self::opinions::Opinions;
use self::settings::Settings;
use self::surrogate::{Data, Fit, Surrogate};

/// Suggests the point with the largest expected improvement under a Gaussian process.
///
/// The first few points (two more than parameters, 4 to 10, at most a quarter of `run_cap`) are quasi-random. Runs that are not over count with
/// what the model predicts of them, so that agents working at once get different points. No point is suggested twice
/// while there is another; a finite space that is used up ends the search, unless it is to be replicated. The model never fails a sweep: where it
/// cannot be fitted the point is quasi-random and its note says so.
///
/// Notes on suggestions hold `why` (a sentence), `kind` (`given`, `initial`, `model` or `fallback`) and, of the model,
/// `predicted_mean`, `predicted_sd`, `expected_improvement`, `best` and `incumbent` in units of the metric,
/// `probability_of_improvement`, `length_scales` by parameter, what else is needed to go on from this `fit` and, where
/// the model was doubted, `doubt` or `branch`.
#[derive(Debug)]
pub struct Bayes {
    encoding: Encoding,
    settings: Settings,
    /// The last model.
    known: Option<Known>,
}

/// A model and what it was made from.
#[derive(Debug)]
struct Known {
    data: Data,
    earlier: Option<Fit>,
    surrogate: Surrogate,
    branches: Vec<branch::Known>,
}

impl Bayes {
    /// The method for a problem, which needs a metric and a parameter to search.
    ///
    /// Options: `initial_points`, how many quasi-random points come before the model decides; `points_to_evaluate`, a
    /// list of points to try before anything else, each an object of parameters and values, in which what is left out is
    /// chosen; `acquisition`, `expected_improvement` (its logarithm, the default) or `confidence_bound`, of which `beta`
    /// (1.8) is how many standard deviations below the mean a point is taken for; `replicate` (false), whether a finite
    /// space that is used up is tried again, where the model expects most: for metrics that differ from run to run.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, SearchError> {
        let (settings, mut faults) = Settings::new(problem, options);
        if problem.metrics.is_empty() {
            faults.push(SearchError::NoMetric);
        }
        if problem.space.dimensions() == 0 {
            faults.push(SearchError::NothingToSearch);
        }
        none_of(faults)?;
        Ok(Self { encoding: Encoding::new(&problem.space), settings, known: None })
    }

    /// How many points come before the model decides.
    fn planned(&self, problem: &Problem) -> usize {
        self.settings.initial_points.unwrap_or_else(|| initial::count(problem, self.encoding.axes().len()))
    }

    /// The model of this data after this earlier fit: the known one if it was made from the same.
    fn surrogate(&mut self, data: &Data, earlier: Option<&Fit>) -> Result<Surrogate, GpError> {
        match self.known.take() {
            Some(known) if known.data == *data && known.earlier.as_ref() == earlier => Ok(known.surrogate),
            known => Surrogate::new(
                &self.encoding,
                data,
                earlier,
                known.map(|known| known.surrogate),
                self.settings.acquisition,
            ),
        }
    }
}

impl Search for Bayes {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        let observations = Observations::new(ask.problem, ask.history);
        let row = |run: RunNumber| {
            ask.history
                .get(run)
                .and_then(|run| self.encoding.encode(&run.point))
                .filter(|row| !row.is_empty())
        };
        let mut data = Data { planned: self.planned(ask.problem), ..Data::default() };
        let complete = ask.problem.metric().map(|metric| Complete::new(metric, ask.history));
        let end = |run: RunNumber| complete.as_ref()?.end_of(ask.history.get(run)?);
        for observation in &observations.valued {
            if let Some(row) = row(observation.run) {
                data.rows.push(row);
                data.losses.push(end(observation.run).unwrap_or(observation.loss));
            }
        }
        let in_flight: Vec<_> = observations
            .in_flight
            .iter()
            .filter_map(|run| Some((row(run.run)?, ask.history.get(run.run)?)))
            .collect();
        let (valued, measured) = (data.rows.len(), observations.measured());
        let handed_out = valued + in_flight.len();
        let ready = handed_out + ask.count > self.planned(ask.problem);
        let earlier = note::latest_fit(ask.history, &self.encoding);
        let known = ready && measured >= 2 && valued > 0;
        let mut opinions = known.then(|| {
            let branches = self.known.as_mut().map(|known| std::mem::take(&mut known.branches));
            let surrogate = self.surrogate(&data, earlier.as_ref())?;
            Opinions::new(ask, &self.encoding, surrogate, valued, branches.unwrap_or_default())
        });
        if let Some(Ok(opinions)) = &mut opinions {
            for (coordinates, run) in &in_flight {
                let promise = complete.as_ref().and_then(|complete| complete.promise_of(run));
                opinions.believe(coordinates, &run.note, promise);
            }
        }
        let encoding = &self.encoding;
        let tried = ask.history.runs().iter().filter_map(|run| encoding.key(&run.point)).collect();
        let used = self.settings.used(ask.history);
        let (planned, given) = (self.planned(ask.problem), &self.settings.given);
        let mut moment = Moment { ask, encoding, tried, handed_out, measured, planned, given, used };
        let mut suggestions = Vec::new();
        for i in 0..ask.count {
            if moment.exhausted() {
                if !self.settings.replicate {
                    break;
                }
                moment.tried.clear();
            }
            let Some(suggestion) = moment.next(i, &mut opinions) else {
                break;
            };
            moment.tried.extend(encoding.key(&suggestion.point));
            moment.handed_out += 1;
            moment.used += usize::from(note::is_given(&suggestion.note));
            suggestions.push(suggestion);
        }
        if let Some(Ok(opinions)) = opinions {
            let (mut surrogate, branches) = opinions.into_known();
            surrogate.forget();
            self.known = Some(Known { data, earlier, surrogate, branches });
        }
        Ok(if suggestions.is_empty() { Answer::Done } else { Answer::Try(suggestions) })
    }
}

impl Moment<'_> {
    /// The `i`-th point of the answer; `None` if no untried one was found.
    fn next(&self, i: usize, opinions: &mut Option<Result<Opinions, GpError>>) -> Option<Suggestion> {
        let Ask { problem, history, .. } = *self.ask;
        let run = history.next_number().plus(i);
        let mut rng = self.ask.rng(i);
        let planned = self.planned;
        if let Some(given) = self.given.get(self.used) {
            let suggestion = self.complete(given, run);
            if let (Some(Ok(opinions)), Some(coordinates)) =
                (opinions, self.encoding.encode(&suggestion.point))
            {
                opinions.believe(&coordinates, &suggestion.note, None);
            }
            return Some(suggestion);
        }
        let note = if self.handed_out < planned {
            note::initial(self.handed_out + 1, planned)
        } else {
            match opinions {
                None => note::waiting(self.measured),
                Some(Err(error)) => note::fallback(&error.to_string()),
                Some(Ok(opinions)) => match opinions.choose(run, self, &mut rng) {
                    Ok(Some((choice, opinion))) => {
                        let note = note::model(problem, self.encoding, opinions.fitted(), &choice, opinion);
                        opinions.believe(&choice.coordinates, &note, None);
                        return Some(Suggestion { point: choice.point, note });
                    }
                    Ok(None) => note::fallback("every point that the model proposed was tried before"),
                    Err(error) => note::fallback(&error.to_string()),
                },
            }
        };
        let coordinates = initial::untried(problem, self.encoding, run, &mut rng, &self.tried)?;
        if let Some(Ok(opinions)) = opinions {
            opinions.believe(&coordinates, &note, None);
        }
        Some(Suggestion { point: self.encoding.decode(&coordinates), note })
    }
}
