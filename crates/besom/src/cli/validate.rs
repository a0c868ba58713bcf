//! `besom validate`: a sweep file checked.

use std::path::Path;

use anyhow::Result;
use besom_config::{Problems, SweepConfig};
use besom_core::{Registry, RegistryError};
use besom_engine::message;
use serde_json::{Value, json};

use crate::cli::input::read_text;
use crate::cli::output::{self, Outcome, line};

pub(crate) fn validate(registry: &Registry, file: &Path, as_json: bool, wandb: bool) -> Result<Outcome> {
    let (text, name) = read_text(file)?;
    let reader = besom_engine::reader(registry);
    let read = reader.read(&text, &name).map(|parsed| (check_algorithms(registry, &parsed.config), parsed));
    let for_wandb = wandb.then(|| reader.wandb_problems(&text, &name));
    let valid = matches!(&read, Ok((Ok(()), _)));
    if as_json {
        output::json(&verdict(&read, for_wandb.as_ref()))?;
    } else {
        print_verdict(&name, &read, for_wandb.as_ref())?;
    }
    let taken = valid && for_wandb.is_none_or(|problems| problems.is_empty());
    Ok(if taken { Outcome::Done } else { Outcome::Failed })
}

/// A file that is right may still hold options that an algorithm refuses. W&B's method `custom` names none.
fn check_algorithms(registry: &Registry, config: &SweepConfig) -> Result<(), RegistryError> {
    if config.method.name == "custom" {
        return Ok(());
    }
    besom_engine::build(registry, config, 0).map(drop)
}

type Checked = Result<(Result<(), RegistryError>, besom_config::Parsed), Problems>;

fn verdict(read: &Checked, for_wandb: Option<&Problems>) -> Value {
    let mut verdict = match read {
        Ok((Ok(()), parsed)) => json!({
            "valid": true, "violations": [], "warnings": parsed.warnings, "config": parsed.config.filled,
        }),
        Ok((Err(error), _)) => json!({ "valid": false, "violations": [{ "message": message(error) }] }),
        Err(problems) => json!({ "valid": false, "violations": problems }),
    };
    if let Some(problems) = for_wandb {
        verdict["wandb"] = json!({ "valid": problems.is_empty(), "violations": problems });
    }
    verdict
}

fn print_verdict(name: &str, read: &Checked, for_wandb: Option<&Problems>) -> Result<()> {
    match read {
        Ok((Ok(()), parsed)) => {
            for warning in &parsed.warnings {
                line(warning)?;
            }
            line(format!("{name}: valid"))?;
        }
        Ok((Err(error), _)) => line(format!("{name}: {}", message(error)))?,
        Err(problems) => line(problems)?,
    }
    match for_wandb {
        Some(problems) if problems.is_empty() => line(format!("{name}: valid for W&B too"))?,
        Some(problems) => line(format!("W&B would not take this file as it is meant:\n{problems}"))?,
        None => {}
    }
    Ok(())
}
