//! What the server says on standard error: starts, refusals, and what fails. Never a token, a body or a value.

use std::fmt::Arguments;
use std::io::Write;

use crate::shared::Parts;

/// Says something, if it was asked to.
pub(crate) fn say(shared: &Parts, what: Arguments<'_>) {
    if shared.options.verbose {
        always(what);
    }
}

/// Says what nobody else will.
pub(crate) fn always(what: Arguments<'_>) {
    // In one piece, without what a terminal would obey; standard error may be gone.
    let line: String = what.to_string().chars().filter(|c| !besom_core::text::is_hostile(*c)).collect();
    drop(std::io::stderr().lock().write_all(format!("besom serve: {line}\n").as_bytes()));
}
