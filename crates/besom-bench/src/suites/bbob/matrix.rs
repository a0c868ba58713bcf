//! Square matrices, as small as BBOB needs them.

/// A square matrix.
#[derive(Clone, Debug)]
pub(super) struct Matrix {
    rows: Vec<Vec<f64>>,
}

impl Matrix {
    pub(super) fn from_columns(columns: &[Vec<f64>]) -> Self {
        let row = |i: usize| columns.iter().map(|column| column[i]).collect();
        Self { rows: (0..columns.len()).map(row).collect() }
    }

    /// The matrix times a column.
    pub(super) fn times(&self, x: &[f64]) -> Vec<f64> {
        let product = |row: &Vec<f64>| row.iter().zip(x).map(|(a, x)| a * x).sum();
        self.rows.iter().map(product).collect()
    }

    /// The transposed matrix times a column: its inverse, for a rotation.
    pub(super) fn transposed_times(&self, x: &[f64]) -> Vec<f64> {
        (0..x.len()).map(|i| self.rows.iter().zip(x).map(|(row, x)| row[i] * x).sum()).collect()
    }
}
