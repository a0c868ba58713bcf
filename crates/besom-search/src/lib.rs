//! Grid, random and Bayesian search for besom.
