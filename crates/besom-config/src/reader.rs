//! The way in: text or JSON to a checked configuration.

use std::collections::BTreeSet;
use std::rc::Rc;

use besom_core::Registry;
use serde_json::Value;

use crate::check::check;
use crate::collector::{Collector, Dialect};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::input::MAX_BYTES;
use crate::known::Known;
use crate::sweep::SweepConfig;
use crate::tree::{self, MAX_DEPTH, Node, Place};
use crate::yaml;

/// A valid sweep file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Parsed {
    /// What it says.
    pub config: SweepConfig,
    /// What its author may have meant differently.
    pub warnings: Vec<Diagnostic>,
}

/// Reads sweep files; knows the algorithms of a registry, and checks and fills their options by their specs.
///
/// ```
/// use besom_config::Reader;
/// use besom_core::Registry;
///
/// let mut registry = Registry::new();
/// besom_search::register(&mut registry);
/// let reader = Reader::new(&registry);
///
/// let text = "method: grid\nparameters: {lr: {values: [0.1, 0.01]}}";
/// let parsed = reader.read(text, "sweep.yaml").expect("it is right");
/// assert_eq!(parsed.config.space.dimensions(), 1);
///
/// let text = "method: {name: bayes, initial_points: -5}\nmetric: {name: loss}\nparameters: {}";
/// let diagnostics = reader.read(text, "sweep.yaml").expect_err("it is wrong");
/// assert_eq!(
///     diagnostics.to_string(),
///     "sweep.yaml:1:39: method.initial_points: found -5, expected a whole number of at least 1\n\
///      sweep.yaml:3:13: parameters: found an empty mapping, expected at least one parameter"
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    known: Known<'a>,
    strict: bool,
}

impl<'a> Reader<'a> {
    /// A reader that knows the algorithms of a registry.
    pub fn new(registry: &'a Registry) -> Self {
        let known = Known { registry, methods: BTreeSet::new(), stoppers: BTreeSet::new(), any: false };
        Self { known, strict: false }
    }

    /// Also allows `method: name`; its options are left to the method. A name of the registry keeps its checks.
    #[must_use]
    pub fn method(mut self, name: impl Into<String>) -> Self {
        self.known.methods.insert(name.into());
        self
    }

    /// Also allows `early_terminate: {type: name}`; its options are left to the rule. A name of the registry keeps its checks.
    #[must_use]
    pub fn stopper(mut self, name: impl Into<String>) -> Self {
        self.known.stoppers.insert(name.into());
        self
    }

    /// Also allows every other name of an algorithm, its options left alone: for agents, which execute the runs of a sweep that
    /// somebody else drives. Options of the registry's algorithms are checked by their specs only.
    #[must_use]
    pub fn any_algorithm(mut self) -> Self {
        self.known.any = true;
        self
    }

    /// Makes every warning an error.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Reads YAML or JSON text, called `source` in messages.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text.
    pub fn read(&self, text: &str, source: &str) -> Result<Parsed, Diagnostics> {
        let mut collector = Collector::new(source, Dialect::Besom);
        let config = read_text(text, &self.known, &mut collector);
        self.conclude(config, collector.into_sorted(text))
    }

