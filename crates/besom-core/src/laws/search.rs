//! The laws of a search.

use super::story::Story;
use super::{Broken, Law, broken, build, call};
use crate::{Answer, Ask, BoxError, History, Problem, Run, Search};

/// Tells one story to a search.
pub(super) fn check<S: Search>(
    story: &Story,
    make: &impl Fn(&Problem) -> Result<S, BoxError>,
) -> Result<(), Broken> {
    let problem = &story.problem;
    let mut follower = build(problem, make)?;
    let mut history = History::new();
    let mut done = false;
    for step in &story.steps {
        step.happen(problem, &mut history);
        let ask = Ask::new(problem, &history).count(step.count);
        let moment = format!("asked for {} after {} runs,", step.count, history.len());
        let answer = agreed(&moment, &ask, &mut follower, make)?;
        if done && answer != Answer::Done {
            return Err(broken(
                Law::Done,
                format!("{moment} it answered {answer:?} though it had been done before"),
            ));
        }
        match answer {
            Answer::Try(suggestions) => {
                let points = suggestions.len();
                if points == 0 || points > step.count {
                    return Err(broken(Law::Count, format!("{moment} it suggested {points} points")));
                }
                for suggestion in suggestions {
                    let point = &suggestion.point;
                    // Without conditions a suggestion has all parameters.
                    if !problem.space.contains(point) || !problem.space.is_complete(point) {
                        let point = point.to_json();
                        return Err(broken(Law::Space, format!("{moment} it suggested {point:?}")));
                    }
                    if step.accepted {
                        history.push(Run::new(suggestion.point).with_note(suggestion.note));
                    }
                }
            }
            Answer::Wait if history.runs().iter().any(|run| run.state.is_open()) => {}
            Answer::Wait => {
                return Err(broken(Law::Wait, format!("{moment} it waits, but no run is open")));
            }
            Answer::Done => done = true,
        }
    }
    Ok(())
}

/// The answer to a question, if all instances agree on it.
fn agreed<S: Search>(
    moment: &str,
    ask: &Ask<'_>,
    follower: &mut S,
    make: &impl Fn(&Problem) -> Result<S, BoxError>,
) -> Result<Answer, Broken> {
    let fresh = || {
        let mut search = build(ask.problem, make)?;
        call(moment, || search.suggest(ask))
    };
    let answer = fresh()?;
    let again = fresh()?;
    if !identical(&answer, &again) {
        let what = format!("{moment} one fresh instance answered {answer:?}, and another one {again:?}");
        return Err(broken(Law::Seed, what));
    }
    for times in ["", " (asked again)"] {
        let followed = call(moment, || follower.suggest(ask))?;
        if !identical(&answer, &followed) {
            let what = format!(
                "{moment} a fresh instance answered {answer:?}, but one that followed the history{times} {followed:?}"
            );
            return Err(broken(Law::History, what));
        }
    }
    Ok(answer)
}

/// Bit for bit: the sign of zero counts.
fn identical(a: &Answer, b: &Answer) -> bool {
    format!("{a:?}") == format!("{b:?}")
}
