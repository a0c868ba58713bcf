//! What an algorithm says of itself.
//!
//! A [`Spec`] stands beside the constructor and is registered with it. From it, and nowhere else, come the check and the
//! defaults of a sweep file's options, the JSON Schema, `besom methods`, the guide's tables and Python's classes; the
//! constructor reads its options through it ([`crate::OptionReader`]). What relates several options to each other stays in the
//! constructor.

mod kind;

use serde_json::Value;
use thiserror::Error;

use crate::{Fault, Faults, OptionError, Options, Problem, nearest};

pub use kind::OptionKind;
pub(crate) use kind::whole_number;

/// What a search method or stopping rule says of itself. Made by [`Spec::new`] and the methods after it, in a constant.
///
/// ```
/// use besom_core::{OptionDefault, OptionKind, OptionSpec, Spec};
///
/// const CORNERS: Spec = Spec::new("Tries the corners of the space").options(&[OptionSpec::new(
///     "depth",
///     OptionKind::at_least(1),
///     OptionDefault::Count(1),
///     "How often each edge is halved.",
/// )]);
///
/// let filled = CORNERS.filled(&Default::default());
/// assert_eq!(filled["depth"], 1);
/// let wrong = [("dpth".to_owned(), 2.into())].into_iter().collect();
/// assert_eq!(
///     CORNERS.check(&wrong).expect_err("it is misspelled").to_string(),
///     "unknown option 'dpth', did you mean 'depth'?; known: depth",
/// );
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Spec {
    /// What it does, in one line without a full stop.
    pub summary: &'static str,
    /// Whether it is of no use to a sweep without a metric.
    pub needs_metric: bool,
    /// Whether a sweep with this search method ends by itself.
    pub ends: Ends,
    /// Whether W&B has an algorithm of the same name.
    pub in_wandb: bool,
    /// Whether this search method may suggest a point again.
    pub may_repeat: bool,
    /// Which problems it can work on.
    pub supports: Supports,
    /// Its options.
    pub options: &'static [OptionSpec],
    /// Which options must be given together; see [`Spec::forms`].
    pub forms: &'static [&'static [&'static str]],
    /// Whether options beyond those are passed on unchecked.
    pub other_options: bool,
    /// Options that are taken but have no effect beside others.
    pub advice: fn(&Options) -> Vec<Advice>,
}

impl Spec {
    /// An algorithm of which nothing more is known than what it does: it works with or without a metric, may repeat points,
    /// and has no options.
    pub const fn new(summary: &'static str) -> Self {
        Self {
            summary,
            needs_metric: false,
            ends: Ends::Depends,
            in_wandb: false,
            may_repeat: true,
            supports: Supports::ONE_METRIC,
            options: &[],
            forms: &[],
            other_options: false,
            advice: |_| Vec::new(),
        }
    }

    /// It needs a metric.
    #[must_use]
    pub const fn needs_metric(self) -> Self {
        Self { needs_metric: true, ..self }
    }

    /// When a sweep with it ends by itself.
    #[must_use]
    pub const fn ends(self, ends: Ends) -> Self {
        Self { ends, ..self }
    }

    /// W&B has it too.
    #[must_use]
    pub const fn in_wandb(self) -> Self {
        Self { in_wandb: true, ..self }
    }

    /// It never suggests a point again.
    #[must_use]
    pub const fn never_repeats(self) -> Self {
        Self { may_repeat: false, ..self }
    }

    /// Which problems it can work on.
    #[must_use]
    pub const fn supports(self, supports: Supports) -> Self {
        Self { supports, ..self }
    }

    /// Its options.
    #[must_use]
    pub const fn options(self, options: &'static [OptionSpec]) -> Self {
        Self { options, ..self }
    }

    /// The sets of options of which one must be given in whole: the first whose first option is given, and if none is, the
    /// last.
    #[must_use]
    pub const fn forms(self, forms: &'static [&'static [&'static str]]) -> Self {
        Self { forms, ..self }
    }

    /// It takes any other option as well, unchecked.
    #[must_use]
    pub const fn any_options(self) -> Self {
        Self { other_options: true, ..self }
    }

    /// Which options have no effect beside others.
    #[must_use]
    pub const fn advice(self, advice: fn(&Options) -> Vec<Advice>) -> Self {
        Self { advice, ..self }
    }

    /// The option with this key.
    pub fn option(&self, key: &str) -> Option<&'static OptionSpec> {
        self.options.iter().find(|option| option.key == key)
    }

    /// Everything in `options` that this spec does not allow: unknown keys, then values out of range and options that are
    /// missing.
    pub fn check(&self, options: &Options) -> Result<(), Faults> {
        let unknown = options.keys().filter(|key| !self.other_options && self.option(key).is_none());
        let mut faults: Vec<Fault> = unknown.map(|key| self.unknown(key).into()).collect();
        faults.extend(self.options.iter().filter_map(|option| option.check(options.get(option.key))));
        faults.extend(self.missing_of_form(options).into_iter().map(Fault::from));
        // Of an option that is misspelled nobody wants to hear that it is missing, too.
        let meant: Vec<String> = faults.iter().filter_map(Fault::meant).collect();
        let misspelled = |fault: &Fault| matches!(fault.reason.downcast_ref(), Some(OptionError::Missing { key, .. }) if meant.iter().any(|m| m == key));
        faults.retain(|fault| !misspelled(fault));
        Faults::none_of(faults)
    }

    /// The options with the defaults of those that are left out, where the default is a value, and whole numbers written as
    /// such. Options must have passed [`Spec::check`] to be filled sensibly.
    pub fn filled(&self, options: &Options) -> Options {
        let mut filled = options.clone();
        for option in self.options {
            let value = match (filled.get(option.key), option.kind) {
                (Some(value), OptionKind::Count { .. }) => kind::whole_number(value).map(Value::from),
                (Some(_), _) => None,
                (None, _) => option.default.value(),
            };
            if let Some(value) = value {
                filled.insert(option.key.to_owned(), value);
            }
        }
        filled
    }

    /// The options that a form lacks.
    fn missing_of_form(&self, options: &Options) -> Vec<OptionError> {
        let has = |key: &str| options.contains_key(key);
        let begun = self.forms.iter().find(|form| form.first().is_some_and(|first| has(first)));
        let (form, because) = match (begun, self.forms.last()) {
            (Some(form), _) => (form, format!("{} needs it", form[0])),
            (None, Some(last)) => (last, format!("give {}", listed_forms(self.forms))),
            (None, None) => return Vec::new(),
        };
        let missing = form.iter().filter(|key| !has(key));
        missing.map(|key| OptionError::Missing { key, because: because.clone() }).collect()
    }

    fn unknown(&self, key: &str) -> OptionError {
        let known: Vec<&'static str> = self.options.iter().map(|option| option.key).collect();
        let nearest = nearest(key, known.iter().copied()).map(str::to_owned);
        OptionError::Unknown { key: key.to_owned(), known, nearest }
    }
}

/// `min_iter, or max_iter and s`.
fn listed_forms(forms: &[&[&str]]) -> String {
    let forms: Vec<String> = forms.iter().rev().map(|form| form.join(" and ")).collect();
    forms.join(", or ")
}

/// When a sweep ends without a `run_cap`, a target or its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// It cannot be relied upon to end: a sweep file that sets no end gets a warning.
    Never,
    /// Once every point of a finite space has been tried.
    Exhausted,
    /// That depends on its options, or is not known.
    Depends,
}

