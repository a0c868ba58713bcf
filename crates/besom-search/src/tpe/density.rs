//! A density over points: a mixture with one kernel around each run, and one for the prior, all of equal
//! weight.
//!
//! A kernel is a product over the parameters. On a continuous axis it is a Gaussian cut to [0, 1]; on ordered
//! levels the same, as mass in each cell; on categories the run's own gets more (Aitchison and Aitken's
//! kernel). The prior is a Gaussian as wide as the axis around its middle, and on categories the distribution
//! itself. It also stands for a run that has no value on the axis.

use std::collections::BTreeMap;

use besom_core::special::{normal_cdf, normal_quantile};
use libm::{exp, log};
use rand::distr::Open01;
use rand::{Rng, RngExt};

use super::bandwidth::Bandwidth;
use crate::axis::{Axis, Levels, Place, pick};

/// Half of ln(2 pi).
const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;

/// The mixture.
#[derive(Clone, Debug)]
pub(super) struct Density {
    runs: Vec<Vec<Option<Place>>>,
    bandwidth: Bandwidth,
    /// On each axis one kernel for each run, and the prior's.
    kernels: Vec<Kernels>,
}

/// The kernels on one axis.
#[derive(Clone, Debug)]
enum Kernels {
    Gaussian(Vec<Gaussian>),
    /// The probabilities of all levels, and which of these rows belongs to which kernel.
    Table {
        rows: Vec<Vec<f64>>,
        of: Vec<usize>,
    },
}

/// A Gaussian cut to [0, 1].
#[derive(Clone, Copy, Debug)]
struct Gaussian {
    center: f64,
    sd: f64,
    /// The logarithm of its density at the center.
    peak: f64,
}

impl Density {
    /// The density of runs, each with its place on every axis.
    pub(super) fn new(axes: &[Axis], runs: Vec<Vec<Option<Place>>>, bandwidth: Bandwidth) -> Self {
        let kernels = axes.iter().enumerate().map(|(k, axis)| match axis.categories() {
            Some(levels) => {
                let own = runs.iter().map(|run| match run[k] {
                    Some(Place::Level(level)) => level,
                    _ => levels.count(),
                });
                Kernels::Table {
                    rows: categories(levels, runs.len() + 1),
                    of: own.chain([levels.count()]).collect(),
                }
            }
            None => {
                let centers: Vec<Option<f64>> = runs.iter().map(|run| center(axis, run[k])).collect();
                let deviations = bandwidth.deviations(&centers, axes.len());
                let kernels =
                    centers.iter().zip(deviations).map(|(center, sd)| center.map(|center| (center, sd)));
                let kernels = kernels.chain([None]).map(|kernel| kernel.unwrap_or((0.5, 1.0)));
                match axis.levels() {
                    Some(levels) => cells(levels, kernels),
                    None => {
                        Kernels::Gaussian(kernels.map(|(center, sd)| Gaussian::new(center, sd)).collect())
                    }
                }
            }
        });
        let kernels = kernels.collect();
        Self { runs, bandwidth, kernels }
    }

    /// The density with one more run.
    pub(super) fn with(mut self, axes: &[Axis], run: Vec<Option<Place>>) -> Self {
        self.runs.push(run);
        Self::new(axes, self.runs, self.bandwidth)
    }

    /// The logarithm of the density at a point.
    pub(super) fn log(&self, point: &[Option<Place>]) -> f64 {
        let mut terms = vec![0.0; self.runs.len() + 1];
        for (kernels, place) in self.kernels.iter().zip(point) {
            match (kernels, place) {
                (Kernels::Gaussian(kernels), Some(Place::At(u))) => {
                    for (term, kernel) in terms.iter_mut().zip(kernels) {
                        let z = (u - kernel.center) / kernel.sd;
                        *term += kernel.peak - 0.5 * z * z;
                    }
                }
                (Kernels::Table { rows, of }, Some(Place::Level(level))) => {
                    let logs: Vec<f64> = rows.iter().map(|row| log(row[*level])).collect();
                    for (term, &row) in terms.iter_mut().zip(of) {
                        *term += logs[row];
                    }
                }
                _ => {}
            }
        }
        let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = terms.iter().map(|term| exp(term - largest)).sum();
        largest + log(sum / terms.len() as f64)
    }

