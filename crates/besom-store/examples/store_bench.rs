//! How fast the store is on this disk, beside what the disk allows:
//!
//! ```text
//! cargo run --release -p besom-store --example store_bench [DIRECTORY]
//! ```
//!
//! Prints the rate of claim and finish from 8 processes at one store and that of bare durable transactions in the same
//! run, metric rows a second, and the time of `status`, `changes` and others on 10^5 runs. The directory (a new one in
//! the working directory if none is named) decides which disk is measured.
#![expect(clippy::print_stdout, reason = "it is there to print")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use besom_core::{Goal, RunNumber, RunState};
use besom_store::{
    Claim, End, NewAgent, NewRun, NewSweep, Order, Queue, Row, RunQuery, SqliteStore, Store, SweepId,
    system_clock,
};
use rusqlite::Connection;
use serde_json::{Map, Value, json};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const PROCESSES: usize = 8;
const ROUNDS: usize = 3;
const RUNS: usize = 640;
const BARE: usize = 640;
const MANY: usize = 100_000;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, file] = arguments.as_slice()
        && command == "work"
    {
        return work(Path::new(file));
    }
    let scratch = tempfile::tempdir_in(arguments.first().map_or(".", String::as_str))?;
    throughput(scratch.path())?;
    metrics(scratch.path())?;
    long_run(scratch.path())?;
    many_runs(scratch.path())
}

fn id() -> SweepId {
    SweepId::new("bench")
}

fn create(path: &Path, runs: usize) -> Result<SqliteStore> {
    let mut store = SqliteStore::open(path, system_clock())?;
    store.create_sweep(
        &NewSweep::new(id()).text("method: random").seed(1).metric("loss", Goal::Minimize).retry_crashed(1),
    )?;
    let runs: Vec<NewRun> = (0..runs).map(new_run).collect();
    for (place, part) in runs.chunks(10_000).enumerate() {
        store.add_runs(&id(), RunNumber::from_index(place * 10_000), part, None)?;
    }
    Ok(store)
}

fn new_run(place: usize) -> NewRun {
    let point =
        json!({"lr": 0.001 * place as f64, "layers": place % 7, "optimizer": {"name": "adam", "beta": 0.9}});
    NewRun::new(object(point)).note(object(json!({"why": "drawn at random"})))
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn agent() -> NewAgent {
    NewAgent::new(format!("bench/{}", std::process::id()), Duration::from_millis(300_000))
}

const FINISHED: End = End::new(RunState::Finished).exit_code(0);

/// One of the processes: prints that it has joined, waits for a line, takes and finishes runs until none is left.
fn work(path: &Path) -> Result<()> {
    let mut store = SqliteStore::open(path, system_clock())?;
    let agent = store.join(&id(), &agent())?;
    println!("joined");
    std::io::stdin().read_line(&mut String::new())?;
    let (mut done, mut slowest) = (0, Duration::ZERO);
    for request in 1.. {
        let begun = Instant::now();
        let Claim::Run(run) = store.claim(agent, request)? else { break };
        slowest = slowest.max(begun.elapsed());
        store.finish(&run.lease, &FINISHED)?;
        done += 1;
    }
    println!("{done} {}", slowest.as_millis());
    Ok(())
}

/// The speed of a disk swings, so that both kinds of work take turns.
fn throughput(scratch: &Path) -> Result<()> {
    let conn = Connection::open(scratch.join("bare.db"))?;
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (a INTEGER, b TEXT)",
    )?;
    let (mut bare, mut ours, mut shares) = (0.0, 0.0, Vec::new());
    for round in 0..ROUNDS {
        bare += bare_transactions(&conn)?;
        ours += claims(&scratch.join(format!("claims{round}.db")), &mut shares)?;
        bare += bare_transactions(&conn)?;
    }
    let bare = (2 * ROUNDS * BARE) as f64 / bare;
    let ours = (ROUNDS * (2 * RUNS)) as f64 / ours;
    println!("bare durable transactions      {bare:8.0} /s");
    println!(
        "claim, finish from {PROCESSES} processes {ours:8.0} /s  = {:.0} % of bare",
        100.0 * ours / bare
    );
    let fewest = shares.iter().map(|share| share.0).min().unwrap_or(0);
    let slowest = shares.iter().map(|share| share.1).max().unwrap_or(0);
    println!("  {:.2} ms between commits, {:.2} ms bare", 1e3 / ours, 1e3 / bare);
    println!("  fewest runs of a process {fewest} (fair: {}), slowest claim {slowest} ms", RUNS / PROCESSES);
    Ok(())
}

