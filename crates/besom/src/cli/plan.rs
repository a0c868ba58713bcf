//! `besom plan`: what a sweep file would do.

use anyhow::{Context, Result};
use besom_agent::RunDir;
use besom_config::SweepConfig;
use besom_core::distribution::{Continuous, Step};
use besom_core::{Answer, Distribution, Goal, Metric, Registry, RunNumber};
use besom_store::{Lease, SweepId};
use serde_json::{Map, Value, json};

use crate::cli::arguments::PlanArguments;
use crate::cli::input::read_sweep_file;
use crate::cli::output::{self, Outcome, line};
use crate::cli::table;
use crate::error::InputError;
use besom_engine::Place;

pub(crate) fn plan(registry: &Registry, place: &Place, arguments: &PlanArguments) -> Result<Outcome> {
    let config = &read_sweep_file(registry, &arguments.file, arguments.strict)?.config;
    let (n, given) = (arguments.n, arguments.seed.or(config.seed));
    let seed = given.unwrap_or(0);
    let mut sweep = besom_engine::build(registry, config, seed)?;
    let mut points = Vec::new();
    while points.len() < n {
        let Answer::Try(suggestions) = sweep.suggest(n - points.len())? else { break };
        for suggestion in suggestions {
            points.push(suggestion.point.to_json());
            let run = besom_core::Run::new(suggestion.point);
            sweep.import(run.with_note(suggestion.note));
        }
    }
    let commands = points.iter().map(|point| preview(place, config, point));
    let commands = commands.collect::<Result<Vec<_>>>()?;
    if arguments.json {
        output::json(&plan_json(config, seed, &points, &commands))?;
        return Ok(Outcome::Done);
    }
    line(parameters_table(config))?;
    line("")?;
    line(size(config))?;
    if let Some(metrics) = metrics(config) {
        line(metrics)?;
    }
    for constraint in constraints(config) {
        line(constraint)?;
    }
    if given.is_none() && config.method.name != "grid" {
        line(
            "no seed given: a sweep draws its own, so its points will differ from these (shown for seed 0)",
        )?;
    }
    if let Some(note) = interpreter_note(config) {
        line(note)?;
    }
    for (index, (point, command)) in points.iter().zip(&commands).enumerate() {
        line(format!("\nrun {}: {}\n  {}", index + 1, table::parameters(point), command.text))?;
        for warning in &command.warnings {
            line(format!("  warning: {warning}"))?;
        }
    }
    Ok(Outcome::Done)
}

fn plan_json(config: &SweepConfig, seed: u64, points: &[Map<String, Value>], commands: &[Preview]) -> Value {
    let parameters = config.space.parameters().iter().map(|p| {
        let mut shown =
            json!({ "name": p.name.path(), "distribution": p.distribution.name(), "range": range(&p.distribution) });
        if let Some(when) = &p.when {
            shown["when"] = when.to_string().into();
        }
        shown
    });
    let runs =
        points.iter().zip(commands).map(|(point, command)| json!({ "params": point, "argv": command.argv }));
    json!({
        "method": config.method.name,
        "seed": seed,
        "parameters": parameters.collect::<Vec<_>>(),
        "metrics": config.metrics.iter().map(metric_json).collect::<Vec<_>>(),
        "points": besom_engine::points(config).map(|size| size.to_string()),
        "constraints": config.space.constraints().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "legal": config.space.legal_share().map(|share| share.legal as f64 / share.points.max(1) as f64),
        "runs": runs.collect::<Vec<_>>(),
    })
}

fn parameters_table(config: &SweepConfig) -> String {
    let heads = ["parameter", "distribution", "values", "when"];
    let columns = if config.space.is_conditional() { 4 } else { 3 };
    let mut rows = table::table(&heads[..columns], &[]);
    for parameter in config.space.parameters() {
        let distribution = &parameter.distribution;
        let when = parameter.when.as_ref().map_or_else(|| "always".to_owned(), ToString::to_string);
        let cells = [parameter.name.to_string(), distribution.name().to_owned(), range(distribution), when];
        rows.add_row(cells.into_iter().take(columns));
    }
    table::text(&rows)
}

fn size(config: &SweepConfig) -> String {
    let cap = config.run_cap.map(|cap| format!(", at most {cap} runs")).unwrap_or_default();
    let dimensions = config.space.dimensions();
    let size = match besom_engine::points(config) {
        Some(size) => format!("{size} points"),
        None => format!("{dimensions} dimensions"),
    };
    let stopping =
        config.early_terminate.as_ref().map(|rule| format!(", {} stopping", rule.name)).unwrap_or_default();
    format!("{} search over {size}{cap}{stopping}", config.method.name)
}

