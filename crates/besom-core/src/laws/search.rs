//! The laws of a search.

use super::law::broken;
use super::story::Story;
use super::tale::{self, Tale};
use super::{Broken, LATER, Law, Suite, build, call, elsewhere};
use crate::contract::{self, NOTE_LIMIT};
use crate::distribution::Continuous;
use crate::{Answer, Ask, BoxError, Distribution, History, Problem, Run, Search, Space, Spec, Suggestion};

/// For how many runs a note that grows must stay below its limit.
const RUNS: usize = 10_000;

/// Plays one story to a search.
pub(super) fn check<S: Search>(
    suite: Suite,
    story: &Story,
    make: &impl Fn(&Problem) -> Result<S, BoxError>,
) -> Result<String, Broken> {
    Tale::tell(&story.problem, |tale| play(suite, story, make, tale))
}

fn play<S: Search>(
    suite: Suite,
    story: &Story,
    make: &impl Fn(&Problem) -> Result<S, BoxError>,
    tale: &mut Tale,
) -> Result<(), Broken> {
    let problem = &story.problem;
    let mut follower = build(problem, make)?;
    let mut history = History::new();
    let (mut done, mut notes) = (false, Vec::new());
    for step in &story.steps {
        let touched = step.happen(problem, &mut history);
        tale.happened(step, history.len(), &touched);
        let moment = tale::moment(step.count, history.len());
        let ask = Ask::new(problem, &history).count(step.count);
        let question = Question { moment: &moment, ask: &ask, make };
        let answer = question.check(suite, &mut follower, done, &mut notes);
        tale.asked(&moment, answer.as_ref().ok().map(tale::answer).as_deref(), step);
        match answer? {
            Answer::Try(suggestions) if step.accepted => suggestions.into_iter().for_each(|suggestion| {
                history.push(Run::new(suggestion.point).with_note(suggestion.note));
            }),
            Answer::Done => done = true,
            _ => {}
        }
    }
    Ok(())
}

/// A question of a story.
struct Question<'a, M> {
    moment: &'a str,
    ask: &'a Ask<'a>,
    make: &'a M,
}

impl<S: Search, M: Fn(&Problem) -> Result<S, BoxError>> Question<'_, M> {
    /// The answer, if it keeps all laws.
    fn check(
        &self,
        suite: Suite,
        follower: &mut S,
        done: bool,
        notes: &mut Vec<(usize, usize)>,
    ) -> Result<Answer, Broken> {
        let moment = self.moment;
        let answer = self.agreed(follower)?;
        if done && answer != Answer::Done {
            let answer = tale::answer(&answer);
            return Err(broken(
                Law::Done,
                format!("{moment}, it answered {answer}, though it had been done before"),
            ));
        }
        let spec = Spec::new("A search under test");
        contract::check_answer(self.ask, &spec, &answer)
            .map_err(|breach| broken(Law::of(&breach), format!("{moment}, {breach}")))?;
        let Answer::Try(suggestions) = &answer else { return Ok(answer) };
        if !suite.repeats && has_room(&self.ask.problem.space) {
            contract::check_distinct(suggestions)
                .map_err(|breach| broken(Law::Distinct, format!("{moment}, {breach}")))?;
        }
        notes.extend(suggestions.iter().map(|suggestion| (self.ask.history.len(), bytes(suggestion))));
        check_growth(moment, notes)?;
        Ok(answer)
    }

    /// The answer, if all instances agree on it.
    fn agreed(&self, follower: &mut S) -> Result<Answer, Broken> {
        let (moment, ask) = (self.moment, self.ask);
        let answer = self.fresh(ask)?;
        let mut other = build(ask.problem, self.make)?;
        let again = elsewhere(moment, || other.suggest(ask))?;
        if !identical(&answer, &again) {
            let (one, other) = different(&answer, &again);
            let what = format!(
                "{moment}, one fresh instance answered {one}, another one, on another thread, {other}"
            );
            return Err(broken(Law::Seed, what));
        }
        let kept = self.followed(&answer, follower).and_then(|()| self.check_prefix(&answer));
        if let Err(broken) = kept {
            // It may be chance, by which the two fresh instances have agreed.
            (0..LATER).try_for_each(|_| self.check_thread(&answer))?;
            return Err(broken);
        }
        Ok(answer)
    }

    /// Whether the instance that followed the history answers as the fresh one did.
    fn followed(&self, answer: &Answer, follower: &mut S) -> Result<(), Broken> {
        for times in ["", " when asked again"] {
            let followed = call(self.moment, || follower.suggest(self.ask))?;
            if !identical(answer, &followed) {
                let (one, other) = different(answer, &followed);
                let what = format!(
                    "{}, a fresh instance answered {one}, one that followed the history{times} {other}",
                    self.moment
                );
                return Err(broken(Law::History, what));
            }
        }
        Ok(())
    }

    /// Whether another fresh instance on this thread answers as the first did: else it is the thread that remembers.
    fn check_thread(&self, answer: &Answer) -> Result<(), Broken> {
        let again = self.fresh(self.ask)?;
        if identical(answer, &again) {
            return Ok(());
        }
        let (one, other) = different(answer, &again);
        let what = format!(
            "{}, one fresh instance answered {one}, a later one on the same thread {other}",
            self.moment
        );
        Err(broken(Law::Seed, what))
    }

    /// Asks a fresh instance for fewer.
    fn check_prefix(&self, answer: &Answer) -> Result<(), Broken> {
        let Some(fewer) = self.ask.count.checked_sub(1).filter(|most| *most > 0) else { return Ok(()) };
        // Each number below has its turn as histories grow.
        let fewer = 1 + self.ask.history.len() % fewer;
        let found = self.fresh(&self.ask.count(fewer))?;
        let expected = match answer {
            Answer::Try(all) => Answer::Try(all.iter().take(fewer).cloned().collect()),
            other => other.clone(),
        };
        if identical(&expected, &found) {
            return Ok(());
        }
        let (one, other) = different(answer, &found);
        Err(broken(Law::Prefix, format!("{}, it answered {one}, but asked for {fewer} {other}", self.moment)))
    }

    fn fresh(&self, ask: &Ask<'_>) -> Result<Answer, Broken> {
        let mut search = build(ask.problem, self.make)?;
        call(self.moment, || search.suggest(ask))
    }
}

