//! SIGKILL of anything at any moment loses nothing that was acknowledged and duplicates nothing.
//!
//! Real agents work on a real grid while a seeded generator kills agents, supervisors and programs, and stops agents for
//! longer than they may be silent. Then the store is compared with what the programs noted outside it. With the feature
//! `mutants` the same check is put to stores that break a rule of the protocol: it must notice each of them.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;
#[cfg(feature = "mutants")]
#[path = "kill/lossy.rs"]
mod lossy;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use besom_agent::RunDir;
use besom_core::{RunNumber, RunState};
use besom_store::{Lease, RunQuery, SqliteStore, Store, SweepId, SweepState};
use command::Desk;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Map, Value};

/// How many points the grid has. The program of the last one waits until the killing is over.
const CELLS: u64 = 24;

/// Appends rows and notes each one that it has appended. Rows say whose they are.
const PROGRAM: &str = r#"
cell=${1#--a=}
step=0
while [ $step -lt 24 ]; do
    step=$((step + 1))
    echo "{\"loss\": $step, \"cell\": $cell, \"attempt\": $BESOM_ATTEMPT}" >> "$BESOM_METRICS" || exit 1
    echo "$BESOM_RUN_NUMBER $BESOM_ATTEMPT $step" >> "$KILL_NOTES"
    [ $((step % 3)) = 0 ] && sleep 0.02
done
while [ $cell = 24 ] && [ ! -e "$KILL_OVER" ]; do sleep 0.02; done
exit 0
"#;

const SWEEP: &str = "\
method: grid
metric: {name: loss}
program: train.sh
command: [sh, '${program}', '${args}']
retry: {crashed: 1000, failed: 1000}
parameters:
  a: {values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24]}
";

/// What the programs noted: the steps that were acknowledged, by run and attempt.
type Notes = BTreeMap<(u64, u64), Vec<u64>>;

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// Compares a finished sweep with what should have come of it; says how many rows there are, or what is wrong.
fn check(
    store: &mut dyn Store,
    sweep: &SweepId,
    directory: &Path,
    cells: u64,
    notes: &Notes,
) -> Result<usize, String> {
    let runs = store.runs(sweep, &RunQuery::default()).map_err(|error| error.to_string())?;
    let numbers: Vec<u64> = runs.iter().map(|run| run.number.get()).collect();
    require(numbers == (1..=cells).collect::<Vec<_>>(), || format!("the runs are {numbers:?}"))?;
    let points: BTreeSet<u64> = runs.iter().filter_map(|run| run.point["a"].as_u64()).collect();
    require(points == (1..=cells).collect(), || format!("the points are {points:?}"))?;
    let mut rows = 0;
    for run in &runs {
        require(run.state == RunState::Finished, || format!("run {} is {}", run.number, run.state))?;
        rows += check_run(store, sweep, directory, run.number, notes)?;
    }
    Ok(rows)
}