    /// A point drawn from the density, on the quantile scale: all its coordinates from the kernel of one run.
    pub(super) fn draw(&self, axes: &[Axis], rng: &mut impl Rng) -> Vec<f64> {
        let kernel = rng.random_range(0..=self.runs.len());
        let coordinates = axes.iter().zip(&self.kernels).map(|(axis, kernels)| {
            let u: f64 = rng.sample(Open01);
            match (kernels, axis.levels()) {
                (Kernels::Gaussian(kernels), _) => kernels[kernel].quantile(u),
                (Kernels::Table { rows, of }, Some(levels)) => middle(levels, drawn(&rows[of[kernel]], u)),
                (Kernels::Table { .. }, None) => u,
            }
        });
        coordinates.collect()
    }
}

impl Gaussian {
    fn new(center: f64, sd: f64) -> Self {
        let mass = normal_cdf((1.0 - center) / sd) - normal_cdf(-center / sd);
        Self { center, sd, peak: -LN_SQRT_2PI - log(sd) - log(mass) }
    }

    /// Away from the ends, where unbounded distributions are infinite.
    fn quantile(&self, u: f64) -> f64 {
        let (low, high) = (normal_cdf(-self.center / self.sd), normal_cdf((1.0 - self.center) / self.sd));
        let x = self.center + self.sd * normal_quantile(low + u * (high - low));
        x.clamp(f64::EPSILON, 1.0 - f64::EPSILON)
    }
}

/// The level that `u` draws from a row, whose masses need not sum to 1.
fn drawn(row: &[f64], u: f64) -> usize {
    pick(row, u * row.iter().sum::<f64>(), NEVER_DRAWN)
}

/// The middle of a place on the quantile scale.
fn center(axis: &Axis, place: Option<Place>) -> Option<f64> {
    match place? {
        Place::At(u) => Some(u),
        Place::Level(level) => axis.levels().map(|levels| middle(levels, level)),
    }
}

fn middle(levels: &Levels, level: usize) -> f64 {
    let (from, to) = levels.cell(level);
    from / 2.0 + to / 2.0
}

/// For each category of a run the probabilities of all, and the prior's as last row.
fn categories(levels: &Levels, kernels: usize) -> Vec<Vec<f64>> {
    let prior = levels.probabilities();
    let share = prior.len() as f64 / kernels as f64;
    let row = |own: usize| {
        let row = prior.iter().enumerate().map(|(level, prior)| share * prior + f64::from(level == own));
        normalized(row.collect())
    };
    (0..prior.len()).map(row).chain([prior.clone()]).map(|row| above_zero(&row)).collect()
}

/// Gaussians of these centers and deviations as masses of ordered levels. Equal ones share a row.
fn cells(levels: &Levels, kernels: impl Iterator<Item = (f64, f64)>) -> Kernels {
    let (mut rows, mut known) = (Vec::new(), BTreeMap::new());
    let row = |(center, sd): (f64, f64)| {
        *known.entry((center.to_bits(), sd.to_bits())).or_insert_with(|| {
            let mass = (0..levels.count()).map(|level| {
                let (from, to) = levels.cell(level);
                // Levels that the distribution never gives have no mass; far ones have a little, so that
                // logarithms exist.
                let mass = normal_cdf((to - center) / sd) - normal_cdf((from - center) / sd);
                mass.max(1e-30) * f64::from(to > from)
            });
            rows.push(above_zero(&normalized(mass.collect())));
            rows.len() - 1
        })
    };
    let of = kernels.map(row).collect();
    Kernels::Table { rows, of }
}

fn normalized(mut masses: Vec<f64>) -> Vec<f64> {
    let sum: f64 = masses.iter().sum();
    if sum > 0.0 {
        masses.iter_mut().for_each(|mass| *mass /= sum);
    }
    masses
}

