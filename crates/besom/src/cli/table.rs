//! Tables and texts as people read them in a terminal.

use besom_store::RunRow;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Map, Value};

/// A plain table: a header, rows, numbers to the right.
pub(crate) fn table(header: &[&str], right: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.iter().copied());
    for &index in right {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The table as text without trailing blanks.
pub(crate) fn text(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// A metric's value in at most six significant digits, except that seven digits before the point stay: a count of
/// 1,234,567 is not 1,234,570.
pub(crate) fn number(x: f64) -> String {
    match (1e6..1e7).contains(&x.abs()) {
        true => x.round().to_string(),
        false => besom_insight::number(x, 6, 1e-4..1e7),
    }
}

/// A number that may be missing.
pub(crate) fn maybe(x: Option<f64>) -> String {
    x.map_or_else(|| "-".to_owned(), number)
}

/// A time span in the two largest units.
pub(crate) fn span(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..=9 => format!("{:.1} s", milliseconds as f64 / 1000.0),
        10..=59 => format!("{seconds} s"),
        60..=3599 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3600..=86_399 => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {:02} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// Parameters in one line: `lr=0.0123 optimizer.name=adam`.
pub(crate) fn parameters(point: &Map<String, Value>) -> String {
    flat(point).into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

/// Parameters with nested names joined by dots, values shortened.
pub(crate) fn flat(point: &Map<String, Value>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, value) in point {
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                all.extend(flat(inner).into_iter().map(|(below, value)| (format!("{name}.{below}"), value)));
            }
            Value::Number(n) if n.is_f64() => {
                all.push((name.clone(), n.as_f64().map_or_else(String::new, number)));
            }
            Value::String(text) => all.push((name.clone(), text.clone())),
            other => all.push((name.clone(), other.to_string())),
        }
    }
    all
}

/// A text with blanks in place of line ends and other control characters, which names and messages of programs may hold.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// How long a run took, or has been going.
pub(crate) fn duration(run: &RunRow, now_ms: u64) -> Option<u64> {
    Some(run.ended_ms.unwrap_or(now_ms).saturating_sub(run.started_ms?))
}

/// A run's state as a table shows it: runs that a rule ended are `stopped`.
pub(crate) fn state(run: &RunRow) -> &'static str {
    use besom_core::RunState::{Finished, Running};
    match (run.state, &run.stop_kind) {
        (Finished, Some(besom_store::StopKind::Early)) => "stopped",
        (Running, Some(_)) => "stopping",
        (state, _) => state.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn digits_before_the_point_stay() {
        let shown = [1_234_567.0, -1_234_567.8, 123_456.7, 0.1234567, 12_345_678.0, 0.0].map(number);
        assert_eq!(shown, ["1234567", "-1234568", "123457", "0.123457", "1.23457e7", "0"]);
    }
}
