//! What an earlier attempt of a run has logged last, for a program that resumes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde_json::{Map, Value};

use crate::wandb::lenient;

/// How much of the end of a file is looked at, in bytes: many rows.
const END: u64 = 64 << 10;

/// The last row of the newest attempt before this one that has any; `directory` is that of the present attempt.
pub(super) fn last_row(directory: &Path, attempt: u64) -> Option<Map<String, Value>> {
    let run = directory.parent()?;
    (1..attempt).rev().find_map(|before| {
        let file = File::open(run.join(format!("attempt-{before}/metrics.jsonl"))).ok()?;
        last_of(&file).ok().flatten()
    })
}

fn last_of(file: &File) -> io::Result<Option<Map<String, Value>>> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(END);
    let mut bytes = vec![0; usize::try_from(length - from).unwrap_or_default()];
    file.read_exact_at(&mut bytes, from)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().rev().filter_map(|line| lenient::parse(line).ok()).find(is_row))
}

/// Whether this is a row and no message to the agent.
fn is_row(line: &Map<String, Value>) -> bool {
    !(line.len() == 1 && line.contains_key("_besom"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_last_row_of_the_newest_attempt_that_has_one_is_found() {
        let run = tempfile::tempdir().unwrap();
        let write = |attempt: u64, text: &str| {
            let directory = run.path().join(format!("attempt-{attempt}"));
            fs::create_dir(&directory).unwrap();
            fs::write(directory.join("metrics.jsonl"), text).unwrap();
        };
        write(1, "{\"_step\": 1}\n{\"_step\": 2, \"loss\": NaN}\n{\"_besom\": {\"tags\": []}}\n{\"_st");
        write(2, "");
        write(3, "{\"_step\": 9}\n");
        let present = run.path().join("attempt-3");
        assert_eq!(last_row(&present, 3).unwrap()["_step"], 2);
        assert_eq!(last_row(&present, 1), None);
    }
}