/// How many seconds 8 processes, once all have joined, take for all runs of a sweep.
fn claims(path: &Path, shares: &mut Vec<(u64, u64)>) -> Result<f64> {
    drop(create(path, RUNS)?);
    let program = std::env::current_exe()?;
    let mut children = Vec::new();
    for _ in 0..PROCESSES {
        let mut command = Command::new(&program);
        command.arg("work").arg(path).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let said = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        children.push((child, said));
    }
    for (_, said) in &mut children {
        said.next().ok_or("a process did not join")??;
    }
    let begun = Instant::now();
    for (child, _) in &mut children {
        // Closing its input is the word.
        drop(child.stdin.take());
    }
    for (_, said) in &mut children {
        let said = said.next().ok_or("a process failed")??;
        let (runs, slowest) = said.split_once(' ').ok_or("a process failed")?;
        shares.push((runs.parse()?, slowest.parse()?));
    }
    let seconds = begun.elapsed().as_secs_f64();
    for (mut child, _) in children {
        child.wait()?;
    }
    Ok(seconds)
}

/// How many seconds transactions take that insert one row, on a connection without company.
fn bare_transactions(conn: &Connection) -> Result<f64> {
    let begun = Instant::now();
    for place in 0..BARE {
        conn.prepare_cached("INSERT INTO t VALUES (?1, 'some text')")?.execute([place])?;
    }
    Ok(begun.elapsed().as_secs_f64())
}

fn rows(first: u64, count: u64) -> Vec<Row> {
    (first..first + count)
        .map(|seq| Row::new(seq, object(json!({"loss": 1.0 / seq as f64, "epoch": seq, "acc": 0.5}))))
        .collect()
}

fn metrics(scratch: &Path) -> Result<()> {
    let mut store = create(&scratch.join("metrics.db"), 1)?;
    let agent = store.join(&id(), &agent())?;
    let Claim::Run(run) = store.claim(agent, 1)? else { return Err("no run".into()) };
    let (reports, size) = (200, 1000);
    let batches: Vec<Vec<Row>> = (0..reports).map(|report| rows(report * size + 1, size)).collect();
    let begun = Instant::now();
    for batch in &batches {
        store.report(&run.lease, batch)?;
    }
    let rate = (reports * size) as f64 / begun.elapsed().as_secs_f64();
    println!("metric rows, {size} a report     {rate:8.0} /s");
    Ok(())
}

/// 10^6 rows of one run, in reports of 1000, then 1000 reports of a single row.
fn long_run(scratch: &Path) -> Result<()> {
    let path = scratch.join("long.db");
    let mut store = create(&path, 1)?;
    let agent = store.join(&id(), &agent())?;
    let Claim::Run(run) = store.claim(agent, 1)? else { return Err("no run".into()) };
    let mut parts = [0.0; 2];
    for report in 0..1000 {
        let batch = rows(report * 1000 + 1, 1000);
        let begun = Instant::now();
        store.report(&run.lease, &batch)?;
        parts[usize::from(report >= 500)] += begun.elapsed().as_secs_f64();
    }
    println!("10^6 rows of one run: first half {:.1} s, second half {:.1} s", parts[0], parts[1]);
    let cursor = store.changes(&id(), 0)?.upto;
    let begun = Instant::now();
    for single in 0..1000 {
        store.report(&run.lease, &rows(1_000_001 + single, 1))?;
    }
    println!("then rows one by one           {:8.0} /s", 1000.0 / begun.elapsed().as_secs_f64());
    timed("  changes with the news of it", || store.changes(&id(), cursor))?;
    timed("  its curve", || store.curve(&id(), RunNumber::FIRST, 0))?;
    println!("  the file has {} MB", size_of(&path)? >> 20);
    Ok(())
}

