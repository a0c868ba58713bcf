//! From a sweep's `command` and a point to the argument vector of a program: W&B's macros.
//!
//! A pure function, so that `besom plan` shows exactly what an agent would execute. No shell is involved
//! anywhere.

use std::borrow::Cow;
use std::env;

use besom_core::Macro;
use serde_json::{Map, Value, json};

use super::{hydra, python};
use crate::AgentError;

/// The command of a sweep without one.
pub const DEFAULT_COMMAND: [&str; 4] = ["${env}", "${interpreter}", "${program}", "${args}"];

/// What to execute for one point.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CommandLine {
    /// The argument vector: at least one word, the first being the program.
    pub argv: Vec<String>,
    /// What the file behind `${args_json_file}` must hold, if the command uses it.
    pub json_file: Option<String>,
    /// What its owner should know: unknown macros, unset variables.
    pub warnings: Vec<String>,
}

/// Builds the argument vector for one point.
///
/// `template` is the sweep's `command`; without one, or if it is empty, [`DEFAULT_COMMAND`]. Macros are
/// replaced as whole words only; a word that looks like a macro but is unknown is dropped with a warning, as
/// in W&B. `${slot}` and `${envvar:NAME}` are replaced anywhere in a word, the latter by the variable's name if it is not set; its
/// value may itself be a macro. `args` is the point as a nested JSON object, whose first level becomes the
/// arguments, in its order and as Python prints the values, for Hydra as it reads them back. `json_path` is where the file for
/// `${args_json_file}` will be, `slot` the run's ([`AgentOptions::slot`](crate::AgentOptions::slot)).
///
/// # Errors
/// [`AgentError::NoProgram`] if the command uses `${program}` and there is none; [`AgentError::EmptyCommand`]
/// if no word is left.
pub fn command_line(
    template: Option<&[String]>,
    program: Option<&str>,
    args: &Map<String, Value>,
    json_path: &str,
    slot: u32,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<CommandLine, AgentError> {
    let template = words(template);
    let mut line = CommandLine { argv: Vec::new(), json_file: None, warnings: Vec::new() };
    let slot = slot.to_string();
    for word in template.iter() {
        let word = replace_variables(&word.replace("${slot}", &slot), env, &mut line.warnings);
        let Some(name) = word.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) else {
            line.argv.push(word);
            continue;
        };
        match Macro::named(name) {
            None => line.warnings.push(format!("unknown macro {word} is left out")),
            Some(Macro::Program) => line.argv.push(program.ok_or(AgentError::NoProgram)?.to_owned()),
            Some(Macro::ArgsJsonFile) => {
                line.json_file = Some(python::dumps(args));
                line.argv.push(json_path.to_owned());
            }
            // It came from a variable.
            Some(Macro::Slot) => line.argv.push(slot.clone()),
            Some(Macro::Interpreter) => line.argv.push(interpreter(env("PATH").as_deref()).to_owned()),
            Some(other) => line.argv.extend(replacement(other, args)),
        }
    }
    if line.argv.is_empty() { Err(AgentError::EmptyCommand) } else { Ok(line) }
}

/// The words of a sweep's `command`, or of the default one if it has none.
pub(super) fn words(command: Option<&[String]>) -> Cow<'_, [String]> {
    match command {
        Some(words) if !words.is_empty() => Cow::Borrowed(words),
        _ => DEFAULT_COMMAND.map(str::to_owned).to_vec().into(),
    }
}

/// What `${interpreter}` stands for with this `PATH`: `python`, or `python3` where only that is there, as on Debian.
pub fn interpreter(path: Option<&str>) -> &'static str {
    let is_there =
        |name: &str| path.is_some_and(|path| env::split_paths(path).any(|dir| dir.join(name).is_file()));
    if !is_there("python") && is_there("python3") { "python3" } else { "python" }
}

/// An item of a `command` list as a word: text unchanged, everything else as Python prints it (`3`, `True`,
/// `None`).
pub fn word(item: &Value) -> String {
    python::str(item)
}

/// The point in the form of W&B's run configuration files, `{wandb_version: 1, lr: {value: 0.1}}`: YAML for a
/// training script that calls `wandb.init()` and reads `wandb.config`.
pub fn wandb_config(args: &Map<String, Value>) -> Value {
    let mut config = Map::new();
    config.insert("wandb_version".to_owned(), json!(1));
    config.extend(args.iter().map(|(name, value)| (name.clone(), json!({ "value": value }))));
    Value::Object(config)
}

/// The words that replace a macro that needs nothing but the point.
fn replacement(name: Macro, args: &Map<String, Value>) -> Vec<String> {
    let each = |write: fn(&str, &Value) -> Vec<String>| -> Vec<String> {
        args.iter().flat_map(|(name, value)| write(name, value)).collect()
    };
    match name {
        Macro::Env if !cfg!(windows) => vec!["/usr/bin/env".to_owned()],
        Macro::Args => each(|name, value| vec![format!("--{name}={}", python::str(value))]),
        Macro::ArgsNoHyphens => each(|name, value| vec![format!("{name}={}", python::str(value))]),
        Macro::ArgsAppendHydra => each(|name, value| vec![format!("+{name}={}", hydra::value(value))]),
        Macro::ArgsOverrideHydra => each(|name, value| vec![format!("++{name}={}", hydra::value(value))]),
        Macro::ArgsNoEquals => each(|name, value| vec![format!("--{name}"), python::str(value)]),
        Macro::ArgsNoBooleanFlags => each(|name, value| match value {
            Value::Bool(false) => vec![],
            Value::Bool(true) => vec![format!("--{name}")],
            other => vec![format!("--{name}={}", python::str(other))],
        }),
        Macro::ArgsJson => vec![python::dumps(args)],
        _ => Vec::new(),
    }
}

/// Replaces every `${envvar:NAME}` in a word, once: the value of a variable is not searched again.
fn replace_variables(word: &str, env: &dyn Fn(&str) -> Option<String>, warnings: &mut Vec<String>) -> String {
    const OPEN: &str = "${envvar:";
    let mut out = String::new();
    let mut rest = word;
    while let Some(at) = rest.find(OPEN) {
        let inner = &rest[at + OPEN.len()..];
        let len = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
        if !inner[len..].starts_with('}') {
            out.push_str(&rest[..at + OPEN.len()]);
            rest = inner;
            continue;
        }
        let name = &inner[..len];
        out.push_str(&rest[..at]);
        match env(name) {
            Some(value) => out.push_str(&value),
            None => {
                out.push_str(name);
                warnings.push(format!("the environment variable {name} is not set, its name is used"));
            }
        }
        rest = &inner[len + 1..];
    }
    out.push_str(rest);
    out
}
