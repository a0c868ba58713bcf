//! From the tree to a checked configuration: one file per part of the sweep file.
//!
//! Every check adds what it finds and goes on; the configuration is handed out only if there was no error.

mod algorithm;
mod cloud;
mod distribution;
mod field;
mod kind;
mod metric;
mod parameters;
mod stopping;
mod top;

use std::collections::BTreeSet;

use crate::findings::{Dialect, Findings};
use crate::sweep::SweepConfig;
use crate::tree::Node;

pub(crate) use algorithm::LEARNING;
pub(crate) use kind::{KINDS, Key, Kind};

/// Which algorithms may be named besides the built-in ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) methods: BTreeSet<String>,
    pub(crate) stoppers: BTreeSet<String>,
    /// Whether every name is let pass.
    pub(crate) any: bool,
}

/// Checks a configuration; its text was read into the tree with the same findings.
pub(crate) fn check(root: &Node, known: &Known, findings: &mut Findings) -> Option<SweepConfig> {
    let config = Checker { known, findings, parameters: 0 }.config(root);
    config.filter(|_| findings.errors() == 0)
}

struct Checker<'a> {
    known: &'a Known,
    findings: &'a mut Findings,
    /// How many parameters there were so far.
    parameters: usize,
}

impl Checker<'_> {
    fn for_wandb(&self) -> bool {
        self.findings.dialect == Dialect::Wandb
    }
}
