//! Runs as CSV: what besom knows, all parameters, and all that was logged besides the metric, exact values.

use std::fmt;
use std::io::Write;

use besom_core::RunNumber;
use besom_core::text::is_hostile;
use besom_store::{RunQuery, RunRow, Store, SweepRow};
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
    write_titles(&mut csv, &columns, raw)?;
    write_runs(&mut csv, &columns, fields, runs, raw)?;
    csv.flush().map_err(EngineError::Output)
}

/// All runs of a sweep as [`write_csv`] writes them without a choice of columns, one page after the other: no more than a page is in
/// memory, however many runs there are. The columns are those of the runs that were there at first.
pub struct CsvPages {
    fields: Fields,
    columns: Vec<(String, Of)>,
    prepare: Box<Prepare>,
    /// The last run that was written.
    last: Option<RunNumber>,
    has_begun: bool,
}

/// What is done to each run before it is written: to hide secrets, say.
type Prepare = dyn Fn(&mut RunRow) + Send;

impl fmt::Debug for CsvPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvPages").field("last", &self.last).finish_non_exhaustive()
    }
}

impl CsvPages {
    /// How many runs a page has at most.
    pub const RUNS: u64 = 1_000;

    /// The pages of a sweep, of whose runs each is prepared so before it is written. Reads all runs once, for the names of their
    /// columns.
    ///
    /// # Errors
    /// If the store fails.
    pub fn new(
        store: &mut dyn Store,
        sweep: SweepRow,
        prepare: impl Fn(&mut RunRow) + Send + 'static,
    ) -> Result<Self, EngineError> {
        let mut fields = Fields::new(sweep, &[]);
        let mut last = None;
        loop {
            let runs = page(store, &fields, last, &prepare)?;
            let Some(run) = runs.last() else { break };
            last = Some(run.number);
            fields.turn_to(store, &runs)?;
        }
        let columns = usual(&fields);
        Ok(Self { fields, columns, prepare: Box::new(prepare), last: None, has_begun: false })
    }

    /// The next page, of which the first has the titles; `None` after the last one.
    ///
    /// # Errors
    /// If the store fails. Then the call may be repeated.
    pub fn next(&mut self, store: &mut dyn Store) -> Result<Option<Vec<u8>>, EngineError> {
        let runs = page(store, &self.fields, self.last, &*self.prepare)?;
        if runs.is_empty() && self.has_begun {
            return Ok(None);
        }
        self.fields.turn_to(store, &runs)?;
        let mut csv = csv::Writer::from_writer(Vec::new());
        if !self.has_begun {
            write_titles(&mut csv, &self.columns, false)?;
        }
        write_runs(&mut csv, &self.columns, &self.fields, &runs, false)?;
        let text = csv.into_inner().map_err(|error| EngineError::Output(error.into_error()))?;
        self.last = runs.last().map(|run| run.number).or(self.last);
        self.has_begun = true;
        Ok(Some(text))
    }
}

/// The runs after one.
fn page(
    store: &mut dyn Store,
    fields: &Fields,
    after: Option<RunNumber>,
    prepare: &dyn Fn(&mut RunRow),
) -> Result<Vec<RunRow>, EngineError> {
    let mut runs = store.runs(fields.id(), &RunQuery::default().after(after).limit(CsvPages::RUNS))?;
    runs.iter_mut().for_each(prepare);
    Ok(runs)
}

fn write_titles(
    csv: &mut csv::Writer<impl Write>,
    columns: &[(String, Of)],
    raw: bool,
) -> Result<(), EngineError> {
    csv.write_record(columns.iter().map(|(title, _)| shown(title, raw))).map_err(failed)
}

fn write_runs(
    csv: &mut csv::Writer<impl Write>,
    columns: &[(String, Of)],
    fields: &Fields,
    runs: &[RunRow],
    raw: bool,
) -> Result<(), EngineError> {
    for run in runs {
        let cells = columns.iter().map(|(_, of)| match of.value(fields, run) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => shown(&text, raw),
            Some(Value::Number(x)) => {
                x.as_f64().filter(|_| x.is_f64()).map_or_else(|| x.to_string(), |x| x.to_string())
            }
            Some(other) => shown(&other.to_string(), raw),
        });
        csv.write_record(cells).map_err(failed)?;
    }
    Ok(())
}

fn failed(error: csv::Error) -> EngineError {
    EngineError::Output(error.into())
}

fn shown(text: &str, raw: bool) -> String {
    if raw { text.to_owned() } else { safe(text) }
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
    let is_one = fields.metrics().nth(1).is_none();
    let mut columns = vec![
        field("run", "run"),
        field("state", "state"),
        field("stop_reason", "stop_reason"),
        field("rows", "steps"),
    ];
    // With several metrics the last value of each counts; the others are among the keys below.
    match is_one {
        true => columns
            .extend([field(&format!("best_{metric}"), "best"), field(&format!("last_{metric}"), "last")]),
        false => columns.push(field(metric, "best")),
    }
    columns.push(("started_ms".to_owned(), Of::Started));
    columns.push(("ended_ms".to_owned(), Of::Ended));
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
