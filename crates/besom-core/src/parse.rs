//! Words that stand for something, read back from text.

use thiserror::Error;

use crate::UnknownName;

/// Why a text stands for nothing of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseError {
    /// It is none of the words that are known.
    #[error(transparent)]
    Word(UnknownName),
    /// It is not the number of a run.
    #[error("a run number is a whole number from 1 on, found '{found}'")]
    RunNumber {
        /// The text.
        found: String,
    },
    /// It is not the name of a parameter.
    #[error("the name of a parameter has no empty component, found '{found}'")]
    Name {
        /// The text.
        found: String,
    },
}

/// The one of `all` that is called `found`; `what` they are, such as `goal`, is for the error.
///
/// # Errors
/// [`ParseError::Word`] with the words that are known.
pub fn parse_word<T: Copy>(
    what: &'static str,
    found: &str,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, ParseError> {
    let known = all.iter().copied().map(name);
    let unknown = || ParseError::Word(UnknownName::new(what, found, known));
    all.iter().copied().find(|&one| name(one) == found).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use crate::{Goal, RunNumber, RunState};

    #[test]
    fn words_lead_back_to_what_they_name() {
        assert!(RunState::ALL.iter().all(|state| state.to_string().parse() == Ok(*state)));
        assert!(Goal::ALL.iter().all(|goal| goal.to_string().parse() == Ok(*goal)));
        assert_eq!(RunNumber::FIRST.to_string().parse(), Ok(RunNumber::FIRST));
    }

    #[test]
    fn an_unknown_word_is_answered_with_those_that_are_known() {
        let error = |text: &str| text.parse::<Goal>().expect_err("no goal").to_string();
        assert_eq!(
            error("minimise"),
            "unknown goal 'minimise', did you mean 'minimize'?; known: minimize, maximize"
        );
        assert_eq!(error("x"), "unknown goal 'x'; known: minimize, maximize");
        let state = "done".parse::<RunState>().expect_err("no state").to_string();
        assert!(state.starts_with("unknown run state 'done'; known: pending, running"), "{state}");
    }

    #[test]
    fn run_numbers_count_from_one() {
        for text in ["0", "-1", "1.0", "", "x"] {
            let error = text.parse::<RunNumber>().expect_err("no run number").to_string();
            assert_eq!(error, format!("a run number is a whole number from 1 on, found '{text}'"));
        }
        assert!(RunNumber::try_from(0).is_err());
        assert_eq!(RunNumber::try_from(3).map(RunNumber::get), Ok(3));
    }
}
