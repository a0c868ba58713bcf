//! How much of the metric's variation each parameter explains.
//!
//! Functional analysis of variance (Hutter, Hoos, Leyton-Brown 2014) on a model of the metric, by the estimators of
//! Jansen (1999; Saltelli et al. 2010, table 2) over the whole space as the sweep's distributions weigh it: the share
//! of the variance that a parameter explains alone, and the share that is gone once it is known together with the
//! others.

use besom_core::{ParamPath, Rng};
use besom_gp::nalgebra::{DMatrix, DVector};

use crate::{InsightError, Sample};

/// The number of pairs of points from which the variances are estimated: their relative error is about √(2 / 1024), 4 %,
/// less than a picture shows.
const SAMPLES: usize = 1024;

/// A variance below this is rounding error: scores have a variance of about 1.
const NONE: f64 = 1e-12;

/// The importance of one parameter: shares of the variance of the metric's scores, in [0, 1]; `alone` is at most `total`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Importance {
    /// The parameter.
    pub parameter: ParamPath,
    /// The share that the parameter explains whatever the others are (first-order index). These sum to about 1 at most.
    pub alone: f64,
    /// The share that it contributes to, alone or together with others (total index).
    pub total: f64,
}

impl Sample<'_> {
    /// The axes in the order of their total importance, the most important first.
    ///
    /// # Errors
    /// As [`Sample::importances`].
    pub fn by_importance(&self) -> Result<Vec<usize>, InsightError> {
        let importances = self.importances()?;
        let mut order: Vec<usize> = (0..importances.len()).collect();
        order.sort_by(|&a, &b| importances[b].total.total_cmp(&importances[a].total));
        Ok(order)
    }

    /// The importance of each axis, in the order of the axes. A parameter that exists only under a condition has its share of the whole
    /// space, so one of a rare branch has a small one.
    ///
    /// # Errors
    /// [`InsightError::Runs`] if fewer than four runs have a place on all axes of parameters that are active in them.
    pub fn importances(&self) -> Result<Vec<Importance>, InsightError> {
        let d = self.axes.len();
        let surface = self.whole_surface()?;
        // A fixed seed: the same history gives the same answer.
        let mut rng = Rng::new(0);
        let mut draw = || DMatrix::from_fn(SAMPLES, d, |_, k| self.axes[k].snap(rng.f64()));
        let (a, b) = (draw(), draw());
        let predict = |places: &DMatrix<f64>| surface.predict(&self.settled(places));
        let (at_a, at_b) = (predict(&a)?, predict(&b)?);
        let mean = (at_a.sum() + at_b.sum()) / (2 * SAMPLES) as f64;
        let squares = at_a.iter().chain(at_b.iter()).map(|v| (v - mean) * (v - mean));
        let variance = squares.sum::<f64>() / (2 * SAMPLES) as f64;
        if variance < NONE {
            return Ok((0..d).map(|k| self.importance(k, 0.0, 0.0)).collect());
        }
        let share = |apart: DVector<f64>| apart.norm_squared() / (2 * SAMPLES) as f64 / variance;
        let of = |k: usize| -> Result<Importance, InsightError> {
            let mut mixed = a.clone();
            mixed.set_column(k, &b.column(k));
            let at_mixed = predict(&mixed)?;
            let total = share(&at_a - &at_mixed).clamp(0.0, 1.0);
            let alone = (1.0 - share(&at_b - &at_mixed)).clamp(0.0, total);
            Ok(self.importance(k, alone, total))
        };
        (0..d).map(of).collect()
    }

    /// Places as they are where parameters are inactive: what those would be makes no difference.
    fn settled(&self, places: &DMatrix<f64>) -> DMatrix<f64> {
        let mut settled = places.clone();
        for i in 0..places.nrows() {
            let mut row: Vec<f64> = places.row(i).iter().copied().collect();
            self.settle(&mut row);
            row.into_iter().enumerate().for_each(|(k, place)| settled[(i, k)] = place);
        }
        settled
    }

    fn importance(&self, k: usize, alone: f64, total: f64) -> Importance {
        Importance { parameter: self.axes[k].name().clone(), alone, total }
    }
}
