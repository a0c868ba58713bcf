//! `besom validate`: a sweep file checked.

use std::path::Path;

use anyhow::Result;
use besom_config::{Diagnostics, Severity, SweepConfig};
use besom_core::{Registry, RegistryError, error_chain};
use serde_json::{Value, json};

use crate::cli::input::{paint, read_text, reader};
use crate::cli::output::{self, Outcome, line, report};

pub(crate) fn validate(
    registry: &Registry,
    file: &Path,
    as_json: bool,
    wandb: bool,
    strict: bool,
) -> Result<Outcome> {
    let (text, name) = read_text(file)?;
    let reader = reader(registry, strict);
    let read = reader.read(&text, &name).map(|parsed| (check_algorithms(registry, &parsed.config), parsed));
    let for_wandb = wandb.then(|| reader.wandb_diagnostics(&text, &name));
    let valid = matches!(&read, Ok((Ok(()), _)));
    if as_json {
        output::json(&verdict(&name, &read, for_wandb.as_ref()))?;
    } else {
        print_verdict(&name, &read, for_wandb.as_ref())?;
    }
    let for_wandb_too = for_wandb.is_none_or(|diagnostics| diagnostics.is_empty());
    // "Invalid" is the answer that was asked for, not an input that the command could not use: 1, not 2.
    Ok(if valid && for_wandb_too { Outcome::Done } else { Outcome::Failed })
}

/// An algorithm of the user may refuse a file that is right in a form that has no place in it. W&B's method `custom` names none.
fn check_algorithms(registry: &Registry, config: &SweepConfig) -> Result<(), RegistryError> {
    if config.method.name == "custom" {
        return Ok(());
    }
    besom_engine::build(registry, config, 0).map(drop)
}

type Checked = Result<(Result<(), RegistryError>, besom_config::Parsed), Diagnostics>;

/// The answer as JSON, with the same keys whatever it is.
fn verdict(name: &str, read: &Checked, for_wandb: Option<&Diagnostics>) -> Value {
    let (violations, warnings, config) = match read {
        Ok((Ok(()), parsed)) => (json!([]), json!(parsed.warnings), parsed.config.filled.clone()),
        Ok((Err(error), parsed)) => (json!([refusal(name, error)]), json!(parsed.warnings), Value::Null),
        Err(diagnostics) => (json!(diagnostics), json!([]), Value::Null),
    };
    let valid = matches!(read, Ok((Ok(()), _)));
    let mut verdict =
        json!({ "valid": valid, "violations": violations, "warnings": warnings, "config": config });
    if let Some(diagnostics) = for_wandb {
        verdict["wandb"] = json!({ "valid": diagnostics.is_empty(), "violations": diagnostics });
    }
    verdict
}

/// What an algorithm refuses in the form of a diagnostic that has no place in the file.
fn refusal(name: &str, error: &RegistryError) -> Value {
    json!({
        "severity": Severity::Error, "source": name, "line": null, "column": null, "path": "", "found": null,
        "message": error_chain(error), "suggestion": null,
    })
}

fn print_verdict(name: &str, read: &Checked, for_wandb: Option<&Diagnostics>) -> Result<()> {
    let paint = paint(&std::io::stdout());
    match read {
        Ok((Ok(()), parsed)) => {
            for warning in &parsed.warnings {
                report(&warning.report(paint))?;
            }
            line(format!("{name}: valid"))?;
        }
        Ok((Err(error), _)) => line(format!("{name}: {}", error_chain(error)))?,
        Err(diagnostics) => report(&diagnostics.report(paint))?,
    }
    match for_wandb {
        Some(diagnostics) if diagnostics.is_empty() => line(format!("{name}: also valid for W&B"))?,
        Some(diagnostics) => {
            let problems = diagnostics.report(paint);
            report(&format!("W&B would reject this file, or read it differently:\n{problems}"))?;
        }
        None => {}
    }
    Ok(())
}