fn many_runs(scratch: &Path) -> Result<()> {
    let path = scratch.join("many.db");
    let begun = Instant::now();
    let mut store = create(&path, MANY)?;
    println!("10^5 runs: added in {:.1} s", begun.elapsed().as_secs_f64());
    drop(store);
    run_all(&path)?;
    println!("  the file has {} MB", size_of(&path)? >> 20);
    store = SqliteStore::open_read_only(&path, system_clock())?;
    timed("  status", || store.status(&id()))?;
    timed("  status again", || store.status(&id()))?;
    let cursor = timed("  changes since 0", || store.changes(&id(), 0))?.upto;
    timed("  changes since now", || store.changes(&id(), cursor))?;
    timed("  best 20", || store.runs(&id(), &RunQuery::default().order(Order::Best).limit(20)))?;
    timed("  all rows of the table", || store.runs(&id(), &RunQuery::default()))?;
    Ok(())
}

/// Executes all runs with a curve of 10 values each. Without waiting for the disk: a day's work in a minute.
fn run_all(path: &PathBuf) -> Result<()> {
    let mut store = SqliteStore::open(path, system_clock())?;
    let agent = store.join(&id(), &agent())?;
    let begun = Instant::now();
    let sample = 2_000;
    for request in 1..=sample {
        let Claim::Run(run) = store.claim(agent, request)? else { return Err("no run".into()) };
        store.report(&run.lease, &rows(1, 10))?;
        store.finish(&run.lease, &FINISHED)?;
    }
    println!("  claim, report, finish of {sample} runs: {:.1} s", begun.elapsed().as_secs_f64());
    drop(store);
    // The rest is copied from these, which gives the same tables.
    let conn = Connection::open(path)?;
    conn.execute_batch(&format!(
        "BEGIN;
         INSERT INTO curves (run, attempt, metric, start, change, vals)
           SELECT r.key, 1, c.metric, c.start, r.change + 1, c.vals FROM runs r
           JOIN curves c ON c.run = (r.key - 1) % {sample} + 1 WHERE r.key > {sample};
         INSERT INTO chunks (run, attempt, first, rows, lines)
           SELECT r.key, 1, c.first, c.rows, c.lines FROM runs r
           JOIN chunks c ON c.run = (r.key - 1) % {sample} + 1 WHERE r.key > {sample};
         INSERT INTO attempts (run, attempt, agent, started_ms, ended_ms, state, rows, end_state, end_code)
           SELECT r.key, 1, a.agent, a.started_ms, a.ended_ms, a.state, a.rows, a.end_state, a.end_code FROM runs r
           JOIN attempts a ON a.run = (r.key - 1) % {sample} + 1 WHERE r.key > {sample};
         UPDATE runs SET (state, attempt, agent, rows, loss, last, exit_code, started_ms, ended_ms, attempted) =
           (SELECT o.state, 1, o.agent, o.rows, o.loss + runs.key, o.last, 0, o.started_ms, o.ended_ms, runs.added
            FROM runs o WHERE o.key = (runs.key - 1) % {sample} + 1) WHERE key > {sample};
         COMMIT;"
    ))?;
    Ok(())
}

fn timed<T, E: std::error::Error + 'static>(
    what: &str,
    work: impl FnOnce() -> std::result::Result<T, E>,
) -> Result<T> {
    let begun = Instant::now();
    let done = work()?;
    println!("{what:<30} {:8.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    Ok(done)
}

fn size_of(path: &Path) -> Result<u64> {
    Ok(std::fs::metadata(path)?.len())
}
