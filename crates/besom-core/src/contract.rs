//! What an answer of an algorithm must satisfy: the one place that says so.
//!
//! [`Method`](crate::Method) and [`Rule`](crate::Rule) check every answer here before anybody acts on it, and the law suites
//! check the same. What takes more than one answer to see (the history law, the seed law) only the suites can check.

mod allowed;
mod breach;

use std::collections::BTreeMap;

use crate::{Answer, Ask, History, Note, Point, Run, RunState, Space, Spec, Stop, Suggestion, nearest};
pub(crate) use allowed::allowed;
pub use breach::{Breach, PointFault};

/// The most bytes that a note may take as JSON. Each note is stored with its run, and read again by every controller and every
/// `besom show`: at this limit ten thousand runs are 640 MB, a hundred times what the notes of the built-in methods need.
pub const NOTE_LIMIT: usize = 64 * 1024;

/// The most bytes of a reason for a stop, which people read in one line of a table.
pub const REASON_LIMIT: usize = 4 * 1024;

/// Checks an answer of a search that says of itself what is in `spec`.
///
/// ```
/// use besom_core::{Answer, Ask, Breach, Goal, History, Metric, Problem, Space, Spec, contract};
///
/// let problem = Problem::new(Space::default(), Metric::new("loss", Goal::Minimize));
/// let history = History::new();
/// let ask = Ask::new(&problem, &history);
/// let found = contract::check_answer(&ask, &Spec::new("Waits"), &Answer::Wait);
/// assert_eq!(found, Err(Breach::IdleWait { runs: 0 }));
/// ```
///
/// # Errors
/// The first breach: the number of suggestions, then the suggestions one by one, then equal points among them.
pub fn check_answer(ask: &Ask<'_>, spec: &Spec, answer: &Answer) -> Result<(), Breach> {
    match answer {
        Answer::Try(suggestions) => check_suggestions(ask, spec, suggestions),
        // Open runs are among the last.
        Answer::Wait if !ask.history.has_open() => Err(Breach::IdleWait { runs: ask.history.len() }),
        Answer::Wait | Answer::Done => Ok(()),
    }
}

fn check_suggestions(ask: &Ask<'_>, spec: &Spec, suggestions: &[Suggestion]) -> Result<(), Breach> {
    let (got, asked) = (suggestions.len(), ask.count);
    if got == 0 || got > asked {
        return Err(Breach::Count { got, asked });
    }
    for Suggestion { point, note } in suggestions {
        check_point(&ask.problem.space, point)?;
        check_note(point, note)?;
    }
    if spec.may_repeat { Ok(()) } else { check_distinct(suggestions) }
}

/// Checks that a suggested point has a value for each parameter of the space that is active in it, one that the space gives, and no
/// other, and that it keeps all constraints.
fn check_point(space: &Space, point: &Point) -> Result<(), Breach> {
    if space.contains(point) && space.is_complete(point) {
        return check_constraints(space, point);
    }
    let active = space.active_in(point);
    let names: Vec<String> = space.parameters().iter().map(|parameter| parameter.name.to_string()).collect();
    let foreign = point.iter().map(|(name, _)| name.to_string()).filter(|name| !names.contains(name));
    let foreign = foreign.map(|parameter| PointFault::Foreign {
        nearest: nearest(&parameter, names.iter().map(String::as_str)).map(str::to_owned),
        known: names.clone(),
        parameter,
    });
    let own = space.parameters().iter().zip(active).filter_map(|(p, active)| match point.get(&p.name) {
        None => active.then(|| PointFault::Missing { parameter: p.name.to_string() }),
        Some(_) if !active => Some(PointFault::Inactive {
            parameter: p.name.to_string(),
            when: p.when.as_ref().map(ToString::to_string).unwrap_or_default(),
        }),
        Some(value) if !p.distribution.contains(value) => Some(PointFault::Outside {
            parameter: p.name.to_string(),
            value: value.clone(),
            allowed: allowed(&p.distribution),
        }),
        Some(_) => None,
    });
    Err(Breach::Point { point: point.to_json(), faults: foreign.chain(own).collect() })
}

fn check_constraints(space: &Space, point: &Point) -> Result<(), Breach> {
    let broken = space.constraints().iter().filter(|constraint| !constraint.holds(point));
    let broken: Vec<String> = broken.map(ToString::to_string).collect();
    if broken.is_empty() { Ok(()) } else { Err(Breach::Constraint { point: point.to_json(), broken }) }
}

fn check_note(point: &Point, note: &Note) -> Result<(), Breach> {
    let bytes = if note.is_empty() { 0 } else { serde_json::to_vec(note).map_or(0, |text| text.len()) };
    if bytes <= NOTE_LIMIT {
        return Ok(());
    }
    Err(Breach::LongNote { point: point.to_json(), bytes, limit: NOTE_LIMIT })
}

/// Checks that no two suggestions of an answer are the same point.
pub(crate) fn check_distinct(suggestions: &[Suggestion]) -> Result<(), Breach> {
    if suggestions.len() < 2 {
        return Ok(());
    }
    let mut seen = BTreeMap::new();
    for (Suggestion { point, .. }, place) in suggestions.iter().zip(1..) {
        let point = point.to_json();
        let text = serde_json::to_string(&point).unwrap_or_default();
        if let Some(first) = seen.insert(text, place) {
            return Err(Breach::Repeated { point, places: (first, place) });
        }
    }
    Ok(())
}

/// Checks the stops that a stopping rule wants.
///
/// # Errors
/// The first breach.
pub fn check_stops(history: &History, stops: &[Stop]) -> Result<(), Breach> {
    let mut named = std::collections::BTreeSet::new();
    for Stop { run: number, reason } in stops {
        let run = history.get(*number).ok_or(Breach::NoRun { run: *number, runs: history.len() })?;
        check_stop(*number, run, reason)?;
        if !named.insert(*number) {
            return Err(Breach::Twice { run: *number });
        }
    }
    Ok(())
}

fn check_stop(number: crate::RunNumber, run: &Run, reason: &str) -> Result<(), Breach> {
    if run.state != RunState::Running {
        return Err(Breach::NotRunning { run: number, state: run.state });
    }
    if run.curves.iter().all(|curve| curve.values.is_empty()) {
        return Err(Breach::Silent { run: number });
    }
    if reason.trim().is_empty() {
        return Err(Breach::NoReason { run: number });
    }
    if reason.len() > REASON_LIMIT {
        return Err(Breach::LongReason { run: number, bytes: reason.len(), limit: REASON_LIMIT });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
