//! Errors of a store on their way through the wire: each has a status, a code and its fields, and comes back as what it was, as far as
//! callers tell it from others.

use besom_core::{RunNumber, RunState, error_chain};
use besom_store::{FileFault, StoreError, SweepId, SweepState};
use serde::{Deserialize, Serialize};

use crate::Answer;

/// What was too large, as far as stores say: an error holds a text of the program.
const LARGE: [&str; 2] = ["a label", "the facts about a run"];

/// An error with what programs need of it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
enum Fault {
    NoSweep {
        id: String,
        nearest: Option<String>,
    },
    SweepExists {
        sweep: SweepId,
    },
    NoRun {
        sweep: SweepId,
        run: RunNumber,
    },
    NoAgent {
        agent: u64,
    },
    Transition {
        sweep: SweepId,
        from: SweepState,
        to: SweepState,
    },
    NotAnEnd {
        state: RunState,
    },
    TooLarge {
        what: String,
        bytes: u64,
        limit: u64,
    },
    TooManyRuns {
        runs: u64,
        cap: u64,
    },
    /// The file cannot be written: its disk is full, or it is read-only, or else.
    Write {
        is_full: bool,
    },
    Gone,
    Locked {
        seconds: u64,
        holder: String,
    },
    Busy {
        seconds: u64,
    },
    Damaged,
    /// Something else of which a repetition may get rid.
    Unavailable,
    /// Something else of which it does not.
    Failed,
    /// A refusal that is not the store's, or one that this program does not know.
    #[serde(other)]
    Other,
}

/// The object `error` of an answer.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    #[serde(flatten)]
    fault: Fault,
    #[serde(default)]
    message: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Envelope {
    error: Told,
}

/// A refusal that is not the store's: its code and sentence.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) message: String,
}

#[derive(Deserialize)]
struct Refused {
    error: Refusal,
}

impl Fault {
    fn of(error: &StoreError) -> Self {
        use StoreError as E;
        match error {
            E::NoSweep { id, nearest } => Self::NoSweep { id: id.clone(), nearest: nearest.clone() },
            E::SweepExists(sweep) => Self::SweepExists { sweep: sweep.clone() },
            E::NoRun { sweep, run } => Self::NoRun { sweep: sweep.clone(), run: *run },
            E::NoAgent(agent) => Self::NoAgent { agent: *agent },
            E::Transition { sweep, from, to } => {
                Self::Transition { sweep: sweep.clone(), from: *from, to: *to }
            }
            E::NotAnEnd(state) => Self::NotAnEnd { state: *state },
            E::TooLarge { what, bytes, limit } => {
                Self::TooLarge { what: (*what).to_owned(), bytes: *bytes, limit: *limit }
            }
            E::TooManyRuns { runs, cap } => Self::TooManyRuns { runs: *runs, cap: *cap },
            E::Write(fault) => Self::Write { is_full: matches!(fault, FileFault::Full) },
            E::Gone { .. } => Self::Gone,
            E::Busy(seconds) => Self::Busy { seconds: *seconds },
            E::Locked { seconds, holder } => Self::Locked { seconds: *seconds, holder: holder.clone() },
            E::Contradiction { .. } | E::Damaged(_) => Self::Damaged,
            other if other.is_transient() => Self::Unavailable,
            _ => Self::Failed,
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::NoSweep { .. } | Self::NoRun { .. } | Self::NoAgent { .. } => 404,
            Self::SweepExists { .. } | Self::Transition { .. } => 409,
            Self::Gone => 410,
            Self::TooLarge { .. } => 413,
            Self::NotAnEnd { .. } | Self::TooManyRuns { .. } => 422,
            Self::Busy { .. } | Self::Locked { .. } | Self::Unavailable => 503,
            Self::Write { .. } => 507,
            Self::Damaged | Self::Failed | Self::Other => 500,
        }
    }

