//! Where in the file the faults are that `besom-core` finds in a distribution.

use besom_core::{Distribution, DistributionFault};

use super::Checker;
use super::distribution::Leaf;
use super::field::number;
use crate::tree::{Data, Entry, Path};

impl Checker<'_> {
    /// The distribution, if nothing is wrong with it.
    pub(super) fn sound(&mut self, leaf: Leaf<'_>, distribution: Distribution) -> Option<Distribution> {
        let faults = distribution.check();
        self.report(leaf, &faults);
        faults.is_empty().then_some(distribution)
    }

    /// Says where in the file the faults of a distribution are.
    pub(super) fn report(&mut self, leaf: Leaf<'_>, faults: &[DistributionFault]) {
        for fault in faults {
            let entry = fault.key().and_then(|key| leaf.node.entry(key));
            let Some(entry) = entry else {
                self.diagnostics.error(leaf.place, leaf.path, fault.message());
                continue;
            };
            let path = leaf.path.key(&entry.key);
            match fault {
                DistributionFault::Order { .. } => self.out_of_order(leaf, entry, &path),
                DistributionFault::Probability { index, .. } => {
                    let Data::List(items) = &entry.node.data else { continue };
                    let item = &items[*index];
                    self.diagnostics.error(item.place, &path.index(*index), fault.message()).found(item);
                }
                _ => {
                    let diagnostic = self.diagnostics.error(entry.node.place, &path, fault.message());
                    if fault.found().is_some() || *fault == DistributionFault::NoValues {
                        diagnostic.found(&entry.node);
                    }
                }
            }
        }
    }

    /// Reports bounds that are not in order, as they were written.
    fn out_of_order(&mut self, leaf: Leaf<'_>, min: &Entry, path: &Path<'_>) {
        let written = |entry: &Entry| number(&entry.node);
        let (Some(low), Some(high)) = (written(min), leaf.node.entry("max").and_then(written)) else {
            return;
        };
        let fault = DistributionFault::Order { min: low.to_json(), max: high.to_json() };
        let diagnostic = self.diagnostics.error(min.node.place, path, fault.message());
        if low.as_f64() > high.as_f64() {
            diagnostic.suggest(format!("write min: {high}, max: {low}"));
        } else {
            diagnostic.suggest(format!("for a single value, write value: {low}"));
        }
    }
}
