//! What can be said against a benchmark before it is run.

use std::collections::BTreeSet;

use besom_core::{Problem, error_chain};

use crate::method::{Contestant, Kind};
use crate::process::words;
use crate::{Bench, BenchError};

/// The longest sweep: far beyond what a search method is for, so that a slip of the finger does not fill the memory.
const MOST_RUNS: usize = 100_000;

impl Bench<'_> {
    /// Everything that is wrong with it, at once. An unknown name is an error of its own, with the nearest spelling.
    pub(crate) fn check(&self) -> Result<(), BenchError> {
        self.check_names()?;
        let mut problems = Vec::new();
        let mut need = |holds: bool, problem: &str| {
            if !holds {
                problems.push(problem.to_owned());
            }
        };
        need(!self.methods.is_empty(), "no method is named");
        need(!self.suite.tasks.is_empty(), "the suite has no task");
        need(!self.seeds.is_empty(), "there is no seed");
        need(
            self.runs.is_none_or(|runs| (1..=MOST_RUNS).contains(&runs)),
            &format!("runs must be from 1 to {MOST_RUNS}, got {}", self.runs.unwrap_or(0)),
        );
        need(self.workers > 0, "workers must be at least 1, got 0");
        need(self.jobs > 0, "jobs must be at least 1, got 0");
        problems.extend(twice(self.seeds.iter().map(|seed| format!("seed {seed}"))));
        problems.extend(twice(self.suite.tasks.iter().map(|task| format!("task '{}'", task.name()))));
        problems.extend(twice(self.contestants().iter().map(|one| format!("method '{}'", one.label()))));
        for method in &self.methods {
            problems.extend(label_fault(&method.label));
            if let Kind::Program { command, .. } = &method.kind {
                problems.extend(words(command).err().map(|error| format!("{}: {error}", method.label)));
            }
        }
        if problems.is_empty() {
            problems.extend(self.refused()?);
        }
        if problems.is_empty() { Ok(()) } else { Err(BenchError::Invalid { problems }) }
    }

    fn check_names(&self) -> Result<(), BenchError> {
        let searches: Vec<&str> = self.registry.iter().flat_map(|registry| registry.searches()).collect();
        for method in &self.methods {
            if let Kind::Named { name, .. } = &method.kind
                && !searches.contains(&name.as_str())
            {
                return Err(BenchError::unknown("search method", name, searches));
            }
        }
        let inside = self.methods.iter().any(|method| !matches!(method.kind, Kind::Program { .. }));
        let stoppers: Vec<&str> = self.registry.iter().flat_map(|registry| registry.stoppers()).collect();
        for rule in self.rules.iter().flatten().filter(|_| inside) {
            if !stoppers.contains(&rule.name.as_str()) {
                return Err(BenchError::unknown("stopping rule", &rule.name, stoppers));
            }
        }
        Ok(())
    }

    /// Methods and rules that refuse their options. Those that refuse only some tasks have records with errors.
    fn refused(&self) -> Result<Vec<String>, BenchError> {
        let (Some(registry), Some(task), Some(seed)) =
            (self.registry, self.suite.tasks.first(), self.seeds.first())
        else {
            return Ok(Vec::new());
        };
        let objective =
            task.objective(*seed).map_err(|source| BenchError::Task { key: task.key(*seed), source })?;
        let problem = objective.problem();
        let mut refused: BTreeSet<String> = BTreeSet::new();
        for Contestant { method, rule } in self.contestants() {
            if let Kind::Named { name, options } = &method.kind {
                let wrong = registry.search_spec(name).and_then(|spec| spec.check(options).err());
                refused
                    .extend(wrong.map(|faults| format!("search method '{name}': {}", error_chain(&faults))));
                if let Some(rule) = rule {
                    refused.extend(rule_fault(registry, rule, &problem));
                }
            }
        }
        Ok(refused.into_iter().collect())
    }
}

fn rule_fault(
    registry: &besom_core::Registry,
    rule: &crate::method::Rule,
    problem: &Problem,
) -> Option<String> {
    registry.stopper(&rule.name, problem, &rule.options).err().map(|error| error_chain(&error))
}

/// Labels are names of files.
fn label_fault(label: &str) -> Option<String> {
    let allowed = |letter: char| letter.is_alphanumeric() || "._+-:@".contains(letter);
    let good =
        !label.is_empty() && label.len() <= 100 && !label.starts_with('.') && label.chars().all(allowed);
    (!good).then(|| {
        format!("the label '{label}' must be 1 to 100 letters, digits and signs of . _ + - : @, not starting with a dot")
    })
}

fn twice(names: impl Iterator<Item = String>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    names.filter(|name| !seen.insert(name.clone())).map(|name| format!("{name} is named twice")).collect()
}
