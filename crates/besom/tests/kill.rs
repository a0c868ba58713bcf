//! SIGKILL of anything at any moment loses nothing that was acknowledged and duplicates nothing.
//!
//! Real agents work on a real grid while a seeded generator kills agents, supervisors and programs, and stops agents for
//! longer than they may be silent, and pauses the sweep now and then. In some storms the agents are behind a server, or work on a
//! database, which is killed as well. Then the store is compared with what the programs noted outside it. With the feature
//! `mutants` every fourth reply of the store to an agent is lost besides, and the same check is put to stores that break
//! a rule of the protocol: it must notice each of them.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

#[path = "kill/check.rs"]
mod check;
mod command;
#[cfg(feature = "postgres")]
#[path = "../../besom-postgres/tests/server/mod.rs"]
mod database;
#[cfg(feature = "mutants")]
#[path = "kill/lossy.rs"]
mod lossy;
#[path = "kill/serving.rs"]
mod serving;

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use besom_core::{RunNumber, RunState};
use besom_store::{SqliteStore, Store, StoreError, SweepId, SweepState};
use check::{Halt, Notes, Record, check, require};
use command::Desk;
use rustix::process::{Pid, Signal, kill_process};
use serving::Serving;

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

/// Where the agents of a storm have their store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// In a file.
    File,
    /// Behind a server.
    Server,
}

/// A database that is killed.
#[cfg(feature = "postgres")]
type Database = database::Server;
#[cfg(not(feature = "postgres"))]
enum Database {}

