//! Proposers: the model of all runs and, where it expects next to nothing, other models of the same runs.

use besom_core::{Ask, Note, RunNumber, seed};
use besom_gp::GpError;
use rand::Rng;

use super::acquire::{CandidateModel, Proposal};
use super::branch::{Branch, CachedBranch};
use super::candidates::Candidates;
use super::context::SuggestContext;
use super::curves::Forecast;
use super::encode::Encoding;
use super::note::{self, ModelChoice};
use super::surrogate::Surrogate;

/// An expected improvement, in standard deviations of all targets, that says that nothing is left to be
/// found. A third of it measured worse on the same problems (decision 20).
const NEGLIGIBLE: f64 = 0.01;
/// What length scales are multiplied by, one after the other, until the model expects something (decision
/// 20).
const SHORTER: [f64; 2] = [0.5, 0.25];
/// How many hills are climbed where no point is pending. Where some are, one will do: that each of many
/// points asked at once is the very best matters less than what it costs (decision 25).
pub(super) const CLIMBS: usize = 3;

/// Keep the generators of candidates and branches apart from those of runs.
pub(super) const CANDIDATES: u64 = u64::from_le_bytes(*b"candidat");
const BRANCHES: u64 = u64::from_le_bytes(*b"branches");

/// The model of all runs and, once they are needed, its variants.
pub(super) struct Proposers {
    candidates: Candidates,
    fitted: CandidateModel,
    shorter: Vec<CandidateModel>,
    branches: Option<Vec<Branch>>,
    /// Models of branches from earlier suggestions.
    cached: Vec<CachedBranch>,
    /// An expected improvement that says that there may be more in other branches: as little, in units of the
    /// metric, when measured by all runs as [`NEGLIGIBLE`] or by the first ones, which the search had not
    /// drawn together yet.
    negligible_in_branch: f64,
    /// How many runs with a value there are.
    valued: usize,
    /// `X_pending`, with the forecasts of their learning curves.
    pending: Vec<(Vec<f64>, Option<Forecast>)>,
    /// Whether one of these was proposed by another model than that of all runs.
    another_pending: bool,
}

impl Proposers {
    pub(super) fn new(
        ask: &Ask<'_>,
        encoding: &Encoding,
        surrogate: Surrogate,
        valued: usize,
        cached: Vec<CachedBranch>,
    ) -> Result<Self, GpError> {
        let rng = &mut generator(ask, valued, CANDIDATES);
        let runs = surrogate.posterior.observations();
        let candidates = Candidates::new(&ask.problem.space, encoding, runs, &surrogate.top_points, rng);
        let negligible_in_branch =
            NEGLIGIBLE * (surrogate.slope_at_start() / surrogate.warp.slope()).max(1.0);
        let fitted = CandidateModel::new(surrogate, &candidates)?;
        Ok(Self {
            candidates,
            fitted,
            shorter: Vec::new(),
            branches: None,
            cached,
            negligible_in_branch,
            valued,
            pending: Vec::new(),
            another_pending: false,
        })
    }

    /// The model of all runs.
    pub(super) fn fitted(&self) -> &Surrogate {
        &self.fitted.surrogate
    }

    /// What is worth keeping for the next suggestions: the model of all runs, and those of branches.
    pub(super) fn into_cached(self) -> (Surrogate, Vec<CachedBranch>) {
        let branches = self.branches.map(|branches| branches.into_iter().map(Branch::into_cached).collect());
        (self.fitted.surrogate, branches.unwrap_or(self.cached))
    }

    /// Adds a pending point with the note of its run. One that cannot be added (a copy of another, without
    /// noise) says nothing new.
    pub(super) fn add_pending(&mut self, coordinates: &[f64], note: &Note, forecast: Option<Forecast>) {
        for model in std::iter::once(&mut self.fitted).chain(&mut self.shorter) {
            model.add_pending(coordinates, forecast).ok();
        }
        self.branches.iter_mut().flatten().for_each(|branch| branch.add_pending(coordinates, forecast));
        self.pending.push((coordinates.to_vec(), forecast));
        self.another_pending |= note::is_of_another_model(note);
    }

