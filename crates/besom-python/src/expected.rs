//! The run that is expected to be the best, where values are noisy.

use besom_insight::BestExpected;
use pyo3::prelude::*;

/// The run that is expected to be the best, where the values of runs are noisy.
#[pyclass(frozen, name = "BestExpected", module = "besom")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct PyBestExpected {
    pub(crate) best: BestExpected,
}

impl From<BestExpected> for PyBestExpected {
    fn from(best: BestExpected) -> Self {
        Self { best }
    }
}

#[pymethods]
impl PyBestExpected {
    /// The number of the run.
    #[getter]
    fn run(&self) -> u64 {
        self.best.run.get()
    }

    /// The value that runs with its parameters are expected to have on average.
    #[getter]
    fn value(&self) -> f64 {
        self.best.value
    }

    /// The standard deviation of that.
    #[getter]
    fn sd(&self) -> f64 {
        self.best.sd
    }

    /// The standard deviation of the noise: by how much the value of one run differs from the average.
    #[getter]
    fn noise_sd(&self) -> f64 {
        self.best.noise_sd
    }

    fn __repr__(&self) -> String {
        let BestExpected { run, value, sd, noise_sd, .. } = self.best;
        format!("BestExpected(run={run}, value={value}, sd={sd}, noise_sd={noise_sd})")
    }
}
