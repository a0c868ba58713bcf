//! A choice of model families, each with parameters of its own. The space is flat: the parameters of the other families are
//! there and do nothing.

use besom_core::{Distribution, Rng, Space};
use libm::{exp, log};

use super::draw::{array, between, generator};
use super::mixed::{Branch, Kind};
use super::{Function, built, place};
use crate::{Suite, Task};

/// A choice of model families with parameters of their own.
pub fn choice() -> Suite {
    let tasks = vec![
        Branch::task(60),
        Task::new("choice_broad", 60, |i| Ok(broad("choice_broad", i))),
        Task::new("choice_narrow", 60, |i| Ok(narrow(i))),
    ];
    Suite::new("choice", "a choice of model families, each with parameters of its own", tasks)
}

/// Five families of classifiers and the accuracy of each over its two parameters.
#[derive(Debug)]
struct Families {
    families: [Family; 5],
    /// How many examples the accuracy is measured on: it comes in steps.
    examples: f64,
}

#[derive(Clone, Copy, Debug)]
struct Family {
    /// The best accuracy, and that of bad parameters.
    peak: f64,
    floor: f64,
    /// Where in the family's unit square the best is, and how far around it accuracy is good.
    middle: [f64; 2],
    width: f64,
}

/// A parameter and its range, over a log scale.
type Range = (&'static str, f64, f64);

/// The families with their parameters.
const FAMILIES: [(&str, [Range; 2]); 5] = [
    ("svm", [("svm_c", 1e-3, 1e3), ("svm_gamma", 1e-6, 10.0)]),
    ("knn", [("knn_k", 1.0, 100.0), ("knn_p", 1.0, 5.0)]),
    ("logistic", [("logistic_c", 1e-4, 1e3), ("logistic_tol", 1e-6, 1e-1)]),
    ("forest", [("forest_trees", 10.0, 500.0), ("forest_leaf", 1.0, 50.0)]),
    ("boosting", [("boosting_lr", 1e-3, 1.0), ("boosting_trees", 10.0, 1000.0)]),
];

/// All families forgive bad parameters, and the best is better than the others from the first run on.
pub(super) fn broad(name: &str, instance: u64) -> Function {
    let mut rng = generator(name, instance);
    let mut families = [(); 5].map(|()| forgiving(&mut rng));
    families[rng.below(5)].peak = 0.98;
    Families { families, examples: 10_000.0 }.function()
}

/// The best family is bad in all but a thirtieth of its square, where random runs seldom are; the others look better after
/// a few runs. Accuracy is measured on 360 examples.
fn narrow(instance: u64) -> Function {
    let mut rng = generator("choice_narrow", instance);
    let mut families = [(); 5].map(|()| forgiving(&mut rng));
    let best = &mut families[rng.below(5)];
    *best = Family { peak: 0.98, floor: 0.1, width: 0.1, ..*best };
    Families { families, examples: 360.0 }.function()
}

fn forgiving(rng: &mut Rng) -> Family {
    let peak = between(rng, 0.88, 0.94);
    Family { peak, floor: peak - between(rng, 0.1, 0.3), middle: array(rng, 0.2, 0.8), width: 0.5 }
}

impl Families {
    fn space() -> Space {
        let space = Space::builder().choice("model", FAMILIES.map(|(name, _)| name));
        let own = FAMILIES.iter().flat_map(|(_, parameters)| parameters);
        built(own.fold(space, |space, &(name, min, max)| {
            space.parameter(name, Distribution::log_uniform(min, max))
        }))
    }

    fn accuracy(&self, v: &[f64]) -> f64 {
        let family = place(v[0]);
        let own = std::array::from_fn(|i| {
            let (_, min, max) = FAMILIES[family].1[i];
            log(v[1 + 2 * family + i] / min) / log(max / min)
        });
        (self.families[family].accuracy(own) * self.examples).floor() / self.examples
    }

    fn function(self) -> Function {
        let best = self.families.iter().map(|family| family.peak).fold(0.0, f64::max);
        let best = (best * self.examples).floor() / self.examples;
        Function::new(Self::space(), move |v| self.accuracy(v)).maximize("accuracy").best(best)
    }
}

impl Family {
    fn accuracy(&self, [x, y]: [f64; 2]) -> f64 {
        let [dx, dy] = [(x - self.middle[0]) / self.width, (y - self.middle[1]) / self.width];
        self.floor + (self.peak - self.floor) * exp(-(dx * dx + dy * dy))
    }
}
