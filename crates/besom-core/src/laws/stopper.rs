//! The laws of a stopping rule.

use std::collections::BTreeSet;

use super::story::Story;
use super::{Broken, Law, broken, build, call};
use crate::{BoxError, History, News, Problem, RunState, Shown, Stop, Stopper};

/// Tells one story to a stopping rule.
pub(super) fn check<S: Stopper>(
    story: &Story,
    make: &impl Fn(&Problem) -> Result<S, BoxError>,
) -> Result<(), Broken> {
    let problem = &story.problem;
    let mut follower = build(problem, make)?;
    let mut history = History::new();
    for step in &story.steps {
        step.happen(problem, &mut history);
        let moment = format!("asked after {} runs,", history.len());
        let stops = agreed(&moment, problem, &history, &mut follower, make)?;
        let mut named = BTreeSet::new();
        for stop in stops {
            check_stop(&moment, &stop, &history)?;
            if !named.insert(stop.run) {
                return Err(broken(Law::Running, format!("{moment} it selected run {} twice", stop.run)));
            }
            if step.accepted {
                history.record(stop.run, News::Stopped(Some(stop.reason)));
                history.record(stop.run, News::State(RunState::Finished));
            }
        }
    }
    Ok(())
}

fn check_stop(moment: &str, Stop { run: number, reason }: &Stop, history: &History) -> Result<(), Broken> {
    let Some(run) = history.get(*number) else {
        return Err(broken(Law::Running, format!("{moment} it selected run {number}, which does not exist")));
    };
    if run.state != RunState::Running {
        return Err(broken(
            Law::Running,
            format!("{moment} it selected run {number}, which is {}", run.state),
        ));
    }
    if run.curves.iter().all(|curve| curve.values.is_empty()) {
        return Err(broken(
            Law::Silent,
            format!("{moment} it selected run {number}, which has logged nothing"),
        ));
    }
    if reason.trim().is_empty() {
        return Err(broken(Law::Reason, format!("{moment} it selected run {number} without a reason")));
    }
    Ok(())
}

/// The stops, if all instances agree on them and on what they show.
fn agreed<S: Stopper>(
    moment: &str,
    problem: &Problem,
    history: &History,
    follower: &mut S,
    make: &impl Fn(&Problem) -> Result<S, BoxError>,
) -> Result<Vec<Stop>, Broken> {
    let view = |rule: &mut S| -> Result<(Vec<Stop>, Shown), Broken> {
        let stops = call(moment, || rule.stop(problem, history))?;
        Ok((stops, call(moment, || rule.show(problem, history))?))
    };
    let answer = view(&mut build(problem, make)?)?;
    let again = view(&mut build(problem, make)?)?;
    if answer != again {
        let what = format!("{moment} one fresh instance answered {answer:?}, and another one {again:?}");
        return Err(broken(Law::Seed, what));
    }
    for times in ["", " (asked again)"] {
        let followed = view(follower)?;
        if answer != followed {
            let what = format!(
                "{moment} a fresh instance answered {answer:?}, but one that followed the history{times} {followed:?}"
            );
            return Err(broken(Law::History, what));
        }
    }
    Ok(answer.0)
}
