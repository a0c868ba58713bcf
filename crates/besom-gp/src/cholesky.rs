//! The Cholesky factor of a covariance matrix: K = L Lᵀ, on faer's aligned storage and one thread.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Mat, MatMut, MatRef, Par};

/// The lower factor L; what lies above the diagonal is never read.
#[derive(Clone, Debug)]
pub(crate) struct Cholesky {
    l: Mat<f64>,
}

impl Cholesky {
    /// Factors a matrix given by its lower triangle; `None` if it is not positive definite to working precision.
    pub(crate) fn new(mut k: Mat<f64>) -> Option<Self> {
        let n = k.nrows();
        let scratch = llt::factor::cholesky_in_place_scratch::<f64>(n, Par::Seq, Default::default());
        let mut memory = MemBuffer::new(scratch);
        let factored = llt::factor::cholesky_in_place(
            k.as_mut(),
            Default::default(),
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        );
        let sound = factored.is_ok() && (0..n).all(|i| k[(i, i)].is_finite() && k[(i, i)] > 0.0);
        sound.then_some(Self { l: k })
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.l.nrows()
    }

    /// L.
    pub(crate) fn lower(&self) -> MatRef<'_, f64> {
        self.l.as_ref()
    }

    /// Half the logarithm of the determinant of K.
    pub(crate) fn half_log_determinant(&self) -> f64 {
        (0..self.len()).map(|i| libm::log(self.l[(i, i)])).sum()
    }

    /// Replaces the columns of `b` by `L^-1 b`.
    pub(crate) fn solve_lower(&self, b: MatMut<'_, f64>) {
        solve_lower_triangular_in_place(self.l.as_ref(), b, Par::Seq);
    }

    /// Replaces the columns of `b` by `L^-T b`.
    pub(crate) fn solve_upper(&self, b: MatMut<'_, f64>) {
        solve_upper_triangular_in_place(self.l.transpose(), b, Par::Seq);
    }

    /// The lower triangle of `K^-1`.
    pub(crate) fn inverse(&self) -> Mat<f64> {
        let n = self.len();
        let mut inverse = Mat::zeros(n, n);
        let mut memory = MemBuffer::new(llt::inverse::inverse_scratch::<f64>(n, Par::Seq));
        let l: MatRef<'_, f64> = self.l.as_ref();
        llt::inverse::inverse(inverse.as_mut(), l, Par::Seq, MemStack::new(&mut memory));
        inverse
    }
}
