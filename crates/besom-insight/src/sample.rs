//! The runs of a history, laid out over parameters.

use besom_core::{Distribution, History, Metric, ParamPath, Parameter, Problem, Run, RunNumber, Space, When};

use crate::{Axis, InsightError, Span};

/// The parts of an axis whose runs are compared: enough to see a valley, few enough to hold several of some dozen runs.
const PARTS: usize = 8;

/// A run with a value of the metric.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ValuedRun<'a> {
    /// Its number.
    pub number: RunNumber,
    /// The run.
    pub run: &'a Run,
    /// Its value, see [`Problem::value`]; finite.
    pub value: f64,
}

impl ValuedRun<'_> {
    /// Whether it can be the best of its sweep: it finished or is running.
    pub fn counts(&self) -> bool {
        self.run.state.can_be_best()
    }
}

/// The runs of a history that have a value of the first metric, in whatever state, over some parameters.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sample<'a> {
    /// What the values are of.
    pub metric: &'a Metric,
    /// The parameters, one axis each.
    pub axes: Vec<Axis>,
    /// The runs with a value, in order; at least one.
    pub runs: Vec<ValuedRun<'a>>,
    /// The best run, see [`History::best`].
    pub best: Option<RunNumber>,
    /// The space, if it has conditions whose parents are all among the axes or constant.
    conditional: Option<&'a Space>,
}

impl<'a> Sample<'a> {
    /// The runs over the parameters of these names (nested ones joined by dots), in this order; over all that are not
    /// constant if none is named.
    ///
    /// # Errors
    /// If the problem has no metric, no run has a value of it, or a name is not that of a parameter that varies.
    pub fn new(problem: &'a Problem, history: &'a History, named: &[String]) -> Result<Self, InsightError> {
        let axes: Vec<Axis> = chosen(problem, named)?.into_iter().map(Axis::new).collect();
        let metric = problem.metric().ok_or(InsightError::NoMetric)?;
        let runs: Vec<ValuedRun<'a>> = history
            .iter()
            .filter_map(|(number, run)| Some(ValuedRun { number, run, value: problem.value(run, 0)? }))
            .collect();
        if runs.is_empty() {
            return Err(InsightError::NoValues { metric: metric.name.clone() });
        }
        let best = history.best(problem).map(|best| best.run);
        let conditional = conditional(&problem.space, &axes);
        Ok(Self { metric, axes, runs, best, conditional })
    }

    /// Requires at least this many axes.
    ///
    /// # Errors
    /// [`InsightError::Parameters`] if there are fewer.
    pub fn require_axes(&self, needed: usize) -> Result<(), InsightError> {
        let found = self.axes.len();
        if found < needed { Err(InsightError::Parameters { needed, found }) } else { Ok(()) }
    }

    /// Requires that the axes are two, of different parameters.
    ///
    /// # Errors
    /// [`InsightError::Pair`] if they are not.
    pub fn require_pair(&self) -> Result<(), InsightError> {
        match self.axes.as_slice() {
            [x, y] if x.name() != y.name() => Ok(()),
            axes => {
                Err(InsightError::Pair { named: axes.iter().map(|axis| axis.name().to_string()).collect() })
            }
        }
    }

    /// Where a run lies on the `k`-th axis; `None` if it has no such parameter or a foreign value.
    pub fn place(&self, run: &Run, k: usize) -> Option<f64> {
        self.axes[k].place(run.point.get(self.axes[k].name())?)
    }

    /// Where a run lies on all axes, with the [canonical place](Axis::canonical) of a parameter that is inactive in it; `None` if
    /// it lacks another one.
    pub(crate) fn places(&self, run: &Run) -> Option<Vec<f64>> {
        let place = |axis: &Axis| match run.point.get(axis.name()) {
            Some(value) => axis.place(value),
            None => axis.is_conditional().then(|| axis.canonical()),
        };
        self.axes.iter().map(place).collect()
    }

    /// Moves the places of parameters that are inactive there to the canonical ones.
    pub(crate) fn settle(&self, places: &mut [f64]) {
        let Some(space) = self.conditional else { return };
        let on_axis = |name: &ParamPath| self.axes.iter().position(|axis| axis.name() == name);
        let active = space.active(|place| {
            let parameter = &space.parameters()[place];
            match &parameter.distribution {
                Distribution::Constant(value) => Some(value.clone()),
                _ => on_axis(&parameter.name).map(|k| self.axes[k].value(places[k])),
            }
        });
        for (parameter, _) in space.parameters().iter().zip(active).filter(|(_, active)| !active) {
            if let Some(k) = on_axis(&parameter.name) {
                places[k] = self.axes[k].canonical();
            }
        }
    }

