//! Answers compared, and what broke in words.

use std::fmt::Debug;

use crate::memory::is_own_text;
use crate::{Reply, StoreError};

/// What broke, in words.
pub(super) type Verdict = Result<(), String>;

/// The answer to a call that must not fail.
pub(super) fn expect_ok<T>(what: &str, answer: Result<T, StoreError>) -> Result<T, String> {
    answer.map_err(|error| format!("{what} failed: {error}"))
}

/// Both are the same.
pub(super) fn same<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Verdict {
    if found == expected { Ok(()) } else { Err(format!("{what} answered {found:?} instead of {expected:?}")) }
}

/// Both are the same, but for a reason that the store may choose.
pub(super) fn same_reply(what: &str, found: &Reply, expected: &Reply) -> Verdict {
    match (found, expected) {
        (Reply::Stop { kind: a, .. }, Reply::Stop { kind: b, reason }) if a == b && is_own_text(reason) => {
            Ok(())
        }
        _ => same(what, found, expected),
    }
}