/// What a sweep with several metrics looks for.
fn metrics(config: &SweepConfig) -> Option<String> {
    let goal = |metric: &Metric| {
        let worse = match metric.goal {
            Goal::Minimize => "above",
            Goal::Maximize => "below",
        };
        let threshold = metric.threshold.map(|limit| format!(" (nothing {worse} {limit} counts)"));
        format!("{} {}{}", metric.goal, metric.name, threshold.unwrap_or_default())
    };
    let goals: Vec<String> = config.metrics.iter().map(goal).collect();
    (goals.len() > 1).then(|| format!("front of {} metrics: {}", goals.len(), goals.join(", ")))
}

fn metric_json(metric: &Metric) -> Value {
    json!({
        "name": metric.name, "goal": metric.goal, "target": metric.target, "threshold": metric.threshold,
    })
}

/// What points must keep, and how many do.
fn constraints(config: &SweepConfig) -> Vec<String> {
    let Some(share) = config.space.legal_share() else { return Vec::new() };
    let points = share.points.max(1);
    let percent = |kept: usize| match (kept, share.exact) {
        (0, false) => format!("less than {} %", table::number(100.0 / points as f64)),
        _ => format!("{} %", table::number(100.0 * kept as f64 / points as f64)),
    };
    let of = if share.exact { "all" } else { "random" };
    let each = config.space.constraints().iter().zip(&share.kept);
    let each = each.map(|(constraint, &kept)| format!("  {constraint}   ({} of {of} points)", percent(kept)));
    let head = format!("constraints, which {} of {of} points keep:", percent(share.legal));
    std::iter::once(head).chain(each).collect()
}

/// What values a distribution gives, in one short text.
fn range(distribution: &Distribution) -> String {
    match distribution {
        Distribution::Constant(value) => value.to_string(),
        Distribution::Categorical { values, probabilities } => {
            let shown = if values.len() <= 10 { values.len() } else { 8 };
            let texts: Vec<_> = values.iter().take(shown).map(Value::to_string).collect();
            let more = values.len() - shown;
            let more = if more > 0 { format!(", .. {more} more") } else { String::new() };
            let weights = probabilities.as_ref().map(|_| " with probabilities").unwrap_or_default();
            format!("{}{more}{weights}", texts.join(", "))
        }
        Distribution::IntUniform { min, max } => format!("{min} .. {max}"),
        Distribution::Continuous(shape) => shape_range(shape),
        Distribution::Quantized(shape, Step { q, .. }) => {
            format!("{} in steps of {q}", shape_range(shape))
        }
        other => other.name().to_owned(),
    }
}

fn shape_range(shape: &Continuous) -> String {
    use Continuous::{
        Beta, InvLogUniform, InvLogUniformValues, LogNormal, LogUniform, LogUniformValues, Normal, Uniform,
    };
    match *shape {
        Uniform { min, max } | LogUniformValues { min, max } | InvLogUniformValues { min, max } => {
            format!("{} .. {}", table::number(min), table::number(max))
        }
        LogUniform { min, max } | InvLogUniform { min, max } => {
            format!("e^{} .. e^{}", table::number(min), table::number(max))
        }
        Normal { mu, sigma } | LogNormal { mu, sigma } => {
            format!("mu {}, sigma {}", table::number(mu), table::number(sigma))
        }
        Beta { a, b } => format!("a {}, b {}", table::number(a), table::number(b)),
        _ => String::new(),
    }
}

/// What to know of the interpreter, if the command uses one.
fn interpreter_note(config: &SweepConfig) -> Option<String> {
    let uses = |command: &Vec<String>| command.iter().any(|word| word == "${interpreter}");
    let is_used = config.command.as_ref().is_none_or(uses);
    let path = std::env::var("PATH").ok();
    let note = "there is no 'python' in any directory of PATH: ${interpreter} is python3";
    (is_used && besom_agent::interpreter(path.as_deref()) == "python3").then(|| note.to_owned())
}

/// The command line of a run, as `besom plan` shows it.
struct Preview {
    argv: Vec<String>,
    text: String,
    warnings: Vec<String>,
}

fn preview(place: &Place, config: &SweepConfig, point: &Map<String, Value>) -> Result<Preview> {
    let environment = |name: &str| std::env::var(name).ok();
    // The paths of files depend on sweep and run, which are not there yet.
    let lease = Lease { sweep: SweepId::new("SWEEP"), run: RunNumber::FIRST, attempt: 1 };
    let directory = place.directory().context("the store has no directory")?;
    let json_path = RunDir::new(directory, &lease).args_json().display().to_string();
    let (command, program) = (config.command.as_deref(), config.program.as_deref());
    let line = besom_agent::command_line(command, program, point, &json_path, 0, &environment);
    let line = line.map_err(|error| InputError::new(error.to_string()))?;
    let quoted = line.argv.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ");
    Ok(Preview { argv: line.argv, text: quoted, warnings: line.warnings })
}

/// A word as a shell would need it, for people to read and copy.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
