//! Reading the options of an algorithm, all faults at once, each with what is allowed and the nearest right spelling.

use std::fmt;

use serde_json::Value;
use thiserror::Error;

use crate::spec::OptionKind;
use crate::{BoxError, Options, Spec, did_you_mean};

/// Reads options as their [`Spec`] has them. What is wrong is remembered, with whatever else the algorithm finds wrong, and
/// comes out at the end, all together.
///
/// ```
/// use besom_core::{Faults, OptionDefault, OptionKind, OptionReader, OptionSpec, Options, Spec};
/// use serde_json::json;
///
/// #[derive(Debug)]
/// struct Annealing { steps: usize, heat: f64 }
///
/// const SPEC: Spec = Spec::new("Cools down").options(&[
///     OptionSpec::new("steps", OptionKind::at_least(1), OptionDefault::Count(100), "How many steps there are."),
///     OptionSpec::new("heat", OptionKind::above(0.0), OptionDefault::Number(1.0), "How hot it is at the start."),
/// ]);
///
/// fn read(options: &Options) -> Result<Annealing, Faults> {
///     let read = OptionReader::new(SPEC, options);
///     let (steps, heat) = (read.count("steps"), read.number("heat"));
///     read.finish(Annealing { steps, heat })
/// }
///
/// let options = |json: serde_json::Value| json.as_object().cloned().unwrap_or_default();
/// assert_eq!(read(&options(json!({"steps": 7})))?.steps, 7);
/// assert_eq!(
///     read(&options(json!({"step": 7, "heat": -1}))).expect_err("both are wrong").to_string(),
///     "unknown option 'step', did you mean 'steps'?; known: steps, heat; \
///      option 'heat' must be a number greater than 0, found -1",
/// );
/// # Ok::<(), besom_core::BoxError>(())
/// ```
#[derive(Debug)]
pub struct OptionReader<'a> {
    spec: Spec,
    options: &'a Options,
    faults: Vec<Fault>,
}

impl<'a> OptionReader<'a> {
    /// A reader of options, which it checks.
    pub fn new(spec: Spec, options: &'a Options) -> Self {
        let faults = spec.check(options).err().map(|Faults(faults)| faults).unwrap_or_default();
        Self { spec, options, faults }
    }

    /// Whether the option is there, right or wrong.
    pub fn has(&self, key: &str) -> bool {
        self.options.contains_key(key)
    }

    /// The option as it was given, if it was and is allowed.
    pub fn given(&self, key: &str) -> Option<&'a Value> {
        self.options.get(key).filter(|value| self.kind(key).allows(value))
    }

    /// The count that was given, if any; what is too large for one saturates.
    pub fn given_count(&self, key: &str) -> Option<usize> {
        self.given(key).and_then(as_count)
    }

    /// The number that was given, if any.
    pub fn given_number(&self, key: &str) -> Option<f64> {
        self.given(key)?.as_f64()
    }

    /// The count that was given, or else its default.
    ///
    /// # Panics
    /// If the spec has no count of this key with a default that is a value; so do the next three.
    pub fn count(&self, key: &str) -> usize {
        as_count(&self.value(key)).expect("the spec has a count with a default")
    }

    /// The number that was given, or else its default.
    pub fn number(&self, key: &str) -> f64 {
        self.value(key).as_f64().expect("the spec has a number with a default")
    }

    /// The flag that was given, or else its default.
    pub fn flag(&self, key: &str) -> bool {
        self.value(key).as_bool().expect("the spec has a flag with a default")
    }

    /// The word that was given, or else its default.
    pub fn choice(&self, key: &str) -> &'static str {
        let value = self.value(key);
        let OptionKind::Choice(choices) = self.kind(key) else { panic!("{key} is not a choice") };
        let choice = choices.iter().copied().find(|choice| value == *choice);
        choice.expect("the spec has a choice with a default")
    }

    /// Remembers a fault.
    pub fn fault(&mut self, fault: impl Into<Fault>) {
        self.faults.push(fault.into());
    }

    /// `value`, unless there was a fault.
    pub fn finish<T>(self, value: T) -> Result<T, Faults> {
        Faults::none_of(self.faults).map(|()| value)
    }

    fn kind(&self, key: &str) -> OptionKind {
        self.spec.option(key).expect("an algorithm reads the options of its spec").kind
    }

    fn value(&self, key: &str) -> Value {
        let default = || self.spec.option(key).and_then(|option| option.default.value());
        self.given(key).cloned().or_else(default).unwrap_or_default()
    }
}

fn as_count(value: &Value) -> Option<usize> {
    crate::spec::whole_number(value).map(|count| usize::try_from(count).unwrap_or(usize::MAX))
}

/// What is wrong with one option.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum OptionError {
    /// There is no option of this name.
    #[error("unknown option '{key}'{}; {}", did_you_mean(nearest.as_deref()), listed(known))]
    Unknown {
        /// The name that was found.
        key: String,
        /// All options.
        known: Vec<&'static str>,
        /// The known name that is spelled most alike, if one is near.
        nearest: Option<String>,
    },
    /// An option has a value that it can't have.
    #[error("option '{key}' must be {expected}, found {found}{}", did_you_mean(nearest.as_deref()))]
    Wrong {
        /// The option.
        key: &'static str,
        /// What it may be.
        expected: String,
        /// What it was, as JSON.
        found: String,
        /// The possible value that is spelled most alike, if one is near.
        nearest: Option<String>,
    },
    /// An option is missing.
    #[error("option '{key}' is missing ({because})")]
    Missing {
        /// The option.
        key: &'static str,
        /// Why it must be there.
        because: String,
    },
}

