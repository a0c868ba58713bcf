//! The suites that come with this crate, and what they are made of.
//!
//! Names of tasks are unique over all suites; a task that two suites share is the same task. [`Function`] and [`Training`] make
//! objectives of closures, [`Noisy`] and [`Failing`] of other objectives.

pub mod bbob;
mod choice;
mod classic;
mod curves;
mod draw;
mod failing;
mod families;
mod fault;
mod function;
mod long;
mod mixed;
mod noise;
mod noisy;
mod quick;
mod smoke;
#[cfg(feature = "surrogates")]
mod surrogates;
mod training;
mod wide;

use besom_core::SpaceBuilder;
use besom_core::distribution::{Continuous, Step};
use besom_core::{Distribution, Space};

pub use bbob::{bbob, bbob_in};
pub use choice::choice;
pub use curves::curves;
pub use failing::failing;
pub use families::families;
pub use fault::Failing;
pub use function::Function;
pub use long::long;
pub use mixed::mixed;
pub use noise::Noisy;
pub use noisy::noisy;
pub use quick::quick;
pub use smoke::smoke;
#[cfg(feature = "surrogates")]
pub use surrogates::{SurrogateError, surrogates};
pub use training::Training;
pub use wide::wide;

use crate::Suite;

/// Every suite, in the order in which they are listed. Cheap: objectives are made when they are needed.
pub fn all() -> Vec<Suite> {
    let mut suites = vec![smoke(), quick(), mixed(), bbob()];
    suites.extend(bbob::DIMENSIONS.map(bbob_in));
    suites.extend([curves(), noisy(), failing(), choice(), families(), wide(), long()]);
    suites
}

/// A space that is written down here.
fn built(space: SpaceBuilder) -> Space {
    space.build().expect("the suites' spaces are tested")
}

/// So many numbers `x0`, `x1`, .. between the same bounds.
fn cube(dimension: usize, min: f64, max: f64) -> SpaceBuilder {
    (0..dimension).fold(Space::builder(), |space, i| space.uniform(format!("x{i}"), min, max))
}

fn square(x: f64) -> f64 {
    x * x
}

/// A whole number, even in its logarithm.
fn log_int(min: u16, max: u16) -> Distribution {
    let shape = Continuous::LogUniformValues { min: f64::from(min), max: f64::from(max) };
    Distribution::Quantized(shape, Step::integer(1))
}

/// A category's place, as [`Function`] hands it out.
fn place(number: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a short list")]
    let place = number as usize;
    place
}

/// The least value of a function with one valley between two bounds, by the golden section.
fn valley(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    for _ in 0..60 {
        let step = GOLDEN * (high - low);
        if f(high - step) < f(low + step) {
            high = low + step;
        } else {
            low = high - step;
        }
    }
    f(0.5 * (low + high))
}
