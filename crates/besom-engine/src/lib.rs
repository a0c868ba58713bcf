#![doc = include_str!("../README.md")]
//!
//! # Design
//!
//! The crates below do not know each other on purpose: the controller gets built algorithms, the store keeps text. Here they
//! meet, once for the command, the Python package and programs of your own. [`run()`] is all of it in one call; its parts are public:
//!
//! ```
//! use besom_config::Reader;
//! use besom_engine::{Creation, build, create, open, registry, stored_config};
//!
//! let registry = registry(); // and yours: registry.add_search("corners", spec, ..)
//! let text = "method: random\nrun_cap: 5\nmetric: {name: loss}\nparameters: {x: {min: 0.0, max: 1.0}}";
//! let config = Reader::new(&registry).read(text, "sweep.yaml")?.config;
//! build(&registry, &config, 0)?; // an algorithm may refuse the problem: before anything is stored
//!
//! let directory = std::env::temp_dir().join(format!("besom-example-{}", std::process::id()));
//! let mut store = open(&directory)?;
//! let creation = Creation::new(&config, 7).text(text);
//! let id = create(&mut *store, creation)?;
//!
//! let row = store.sweep(&id)?;
//! let sweep = build(&registry, &stored_config(&registry, &row)?, row.new.seed)?;
//! assert_eq!((sweep.problem().seed, sweep.problem().run_cap), (7, Some(5)));
//! # std::fs::remove_dir_all(directory)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The loop by hand, without a sweep file: a store in memory, agents of closures in threads, each with a controller of its
//! own. Controllers need no leader, and nothing is shared but the store.
//!
//! ```
//! use std::thread;
//!
//! use besom_agent::{AgentOptions, FunctionRunner, Idle, RunContext, Shutdown, work};
//! use besom_controller::{Controller, Step, Sweep};
//! use besom_core::{Goal, Problem, Space};
//! use besom_store::{MemoryStore, NewSweep, Store};
//! use serde_json::json;
//!
//! let space = Space::builder().uniform("x", -1.0, 1.0).build()?;
//! let problem = Problem::minimize("loss").space(space).seed(7).run_cap(20);
//! let new = NewSweep::new("byhand01").metric("loss", Goal::Minimize).run_cap(20).seed(7);
//! let mut store = MemoryStore::default();
//! store.create_sweep(&new)?;
//! let agent = |name: &str| {
//!     let (mut queue, mut owner) = (store.clone(), store.clone());
//!     let sweep = Sweep::new(problem.clone(), besom_search::Random);
//!     let mut controller = Controller::new(new.id.clone(), sweep);
//!     let mut idle = || match controller.step(&mut owner, 1)? {
//!         Step::Ready(_) => Ok(Idle::Worked),
//!         _ => Ok(Idle::Waiting),
//!     };
//!     let mut runner = FunctionRunner::new(|run: &mut RunContext<'_>| {
//!         let x = run.params()["x"].as_f64().ok_or("x is not a number")?;
//!         Ok(run.log_json(json!({ "loss": x * x }))?)
//!     });
//!     work(&mut queue, &new.id, &AgentOptions::new(name), &mut runner, &Shutdown::new(), &mut idle)
//! };
//! thread::scope(|scope| {
//!     let agents = [scope.spawn(|| agent("one")), scope.spawn(|| agent("two"))];
//!     agents.into_iter().try_for_each(|agent| agent.join().expect("no agent panics").map(drop))
//! })?;
//! assert_eq!(store.sweep(&new.id)?.runs, 20);
//! assert!(store.status(&new.id)?.best.is_some_and(|best| best.value < 0.1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod add;
pub mod ask_tell;
mod build;
mod create;
mod crew;
mod csv;
mod drain;
mod end;
mod error;
mod expected;
mod extend;
mod failed;
mod fields;
mod files;
mod front;
mod glance;
mod json_fault;
mod leaves;
#[cfg(feature = "mutants")]
mod lossy;
mod network;
mod news;
mod output;
mod past;
mod path;
mod place;
mod prior;
mod remove;
mod run;
mod size;
mod start;

pub use add::{chosen_point, enqueue, set_run_cap};
pub use besom_controller::MissingMetric;
pub use besom_insight::BestExpected;
pub use besom_search::{FailedRun, FailedRuns};
pub use build::{assemble, build, registry, search, stopper, stored_config};
pub use create::{Creation, create, create_with, replace, seed};
pub use crew::{Attendant, Crew, CrewOptions, Event, Steps, Worked, process_name};
pub use csv::{CsvPages, write_csv};
pub use drain::drain;
pub use end::{end_sweep, outlast};
pub use error::EngineError;
pub use expected::best_expected;
pub use extend::extend;
pub use failed::{failed_run, failed_runs};
pub use fields::Fields;
pub use files::program_directory;
pub use front::{front, metrics, run_values, valued};
pub use glance::{
    NAME, NOTES, Pace, TAGS, is_idle, left_ms, missing_metric, over, run_state, sweep_name, usual_reason,
};
pub use json_fault::json_fault;
pub use leaves::{leaf, leaves};
#[cfg(feature = "mutants")]
pub use lossy::Lossy;
pub use news::News;
pub use output::{output_file, run_output};
pub use past::past;
pub use path::id_of_path;
pub use place::{
    BackupContent, Place, STORE_VARIABLE, WholeAccess, WholeStore, find_sweep, open, open_whole,
};
pub use prior::PriorRun;
pub use remove::remove;
pub use run::{Ran, RunOptions, run};
pub use size::{counts, planned, points, total};
pub use start::{Started, start};
