//! The covariance of the function between rows: the mean's variance and a sum of terms.
//!
//! Nearly always there is one term, over all dimensions. Then nothing is computed, and nothing rounded, beyond `s² k(r) + m0`.

use crate::inputs::Inputs;
use crate::wide::wide;
use crate::{Hyperparameters, Kernel, Model, Term};

/// A covariance with all its numbers.
#[derive(Clone, Debug)]
pub(crate) struct Covariance {
    pub(crate) kernel: Kernel,
    mean_variance: f64,
    /// At least one.
    pub(crate) terms: Vec<Summand>,
}

/// A [`Term`] with its numbers.
#[derive(Clone, Debug)]
pub(crate) struct Summand {
    pub(crate) dimensions: Vec<usize>,
    /// The place of its activities, if it is conditional.
    pub(crate) activity: Option<usize>,
    pub(crate) variance: f64,
    /// `1 / c²`, if it is stretched.
    inverse_square: Option<f64>,
}

impl Summand {
    /// Divides squared distances by the square of the stretch.
    pub(crate) fn shrink(&self, r2: &mut [f64]) {
        if let Some(factor) = self.inverse_square {
            r2.iter_mut().for_each(|r2| *r2 *= factor);
        }
    }

    /// Whether it has a stretch.
    pub(crate) fn is_stretched(&self) -> bool {
        self.inverse_square.is_some()
    }

    /// What the slope of the correlation is multiplied by to be that of the covariance, by squared distances without stretch.
    pub(crate) fn slope(&self) -> f64 {
        self.inverse_square.map_or(self.variance, |factor| self.variance * factor)
    }
}

impl Covariance {
    /// Of hyperparameters that fit the model.
    pub(crate) fn new(model: &Model, hyperparameters: &Hyperparameters) -> Self {
        let whole = [Term::over((0..model.dimensions.len()).collect::<Vec<_>>())];
        let terms = if model.terms.is_empty() { whole.as_slice() } else { &model.terms };
        let (mut conditions, mut stretches) = (0.., hyperparameters.stretches.iter());
        let variances = std::iter::once(&hyperparameters.signal_variance).chain(&hyperparameters.variances);
        let summand = |(term, &variance): (&Term, &f64)| Summand {
            dimensions: term.dimensions.clone(),
            activity: if term.conditional { conditions.next() } else { None },
            variance,
            inverse_square: if term.stretched { stretches.next().map(|c| 1.0 / (c * c)) } else { None },
        };
        let terms = terms.iter().zip(variances).map(summand).collect();
        Self { kernel: model.kernel, mean_variance: model.mean_variance, terms }
    }

    /// The variance of the function where all terms are active.
    pub(crate) fn largest_variance(&self) -> f64 {
        self.variance(|_| 1.0)
    }

    /// The variance of the function where the conditional terms have these activities.
    fn variance(&self, activity: impl Fn(usize) -> f64) -> f64 {
        let (first, rest) = self.terms.split_first().expect("there is a term");
        let of = |term: &Summand| {
            term.activity.map_or(term.variance, |c| term.variance * activity(c) * activity(c))
        };
        rest.iter().fold(of(first) + self.mean_variance, |sum, term| sum + of(term))
    }

    /// Adds the part of covariances that a term has, by its correlations, to `sums`; the first term sets them. `own` is the activity of the row
    /// that they are of, `others` are those of the rows that they are with.
    pub(crate) fn add(&self, place: usize, values: &[f64], sums: &mut [f64], own: f64, others: &[f64]) {
        let (term, m0) = (&self.terms[place], self.mean_variance);
        let is_first = place == 0;
        wide(
            #[inline(always)]
            || match (is_first, term.activity) {
                (true, None) => {
                    sums.iter_mut().zip(values).for_each(|(k, value)| *k = term.variance * value + m0);
                }
                (false, None) => {
                    sums.iter_mut().zip(values).for_each(|(k, value)| *k += term.variance * value);
                }
                (_, Some(_)) => {
                    if is_first {
                        sums.fill(m0);
                    }
                    let scale = term.variance * own;
                    let all = sums.iter_mut().zip(values).zip(others);
                    all.for_each(|((k, value), other)| *k += scale * other * value);
                }
            },
        );
    }
}

