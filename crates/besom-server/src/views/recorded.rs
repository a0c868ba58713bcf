//! What an export has of single runs: the answers that the page of a run asks for.
//!
//! The best runs come first, and no more once the answers are large: what a reader of an export wants to see are the good runs, and a
//! file that is mailed must stay small.

use std::path::Path;

use besom_engine::{failed_runs, run_output};
use besom_store::{Order, RunQuery, RunRow, Store, SweepRow};
use serde_json::{Value, json};

use super::curves::{self, Runs};
use super::export::encoded;
use super::known::Kept;
use super::run::{self, Others};
use super::secrets::Secrets;
use super::{events, output};
use crate::refusal::Refusal;

/// Up to so many runs, an export has all of them in full; of more, only the best ones.
const ALL: u64 = 1_000;
const BEST: u64 = 500;

/// Bytes of answers after which no more runs follow. Compressed they are about a tenth.
const BYTES: usize = 24 << 20;

/// Rows in a page, as the page asks for them, and how many such pages a run has.
const ROWS: u64 = 50;
const PAGES: u64 = 4;

/// What is kept of the beginning and of the end of a run's output, in bytes.
const HEAD: usize = 4 << 10;
const TAIL: usize = 16 << 10;

/// How many runs have their curves among those of the best.
const CURVES: usize = 200;

/// Calls for each answer about a run, with its path after that of the sweep.
pub(super) fn each(
    store: &mut dyn Store,
    sweep: &SweepRow,
    kept: &Kept,
    directory: Option<&Path>,
    add: &mut dyn FnMut(String, Vec<u8>),
) -> Result<(), Refusal> {
    let best = store.status(sweep.id())?.best.map(|best| best.run);
    let config = kept.known.config.as_ref();
    let failed = config.and_then(|config| failed_runs(store, sweep, config).ok()).unwrap_or_default();
    let most = if sweep.runs <= ALL { ALL } else { BEST };
    let mut spent = 0;
    for (rank, row) in
        store.runs(sweep.id(), &RunQuery::default().order(Order::Best).limit(most))?.iter().enumerate()
    {
        let path = format!("/runs/{}", row.number);
        let others = Others { best, counts: failed.get(row.number) };
        let mut answers = vec![(path.clone(), run::in_full(store, sweep, kept, row, others)?)];
        if spent < BYTES {
            answers.extend(pages(store, sweep, kept, row, &path)?);
            answers.extend(printed(store, sweep, kept, directory, row)?);
            answers.push((
                format!("{path}/events?after=0&limit=1000"),
                events::listed(store, sweep, kept, Some(row.number), (0, 1_000))?,
            ));
        }
        if let Some(metric) = sweep.new.metrics.first().filter(|_| rank >= CURVES && spent < BYTES) {
            let curve = curves::drawn(store, sweep, &metric.name, &Runs::Numbers(vec![row.number]), 200)?;
            let metric = encoded(&metric.name);
            answers.push((format!("/curves?metric={metric}&runs={}&buckets=200", row.number), curve));
        }
        for (path, answer) in answers {
            let answer = answer.to_string().into_bytes();
            spent += answer.len();
            add(path, answer);
        }
    }
    Ok(())
}

/// The first pages of its rows.
fn pages(
    store: &mut dyn Store,
    sweep: &SweepRow,
    kept: &Kept,
    row: &RunRow,
    path: &str,
) -> Result<Vec<(String, Value)>, Refusal> {
    let (mut all, mut after) = (Vec::new(), 0);
    for _ in 0..PAGES {
        let page = run::page_of_rows(store, sweep, kept, (row.number, None), (after, ROWS))?;
        let (more, last) =
            (page["more"] == true, page["rows"].as_array().and_then(|rows| rows.last()?["seq"].as_u64()));
        all.push((format!("{path}/rows?after={after}&limit={ROWS}"), page));
        match last {
            Some(last) if more => after = last,
            _ => break,
        }
    }
    Ok(all)
}

/// The output of its newest attempt, if there is one.
fn printed(
    store: &mut dyn Store,
    sweep: &SweepRow,
    kept: &Kept,
    directory: Option<&Path>,
    row: &RunRow,
) -> Result<Option<(String, Value)>, Refusal> {
    if row.attempt == 0 {
        return Ok(None);
    }
    let output = run_output(store, directory, sweep.id(), row.number, row.attempt, 0)?;
    let shown = clipped(output::shown(&output, row.attempt, row.attempt), &kept.known.secrets);
    Ok(Some((format!("/runs/{}/output?attempt={}", row.number, row.attempt), shown)))
}

/// The same with less of its beginning and of its end, and without secrets.
fn clipped(mut shown: Value, secrets: &Secrets) -> Value {
    let text = |key: &str| secrets.mask_text(shown[key].as_str().unwrap_or_default());
    let (mut head, mut tail) = (text("head"), text("tail"));
    let size = head.len() + tail.len();
    if size > HEAD + TAIL {
        let rest = head.split_off(head.floor_char_boundary(HEAD));
        tail.insert_str(0, &rest);
        tail = tail.split_off(tail.ceil_char_boundary(tail.len().saturating_sub(TAIL)));
    }
    let left_out = size - head.len() - tail.len();
    shown["missing"] = json!(shown["missing"].as_u64().unwrap_or_default() + left_out as u64);
    (shown["head"], shown["tail"]) = (head.into(), tail.into());
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_output_keeps_its_beginning_and_its_end() {
        let secrets = Secrets::new(None, "api_key: sk-secret-1\n");
        let text = format!("begins sk-secret-1{}ä ends", "ü".repeat(20_000));
        let shown = json!({ "head": text, "tail": "", "missing": 0, "total": text.len() });
        let clipped = clipped(shown, &secrets);
        let (head, tail) =
            (clipped["head"].as_str().unwrap_or_default(), clipped["tail"].as_str().unwrap_or_default());
        assert!(head.starts_with("begins ***") && tail.ends_with("ä ends"), "{head:.20}");
        assert!(head.len() <= HEAD && tail.len() <= TAIL);
        let missing = clipped["missing"].as_u64().unwrap_or_default();
        assert_eq!(
            usize::try_from(missing).unwrap_or_default() + head.len() + tail.len(),
            text.len() - "sk-secret-1".len() + 3
        );
    }
}
