#![doc = include_str!("../README.md")]
//!
//! # A sweep from parts
//!
//! ```
//! use besom::controller::Sweep;
//! use besom::core::{Answer, Registry, RunState};
//!
//! let mut registry = Registry::new();
//! besom::search::register(&mut registry);
//! let text = "method: random\nrun_cap: 5\nmetric: {name: loss}\nparameters: {x: {min: 0.0, max: 1.0}}";
//! let config = besom::config::Reader::new(&registry).read(text, "sweep.yaml")?.config;
//! let problem = config.problem();
//! let search = registry.search(&config.method.name, &problem, &config.method.options)?;
//! let mut sweep = Sweep::new(problem, search);
//! while let Answer::Try(runs) = sweep.ask(1)? {
//!     let x = sweep.params(runs[0]).unwrap()["x"].as_f64().unwrap();
//!     sweep.report(runs[0], (x - 0.3).powi(2))?;
//!     sweep.end(runs[0], RunState::Finished)?;
//! }
//! assert_eq!(sweep.history().len(), 5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod app;
mod cli;
mod error;
mod report;

pub use app::App;
pub use besom_agent as agent;
pub use besom_bench as bench;
pub use besom_config as config;
pub use besom_controller as controller;
pub use besom_core as core;
pub use besom_engine as engine;
pub use besom_gp as gp;
pub use besom_insight as insight;
pub use besom_plot as plot;
pub use besom_search as search;
pub use besom_stop as stop;
pub use besom_store as store;
pub use cli::{GpuRequest, GpuRequestError, Spelling};
pub use report::Report;
