//! Both algorithms keep the laws over random problems and histories, and their options are what their specs say.

use besom::core::{Options, laws};
use own_algorithm::{Lag, ThresholdAccepting};

#[test]
fn threshold_accepting_keeps_the_laws() {
    laws::check_search(laws::mixed_problem(), |_problem| ThresholdAccepting::new(&Options::new()));
}

#[test]
fn the_options_of_threshold_accepting_are_those_of_its_spec() {
    laws::check_search_spec(ThresholdAccepting::SPEC, laws::mixed_problem(), |_, options| {
        ThresholdAccepting::new(options)
    });
}

#[test]
fn lag_keeps_the_laws() {
    laws::check_stopper(|_problem| Lag::new(&Options::new()));
}

#[test]
fn the_options_of_lag_are_those_of_its_spec() {
    laws::check_stopper_spec(Lag::SPEC, |_, options| Lag::new(options));
}
