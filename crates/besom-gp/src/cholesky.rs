//! The Cholesky factor of a covariance matrix: K = L Lᵀ, on faer's aligned storage and one thread.

use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::cholesky::llt;
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Mat, MatMut, MatRef, Par};

/// The lower factor L; what lies above the diagonal is never read.
#[derive(Clone, Debug)]
pub(crate) struct Cholesky {
    l: Mat<f64>,
}

impl Cholesky {
    /// Factors a matrix given by its lower triangle; `None` if it is not positive definite to working
    /// precision.
    pub(crate) fn new(k: Mat<f64>) -> Option<Self> {
        let mut factor = Self { l: k };
        let mut memory = MemBuffer::new(Self::scratch(factor.len()));
        factor.refactor(MemStack::new(&mut memory), |_| ()).then_some(factor)
    }

    /// Room for `n` rows that are still to be factored.
    pub(crate) fn with_rows(n: usize) -> Self {
        Self { l: Mat::zeros(n, n) }
    }

    /// What factoring `n` rows needs of memory.
    pub(crate) fn scratch(n: usize) -> StackReq {
        llt::factor::cholesky_in_place_scratch::<f64>(n, Par::Seq, Default::default())
    }

    /// What inverting `n` rows needs of memory.
    pub(crate) fn inverse_scratch(n: usize) -> StackReq {
        llt::inverse::inverse_scratch::<f64>(n, Par::Seq)
    }

    /// Factors the matrix that `fill` writes into the lower triangle, in place; `false` if it is not positive
    /// definite to working precision.
    pub(crate) fn refactor(&mut self, memory: &mut MemStack, fill: impl FnOnce(&mut Mat<f64>)) -> bool {
        let k = &mut self.l;
        fill(k);
        let (k, settings) = (k.as_mut(), Default::default());
        let factored = llt::factor::cholesky_in_place(k, Default::default(), Par::Seq, memory, settings);
        let l = &self.l;
        factored.is_ok() && (0..self.len()).all(|i| l[(i, i)].is_finite() && l[(i, i)] > 0.0)
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

    /// Writes the lower triangle of `K^-1` into `inverse`.
    pub(crate) fn invert(&self, inverse: &mut Mat<f64>, memory: &mut MemStack) {
        llt::inverse::inverse(inverse.as_mut(), self.l.as_ref(), Par::Seq, memory);
    }
}
