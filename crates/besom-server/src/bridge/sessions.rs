//! Which lines of a history were entered already.
//!
//! The client numbers its lines and repeats what was not answered. A program may begin several histories in one attempt, one after
//! another (a fold each) or side by side (a process each): each begins with line 0 again, and is known by that line, which has a time.

use serde_json::{Map, Value};

/// The histories of one attempt.
#[derive(Debug, Default)]
pub(super) struct Sessions(Vec<Session>);

#[derive(Debug)]
struct Session {
    first: Map<String, Value>,
    /// How many of its lines were entered.
    lines: u64,
}

impl Sessions {
    /// Enters rows from number `first` of a history on, those that are new.
    ///
    /// # Errors
    /// The first error of `enter`; what was entered before stays entered.
    pub(super) fn enter<E>(
        &mut self,
        first: u64,
        rows: Vec<Map<String, Value>>,
        mut enter: impl FnMut(Map<String, Value>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(session) = self.session(first, &rows) else { return Ok(()) };
        for (number, row) in (first..).zip(rows) {
            if number >= session.lines {
                enter(row)?;
                session.lines = number + 1;
            }
        }
        Ok(())
    }

    /// How many lines the newest history has.
    pub(super) fn lines(&self) -> u64 {
        self.0.last().map_or(0, |session| session.lines)
    }

    /// The history that these rows belong to.
    fn session(&mut self, first: u64, rows: &[Map<String, Value>]) -> Option<&mut Session> {
        let begins = rows.first()?;
        let known = match first {
            0 => self.0.iter().position(|session| session.first == *begins),
            // One that ends just there, or else the newest that is long enough for a repeat, or the newest.
            _ => (self.0.iter().rposition(|session| session.lines == first))
                .or_else(|| self.0.iter().rposition(|session| session.lines > first))
                .or(self.0.len().checked_sub(1)),
        };
        let place = known.unwrap_or_else(|| {
            // A history that is continued begins where the one that it continues has ended, maybe in another attempt.
            self.0.push(Session { first: begins.clone(), lines: first });
            self.0.len() - 1
        });
        self.0.get_mut(place)
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
            let enter = |row: Map<String, Value>| -> Result<(), ()> {
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
        let full = |_: Map<String, Value>| {
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
}
