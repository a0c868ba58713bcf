//! Stationary correlation functions of the scaled distance r, and their slopes.
//!
//! Rasmussen and Williams (2006), section 4.2.1. Everything is a function of r², so that no square root has to be
//! differentiated at 0: the gradient of a length scale or of an input is `slope * d(r²)`.

/// Which correlation function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kernel {
    /// Matérn with smoothness 1/2: `exp(-r)`; rough paths.
    Matern12,
    /// Matérn with smoothness 3/2: `(1 + √3 r) exp(-√3 r)`.
    Matern32,
    /// Matérn with smoothness 5/2: `(1 + √5 r + 5/3 r²) exp(-√5 r)`; the usual choice for objectives of training.
    #[default]
    Matern52,
    /// Squared exponential, also called RBF: `exp(-r²/2)`; analytic paths, easily over-confident.
    Rbf,
}

impl Kernel {
    /// The correlation at squared distance `r2` and its derivative with respect to `r2`. At `r2 = 0` the derivative
    /// of [`Kernel::Matern12`], which has none, is given as 0.
    pub fn correlation(self, r2: f64) -> (f64, f64) {
        match self {
            Self::Matern12 => {
                let r = r2.sqrt();
                let e = libm::exp(-r);
                (e, if r > 0.0 { -e / (2.0 * r) } else { 0.0 })
            }
            Self::Matern32 => {
                let r = (3.0 * r2).sqrt();
                let e = libm::exp(-r);
                ((1.0 + r) * e, -1.5 * e)
            }
            Self::Matern52 => {
                let r = (5.0 * r2).sqrt();
                let e = libm::exp(-r);
                ((1.0 + r + r * r / 3.0) * e, -5.0 / 6.0 * (1.0 + r) * e)
            }
            Self::Rbf => {
                let e = libm::exp(-0.5 * r2);
                (e, -0.5 * e)
            }
        }
    }
}
