//! Losses as training has them: families with parameters of their own, integers, switches, a few parameters that matter
//! among many, divergence.

use besom_core::{Rng, Space};
use libm::{cos, log, log2, log10, pow};
use serde::Deserialize;

use super::super::draw::{array, between, normals, permutation};
use super::super::{Failing, Function, built, log_int, place, square, valley};
use super::Kind;
use crate::Objective;

/// Three families of models, each of which reads two parameters of its own; the others do nothing. One is the best.
#[derive(Deserialize)]
pub(in super::super) struct Branch {
    /// Where each family is best, in its own unit square.
    middle: [[f64; 2]; 3],
    /// What each family loses to the best.
    offset: [f64; 3],
}

impl Branch {
    const STEEPNESS: [f64; 3] = [1.0, 0.3, 2.0];

    fn space() -> Space {
        let space = Space::builder()
            .choice("algo", ["svm", "tree", "net"])
            .log_uniform("svm_c", 1e-3, 1e3)
            .log_uniform("svm_gamma", 1e-4, 10.0)
            .int("tree_depth", 1, 30)
            .uniform("tree_frac", 0.05, 1.0)
            .log_uniform("net_lr", 1e-5, 1.0);
        built(space.parameter("net_width", log_int(8, 1024)))
    }

    /// The place in the unit square of each family.
    fn unit(family: usize, v: &[f64]) -> [f64; 2] {
        match family {
            0 => [(log10(v[1]) + 3.0) / 6.0, (log10(v[2]) + 4.0) / 5.0],
            1 => [(v[3] - 1.0) / 29.0, (v[4] - 0.05) / 0.95],
            _ => [(log10(v[5]) + 5.0) / 5.0, log(v[6] / 8.0) / log(128.0)],
        }
    }

    fn loss(&self, family: usize, [x, y]: [f64; 2]) -> f64 {
        let [dx, dy] = [x - self.middle[family][0], y - self.middle[family][1]];
        let bowl = dx * dx + 0.5 * dy * dy + 0.6 * dx * dy;
        self.offset[family] + Self::STEEPNESS[family] * bowl + 0.02 * (1.0 - cos(9.0 * dx))
    }

    /// The least loss of the best family, on its integers.
    fn best(&self) -> f64 {
        let least = |losses: &mut dyn Iterator<Item = f64>| losses.fold(f64::INFINITY, f64::min);
        let family = (0..3).min_by(|&a, &b| self.offset[a].total_cmp(&self.offset[b])).unwrap_or(0);
        let [x, y] = self.middle[family];
        match family {
            0 => 0.0,
            // For a given dx, the loss is least at dy = -0.6 dx.
            1 => least(&mut (0..30).map(|depth| {
                let dx = f64::from(depth) / 29.0 - x;
                self.loss(1, [x + dx, y - 0.6 * dx])
            })),
            _ => least(&mut (8..=1024).map(|width| {
                let y = log(f64::from(width) / 8.0) / log(128.0);
                valley(|x| self.loss(2, [x, y]), x - 0.5, x + 0.5)
            })),
        }
    }
}

impl Kind for Branch {
    const NAME: &str = "branch";

    fn draw(rng: &mut Rng) -> Self {
        let best = rng.below(3);
        let middle = [(); 3].map(|()| array(rng, 0.2, 0.8));
        let mut offset = array(rng, 0.15, 0.4);
        offset[best] = 0.0;
        Self { middle, offset }
    }

    fn objective(self) -> impl Objective {
        let best = self.best();
        let value = move |v: &[f64]| {
            let family = place(v[0]);
            self.loss(family, Self::unit(family, v))
        };
        Function::new(Self::space(), value).best(best)
    }
}

/// Four integers, two of which interact, and one over a log scale.
#[derive(Deserialize)]
pub(in super::super) struct Int {
    shift: [i8; 5],
}

impl Kind for Int {
    const NAME: &str = "int";

    fn draw(rng: &mut Rng) -> Self {
        Self { shift: [(); 5].map(|()| i8::try_from(3 + rng.below(15)).unwrap_or_default()) }
    }

    fn objective(self) -> impl Objective {
        let space = (0..4).fold(Space::builder(), |space, i| space.int(format!("n{i}"), 0, 20));
        let space = built(space.parameter("width", log_int(1, 1024)));
        let shift = self.shift.map(f64::from);
        let of_width = move |width: f64| square(log2(width) - shift[4] / 2.0);
        let value = move |v: &[f64]| {
            let bowl: f64 = (0..4).map(|i| (1 + i) as f64 * square(v[i] - shift[i])).sum();
            let ridge = 2.0 * (v[0] - shift[0]).abs() * (v[1] - shift[1]).abs();
            bowl / 40.0 + ridge / 10.0 + of_width(v[4])
        };
        let best = (1..=1024).map(|width| of_width(f64::from(width))).fold(f64::INFINITY, f64::min);
        Function::new(space, value).best(best)
    }
}

