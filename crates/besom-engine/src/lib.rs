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

pub mod ask_tell;
mod build;
mod create;
mod crew;
mod error;
mod files;
#[cfg(feature = "mutants")]
mod lossy;
mod past;
mod path;
mod place;
mod prior;
mod run;
mod size;
mod start;

pub use build::{assemble, build, registry, search, stopper, stored_config};
pub use create::{Creation, create, seed};
pub use crew::{Attendant, Crew, CrewOptions, Event, Steps, Worked};
pub use error::EngineError;
pub use files::program_directory;
#[cfg(feature = "mutants")]
pub use lossy::Lossy;
pub use past::past;
pub use path::id_of_path;
pub use place::{Place, STORE_VARIABLE, find_sweep, open};
pub use prior::{PriorRun, add_prior_runs};
pub use run::{Ran, RunOptions, run};
pub use size::{counts, points, total};
pub use start::{Started, start};
