//! The 24 noiseless functions of BBOB, the black-box optimization benchmark, with their instances.
//!
//! Written from N. Hansen, S. Finck, R. Ros and A. Auger, *Real-Parameter Black-Box Optimization Benchmarking 2009: Noiseless
//! Functions Definitions*, INRIA research report RR-6829. Shifts, rotations and optimum values are drawn as in the suite of
//! COCO, so that values agree with what is published; a table of COCO's own values is among the tests.

mod functions;
mod gallagher;
mod matrix;
mod random;
mod transform;

use functions::zoom;
use gallagher::Peaks;
use matrix::Matrix;

use besom_core::BoxError;

use super::{Function, built, cube};
use crate::{Suite, Task};

/// The dimensions of COCO's suite.
pub(super) const DIMENSIONS: [usize; 6] = [2, 3, 5, 10, 20, 40];

/// The 24 functions of BBOB in 2, 3, 5, 10, 20 and 40 dimensions.
pub fn bbob() -> Suite {
    let tasks = DIMENSIONS.into_iter().flat_map(|dimension| bbob_in(dimension).tasks).collect();
    Suite::new("bbob", "the 24 noiseless functions of BBOB in 2 to 40 dimensions", tasks)
}

/// The 24 functions in one of these dimensions, or in another one that is at least 2.
pub fn bbob_in(dimension: usize) -> Suite {
    let tasks = (1..=Bbob::FUNCTIONS).map(|function| task(function, dimension)).collect();
    let summary = format!("the 24 noiseless functions of BBOB in {dimension} dimensions");
    Suite::new(format!("bbob{dimension}"), summary, tasks)
}

/// One function over [-5, 5]^D, with instances as COCO's.
pub(super) fn task(function: usize, dimension: usize) -> Task {
    let runs = match dimension {
        ..=2 => 50,
        3 => 60,
        4..=5 => 100,
        6..=10 => 150,
        11..=20 => 200,
        _ => 300,
    };
    let name = format!("bbob_f{function}_d{dimension}");
    Task::new(name, runs, move |instance| objective(function, dimension, instance))
}

/// An instance of a function.
pub(super) fn objective(function: usize, dimension: usize, instance: u64) -> Result<Function, BoxError> {
    let bbob = u32::try_from(instance).ok().and_then(|instance| Bbob::new(function, dimension, instance));
    bbob.map(Bbob::objective).ok_or_else(|| format!("no instance {instance}").into())
}

type Shape = fn(&Instance, &[f64]) -> f64;

/// The functions in the paper's order, and their names.
const FUNCTIONS: [(&str, Shape); 24] = [
    ("sphere", functions::sphere),
    ("separable ellipsoid", functions::ellipsoid_separable),
    ("separable Rastrigin", functions::rastrigin_separable),
    ("Büche-Rastrigin", functions::bueche_rastrigin),
    ("linear slope", functions::linear_slope),
    ("attractive sector", functions::attractive_sector),
    ("step ellipsoid", functions::step_ellipsoid),
    ("Rosenbrock", functions::rosenbrock_original),
    ("rotated Rosenbrock", functions::rosenbrock_rotated),
    ("ellipsoid", functions::ellipsoid_rotated),
    ("discus", functions::discus),
    ("bent cigar", functions::bent_cigar),
    ("sharp ridge", functions::sharp_ridge),
    ("different powers", functions::different_powers),
    ("Rastrigin", functions::rastrigin_rotated),
    ("Weierstrass", functions::weierstrass),
    ("Schaffer's F7", functions::schaffers_10),
    ("ill-conditioned Schaffer's F7", functions::schaffers_1000),
    ("Griewank-Rosenbrock", functions::griewank_rosenbrock),
    ("Schwefel", functions::schwefel),
    ("Gallagher's 101 peaks", functions::gallagher),
    ("Gallagher's 21 peaks", functions::gallagher),
    ("Katsuura", functions::katsuura),
    ("Lunacek's double Rastrigin", functions::lunacek),
];

/// What the instance makes of a function.
#[derive(Debug)]
struct Instance {
    optimum: Vec<f64>,
    r: Matrix,
    q: Matrix,
    /// Those of Gallagher's functions.
    peaks: Option<Peaks>,
}

