//! A Gaussian process in the user's units: scaling, prior and starts are its own affair.

use nalgebra::DVector;

use crate::scale::{Columns, Scale, check_sizes, matrix};
use crate::{Dimension, GpError, Hyperparameters, Joint, Kernel, Model, Posterior, Prior, fit};

/// A Gaussian process fitted to observations: the whole case in one call.
///
/// [`Gp::fit`] standardizes the targets and scales each column of the inputs by its range, so that both may be in any
/// units; what it predicts is in the user's. Hyperparameters are those of the largest posterior density under
/// [`Prior::for_dimensions`].
///
/// ```
/// use besom_gp::Gp;
///
/// // Two inputs on very different scales, targets far from zero.
/// let x: Vec<[f64; 2]> = (0..30).map(|i| [f64::from(i % 6), 1000.0 * f64::from(i / 6)]).collect();
/// let truth = |[a, b]: [f64; 2]| 1000.0 + 50.0 * (a + 0.001 * b).sin();
/// let y: Vec<f64> = x.iter().map(|&x| truth(x)).collect();
///
/// let gp = Gp::fit(&x, &y)?;
/// let at = [2.5, 1500.0];
/// let prediction = gp.predict(&at)?;
/// assert!((prediction.mean - truth(at)).abs() < 10.0);
/// assert!(prediction.sd < 10.0);
/// # Ok::<(), besom_gp::GpError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Gp {
    posterior: Posterior,
    columns: Columns,
    targets: Scale,
}

/// A normal distribution of a value, in the units of the targets.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Prediction {
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation; positive.
    pub sd: f64,
}

impl Gp {
    /// Fits a Matérn 5/2 process to targets `y` at inputs `x`, one row of numbers each; see [`Gp::builder`] for
    /// categories and other choices.
    ///
    /// # Errors
    /// What is wrong with the data: none at all, rows of different lengths, numbers that are not finite or beyond
    /// 1e150 in size.
    pub fn fit<R: AsRef<[f64]>>(x: &[R], y: &[f64]) -> Result<Self, GpError> {
        Self::builder().fit(x, y)
    }

    /// What [`Gp::fit`] takes for granted, to be changed.
    pub fn builder() -> GpBuilder {
        GpBuilder::default()
    }

    /// The function (without noise) at a point.
    ///
    /// # Errors
    /// If the point has another number of coordinates than the inputs, or one that is not finite.
    pub fn predict(&self, point: &[f64]) -> Result<Prediction, GpError> {
        Ok(self.predict_each(&[point])?[0])
    }

    /// The function (without noise) at several points, each by itself.
    ///
    /// # Errors
    /// As [`Gp::predict`].
    pub fn predict_each<R: AsRef<[f64]>>(&self, points: &[R]) -> Result<Vec<Prediction>, GpError> {
        let found = self.posterior.predict(&self.columns.forward(points)?)?;
        let prediction = |(&mean, &sd): (&f64, &f64)| Prediction {
            mean: self.targets.inverse(mean),
            sd: sd * self.targets.unit,
        };
        Ok(found.mean.iter().zip(&found.sd).map(prediction).collect())
    }

    /// A new observation at a point: the function and the noise on it.
    ///
    /// # Errors
    /// As [`Gp::predict`].
    pub fn predict_observation(&self, point: &[f64]) -> Result<Prediction, GpError> {
        let Prediction { mean, sd } = self.predict(point)?;
        Ok(Prediction { mean, sd: sd.hypot(self.noise_sd()) })
    }

    /// The function (without noise) at several points together: means and covariances.
    ///
    /// # Errors
    /// As [`Gp::predict`].
    pub fn predict_joint<R: AsRef<[f64]>>(&self, points: &[R]) -> Result<Joint, GpError> {
        let joint = self.posterior.predict_joint(&self.columns.forward(points)?)?;
        Ok(joint.in_units_of(self.targets))
    }

    /// Values at the points of `count` functions drawn from the posterior, one row for each function; see
    /// [`Joint::sample`].
    ///
    /// # Errors
    /// As [`Gp::predict`] and [`Joint::sample`].
    pub fn sample<R: AsRef<[f64]>>(
        &self,
        points: &[R],
        count: usize,
        normal: impl FnMut() -> f64,
    ) -> Result<Vec<Vec<f64>>, GpError> {
        self.predict_joint(points)?.sample(count, normal)
    }