/// Two agents and who kills them.
struct Storm {
    desk: Desk,
    server: Option<Serving>,
    database: Option<Database>,
    sweep: SweepId,
    store: Box<dyn Store>,
    agents: Vec<Child>,
    random: Random,
    mutant: &'static str,
    /// How many agents were started.
    started: u64,
    /// When agents were stopped or killed.
    halts: Vec<Halt>,
    /// Whether the sweep is paused by this test.
    is_paused: bool,
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
        Self::begin_at(Side::File, seed, mutant, limit)
    }

    fn begin_at(side: Side, seed: u64, mutant: &'static str, limit: Duration) -> Self {
        let desk = desk();
        let sweep = SweepId::new(desk.json(&["sweep", "sweep.yaml", "--json"])["id"].as_str().unwrap());
        let store =
            SqliteStore::open_existing(&desk.path().join(".besom/besom.db"), Arc::new(now_ms)).unwrap();
        let server = (side == Side::Server).then(|| Serving::begin(&desk));
        Self::of(desk, server, None, sweep, Box::new(store), seed, mutant, limit)
    }

    /// A storm of agents that work on a database; `None` where there is no PostgreSQL.
    #[cfg(feature = "postgres")]
    fn begin_in_database(test: &str, seed: u64, limit: Duration) -> Option<Self> {
        let database = Database::start_with(test, DATABASE)?;
        let (desk, url) = (desk(), database.url());
        let sweep = desk.json(&["--store", &url, "sweep", "sweep.yaml", "--json"]);
        let sweep = SweepId::new(sweep["id"].as_str().unwrap());
        let store = besom_postgres::PostgresStore::open(&url, &besom_postgres::PostgresOptions::default());
        Some(Self::of(desk, None, Some(database), sweep, Box::new(store.unwrap()), seed, "", limit))
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a storm")]
    fn of(
        desk: Desk,
        server: Option<Serving>,
        database: Option<Database>,
        sweep: SweepId,
        store: Box<dyn Store>,
        seed: u64,
        mutant: &'static str,
        limit: Duration,
    ) -> Self {
        let (agents, halts, random) = (Vec::new(), Vec::new(), Random(seed));
        let (started, is_paused, until) = (0, false, Instant::now() + limit);
        let mut storm = Self {
            desk,
            server,
            database,
            sweep,
            store,
            agents,
            random,
            mutant,
            started,
            halts,
            is_paused,
            until,
        };
        storm.agents = vec![storm.agent(), storm.agent()];
        storm
    }

    fn agent(&mut self) -> Child {
        self.started += 1;
        let path = |name| self.desk.path().join(name);
        let errors = File::options().create(true).append(true).open(path("errors")).unwrap();
        let arguments = ["agent", self.sweep.as_str(), "-j", "2", "--heartbeat-timeout", "1"];
        // Every other one is that of the Python package, where there is one.
        let python = env::var_os("BESOM_PYTHON").filter(|_| self.started.is_multiple_of(2));
        let mut command = match python {
            Some(python) => {
                let mut module = Command::new(python);
                module.args(["-m", "besom"]);
                self.desk.command_by(module, &arguments)
            }
            None => self.desk.command(&arguments),
        };
        if let Some(server) = &self.server {
            server.tell(&self.desk, &mut command);
        }
        #[cfg(feature = "postgres")]
        if let Some(database) = &self.database {
            command.env("BESOM_STORE", database.url()).env("BESOM_HOME", self.desk.path().join("home"));
        }
        command.env("KILL_NOTES", path("notes")).env("KILL_OVER", path("over"));
        // Heard by a command with the feature `mutants`.
        command.env("BESOM_MUTANT", self.mutant).env("BESOM_LOSE_REPLIES", self.started.to_string());
        command.stdout(Stdio::null()).stderr(errors);
        command.spawn().unwrap()
    }

    /// Starts agents in the place of those that have ended.
    fn revive(&mut self) -> Result<SweepState, String> {
        let sweep = patiently(|| self.store.sweep(&self.sweep))?;
        let state = sweep.state;
        if state.is_over() {
            return Ok(state);
        }
        require(self.is_paused || state != SweepState::Paused, || {
            format!("the sweep is paused: {:?}", sweep.reason)
        })?;
        if let Some(server) = &mut self.server {
            server.revive(&self.desk);
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

    #[cfg(feature = "mutants")]
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
            #[cfg(feature = "postgres")]
            0..2 if let Some(database) = &self.database => {
                // A crash, or a restart in good order.
                database.stop(if self.random.below(2) == 0 { "immediate" } else { "fast" });
                database.begin(DATABASE);
                return Ok(true);
            }
            0 if self.server.is_some() => self.server.iter().map(Serving::pid).collect(),
            0..2 => vec![agent],
            2..5 => supervisors,
            _ => children(&parents, &supervisors),
        };
        if victims.is_empty() {
            return Ok(false);
        }
        let victim = victims[usize::try_from(self.random.below(victims.len() as u64)).unwrap()];
        let is_hit = signal(victim, Signal::KILL);
        if is_hit && victim == agent {
            self.note_halt(agent, true);
        }
        Ok(is_hit)
    }

    /// An agent was stopped or killed just now; `is_still` if its programs were killed with it.
    fn note_halt(&mut self, pid: u32, is_still: bool) {
        let (noted, at_ms) = (self.notes(), now_ms());
        self.halts.push(Halt { pid, at_ms, noted, is_still });
    }

    /// Stops an agent, until somebody else executes a run of it. Its programs go on, or are killed.
    fn freeze(&mut self) -> Result<bool, String> {
        let place = usize::try_from(self.random.below(2)).unwrap();
        let pid = self.agents[place].id();
        let part = format!("/{pid}/");
        if !signal(pid, Signal::STOP) {
            return Ok(false);
        }
        let is_still = self.random.below(2) == 0;
        if is_still {
            // A program dies with its supervisor.
            for supervisor in children(&parents(), &[pid]) {
                signal(supervisor, Signal::KILL);
            }
        }
        self.note_halt(pid, is_still);
        let agents = patiently(|| self.store.agents(&self.sweep))?;
        let held: Vec<(RunNumber, u64)> = agents
            .iter()
            .filter(|agent| agent.name.contains(&part))
            .filter_map(|agent| agent.run)
            .map(|run| (run, patiently(|| self.store.run(&self.sweep, run)).unwrap().attempt))
            .collect();
        let taken = !held.is_empty()
            && self.wait(Duration::from_secs(5), |storm, _| {
                held.iter().any(|&(run, attempt)| {
                    let row = patiently(|| storm.store.run(&storm.sweep, run)).unwrap();
                    row.attempt > attempt && row.state == RunState::Running && row.rows > 0
                })
            })?;
        signal(pid, Signal::CONT);
        Ok(taken)
    }

    /// Pauses the sweep until its runs have ended, or for a while. Nothing may be claimed meanwhile, which the check looks at.
    fn pause(&mut self) -> Result<bool, String> {
        let paused = self.store.set_state(&self.sweep, SweepState::Paused, Some("a breath"));
        if paused.is_err() {
            return Ok(false);
        }
        self.is_paused = true;
        let sweep = self.sweep.clone();
        self.wait(Duration::from_millis(600), |storm, _| {
            storm.store.running(&sweep).is_ok_and(|running| running.is_empty())
        })?;
        let resumed = patiently(|| self.store.set_state(&self.sweep, SweepState::Running, None));
        self.is_paused = false;
        resumed.map(|()| true)
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
        let (is_served, is_elsewhere) = (self.server.is_some(), self.database.is_some());
        let record = Record { notes: self.notes(), halts: std::mem::take(&mut self.halts), is_served };
        let sweep = self.sweep.clone();
        let files = if is_served || is_elsewhere { "home" } else { ".besom" };
        check(&mut *self.store, &sweep, &self.desk.path().join(files), CELLS, &record)
    }
}

