//! The inverse Cholesky factor of a covariance matrix, growing row by row.
//!
//! With `K = L Lᵀ` the posterior needs nothing but products with `U = L^-T`, an upper triangle: `L^-1 k = Uᵀ
//! k`. Its columns are contiguous, a new row of K is a new column of U, and one pass over it serves a
//! prediction and its gradient. Whole blocks of rows go through matrix products, what is left over through
//! vectors; where the blocks begin is fixed, so that a factor that grew has the same bits as one built at
//! once.

use faer::linalg::matmul::matmul as matmul_full;
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::linalg::triangular_inverse::invert_lower_triangular;
use faer::{Accum, Mat, Par};

use crate::cholesky::Cholesky;
use crate::wide::{Lanes, add_columns, dots, wide};

/// Rows in a block: enough that matrix products do most of the work, few enough that little is left over for
/// vectors.
const BLOCK: usize = 32;
/// Columns of U in one matrix product: more would multiply more of the zeros below the diagonal of a band.
const BAND: usize = 64;
/// Columns of U that one pass works on at once: they share the loads of `k` and the stores of the sums.
const TOGETHER: usize = 4;

/// The upper triangle U; below the diagonal are zeros.
#[derive(Clone, Debug)]
pub(crate) struct Whitening {
    /// At least `len` rows and columns, multiples of the block.
    u: Mat<f64>,
    len: usize,
    /// How many rows at the beginning came in whole blocks.
    blocked: usize,
    /// Whether all rows after these came one by one, not from a block that was cut.
    singles: bool,
}

impl Default for Whitening {
    fn default() -> Self {
        Self { u: Mat::new(), len: 0, blocked: 0, singles: true }
    }
}

