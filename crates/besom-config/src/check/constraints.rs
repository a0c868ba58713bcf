//! The key `parameter_constraints`: what every suggestion keeps.
//!
//! It is read after all parameters. What is wrong with a constraint `besom-core` says; here it gets its place in the file, and the
//! constraints are tried on points of the space, so that one which no point keeps shows before a run starts.

use std::rc::Rc;

use besom_core::{Constraint, ExprError, ExprErrorKind, LegalShare, Space};

use super::Checker;
use crate::tree::{Data, Entry, Node, Path};

/// The most constraints: each is looked at for every point that is drawn.
const MOST: usize = 1000;

impl Checker<'_> {
    /// The space with the constraints of the file; `None` where something is wrong with either. `metrics` are for a hint.
    pub(super) fn with_constraints(
        &mut self,
        root: &Node,
        space: Option<Space>,
        metrics: &[&str],
    ) -> Option<Space> {
        let Some(entry) = root.entry("parameter_constraints") else { return space };
        let path = Path::Root.key("parameter_constraints");
        let items = self.constraint_list(entry, &path)?;
        let mut constraints = Vec::new();
        let before = self.diagnostics.errors();
        for (index, item) in items.iter().enumerate() {
            constraints.extend(self.constraint(item, &path.index(index), space.as_ref(), metrics));
        }
        if self.diagnostics.errors() > before {
            return None;
        }
        let space = match space?.with_constraints(constraints.iter().map(Constraint::as_str)) {
            Ok(space) => space,
            Err(error) => {
                self.diagnostics.error(entry.place, &path, error.to_string());
                return None;
            }
        };
        // What executes a sweep reads a file that was tried when the sweep was created.
        if !self.known.any {
            self.check_legal(&space, entry, items, &path);
        }
        Some(space)
    }

    fn constraint_list<'n>(&mut self, entry: &'n Entry, path: &Path<'_>) -> Option<&'n [Rc<Node>]> {
        if matches!(entry.node.data, Data::Text(_)) {
            let message = "expected a list of constraints, such as [warmup < epochs]";
            let diagnostic = self.diagnostics.error(entry.node.place, path, message).found(&entry.node);
            diagnostic.suggest("for a single one, too, write `- ` before it, on a line of its own");
            return None;
        }
        let items = self.list(&entry.node, path, "constraints, such as [warmup < epochs]")?;
        if items.len() > MOST {
            self.diagnostics.error(entry.node.place, path, format!("there are more than {MOST} constraints"));
            return None;
        }
        Some(items)
    }

    /// One constraint; without a space only its grammar is checked.
    fn constraint(
        &mut self,
        node: &Node,
        path: &Path<'_>,
        space: Option<&Space>,
        metrics: &[&str],
    ) -> Option<Constraint> {
        let Data::Text(text) = &node.data else {
            let message = "expected a constraint, such as warmup < epochs";
            self.diagnostics.error(node.place, path, message).found(node);
            return None;
        };
        let (constraint, faults) = match Constraint::parse(text) {
            Ok(constraint) => {
                let faults = space.map(|space| constraint.faults(space.parameters())).unwrap_or_default();
                (Some(constraint), faults)
            }
            Err(fault) => (None, vec![fault]),
        };
        for fault in &faults {
            self.constraint_fault((node, text), path, fault, metrics);
        }
        constraint.filter(|_| faults.is_empty())
    }

    fn constraint_fault(
        &mut self,
        (node, text): (&Node, &str),
        path: &Path<'_>,
        fault: &ExprError,
        metrics: &[&str],
    ) {
        let diagnostic = self.diagnostics.error(node.place, path, fault.kind.to_string());
        diagnostic.at_part(text, fault.at, fault.length);
        if let ExprErrorKind::UnknownName { name, .. } = &fault.kind
            && metrics.contains(&name.as_str())
        {
            diagnostic.message = format!("'{name}' is a metric, and constraints here are on parameters");
            diagnostic.suggest(
                "a run's metrics are known only once it has run, and besom has no constraints on them",
            );
        }
    }

    /// Tries the constraints on points of the space.
    fn check_legal(&mut self, space: &Space, entry: &Entry, items: &[Rc<Node>], path: &Path<'_>) {
        let Some(LegalShare { points, exact, legal, kept, .. }) = space.legal_share() else { return };
        let mut named = false;
        for (index, (item, kept)) in items.iter().zip(kept).enumerate() {
            let path = path.index(index);
            if kept == 0 && exact {
                named = true;
                let message = format!("none of the {points} points of the space keeps it");
                self.diagnostics.error(item.place, &path, message);
            } else if kept == points {
                let message = match exact {
                    true => format!("all {points} points of the space keep it, so it has no effect"),
                    false => format!("all of {points} random points keep it, so it may have no effect"),
                };
                self.diagnostics.warn(item.place, &path, message);
            } else if kept == 0 {
                named = true;
                self.rarely_kept(space, item, &path, points, "it");
            }
        }
        if legal > 0 || named {
            return;
        }
        match exact {
            true => {
                let message = format!("none of the {points} points of the space keeps all constraints");
                self.diagnostics.error(entry.place, path, message);
            }
            false => self.rarely_kept(
                space,
                &Node { place: entry.place, ..(*entry.node).clone() },
                path,
                points,
                "all of them",
            ),
        }
    }

    /// None of many random points is legal: an error unless one is found in another way.
    fn rarely_kept(&mut self, space: &Space, node: &Node, path: &Path<'_>, points: usize, what: &str) {
        if space.has_legal_point() {
            let message =
                format!("none of {points} random points keeps {what}, so points are found by a random walk");
            let diagnostic = self.diagnostics.warn(node.place, path, message);
            diagnostic.suggest("ranges that fit the constraints are searched better");
        } else {
            let message = format!("no point was found that keeps {what}; none may exist");
            let diagnostic = self.diagnostics.error(node.place, path, message);
            diagnostic.suggest("an equation of real numbers holds nowhere by chance: give a range, such as abs(a + b - 1) < 0.01");
        }
    }
}
