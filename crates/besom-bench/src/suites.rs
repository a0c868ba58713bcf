//! The suites that come with this crate.
//!
//! Names of tasks are unique over all suites; a task that two suites share is the same task.

mod smoke;

pub use smoke::smoke;

use crate::Suite;

/// Every suite, in the order in which they are listed. Cheap: objectives are made when they are needed.
pub fn all() -> Vec<Suite> {
    vec![smoke()]
}