/// Which row covariances are of, whose activities are known.
#[derive(Clone, Copy)]
enum Row<'a> {
    Of(&'a Inputs, usize),
    Point(&'a [f64]),
}

impl Row<'_> {
    /// The activity of a term, 1 of one without a condition.
    fn activity(self, term: &Summand) -> f64 {
        match (term.activity, self) {
            (None, _) => 1.0,
            (Some(c), Row::Of(inputs, j)) => inputs.activities[c][j],
            (Some(c), Row::Point(activities)) => activities[c],
        }
    }
}

impl Inputs {
    /// Where a term is active, from a row on; nothing of one without a condition.
    pub(crate) fn activity_from(&self, term: &Summand, from: usize) -> &[f64] {
        term.activity.map_or(&[], |c| &self.activities[c][from..])
    }

    /// The variance of the function in row `j`.
    pub(crate) fn variance_of_row(&self, j: usize) -> f64 {
        self.covariance.variance(|c| self.activities[c][j])
    }

    /// The variance of the function at a point, given by coordinates and activities.
    pub(crate) fn variance_at(&self, point: &[f64]) -> f64 {
        let activities = &point[self.dimensions()..];
        self.covariance.variance(|c| activities[c])
    }

    /// Covariances of row `j` with rows `from..`, as many as `out` has places.
    pub(crate) fn covariances_from(&self, j: usize, from: usize, out: &mut [f64]) {
        let distances = |term: &Summand, out: &mut [f64]| self.squared_distances_from(term, j, from, out);
        self.covary(Row::Of(self, j), from, distances, out);
    }

    /// Covariances of row `j` of `other`, scaled alike, with all rows.
    pub(crate) fn covariances_with_row(&self, other: &Self, j: usize, out: &mut [f64]) {
        let distances = |term: &Summand, out: &mut [f64]| self.squared_distances_to_row(term, other, j, out);
        self.covary(Row::Of(other, j), 0, distances, out);
    }

    fn covary(&self, row: Row<'_>, from: usize, distances: impl Fn(&Summand, &mut [f64]), out: &mut [f64]) {
        let covariance = &self.covariance;
        // One term over everything, as in a space without conditions: in place.
        if let [term @ Summand { activity: None, .. }] = covariance.terms.as_slice() {
            distances(term, out);
            covariance.kernel.correlate_values(out);
            let (variance, m0) = (term.variance, covariance.mean_variance);
            wide(
                #[inline(always)]
                || out.iter_mut().for_each(|k| *k = variance * *k + m0),
            );
            return;
        }
        let mut values = vec![0.0; out.len()];
        for (place, term) in covariance.terms.iter().enumerate() {
            distances(term, &mut values);
            covariance.kernel.correlate_values(&mut values);
            covariance.add(place, &values, out, row.activity(term), self.activity_from(term, from));
        }
    }

    /// Covariances of a point, given by coordinates and activities, with all rows, and for each term their slopes by squared
    /// distances without stretch.
    pub(crate) fn covariances_to(&self, point: &[f64], out: &mut [f64]) -> Vec<Vec<f64>> {
        let covariance = &self.covariance;
        let row = Row::Point(&point[self.dimensions()..]);
        let mut values = vec![0.0; out.len()];
        let slopes = covariance.terms.iter().enumerate().map(|(place, term)| {
            let mut slopes = vec![0.0; out.len()];
            self.squared_distances_to(term, point, &mut values);
            covariance.kernel.correlate(&mut values, &mut slopes);
            let (own, others) = (row.activity(term), self.activity_from(term, 0));
            covariance.add(place, &values, out, own, others);
            slopes.iter_mut().zip(others).for_each(|(slope, other)| *slope *= own * other);
            slopes
        });
        slopes.collect()
    }

    /// The derivatives of `Σ_i w_i k(point, row i)` with respect to the coordinates of a point; 0 for categories and activities.
    /// `weights` has for each term the `w_i` times its slopes.
    pub(crate) fn pulls(&self, point: &[f64], weights: &[Vec<f64>]) -> Vec<f64> {
        let mut pulls = vec![0.0; point.len()];
        for (term, weights) in self.covariance.terms.iter().zip(weights) {
            for &k in &term.dimensions {
                pulls[k] += self.pull(k, point[k], weights);
            }
        }
        pulls
    }
}
