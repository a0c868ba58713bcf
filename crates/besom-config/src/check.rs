//! From the tree to a checked configuration: one file per part of the sweep file.
//!
//! Every check adds what it finds and continues; a configuration is returned only if there was no error.

mod absent;
mod algorithm;
mod cloud;
mod command;
mod constraints;
mod distribution;
mod exponents;
mod fault;
mod field;
mod keys;
mod kind;
mod metric;
mod metrics;
mod parameters;
mod top;
mod when;

use crate::collector::{Collector, Dialect};
use crate::known::Known;
use crate::sweep::SweepConfig;
use crate::tree::Node;

pub(crate) use kind::{KINDS, Key, Kind};

/// Checks a configuration; its text was read into the tree with the same diagnostics.
pub(crate) fn check(root: &Node, known: &Known<'_>, diagnostics: &mut Collector) -> Option<SweepConfig> {
    let config = Checker { known, diagnostics, parameters: 0 }.config(root);
    config.filter(|_| diagnostics.errors() == 0)
}

struct Checker<'a> {
    known: &'a Known<'a>,
    diagnostics: &'a mut Collector,
    /// How many parameters there were so far.
    parameters: usize,
}

impl Checker<'_> {
    fn for_wandb(&self) -> bool {
        self.diagnostics.dialect == Dialect::Wandb
    }
}
