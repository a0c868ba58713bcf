//! Reading the options of an algorithm, all faults at once, each with what is allowed and the nearest right spelling.

use std::fmt;

use thiserror::Error;

use crate::{Options, nearest};

/// Reads options one by one. What is wrong is remembered, with whatever else the algorithm finds wrong, and comes out
/// at the end, all together.
///
/// `E` is the error of the algorithm's own; the default serves those that find nothing wrong but options.
///
/// ```
/// use besom_core::{OptionReader, Options};
/// use serde_json::json;
///
/// #[derive(Debug)]
/// struct Annealing { steps: usize, heat: f64 }
///
/// fn read(options: &Options) -> Result<Annealing, besom_core::BoxError> {
///     let mut read: OptionReader = OptionReader::new(options, &["steps", "heat"]);
///     let steps = read.count("steps", 1).unwrap_or(100);
///     let heat = read.number("heat", "a positive number", |x| x > 0.0).unwrap_or(1.0);
///     Ok(read.finish(Annealing { steps, heat })?)
/// }
///
/// let options = |json: serde_json::Value| json.as_object().cloned().unwrap_or_default();
/// assert_eq!(read(&options(json!({"steps": 7})))?.steps, 7);
/// assert_eq!(
///     read(&options(json!({"step": 7, "heat": -1}))).expect_err("both are wrong").to_string(),
///     "unknown option 'step', did you mean 'steps'?; known: steps, heat; \
///      option 'heat' must be a positive number, found -1",
/// );
/// # Ok::<(), besom_core::BoxError>(())
/// ```
#[derive(Debug)]
pub struct OptionReader<'a, E = OptionError> {
    options: &'a Options,
    faults: Vec<E>,
}

impl<'a, E: From<OptionError>> OptionReader<'a, E> {
    /// A reader of options of which only `known` may be there.
    pub fn new(options: &'a Options, known: &[&'static str]) -> Self {
        let unknown = options.keys().filter(|key| !known.contains(&key.as_str()));
        let faults = unknown.map(|key| {
            let nearest = nearest(key, known.iter().copied()).map(str::to_owned);
            OptionError::Unknown { key: key.clone(), known: known.to_vec(), nearest }.into()
        });
        Self { options, faults: faults.collect() }
    }

    /// Whether the option is there, right or wrong.
    pub fn has(&self, key: &str) -> bool {
        self.options.contains_key(key)
    }

    /// A whole number of at least `least`; `2.0` is one. `None` if it is missing or wrong.
    pub fn whole(&mut self, key: &'static str, least: u64) -> Option<u64> {
        let value = self.options.get(key)?;
        let whole = value.as_u64().or_else(|| value.as_f64().and_then(whole)).filter(|&n| n >= least);
        self.checked(key, whole, || format!("a whole number of at least {least}"))
    }

    /// As [`OptionReader::whole`], as a count; what is too large for one saturates.
    pub fn count(&mut self, key: &'static str, least: u64) -> Option<usize> {
        self.whole(key, least).map(|count| usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// A finite number that `fits`, which `expected` says in words. `None` if it is missing or wrong.
    pub fn number(&mut self, key: &'static str, expected: &str, fits: fn(f64) -> bool) -> Option<f64> {
        let number = self.options.get(key)?.as_f64().filter(|&x| x.is_finite() && fits(x));
        self.checked(key, number, || expected.to_owned())
    }

    /// True or false. `None` if it is missing or wrong.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        let flag = self.options.get(key)?.as_bool();
        self.checked(key, flag, || "true or false".to_owned())
    }

    /// One of a few words. `None` if it is missing or wrong.
    pub fn choice(&mut self, key: &'static str, choices: &[&'static str]) -> Option<&'static str> {
        let found = self.options.get(key)?;
        let word = found.as_str();
        let choice = choices.iter().copied().find(|&choice| word == Some(choice));
        if choice.is_none() {
            let nearest = word.and_then(|word| nearest(word, choices.iter().copied())).map(str::to_owned);
            let (expected, found) = (one_of(choices), found.to_string());
            self.fault(OptionError::Wrong { key, expected, found, nearest });
        }
        choice
    }

    /// Remembers a fault.
    pub fn fault(&mut self, fault: impl Into<E>) {
        self.faults.push(fault.into());
    }

    /// All faults in the order in which they were found.
    pub fn faults(self) -> Vec<E> {
        self.faults
    }

    /// `value`, unless there was a fault.
    pub fn finish<T>(self, value: T) -> Result<T, Faults<E>> {
        if self.faults.is_empty() { Ok(value) } else { Err(Faults(self.faults)) }
    }

    fn checked<T>(
        &mut self,
        key: &'static str,
        value: Option<T>,
        expected: impl Fn() -> String,
    ) -> Option<T> {
        if value.is_none() {
            let found = self.options.get(key).map(ToString::to_string).unwrap_or_default();
            self.fault(OptionError::Wrong { key, expected: expected(), found, nearest: None });
        }
        value
    }
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
    #[error("option {missing} is missing{}", because.map(|key| format!(": '{key}' needs it")).unwrap_or_default())]
    Missing {
        /// The option, or the alternatives, in words.
        missing: &'static str,
        /// The option that asks for it; `None` if it must always be there.
        because: Option<&'static str>,
    },
}