/// Six unordered switches of four positions: effects of their own, and of neighbors together.
#[derive(Deserialize)]
pub(in super::super) struct CatOnly {
    single: [[f64; 4]; 6],
    pair: [[[f64; 4]; 4]; 5],
}

impl CatOnly {
    fn loss(&self, at: [usize; 6]) -> f64 {
        let own: f64 = (0..6).map(|i| self.single[i][at[i]]).sum();
        own + (0..5).map(|i| self.pair[i][at[i]][at[i + 1]]).sum::<f64>()
    }

    /// The least loss, by dynamic programming from the last switch to the first.
    fn best(&self) -> f64 {
        let least = |values: [f64; 4]| values.into_iter().fold(f64::INFINITY, f64::min);
        let mut rest = [0.0; 4];
        for i in (1..6).rev() {
            let after = |a: usize, b: usize| self.single[i][b] + self.pair[i - 1][a][b] + rest[b];
            rest = std::array::from_fn(|a| least(std::array::from_fn(|b| after(a, b))));
        }
        least(std::array::from_fn(|a| self.single[0][a] + rest[a]))
    }
}

impl Kind for CatOnly {
    const NAME: &str = "cat_only";

    fn draw(rng: &mut Rng) -> Self {
        let single = [(); 6].map(|()| normals(rng, 1.0));
        Self { single, pair: [(); 5].map(|()| [(); 4].map(|()| normals(rng, 0.7))) }
    }

    fn objective(self) -> impl Objective {
        let letters = ["p", "q", "r", "s"];
        let space = built((0..6).fold(Space::builder(), |space, i| space.choice(format!("c{i}"), letters)));
        let best = self.best();
        Function::new(space, move |v| self.loss(std::array::from_fn(|i| place(v[i])))).best(best)
    }
}

/// Twenty parameters, three of which matter much and three a little: the usual profile of hyperparameters.
#[derive(Deserialize)]
pub(in super::super) struct Embedded20 {
    shift: [f64; 20],
    weight: [f64; 20],
}

impl Kind for Embedded20 {
    const NAME: &str = "embedded20";

    fn draw(rng: &mut Rng) -> Self {
        let shift = array(rng, 0.2, 0.8);
        let mut weight = [0.0; 20];
        let order: [usize; 20] = permutation(rng);
        order.iter().zip([4.0, 3.0, 2.0, 0.3, 0.2, 0.1]).for_each(|(&i, w)| weight[i] = w);
        Self { shift, weight }
    }

    fn objective(self) -> impl Objective {
        let space = (0..20).fold(Space::builder(), |space, i| space.uniform(format!("h{i:02}"), 0.0, 1.0));
        let first = (0..20).max_by(|&a, &b| self.weight[a].total_cmp(&self.weight[b])).unwrap_or(0);
        let value = move |v: &[f64]| {
            let bowl: f64 = (0..20).map(|i| self.weight[i] * square(v[i] - self.shift[i])).sum();
            bowl + 0.3 * (1.0 - cos(8.0 * (v[first] - self.shift[first])))
        };
        Function::new(built(space), value).best(0.0)
    }
}

/// Training that diverges: a bowl over learning rate, momentum and weight decay, and losses up to 10^7 past an edge near its
/// bottom.
#[derive(Clone, Copy, Deserialize)]
pub(in super::super) struct Cliff {
    lr: f64,
    momentum: f64,
    wd: f64,
}

impl Kind for Cliff {
    const NAME: &str = "cliff";

    fn draw(rng: &mut Rng) -> Self {
        Self { lr: between(rng, -4.5, -1.5), momentum: between(rng, 0.1, 0.8), wd: between(rng, -6.0, -2.0) }
    }

    fn objective(self) -> impl Objective {
        let space = Space::builder()
            .log_uniform("lr", 1e-6, 10.0)
            .uniform("momentum", 0.0, 0.99)
            .log_uniform("wd", 1e-7, 1e-1)
            .int("warmup", 0, 20);
        let value = move |v: &[f64]| self.loss(v);
        Function::new(built(space), value).best(0.25)
    }
}

impl Cliff {
    /// The same, where a run fails that diverges.
    pub(in super::super) fn failing(self) -> impl Objective {
        Failing::in_region(self.objective(), move |v| self.beyond(v) > 0.0)
    }

    fn effective(v: &[f64]) -> f64 {
        log10(v[0]) - 0.8 * log10(1.0 - v[1])
    }

    /// How far beyond the edge the learning rate is.
    fn beyond(&self, v: &[f64]) -> f64 {
        Self::effective(v) - (self.lr + 1.0 + 0.03 * v[3])
    }

    fn loss(&self, v: &[f64]) -> f64 {
        let beyond = self.beyond(v);
        if beyond > 0.0 {
            return (100.0 * pow(10.0, 2.0 * beyond)).min(1e7);
        }
        let decay = 0.03 * square(log10(v[2]) - self.wd);
        let rate = 0.12 * square(Self::effective(v) - self.lr - 0.5);
        0.25 + rate + decay + 0.02 * square(v[1] - self.momentum)
    }
}
