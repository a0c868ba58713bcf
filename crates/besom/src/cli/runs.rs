//! `besom runs`: the runs of a sweep as a table, JSON or CSV.

mod columns;

use std::cmp::Ordering;
use std::collections::HashSet;
use std::io::IsTerminal;

use anyhow::Result;
use besom_core::{Expr, ExprErrorKind, Registry, RunNumber};
use besom_engine::{EngineError, Fields, Place};
use besom_store::{Order, RunQuery, RunRow, Store};
use serde_json::Value;

use crate::cli::arguments::{RunsArguments, Sort};
use crate::cli::front;
use crate::cli::grid::{self, Column};
use crate::cli::output::{self, Outcome, line, notice, painted};
use crate::cli::text::Paint;
use crate::cli::{json, table, target};
use crate::error::InputError;
pub(crate) use columns::{column, varies};

/// How many runs a terminal shows if nobody says how many.
const MOST: usize = 50;

pub(crate) fn runs(registry: &Registry, place: &Place, arguments: &RunsArguments) -> Result<Outcome> {
    let mut store = place.open_to_read()?;
    let sweep = target::sweep_or_newest(&mut *store, place, arguments.id.as_deref())?;
    let most = most(arguments);
    let by_merit = Sort::Best;
    // Runs with several metrics have no order of merit.
    let has_merit = !front::has_front(&sweep);
    if !has_merit && arguments.sort.as_ref() == Some(&by_merit) {
        let first = sweep.new.metrics.first().map_or("metric", |metric| &metric.name);
        let message = format!(
            "--sort best: sweep {} has {} metrics; sort by one of them, as by --sort {first}, or see besom best",
            sweep.id(),
            sweep.new.metrics.len()
        );
        return Err(InputError::new(message).into());
    }
    let may_be_by_merit = match &arguments.sort {
        Some(sort) => *sort == by_merit,
        None => has_merit && most < usize::MAX && arguments.limit.is_none(),
    };
    let read = if may_be_by_merit { Order::Best } else { Order::Number };
    let read = store.runs(sweep.id(), &RunQuery::default().order(read))?;
    let mut fields = Fields::new(sweep, &read);
    let mut runs = filtered(&mut *store, &mut fields, read, arguments)?;
    let all = runs.len();
    let is_cut = all > most && arguments.limit.is_none();
    let sort = arguments.sort.as_ref().or((is_cut && has_merit).then_some(&by_merit));
    order(&mut *store, &mut fields, &mut runs, sort)?;
    runs.truncate(most);
    if arguments.json {
        output::json(&runs.iter().map(json::run).collect::<Vec<_>>())?;
    } else if arguments.csv {
        let out = std::io::stdout().lock();
        besom_engine::write_csv(&mut *store, &mut fields, &runs, &arguments.columns, arguments.raw, out)
            .map_err(of_input)?;
    } else if runs.is_empty() {
        line("no runs")?;
    } else {
        print_table(registry, &mut *store, &mut fields, &runs, &arguments.columns)?;
        if runs.len() < all && arguments.limit.is_none() {
            let how = if arguments.sort.is_none() && has_merit { "best" } else { "first" };
            notice(format!(
                "the {how} {} of {all} runs; show all with --all, or others with --where",
                runs.len()
            ));
        }
    }
    Ok(Outcome::Done)
}

/// How many runs to print.
fn most(arguments: &RunsArguments) -> usize {
    let is_table = !arguments.json && !arguments.csv;
    match arguments.limit {
        Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
        None if is_table && !arguments.all && std::io::stdout().is_terminal() => MOST,
        None => usize::MAX,
    }
}

/// The runs in the states, for which the condition holds.
fn filtered(
    store: &mut dyn Store,
    fields: &mut Fields,
    mut runs: Vec<RunRow>,
    arguments: &RunsArguments,
) -> Result<Vec<RunRow>> {
    if !arguments.state.is_empty() {
        runs.retain(|run| arguments.state.iter().any(|state| state == table::state(run)));
    }
    if let Some(text) = &arguments.filter {
        let mut expr = Expr::parse_filter(text, &fields.names());
        if matches!(&expr, Err(error) if matches!(error.kind, ExprErrorKind::UnknownName { .. })) {
            fields.load(store, &runs)?;
            expr = Expr::parse_filter(text, &fields.names());
        }
        let expr =
            expr.map_err(|error| InputError::new(format!("--where: {error}\n{}", error.excerpt(text))))?;
        runs.retain(|run| expr.holds(&|name| fields.value(run, name)) == Some(true));
    }
    Ok(runs)
}