/// Which problems an algorithm can work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Supports {
    /// The most metrics that it takes into account. A problem with more is refused wherever an algorithm is built by its
    /// name, with [`TooManyMetrics`].
    pub metrics: usize,
    /// Whether parameters may have conditions ([`When`](crate::When)). A search that takes its points from
    /// [`Space::decode`](crate::Space::decode) and reads runs by [`Space::encode`](crate::Space::encode) need do nothing for it.
    pub conditions: bool,
    /// Whether there may be constraints on metrics.
    pub constraints: bool,
}

impl Supports {
    /// One metric, no conditions, no constraints.
    pub const ONE_METRIC: Self = Self { metrics: 1, conditions: false, constraints: false };

    /// Parameters may have conditions.
    #[must_use]
    pub const fn conditions(self) -> Self {
        Self { conditions: true, ..self }
    }

    /// Up to `metrics` of them.
    #[must_use]
    pub const fn metrics(self, metrics: usize) -> Self {
        Self { metrics, ..self }
    }

    /// As many metrics as there are.
    #[must_use]
    pub const fn any_metrics(self) -> Self {
        self.metrics(usize::MAX)
    }

    /// Refuses a problem with more metrics than the algorithm takes; `instead` are the names of those that take as many.
    ///
    /// # Errors
    /// With the metrics, and what can be done.
    pub fn check_metrics(
        self,
        problem: &Problem,
        instead: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<(), TooManyMetrics> {
        if problem.metrics.len() <= self.metrics {
            return Ok(());
        }
        let metrics = problem.metrics.iter().map(|metric| metric.name.clone()).collect();
        let instead = instead.into_iter().map(Into::into).collect();
        Err(TooManyMetrics { limit: self.metrics, metrics, instead })
    }
}

/// A problem has more metrics than an algorithm takes into account.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "it takes {}, and there are {}: {}{}", counted(*limit), metrics.len(), metrics.join(", "), use_instead(instead)
)]
#[non_exhaustive]
pub struct TooManyMetrics {
    /// The most that it takes.
    pub limit: usize,
    /// The names of the metrics.
    pub metrics: Vec<String>,
    /// The names of algorithms that take as many.
    pub instead: Vec<String>,
}

