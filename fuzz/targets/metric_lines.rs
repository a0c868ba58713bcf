//! Metrics files of any bytes, written in any pieces: rows come out the same however the file is read, and what besom
//! writes comes out as it was.

#![no_main]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use besom_fuzz::{Bytes, value};
use besom_store::Row;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

// The reader is no public part of its crate; it is compiled here once more.
#[expect(dead_code, unreachable_pub, reason = "the reader's own crate needs more of it")]
#[path = "../../crates/besom-agent/src/metrics/line.rs"]
mod line;
#[expect(dead_code, reason = "the reader's own crate needs more of it")]
#[path = "../../crates/besom-agent/src/metrics/said.rs"]
mod said;
#[expect(dead_code, reason = "the reader's own crate needs more of it")]
#[path = "../../crates/besom-agent/src/metrics/tail.rs"]
mod tail;

use said::Said;
use tail::Tail;

/// The longest line that is read, in bytes.
const MAX_LINE: usize = 1 << 20;

fuzz_target!(|input: &[u8]| {
    let path = std::env::temp_dir().join(format!("besom-fuzz-metrics-{}", std::process::id()));
    let (cuts, file) = input.split_at(input.len().min(4));
    check_pieces(&path, cuts, file);
    check_own_rows(&path, cuts, file);
    let _ = fs::remove_file(&path);
});

/// Reads all that is there.
fn rows(tail: &mut Tail) -> Vec<Row> {
    let mut rows = Vec::new();
    loop {
        let more = tail.read().expect("the file can be read");
        if more.is_empty() {
            return rows;
        }
        rows.extend(more);
    }
}

fn at_once(path: &Path) -> Vec<Row> {
    let mut tail = Tail::new(PathBuf::from(path));
    let mut found = rows(&mut tail);
    found.extend(tail.take_unterminated());
    tail.warnings();
    found
}

/// A file that grows by pieces gives the rows that it gives at once, numbered from 1 without gaps.
fn check_pieces(path: &Path, cuts: &[u8], file: &[u8]) {
    let mut written = File::create(path).expect("a file can be made");
    let mut tail = Tail::new(PathBuf::from(path));
    let mut found = Vec::new();
    let mut rest = file;
    for &cut in cuts {
        let (piece, more) = rest.split_at(rest.len().min(usize::from(cut)));
        written.write_all(piece).expect("it can be written");
        found.extend(rows(&mut tail));
        rest = more;
    }
    written.write_all(rest).expect("it can be written");
    found.extend(rows(&mut tail));
    found.extend(tail.take_unterminated());
    assert_eq!(found, at_once(path), "in pieces (left), at once (right)");
    for (place, row) in (1..).zip(&found) {
        assert_eq!(row.seq, place);
        serde_json::to_string(&row.values).expect("a row can be stored");
    }
    assert!(found.len() <= file.split(|&byte| byte == b'\n').count());
}

/// Rows that are written as besom writes them come out as they were, whatever stands before them.
fn check_own_rows(path: &Path, cuts: &[u8], file: &[u8]) {
    let mut bytes = Bytes::new(file);
    let own: Vec<Map<String, Value>> = (0..=cuts.len())
        .map(|_| {
            [("loss".to_owned(), value(&mut bytes, 2)), ("x".to_owned(), value(&mut bytes, 1))]
                .into_iter()
                .collect()
        })
        .collect();
    let mut written = Vec::from(file);
    written.push(b'\n');
    for row in &own {
        serde_json::to_writer(&mut written, row).expect("a row can be written");
        written.push(b'\n');
    }
    fs::write(path, written).expect("the file can be written");
    let found = at_once(path);
    let found: Vec<_> = found[found.len() - own.len()..].iter().map(|row| &row.values).collect();
    assert_eq!(found, own.iter().collect::<Vec<_>>());
}
