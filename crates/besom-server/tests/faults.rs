//! What goes wrong under a server or at its ends: nothing is lost or done twice, and everybody gets a clear word.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use besom_core::{RunNumber, RunState, error_chain};
use besom_engine::{Place, registry};
use besom_remote::{HttpOptions, HttpStore};
use besom_server::{Server, ServerError, ServerOptions};
use besom_store::{
    Added, AgentId, AgentRow, Attempt, Changes, Claim, End, Event, FileFault, MemoryStore, NewAgent, NewRun,
    NewSweep, Output, PastRun, PausedBy, Queue, Reply, Row, RunQuery, RunRow, Seen, StopKind, Store,
    StoreError, SweepId, SweepRow, SweepState, forward_queue,
};
use serde_json::{Map, Value, json};
use stage::Stage;

/// What the commits of a store have to say, in turn.
type Says = fn(usize) -> Result<(), StoreError>;

/// A store whose commits say that they have failed when all was done, as when a server is killed before it has answered.
struct Committing {
    store: Box<dyn Store>,
    count: Arc<AtomicUsize>,
    says: Says,
    /// The directory of a store that has done nothing then.
    undone: Option<PathBuf>,
}

impl Committing {
    /// Does work that is undone.
    fn undo(directory: &Path, work: &mut dyn FnMut(&mut dyn Store)) {
        let copy = tempfile::tempdir().unwrap();
        for file in fs::read_dir(directory).unwrap().map(Result::unwrap).filter(|file| file.path().is_file())
        {
            fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        work(&mut *Place::new(copy.path()).unwrap().allow_network().open().unwrap());
    }
}

impl Queue for Committing {
    forward_queue!(|self, call| call(&mut self.store));
}

macro_rules! forward {
    ($($name:ident($($arg:ident: $type:ty),*) -> $out:ty;)*) => {
        $(fn $name(&mut self, $($arg: $type),*) -> Result<$out, StoreError> {
            self.store.$name($($arg),*)
        })*
    };
}

impl Store for Committing {
    fn group(&mut self, work: &mut dyn FnMut(&mut dyn Store)) -> Result<(), StoreError> {
        let said = (self.says)(self.count.fetch_add(1, Ordering::SeqCst));
        match &self.undone {
            Some(directory) if said.is_err() => Self::undo(directory, work),
            _ => work(&mut *self.store),
        }
        said
    }