impl OptionError {
    /// The option.
    pub fn key(&self) -> &str {
        match self {
            Self::Unknown { key, .. } => key,
            Self::Wrong { key, .. } | Self::Missing { key, .. } => key,
        }
    }
}

/// Something that speaks against an algorithm with these options for this problem.
#[derive(Debug)]
#[non_exhaustive]
pub struct Fault {
    /// The option that it is about, so that it gets its place in the sweep file; `None` if it is about the problem.
    pub option: Option<String>,
    /// What is wrong.
    pub reason: BoxError,
}

impl Fault {
    /// A fault of the problem.
    pub fn of_problem(reason: impl Into<BoxError>) -> Self {
        Self { option: None, reason: reason.into() }
    }

    /// A fault of an option that only the algorithm can see, because it takes comparing it with others or with the
    /// problem.
    pub fn of_option(key: &str, reason: impl Into<BoxError>) -> Self {
        Self { option: Some(key.to_owned()), reason: reason.into() }
    }
}

impl Fault {
    /// The option that the author of an unknown one meant, if one is near.
    pub(crate) fn meant(&self) -> Option<String> {
        match self.reason.downcast_ref() {
            Some(OptionError::Unknown { nearest, .. }) => nearest.clone(),
            _ => None,
        }
    }
}

impl From<OptionError> for Fault {
    fn from(error: OptionError) -> Self {
        Self { option: Some(error.key().to_owned()), reason: error.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

/// Everything that speaks against an algorithm with these options for this problem, at least one thing; printed with
/// semicolons between them.
#[derive(Debug)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// Nothing, or all `faults` as one error.
    pub fn none_of(faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self(faults)) }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

impl From<BoxError> for Faults {
    /// The faults that an error is, or the error as the only one.
    fn from(error: BoxError) -> Self {
        error.downcast().map_or_else(|error| Self(vec![Fault::of_problem(error)]), |faults| *faults)
    }
}

fn listed(known: &[&str]) -> String {
    if known.is_empty() { "the method has none".to_owned() } else { format!("known: {}", known.join(", ")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{OptionDefault, OptionSpec};

    const LESS: OptionKind =
        OptionKind::Number { low: std::ops::Bound::Unbounded, high: std::ops::Bound::Excluded(1.0) };
    const SPEC: Spec = Spec::new("For tests").options(&[
        OptionSpec::new("a", OptionKind::at_least(2), OptionDefault::Count(5), "A count."),
        OptionSpec::new("b", LESS, OptionDefault::Number(0.25), "A number."),
        OptionSpec::new("c", OptionKind::Flag, OptionDefault::Flag(false), "A flag."),
        OptionSpec::new(
            "d",
            OptionKind::Choice(&["up", "down", "left"]),
            OptionDefault::Word("left"),
            "A word.",
        ),
        OptionSpec::new("e", OptionKind::at_least(0), OptionDefault::Chosen("none"), "A count or nothing."),
    ]);

    fn options(json: &Value) -> Options {
        json.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn right_options_are_read() {
        let options = options(&json!({"a": 2.0, "b": 0.5, "c": true, "d": "up", "e": 7}));
        let read = OptionReader::new(SPEC, &options);
        assert_eq!((read.count("a"), read.number("b")), (2, 0.5));
        assert_eq!((read.flag("c"), read.choice("d"), read.given_count("e")), (true, "up", Some(7)));
        assert_eq!(read.finish(7).ok(), Some(7));
    }

    #[test]
    fn missing_options_have_their_default() {
        let none = Options::new();
        let read = OptionReader::new(SPEC, &none);
        assert_eq!((read.count("a"), read.number("b")), (5, 0.25));
        assert_eq!((read.flag("c"), read.choice("d")), (false, "left"));
        assert_eq!((read.has("e"), read.given_count("e"), read.given_number("b")), (false, None, None));
    }

    #[test]
    fn wrong_options_are_reported_together_in_the_order_of_the_spec() {
        let options = options(&json!({"a": 1.5, "d": "dwn", "b": 2, "c": 0, "other": null}));
        let mut read = OptionReader::new(SPEC, &options);
        read.fault(Fault::of_option("a", "a and b do not match"));
        let error = read.finish(()).expect_err("all are wrong");
        assert_eq!(
            error.to_string(),
            "unknown option 'other'; known: a, b, c, d, e; option 'a' must be a whole number of at least 2, found 1.5; \
             option 'b' must be a number less than 1, found 2; option 'c' must be true or false, found 0; \
             option 'd' must be up, down or left, found \"dwn\", did you mean 'down'?; a and b do not match"
        );
        let keys: Vec<_> = error.0.iter().filter_map(|fault| fault.option.as_deref()).collect();
        assert_eq!(keys, ["other", "a", "b", "c", "d", "a"]);
    }

    #[test]
    fn a_required_option_is_missed() {
        const NEEDY: Spec = Spec::new("For tests").options(&[OptionSpec::new(
            "depth",
            OptionKind::NUMBER,
            OptionDefault::Required,
            "A number.",
        )]);
        let error = NEEDY.check(&Options::new()).expect_err("it is missing");
        assert_eq!(error.to_string(), "option 'depth' is missing (it has no default)");
    }
}
