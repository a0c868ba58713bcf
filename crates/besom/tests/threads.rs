//! What a program that embeds besom may move and share between threads; the guide (docs/guide/embed.md) has it as a table. The compiler checks
//! what may be.

use besom::agent::AgentError;
use besom::bench::BenchError;
use besom::config::{Diagnostics, SweepConfig};
use besom::controller::{Controller, ControllerError, Sweep};
use besom::core::{
    AlgorithmError, Faults, History, Method, Point, Problem, Registry, RegistryError, Rule, Run, Search,
    Space, SpaceError, Stopper,
};
use besom::engine::EngineError;
use besom::gp::GpError;
use besom::insight::InsightError;
use besom::plot::PlotError;
use besom::search::SearchError;
use besom::stop::RuleError;
use besom::store::{MemoryStore, SqliteStore, Store, StoreError};

fn shared<T: Send + Sync>() {}

fn moved<T: Send + ?Sized>() {}

#[test]
fn data_and_errors_are_shared_between_threads() {
    shared::<(Space, Problem, Point, Run, History, Registry, SweepConfig)>();
    shared::<(SpaceError, Faults, RegistryError, AlgorithmError, Diagnostics, ControllerError)>();
    shared::<(AgentError, EngineError, GpError, InsightError, SearchError, RuleError, StoreError)>();
    shared::<(BenchError, PlotError)>();
}

#[test]
fn sweeps_and_stores_are_moved_between_threads() {
    moved::<(Sweep, Controller, Method, Rule, SqliteStore)>();
    moved::<(Box<dyn Search>, Box<dyn Stopper>, Box<dyn Store>)>();
    shared::<MemoryStore>();
}
