#![doc = include_str!("../README.md")]
//!
//! # Design
//!
//! Reading goes in three steps, each
//! of which knows nothing of the next: text to a tree in which every value keeps its place; the tree to diagnostics
//! and a [`SweepConfig`]; diagnostics to text. So that one sees everything that is wrong at once, no check stops at the
//! first problem, and only text that is not YAML at all ends the reading early.
//!
//! # How words without quotes are read
//!
//! As PyYAML reads them (YAML 1.1), because the files were written for it: `yes`, `no`, `on` and `off` are booleans
//! (`y` and `n` are text), `010` is the octal 8, `1_000` is 1000, `1:30` is 90, `0o10` is text. A warning points at
//! readings that surprise. Two deviations: what people write as a number is one (`1e-5`, `3E6`, `-.5`; PyYAML sees
//! text), and a date is text. Quotes always make text. Of two equal keys in a mapping the last counts, with a warning.
//!
//! # Limits
//!
//! [`MAX_BYTES`] of text, 64 levels of nesting, 100,000 values that aliases and merge keys add to those written, and
//! 100,000 parameters. They stand before the work that they bound. Of more than 1,000 diagnostics the last is a count.

mod aliases;
mod check;
mod collector;
mod describe;
mod diagnostic;
mod excerpt;
mod input;
mod known;
mod reader;
mod scalar;
mod schema;
mod sweep;
mod tree;
mod yaml;
mod yaml_error;

pub use describe::algorithms;
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use excerpt::Paint;
pub use input::{MAX_BYTES, ReadError, read_file, read_from};
pub use reader::{Parsed, Reader, read_values};
pub use schema::schema;
pub use sweep::{Algorithm, Retry, SweepConfig};