fn counted(limit: usize) -> String {
    match limit {
        0 => "no metric".to_owned(),
        1 => "one metric only".to_owned(),
        limit => format!("at most {limit} metrics"),
    }
}

fn use_instead(instead: &[String]) -> String {
    match instead.split_last() {
        None => String::new(),
        Some((only, [])) => format!("; use {only}"),
        Some((last, others)) => format!("; use {} or {last}", others.join(", ")),
    }
}

/// An option of an algorithm.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OptionSpec {
    /// Its key in the sweep file.
    pub key: &'static str,
    /// What it may be.
    pub kind: OptionKind,
    /// What it is if it is left out.
    pub default: OptionDefault,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
}

impl OptionSpec {
    /// An option.
    pub const fn new(key: &'static str, kind: OptionKind, default: OptionDefault, doc: &'static str) -> Self {
        Self { key, kind, default, doc }
    }

    fn check(&self, value: Option<&Value>) -> Option<Fault> {
        let key = self.key;
        let Some(value) = value else {
            let required = matches!(self.default, OptionDefault::Required);
            return required
                .then(|| OptionError::Missing { key, because: "it has no default".to_owned() }.into());
        };
        (!self.kind.allows(value)).then(|| {
            let nearest = self.kind.nearest(value).map(str::to_owned);
            let (expected, found) = (self.kind.to_string(), value.to_string());
            OptionError::Wrong { key, expected, found, nearest }.into()
        })
    }
}

/// What an option is if it is left out.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum OptionDefault {
    /// It must be given.
    Required,
    /// A whole number.
    Count(u64),
    /// A number.
    Number(f64),
    /// A word.
    Word(&'static str),
    /// True or false.
    Flag(bool),
    /// No value, or one that the algorithm chooses for the problem; the text says which: `none`, `a quarter of run_cap`.
    Chosen(&'static str),
}

impl OptionDefault {
    /// The value, if it is one and the same for every problem. A number without a fraction is written as a whole one.
    pub fn value(&self) -> Option<Value> {
        match *self {
            Self::Required | Self::Chosen(_) => None,
            Self::Count(count) => Some(count.into()),
            Self::Number(number) => {
                Some(kind::whole(number).map_or_else(|| crate::value::float(number), Value::from))
            }
            Self::Word(word) => Some(word.into()),
            Self::Flag(flag) => Some(flag.into()),
        }
    }
}

impl std::fmt::Display for OptionDefault {
    /// As in a table: `3`, `sorted`, `none`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Required => f.write_str("must be given"),
            Self::Count(count) => write!(f, "{count}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Word(text) | Self::Chosen(text) => f.write_str(text),
            Self::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

/// An option that is taken but has no effect, for a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Advice {
    /// The option.
    pub key: &'static str,
    /// Why it has no effect.
    pub message: &'static str,
}

impl Advice {
    /// The option, and why it has no effect.
    pub const fn new(key: &'static str, message: &'static str) -> Self {
        Self { key, message }
    }
}
