//! Errors as text.

use std::error::Error;

/// The error type of algorithms: whatever they like, shown to the owner of the sweep.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// An error with all its causes on one line: `the search method failed: no model fits`. Errors of this workspace leave
/// their cause to [`Error::source`], so that nothing is said twice.
///
/// ```
/// use besom_core::error_chain;
///
/// let error = std::io::Error::other("disk full");
/// assert_eq!(error_chain(&error), "disk full");
/// ```
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
