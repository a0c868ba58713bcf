//! The command `besom`.
fn main() {}
