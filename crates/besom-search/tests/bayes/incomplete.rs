//! Runs that lack parameters: from another sweep, or from a program that left some out.

use super::*;

fn only(name: &str, value: Value) -> Point {
    Point::from_iter([(name.into(), value)])
}

#[test]
fn a_run_that_lacks_a_parameter_is_learned_from() {
    let problem = problem(vec![("x", uniform(0.0, 1.0)), ("y", uniform(0.0, 1.0))], 3);
    let run = |k: u32| {
        let x = f64::from(k) / 11.0;
        finished(only("x", json!(x)).into(), (x - 0.3).powi(2))
    };
    let history: History = (0..12).map(run).collect();
    let next = ask(&mut bayes(&problem), &problem, &history, 1).remove(0);
    assert_eq!(next.note["kind"], "model");
    assert!((number(&next.point, "x") - 0.3).abs() < 0.1, "{:?}", next.point);
    assert!(problem.space.is_complete(&next.point));
}

#[test]
fn a_running_run_that_lacks_a_parameter_is_pending() {
    let problem = mixed(4);
    let mut history = sweep(&mut bayes(&problem), &problem, 10, mixed_loss);
    let point = ask(&mut bayes(&problem), &problem, &history, 1).remove(0).point;
    let kept = point.iter().filter(|(name, _)| **name != ParamPath::from("width"));
    let part: Point = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    history.push(Run::new(part).with_state(RunState::Running));
    let next = ask(&mut bayes(&problem), &problem, &history, 1).remove(0).point;
    assert_ne!(next, point);
}

#[test]
fn a_run_without_any_parameter_is_left_out() {
    let problem = mixed(3);
    let history: History = (0..12).map(|k| finished(Point::default().into(), f64::from(k))).collect();
    let next = ask(&mut bayes(&problem), &problem, &history, 1).remove(0);
    assert_eq!(next.note["kind"], "initial");
}

#[test]
fn a_run_that_lacks_a_parameter_uses_up_no_point_of_a_finite_space() {
    let problem =
        problem(vec![("a", one_of(&[json!("p"), json!("q")])), ("b", one_of(&[json!("r"), json!("s")]))], 1);
    let mut history: History =
        ["p", "q"].into_iter().map(|a| finished(only("a", json!(a)).into(), 0.5)).collect();
    for k in 0..4 {
        let suggestion = ask(&mut bayes(&problem), &problem, &history, 1).remove(0);
        assert!(history.runs().iter().all(|run| run.point != suggestion.point));
        history.push(finished(suggestion, f64::from(k)));
    }
    let done = bayes(&problem).suggest(&Ask::new(&problem, &history));
    assert_eq!(done.unwrap(), Answer::Done);
}