/// Bit for bit: the sign of zero counts.
fn identical(a: &Answer, b: &Answer) -> bool {
    format!("{a:?}") == format!("{b:?}")
}

/// Two answers in words that tell them apart.
fn different(a: &Answer, b: &Answer) -> (String, String) {
    let (one, other) = (tale::answer(a), tale::answer(b));
    if one == other { (format!("{a:?}"), format!("{b:?}")) } else { (one, other) }
}

/// Whether two independent points of the space are never equal by chance. A beta distribution may have nearly all its values at
/// an end, and a parameter with a condition may be in neither point.
fn has_room(space: &Space) -> bool {
    space.parameters().iter().any(|parameter| {
        let distribution = &parameter.distribution;
        parameter.when.is_none()
            && matches!(distribution, Distribution::Continuous(shape) if !matches!(shape, Continuous::Beta { .. }))
    })
}

fn bytes(suggestion: &Suggestion) -> usize {
    serde_json::to_vec(&suggestion.note).map_or(0, |text| text.len())
}

/// Compares the notes at the beginning and at the end of a long history: some bytes for each run are too many.
fn check_growth(moment: &str, notes: &[(usize, usize)]) -> Result<(), Broken> {
    let [(before, short), .., (after, long)] = *notes else { return Ok(()) };
    let runs = after - before;
    // In short histories a note may change for other reasons.
    if runs < 100 || long.saturating_sub(short) * (RUNS / runs) <= NOTE_LIMIT {
        return Ok(());
    }
    let what = format!(
        "{moment}, its note has {long} bytes, and had {short} after {}; it would reach the limit of {NOTE_LIMIT} before {RUNS} runs",
        tale::counted(before)
    );
    Err(broken(Law::Note, what))
}

/// Plays one story to a search whose spec says that it never repeats a point.
pub(super) fn check_never_repeats<S: Search>(
    spec: &Spec,
    story: &Story,
    make: &impl Fn(&Problem) -> Result<S, BoxError>,
) -> Result<(), Broken> {
    if spec.may_repeat {
        return Ok(());
    }
    let problem = &story.problem;
    let (mut search, mut history) = (build(problem, make)?, History::new());
    let mut tale = Tale::of(problem);
    for step in &story.steps {
        let touched = step.happen(problem, &mut history);
        tale.happened(step, history.len(), &touched);
        let moment = tale::moment(step.count, history.len());
        let ask = Ask::new(problem, &history).count(step.count);
        let answer = call(&moment, || search.suggest(&ask))?;
        tale.asked(&moment, Some(&tale::answer(&answer)), step);
        let Answer::Try(suggestions) = answer else { continue };
        for suggestion in suggestions {
            let earlier = history.iter().find(|(_, run)| run.point == suggestion.point);
            if let Some((number, _)) = earlier {
                let point = tale::point(&suggestion.point);
                let what = format!(
                    "its spec says `never_repeats`, but {moment}, it suggested {point}, which run {number} has"
                );
                return Err(Broken { story: tale.text(), ..broken(Law::Distinct, what) });
            }
            history.push(Run::new(suggestion.point).with_note(suggestion.note));
        }
    }
    Ok(())
}