fn require(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn check_run(
    store: &mut dyn Store,
    sweep: &SweepId,
    directory: &Path,
    run: RunNumber,
    notes: &Notes,
) -> Result<usize, String> {
    let events = store.events(sweep, Some(run), 0, u64::MAX).map_err(|error| error.to_string())?;
    let epochs = |kind: &str| -> Vec<u64> {
        let of_kind = events.iter().filter(|event| event.kind == kind);
        of_kind.filter_map(|event| event.detail["epoch"].as_u64()).collect()
    };
    let attempts = store.attempts(sweep, run).map_err(|error| error.to_string())?;
    let last = attempts.len() as u64;
    let (claimed, finished) = (epochs("claimed"), epochs("finished"));
    require(claimed == (1..=last).collect::<Vec<_>>(), || format!("run {run} was claimed as {claimed:?}"))?;
    require(finished == [last], || format!("run {run} of {last} attempts finished in {finished:?}"))?;
    // Who was given up for its silence may have appended rows after that. They belong to nobody.
    let silent: Vec<u64> = events
        .iter()
        .filter(|event| event.detail.get("message").is_some_and(|text| text.to_string().contains("silent")))
        .filter_map(|event| event.detail["epoch"].as_u64())
        .collect();
    let mut rows = 0;
    for epoch in 1..=last {
        let file = RunDir::new(directory, &Lease { sweep: sweep.clone(), run, epoch }).metrics();
        let file = lines(&file);
        let noted = notes.get(&(run.get(), epoch)).cloned().unwrap_or_default();
        let steps: Vec<u64> = file.iter().filter_map(|row| row["loss"].as_u64()).collect();
        require(steps.starts_with(&noted), || format!("run {run}.{epoch}: noted {noted:?}, file {steps:?}"))?;
        let stored = store.rows(sweep, run, Some(epoch)).map_err(|error| error.to_string())?;
        let dense = stored.iter().zip(1..).all(|(row, seq)| row.seq == seq);
        let stored: Vec<Map<String, Value>> = stored.into_iter().map(|row| row.values).collect();
        let same = if silent.contains(&epoch) { file.starts_with(&stored) } else { file == stored };
        require(dense && same, || {
            format!("run {run}.{epoch}: the file has {} rows {file:?}, the store {stored:?}", file.len())
        })?;
        rows += stored.len();
    }
    Ok(rows)
}

/// The rows in a metrics file; none if there is none.
fn lines(path: &Path) -> Vec<Map<String, Value>> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Two agents and who kills them.
struct Storm {
    desk: Desk,
    sweep: SweepId,
    store: SqliteStore,
    agents: Vec<Child>,
    random: Random,
    mutant: &'static str,
    until: Instant,
}

impl Drop for Storm {
    fn drop(&mut self) {
        for agent in &mut self.agents {
            let _ = agent.kill();
            let _ = agent.wait();
        }
    }
}

impl Storm {
    fn begin(seed: u64, mutant: &'static str, limit: Duration) -> Self {
        let desk = Desk::new();
        desk.file("train.sh", PROGRAM);
        desk.file("sweep.yaml", SWEEP);
        desk.file("notes", "");
        let sweep = SweepId::new(desk.json(&["sweep", "sweep.yaml", "--json"])["id"].as_str().unwrap());
        let clock = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        };
        let store =
            SqliteStore::open_existing(&desk.path().join(".besom/besom.db"), Arc::new(clock)).unwrap();
        let until = Instant::now() + limit;
        let mut storm = Self { desk, sweep, store, agents: Vec::new(), random: Random(seed), mutant, until };
        storm.agents = vec![storm.agent(), storm.agent()];
        storm
    }

    fn agent(&self) -> Child {
        let path = |name| self.desk.path().join(name);
        let errors = File::options().create(true).append(true).open(path("errors")).unwrap();
        let mut command = self.desk.command(&["agent", self.sweep.as_str(), "-j", "2", "--silence", "1"]);
        command.env("KILL_NOTES", path("notes")).env("KILL_OVER", path("over"));
        command.env("BESOM_MUTANT", self.mutant).stdout(Stdio::null()).stderr(errors);
        command.spawn().unwrap()
    }

    /// Starts agents in the place of those that have ended. A supervisor that is killed before it could speak makes its
    /// agent pause the sweep: then its owner lets it go on.
    fn revive(&mut self) -> Result<SweepState, String> {
        let state = self.store.sweep(&self.sweep).map_err(|error| error.to_string())?.state;
        if state.is_over() {
            return Ok(state);
        }
        if state == SweepState::Paused {
            let resumed = self.store.set_state(&self.sweep, SweepState::Running, None);
            resumed.map_err(|error| error.to_string())?;
        }
        for place in 0..self.agents.len() {
            if self.agents[place].try_wait().unwrap().is_some() {
                self.agents[place] = self.agent();
            }
        }
        Ok(state)
    }

    /// Waits until something holds, reviving agents meanwhile; no longer than `patience`, which says whether it did.
    fn wait(
        &mut self,
        patience: Duration,
        mut done: impl FnMut(&mut Self, SweepState) -> bool,
    ) -> Result<bool, String> {
        let until = Instant::now() + patience;
        loop {
            let state = self.revive()?;
            if done(self, state) {
                return Ok(true);
            }
            if Instant::now() >= self.until {
                return Err(format!("it takes too long: {}", self.errors()));
            }
            if Instant::now() >= until {
                return Ok(false);
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn errors(&self) -> String {
        fs::read_to_string(self.desk.path().join("errors")).unwrap_or_default()
    }

    fn has_finished_one(&mut self) -> bool {
        let status = self.store.status(&self.sweep).unwrap();
        status.counts.iter().any(|&(state, count)| state == RunState::Finished && count > 0)
    }

    fn noted(&self) -> usize {
        fs::read_to_string(self.desk.path().join("notes")).unwrap().lines().count()
    }

    fn notes(&self) -> Notes {
        let mut notes = Notes::new();
        for line in fs::read_to_string(self.desk.path().join("notes")).unwrap().lines() {
            let words: Vec<u64> = line.split(' ').map(|word| word.parse().unwrap()).collect();
            notes.entry((words[0], words[1])).or_default().push(words[2]);
        }
        notes
    }

    /// Kills something at a random moment, if there is something.
    fn strike(&mut self) -> Result<bool, String> {
        let target = self.noted() + usize::try_from(self.random.below(12)).unwrap();
        self.wait(Duration::from_millis(300), |storm, _| storm.noted() >= target)?;
        let parents = parents();
        let agent = self.agents[usize::try_from(self.random.below(2)).unwrap()].id();
        let supervisors = children(&parents, &[agent]);
        let victims = match self.random.below(10) {
            0..2 => vec![agent],
            // One that has started its program: before that it is not yet on duty.
            2..5 => supervisors.into_iter().filter(|one| !children(&parents, &[*one]).is_empty()).collect(),
            _ => children(&parents, &supervisors),
        };
        if victims.is_empty() {
            return Ok(false);
        }
        let victim = victims[usize::try_from(self.random.below(victims.len() as u64)).unwrap()];
        Ok(signal(victim, Signal::KILL))
    }

    /// Stops an agent, until somebody else executes a run of it.
    fn freeze(&mut self) -> Result<bool, String> {
        let place = usize::try_from(self.random.below(2)).unwrap();
        let pid = self.agents[place].id();
        let part = format!("/{pid}/");
        if !signal(pid, Signal::STOP) {
            return Ok(false);
        }
        let agents = self.store.agents(&self.sweep).map_err(|error| error.to_string())?;
        let held: Vec<(RunNumber, u64)> = agents
            .iter()
            .filter(|agent| agent.name.contains(&part))
            .filter_map(|agent| agent.run)
            .map(|run| (run, self.store.run(&self.sweep, run).unwrap().epoch))
            .collect();
        let taken = !held.is_empty()
            && self.wait(Duration::from_secs(5), |storm, _| {
                held.iter().any(|&(run, epoch)| {
                    let row = storm.store.run(&storm.sweep, run).unwrap();
                    row.epoch > epoch && row.state == RunState::Running && row.rows > 0
                })
            })?;
        signal(pid, Signal::CONT);
        Ok(taken)
    }

    /// Lets the sweep come to its end and compares.
    fn settle(&mut self) -> Result<usize, String> {
        self.desk.file("over", "");
        let errors = self.errors();
        let over = self.wait(Duration::from_secs(60), |_, state| state.is_over())?;
        require(over, || format!("the sweep does not end: {errors}"))?;
        let gone = self.wait(Duration::from_secs(20), |storm, _| {
            storm.agents.iter_mut().all(|agent| agent.try_wait().unwrap().is_some())
        })?;
        require(gone, || "the agents stay after the end of the sweep".to_owned())?;
        let (notes, sweep) = (self.notes(), self.sweep.clone());
        check(&mut self.store, &sweep, &self.desk.path().join(".besom"), CELLS, &notes)
    }
}

/// Sends a signal to a process; says whether it was there.
fn signal(pid: u32, signal: Signal) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).unwrap();
    kill_process(pid, signal).is_ok()
}

/// The parent of each process.
fn parents() -> BTreeMap<u32, u32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name of the command, in parentheses, may hold anything.
        let mut after = stat[stat.rfind(')')? + 1..].split_whitespace();
        let state = after.next()?;
        let parent = after.next()?.parse().ok()?;
        (state != "Z").then_some((pid, parent))
    })
    .collect()
}

