//! Why a run has no value of a metric, in words that name the cure.

use serde_json::Value;

use crate::text::is_hostile;
use crate::{Logged, nearest};

/// How many keys a sentence lists.
const LISTED: usize = 8;

/// Why a run has no value of a metric. A misspelled or absent metric makes a search blind and is otherwise noticed by
/// nobody, so every face of besom says this.
///
/// ```
/// use besom_core::{LoggedKeys, NoValue};
/// use serde_json::json;
///
/// let mut keys = LoggedKeys::default();
/// keys.add(json!({"epoch": 1, "val_los": 0.5}).as_object().unwrap());
/// let why = NoValue::of("val_loss", keys.keys()).unwrap();
/// assert_eq!(why.to_string(), "logged epoch and val_los, but not val_loss (did you mean val_los?)");
/// assert_eq!(NoValue::of("val_los", keys.keys()), None);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NoValue {
    /// The metric.
    pub metric: String,
    /// What was logged instead.
    pub cause: NoValueCause,
}

/// What was logged instead of a value of a metric.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NoValueCause {
    /// Nothing at all.
    Nothing,
    /// Other keys: these, and the one that was probably meant.
    OtherKeys {
        /// All of them.
        keys: Vec<String>,
        /// The one that is named most alike, if one is near.
        nearest: Option<String>,
    },
    /// Values that are no finite numbers, and this one last.
    NotNumbers(Value),
}

impl NoValue {
    /// Why a run that logged this has no value of the metric; `None` if it has one.
    pub fn of(metric: &str, logged: &[Logged]) -> Option<Self> {
        let cause = match logged.iter().find(|logged| logged.key == metric) {
            Some(found) if found.numbers > 0 => return None,
            Some(found) => NoValueCause::NotNumbers(found.last.clone()),
            None if logged.is_empty() => NoValueCause::Nothing,
            None => {
                let keys: Vec<String> = logged.iter().map(|logged| logged.key.clone()).collect();
                let nearest = meant(metric, &keys).map(str::to_owned);
                NoValueCause::OtherKeys { keys, nearest }
            }
        };
        Some(Self { metric: metric.to_owned(), cause })
    }
}

/// The key that was probably meant by a name: one that is spelled nearly so, else the only one that has the name as a part,
/// or is a part of it: `loss` for `validation_loss`, `val.loss` for `loss`.
fn meant<'a>(metric: &str, keys: &'a [String]) -> Option<&'a str> {
    let near = nearest(metric, keys.iter().map(String::as_str));
    near.or_else(|| {
        let mut related = keys.iter().filter(|key| has_part(metric, key) || has_part(key, metric));
        related.next().filter(|_| related.next().is_none()).map(String::as_str)
    })
}

/// Whether the parts of a name, taken in order, contain those of another one next to each other.
fn has_part(name: &str, part: &str) -> bool {
    let split = |name: &str| -> Vec<String> {
        name.to_lowercase().split(['.', '/', '_', '-', ' ']).map(str::to_owned).collect()
    };
    let (name, part) = (split(name), split(part));
    name.windows(part.len()).any(|window| window == part)
}

/// A sentence about the run, which it does not name: `logged a and b, but not c`.
impl std::fmt::Display for NoValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let metric = printable(&self.metric);
        match &self.cause {
            NoValueCause::Nothing => write!(f, "logged nothing, so it has no {metric}"),
            NoValueCause::OtherKeys { keys, nearest } => {
                write!(f, "logged {}, but not {metric}", listed(keys))?;
                match nearest {
                    Some(nearest) => write!(f, " (did you mean {}?)", printable(nearest)),
                    None => Ok(()),
                }
            }
            NoValueCause::NotNumbers(last) => match last {
                Value::String(text) if matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") => {
                    write!(f, "logged {metric}, but no finite number: {text} at last")
                }
                Value::String(_) => {
                    write!(f, "logged {metric} as text ({last}), which does not count: log a number")
                }
                other => write!(f, "logged {metric} as {other}, which does not count: log a number"),
            },
        }
    }
}