    /// One length scale for each column, in its units: how far apart inputs are whose targets know little of each
    /// other. Of a category, in units of one difference.
    pub fn length_scales(&self) -> Vec<f64> {
        self.columns.lengths(|k| self.posterior.hyperparameters().length_scale(k))
    }

    /// The standard deviation of the noise on each target.
    pub fn noise_sd(&self) -> f64 {
        self.posterior.hyperparameters().noise_variance.sqrt() * self.targets.unit
    }

    /// The hyperparameters, of scaled inputs and standardized targets: to be kept for [`GpBuilder::hyperparameters`].
    pub fn hyperparameters(&self) -> &Hyperparameters {
        self.posterior.hyperparameters()
    }

    /// The posterior of the standardized targets, over scaled inputs.
    pub fn posterior(&self) -> &Posterior {
        &self.posterior
    }
}

/// How a [`Gp`] is fitted.
///
/// ```
/// use besom_gp::{Gp, Kernel};
///
/// let x = [[0.1, 0.0], [0.5, 1.0], [0.9, 0.0], [0.3, 1.0]];
/// let gp = Gp::builder().kernel(Kernel::Matern32).categorical(&[1]).fit(&x, &[3.0, 9.0, 4.0, 8.0])?;
/// assert!(gp.predict(&[0.2, 0.0])?.mean < gp.predict(&[0.2, 1.0])?.mean);
/// # Ok::<(), besom_gp::GpError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "it fits nothing before `fit` is called"]
pub struct GpBuilder {
    kernel: Kernel,
    categorical: Vec<usize>,
    prior: Option<Prior>,
    hyperparameters: Option<Hyperparameters>,
}

impl GpBuilder {
    /// With this correlation function instead of Matérn 5/2.
    pub fn kernel(self, kernel: Kernel) -> Self {
        Self { kernel, ..self }
    }

    /// With categories in these columns, counted from 0: codes that are equal or not, whatever their numbers.
    pub fn categorical(self, columns: &[usize]) -> Self {
        Self { categorical: columns.to_vec(), ..self }
    }

    /// With this prior of the hyperparameters, those of scaled inputs and standardized targets.
    pub fn prior(self, prior: Prior) -> Self {
        Self { prior: Some(prior), ..self }
    }

    /// With these hyperparameters, those of scaled inputs and standardized targets, instead of fitted ones: such as
    /// those of an earlier fit.
    pub fn hyperparameters(self, hyperparameters: Hyperparameters) -> Self {
        Self { hyperparameters: Some(hyperparameters), ..self }
    }

    /// Fits the process to targets `y` at inputs `x`, one row of numbers each.
    ///
    /// # Errors
    /// As [`Gp::fit`]; also a category in a column that the inputs lack, and a prior or hyperparameters that do not fit.
    pub fn fit<R: AsRef<[f64]>>(self, x: &[R], y: &[f64]) -> Result<Gp, GpError> {
        let first = x.first().ok_or(GpError::Empty)?;
        let x = matrix(x, first.as_ref().len())?;
        GpError::check_size("targets", x.nrows(), y.len())?;
        check_sizes("target", y)?;
        let model = self.model(x.ncols())?;
        let (columns, targets) = (Columns::new(&model.dimensions, &x), Scale::standardizing(y));
        let x = columns.scaled(x);
        let y = DVector::from_iterator(y.len(), y.iter().map(|&y| targets.forward(y)));
        let hyperparameters = match self.hyperparameters {
            Some(hyperparameters) => hyperparameters,
            None => {
                let prior = self.prior.unwrap_or_else(|| Prior::for_dimensions(x.ncols()));
                fit(&model, &x, &y, &prior, &starts(&prior))?.hyperparameters
            }
        };
        Ok(Gp { posterior: Posterior::new(&model, &hyperparameters, &x, &y)?, columns, targets })
    }

    fn model(&self, columns: usize) -> Result<Model, GpError> {
        let mut model = Model::new(columns).kernel(self.kernel);
        for &column in &self.categorical {
            let dimension = model.dimensions.get_mut(column).ok_or(GpError::Column { column, columns })?;
            *dimension = Dimension::Categorical;
        }
        Ok(model)
    }
}

/// The mode of the prior, and the same with most of the variance taken for noise: from the one alone, noisy targets may
/// end as a function of very short length scales.
fn starts(prior: &Prior) -> [Hyperparameters; 2] {
    let mode = prior.mode();
    let noise_variance = 0.5 * mode.signal_variance;
    [mode.clone(), Hyperparameters { noise_variance, ..mode }]
}
