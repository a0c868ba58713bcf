//! Tables and texts as people read them in a terminal.

use besom_core::RunState;
use besom_core::value::label;
use besom_engine::leaves;
use besom_store::RunRow;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Map, Value};

use crate::cli::text::{Paint, one_line};

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

/// A value in six significant digits, or as many more as it takes to show that it is not a whole number. Whole numbers of
/// up to seven digits are exact.
pub(crate) fn number(x: f64) -> String {
    in_digits(x, 6)
}

fn in_digits(x: f64, least: usize) -> String {
    let is_whole = |x: f64| x.fract() == 0.0;
    if is_whole(x) && x.abs() < 1e7 {
        return besom_insight::number(x, 17, 0.0..1e7);
    }
    let texts = (least..=17).map(|digits| besom_insight::number(x, digits, 1e-4..1e7));
    let fits = |text: &String| is_whole(x) || !text.parse().is_ok_and(is_whole);
    texts.into_iter().find(fits).unwrap_or_else(|| x.to_string())
}

/// The values of a column, in as many digits as it takes to tell them apart, but at least six.
pub(crate) fn numbers(values: &[f64]) -> Vec<String> {
    let digits = (6..=17).find(|&digits| tells_apart(values, digits)).unwrap_or(17);
    values.iter().map(|&x| in_digits(x, digits)).collect()
}

/// Whether values that differ by more than what rounding does are different texts.
fn tells_apart(values: &[f64], digits: usize) -> bool {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted.windows(2).all(|pair| {
        let differ = pair[1] - pair[0] > 1e-13 * pair[0].abs().max(pair[1].abs());
        !differ || in_digits(pair[0], digits) != in_digits(pair[1], digits)
    })
}

/// `1 run`, `2 runs`.
pub(crate) fn count(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
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

/// Parameters with nested names joined by dots, values shortened, each in one line.
pub(crate) fn flat(point: &Map<String, Value>) -> Vec<(String, String)> {
    leaves(point).into_iter().map(|(name, v)| (one_line(&name), value(&v))).collect()
}

/// `NAME  VALUE`, the values below one another.
pub(crate) fn pairs(values: Vec<(String, String)>) -> Vec<String> {
    let width = values.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    values.into_iter().map(|(name, value)| format!("{name:<width$}  {value}")).collect()
}

/// A value in one line: numbers shortened, texts without quotes unless they read as something else.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::Number(n) if n.is_f64() => n.as_f64().map_or_else(String::new, number),
        Value::String(text) => one_line(&label(text)),
        other => one_line(&other.to_string()),
    }
}

/// A run's state as a table shows it: runs that a rule ended are `stopped`.
pub(crate) fn state(run: &RunRow) -> &'static str {
    besom_engine::run_state(run.state, run.stop_kind)
}

/// How the state of a run looks: green if it finished, gray if it was stopped or waits, red if it failed.
pub(crate) fn paint(run: &RunRow) -> Paint {
    match run.state {
        RunState::Finished if state(run) == "finished" => Paint::Good,
        RunState::Finished | RunState::Pending | RunState::Preempted => Paint::Dim,
        RunState::Failed | RunState::Crashed | RunState::Killed => Paint::Bad,
        _ => Paint::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_stay_and_others_never_look_whole() {
        let shown = [1_234_567.0, 123_456.7, 0.1234567, 12_345_678.0, 0.0].map(number);
        assert_eq!(shown, ["1234567", "123456.7", "0.123457", "1.23457e7", "0"]);
        let shown = [-1_234_567.8, 1_234_567.25, 12_345_678.25, 0.999_999_99, 3.000_000_01].map(number);
        assert_eq!(shown, ["-1234567.8", "1234567.2", "1.23456782e7", "0.99999999", "3.00000001"]);
    }

    #[test]
    fn digits_of_a_column_tell_its_values_apart() {
        let close = [0, 1, 2, 3].map(|i| 0.99999 + 9e-8 * f64::from(i));
        assert_eq!(numbers(&close), ["0.99999", "0.9999901", "0.9999902", "0.9999903"]);
        let large = [0.5, 0.25, 0.125].map(|x| -1_234_567.0 + x);
        assert_eq!(numbers(&large), ["-1234566.5", "-1234566.8", "-1234566.9"]);
        assert_eq!(numbers(&[0.1 + 0.2, 0.3, f64::NAN]), ["0.3", "0.3", "NaN"]);
    }
}
