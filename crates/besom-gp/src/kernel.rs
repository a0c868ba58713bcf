//! Stationary correlation functions of the scaled distance r, and their slopes.
//!
//! Rasmussen and Williams (2006), section 4.2.1. Everything is a function of r², so that no square root has
//! to be differentiated at 0: the gradient of a length scale or of an input is `slope * d(r²)`.

use crate::wide::{exp, wide};

/// Which correlation function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Kernel {
    /// Matérn with smoothness 1/2: `exp(-r)`; rough paths.
    Matern12,
    /// Matérn with smoothness 3/2: `(1 + √3 r) exp(-√3 r)`.
    Matern32,
    /// Matérn with smoothness 5/2: `(1 + √5 r + 5/3 r²) exp(-√5 r)`; the usual choice for objectives of
    /// training.
    #[default]
    Matern52,
    /// Squared exponential, also called RBF: `exp(-r²/2)`; analytic paths, easily over-confident.
    Rbf,
}

impl Kernel {
    /// The correlation at squared distance `r2` and its derivative with respect to `r2`. At `r2 = 0` the
    /// derivative of [`Kernel::Matern12`], which has none, is given as 0.
    pub fn correlation(self, r2: f64) -> (f64, f64) {
        match self {
            Self::Matern12 => matern12(r2),
            Self::Matern32 => matern32(r2),
            Self::Matern52 => matern52(r2),
            Self::Rbf => rbf(r2),
        }
    }

    /// [`Kernel::correlation`] of every squared distance: the value takes its place, the slope goes to
    /// `slopes`.
    pub(crate) fn correlate(self, r2: &mut [f64], slopes: &mut [f64]) {
        #[inline(always)]
        fn all(r2: &mut [f64], slopes: &mut [f64], of: impl Fn(f64) -> (f64, f64)) {
            for (value, slope) in r2.iter_mut().zip(slopes) {
                (*value, *slope) = of(*value);
            }
        }
        wide(
            #[inline(always)]
            || match self {
                Self::Matern12 => all(r2, slopes, matern12),
                Self::Matern32 => all(r2, slopes, matern32),
                Self::Matern52 => all(r2, slopes, matern52),
                Self::Rbf => all(r2, slopes, rbf),
            },
        );
    }

    /// As [`Self::correlate`] without the slopes.
    pub(crate) fn correlate_values(self, r2: &mut [f64]) {
        #[inline(always)]
        fn all(r2: &mut [f64], of: impl Fn(f64) -> (f64, f64)) {
            for value in r2 {
                *value = of(*value).0;
            }
        }
        wide(
            #[inline(always)]
            || match self {
                Self::Matern12 => all(r2, matern12),
                Self::Matern32 => all(r2, matern32),
                Self::Matern52 => all(r2, matern52),
                Self::Rbf => all(r2, rbf),
            },
        );
    }
}

/// Beyond this squared distance correlations are as good as 0; the bound keeps infinities out.
const FAR: f64 = 1e6;

#[inline(always)]
fn matern12(r2: f64) -> (f64, f64) {
    let r = r2.min(FAR).sqrt();
    let e = exp(-r);
    (e, if r > 0.0 { -e / (2.0 * r) } else { 0.0 })
}

#[inline(always)]
fn matern32(r2: f64) -> (f64, f64) {
    let r = (3.0 * r2.min(FAR)).sqrt();
    let e = exp(-r);
    ((1.0 + r) * e, -1.5 * e)
}

#[inline(always)]
fn matern52(r2: f64) -> (f64, f64) {
    let r = (5.0 * r2.min(FAR)).sqrt();
    let e = exp(-r);
    ((1.0 + r + r * r * (1.0 / 3.0)) * e, -5.0 / 6.0 * (1.0 + r) * e)
}

#[inline(always)]
fn rbf(r2: f64) -> (f64, f64) {
    let e = exp(-0.5 * r2.min(FAR));
    (e, -0.5 * e)
}