    /// The places in `runs` of all runs, those with the best value first; of equal ones the earliest.
    pub fn by_value(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.runs.len()).collect();
        order.sort_by(|&a, &b| self.loss(&self.runs[a]).total_cmp(&self.loss(&self.runs[b])));
        order
    }

    /// The rank of each run in `runs` by its value, from 0 (the best) to 1 (the worst). Ranks, because one diverged run
    /// would make all others look alike.
    pub fn ranks(&self) -> Vec<f64> {
        let mut ranks = vec![0.0; self.runs.len()];
        let last = (self.runs.len() - 1).max(1) as f64;
        for (rank, i) in self.by_value().into_iter().enumerate() {
            ranks[i] = rank as f64 / last;
        }
        ranks
    }

    /// The range of `values` that a picture shows, see [`Span::of`], made wide enough for the best value of the sweep.
    pub fn span(&self, values: impl IntoIterator<Item = f64>) -> Span {
        let span = Span::of(values);
        self.records().last().map_or(span, |best| span.including(best.value))
    }

    /// The runs that were better than all before them when they came, of those that can be the best.
    pub fn records(&self) -> Vec<&ValuedRun<'a>> {
        let mut records: Vec<&ValuedRun<'a>> = Vec::new();
        for run in self.runs.iter().filter(|run| run.counts()) {
            if records.last().is_none_or(|best| self.loss(run) < self.loss(best)) {
                records.push(run);
            }
        }
        records
    }

    /// The same over at most `most` axes, in their order: those over which the runs' ranks differ most, see
    /// [`Sample::by_spread`].
    #[must_use]
    pub fn of_most_important(&self, most: usize) -> Self {
        let mut kept: Vec<usize> = self.by_spread().into_iter().take(most).collect();
        kept.sort_unstable();
        let axes: Vec<Axis> = kept.into_iter().map(|k| self.axes[k].clone()).collect();
        let conditional = self.conditional.and_then(|space| conditional(space, &axes));
        Self { axes, conditional, ..self.clone() }
    }

    /// The axes in the order of how much the runs' ranks differ between eight equal parts of each (the correlation ratio),
    /// the most first. A rough importance that takes no model, for spaces of hundreds of parameters.
    pub fn by_spread(&self) -> Vec<usize> {
        let ranks = self.ranks();
        let spreads: Vec<f64> = (0..self.axes.len()).map(|k| self.spread(k, &ranks)).collect();
        let mut order: Vec<usize> = (0..self.axes.len()).collect();
        order.sort_by(|&a, &b| spreads[b].total_cmp(&spreads[a]));
        order
    }

    /// The variation of the mean ranks of the runs in each part of an axis, by their number.
    fn spread(&self, k: usize, ranks: &[f64]) -> f64 {
        let mut parts = [(0.0, 0.0); PARTS];
        for (run, rank) in self.runs.iter().zip(ranks) {
            if let Some(place) = self.place(run.run, k) {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a place from 0 to 1"
                )]
                let part = ((place * PARTS as f64) as usize).min(PARTS - 1);
                parts[part].0 += 1.0;
                parts[part].1 += rank - 0.5;
            }
        }
        parts.iter().filter(|(count, _)| *count > 0.0).map(|(count, sum)| sum * sum / count).sum()
    }

    fn loss(&self, run: &ValuedRun<'_>) -> f64 {
        self.metric.goal.to_loss(run.value)
    }
}

/// The space, if it has conditions and these axes say which hold.
fn conditional<'a>(space: &'a Space, axes: &[Axis]) -> Option<&'a Space> {
    let is_known = |parent: &ParamPath| {
        let constant = space.parameters().iter().any(|p| p.name == *parent && p.distribution.is_constant());
        constant || axes.iter().any(|axis| axis.name() == parent)
    };
    let mut parents = space.parameters().iter().flat_map(|p| p.when.iter().flat_map(When::leaves));
    (space.is_conditional() && parents.all(|(parent, _)| is_known(parent))).then_some(space)
}

/// The parameters of these names; all that vary if none is named.
fn chosen<'a>(problem: &'a Problem, named: &[String]) -> Result<Vec<&'a Parameter>, InsightError> {
    let all: Vec<_> = problem.space.searchable().collect();
    if named.is_empty() {
        return Ok(all);
    }
    let find = |name: &String| {
        let found = all.iter().copied().find(|p| p.name.to_string() == *name);
        found.ok_or_else(|| InsightError::unknown_parameter(name, &problem.space))
    };
    named.iter().map(find).collect()
}