/// Masses up to this are of levels that are never drawn.
const NEVER_DRAWN: f64 = 1e-200;

/// Levels without mass get next to nothing, so that logarithms exist.
fn above_zero(row: &[f64]) -> Vec<f64> {
    row.iter().map(|mass| mass.max(1e-300)).collect()
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
        Axis::new(&Parameter::new("x", distribution))
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

    const GAPS: Bandwidth = Bandwidth::Neighbors(1.0);

    /// The logarithm of the density of these runs at this place.
    fn check(axis: &Axis, bandwidth: Bandwidth, runs: &[Option<Place>], at: Place, expected: f64) {
        let axes = std::slice::from_ref(axis);
        let density = Density::new(axes, runs.iter().map(|&place| vec![place]).collect(), bandwidth);
        let found = density.log(&[Some(at)]);
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    /// By scipy's truncnorm and norm.
    #[test]
    fn kernels_are_those_of_scipy() {
        let runs = [Some(Place::At(0.2)), Some(Place::At(0.7))];
        check(&unit(), Bandwidth::Common, &runs, Place::At(0.5), 0.107_795_359_520_277_9);
        check(&unit(), Bandwidth::Common, &runs, Place::At(0.05), -0.106_938_191_200_485_19);
        check(&unit(), GAPS, &runs, Place::At(0.5), 0.093_298_085_382_453_74);
        check(&unit(), GAPS, &runs, Place::At(0.05), -0.089_608_572_404_486_07);
        let quarters = axis(Distribution::IntUniform { min: 1, max: 4 });
        let common = [
            -1.369_312_168_545_912_2,
            -1.193_891_912_420_350_4,
            -1.339_215_383_577_061_3,
            -1.711_318_726_119_023_2,
        ];
        let gaps = [
            -1.385_207_625_710_809_2,
            -1.314_346_015_980_881,
            -1.354_635_913_393_040_1,
            -1.500_417_677_402_645_9,
        ];
        for level in 0..4 {
            check(&quarters, Bandwidth::Common, &[Some(Place::Level(1))], Place::Level(level), common[level]);
            check(&quarters, GAPS, &[Some(Place::Level(1))], Place::Level(level), gaps[level]);
        }
        let expected = [-1.321_755_839_982_319_5, -1.321_755_839_982_319_5, -0.762_140_052_046_896_7];
        for (level, expected) in expected.into_iter().enumerate() {
            let letters = list(&json!(["a", "b", "c"]));
            check(&letters, GAPS, &[Some(Place::Level(2))], Place::Level(level), expected);
        }
    }

    #[test]
    fn a_run_without_a_value_stands_for_the_prior() {
        let prior = |axis: &Axis, at: Place| {
            let density = Density::new(std::slice::from_ref(axis), Vec::new(), Bandwidth::Common);
            density.log(&[Some(at)])
        };
        check(&unit(), GAPS, &[None, None, None], Place::At(0.3), prior(&unit(), Place::At(0.3)));
        let ordered = list(&json!([1, 2, 4, 8]));
        check(&ordered, Bandwidth::Common, &[None], Place::Level(3), prior(&ordered, Place::Level(3)));
        check(&list(&json!(["a", "b"])), GAPS, &[None], Place::Level(1), log(0.5));
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
        let density = Density::new(&axes, runs, Bandwidth::Neighbors(0.5));
        let mut rng = SmallRng::seed_from_u64(1);
        // Each draw over its density is an estimate of the volume, which is 1 (4 levels count 1 each).
        let draws = 20_000;
        let volume: f64 = (0..draws)
            .map(|_| {
                let cube = density.draw(&axes, &mut rng);
                let places: Vec<_> = axes.iter().zip(&cube).map(|(axis, &u)| Some(axis.place(u))).collect();
                exp(-density.log(&places))
            })
            .sum::<f64>()
            / f64::from(draws);
        assert!((volume - 4.0).abs() < 0.15, "{volume}");
    }
}
