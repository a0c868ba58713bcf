//! A density over points: a mixture with one kernel around each run, and one for the prior.
//!
//! A kernel is a product over the parameters. On a continuous axis it is a Gaussian cut to [0, 1]; on ordered levels the
//! same, as mass in each cell; on categories the run's own gets more (Aitchison and Aitken's kernel). Where a run has
//! no value, and in the kernel of the prior, it is the distribution itself.

use besom_core::special::{normal_cdf, normal_quantile};
use libm::{exp, log, pow};
use rand::distr::Open01;
use rand::{Rng, RngExt};

use crate::axis::{Axis, Levels, Place};

/// Runs that count fully; older ones count less, down to one part in as many as there are runs.
const RECENT: usize = 25;

/// Half of ln(2 pi).
const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;

/// The mixture.
#[derive(Clone, Debug)]
pub(super) struct Density {
    runs: Vec<Vec<Option<Place>>>,
    /// Logarithms of the weights of the runs, then of the prior; they sum to 1 as weights.
    log_weights: Vec<f64>,
    /// One family of kernels for each axis.
    kernels: Vec<Kernels>,
}

/// The kernels on one axis, for each place of a run.
#[derive(Clone, Debug)]
enum Kernels {
    /// Gaussians of this deviation, with the logarithm of each run's mass in [0, 1] (0 for a run without a value).
    Gaussian { sd: f64, log_mass: Vec<f64> },
    /// For each level of a run the probabilities of all levels; the last row is the prior's.
    Table(Vec<Vec<f64>>),
}

impl Density {
    /// The density of runs, oldest first, each with its place on every axis.
    pub(super) fn new(axes: &[Axis], runs: Vec<Vec<Option<Place>>>) -> Self {
        let mut weights = weights(runs.len());
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight = log(*weight / sum));
        let sd = deviation(runs.len(), axes.len());
        let kernels = axes.iter().enumerate().map(|(k, axis)| match axis.levels() {
            Some(levels) => Kernels::Table(table(levels, sd, runs.len() + 1)),
            None => {
                let mass = |run: &Vec<Option<Place>>| match run[k] {
                    Some(Place::At(u)) => log(normal_cdf((1.0 - u) / sd) - normal_cdf(-u / sd)),
                    _ => 0.0,
                };
                Kernels::Gaussian { sd, log_mass: runs.iter().map(mass).collect() }
            }
        });
        let kernels = kernels.collect();
        Self { runs, log_weights: weights, kernels }
    }

    /// The density with one more run, the youngest.
    pub(super) fn with(mut self, axes: &[Axis], run: Vec<Option<Place>>) -> Self {
        self.runs.push(run);
        Self::new(axes, self.runs)
    }

    /// The logarithm of the density at a point.
    pub(super) fn log(&self, axes: &[Axis], point: &[Option<Place>]) -> f64 {
        let mut terms: Vec<f64> = self.log_weights.clone();
        for (k, (axis, kernels)) in axes.iter().zip(&self.kernels).enumerate() {
            match (kernels, point[k]) {
                (Kernels::Gaussian { sd, log_mass }, Some(Place::At(u))) => {
                    let constant = -LN_SQRT_2PI - log(*sd);
                    for ((term, run), log_mass) in terms.iter_mut().zip(&self.runs).zip(log_mass) {
                        if let Some(Place::At(centre)) = run[k] {
                            let z = (u - centre) / sd;
                            *term += constant - 0.5 * z * z - log_mass;
                        }
                    }
                }
                (Kernels::Table(rows), Some(Place::Level(level))) => {
                    let count = axis.levels().map_or(0, Levels::count);
                    let logs: Vec<f64> = rows.iter().map(|row| log(row[level])).collect();
                    for (place, term) in terms.iter_mut().enumerate() {
                        *term += logs[self.row(k, place, count)];
                    }
                }
                _ => {}
            }
        }
        let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest + log(terms.iter().map(|term| exp(term - largest)).sum())
    }

    /// A point drawn from the density, on the quantile scale.
    pub(super) fn draw(&self, axes: &[Axis], rng: &mut impl Rng) -> Vec<f64> {
        let place = pick(self.log_weights.iter().map(|weight| exp(*weight)), rng.sample(Open01));
        let coordinates = axes.iter().zip(&self.kernels).enumerate().map(|(k, (axis, kernels))| {
            let u: f64 = rng.sample(Open01);
            match (kernels, axis.levels()) {
                (Kernels::Table(rows), Some(levels)) => {
                    let row = &rows[self.row(k, place, levels.count())];
                    let (from, to) = levels.cell(pick(row.iter().copied(), u));
                    from / 2.0 + to / 2.0
                }
                (Kernels::Gaussian { sd, .. }, _) => match self.runs.get(place).and_then(|run| run[k]) {
                    Some(Place::At(centre)) => {
                        let (low, high) = (normal_cdf(-centre / sd), normal_cdf((1.0 - centre) / sd));
                        inside(centre + sd * normal_quantile(low + u * (high - low)))
                    }
                    _ => u,
                },
                (Kernels::Table(_), None) => u,
            }
        });
        coordinates.collect()
    }

    /// Which row of an axis' table belongs to the run at this place; the last for the prior.
    fn row(&self, k: usize, place: usize, count: usize) -> usize {
        match self.runs.get(place).and_then(|run| run[k]) {
            Some(Place::Level(level)) => level,
            _ => count,
        }
    }
}