    /// The point to try next, and which model chose it.
    ///
    /// A model that expects next to nothing anywhere has found the optimum or is wrong: over-confident of
    /// what it never saw, as maximum a posteriori fits to few runs are. Every other run is then spent on the
    /// second case, but one such pending run is enough.
    pub(super) fn propose(
        &mut self,
        run: RunNumber,
        context: &SuggestContext<'_>,
        rng: &mut impl Rng,
    ) -> Result<Option<(Proposal, ModelChoice)>, GpError> {
        let SuggestContext { encoding, tried, .. } = context;
        let climbs = if self.pending.is_empty() { CLIMBS } else { 1 };
        let proposal = self.fitted.acquire(encoding, &self.candidates, rng, tried, climbs)?;
        let fitted = proposal.map(|proposal| (proposal, ModelChoice::Fitted));
        if !run.index().is_multiple_of(2) || self.another_pending {
            return Ok(fitted);
        }
        let least = self.negligible_in_branch;
        if fitted.as_ref().is_none_or(|(proposal, _)| proposal.improvement < least) {
            let gain = fitted.as_ref().map_or(0.0, |(proposal, _)| proposal.gain());
            // Without a model of the branches the search proceeds as if there were none.
            if let Ok(Some(other)) = self.propose_in_branches(gain, context, rng) {
                return Ok(Some(other));
            }
        }
        self.propose_with_shorter_length_scales(fitted, context, rng, climbs)
    }

    /// The point of another branch whose own model expects most, if that is more than `least`, in units of
    /// loss.
    fn propose_in_branches(
        &mut self,
        least: f64,
        context: &SuggestContext<'_>,
        rng: &mut impl Rng,
    ) -> Result<Option<(Proposal, ModelChoice)>, GpError> {
        let SuggestContext { ask, encoding, tried, .. } = context;
        let mut best: Option<(Proposal, ModelChoice)> = None;
        for branch in self.branches(ask, encoding)? {
            let least = best.as_ref().map_or(least, |(proposal, _)| proposal.gain());
            let proposal = branch.acquire(encoding, rng, tried)?;
            if let Some(proposal) = proposal.filter(|proposal| proposal.gain() > least) {
                best = Some((proposal, ModelChoice::Branch(branch.axis)));
            }
        }
        Ok(best)
    }

    /// The models of the other branches, made when first wanted.
    fn branches(&mut self, ask: &Ask<'_>, encoding: &Encoding) -> Result<&[Branch], GpError> {
        let branches = match self.branches.take() {
            Some(branches) => branches,
            None => {
                let (whole, cached) = (&self.fitted.surrogate, std::mem::take(&mut self.cached));
                let mut rng = generator(ask, self.valued, BRANCHES);
                let mut branches = Branch::others(encoding, whole, &self.candidates, cached, &mut rng)?;
                for branch in &mut branches {
                    self.pending.iter().for_each(|(point, forecast)| branch.add_pending(point, *forecast));
                }
                branches
            }
        };
        Ok(self.branches.insert(branches))
    }

    /// The `best` so far, or, while it expects next to nothing, what models with ever shorter length scales
    /// propose.
    fn propose_with_shorter_length_scales(
        &mut self,
        mut best: Option<(Proposal, ModelChoice)>,
        context: &SuggestContext<'_>,
        rng: &mut impl Rng,
        climbs: usize,
    ) -> Result<Option<(Proposal, ModelChoice)>, GpError> {
        let SuggestContext { encoding, tried, .. } = context;
        for (k, &factor) in SHORTER.iter().enumerate() {
            let enough = best.as_ref().is_none_or(|(proposal, _)| proposal.improvement >= NEGLIGIBLE);
            if enough || self.shorten(k).is_err() {
                break;
            }
            if let Some(other) = self.shorter[k].acquire(encoding, &self.candidates, rng, tried, climbs)? {
                best = Some((other, ModelChoice::ShorterLengthScales(factor)));
            }
        }
        Ok(best)
    }

    /// Makes the models with shorter length scales up to the `k`-th.
    fn shorten(&mut self, k: usize) -> Result<(), GpError> {
        while self.shorter.len() <= k {
            let shorter = self.fitted.surrogate.with_shorter_length_scales(SHORTER[self.shorter.len()])?;
            let mut model = CandidateModel::new(shorter, &self.candidates)?;
            for (point, forecast) in &self.pending {
                model.add_pending(point, *forecast).ok();
            }
            self.shorter.push(model);
        }
        Ok(())
    }
}

/// The generator of candidates, for all runs or for branches: one for all that is asked until the next run
/// ends.
pub(super) fn generator(ask: &Ask<'_>, valued: usize, whose: u64) -> impl Rng + use<> {
    seed::rng(ask.problem.seed ^ whose, RunNumber::from_index(valued))
}
