//! The keys of the top level.

/// All keys of a sweep file; the last five are besom's own.
pub(super) const TOP_KEYS: &[&str] = &[
    "program",
    "command",
    "method",
    "metric",
    "metrics",
    "parameters",
    "early_terminate",
    "run_cap",
    "name",
    "description",
    "project",
    "entity",
    "controller",
    "job",
    "image_uri",
    "scheduler",
    "apiVersion",
    "kind",
    "seed",
    "order",
    "retry",
    "timeout",
    "parameter_constraints",
];

/// The keys that W&B does not know.
pub(super) const OWN_KEYS: &[&str] = &["seed", "order", "retry", "timeout", "parameter_constraints"];

/// The keys that take a mapping.
pub(super) const MAPPING_KEYS: &[&str] =
    &["method", "metric", "metrics", "parameters", "early_terminate", "controller", "scheduler", "retry"];
