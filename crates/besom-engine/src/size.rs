//! The size of a sweep, as far as its configuration determines it.

use besom_config::SweepConfig;

/// How many points the space has; `None` if it is infinite, or too large to count.
pub fn points(config: &SweepConfig) -> Option<u128> {
    let mut levels = config.problem.space.parameters().iter().map(|p| p.distribution.levels());
    levels.try_fold(1_u128, |points, levels| points.checked_mul(levels?.count()))
}

/// How many runs a sweep will have, if that is known beforehand.
pub fn total(config: &SweepConfig) -> Option<u64> {
    let is_grid = config.method.name == "grid";
    let grid = points(config).filter(|_| is_grid).and_then(|points| u64::try_from(points).ok());
    [grid, config.problem.run_cap].into_iter().flatten().min()
}
