//! Hyperband, envelope and other stopping rules for besom.
