//! stub
use std::ffi::OsString;

/// The supervisor process.
pub fn supervise(arguments: impl IntoIterator<Item = OsString>) -> i32 {
    let _ = arguments;
    unimplemented!()
}