/// Puts runs, which were read in this order if it is by merit, in order.
fn order(store: &mut dyn Store, fields: &mut Fields, runs: &mut [RunRow], sort: Option<&Sort>) -> Result<()> {
    if sort != Some(&Sort::Best) {
        runs.sort_by_key(|run| run.number);
    }
    match sort {
        // They were read so.
        None | Some(Sort::Number | Sort::Best) => {}
        Some(Sort::Newest) => runs.reverse(),
        Some(Sort::By { column, is_descending }) => {
            fields.require(store, runs, "--sort", std::slice::from_ref(column)).map_err(of_input)?;
            let value = |run: &RunRow| fields.value(run, column);
            runs.sort_by_cached_key(|run| Key(value(run), *is_descending));
        }
    }
    Ok(())
}

/// A value to sort by: numbers before texts before everything else, what is missing last whichever way.
struct Key(Option<Value>, bool);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let (Some(left), Some(right)) = (&self.0, &other.0) else {
            return other.0.is_some().cmp(&self.0.is_some());
        };
        let order = match (left, right) {
            (Value::Number(left), Value::Number(right)) => {
                left.as_f64().unwrap_or(f64::NAN).total_cmp(&right.as_f64().unwrap_or(f64::NAN))
            }
            (Value::String(left), Value::String(right)) => left.cmp(right),
            (left, right) => {
                rank(left).cmp(&rank(right)).then_with(|| left.to_string().cmp(&right.to_string()))
            }
        };
        if self.1 { order.reverse() } else { order }
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        _ => 2,
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Key {}

fn print_table(
    registry: &Registry,
    store: &mut dyn Store,
    fields: &mut Fields,
    runs: &[RunRow],
    chosen: &[String],
) -> Result<()> {
    fields.require(store, runs, "--columns", chosen).map_err(of_input)?;
    if chosen.is_empty() && fields.metrics().nth(1).is_some() {
        fields.load(store, runs)?;
    }
    let columns = if chosen.is_empty() {
        usual_columns(fields, runs)
    } else {
        let others = chosen.iter().filter(|name| *name != "run");
        std::iter::once("run")
            .chain(others.map(String::as_str))
            .map(|name| column(fields, runs, name))
            .collect()
    };
    let best: HashSet<RunNumber> = match fields.metrics().nth(1) {
        Some(_) => {
            let sweep = store.sweep(fields.id())?;
            let front = front::found(registry, store, &sweep)?;
            front.into_iter().flat_map(|front| front.runs).map(|run| run.run).collect()
        }
        None => store.status(fields.id())?.best.map(|best| best.run).into_iter().collect(),
    };
    let paint = |at: usize, title: &str| match runs.get(at) {
        Some(run) if best.contains(&run.number) => Paint::Best,
        Some(run) if title == "state" => table::paint(run),
        _ => Paint::Plain,
    };
    let (lines, dropped): (_, Vec<String>) = grid::fit(columns, output::columns(), paint);
    lines.iter().try_for_each(painted)?;
    if !dropped.is_empty() {
        notice(format!("columns that do not fit: {}; choose with --columns NAME,..", dropped.join(", ")));
    }
    Ok(())
}

/// The columns of a table for which nobody has chosen any: what besom knows, then the parameters that vary.
fn usual_columns(fields: &Fields, runs: &[RunRow]) -> Vec<Column> {
    let mut columns: Vec<Column> = ["run", "state"].map(|name| column(fields, runs, name)).to_vec();
    match fields.metrics().collect::<Vec<_>>()[..] {
        [] => {}
        [metric] => columns.extend([column(fields, runs, metric), column(fields, runs, "last").rank(5)]),
        ref several => columns.extend(several.iter().map(|metric| column(fields, runs, metric))),
    }
    columns.extend([column(fields, runs, "steps").rank(4), column(fields, runs, "time").rank(3)]);
    let varying = fields.params().iter().filter(|name| varies(fields, runs, name));
    columns.extend(varying.map(|name| column(fields, runs, name).rank(2)));
    columns
}

/// A name that means nothing is the user's input; what cannot be written is an error of the output.
fn of_input(error: EngineError) -> anyhow::Error {
    match error {
        EngineError::UnknownColumns { .. } => InputError::new(error.to_string()).into(),
        EngineError::Output(error) => error.into(),
        other => other.into(),
    }
}