/// All faults of an algorithm's options, at least one; printed with semicolons between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Faults<E = OptionError>(pub Vec<E>);

impl<E: fmt::Display> fmt::Display for Faults<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for Faults<E> {}

/// The whole number that `x` is, if it is one that floats count exactly.
fn whole(x: f64) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and in range, as just checked"
    )]
    let whole = (x.fract() == 0.0 && (0.0..=EXACT).contains(&x)).then_some(x as u64);
    whole
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(", did you mean '{name}'?")).unwrap_or_default()
}

fn listed(known: &[&str]) -> String {
    if known.is_empty() { "the method has none".to_owned() } else { format!("known: {}", known.join(", ")) }
}

/// `a, b or c`.
fn one_of(choices: &[&str]) -> String {
    match choices {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => choices.concat(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn options(json: &Value) -> Options {
        json.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn right_options_are_read_and_missing_ones_are_none() {
        let options = options(&json!({"a": 2.0, "b": 0.5, "c": true, "d": "up"}));
        let mut read: OptionReader<'_> = OptionReader::new(&options, &["a", "b", "c", "d", "e"]);
        assert_eq!(read.whole("a", 2), Some(2));
        assert_eq!(read.number("b", "", |x| x < 1.0), Some(0.5));
        assert_eq!(read.flag("c"), Some(true));
        assert_eq!(read.choice("d", &["up", "down"]), Some("up"));
        assert_eq!((read.has("e"), read.count("e", 0)), (false, None));
        assert_eq!(read.finish(7), Ok(7));
    }

    #[test]
    fn wrong_options_are_told_in_the_order_of_reading() {
        let options = options(&json!({"a": 1.5, "b": 2, "c": 0, "d": "dwn", "other": null}));
        let mut read: OptionReader<'_> = OptionReader::new(&options, &["a", "b", "c", "d"]);
        assert_eq!(read.whole("a", 0), None);
        assert_eq!(read.number("b", "less than 1", |x| x < 1.0), None);
        assert_eq!(read.flag("c"), None);
        assert_eq!(read.choice("d", &["up", "down", "left"]), None);
        assert_eq!(
            read.finish(()).expect_err("all are wrong").to_string(),
            "unknown option 'other'; known: a, b, c, d; option 'a' must be a whole number of at least 0, found 1.5; \
             option 'b' must be less than 1, found 2; option 'c' must be true or false, found 0; \
             option 'd' must be up, down or left, found \"dwn\", did you mean 'down'?"
        );
    }

    #[test]
    fn whole_numbers_are_those_that_floats_count_exactly() {
        assert_eq!(whole(9_007_199_254_740_992.0), Some(1 << 53));
        assert_eq!([whole(1e300), whole(-1.0), whole(f64::NAN), whole(0.5)], [None; 4]);
    }
}
