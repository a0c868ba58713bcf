//! Turns a sweep file (YAML or JSON) into a validated sweep configuration, or into the list of all its problems.
//!
//! The file is W&B's sweep configuration, word for word, with a few keys of our own. Reading goes in three steps, each
//! of which knows nothing of the next: text to a tree in which every value keeps its place; the tree to findings
//! and a [`SweepConfig`]; findings to text. So that one sees everything that is wrong at once, no check stops at the
//! first problem, and only text that is not YAML at all ends the reading early.

mod check;
mod diagnostic;
mod findings;
mod input;
mod reader;
mod scalar;
mod schema;
mod sweep;
mod tree;
mod yaml;

pub use diagnostic::{Diagnostic, Problems, Severity};
pub use input::{MAX_BYTES, ReadError, read_file, read_from};
pub use reader::{Parsed, Reader, parse, wandb_problems};
pub use schema::schema;
pub use sweep::{Algorithm, Retry, SweepConfig};