    forward! {
        create_with(sweep: &NewSweep, past: &[PastRun]) -> ();
        set_run_cap(id: &SweepId, cap: Option<u64>) -> ();
        remove_sweep(id: &SweepId) -> ();
        sweep(id: &SweepId) -> SweepRow;
        sweeps() -> Vec<SweepRow>;
        set_state(id: &SweepId, to: SweepState, reason: Option<&str>) -> ();
        set_label(id: &SweepId, key: &str, value: Option<&str>) -> ();
        pause(id: &SweepId, by: PausedBy, reason: Option<&str>) -> ();
        changes(id: &SweepId, since: u64) -> Changes;
        add_runs(id: &SweepId, first: RunNumber, runs: &[NewRun], seen: Option<&Seen>) -> Added;
        request_stops(id: &SweepId, stops: &[(RunNumber, String)], kind: StopKind) -> u64;
        retry(id: &SweepId, states: &[RunState]) -> u64;
        retry_runs(id: &SweepId, runs: &[RunNumber]) -> u64;
        runs(id: &SweepId, query: &RunQuery) -> Vec<RunRow>;
        seen(id: &SweepId, number: RunNumber) -> Option<Seen>;
        attempts(id: &SweepId, number: RunNumber) -> Vec<Attempt>;
        facts(id: &SweepId, number: RunNumber, attempt: Option<u64>) -> Map<String, Value>;
        annotate(id: &SweepId, number: RunNumber, facts: &Map<String, Value>) -> ();
        output(id: &SweepId, number: RunNumber, attempt: Option<u64>) -> Output;
        rows(id: &SweepId, number: RunNumber, attempt: Option<u64>) -> Vec<Row>;
        events(id: &SweepId, run: Option<RunNumber>, after: u64, limit: u64) -> Vec<Event>;
        agents(id: &SweepId) -> Vec<AgentRow>;
        drain(id: &SweepId, agents: &[AgentId]) -> u64;
    }
}

/// A server of such a store, and a client of it. Only the server's writer makes groups.
fn committing(says: Says) -> (Stage, HttpStore) {
    let (store, count) = (MemoryStore::default(), Arc::new(AtomicUsize::new(0)));
    let open = move || -> Result<Box<dyn Store>, StoreError> {
        let store = Box::new(store.clone());
        Ok(Box::new(Committing { store, count: Arc::clone(&count), says, undone: None }))
    };
    let mut options = ServerOptions::default();
    options.passive = true;
    let stage = Stage::of(Place::opened_by(open), options);
    let token = HttpOptions::default().token(stage.owner());
    let client = HttpStore::connect(&format!("http://{}", stage.address), &token).unwrap();
    (stage, client)
}

fn repeated<T>(mut call: impl FnMut() -> Result<T, StoreError>) -> T {
    loop {
        match call() {
            Ok(answer) => return answer,
            Err(error) => assert!(error.is_transient(), "{}", error_chain(&error)),
        }
    }
}

#[test]
fn what_was_committed_and_not_answered_is_done_once_when_it_is_asked_again() {
    let (_stage, mut store) = committing(|count| match count % 2 {
        0 => Err(StoreError::Busy(1)),
        _ => Ok(()),
    });
    let new = NewSweep::new("sweep001").metric("loss", besom_core::Goal::Minimize).run_cap(3);
    // A creation that was done says so when it is repeated.
    let created = store.create_sweep(&new).unwrap_err();
    assert!(created.is_transient(), "{created:?}");
    assert!(matches!(repeated_once(|| store.create_sweep(&new)), Err(StoreError::SweepExists(_))));
    let runs = vec![NewRun::new(Map::new()); 3];
    repeated(|| store.add_runs(&new.id, RunNumber::FIRST, &runs, None));
    let agent = repeated(|| store.join(&new.id, &NewAgent::new("a/1", Duration::from_secs(60))));
    for request in 1..=3 {
        let Claim::Run(run) = repeated(|| store.claim(agent, request)) else { panic!("there is a run") };
        let row = Row::new(1, json!({ "loss": 1.0 }).as_object().cloned().unwrap());
        assert_eq!(repeated(|| store.report(&run.lease, std::slice::from_ref(&row))), Reply::Continue);
        assert_eq!(repeated(|| store.finish(&run.lease, &End::new(RunState::Finished))), Reply::Continue);
    }
    let runs = store.runs(&new.id, &RunQuery::default()).unwrap();
    let found: Vec<_> = runs.iter().map(|run| (run.state, run.attempt, run.rows)).collect();
    assert_eq!(found, vec![(RunState::Finished, 1, 1); 3]);
}

/// The second answer of a call that fails at first.
fn repeated_once<T>(mut call: impl FnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    call().or_else(|error| if error.is_transient() { call() } else { Err(error) })
}

#[test]
fn a_full_disk_is_an_error_of_its_own_that_says_so() {
    let (stage, mut store) = committing(|_| Err(StoreError::Write(FileFault::Full)));
    let error = store.create_sweep(&NewSweep::new("sweep001")).unwrap_err();
    assert!(matches!(error, StoreError::Write(FileFault::Full)), "{error:?}");
    assert_eq!(error_chain(&error), "cannot write the store: the disk is full");
    let sweep = json!({ "text": "{method: random, parameters: {x: {values: [1]}}}" });
    let answer = stage.ask("POST", "/v1/sweeps", Some(stage.owner()), Some(&sweep));
    assert_eq!((answer.status, answer.code().as_str()), (507, "write"));
    let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("the disk is full"), "{message}");
}

