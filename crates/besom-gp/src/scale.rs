//! From the user's units to those of the prior, and back.

use nalgebra::DMatrix;

use crate::{Dimension, GpError};

/// Beyond this size squares are not finite.
const LARGEST: f64 = 1e150;

/// A linear map to numbers of about unit size: `(value - origin) / unit`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    pub(crate) origin: f64,
    pub(crate) unit: f64,
}

impl Scale {
    /// No change.
    const IDENTITY: Self = Self { origin: 0.0, unit: 1.0 };

    /// To a mean of 0 and a standard deviation of 1; constant values to 0.
    pub(crate) fn standardizing(values: &[f64]) -> Self {
        let (mean, sd) = mean_and_sd(values);
        Self { origin: mean, unit: if sd > 0.0 { sd } else { 1.0 } }
    }

    /// To the interval from 0 to 1; a constant to 0.
    fn to_unit_interval(values: impl Iterator<Item = f64> + Clone) -> Self {
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let range = values.fold(f64::NEG_INFINITY, f64::max) - low;
        Self { origin: low, unit: if range > 0.0 { range } else { 1.0 } }
    }

    pub(crate) fn forward(self, value: f64) -> f64 {
        (value - self.origin) / self.unit
    }

    pub(crate) fn inverse(self, value: f64) -> f64 {
        value * self.unit + self.origin
    }
}

/// How each column of the inputs is scaled.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Columns(Vec<Scale>);

impl Columns {
    /// Numbers to the interval from 0 to 1, codes of categories not at all.
    pub(crate) fn new(dimensions: &[Dimension], x: &DMatrix<f64>) -> Self {
        let scale = |(dimension, column): (&Dimension, usize)| match dimension {
            Dimension::Numeric => Scale::to_unit_interval(x.column(column).iter().copied()),
            Dimension::Categorical => Scale::IDENTITY,
        };
        Self(dimensions.iter().zip(0..).map(scale).collect())
    }

    /// How many units of a column one of its length scales is, given each.
    pub(crate) fn lengths(&self, length_scale: impl Fn(usize) -> f64) -> Vec<f64> {
        self.0.iter().enumerate().map(|(k, scale)| length_scale(k) * scale.unit).collect()
    }

    /// The matrix with its columns scaled.
    pub(crate) fn scaled(&self, mut x: DMatrix<f64>) -> DMatrix<f64> {
        for (k, scale) in self.0.iter().enumerate() {
            x.column_mut(k).apply(|value| *value = scale.forward(*value));
        }
        x
    }

    /// The rows, scaled, as a matrix.
    pub(crate) fn forward<R: AsRef<[f64]>>(&self, rows: &[R]) -> Result<DMatrix<f64>, GpError> {
        Ok(self.scaled(matrix(rows, self.0.len())?))
    }
}

/// The rows as a matrix of `columns` columns.
pub(crate) fn matrix<R: AsRef<[f64]>>(rows: &[R], columns: usize) -> Result<DMatrix<f64>, GpError> {
    for row in rows {
        GpError::check_size("coordinates of a row", columns, row.as_ref().len())?;
        check_sizes("input", row.as_ref())?;
    }
    Ok(DMatrix::from_fn(rows.len(), columns, |i, k| rows[i].as_ref()[k]))
}

/// An error at the first value that is not finite or so large that its square is not.
pub(crate) fn check_sizes(what: &'static str, values: &[f64]) -> Result<(), GpError> {
    match values.iter().find(|value| value.is_nan() || value.abs() > LARGEST) {
        Some(&value) => Err(GpError::Number { what, value }),
        None => Ok(()),
    }
}

/// Mean and standard deviation of finite values, without overflow between; 0 and 0 of none.
pub(crate) fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let mean: f64 = values.iter().map(|value| value / n).sum();
    let largest = values.iter().fold(0.0_f64, |most, value| most.max((value - mean).abs()));
    if largest <= f64::EPSILON * mean.abs() {
        return (mean, 0.0);
    }
    let squares: f64 = values.iter().map(|value| ((value - mean) / largest).powi(2)).sum();
    (mean, largest * (squares / n).sqrt())
}
