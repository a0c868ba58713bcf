//! What is benchmarked: a search method, perhaps with a stopping rule, under a label.

use std::time::Duration;

use besom_controller::Sweep;
use besom_core::{BoxError, Options, Problem, Registry, Search};

use crate::process::{Process, words};
use crate::program::Program;
use crate::session::{Own, Session};

/// A search method of a benchmark.
pub(crate) struct Method<'a> {
    pub(crate) label: String,
    pub(crate) kind: Kind<'a>,
}

type Make<'a> = Box<dyn Fn(&Problem) -> Result<Box<dyn Search>, BoxError> + Send + Sync + 'a>;

/// Where a method comes from.
pub(crate) enum Kind<'a> {
    /// Made by a function.
    Own(Make<'a>),
    /// Of the registry, with options.
    Named { name: String, options: Options },
    /// A program that speaks ask-tell; `method` is what its configuration names.
    Program { command: String, method: String },
}

/// A stopping rule of the registry, with options.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) options: Options,
}

/// A method with a stopping rule or none: what fills a row of the table.
#[derive(Clone, Copy)]
pub(crate) struct Contestant<'a> {
    pub(crate) method: &'a Method<'a>,
    pub(crate) rule: Option<&'a Rule>,
}

impl Contestant<'_> {
    /// `bayes`, or `bayes+asha`.
    pub(crate) fn label(&self) -> String {
        let rule = self.rule.map(|rule| format!("+{}", rule.name));
        self.method.label.clone() + &rule.unwrap_or_default()
    }

    /// Does something with a new sweep of it. `process` is its program if it runs already; one is started where there is none,
    /// and taken away where it has failed.
    pub(crate) fn with_session<T>(
        &self,
        registry: &Registry,
        problem: Problem,
        process: &mut Option<Process>,
        timeout: Duration,
        act: impl FnOnce(&mut dyn Session) -> Result<T, BoxError>,
    ) -> Result<T, BoxError> {
        let search = match &self.method.kind {
            Kind::Own(make) => make(&problem)?.into(),
            Kind::Named { name, options } => registry.search(name, &problem, options)?,
            Kind::Program { command, method } => {
                let mut running = match process.take() {
                    Some(running) => running,
                    None => Process::start(&words(command)?, timeout)?,
                };
                let rule = self.rule.map(|rule| (rule.name.as_str(), &rule.options));
                let answer = act(&mut Program::start(&mut running, &problem, method, rule)?)?;
                *process = Some(running);
                return Ok(answer);
            }
        };
        let rule = self.rule.map(|rule| registry.stopper(&rule.name, &problem, &rule.options)).transpose()?;
        let mut sweep = Sweep::new(problem, search).without_cap();
        if let Some(rule) = rule {
            sweep = sweep.with_stopper(rule);
        }
        act(&mut Own(sweep))
    }
}

/// A method or rule as it is written on the command line: `bayes`, `bayes:initial_points=3`, `few=bayes:initial_points=3`.
/// Returns label, name and options. Values are JSON, or text where they are not.
pub(crate) fn parse(text: &str) -> (String, String, Options) {
    let mut parts = text.split(':');
    let head = parts.next().unwrap_or_default();
    let (label, name) = head.split_once('=').unwrap_or((head, head));
    let options = parts.filter(|part| !part.is_empty()).map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, "true"));
        (key.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into()))
    });
    (label.trim().to_owned(), name.trim().to_owned(), options.collect())
}