/// `a, b and c`, and how many more. Names with an underscore in front, such as those that W&B's client adds to each row, are not listed
/// beside others.
fn listed(keys: &[String]) -> String {
    let own: Vec<String> = keys.iter().filter(|key| !key.starts_with('_')).cloned().collect();
    let keys = if own.is_empty() { keys } else { &own };
    let mut names: Vec<String> = keys.iter().take(LISTED).map(|key| printable(key)).collect();
    if keys.len() > LISTED {
        names.push(format!("{} more", keys.len() - LISTED));
    }
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => names.concat(),
    }
}

/// A name that comes from a program, quoted and escaped if it holds what is [hostile](is_hostile).
fn printable(name: &str) -> String {
    let is_plain = !name.is_empty() && !name.chars().any(is_hostile);
    if is_plain { name.to_owned() } else { format!("{name:?}") }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::LoggedKeys;

    fn check(metric: &str, rows: &[Value], expected: &str) {
        let keys: LoggedKeys = rows.iter().map(|row| row.as_object().unwrap()).collect();
        let why = NoValue::of(metric, keys.keys()).map(|why| why.to_string());
        assert_eq!(why.unwrap_or_default(), expected);
    }

    #[test]
    fn the_nearest_key_is_offered() {
        check("val_loss", &[], "logged nothing, so it has no val_loss");
        let rows = [json!({"epoch": 1, "loss": 0.5})];
        check(
            "validation_loss",
            &rows,
            "logged epoch and loss, but not validation_loss (did you mean loss?)",
        );
        check(
            "loss",
            &[json!({"val": {"loss": 1}})],
            "logged val.loss, but not loss (did you mean val.loss?)",
        );
        check(
            "acc.max",
            &[json!({"acc": 1, "b": 1})],
            "logged acc and b, but not acc.max (did you mean acc?)",
        );
        check("f1", &[json!({"acc": 1})], "logged acc, but not f1");
        let two = [json!({"val_loss": 1, "train_loss": 1})];
        check("loss", &two, "logged val_loss and train_loss, but not loss");
    }

    #[test]
    fn a_value_that_does_not_count_is_shown() {
        check(
            "loss",
            &[json!({"loss": "0.3"})],
            "logged loss as text (\"0.3\"), which does not count: log a number",
        );
        let nan = [json!({"loss": "Infinity"}), json!({"loss": "NaN"})];
        check("loss", &nan, "logged loss, but no finite number: NaN at last");
        check("loss", &[json!({"loss": [0.3]})], "logged loss as [0.3], which does not count: log a number");
        check("loss", &[json!({"loss": null})], "logged loss as null, which does not count: log a number");
        check("loss", &[json!({"loss": "0.3"}), json!({"loss": 1})], "");
        check("val.loss", &[json!({"val": {"loss": 1}})], "");
    }

    #[test]
    fn long_lists_are_cut_and_nothing_controls_the_terminal() {
        let many: serde_json::Map<String, Value> = (0..12).map(|k| (format!("k{k}"), json!(1))).collect();
        check(
            "loss",
            &[Value::Object(many)],
            "logged k0, k1, k2, k3, k4, k5, k6, k7 and 4 more, but not loss",
        );
        let client = json!({"_step": 0, "acc": 1, "_timestamp": 1.5, "_runtime": 0.5});
        check("f1", &[client], "logged acc, but not f1");
        check("f1", &[json!({"_step": 0})], "logged _step, but not f1");
        check("loss", &[json!({"\u{1b}[31m": 1})], "logged \"\\u{1b}[31m\", but not loss");
        check(
            "loss",
            &[json!({"loss": "\u{1b}[2J"})],
            "logged loss as text (\"\\u001b[2J\"), which does not count: log a number",
        );
    }
}
