//! What happened in a story, in words and in the user's notation.

use super::Broken;
use super::story::{News, Step};
use crate::contract::allowed;
use crate::value::spaced;
use crate::{Answer, Curve, Point, Problem, Run, RunNumber, Stop, Suggestion};

/// How many runs that arrive at once are shown.
const ARRIVALS: usize = 4;

/// A story as far as it was played.
#[derive(Debug, Default)]
pub(super) struct Tale(Vec<String>);

impl Tale {
    /// Plays a story, and returns what happened; a law that it broke gets that, too.
    pub(super) fn tell(
        problem: &Problem,
        play: impl FnOnce(&mut Self) -> Result<(), Broken>,
    ) -> Result<String, Broken> {
        let mut tale = Self::of(problem);
        play(&mut tale).map_err(|broken| Broken { story: tale.text(), ..broken })?;
        Ok(tale.text())
    }

    /// The problem of a story.
    pub(super) fn of(problem: &Problem) -> Self {
        let mut lines = vec![format!("seed {}", problem.seed)];
        let metrics = problem.metrics.iter();
        lines.extend(metrics.map(|metric| format!("{} {}", metric.goal.as_str(), metric.name)));
        lines.extend(problem.space.parameters().iter().map(|parameter| {
            let distribution = &parameter.distribution;
            let when = parameter.when.as_ref().map(|when| format!(", when {when}")).unwrap_or_default();
            format!("parameter {}: {}, {}{when}", parameter.name, distribution.name(), allowed(distribution))
        }));
        Self(lines)
    }

    /// What happened before a question, with the runs that there was news of. `runs` is how many there are by then.
    pub(super) fn happened(&mut self, step: &Step, runs: usize, touched: &[RunNumber]) {
        for (run, index) in step.arrivals.iter().zip(runs - step.arrivals.len()..).take(ARRIVALS) {
            self.0.push(format!("run {} arrives: {}", RunNumber::from_index(index), arrival(run)));
        }
        let more = step.arrivals.len().saturating_sub(ARRIVALS);
        self.0.extend((more > 0).then(|| format!("{} more arrive", counted(more))));
        for (News { state, logged, .. }, number) in step.news.iter().zip(touched) {
            self.0.push(format!("run {number} is {state}{}", curve(&Curve::new(logged.as_slice()))));
        }
    }

    /// The question, and the answer if it broke no law.
    pub(super) fn asked(&mut self, moment: &str, answer: Option<&str>, step: &Step) {
        let answer = answer.map(|answer| format!(": {answer}")).unwrap_or_default();
        let other = if step.accepted { "" } else { " (not used: another controller was faster)" };
        self.0.push(format!("{moment}{answer}{other}"));
    }

    /// All of it, a line each, indented.
    pub(super) fn text(&self) -> String {
        self.0.iter().map(|line| format!("  {line}\n")).collect()
    }
}

/// How a search is asked: `asked for 1 after 2 runs`.
pub(super) fn moment(count: usize, runs: usize) -> String {
    format!("asked for {count} after {}", counted(runs))
}

/// `1 run`, `2 runs`.
pub(super) fn counted(runs: usize) -> String {
    if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") }
}

/// An answer of a search: `{"lr": 0.1}`, with notes where there are.
pub(super) fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Try(suggestions) if suggestions.is_empty() => "no suggestion".to_owned(),
        Answer::Try(suggestions) => suggestions.iter().map(suggestion).collect::<Vec<_>>().join(" and "),
        Answer::Wait => "`Wait`".to_owned(),
        Answer::Done => "`Done`".to_owned(),
    }
}

fn suggestion(Suggestion { point: at, note, .. }: &Suggestion) -> String {
    const SHOWN: usize = 200;
    if note.is_empty() {
        return point(at);
    }
    let note = spaced(&serde_json::Value::Object(note.clone()));
    let cut: String = note.chars().take(SHOWN).collect();
    let more = if cut.len() < note.len() { ".." } else { "" };
    format!("{} with the note {cut}{more}", point(at))
}

/// A point as JSON.
pub(super) fn point(point: &Point) -> String {
    spaced(&serde_json::Value::Object(point.to_json()))
}

/// What a rule wants stopped.
pub(super) fn stops(stops: &[Stop]) -> String {
    if stops.is_empty() {
        return "nothing to stop".to_owned();
    }
    let stop = |Stop { run, reason, .. }: &Stop| format!("stop run {run} ({reason})");
    stops.iter().map(stop).collect::<Vec<_>>().join(", ")
}

fn arrival(run: &Run) -> String {
    let curves: String = run.curves.iter().map(curve).collect();
    format!("{}, {}{curves}", point(&run.point), run.state)
}

/// A curve in one line, long ones cut.
fn curve(curve: &Curve) -> String {
    const SHOWN: usize = 6;
    let values = &curve.values;
    let summary = curve.summary.map(|summary| format!(", summary {summary:?}")).unwrap_or_default();
    match values.len() {
        0 => summary,
        1..=SHOWN => format!(", logged {values:?}{summary}"),
        len => format!(", logged {len} values {:?}..{summary}", &values[..SHOWN]),
    }
}
