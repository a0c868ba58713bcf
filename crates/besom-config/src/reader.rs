//! The way in: text or JSON to a checked configuration.

use serde_json::Value;

use crate::check::{Known, check};
use crate::diagnostic::{Diagnostic, Problems, Severity};
use crate::findings::{Dialect, Findings};
use crate::input::MAX_BYTES;
use crate::sweep::SweepConfig;
use crate::tree::{self, MAX_DEPTH, Node, Place};
use crate::yaml;

/// A sweep file that was found right.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// What it says.
    pub config: SweepConfig,
    /// What its author may have meant otherwise.
    pub warnings: Vec<Diagnostic>,
}

/// Reads sweep files; knows the built-in algorithms and those that are named to it.
///
/// ```
/// use besom_config::Reader;
///
/// let text = "method: grid\nparameters: {lr: {values: [0.1, 0.01]}}";
/// let parsed = Reader::new().read(text, "sweep.yaml").expect("it is right");
/// assert_eq!(parsed.config.problem.space.dimensions(), 1);
///
/// let problems = Reader::new().read("method: gird\nparameters: {}", "sweep.yaml").expect_err("it is wrong");
/// assert_eq!(
///     problems.to_string(),
///     "sweep.yaml:1:9: method: found \"gird\", expected a search method; known are bayes, grid, random, sobol, tpe, cma-es, auto \
///      (did you mean \"grid\"?)\n\
///      sweep.yaml:2:13: parameters: found an empty mapping, expected at least one parameter"
/// );
/// ```
#[derive(Clone, Debug, Default)]
pub struct Reader {
    known: Known,
}

impl Reader {
    /// A reader that knows the built-in algorithms.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also allows `method: name`; its options are left to the method. Naming a built-in one changes nothing.
    #[must_use]
    pub fn method(mut self, name: impl Into<String>) -> Self {
        self.known.methods.insert(name.into());
        self
    }

    /// Also allows `early_terminate: {type: name}`; its options are left to the rule. Naming a built-in one changes
    /// nothing.
    #[must_use]
    pub fn stopper(mut self, name: impl Into<String>) -> Self {
        self.known.stoppers.insert(name.into());
        self
    }

    /// Also allows every other name of an algorithm, its options left alone: for those who execute the runs of a sweep
    /// that somebody else drives with an algorithm of their own.
    #[must_use]
    pub fn any_algorithm(mut self) -> Self {
        self.known.any = true;
        self
    }

    /// Reads YAML or JSON text, called `source` in messages.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text.
    pub fn read(&self, text: &str, source: &str) -> Result<Parsed, Problems> {
        let mut findings = Findings::new(source, Dialect::Besom);
        let config = read_text(text, &self.known, &mut findings);
        conclude(config, findings)
    }

    /// Reads a configuration that is JSON already; findings then have a path but no line.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read_json(&self, config: &Value) -> Result<Parsed, Problems> {
        let mut findings = Findings::new("configuration", Dialect::Besom);
        let root = Node::from_json(config);
        if root.is_none() {
            let message = format!("it is nested more than {MAX_DEPTH} levels deep");
            findings.error(Place::default(), &tree::Path::Root, message);
        }
        let config = root.and_then(|root| check(&root, &self.known, &mut findings));
        conclude(config, findings)
    }

    /// What keeps W&B from taking the file as it is meant; empty if nothing does.
    ///
    /// Besides what is wrong for besom too these are keys and algorithms that W&B does not know, and words that it
    /// reads otherwise.
    pub fn wandb_problems(&self, text: &str, source: &str) -> Problems {
        let mut findings = Findings::new(source, Dialect::Wandb);
        read_text(text, &self.known, &mut findings);
        errors_of(findings.into_sorted())
    }
}

/// Reads a sweep file that uses built-in algorithms only.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text.
pub fn parse(text: &str) -> Result<Parsed, Problems> {
    Reader::new().read(text, "sweep.yaml")
}

/// [`Reader::wandb_problems`] of a file that uses built-in algorithms only.
pub fn wandb_problems(text: &str, source: &str) -> Problems {
    Reader::new().wandb_problems(text, source)
}

fn read_text(text: &str, known: &Known, findings: &mut Findings) -> Option<SweepConfig> {
    if text.len() > MAX_BYTES {
        let message = format!("it has more than {MAX_BYTES} bytes, the most that a sweep file may have");
        findings.error(Place::default(), &tree::Path::Root, message);
        return None;
    }
    let root = yaml::compose(text, findings)?;
    check(&root, known, findings)
}

fn conclude(config: Option<SweepConfig>, findings: Findings) -> Result<Parsed, Problems> {
    let warnings = findings.into_sorted();
    match config {
        Some(config) => Ok(Parsed { config, warnings }),
        None => Err(errors_of(warnings)),
    }
}

fn errors_of(findings: Vec<Diagnostic>) -> Problems {
    findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect::<Vec<_>>().into()
}
