//! Algorithms are guarded: whatever they answer, and if they panic, the sweep gets an answer it can use or an error that says why.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use besom_core::distribution::Continuous;
use besom_core::{
    AlgorithmError, Answer, Ask, BoxError, Breach, Distribution, Goal, History, Method, Metric, Options,
    Parameter, Point, Problem, Registry, Rule, Run, RunState, Search, Space, Spec, Stop, Stopper,
    error_chain,
};

fn problem() -> Problem {
    let x = Distribution::Continuous(Continuous::Uniform { min: -5.0, max: 5.0 });
    let space = Space::new(vec![Parameter::new("x", x)]).expect("one name");
    Problem::new(space, Metric::new("loss", Goal::Minimize))
}

/// Answers what a function does.
struct By<F>(F);

impl<F: FnMut(&Ask<'_>) -> Answer + Send> Search for By<F> {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        Ok((self.0)(ask))
    }
}

fn suggested(method: &mut Method, history: &History) -> Result<Answer, AlgorithmError> {
    method.suggest(&Ask::new(&problem(), history).count(2))
}

fn middle(ask: &Ask<'_>) -> Answer {
    Answer::Try(vec![ask.problem.space.decode(&[0.5]).into()])
}

fn foreign(x: f64) -> Answer {
    Answer::Try(vec![Point::from_iter([("x".into(), x.into())]).into()])
}

#[test]
fn a_point_outside_the_space_is_an_error_and_the_next_answer_counts_again() {
    let mut first = true;
    let mut method = Method::from(By(
        move |ask: &Ask<'_>| {
            if std::mem::take(&mut first) { foreign(1e9) } else { middle(ask) }
        },
    ));
    let error = suggested(&mut method, &History::new()).expect_err("1e9 is outside");
    assert_eq!(
        error_chain(&error),
        "the search method broke its contract: it suggested {\"x\": 1000000000.0}: x is 1000000000.0, allowed is a number \
         from -5.0 to 5.0; points of the space come from `Space::decode`"
    );
    assert_eq!(suggested(&mut method, &History::new()).ok(), Some(foreign(0.0)));
}

#[test]
fn the_spec_decides_whether_points_may_repeat() {
    let twice = |ask: &Ask<'_>| Answer::Try(vec![ask.problem.space.decode(&[0.5]).into(); 2]);
    let spec = Spec::new("For tests");
    let made = |spec| Method::new("twice", spec, move || Ok(By(twice))).expect("it is built");
    assert!(suggested(&mut made(spec), &History::new()).is_ok());
    let error = suggested(&mut made(spec.never_repeats()), &History::new()).expect_err("equal points");
    let AlgorithmError::Contract { source, .. } = error else { panic!("{error}") };
    assert!(matches!(*source, Breach::Repeated { .. }), "{source}");
}

/// Panics at the second run, and counts how often it was made.
fn fragile(made: &Arc<AtomicUsize>) -> Registry {
    let made = Arc::clone(made);
    let mut registry = Registry::new();
    registry.replace_search("fragile", Spec::new("For tests"), move |_, _| {
        let instance = made.fetch_add(1, Ordering::SeqCst);
        Ok(By(move |ask: &Ask<'_>| {
            assert!(ask.history.len() != 1, "instance {instance} cannot count to 2");
            middle(ask)
        }))
    });
    registry
}

#[test]
fn a_panic_is_an_error_with_its_place_and_the_next_call_gets_a_fresh_instance() {
    let made = Arc::new(AtomicUsize::new(0));
    let mut method = fragile(&made).search("fragile", &problem(), &Options::new()).expect("it is built");
    let mut history = History::new();
    assert!(suggested(&mut method, &history).is_ok());
    history.push(Run::new(Point::default()));
    for instance in 0..2 {
        let text = suggested(&mut method, &history).expect_err("it panics").to_string();
        assert!(text.starts_with("the search method 'fragile' panicked at "), "{text}");
        assert!(text.contains("tests/method.rs:"), "{text}");
        assert!(text.ends_with(&format!("instance {instance} cannot count to 2")), "{text}");
    }
    history.push(Run::new(Point::default()));
    assert!(suggested(&mut method, &history).is_ok());
    assert_eq!(made.load(Ordering::SeqCst), 3);
}

#[test]
fn a_bare_search_that_panicked_stays_lost() {
    let mut method = Method::from(By(|_: &Ask<'_>| panic!("no more")));
    assert!(matches!(suggested(&mut method, &History::new()), Err(AlgorithmError::Panicked { .. })));
    let error = suggested(&mut method, &History::new()).expect_err("it is gone");
    assert!(matches!(error, AlgorithmError::Lost { .. }), "{error}");
}

#[test]
fn a_panic_while_an_instance_is_dropped_is_of_no_consequence() {
    struct Sore;
    impl Search for Sore {
        fn suggest(&mut self, _: &Ask<'_>) -> Result<Answer, BoxError> {
            panic!("first")
        }
    }
    impl Drop for Sore {
        fn drop(&mut self) {
            panic!("second");
        }
    }
    let mut method = Method::new("sore", Spec::new("For tests"), || Ok(Sore)).expect("it is built");
    let error = suggested(&mut method, &History::new()).expect_err("it panics");
    assert!(error.to_string().ends_with(": first"), "{error}");
    // Its destructor panics also here.
    std::mem::forget(method);
}

#[test]
fn a_constructor_that_panics_refuses_the_problem() {
    let mut registry = Registry::new();
    registry.replace_search("broken", Spec::new("For tests"), |problem: &Problem, _: &Options| {
        Ok(Box::new(By(middle)) as Box<dyn Search>)
            .inspect(|_| assert!(problem.metrics.len() > 1, "two metrics"))
    });
    let error = registry.search("broken", &problem(), &Options::new()).expect_err("it has one");
    let text = error_chain(&error);
    assert!(text.starts_with("search method 'broken': its constructor panicked at "), "{text}");
    assert!(text.ends_with(": two metrics"), "{text}");
}

/// Stops every run.
struct All;

impl Stopper for All {
    fn stop(&mut self, _: &Problem, history: &History) -> Result<Vec<Stop>, BoxError> {
        Ok(history.iter().map(|(run, _)| Stop::new(run, "enough")).collect())
    }

    fn show(&mut self, _: &Problem, _: &History) -> Result<besom_core::Shown, BoxError> {
        panic!("nothing to see")
    }
}

#[test]
fn a_rule_is_guarded_as_a_method_is() {
    let mut rule = Rule::new("all", Spec::new("Stops every run"), || Ok(All)).expect("it is built");
    let history = History::from_iter([Run::new(Point::default()).with_state(RunState::Finished)]);
    let error = rule.stop(&problem(), &history).expect_err("the run is over");
    assert_eq!(
        error_chain(&error),
        "the stopping rule 'all' broke its contract: it stops run 1, which is finished; select from runs in state `Running`"
    );
    let error = rule.show(&problem(), &history).expect_err("it panics").to_string();
    assert!(error.ends_with(": nothing to see"), "{error}");
    assert_eq!(rule.stop(&problem(), &History::new()).ok(), Some(Vec::new()));
}
