//! Runs as CSV: what besom knows, all parameters, and all that was logged besides the metric, exact values.

use std::io::Write;

use besom_core::text::is_hostile;
use besom_store::{RunRow, Store};
use serde_json::Value;

use crate::{EngineError, Fields};

/// Writes runs as CSV: these columns (names as [`Fields`] has them), or all that is known of them if there are none. Unless they are to
/// be `raw`, no text is one that a spreadsheet takes for a formula, or a terminal for a command.
///
/// # Errors
/// [`EngineError::UnknownColumns`]; if the store or the writer fails.
pub fn write_csv(
    store: &mut dyn Store,
    fields: &mut Fields,
    runs: &[RunRow],
    columns: &[String],
    raw: bool,
    out: impl Write,
) -> Result<(), EngineError> {
    fields.require(store, runs, "--columns", columns)?;
    let columns = if columns.is_empty() {
        fields.load(store, runs)?;
        usual(fields)
    } else {
        columns.iter().map(|name| (name.clone(), Of::Field(name.clone()))).collect()
    };
    let mut csv = csv::Writer::from_writer(out);
    let safe = |text: String| if raw { text } else { safe(&text) };
    let failed = |error: csv::Error| EngineError::Output(error.into());
    csv.write_record(columns.iter().map(|(title, _)| safe(title.clone()))).map_err(failed)?;
    for run in runs {
        let cells = columns.iter().map(|(_, of)| match of.value(fields, run) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => safe(text),
            Some(Value::Number(x)) => {
                x.as_f64().filter(|_| x.is_f64()).map_or_else(|| x.to_string(), |x| x.to_string())
            }
            Some(other) => safe(other.to_string()),
        });
        csv.write_record(cells).map_err(failed)?;
    }
    csv.flush().map_err(EngineError::Output)
}

/// What stands in a column.
enum Of {
    Started,
    Ended,
    Field(String),
}

impl Of {
    fn value(&self, fields: &Fields, run: &RunRow) -> Option<Value> {
        match self {
            Self::Started => run.started_ms.map(Value::from),
            Self::Ended => run.ended_ms.map(Value::from),
            Self::Field(name) => fields.value(run, name),
        }
    }
}

/// Titles and columns if nobody has chosen any. A name that stands there already gets what it belongs to before it.
fn usual(fields: &Fields) -> Vec<(String, Of)> {
    let field = |title: &str, name: &str| (title.to_owned(), Of::Field(name.to_owned()));
    let metric = fields.metric().unwrap_or("metric");
    let mut columns = vec![
        field("run", "run"),
        field("state", "state"),
        field("stop_reason", "stop_reason"),
        field("rows", "steps"),
        field(&format!("best_{metric}"), "best"),
        field(&format!("last_{metric}"), "last"),
        ("started_ms".to_owned(), Of::Started),
        ("ended_ms".to_owned(), Of::Ended),
    ];
    let params = fields.params().iter().map(|name| (name.as_str(), "params."));
    let others = fields.other_keys().into_iter().map(|name| (name, "metrics."));
    for (name, prefix) in params.chain(others) {
        let full = format!("{prefix}{name}");
        let is_taken = columns.iter().any(|(title, _)| title == name);
        columns.push((if is_taken { full.clone() } else { name.to_owned() }, Of::Field(full)));
    }
    columns
}

/// A text that no spreadsheet takes for a formula, and no terminal for a command.
fn safe(text: &str) -> String {
    let quote = if text.starts_with(['=', '@', '+', '-', '\t', '\r']) { "'" } else { "" };
    let text: String = text
        .chars()
        .map(|c| {
            if is_hostile(c) && !matches!(c, '\n' | '\t' | '\r') {
                c.escape_unicode().to_string()
            } else {
                c.to_string()
            }
        })
        .collect();
    format!("{quote}{text}")
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn a_text_that_a_spreadsheet_would_compute_gets_a_quote() {
        let given = ["=1+1", "@sum", "-x", "+x", "\t=1", "a=1", "", "a\u{202e}b\x1b[0m"];
        let expected = ["'=1+1", "'@sum", "'-x", "'+x", "'\t=1", "a=1", "", "a\\u{202e}b\\u{1b}[0m"];
        assert_eq!(given.map(safe), expected);
    }
}
