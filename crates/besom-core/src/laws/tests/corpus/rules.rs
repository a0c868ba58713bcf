//! Stopping rules.

use super::*;

#[test]
fn a_rule_that_stops_all_runs() {
    let text = caught_rule(Law::Running, || {
        Rule(|history: &History, _: &mut usize| history.iter().map(|(run, _)| stop(run)).collect(), 0)
    });
    assert!(text.contains("which is "), "{text}");
}

#[test]
fn a_rule_that_stops_silent_runs() {
    caught_rule(Law::Silent, || {
        let rule = |history: &History, _: &mut usize| {
            let runs = history.iter().filter(|(_, run)| run.state == RunState::Running);
            runs.map(|(run, _)| stop(run)).collect()
        };
        Rule(rule, 0)
    });
}

#[test]
fn a_rule_with_an_empty_reason() {
    caught_rule(Law::Reason, || {
        let rule = |history: &History, _: &mut usize| {
            running(history).map(|(run, _)| Stop { run, reason: String::new() }).collect()
        };
        Rule(rule, 0)
    });
}

#[test]
fn a_rule_that_tells_its_whole_view_as_a_reason() {
    caught_rule(Law::Reason, || {
        let rule = |history: &History, _: &mut usize| {
            running(history).map(|(run, _)| Stop { run, reason: "x".repeat(100_000) }).collect()
        };
        Rule(rule, 0)
    });
}

#[test]
fn a_rule_with_patience_in_memory() {
    caught_rule(Law::History, || {
        let rule = |history: &History, calls: &mut usize| {
            *calls += 1;
            let patient = *calls < 2;
            running(history).filter(|_| !patient).map(|(run, _)| stop(run)).collect()
        };
        Rule(rule, 0)
    });
}

#[test]
fn a_rule_by_chance() {
    caught_rule(Law::Seed, || {
        let rule = |history: &History, _: &mut usize| {
            running(history).filter(|_| chance() < 0.5).map(|(run, _)| stop(run)).collect()
        };
        Rule(rule, 0)
    });
}

#[test]
fn a_rule_that_stops_a_run_twice() {
    caught_rule(Law::Running, || {
        let rule = |history: &History, _: &mut usize| {
            running(history).flat_map(|(run, _)| [stop(run), stop(run)]).collect()
        };
        Rule(rule, 0)
    });
}

#[test]
fn a_rule_that_cannot_compare_nan() {
    caught_rule(Law::NoPanic, || {
        let rule = |history: &History, _: &mut usize| {
            let values = running(history).filter_map(|(_, curve)| curve.values.last().copied());
            let worst = values.max_by(|a, b| a.partial_cmp(b).unwrap_or_else(|| panic!("{a}, {b}")));
            worst.map_or(Vec::new(), |_| Vec::new())
        };
        Rule(rule, 0)
    });
}

#[test]
fn a_rule_whose_view_counts_calls() {
    struct Shows(u32);
    impl Stopper for Shows {
        fn stop(&mut self, _: &Problem, _: &History) -> Result<Vec<Stop>, BoxError> {
            Ok(Vec::new())
        }
        fn show(&mut self, _: &Problem, _: &History) -> Result<crate::Shown, BoxError> {
            self.0 += 1;
            Ok(crate::Shown::from_iter([("calls".to_owned(), json!(self.0))]))
        }
    }
    caught_rule(Law::History, || Shows(0));
}
