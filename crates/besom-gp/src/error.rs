//! What can go wrong with a Gaussian process.

use thiserror::Error;

/// Why a Gaussian process could not be fitted or built, or could not predict.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum GpError {
    /// There is nothing to learn from.
    #[error("no observations")]
    Empty,
    /// Sizes do not fit together.
    #[error("{what}: expected {expected}, found {found}")]
    Shape {
        /// Which size.
        what: &'static str,
        /// What it had to be.
        expected: usize,
        /// What it was.
        found: usize,
    },
    /// An input, target or hyperparameter is NaN, infinite or (a scale or variance) negative.
    #[error("{what} is not a usable number: {value}")]
    Number {
        /// Which number.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// A column that the inputs don't have.
    #[error("column {column} of inputs with {columns} columns, which are counted from 0")]
    Column {
        /// Which was named.
        column: usize,
        /// How many there are.
        columns: usize,
    },
    /// No hyperparameters within the bounds of the prior explain targets of this mean and deviation.
    #[error(
        "targets have mean {mean:.4} and standard deviation {sd:.4}, the prior is for about {expected_mean} \
         and {expected_sd:.4}; standardize the targets first, or use Gp::fit, which does"
    )]
    Unscaled {
        /// The mean of the targets.
        mean: f64,
        /// Their standard deviation.
        sd: f64,
        /// The mean that the prior expects.
        expected_mean: f64,
        /// The standard deviation that the prior expects.
        expected_sd: f64,
    },
    /// A fit has nowhere to start from.
    #[error("no start for the fit; the mode of the prior is one: &[prior.mode()]")]
    NoStart,
    /// The covariance matrix is singular to working precision, even with the largest jitter tried.
    #[error("the covariance matrix of {observations} observations is not positive definite")]
    NotPositiveDefinite {
        /// How many observations it is of.
        observations: usize,
    },
}

impl GpError {
    /// An error unless `found` is `expected`.
    pub(crate) fn check_size(what: &'static str, expected: usize, found: usize) -> Result<(), Self> {
        if expected == found { Ok(()) } else { Err(Self::Shape { what, expected, found }) }
    }

    /// An error at the first value that is not finite.
    pub(crate) fn check_finite<'a>(
        what: &'static str,
        values: impl IntoIterator<Item = &'a f64>,
    ) -> Result<(), Self> {
        match values.into_iter().find(|value| !value.is_finite()) {
            Some(&value) => Err(Self::Number { what, value }),
            None => Ok(()),
        }
    }
}
