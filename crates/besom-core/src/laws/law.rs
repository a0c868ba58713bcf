//! The laws in words, what cures a broken one, and the report of it.

use std::fmt;

use crate::contract::Breach;

/// What an algorithm must satisfy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Law {
    /// The constructor accepts every problem that the caller of the suite says it supports.
    Built,
    /// Every history is answered, not refused with an error.
    Answered,
    /// No panic, whatever the history holds.
    NoPanic,
    /// A fresh instance answers the same when asked the same, on whatever thread.
    Seed,
    /// An instance that followed the history answers as a fresh one, bit for bit, however often it is asked.
    History,
    /// A search suggests points of the space.
    Space,
    /// A search suggests points that keep all constraints.
    Constraints,
    /// A search that answers `Try` suggests at least one point and at most the number asked for.
    Count,
    /// The first suggestions of a search are the same, however many it is asked for.
    Prefix,
    /// An answer of a search has no two equal points.
    Distinct,
    /// A note is short, and does not grow with the history.
    Note,
    /// A search waits only for an open run.
    Wait,
    /// A search that is done stays done when the history grows.
    Done,
    /// A rule selects running runs, each once.
    Running,
    /// A rule gives a reason for people, of one line.
    Reason,
    /// A rule leaves a run alone that has not logged a metric.
    Silent,
    /// An option just outside its spec is refused, by an error that names it.
    Options,
    /// A default that is written out behaves as the option left out.
    Defaults,
}

impl Law {
    /// What the author of an algorithm that breaks the law can do.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Built => {
                "let the constructor accept such a problem, or narrow the problems: `laws::mixed_problem()` has one metric and \
                 something to vary, `laws::finite_problem()` what a grid needs; any proptest strategy will do"
            }
            Self::Answered => {
                "answer from what there is, for example with a random point as long as too little is known; return an error only \
                 for what the constructor cannot see"
            }
            Self::NoPanic => {
                "histories hold failed runs, runs without a value, NaN, infinities, 1e300 and points of other spaces: sort with \
                 `f64::total_cmp`, read values with `Curve::valid`, expect `None` of `Space::encode`, and give no NaN to \
                 `Space::decode`"
            }
            Self::Seed => {
                "take chance from `ask.rng(i)` only; no clock, no generator of your own, no global or thread-local state, no order \
                 of a HashMap"
            }
            Self::History => {
                "compute the answer from `ask.history` alone; what is cached must depend on the whole history, and what must be \
                 remembered goes into a suggestion's note"
            }
            Self::Space => {
                "make points by `Space::decode`, which gives every parameter that is active a value of the space, and no other"
            }
            Self::Constraints => {
                "ask `Space::allows` before a point is suggested, and take points that need no model from `Space::draw`; or narrow the \
                 problems to those without constraints"
            }
            Self::Count => {
                "make at most `ask.count` suggestions; with nothing to try answer `Wait` or `Done`"
            }
            Self::Prefix => {
                "let the i-th suggestion depend on the history and on the suggestions before it, not on `ask.count`: another \
                 controller may ask for another number"
            }
            Self::Distinct => {
                "take the chance of the i-th suggestion from `ask.rng(i)`, and count the suggestions before it as tried; if equal \
                 points are meant, say so by `Suite::allow_repeats()` and leave `never_repeats` out of the Spec"
            }
            Self::Note => {
                "keep in a note only what this suggestion adds; the history itself comes back with the next question"
            }
            Self::Wait => {
                "wait only while `run.state.is_open()` holds for a run; otherwise suggest a point or answer `Done`"
            }
            Self::Done => {
                "answer `Done` only if nothing that can still happen makes another point worth trying"
            }
            Self::Running => "select from runs in state `Running`, each once",
            Self::Reason => "say in `Stop::reason` in one line why this run was selected",
            Self::Silent => "skip runs whose curves are all empty",
            Self::Options => "read options by `OptionReader`, which checks them against the spec",
            Self::Defaults => "read options by `OptionReader`, which takes defaults from the spec",
        }
    }

    /// The law that an answer breaks which breaks the contract so.
    pub(super) fn of(breach: &Breach) -> Self {
        match breach {
            Breach::Count { .. } => Self::Count,
            Breach::Point { .. } => Self::Space,
            Breach::Constraint { .. } => Self::Constraints,
            Breach::Repeated { .. } => Self::Distinct,
            Breach::IdleWait { .. } => Self::Wait,
            Breach::LongNote { .. } => Self::Note,
            Breach::NoRun { .. } | Breach::NotRunning { .. } | Breach::Twice { .. } => Self::Running,
            Breach::Silent { .. } => Self::Silent,
            Breach::NoReason { .. } | Breach::LongReason { .. } => Self::Reason,
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Built => "an algorithm can be built for every problem that it supports",
            Self::Answered => "every history gets an answer, not an error",
            Self::NoPanic => "no history makes an algorithm panic",
            Self::Seed => "seed law: fresh instances that are asked the same answer the same",
            Self::History => "history law: an instance that followed the history answers as a fresh one",
            Self::Space => "suggestions are points of the space",
            Self::Constraints => "suggestions keep all constraints",
            Self::Count => "there is at least one suggestion and never more than asked for",
            Self::Prefix => "the i-th suggestion does not depend on how many are asked for",
            Self::Distinct => "no two suggestions of an answer are the same point",
            Self::Note => "notes are short and do not grow with the history",
            Self::Wait => "a search waits only while a run is open",
            Self::Done => "a search that is done stays done",
            Self::Running => "a stopping rule selects running runs, each once",
            Self::Reason => "a stopping rule gives its reason, in one line",
            Self::Silent => "a run that has not logged a metric is not stopped",
            Self::Options => "an option just outside its spec is refused",
            Self::Defaults => "a default that is written out behaves as the option left out",
        })
    }
}

/// A law that an algorithm broke.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broken {
    /// Which one.
    pub law: Law,
    /// How.
    pub what: String,
    /// The smallest story found that shows it: the problem, and what happened up to the answer that breaks the law.
    pub story: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { law, what, story } = self;
        write!(f, "broken law: {law}\n{what}\nremedy: {}\n", law.remedy())?;
        write!(f, "the smallest story that shows it:\n{story}")
    }
}

impl std::error::Error for Broken {}

pub(super) fn broken(law: Law, what: impl Into<String>) -> Broken {
    Broken { law, what: what.into(), story: String::new() }
}
