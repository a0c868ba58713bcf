//! Benchmarks of besom; see `benches/`.
