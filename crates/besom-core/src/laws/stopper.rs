//! The laws of a stopping rule.

use super::law::broken;
use super::story::Story;
use super::tale::{self, Tale};
use super::{Broken, LATER, Law, build, call, elsewhere};
use crate::{BoxError, History, News, Problem, RunState, Shown, Stop, Stopper, contract};

/// Plays one story to a stopping rule.
pub(super) fn check<S: Stopper>(
    story: &Story,
    make: &impl Fn(&Problem) -> Result<S, BoxError>,
) -> Result<String, Broken> {
    Tale::tell(&story.problem, |tale| play(story, make, tale))
}

fn play<S: Stopper>(
    story: &Story,
    make: &impl Fn(&Problem) -> Result<S, BoxError>,
    tale: &mut Tale,
) -> Result<(), Broken> {
    let problem = &story.problem;
    let mut follower = build(problem, make)?;
    let mut history = History::new();
    for step in &story.steps {
        let touched = step.happen(problem, &mut history);
        tale.happened(step, history.len(), &touched);
        let moment = format!("asked after {}", tale::counted(history.len()));
        let stops = agreed(&moment, problem, &history, &mut follower, make).and_then(|stops| {
            let checked = contract::check_stops(&history, &stops);
            checked.map(|()| stops).map_err(|breach| broken(Law::of(&breach), format!("{moment}, {breach}")))
        });
        tale.asked(&moment, stops.as_deref().ok().map(tale::stops).as_deref(), step);
        for stop in stops?.into_iter().filter(|_| step.accepted) {
            history.record(stop.run, News::Stopped(Some(stop.reason)));
            history.record(stop.run, News::State(RunState::Finished));
        }
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
    let mut one = build(problem, make)?;
    let answer = call(moment, || view(&mut one, problem, history))?;
    let mut other = build(problem, make)?;
    let again = elsewhere(moment, || view(&mut other, problem, history))?;
    same(moment, &answer, &again, "another one, on another thread,")?;
    for times in ["", " when asked again"] {
        let followed = call(moment, || view(follower, problem, history))?;
        if answer != followed {
            for _ in 0..LATER {
                let mut later = build(problem, make)?;
                let again = call(moment, || view(&mut later, problem, history))?;
                same(moment, &answer, &again, "a later one on the same thread")?;
            }
            let (one, other) = different(&answer, &followed);
            let what = format!(
                "{moment}, a fresh instance answered {one}, one that followed the history{times} {other}"
            );
            return Err(broken(Law::History, what));
        }
    }
    Ok(answer.0)
}

/// Whether another fresh instance answers as the first did.
fn same(moment: &str, answer: &View, again: &View, whose: &str) -> Result<(), Broken> {
    if answer == again {
        return Ok(());
    }
    let (one, other) = different(answer, again);
    Err(broken(Law::Seed, format!("{moment}, one fresh instance answered {one}, {whose} {other}")))
}

/// What a rule wants stopped, and what it shows.
type View = (Vec<Stop>, Shown);

fn view<S: Stopper>(rule: &mut S, problem: &Problem, history: &History) -> Result<View, BoxError> {
    Ok((rule.stop(problem, history)?, rule.show(problem, history)?))
}

/// Two answers in words that tell them apart: the stops, or what is shown.
fn different(a: &View, b: &View) -> (String, String) {
    if a.0 != b.0 {
        return (tale::stops(&a.0), tale::stops(&b.0));
    }
    let shown = |shown: &Shown| {
        format!("and shows {}", crate::value::spaced(&serde_json::Value::Object(shown.clone())))
    };
    (shown(&a.1), shown(&b.1))
}