/// Away from the ends, where unbounded distributions are infinite.
fn inside(u: f64) -> f64 {
    u.clamp(f64::EPSILON, 1.0 - f64::EPSILON)
}

/// The weights of runs, oldest first, and of the prior: the latest runs and the prior count 1.
fn weights(runs: usize) -> Vec<f64> {
    let older = runs.saturating_sub(RECENT);
    let ramp = |k: usize| {
        let from = 1.0 / runs as f64;
        if older < 2 { from } else { from + (1.0 - from) * k as f64 / (older - 1) as f64 }
    };
    (0..=runs).map(|k| if k < older { ramp(k) } else { 1.0 }).collect()
}

/// The kernels' deviation among so many runs in so many dimensions: Scott's rule, but not below what keeps kernels
/// from becoming spikes.
fn deviation(runs: usize, dimensions: usize) -> f64 {
    let scott = 0.2 * pow(runs.max(1) as f64, -1.0 / (dimensions as f64 + 4.0));
    scott.clamp(1.0 / (runs as f64 + 2.0).min(100.0), 1.0)
}

/// For each level of a run the probabilities of all levels, and the prior's as last row.
fn table(levels: &Levels, sd: f64, kernels: usize) -> Vec<Vec<f64>> {
    let count = levels.count();
    let prior: Vec<f64> = (0..count).map(|level| width(levels.cell(level))).collect();
    let row = |own: usize| {
        if !levels.ordered {
            let share = 1.0 / kernels as f64;
            let others =
                (0..count).map(|level| share * prior[level] * count as f64 + f64::from(level == own));
            return normalised(others.collect());
        }
        let (from, to) = levels.cell(own);
        let centre = from / 2.0 + to / 2.0;
        let mass = (0..count).map(|level| {
            let (from, to) = levels.cell(level);
            // Levels that the distribution never gives have no mass; far ones have a little, so that logarithms exist.
            let mass = normal_cdf((to - centre) / sd) - normal_cdf((from - centre) / sd);
            mass.max(1e-30) * f64::from(to > from)
        });
        normalised(mass.collect())
    };
    (0..count).map(row).chain([prior.clone()]).map(|row| above_zero(&row)).collect()
}

fn width((from, to): (f64, f64)) -> f64 {
    to - from
}

fn normalised(mut masses: Vec<f64>) -> Vec<f64> {
    let sum: f64 = masses.iter().sum();
    if sum > 0.0 {
        masses.iter_mut().for_each(|mass| *mass /= sum);
    }
    masses
}

/// Levels without mass get the least there is, so that logarithms exist; they are never drawn.
fn above_zero(row: &[f64]) -> Vec<f64> {
    row.iter().map(|mass| mass.max(1e-300)).collect()
}

/// The place of the first weight at which the sum passes `u` of the whole.
fn pick(weights: impl Iterator<Item = f64> + Clone, u: f64) -> usize {
    let whole: f64 = weights.clone().sum();
    let mut left = u * whole;
    let mut last = 0;
    for (place, weight) in weights.enumerate() {
        if weight > 0.0 {
            last = place;
            if left < weight {
                break;
            }
        }
        left -= weight;
    }
    last
}

