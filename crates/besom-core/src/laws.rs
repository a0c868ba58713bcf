//! Law suites.