impl Whitening {
    /// Forgets all rows but the first `len`.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.singles &= self.blocked <= self.len;
        self.blocked = self.blocked.min(self.len / BLOCK * BLOCK);
    }

    /// Keeps of the first `common` rows those that growing to `to` from nothing would give the same bits.
    pub(crate) fn reuse(&mut self, common: usize, to: usize) {
        let whole = common / BLOCK * BLOCK;
        let tail = self.singles && self.blocked == whole && to < whole + BLOCK;
        self.len = if tail { common } else { whole.min(self.blocked) };
        self.blocked = self.blocked.min(self.len);
        self.singles = true;
    }

    /// Makes room for `len` rows, and at least a quarter more than there was.
    fn reserve(&mut self, len: usize) {
        if len > self.u.nrows() {
            let size = len.max(self.u.nrows() * 5 / 4).next_multiple_of(BLOCK);
            let mut u = Mat::zeros(size, size);
            for j in 0..self.len {
                u.col_as_slice_mut(j)[..=j].copy_from_slice(&self.u.col_as_slice(j)[..=j]);
            }
            self.u = u;
        }
    }

    /// Grows to `to` rows. `covariances(j, from, out)` writes those of row `j` with rows `from..`, as many as
    /// `out` has places, the variance of row `j` included. `false` if the matrix is not positive definite to
    /// working precision; the rows before the fault stay.
    pub(crate) fn grow(&mut self, to: usize, covariances: impl Fn(usize, usize, &mut [f64])) -> bool {
        self.reserve(to);
        while self.len < to {
            let sound = if self.len.is_multiple_of(BLOCK) && to - self.len >= BLOCK {
                self.push_block(&covariances)
            } else {
                let mut row = vec![0.0; self.len + 1];
                covariances(self.len, 0, &mut row);
                self.push(&row)
            };
            if !sound {
                return false;
            }
        }
        true
    }

    /// Adds a row of K given with its variance, whatever the blocks.
    pub(crate) fn extend(&mut self, row: &[f64]) -> bool {
        self.reserve(self.len + 1);
        self.push(row)
    }

    /// Adds a row of K given with its variance.
    fn push(&mut self, row: &[f64]) -> bool {
        let n = self.len;
        let (row, diagonal) = (&row[..n], row[n]);
        let mut column = vec![0.0; n + 1];
        let explained = self.pass(row, &mut column[..n]);
        let pivot = diagonal - explained;
        if !sound(pivot, diagonal) {
            return false;
        }
        let inverse = 1.0 / pivot.sqrt();
        column.iter_mut().for_each(|u| *u *= -inverse);
        column[n] = inverse;
        self.u.col_as_slice_mut(n)[..=n].copy_from_slice(&column);
        self.len += 1;
        true
    }

    /// Adds a block of rows.
    fn push_block(&mut self, covariances: &impl Fn(usize, usize, &mut [f64])) -> bool {
        let n = self.len;
        let (mut k, mut corner) = (Mat::zeros(n, BLOCK), Mat::zeros(BLOCK, BLOCK));
        for j in 0..BLOCK {
            covariances(n + j, 0, k.col_as_slice_mut(j));
            covariances(n + j, n + j, &mut corner.col_as_slice_mut(j)[j..]);
        }
        let variances: Vec<f64> = (0..BLOCK).map(|j| corner[(j, j)]).collect();
        let v = self.whiten(&k);
        let (lower, full) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
        matmul(corner.as_mut(), lower, Accum::Add, v.transpose(), full, v.as_ref(), full, -1.0, Par::Seq);
        let Some(factor) = Cholesky::new(corner) else {
            return false;
        };
        let mut inverse = Mat::<f64>::zeros(BLOCK, BLOCK);
        invert_lower_triangular(inverse.as_mut(), factor.lower(), Par::Seq);
        if (0..BLOCK).any(|j| !sound(inverse[(j, j)].powi(-2), variances[j])) {
            return false;
        }
        let upper = BlockStructure::TriangularUpper;
        let mut unwhitened = Mat::zeros(n, BLOCK);
        let (done, new) = self.u.as_mut().split_at_col_mut(n);
        let done = done.as_ref().subrows(0, n);
        matmul(unwhitened.as_mut(), full, Accum::Replace, done, upper, v.as_ref(), full, -1.0, Par::Seq);
        let (above, below) = new.subcols_mut(0, BLOCK).split_at_row_mut(n);
        let turned = inverse.transpose();
        matmul(above, full, Accum::Replace, unwhitened.as_ref(), full, turned, upper, 1.0, Par::Seq);
        below.subrows_mut(0, BLOCK).copy_from_triangular_upper(turned);
        self.len += BLOCK;
        self.blocked = self.len;
        true
    }

    /// `Uᵀ k` for the columns of `k`.
    pub(crate) fn whiten(&self, k: &Mat<f64>) -> Mat<f64> {
        let mut v = Mat::zeros(k.nrows(), k.ncols());
        for (from, to) in self.bands() {
            let band = self.u.as_ref().submatrix(0, from, to, to - from);
            let out = v.as_mut().subrows_mut(from, to - from);
            matmul_full(out, Accum::Replace, band.transpose(), k.as_ref().subrows(0, to), 1.0, Par::Seq);
        }
        v
    }

    /// Adds `kᵀ K^-1 k` to `squares` for every row of `k`.
    pub(crate) fn add_squares(&self, k: &Mat<f64>, squares: &mut [f64]) {
        let mut v = Mat::zeros(k.nrows(), BAND);
        for (from, to) in self.bands() {
            let band = self.u.as_ref().submatrix(0, from, to, to - from);
            let out = v.as_mut().subcols_mut(0, to - from);
            matmul_full(out, Accum::Replace, k.as_ref().subcols(0, to), band, 1.0, Par::Seq);
            (0..to - from).for_each(|j| add_squared(squares, v.col_as_slice(j)));
        }
    }

    /// What row `j` of K, the last that `k` knows of, adds to the squares of the rows of `k`.
    pub(crate) fn add_square(&self, j: usize, k: &Mat<f64>, squares: &mut [f64]) {
        let mut v = vec![0.0; k.nrows()];
        let column = &self.u.col_as_slice(j)[..=j];
        wide(
            #[inline(always)]
            || {
                for (i, u) in column.iter().enumerate() {
                    v.iter_mut().zip(k.col_as_slice(i)).for_each(|(v, k)| *v = k.mul_add(*u, *v));
                }
            },
        );
        add_squared(squares, &v);
    }

    /// The columns of U in bands, from and to; below its diagonal U is zero, so that a band is a rectangle.
    fn bands(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let len = self.len;
        (0..len).step_by(BAND).map(move |from| (from, len.min(from + BAND)))
    }

    /// Adds `U Uᵀ k = K^-1 k` to `out` and returns `kᵀ K^-1 k`, in one pass over U.
    pub(crate) fn pass(&self, k: &[f64], out: &mut [f64]) -> f64 {
        let (k, mut sums) = (lanes(&k[..self.len]), lanes(&out[..self.len]));
        let square = wide(
            #[inline(always)]
            || {
                let mut square = 0.0;
                let mut j = 0;
                while j + TOGETHER <= self.len {
                    let columns =
                        [self.column(j), self.column(j + 1), self.column(j + 2), self.column(j + 3)];
                    let height = (j + TOGETHER).div_ceil(8);
                    let v = dots(columns, &k[..height]);
                    v.iter().for_each(|v| square += v * v);
                    add_columns(&mut sums[..height], v, columns);
                    j += TOGETHER;
                }
                for j in j..self.len {
                    let height = (j + 1).div_ceil(8);
                    let [v] = dots([self.column(j)], &k[..height]);
                    square += v * v;
                    add_columns(&mut sums[..height], [v], [self.column(j)]);
                }
                square
            },
        );
        out[..self.len].copy_from_slice(&sums.as_flattened()[..self.len]);
        square
    }

    /// Column `j` of U with the zeros below its diagonal.
    #[inline(always)]
    fn column(&self, j: usize) -> &[Lanes] {
        self.u.col_as_slice(j).as_chunks().0
    }
}

/// Adds the squares of `v`.
fn add_squared(squares: &mut [f64], v: &[f64]) {
    wide(
        #[inline(always)]
        || squares.iter_mut().zip(v).for_each(|(square, v)| *square = v.mul_add(*v, *square)),
    );
}

/// A copy, filled up with zeros.
fn lanes(values: &[f64]) -> Vec<Lanes> {
    let mut lanes = vec![[0.0; 8]; values.len().div_ceil(8)];
    lanes.as_flattened_mut()[..values.len()].copy_from_slice(values);
    lanes
}

/// Whether what is left of a variance is more than rounding.
fn sound(pivot: f64, diagonal: f64) -> bool {
    pivot.is_finite() && pivot > diagonal * f64::EPSILON
}