#[cfg(test)]
mod tests {
    use besom_core::distribution::Continuous;
    use besom_core::{Distribution, Parameter};
    use rand::SeedableRng;
    use rand::rngs::SmallRng;
    use serde_json::json;

    use super::*;

    fn axis(distribution: Distribution) -> Axis {
        Axis::new(&Parameter { name: "x".into(), distribution })
    }

    fn unit() -> Axis {
        axis(Distribution::Continuous(Continuous::Uniform { min: 0.0, max: 1.0 }))
    }

    fn list(values: &serde_json::Value) -> Axis {
        axis(Distribution::Categorical {
            values: values.as_array().cloned().unwrap_or_default(),
            probabilities: None,
        })
    }

    /// The logarithm of the density of these runs at this place.
    fn check(axis: &Axis, runs: &[Option<Place>], at: Place, expected: f64) {
        let axes = std::slice::from_ref(axis);
        let density = Density::new(axes, runs.iter().map(|&place| vec![place]).collect());
        let found = density.log(axes, &[Some(at)]);
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    /// By scipy's truncnorm and norm.
    #[test]
    fn kernels_are_those_of_scipy() {
        let runs = [Some(Place::At(0.2)), Some(Place::At(0.7))];
        check(&unit(), &runs, Place::At(0.5), 0.095_198_170_847_679_41);
        check(&unit(), &runs, Place::At(0.05), -0.085_472_411_305_662_37);
        let expected = [
            -1.354_150_553_276_501_7,
            -1.206_793_896_555_217_4,
            -1.354_150_553_276_501_7,
            -1.690_040_045_537_508,
        ];
        for (level, expected) in expected.into_iter().enumerate() {
            let quarters = axis(Distribution::IntUniform { min: 1, max: 4 });
            check(&quarters, &[Some(Place::Level(1))], Place::Level(level), expected);
        }
        let expected = [-1.321_755_839_982_319_5, -1.321_755_839_982_319_5, -0.762_140_052_046_896_7];
        for (level, expected) in expected.into_iter().enumerate() {
            check(&list(&json!(["a", "b", "c"])), &[Some(Place::Level(2))], Place::Level(level), expected);
        }
    }

    #[test]
    fn a_run_without_a_value_stands_for_the_prior() {
        check(&unit(), &[None, None, None], Place::At(0.3), 0.0);
        check(&list(&json!([1, 2, 4, 8])), &[None], Place::Level(3), log(0.25));
        check(&unit(), &[], Place::At(0.9), 0.0);
    }

    #[test]
    fn rising_numbers_are_ordered_and_other_lists_are_not() {
        let ordered = |values| list(&values).levels().is_some_and(|levels| levels.ordered);
        assert!(ordered(json!([16, 32, 64.0])));
        assert!(!ordered(json!([16, 32])) && !ordered(json!([2, 1, 3])) && !ordered(json!(["1", "2", "3"])));
    }

    #[test]
    fn draws_follow_the_density() {
        let axes = [unit(), axis(Distribution::IntUniform { min: 1, max: 4 })];
        let runs = vec![vec![Some(Place::At(0.9)), Some(Place::Level(0))], vec![Some(Place::At(0.8)), None]];
        let density = Density::new(&axes, runs);
        let mut rng = SmallRng::seed_from_u64(1);
        // Each draw over its density is an estimate of the volume, which is 1 (4 levels count 1 each).
        let draws = 20_000;
        let volume: f64 = (0..draws)
            .map(|_| {
                let cube = density.draw(&axes, &mut rng);
                let places: Vec<_> = axes.iter().zip(&cube).map(|(axis, &u)| Some(axis.place(u))).collect();
                exp(-density.log(&axes, &places))
            })
            .sum::<f64>()
            / f64::from(draws);
        assert!((volume - 4.0).abs() < 0.15, "{volume}");
    }

    #[test]
    fn old_runs_count_less() {
        assert_eq!(weights(3), [1.0; 4]);
        let weights = weights(100);
        assert_eq!((weights.len(), weights[0], weights[74], weights[100]), (101, 0.01, 1.0, 1.0));
        assert!(weights.is_sorted());
    }
}