#[test]
fn output_of_wandbs_client_is_kept_once_whatever_became_of_a_commit_that_failed() {
    for is_undone in [false, true] {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().to_owned();
        drop(Place::new(&directory).unwrap().allow_network().open_or_create().unwrap());
        let count = Arc::new(AtomicUsize::new(0));
        let open = move || -> Result<Box<dyn Store>, StoreError> {
            let place = Place::new(&directory).unwrap().allow_network();
            let store = place.open().map_err(StoreError::transient)?;
            let says: Says = |count| if count == 2 { Err(StoreError::Busy(1)) } else { Ok(()) };
            let undone = is_undone.then(|| directory.clone());
            Ok(Box::new(Committing { store, count: Arc::clone(&count), says, undone }))
        };
        let mut options = ServerOptions::default();
        options.passive = true;
        let stage = Stage::of(Place::opened_by(open), options);
        let token = stage.owner().to_owned();
        let ask = |path: &str, body: &Value| stage.ask("POST", path, Some(&token), Some(body)).status;
        let init = json!({
            "query": "mutation UpsertBucket { upsertBucket { x } }",
            "variables": { "name": "one", "project": "p", "entity": "local" },
        });
        let print = |first: u64, lines: &[&str]| {
            let files = json!({ "output.log": { "offset": first, "content": lines } });
            ask("/files/local/p/one/file_stream", &json!({ "files": files }))
        };
        assert_eq!(ask("/graphql", &init), 200);
        let said = [print(0, &["a", "b"]), print(2, &["c"]), print(2, &["c", "d"]), print(3, &["d", "e"])];
        assert_eq!(said, [200, 503, 200, 200]);
        let mut store = Place::new(home.path()).unwrap().allow_network().open().unwrap();
        let sweep = store.sweeps().unwrap().remove(0);
        let output = store.output(sweep.id(), RunNumber::FIRST, None).unwrap();
        assert_eq!(output.to_string(), "a\nb\nc\nd\ne\n", "{is_undone}");
    }
}

fn refused(directory: &Path) -> ServerError {
    let place = Place::new(directory).unwrap().allow_network();
    Server::new(place, registry(), ServerOptions::default()).unwrap_err()
}

#[test]
fn a_second_server_of_a_store_is_refused_and_says_where_the_first_one_is() {
    let mut stage = Stage::new();
    assert_eq!(stage.get("/v1/version").status, 200, "by now it has said where it is");
    let error = refused(stage.directory());
    assert_eq!(error_chain(&error), format!("the store is served already, at http://{}", stage.address));
    stage.end();
    let place = Place::new(stage.directory()).unwrap().allow_network();
    assert!(Server::new(place, registry(), ServerOptions::default()).is_ok(), "the first one has ended");
}

#[test]
fn a_store_of_an_older_version_is_upgraded_and_served() {
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("../besom-store/tests/data");
    for file in ["version-1.db", "version-2.db"] {
        let stage =
            Stage::over(|directory| _ = fs::copy(old.join(file), directory.join("besom.db")).unwrap());
        let sweeps = stage.get("/v1/sweeps").json();
        let oldest = sweeps["sweeps"].as_array().and_then(|sweeps| sweeps.last());
        let id = oldest.and_then(|sweep| sweep["id"].as_str()).unwrap_or_else(|| panic!("{file}: {sweeps}"));
        assert_eq!(stage.get(&format!("/v1/sweeps/{id}/runs/1")).status, 200, "{file}");
    }
}

#[test]
fn a_store_of_a_newer_version_is_not_served_and_the_word_is_to_upgrade() {
    let directory = tempfile::tempdir().unwrap();
    drop(Place::new(directory.path()).unwrap().allow_network().open_or_create().unwrap());
    let database = directory.path().join("besom.db");
    // The version is a number at byte 60 of the file (SQLite's file format, 1.3).
    let mut bytes = fs::read(&database).unwrap();
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(&database, bytes).unwrap();
    let chain = error_chain(&refused(directory.path()));
    assert!(chain.contains("has version 99") && chain.contains("use a newer besom"), "{chain}");
}
