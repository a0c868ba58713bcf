//! Errors as people read them.

use std::error::Error;

/// An error and its causes in one line, each cause once: some errors quote theirs themselves.
pub fn message(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    for cause in causes.map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}
