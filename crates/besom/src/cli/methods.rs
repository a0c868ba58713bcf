//! `besom methods`: search methods and stopping rules, and the options of one.

use anyhow::Result;
use besom_core::{AlgorithmKind, Ends, OptionSpec, Registry, Spec, UnknownName};
use serde_json::Value;

use crate::cli::output::{self, Outcome, line};
use crate::cli::table;
use crate::error::InputError;

/// The columns that a line of text may take.
const WIDTH: usize = 80;

pub(crate) fn methods(registry: &Registry, name: Option<&str>, as_json: bool) -> Result<Outcome> {
    let Some(name) = name else {
        if as_json {
            output::json(&besom_config::algorithms(registry))?;
        } else {
            list(registry)?;
        }
        return Ok(Outcome::Done);
    };
    let found = AlgorithmKind::ALL.into_iter();
    let found: Vec<_> = found.filter_map(|kind| Some((kind, registry.spec(kind, name)?))).collect();
    if found.is_empty() {
        let names = AlgorithmKind::ALL.into_iter().flat_map(|kind| registry.names(kind));
        return Err(InputError::new(UnknownName::new("method", name, names).to_string()).into());
    }
    if as_json {
        let all = besom_config::algorithms(registry);
        let named = all.as_array().into_iter().flatten().filter(|algorithm| algorithm["name"] == name);
        output::json(&named.collect::<Vec<&Value>>())?;
        return Ok(Outcome::Done);
    }
    for (place, (kind, spec)) in found.into_iter().enumerate() {
        if place > 0 {
            line("")?;
        }
        one(kind, name, spec)?;
    }
    Ok(Outcome::Done)
}

fn list(registry: &Registry) -> Result<()> {
    for (header, kind) in [("METHOD", AlgorithmKind::Search), ("STOPPING RULE", AlgorithmKind::Stopper)] {
        if kind != AlgorithmKind::Search {
            line("")?;
        }
        let names = registry.names(kind).into_iter();
        table_of(header, names.filter_map(|name| Some((name, registry.spec(kind, name)?))))?;
    }
    line("\nthe options of one: besom methods NAME")
}

/// Names with a metric and a W&B column, and what each does below.
fn table_of<'a>(header: &str, algorithms: impl Iterator<Item = (&'a str, &'a Spec)>) -> Result<()> {
    let mut table = table::table(&[header, "METRIC", "W&B", "SUMMARY"], &[]);
    for (name, spec) in algorithms {
        let metric = if spec.needs_metric { "needed" } else { "-" };
        let wandb = if spec.in_wandb { "yes" } else { "-" };
        let column = WIDTH.saturating_sub(header.len().max(10) + 20);
        table.add_row([name, metric, wandb, &wrapped(spec.summary, column, "")]);
    }
    line(table::text(&table))
}

fn one(kind: AlgorithmKind, name: &str, spec: &Spec) -> Result<()> {
    line(wrapped(&format!("{name}: {}", spec.summary), WIDTH, ""))?;
    line("")?;
    let mut facts = vec![kind.as_str().to_owned()];
    facts.push(if spec.needs_metric { "needs a metric" } else { "needs no metric" }.to_owned());
    if kind == AlgorithmKind::Search {
        facts.push(match spec.supports.metrics {
            0 | 1 => "takes one metric".to_owned(),
            usize::MAX => "takes any number of metrics".to_owned(),
            most => format!("takes up to {most} metrics"),
        });
        let end = match spec.ends {
            Ends::Never => "does not end by itself",
            Ends::Exhausted => "ends when the space is exhausted",
            Ends::Depends => "may end by itself",
        };
        facts.push(end.to_owned());
    }
    facts.push(if spec.in_wandb { "known to W&B" } else { "not known to W&B" }.to_owned());
    line(wrapped(&facts.join(", "), WIDTH, ""))?;
    for option in spec.options {
        describe(option)?;
    }
    if spec.options.is_empty() {
        line(if spec.other_options { "\nits options are unknown to besom" } else { "\nno options" })?;
    }
    Ok(())
}

fn describe(option: &OptionSpec) -> Result<()> {
    let OptionSpec { key, kind, default, doc, .. } = option;
    line(format!("\n{key}"))?;
    line(wrapped(&format!("{kind}; default: {default}"), WIDTH - 4, "    "))?;
    line(wrapped(doc, WIDTH - 4, "    "))
}

/// The text in lines of at most `width` characters, each after `indent`.
fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is a line");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.iter().map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join("\n")
}
