//! Reading a rule's options, gathering every problem instead of stopping at the first.

use besom_core::{Options, Problem, nearest};

use crate::RuleError;

/// Reads options one by one; what is wrong is remembered and comes out of [`Reader::finish`], all together.
pub(crate) struct Reader<'a> {
    options: &'a Options,
    faults: Vec<RuleError>,
}

impl<'a> Reader<'a> {
    /// A reader of a rule's options, of which only `known` may be there. A rule without a metric is at fault, too.
    pub(crate) fn new(problem: &Problem, options: &'a Options, known: &[&'static str]) -> Self {
        let mut faults = Vec::new();
        if problem.metric().is_none() {
            faults.push(RuleError::NoMetric);
        }
        let unknown = options.keys().filter(|key| !known.contains(&key.as_str()));
        faults.extend(unknown.map(|key| RuleError::UnknownOption {
            key: key.clone(),
            known: known.to_vec(),
            nearest: nearest(key, known.iter().copied()).map(str::to_owned),
        }));
        Self { options, faults }
    }

    /// Whether the option is there, right or wrong.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.options.contains_key(key)
    }

    /// A whole number of at least `least`; `2.0` is one. `None` if it is missing or wrong.
    pub(crate) fn whole(&mut self, key: &'static str, least: u64) -> Option<u64> {
        let value = self.options.get(key)?;
        let whole = value.as_u64().or_else(|| value.as_f64().and_then(whole)).filter(|&n| n >= least);
        self.checked(key, whole, || format!("a whole number of at least {least}"))
    }

    /// As [`Reader::whole`], as a count; what is too large for one saturates.
    pub(crate) fn count(&mut self, key: &'static str, least: u64) -> Option<usize> {
        self.whole(key, least).map(|count| usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// A number that `fits`, which `expected` says in words. `None` if it is missing or wrong.
    pub(crate) fn number(&mut self, key: &'static str, expected: &str, fits: fn(f64) -> bool) -> Option<f64> {
        let number = self.options.get(key)?.as_f64().filter(|&x| x.is_finite() && fits(x));
        self.checked(key, number, || expected.to_owned())
    }

    /// True or false. `None` if it is missing or wrong.
    pub(crate) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let flag = self.options.get(key)?.as_bool();
        self.checked(key, flag, || "true or false".to_owned())
    }

    /// Remembers a fault.
    pub(crate) fn fault(&mut self, fault: RuleError) {
        self.faults.push(fault);
    }

    /// `rule`, unless there was a fault.
    pub(crate) fn finish<T>(mut self, rule: T) -> Result<T, RuleError> {
        match self.faults.len() {
            0 => Ok(rule),
            1 => Err(self.faults.remove(0)),
            _ => Err(RuleError::Several(self.faults)),
        }
    }

    fn checked<T>(
        &mut self,
        key: &'static str,
        value: Option<T>,
        expected: impl Fn() -> String,
    ) -> Option<T> {
        if value.is_none() {
            let found = self.options.get(key).cloned().unwrap_or_default();
            self.faults.push(RuleError::WrongOption { key, expected: expected(), found });
        }
        value
    }
}

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

/// A count made of a real number as the reference makes it: the fraction is cut off. What is negative or NaN is 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cut is meant; the cast saturates"
)]
pub(crate) fn truncated(x: f64) -> usize {
    x as usize
}
