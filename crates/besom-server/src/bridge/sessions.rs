//! Which lines of a history were entered already.
//!
//! The client numbers its lines and repeats what was not answered. A program may begin several histories in one attempt, one after
//! another (a fold each) or side by side (a process each): each begins with line 0 again, and is known by that line, which has a time.

use serde_json::{Map, Value};

use crate::wandb::run::is_same;

/// The histories of one attempt.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    all: Vec<Session>,
    /// The place of the one that the present message is of, once that is known.
    present: Option<usize>,
}

#[derive(Debug, Default)]
struct Session {
    first: Map<String, Value>,
    /// How many of its lines were entered.
    lines: u64,
    /// The value that was logged last, of each key.
    last: Map<String, Value>,
    /// The whole summary as its client has it.
    summary: Map<String, Value>,
}

impl Sessions {
    /// Another message comes, of whichever history.
    pub(super) fn next_message(&mut self) {
        self.present = None;
    }

    /// Enters rows from number `first` of a history on, those that are new.
    ///
    /// # Errors
    /// The first error of `enter`; what was entered before stays entered.
    pub(super) fn enter<E>(
        &mut self,
        first: u64,
        rows: Vec<Map<String, Value>>,
        mut enter: impl FnMut(&Map<String, Value>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(session) = self.session(first, &rows) else { return Ok(()) };
        for (number, row) in (first..).zip(rows) {
            if number >= session.lines {
                enter(&row)?;
                session.lines = number + 1;
                session.last.extend(row);
            }
        }
        Ok(())
    }

    /// How many lines the newest history has.
    pub(super) fn lines(&self) -> u64 {
        self.all.last().map_or(0, |session| session.lines)
    }

    /// The summary of the newest history.
    pub(super) fn summary(&self) -> Option<&Map<String, Value>> {
        Some(&self.all.last()?.summary)
    }

    /// Takes a summary: of the history whose rows came with it, or whose last row it has the time of, or of the newest one.
    pub(super) fn summarize(&mut self, summary: Map<String, Value>) {
        let is_at = |session: &Session| match (session.last.get("_timestamp"), summary.get("_timestamp")) {
            (Some(one), Some(other)) => is_same(one, other),
            _ => false,
        };
        let place = self.present.or_else(|| self.all.iter().rposition(is_at));
        let place = place.or(self.all.len().checked_sub(1)).unwrap_or_else(|| {
            self.all.push(Session::default());
            0
        });
        self.present = Some(place);
        if let Some(session) = self.all.get_mut(place) {
            session.summary = summary;
        }
    }

    /// Enters a last row of each history that the present message ends, with what its summary has beyond its rows; of all histories if
    /// nothing says which it ends.
    ///
    /// # Errors
    /// As [`Self::enter`].
    pub(super) fn settle<E>(
        &mut self,
        mut enter: impl FnMut(&Map<String, Value>) -> Result<(), E>,
    ) -> Result<(), E> {
        let present = self.present;
        for (_, session) in
            self.all.iter_mut().enumerate().filter(|(place, _)| present.is_none_or(|at| at == *place))
        {
            let row = session.unlogged();
            if !row.is_empty() {
                enter(&row)?;
                session.last.extend(row);
            }
        }
        Ok(())
    }

    /// The history that these rows belong to.
    fn session(&mut self, first: u64, rows: &[Map<String, Value>]) -> Option<&mut Session> {
        let begins = rows.first()?;
        let all = &mut self.all;
        let known = match first {
            0 => all.iter().position(|session| session.lines > 0 && session.first == *begins),
            // One that ends just there, or else the newest that is long enough for a repeat, or the newest.
            _ => (all.iter().rposition(|session| session.lines == first))
                .or_else(|| all.iter().rposition(|session| session.lines > first))
                .or(all.len().checked_sub(1)),
        };
        let place = known.unwrap_or_else(|| {
            // A summary may have come before the first row of its history.
            if all.last().is_none_or(|session| session.lines > 0) {
                all.push(Session::default());
            }
            // A history that is continued begins where the one that it continues has ended, maybe in another attempt.
            let place = all.len() - 1;
            all[place] = Session { first: begins.clone(), lines: first, ..std::mem::take(&mut all[place]) };
            place
        });
        self.present = Some(place);
        self.all.get_mut(place)
    }
}

impl Session {
    /// What the program has put into its summary and did not log so (decision 47).
    fn unlogged(&self) -> Map<String, Value> {
        let is_media = |value: &Value| value.get("_type").is_some();
        let is_logged =
            |key: &str, value: &Value| self.last.get(key).is_some_and(|last| is_same(last, value));
        let stated = self.summary.iter().filter(|(key, value)| {
            !key.starts_with('_') && !value.is_null() && !is_media(value) && !is_logged(key, value)
        });
        stated.map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entered(chunks: &[(u64, &[u64])]) -> Vec<u64> {
        let (mut sessions, mut found) = (Sessions::default(), Vec::new());
        for (first, rows) in chunks {
            let rows = rows.iter().map(|t| Map::from_iter([("t".to_owned(), json!(t))])).collect();
            let enter = |row: &Map<String, Value>| -> Result<(), ()> {
                found.extend(row["t"].as_u64());
                Ok(())
            };
            assert_eq!(sessions.enter(*first, rows, enter), Ok(()));
        }
        found
    }

    #[test]
    fn what_is_repeated_after_a_lost_answer_counts_once() {
        assert_eq!(
            entered(&[(0, &[10, 11]), (0, &[10, 11, 12]), (2, &[12, 13]), (4, &[])]),
            [10, 11, 12, 13]
        );
    }

    #[test]
    fn a_history_that_begins_again_is_another_one() {
        assert_eq!(entered(&[(0, &[10, 11]), (0, &[20]), (1, &[21]), (0, &[20, 21])]), [10, 11, 20, 21]);
    }

    #[test]
    fn histories_side_by_side_do_not_swallow_each_other() {
        let chunks: [(u64, &[u64]); 4] = [(0, &[10, 11]), (0, &[20]), (2, &[12]), (1, &[21, 22])];
        assert_eq!(entered(&chunks), [10, 11, 20, 12, 21, 22]);
    }

    #[test]
    fn a_history_that_continues_an_earlier_attempt_begins_where_it_likes() {
        assert_eq!(entered(&[(7, &[17, 18]), (8, &[18, 19])]), [17, 18, 19]);
    }

    #[test]
    fn what_could_not_be_written_is_entered_when_it_is_repeated() {
        let mut sessions = Sessions::default();
        let rows = || vec![Map::from_iter([("t".to_owned(), json!(1))]), Map::new()];
        let mut count = 0;
        let full = |_: &Map<String, Value>| {
            count += 1;
            if count == 2 { Err("the disk is full") } else { Ok(()) }
        };
        assert!(sessions.enter(0, rows(), full).is_err());
        let mut rest = 0;
        let written: Result<(), ()> = sessions.enter(0, rows(), |_| {
            rest += 1;
            Ok(())
        });
        assert_eq!((written, rest, sessions.lines()), (Ok(()), 1, 2));
    }

    #[test]
    fn what_a_summary_says_beyond_its_own_rows_is_entered_once() {
        let object = |value: Value| value.as_object().cloned().unwrap_or_default();
        let mut sessions = Sessions::default();
        let mut found = Vec::new();
        let mut enter = |row: &Map<String, Value>| -> Result<(), ()> {
            found.push(Value::from(row.clone()));
            Ok(())
        };
        for (time, loss) in [(1, 0.5), (2, 0.25)] {
            sessions.next_message();
            let row = object(json!({ "loss": loss, "epoch": 1.0, "_timestamp": time }));
            assert_eq!(sessions.enter(0, vec![row], &mut enter), Ok(()));
        }
        for (time, loss) in [(1, 0.5), (2, 0.25)] {
            sessions.next_message();
            sessions.summarize(object(json!({ "loss": loss, "epoch": 1, "_timestamp": time, "best": time })));
        }
        sessions.next_message();
        assert_eq!(sessions.settle(&mut enter), Ok(()));
        assert_eq!(sessions.settle(&mut enter), Ok(()));
        assert_eq!(found[2..], [json!({ "best": 1 }), json!({ "best": 2 })]);
    }
}
