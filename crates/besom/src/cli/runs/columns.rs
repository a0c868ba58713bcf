//! Columns of a table of runs.

use besom_engine::Fields;
use besom_store::RunRow;
use serde_json::Value;

use crate::cli::grid::Column;
use crate::cli::table;

/// Whether a parameter has different values in these runs, or stands in one of several only.
pub(crate) fn varies(fields: &Fields, runs: &[RunRow], name: &str) -> bool {
    let mut values = runs.iter().map(|run| fields.value(run, name));
    let first = values.next();
    runs.len() < 2 || values.any(|value| Some(value) != first)
}

/// A column of a table: numbers in as many digits as tell them apart, to the right.
pub(crate) fn column(fields: &Fields, runs: &[RunRow], name: &str) -> Column {
    if name == "time" {
        let time = |run: &RunRow| fields.took_ms(run).map_or_else(|| "-".into(), table::span);
        return Column::right(name, runs.iter().map(time).collect());
    }
    let values: Vec<Option<Value>> = runs.iter().map(|run| fields.value(run, name)).collect();
    if values.iter().flatten().all(Value::is_number) && name != "run" {
        return Column::right(name, numbers(&values));
    }
    let cells = values.iter().map(|value| value.as_ref().map_or_else(|| "-".into(), table::value)).collect();
    if name == "run" { Column::right(name, cells) } else { Column::text(name, cells) }
}

fn numbers(values: &[Option<Value>]) -> Vec<String> {
    let is_float = |value: &Value| value.as_number().is_some_and(serde_json::Number::is_f64);
    let floats: Vec<f64> =
        values.iter().flatten().filter(|value| is_float(value)).filter_map(Value::as_f64).collect();
    let mut texts = table::numbers(&floats).into_iter();
    let cell = |value: &Option<Value>| match value {
        None => "-".to_owned(),
        Some(value) if is_float(value) => texts.next().unwrap_or_default(),
        Some(value) => value.to_string(),
    };
    values.iter().map(cell).collect()
}