fn children(parents: &BTreeMap<u32, u32>, of: &[u32]) -> Vec<u32> {
    parents.iter().filter(|(_, parent)| of.contains(parent)).map(|(&pid, _)| pid).collect()
}

#[test]
fn no_kill_loses_an_acknowledged_row_or_skips_or_repeats_a_cell() {
    let mut storm = Storm::begin(20, "", Duration::from_secs(120));
    // Before the first success, failures in a row mean that the program is broken.
    storm.wait(Duration::from_secs(30), |storm, _| storm.has_finished_one()).unwrap();
    let (mut kills, mut frozen) = (0, 0);
    while kills < 55 {
        kills += u32::from(storm.strike().unwrap());
        if kills % 20 == 10 {
            frozen += u32::from(storm.freeze().unwrap());
            kills += u32::from(storm.strike().unwrap());
        }
    }
    let begun = Instant::now();
    let rows = storm.settle().unwrap();
    let attempts = storm.notes().len() as u64;
    assert!(attempts > CELLS, "no attempt was hit");
    eprintln!("{kills} kills, {frozen} frozen, {attempts} attempts, {rows} rows, {:?}", begun.elapsed());
}

#[cfg(feature = "mutants")]
#[test]
fn a_store_without_fencing_is_caught_by_agents_that_were_stopped() {
    let caught = (1..=3).any(|seed| {
        let mut storm = Storm::begin(seed, "NoFencing", Duration::from_secs(30));
        let mut freeze = || -> Result<usize, String> {
            storm.wait(Duration::from_secs(10), |storm, _| storm.has_finished_one())?;
            for _ in 0..6 {
                storm.freeze()?;
                let target = storm.noted() + 10;
                storm.wait(Duration::from_millis(300), |storm, _| storm.noted() >= target)?;
            }
            storm.settle()
        };
        let round = freeze();
        round.inspect_err(|error| eprintln!("{error}")).is_err()
    });
    assert!(caught);
}
