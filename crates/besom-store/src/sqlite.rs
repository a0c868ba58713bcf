//! A store in one SQLite file.

/// A store in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {}
