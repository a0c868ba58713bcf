//! The size of a sweep: planned by its configuration, and as it is.

use besom_config::SweepConfig;
use besom_core::{Distribution, Enumeration, RunState};
use besom_store::SweepRow;

/// How many points the method can try; `None` if there are infinitely many, or too many to count. A `grid` leaves the maximum of a
/// `q_uniform` out. Points that differ in nothing that is active are one; those that break a constraint do not count, and are counted
/// only where there are up to 100,000 with them.
pub fn points(config: &SweepConfig) -> Option<u128> {
    let (space, is_grid) = (&config.space, config.method.name == "grid");
    if space.is_constrained() {
        let count = if is_grid { space.legal_levels() } else { space.legal_values() };
        return count.map(|count| count as u128);
    }
    let levels = if is_grid { Distribution::levels } else { Distribution::values };
    let parameters = space.parameters();
    let order: Vec<usize> = (0..parameters.len()).collect();
    let points = Enumeration::new(space, &order, |place| levels(&parameters[place].distribution));
    points.ok().map(|points| points.size())
}

/// How many runs a sweep will have, if that is known beforehand.
pub fn total(config: &SweepConfig) -> Option<u64> {
    under(config.run_cap, config)
}

/// How many runs a stored sweep of this configuration will have, if that is known: as many as its present cap allows, or all
/// points of its grid if those are fewer.
pub fn planned(sweep: &SweepRow, config: &SweepConfig) -> Option<u64> {
    under(sweep.new.run_cap, config)
}

fn under(run_cap: Option<u64>, config: &SweepConfig) -> Option<u64> {
    let is_grid = config.method.name == "grid";
    let points = is_grid.then(|| points(config)).flatten();
    let grid = points.and_then(|points| u64::try_from(points).ok());
    [grid, run_cap].into_iter().flatten().min()
}

/// The number of runs, of the total if that is known, and the number in each state (of the finished ones, how many were
/// `stopped` early), as text: `12 of 60: 2 running, 9 finished (4 stopped early), 1 failed`.
pub fn counts(of: Option<u64>, counts: &[(RunState, u64)], stopped: u64) -> String {
    let all: u64 = counts.iter().map(|(_, count)| count).sum();
    let of = of.map(|of| format!(" of {of}")).unwrap_or_default();
    let part = |(state, count): &(RunState, u64)| match state {
        RunState::Finished if stopped > 0 => format!("{count} finished ({stopped} stopped early)"),
        _ => format!("{count} {state}"),
    };
    let parts: Vec<_> = counts.iter().filter(|(_, count)| *count > 0).map(part).collect();
    if parts.is_empty() { format!("{all}{of}") } else { format!("{all}{of}: {}", parts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use besom_store::NewSweep;

    use super::*;

    #[test]
    fn points_are_those_that_the_method_tries() {
        let registry = crate::registry();
        let points = |method: &str| {
            let q = "{distribution: q_uniform, min: 0, max: 0.9, q: 0.1}";
            let text =
                format!("method: {method}\nmetric: {{name: loss}}\nrun_cap: 20\nparameters: {{x: {q}}}");
            let parsed = besom_config::Reader::new(&registry).read(&text, "sweep.yaml");
            super::points(&parsed.expect("a right file").config)
        };
        assert_eq!(points("grid"), Some(9));
        assert_eq!((points("auto"), points("bayes")), (Some(10), Some(10)));
    }

    #[test]
    fn points_that_break_a_constraint_do_not_count() {
        let registry = crate::registry();
        let text = "method: grid\nparameters: {a: {values: [1, 2, 3]}, b: {values: [1, 2]}}\nparameter_constraints: [a <= b]";
        let parsed = besom_config::Reader::new(&registry).read(text, "sweep.yaml").expect("a right file");
        assert_eq!((points(&parsed.config), total(&parsed.config)), (Some(3), Some(3)));
    }

    #[test]
    fn a_grid_has_no_more_runs_than_points_whatever_its_cap_allows() {
        let registry = crate::registry();
        let text = "method: grid\nrun_cap: 20\nparameters: {x: {values: [1, 2, 3]}}";
        let config =
            besom_config::Reader::new(&registry).read(text, "sweep.yaml").expect("a right file").config;
        let of = |new: NewSweep| planned(&SweepRow::new(new, 0), &config);
        let new = || NewSweep::new("a");
        assert_eq!([of(new().run_cap(2)), of(new().run_cap(20)), of(new())], [Some(2), Some(3), Some(3)]);
        assert_eq!(total(&config), Some(3));
    }

    #[test]
    fn counts_name_the_states_that_occur() {
        let some = [(RunState::Running, 2), (RunState::Finished, 9), (RunState::Failed, 0)];
        assert_eq!(counts(Some(60), &some, 4), "11 of 60: 2 running, 9 finished (4 stopped early)");
        assert_eq!(counts(None, &some, 0), "11: 2 running, 9 finished");
        assert_eq!(counts(Some(5), &[], 0), "0 of 5");
    }
}