/// How the database of a storm is set up: what it has committed survives its own crash, if not that of the machine.
#[cfg(feature = "postgres")]
const DATABASE: &str = "-c fsync=off";

/// A desk with the program and the sweep file.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.file("train.sh", PROGRAM);
    desk.file("sweep.yaml", SWEEP);
    desk.file("notes", "");
    desk
}

/// Repeats a call that fails for a reason that may pass, as agents do: others are killed while they write.
fn patiently<T>(mut call: impl FnMut() -> Result<T, StoreError>) -> Result<T, String> {
    for _ in 0..200 {
        match call() {
            Err(error) if error.is_transient() => thread::sleep(Duration::from_millis(20)),
            other => return other.map_err(|error| besom_core::error_chain(&error)),
        }
    }
    call().map_err(|error| besom_core::error_chain(&error))
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Sends a signal to a process; returns whether it existed.
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

/// Kills so many times, stops an agent now and then, and compares. Returns how much that was.
fn rage(storm: &mut Storm, at_least: u32) -> Result<String, String> {
    let (mut kills, mut frozen, mut paused) = (0, 0, 0);
    while kills < at_least {
        kills += u32::from(storm.strike()?);
        if kills % 10 == 5 {
            frozen += u32::from(storm.freeze()?);
            paused += u32::from(storm.pause()?);
            kills += u32::from(storm.strike()?);
        }
    }
    let rows = storm.settle()?;
    let attempts = storm.notes().len() as u64;
    require(attempts > CELLS, || "no attempt was hit".to_owned())?;
    Ok(format!("{kills} kills, {frozen} frozen, {paused} paused, {attempts} attempts, {rows} rows"))
}

#[test]
fn no_kill_loses_an_acknowledged_row_or_skips_or_repeats_a_cell() {
    let begun = Instant::now();
    let mut storm = Storm::begin(20, "", Duration::from_secs(120));
    let outcome = rage(&mut storm, 55).unwrap();
    eprintln!("{outcome}, {:?}", begun.elapsed());
}

#[test]
fn no_kill_of_a_server_or_of_its_agents_loses_a_row_or_skips_or_repeats_a_cell() {
    let begun = Instant::now();
    let mut storm = Storm::begin_at(Side::Server, 7, "", Duration::from_secs(180));
    let outcome = rage(&mut storm, 25).unwrap();
    eprintln!("{outcome}, {:?}", begun.elapsed());
}

#[cfg(feature = "postgres")]
#[test]
fn no_kill_of_a_database_or_of_its_agents_loses_a_row_or_skips_or_repeats_a_cell() {
    let (begun, test) = (Instant::now(), "no_kill_of_a_database_or_of_its_agents_loses_a_row");
    let Some(mut storm) = Storm::begin_in_database(test, 3, Duration::from_secs(300)) else { return };
    let outcome = rage(&mut storm, 25).unwrap();
    eprintln!("{outcome}, {:?}", begun.elapsed());
}

/// Five storms of agents with a file, and two of agents behind a server, with agents of the Python package among them where
/// `BESOM_PYTHON` names an interpreter that has it. `BESOM_STORM_SEED` selects others, and the message of a failure names the one to
/// repeat.
#[test]
#[ignore = "takes minutes"]
fn no_long_storm_loses_an_acknowledged_row_or_skips_or_repeats_a_cell() {
    let first = env::var("BESOM_STORM_SEED").map_or(1, |seed| seed.parse::<u64>().unwrap());
    let sides = [Side::File, Side::File, Side::File, Side::Server, Side::File, Side::Server, Side::File];
    for (seed, side) in (first..).zip(sides) {
        let mut storm = Storm::begin_at(side, seed, "", Duration::from_secs(600));
        let outcome = rage(&mut storm, 250)
            .unwrap_or_else(|error| panic!("BESOM_STORM_SEED={seed}, {side:?}: {error}"));
        eprintln!("BESOM_STORM_SEED={seed}, {side:?}: {outcome}");
    }
}

#[cfg(feature = "mutants")]
#[test]
fn stores_that_answer_anew_or_count_no_rows_are_caught_when_replies_are_lost() {
    for (mutant, told) in [("NoStoredAnswer", "while it held"), ("NoSequenceCheck", "the store")] {
        let begun = Instant::now();
        let mut storm = Storm::begin(1, mutant, Duration::from_secs(30));
        let error = rage(&mut storm, 5).unwrap_err();
        eprintln!("{mutant}, {:?}: {error}", begun.elapsed());
        assert!(error.contains(told), "{mutant}: {error}");
    }
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