    /// The error that was sent from this server; `None` if it is none of a store.
    fn into_error(self, message: String, url: &str) -> Option<StoreError> {
        use StoreError as E;
        Some(match self {
            Self::NoSweep { id, nearest } => E::NoSweep { id, nearest },
            Self::SweepExists { sweep } => E::SweepExists(sweep),
            Self::NoRun { sweep, run } => E::NoRun { sweep, run },
            Self::NoAgent { agent } => E::NoAgent(agent),
            Self::Transition { sweep, from, to } => E::Transition { sweep, from, to },
            Self::NotAnEnd { state } => E::NotAnEnd(state),
            Self::TooLarge { what, bytes, limit } => {
                let what = LARGE.into_iter().find(|known| *known == what).unwrap_or("this");
                E::TooLarge { what, bytes, limit }
            }
            Self::TooManyRuns { runs, cap } => E::TooManyRuns { runs, cap },
            Self::Write { is_full: true } => E::Write(FileFault::Full),
            Self::Gone => E::Gone { path: url.into() },
            Self::Busy { seconds } => E::Busy(seconds),
            Self::Locked { seconds, holder } => E::Locked { seconds, holder },
            Self::Damaged => E::Damaged(message.into()),
            Self::Write { is_full: false } | Self::Unavailable => server(url, message, true),
            Self::Failed => server(url, message, false),
            Self::Other => return None,
        })
    }
}

fn server(url: &str, message: String, is_transient: bool) -> StoreError {
    StoreError::Server { url: url.to_owned(), source: message.into(), is_transient }
}

/// The answer that says what went wrong.
pub(crate) fn answer(error: &StoreError) -> Answer {
    let fault = Fault::of(error);
    let status = fault.status();
    let envelope = Envelope { error: Told { fault, message: error_chain(error) } };
    // A number, a text and a name: nothing of it can fail.
    Answer { status, body: serde_json::to_vec(&envelope).unwrap_or_default() }
}

/// The error of a store that an answer of this server says.
pub(crate) fn error(body: &[u8], url: &str) -> Option<StoreError> {
    let Envelope { error: Told { fault, message } } = serde_json::from_slice(body).ok()?;
    fault.into_error(message, url)
}

/// The code and the sentence of an answer that refuses a request.
pub(crate) fn refusal(body: &[u8]) -> Option<Refusal> {
    serde_json::from_slice(body).ok().map(|Refused { error }| error)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn all() -> Vec<StoreError> {
        let sweep = || SweepId::new("3k8s0x1q");
        vec![
            StoreError::NoSweep { id: "3k8s".to_owned(), nearest: Some("3k8s0x1q".to_owned()) },
            StoreError::SweepExists(sweep()),
            StoreError::NoRun { sweep: sweep(), run: RunNumber::FIRST },
            StoreError::NoAgent(u64::MAX),
            StoreError::Transition { sweep: sweep(), from: SweepState::Canceled, to: SweepState::Running },
            StoreError::NotAnEnd(RunState::Pending),
            StoreError::TooLarge { what: "a label", bytes: 300_000, limit: 262_144 },
            StoreError::TooLarge { what: "the facts about a run", bytes: 300_000, limit: 262_144 },
            StoreError::TooManyRuns { runs: 9, cap: 7 },
            StoreError::Write(FileFault::Full),
            StoreError::Busy(30),
            StoreError::Locked { seconds: 30, holder: "sqlite3 (1234)".to_owned() },
        ]
    }

    #[test]
    fn an_error_comes_back_as_what_it_was() {
        for error in all() {
            let answer = answer(&error);
            let back = super::error(&answer.body, "http://127.0.0.1:7070").unwrap();
            assert_eq!(format!("{back:?}"), format!("{error:?}"));
        }
    }

    #[test]
    fn what_may_pass_on_the_server_may_pass_for_the_client() {
        let gone = StoreError::Gone { path: "/srv/besom.db".into() };
        let damaged = StoreError::Contradiction { what: "the state of a run", found: "\"x\"".to_owned() };
        let others = [
            StoreError::Write(FileFault::ReadOnly),
            StoreError::Open { path: "/srv/besom.db".into(), source: FileFault::Denied },
            StoreError::TooNew { path: "/srv/besom.db".into(), found: 9, supported: 3 },
            StoreError::transient("interrupted"),
            StoreError::permanent("no such table"),
            gone,
            damaged,
        ];
        for error in all().into_iter().chain(others) {
            let back = super::error(&answer(&error).body, "http://127.0.0.1:7070").unwrap();
            assert_eq!(back.is_transient(), error.is_transient(), "{error}");
        }
    }

    #[test]
    fn a_code_of_a_newer_server_is_a_refusal_with_its_words() {
        let body = br#"{"error": {"code": "on_holiday", "message": "come back on Monday", "until": 1}}"#;
        assert!(error(body, "http://127.0.0.1:7070").is_none());
        let Refusal { code, message } = refusal(body).unwrap();
        assert_eq!((code.as_str(), message.as_str()), ("on_holiday", "come back on Monday"));
    }
}
