//! Gaussian process regression: arrays in, posterior out.