/// One function of BBOB in one dimension and instance.
#[derive(Debug)]
pub struct Bbob {
    function: usize,
    optimum_value: f64,
    instance: Instance,
}

impl Bbob {
    /// How many functions there are; they are numbered from 1.
    pub const FUNCTIONS: usize = FUNCTIONS.len();

    /// Function 1 to 24 in `dimension` coordinates, at least 2, with the shift, rotations and optimum value of `instance`, from
    /// 1; `None` outside of these. COCO's own suite has the dimensions 2, 3, 5, 10, 20 and 40.
    pub fn new(function: usize, dimension: usize, instance: u32) -> Option<Self> {
        let allowed = (1..=Self::FUNCTIONS).contains(&function) && dimension >= 2 && instance >= 1;
        allowed.then(|| Self::made(function, dimension, instance))
    }

    fn made(function: usize, dimension: usize, instance: u32) -> Self {
        let seed = seed(function, instance);
        let peaks = match function {
            21 => Some(Peaks::many(dimension, seed)),
            22 => Some(Peaks::few(dimension, seed)),
            _ => None,
        };
        let (r, q) = rotations(function, dimension, seed);
        let optimum = match &peaks {
            Some(peaks) => peaks.optimum.clone(),
            None => optimum(function, dimension, seed, &r),
        };
        let optimum_value = random::optimum_value(seed);
        Self { function, optimum_value, instance: Instance { optimum, r, q, peaks } }
    }

    /// The name of the function.
    pub fn name(&self) -> &'static str {
        FUNCTIONS[self.function - 1].0
    }

    /// The value at `x`, which may lie outside of the box [-5, 5]^D.
    ///
    /// # Panics
    /// If `x` has another number of coordinates than the function.
    pub fn value(&self, x: &[f64]) -> f64 {
        assert_eq!(x.len(), self.instance.optimum.len(), "one coordinate per dimension");
        FUNCTIONS[self.function - 1].1(&self.instance, x) + self.optimum_value
    }

    /// The least value.
    pub fn best_value(&self) -> f64 {
        self.optimum_value
    }

    /// The function over the box [-5, 5]^D, its parameters named `x0`, `x1`, ..
    pub fn objective(self) -> Function {
        let space = built(cube(self.best_point().len(), -5.0, 5.0));
        let best = self.best_value();
        Function::new(space, move |x| self.value(x)).best(best)
    }

    /// The place of the least value.
    pub fn best_point(&self) -> &[f64] {
        &self.instance.optimum
    }
}

/// The seed of an instance. Two functions are variants of the one before them and share its numbers.
fn seed(function: usize, instance: u32) -> u64 {
    let shared = if matches!(function, 4 | 18) { function - 1 } else { function };
    shared as u64 + 10_000 * u64::from(instance)
}

/// R and Q. The functions which turn a point by one alone, or scale it between both, take them the other way round.
fn rotations(function: usize, dimension: usize, seed: u64) -> (Matrix, Matrix) {
    let (first, second) = (random::rotation(dimension, seed + 1_000_000), random::rotation(dimension, seed));
    if matches!(function, 6 | 7 | 9 | 13 | 19 | 23 | 24) { (second, first) } else { (first, second) }
}

/// Where the optimum of a function lies that is not Gallagher's.
fn optimum(function: usize, dimension: usize, seed: u64, r: &Matrix) -> Vec<f64> {
    let signs =
        |drawn: Vec<f64>, middle: f64| drawn.into_iter().map(move |u| if u < middle { -1.0 } else { 1.0 });
    let common = |seed| random::optimum(dimension, seed).into_iter();
    match function {
        4 => common(seed).enumerate().map(|(i, x)| if i % 2 == 0 { x.abs() } else { x }).collect(),
        5 => common(seed).map(|x| 5.0 * x.signum()).collect(),
        8 => common(seed).map(|x| 0.75 * x).collect(),
        9 | 19 => r.transposed_times(&vec![0.5 / zoom(dimension); dimension]),
        12 => common(seed + 1_000_000).collect(),
        20 => signs(random::uniform(dimension, seed), 0.5).map(|s| s * 0.5 * 4.209_687_463_7).collect(),
        24 => signs(random::normal(dimension, seed), 0.0).map(|s| s * 0.5 * functions::FUNNEL).collect(),
        _ => common(seed).collect(),
    }
}