    /// Reads a configuration that is JSON already; diagnostics then have a path but no line.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read_json(&self, config: &Value) -> Result<Parsed, Diagnostics> {
        let (config, found) = self.check_json(config, Dialect::Besom);
        self.conclude(config, found)
    }

    /// Reads a configuration that is JSON already as W&B's engine does when it validates: what breaks W&B's schema is an error
    /// also where [`Reader::read_json`] only warns of it. What besom has beyond W&B stays valid.
    ///
    /// ```
    /// use besom_config::Reader;
    ///
    /// let registry = besom_core::Registry::new();
    /// let reader = Reader::new(&registry).method("random");
    /// let config = serde_json::json!({
    ///     "method": "random", "metric": {"name": "loss", "goal": "less"}, "parameters": {"x": {"value": 1}}, "seed": 7,
    /// });
    /// assert_eq!(reader.read_json(&config).expect("W&B runs it, too").warnings[0].path, "metric.goal");
    /// assert_eq!(reader.validate_json(&config).expect_err("W&B's schema has two goals").len(), 1);
    /// ```
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn validate_json(&self, config: &Value) -> Result<Parsed, Diagnostics> {
        let (_, for_wandb) = self.check_json(config, Dialect::Wandb);
        let broken: BTreeSet<String> = errors_of(for_wandb).into_iter().map(|broken| broken.path).collect();
        let (config, mut found) = self.check_json(config, Dialect::Besom);
        for diagnostic in found.iter_mut().filter(|diagnostic| broken.contains(&diagnostic.path)) {
            diagnostic.severity = Severity::Error;
        }
        self.conclude(config, found)
    }

    fn check_json(&self, config: &Value, dialect: Dialect) -> (Option<SweepConfig>, Vec<Diagnostic>) {
        let mut collector = Collector::new("configuration", dialect);
        let root = Node::from_json(config);
        if root.is_none() {
            let message = format!("it is nested more than {MAX_DEPTH} levels deep");
            collector.error(Place::default(), &tree::Path::Root, message);
        }
        let config = root.and_then(|root| check(&root, &self.known, &mut collector));
        (config, collector.into_sorted(""))
    }

    /// What keeps W&B from taking the file as it is meant; empty if nothing does.
    ///
    /// Besides what is wrong for besom too these are keys and algorithms that W&B does not know, and words that it
    /// reads otherwise.
    pub fn wandb_diagnostics(&self, text: &str, source: &str) -> Diagnostics {
        let mut collector = Collector::new(source, Dialect::Wandb);
        read_text(text, &self.known, &mut collector);
        errors_of(collector.into_sorted(text))
    }

    fn conclude(
        &self,
        config: Option<SweepConfig>,
        mut found: Vec<Diagnostic>,
    ) -> Result<Parsed, Diagnostics> {
        if self.strict {
            found.iter_mut().for_each(|diagnostic| diagnostic.severity = Severity::Error);
        }
        let is_valid = found.iter().all(|diagnostic| diagnostic.severity == Severity::Warning);
        match config.filter(|_| is_valid) {
            Some(config) => Ok(Parsed { config, warnings: found }),
            None => Err(errors_of(found)),
        }
    }
}

/// Reads the values in YAML or JSON text that is no sweep file, such as the defaults of a program. Words without quotes mean
/// what they mean in a sweep file; infinities and NaN are the texts `Infinity`, `-Infinity` and `NaN`.
///
/// # Errors
/// If it is not YAML, or larger than a sweep file may be; `source` is what messages call it.
///
/// ```
/// let values = besom_config::read_values("lr: 1e-5\nlayers: [1, 2]", "defaults.yaml")?;
/// assert_eq!(values, serde_json::json!({"lr": 1e-5, "layers": [1, 2]}));
/// # Ok::<(), besom_config::Diagnostics>(())
/// ```
pub fn read_values(text: &str, source: &str) -> Result<Value, Diagnostics> {
    let mut collector = Collector::new(source, Dialect::Besom);
    let root = compose(text, &mut collector);
    root.map(|root| root.to_json()).ok_or_else(|| errors_of(collector.into_sorted(text)))
}

fn read_text(text: &str, known: &Known<'_>, collector: &mut Collector) -> Option<SweepConfig> {
    let root = compose(text, collector)?;
    check(&root, known, collector)
}

fn compose(text: &str, collector: &mut Collector) -> Option<Rc<Node>> {
    if text.len() > MAX_BYTES {
        let message = format!("it is larger than {MAX_BYTES} bytes, the limit for a sweep file");
        collector.error(Place::default(), &tree::Path::Root, message);
        return None;
    }
    yaml::compose(text, collector)
}

fn errors_of(diagnostics: Vec<Diagnostic>) -> Diagnostics {
    diagnostics
        .into_iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .collect::<Vec<_>>()
        .into()
}
