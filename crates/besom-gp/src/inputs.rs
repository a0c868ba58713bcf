//! Inputs divided by their length scales, column by column, ready for distances.

use nalgebra::DMatrix;

use crate::covariance::{Covariance, Summand};
use crate::wide::{sum_of, wide};
use crate::{Dimension, GpError, Hyperparameters, Model};

/// One dimension of the inputs.
#[derive(Clone, Debug)]
enum Column {
    /// Numbers divided by the length scale.
    Numeric(Vec<f64>),
    /// Codes, and what a mismatch adds to the squared distance.
    Categorical(Vec<f64>, f64),
}

/// All observed inputs, scaled.
#[derive(Clone, Debug)]
pub(crate) struct Inputs {
    len: usize,
    columns: Vec<Column>,
    /// `1 / l` for every dimension.
    inverse_scales: Vec<f64>,
    /// Where each conditional term is active.
    pub(crate) activities: Vec<Vec<f64>>,
    pub(crate) covariance: Covariance,
}

impl Inputs {
    /// Scales the rows of `x`.
    pub(crate) fn new(
        model: &Model,
        hyperparameters: &Hyperparameters,
        x: &DMatrix<f64>,
    ) -> Result<Self, GpError> {
        model.check()?;
        GpError::check_size("input dimensions", model.columns(), x.ncols())?;
        GpError::check_finite("input", x.iter())?;
        hyperparameters.check(model)?;
        let d = model.dimensions.len();
        let inverse_scales: Vec<f64> = (0..d).map(|k| 1.0 / hyperparameters.length_scale(k)).collect();
        let columns = model.dimensions.iter().zip(&inverse_scales).enumerate();
        let columns = columns.map(|(k, (dimension, &w))| match dimension {
            Dimension::Numeric => Column::Numeric(x.column(k).iter().map(|v| v * w).collect()),
            Dimension::Categorical => Column::Categorical(x.column(k).iter().copied().collect(), w * w),
        });
        let activities = (d..x.ncols()).map(|k| x.column(k).iter().copied().collect()).collect();
        let covariance = Covariance::new(model, hyperparameters);
        Ok(Self { len: x.nrows(), columns: columns.collect(), inverse_scales, activities, covariance })
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// How many dimensions there are.
    pub(crate) fn dimensions(&self) -> usize {
        self.columns.len()
    }

    /// How many numbers a row has: coordinates, and the activities of conditional terms.
    pub(crate) fn width(&self) -> usize {
        self.columns.len() + self.activities.len()
    }

    /// Adds a row of unscaled coordinates, and of activities after them.
    pub(crate) fn push(&mut self, point: &[f64]) {
        for (activity, &a) in self.activities.iter_mut().zip(&point[self.columns.len()..]) {
            activity.push(a);
        }
        for ((column, &x), &w) in self.columns.iter_mut().zip(point).zip(&self.inverse_scales) {
            match column {
                Column::Numeric(values) => values.push(x * w),
                Column::Categorical(codes, _) => codes.push(x),
            }
        }
        self.len += 1;
    }

    /// Keeps the first `len` rows.
    pub(crate) fn truncate(&mut self, len: usize) {
        for column in &mut self.columns {
            let (Column::Numeric(values) | Column::Categorical(values, _)) = column;
            values.truncate(len);
        }
        self.activities.iter_mut().for_each(|activity| activity.truncate(len));
        self.len = len;
    }

    /// How many rows at the beginning are the same in both, which are scaled alike.
    pub(crate) fn common(&self, other: &Self) -> usize {
        let same = |i: usize| {
            let mut pairs = self.columns.iter().zip(&other.columns);
            let mut activities = self.activities.iter().zip(&other.activities);
            pairs.all(|(a, b)| a.at(i).to_bits() == b.at(i).to_bits())
                && activities.all(|(a, b)| a[i].to_bits() == b[i].to_bits())
        };
        (0..self.len.min(other.len)).find(|&i| !same(i)).unwrap_or(self.len.min(other.len))
    }

    /// Squared scaled distances in the dimensions of a term from row `j` to rows `from..`, as many as `out` has places.
    pub(crate) fn squared_distances_from(&self, term: &Summand, j: usize, from: usize, out: &mut [f64]) {
        wide(
            #[inline(always)]
            || {
                out.fill(0.0);
                for column in term.dimensions.iter().map(|&k| &self.columns[k]) {
                    column.add_squared(column.at(j), from, out);
                }
            },
        );
        term.shrink(out);
    }

    /// The same from a point of unscaled coordinates to all rows.
    pub(crate) fn squared_distances_to(&self, term: &Summand, point: &[f64], out: &mut [f64]) {
        wide(
            #[inline(always)]
            || {
                out.fill(0.0);
                for &k in &term.dimensions {
                    let column = &self.columns[k];
                    column.add_squared(column.scaled(point[k], self.inverse_scales[k]), 0, out);
                }
            },
        );
        term.shrink(out);
    }

    /// The same from row `j` of `other`, scaled alike, to all rows.
    pub(crate) fn squared_distances_to_row(&self, term: &Summand, other: &Self, j: usize, out: &mut [f64]) {
        wide(
            #[inline(always)]
            || {
                out.fill(0.0);
                for &k in &term.dimensions {
                    self.columns[k].add_squared(other.columns[k].at(j), 0, out);
                }
            },
        );
        term.shrink(out);
    }

    /// For every dimension of a term, the sum of `weights[i - j] * (contribution of that dimension to the squared
    /// distance between rows i and j)` over `i >= j`, added to its place in `sums`. The term's stretch is left out.
    pub(crate) fn add_weighted_squares_below(
        &self,
        term: &Summand,
        j: usize,
        weights: &[f64],
        sums: &mut [f64],
    ) {
        wide(
            #[inline(always)]
            || {
                for &k in &term.dimensions {
                    sums[k] += match &self.columns[k] {
                        Column::Numeric(x) => {
                            let at = x[j];
                            sum_of(&x[j..], weights, |x, w| w * (x - at) * (x - at))
                        }
                        Column::Categorical(code, weight) => {
                            let at = code[j];
                            weight * sum_of(&code[j..], weights, |c, w| if differ(c, at) { w } else { 0.0 })
                        }
                    };
                }
            },
        );
    }

    /// The derivative of `sum_i weights[i] * r²(point, row i)` with respect to coordinate `k` of the point; 0
    /// for a category.
    pub(crate) fn pull(&self, k: usize, x: f64, weights: &[f64]) -> f64 {
        match &self.columns[k] {
            Column::Numeric(values) => {
                let (w, at) = (self.inverse_scales[k], x * self.inverse_scales[k]);
                wide(
                    #[inline(always)]
                    || 2.0 * w * sum_of(values, weights, |v, weight| weight * (at - v)),
                )
            }
            Column::Categorical(..) => 0.0,
        }
    }
}

impl Column {
    #[inline(always)]
    fn at(&self, j: usize) -> f64 {
        let (Self::Numeric(values) | Self::Categorical(values, _)) = self;
        values[j]
    }

    #[inline(always)]
    fn scaled(&self, x: f64, inverse_scale: f64) -> f64 {
        match self {
            Self::Numeric(_) => x * inverse_scale,
            Self::Categorical(..) => x,
        }
    }

    #[inline(always)]
    /// Adds this dimension's squared distances between `at` (as stored) and rows `from..` to `out`.
    fn add_squared(&self, at: f64, from: usize, out: &mut [f64]) {
        match self {
            Self::Numeric(values) => {
                for (r2, x) in out.iter_mut().zip(&values[from..]) {
                    *r2 += (x - at) * (x - at);
                }
            }
            Self::Categorical(codes, weight) => {
                for (r2, &code) in out.iter_mut().zip(&codes[from..]) {
                    *r2 += if differ(code, at) { *weight } else { 0.0 };
                }
            }
        }
    }
}

#[inline(always)]
fn differ(a: f64, b: f64) -> bool {
    #[expect(clippy::float_cmp, reason = "codes of categories are equal or they are not")]
    let differ = a != b;
    differ
}
