//! Who is asked for the next point: the model of all runs and, where it expects next to nothing, other models.

use besom_core::{Ask, Note, RunNumber, seed};
use besom_gp::GpError;
use rand::Rng;

use super::acquire::{Candidates, Choice, View};
use super::branch::{Branch, Known};
use super::context::Moment;
use super::curves::Promise;
use super::encode::Encoding;
use super::note::{self, Opinion};
use super::surrogate::Surrogate;

/// An expected improvement, in standard deviations of all targets, that says that nothing is left to be found.
const LITTLE: f64 = 0.01;
/// What length scales are multiplied by, one after the other, until the model expects something.
const DOUBTS: [f64; 2] = [0.5, 0.25];
/// How many hills are climbed where no run is in flight. Where some are, one will do: that each of many points asked at
/// once is the very best matters less than what it costs.
const CLIMBS: usize = 3;

/// Keep the generators of candidates and branches apart from those of runs.
const CANDIDATES: u64 = u64::from_le_bytes(*b"candidat");
const BRANCHES: u64 = u64::from_le_bytes(*b"branches");

/// The model and, once they are needed, the doubts of it.
pub(super) struct Opinions {
    candidates: Candidates,
    fitted: View,
    doubts: Vec<View>,
    branches: Option<Vec<Branch>>,
    /// What is known of the branches from earlier suggestions.
    known: Vec<Known>,
    /// An expected improvement that says that there may be more in other branches: as little, in units of the metric,
    /// when measured by all runs as [`LITTLE`] or by the first ones, which the search had not drawn together yet.
    little_in_branch: f64,
    /// How many runs with a value there are.
    valued: usize,
    /// Where those without are, and what they promise.
    believed: Vec<(Vec<f64>, Option<Promise>)>,
    /// Whether one of these was chosen by another model than that of all runs.
    doubted: bool,
}

impl Opinions {
    pub(super) fn new(
        ask: &Ask<'_>,
        encoding: &Encoding,
        surrogate: Surrogate,
        valued: usize,
        known: Vec<Known>,
    ) -> Result<Self, GpError> {
        let rng = &mut generator(ask, valued, CANDIDATES);
        let candidates = Candidates::new(encoding, &surrogate, rng);
        let little_in_branch = LITTLE * (surrogate.slope_at_start() / surrogate.warp.slope()).max(1.0);
        let fitted = View::new(surrogate, &candidates)?;
        Ok(Self {
            candidates,
            fitted,
            doubts: Vec::new(),
            branches: None,
            known,
            little_in_branch,
            valued,
            believed: Vec::new(),
            doubted: false,
        })
    }

    /// The model of all runs.
    pub(super) fn fitted(&self) -> &Surrogate {
        &self.fitted.surrogate
    }

    /// What is worth keeping for the next suggestions: the model of all runs, and those of branches.
    pub(super) fn into_known(self) -> (Surrogate, Vec<Known>) {
        let branches = self.branches.map(|branches| branches.into_iter().map(Branch::into_known).collect());
        (self.fitted.surrogate, branches.unwrap_or(self.known))
    }

    /// Takes note of a run without a value. One that cannot be added (a copy of another, without noise) says nothing
    /// new.
    pub(super) fn believe(&mut self, coordinates: &[f64], note: &Note, promise: Option<Promise>) {
        for view in std::iter::once(&mut self.fitted).chain(&mut self.doubts) {
            view.believe(coordinates, promise).ok();
        }
        self.branches.iter_mut().flatten().for_each(|branch| branch.believe(coordinates, promise));
        self.believed.push((coordinates.to_vec(), promise));
        self.doubted |= note::is_of_another_model(note);
    }

    /// The `k`-th doubt.
    fn doubt(&mut self, k: usize) -> Result<(), GpError> {
        while self.doubts.len() <= k {
            let doubting = self.fitted.surrogate.doubting(DOUBTS[self.doubts.len()])?;
            let mut view = View::new(doubting, &self.candidates)?;
            for (coordinates, promise) in &self.believed {
                view.believe(coordinates, *promise).ok();
            }
            self.doubts.push(view);
        }
        Ok(())
    }

    /// The point of another branch whose own model expects most, if that is more than `least`, in units of loss.
    fn branch_out(
        &mut self,
        least: f64,
        moment: &Moment<'_>,
        rng: &mut impl Rng,
    ) -> Result<Option<(Choice, Opinion)>, GpError> {
        let Moment { ask, encoding, tried, .. } = moment;
        let branches = match &mut self.branches {
            Some(branches) => branches,
            none => {
                let (whole, known) = (&self.fitted.surrogate, std::mem::take(&mut self.known));
                let mut rng = generator(ask, self.valued, BRANCHES);
                let mut branches = Branch::others(encoding, whole, &self.candidates, known, &mut rng)?;
                for branch in &mut branches {
                    self.believed
                        .iter()
                        .for_each(|(coordinates, promise)| branch.believe(coordinates, *promise));
                }
                none.insert(branches)
            }
        };
        let mut best: Option<(Choice, Opinion)> = None;
        for branch in branches {
            let least = best.as_ref().map_or(least, |(choice, _)| choice.gain());
            let choice = branch.acquire(encoding, rng, tried)?;
            if let Some(choice) = choice.filter(|choice| choice.gain() > least) {
                best = Some((choice, Opinion::Branch(branch.axis)));
            }
        }
        Ok(best)
    }

    /// The point to try next, and which model chose it.
    ///
    /// A model that expects next to nothing anywhere has found the optimum or is wrong: over-confident of what it never
    /// saw, as maximum a posteriori fits to few runs are. Every other run is then spent on the second case, but of those in
    /// flight one is enough.
    pub(super) fn choose(
        &mut self,
        run: RunNumber,
        moment: &Moment<'_>,
        rng: &mut impl Rng,
    ) -> Result<Option<(Choice, Opinion)>, GpError> {
        let Moment { encoding, tried, .. } = moment;
        let climbs = if self.believed.is_empty() { CLIMBS } else { 1 };
        let choice = self.fitted.acquire(encoding, &self.candidates, rng, tried, climbs)?;
        let mut choice = choice.map(|choice| (choice, Opinion::Fitted));
        if !run.index().is_multiple_of(2) || self.doubted {
            return Ok(choice);
        }
        if choice.as_ref().is_none_or(|(choice, _)| choice.improvement < self.little_in_branch) {
            let gain = choice.as_ref().map_or(0.0, |(choice, _)| choice.gain());
            // Without a model of the branches the search goes on as if there were none.
            if let Ok(Some(other)) = self.branch_out(gain, moment, rng) {
                return Ok(Some(other));
            }
        }
        for (k, &factor) in DOUBTS.iter().enumerate() {
            if choice.as_ref().is_none_or(|(choice, _)| choice.improvement >= LITTLE) {
                break;
            }
            if self.doubt(k).is_err() {
                break;
            }
            if let Some(other) = self.doubts[k].acquire(encoding, &self.candidates, rng, tried, climbs)? {
                choice = Some((other, Opinion::Doubting(factor)));
            }
        }
        Ok(choice)
    }
}

/// The generator of candidates, for all runs or for branches: one for all that is asked until the next run is over.
fn generator(ask: &Ask<'_>, valued: usize, whose: u64) -> impl Rng + use<> {
    seed::rng(ask.problem.seed ^ whose, RunNumber::from_index(valued))
}
