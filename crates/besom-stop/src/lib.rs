#![doc = include_str!("../README.md")]
//!
//! # Design
//!
//! One file per rule. Rules never keep state between calls, so a crash or a second controller changes nothing.
//!
//! Adding a rule costs its file, its line in [`register`], and nothing else: what a run has logged as losses
//! (`objective`), which runs got as far (`peers`), reading
//! options (`options`) and wording a reason (`reason`) are shared. Its options, defaults and summary stand in its `SPEC`.

mod asha;
mod envelope;
mod error;
mod front;
mod hyperband;
mod median;
mod objective;
mod options;
mod patience;
mod peers;
mod reason;
mod threshold;

pub use asha::{Asha, AshaOptions};
pub use envelope::{Envelope, EnvelopeOptions};
pub use error::RuleError;
pub use hyperband::{Hyperband, HyperbandOptions};
pub use median::{Median, MedianOptions};
pub use patience::{Patience, PatienceOptions};
pub use threshold::{Threshold, ThresholdOptions};

use besom_core::Registry;

/// Adds every rule of this crate under its name in sweep files (`early_terminate: {type: ..}`).
///
/// A rule that is registered under one of these names is replaced, so call this before you add your own.
pub fn register(registry: &mut Registry) {
    registry.replace_stopper("asha", Asha::SPEC, |problem, options| Ok(Asha::new(problem, options)?));
    registry
        .replace_stopper("envelope", Envelope::SPEC, |problem, options| Ok(Envelope::new(problem, options)?));
    registry.replace_stopper("hyperband", Hyperband::SPEC, |problem, options| {
        Ok(Hyperband::new(problem, options)?)
    });
    registry.replace_stopper("median", Median::SPEC, |problem, options| Ok(Median::new(problem, options)?));
    registry
        .replace_stopper("patience", Patience::SPEC, |problem, options| Ok(Patience::new(problem, options)?));
    registry.replace_stopper("threshold", Threshold::SPEC, |problem, options| {
        Ok(Threshold::new(problem, options)?)
    });
}
