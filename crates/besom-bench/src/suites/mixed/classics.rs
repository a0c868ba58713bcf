//! Functions of the literature behind shifts, permutations, scales and categories.

use besom_core::{Rng, Space};
use libm::log10;
use serde::Deserialize;

use super::super::classic::{BRANIN_BEST, HARTMANN6_BEST, ackley, branin, hartmann6, levy};
use super::super::draw::{array, permutation};
use super::super::noise::Noisy;
use super::super::{Function, built, cube, place};
use super::Kind;
use crate::Objective;

/// Ackley's function over three numbers and two categories, each of which stands for 0, 0.6, .. 2.4.
#[derive(Deserialize)]
pub(in super::super) struct AckleyCat {
    shift: [f64; 3],
    order: [[u8; 5]; 2],
}

impl Kind for AckleyCat {
    const NAME: &str = "ackley_cat";

    fn draw(rng: &mut Rng) -> Self {
        let order =
            |rng: &mut Rng| permutation::<5>(rng).map(|place| u8::try_from(place).unwrap_or_default());
        Self { shift: array(rng, -3.0, 3.0), order: [order(rng), order(rng)] }
    }

    fn objective(self) -> impl Objective {
        let letters = ["a", "b", "c", "d", "e"];
        let space = built((0..2).fold(cube(3, -5.0, 5.0), |space, i| space.choice(format!("c{i}"), letters)));
        let category = move |i: usize, v: &[f64]| 0.6 * f64::from(self.order[i][place(v[3 + i])]);
        let value = move |v: &[f64]| {
            let [a, b, c] = self.shift;
            ackley(&[v[0] - a, v[1] - b, v[2] - c, category(0, v), category(1, v)])
        };
        Function::new(space, value).best(0.0)
    }
}

/// Branin's function, shifted with its box, with noise of a standard deviation of 5.
#[derive(Deserialize)]
pub(in super::super) struct BraninNoisy {
    shift: [f64; 2],
}

impl Kind for BraninNoisy {
    const NAME: &str = "branin_noisy";

    fn draw(rng: &mut Rng) -> Self {
        Self { shift: array(rng, -1.0, 1.0) }
    }

    fn objective(self) -> impl Objective {
        let [a, b] = self.shift;
        let space = built(Space::builder().uniform("x", a - 5.0, a + 10.0).uniform("y", b, b + 15.0));
        Noisy::new(Function::new(space, move |v| branin(v[0] - a, v[1] - b)).best(BRANIN_BEST), 5.0)
    }
}

/// Hartmann's function, its coordinates in another order.
#[derive(Deserialize)]
pub(in super::super) struct Hartmann6 {
    order: [usize; 6],
}

impl Kind for Hartmann6 {
    const NAME: &str = "hartmann6";

    fn draw(rng: &mut Rng) -> Self {
        Self { order: permutation(rng) }
    }

    fn objective(self) -> impl Objective {
        let space = built(cube(6, 0.0, 1.0));
        Function::new(space, move |v| hartmann6(self.order.map(|j| v[j]))).best(HARTMANN6_BEST)
    }
}

/// The same with each coordinate behind a log scale over four decades and a factor, the usual shape of a range of
/// hyperparameters.
#[derive(Deserialize)]
pub(in super::super) struct Hartmann6Log {
    order: [usize; 6],
    /// The exponents of the upper bounds.
    top: [i8; 6],
}

impl Kind for Hartmann6Log {
    const NAME: &str = "hartmann6_log";

    fn draw(rng: &mut Rng) -> Self {
        let order = permutation(rng);
        let exponent = |()| i8::try_from(rng.below(5)).unwrap_or_default() - 3;
        Self { order, top: [(); 6].map(exponent) }
    }

    fn objective(self) -> impl Objective {
        let decade = |exponent: i8| 10.0_f64.powi(i32::from(exponent));
        let space = self.top.iter().enumerate().fold(Space::builder(), |space, (i, &top)| {
            space.log_uniform(format!("x{i}"), decade(top - 4), decade(top))
        });
        let unit = move |v: &[f64], j: usize| (log10(v[j]) - f64::from(self.top[j]) + 4.0) / 4.0;
        Function::new(built(space), move |v| hartmann6(self.order.map(|j| unit(v, j)))).best(HARTMANN6_BEST)
    }
}

/// Levy's function, three of its six coordinates in steps of a half.
#[derive(Deserialize)]
pub(in super::super) struct LevyQ {
    shift: [f64; 6],
}

impl Kind for LevyQ {
    const NAME: &str = "levy_q";

    fn draw(rng: &mut Rng) -> Self {
        Self { shift: array::<6>(rng, -4.0, 4.0).map(|s| (2.0 * s).round() / 2.0) }
    }

    fn objective(self) -> impl Objective {
        let space =
            (3..6).fold(cube(3, -8.0, 8.0), |space, i| space.q_uniform(format!("x{i}"), -8.0, 8.0, 0.5));
        let value = move |v: &[f64]| {
            let centered: Vec<f64> = v.iter().zip(self.shift).map(|(x, s)| x - s + 1.0).collect();
            levy(&centered)
        };
        Function::new(built(space), value).best(0.0)
    }
}
