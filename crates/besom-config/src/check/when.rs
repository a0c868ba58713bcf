//! The key `when`: under which conditions a parameter or a group of parameters exists.
//!
//! It is read after all parameters, because it may name any of them. What is wrong with conditions `besom-core` says
//! ([`WhenFault`]); here it gets its place in the file.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use besom_core::{ParamPath, Parameter, Space, SpaceFault, Wanted, When, WhenFault, nearest};

use super::Checker;
use super::algorithm::Named;
use super::field::number;
use super::parameters::Found;
use crate::tree::{Data, Entry, Node, Path, Place};

/// How a condition is written, for messages.
const FORM: &str = "a mapping of parameters to values, such as {optimizer: sgd}, or a list of such mappings";

/// A condition as it stands in the file.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// The place of the key.
    place: Place,
    path: String,
    node: Rc<Node>,
    /// The groups in which siblings are.
    outer: Vec<String>,
}

/// What one parent must be, in the order of [`When::leaves`].
#[derive(Clone, Debug)]
struct Leaf {
    path: String,
    node: Rc<Node>,
}

/// The condition of a parameter, and where its parts stand.
struct Placed {
    name: ParamPath,
    place: Place,
    path: String,
    leaves: Vec<Leaf>,
}

/// The names of all parameters, as a condition writes them.
struct Names {
    texts: Vec<String>,
    by_text: HashMap<String, ParamPath>,
}

impl Names {
    fn new(names: Vec<ParamPath>) -> Self {
        let texts = names.iter().map(ToString::to_string).collect();
        // The first counts where a key stands twice.
        let by_text = names.into_iter().rev().map(|name| (name.to_string(), name)).collect();
        Self { texts, by_text }
    }
}

impl Written {
    pub(super) fn new(entry: &Entry, path: &Path<'_>, outer: &[String]) -> Rc<Self> {
        let path = path.key(&entry.key).to_string();
        Rc::new(Self { place: entry.place, path, node: Rc::clone(&entry.node), outer: outer.to_vec() })
    }
}

impl Checker<'_> {
    /// The space of the parameters that were found, with their conditions; `None` where something is wrong.
    pub(super) fn with_conditions(
        &mut self,
        found: Found<'_>,
        method: Option<&Named<'_>>,
        (place, path): (Place, &Path<'_>),
    ) -> Option<Space> {
        let Found { mut parameters, whens, names, .. } = found;
        self.check_supports(&whens, method);
        // What several parameters of a group have in common is reported once.
        let mut reported = HashSet::new();
        let mut placed = Vec::new();
        let names = Names::new(if whens.is_empty() { Vec::new() } else { names });
        let known: HashSet<ParamPath> = parameters.iter().map(|parameter| parameter.name.clone()).collect();
        for (index, written) in whens {
            let Some(last) = written.last() else { continue };
            let name = parameters[index].name.clone();
            let mut condition =
                Placed { name, place: last.place, path: last.path.clone(), leaves: Vec::new() };
            let read: Vec<Option<When>> = written
                .iter()
                .map(|written| self.read_when(written, &names, &mut condition.leaves, &mut reported))
                .collect();
            let is_known = |when: &When| when.leaves().iter().all(|(parent, _)| known.contains(parent));
            if let Some(whens) = read.into_iter().collect::<Option<Vec<When>>>()
                && whens.iter().all(is_known)
            {
                let parameter: &mut Parameter = &mut parameters[index];
                *parameter = whens.into_iter().fold(parameter.clone(), Parameter::when);
                placed.push(condition);
            }
        }
        let error = match Space::new(parameters) {
            Ok(space) => return Some(space),
            Err(error) => error,
        };
        for fault in error.faults() {
            match fault {
                SpaceFault::When { name, fault } => {
                    if let Some(condition) = placed.iter().find(|condition| condition.name == *name) {
                        self.when_fault(condition, fault, &mut reported);
                    }
                }
                // Two equal keys were reported by the reader of the text already.
                _ if self.diagnostics.errors() == 0 => {
                    self.diagnostics.error(place, path, error.to_string());
                }
                _ => {}
            }
        }
        None
    }

    /// Refuses conditions that the method does not know.
    fn check_supports(&mut self, whens: &[(usize, Vec<Rc<Written>>)], method: Option<&Named<'_>>) {
        let Some(first) = whens.first().and_then(|(_, written)| written.first()) else { return };
        let Some(method) = method.filter(|method| !method.spec.supports.conditions) else { return };
        let searches = self.known.registry.searches();
        let has = |name: &&str| self.known.registry.search_spec(name).is_some_and(|s| s.supports.conditions);
        let others: Vec<&str> = searches.filter(has).collect();
        let message = format!("method {} knows no conditions", method.name);
        let others = format!("methods that do: {}", others.join(", "));
        self.diagnostics.error(first.place, &Path::Root, message).suggest(others).path = first.path.clone();
    }

    /// Reads one condition; its leaves are added to others.
    fn read_when(
        &mut self,
        written: &Written,
        names: &Names,
        leaves: &mut Vec<Leaf>,
        reported: &mut HashSet<String>,
    ) -> Option<When> {
        let mut read = |checker: &mut Self, node: &Node, path: &str| match &node.data {
            Data::Map(entries) if !entries.is_empty() => {
                let all = entries.iter().map(|entry| {
                    let path = format!("{path}.{}", Path::Root.key(&entry.key));
                    let parent = checker.parent(entry, &path, written, names, reported);
                    let wanted = checker.wanted(&entry.node, &path, reported);
                    leaves.push(Leaf { path, node: Rc::clone(&entry.node) });
                    Some(When::wants(parent?, wanted?))
                });
                let mut all: Vec<When> = all.collect::<Vec<_>>().into_iter().collect::<Option<_>>()?;
                Some(if all.len() == 1 { all.remove(0) } else { When::All(all) })
            }
            _ => {
                checker.wrong(node, path, &format!("expected {FORM}"), reported);
                None
            }
        };
        let Written { path, node, .. } = written;
        match &node.data {
            Data::List(items) if !items.is_empty() => {
                let any = items.iter().enumerate();
                let any: Vec<_> = any.map(|(k, item)| read(self, item, &format!("{path}[{k}]"))).collect();
                let mut any: Vec<When> = any.into_iter().collect::<Option<_>>()?;
                Some(if any.len() == 1 { any.remove(0) } else { When::Any(any) })
            }
            _ => read(self, node, path),
        }
    }

    /// The parameter that a key names: a sibling, or any by its full name.
    fn parent(
        &mut self,
        entry: &Entry,
        path: &str,
        written: &Written,
        names: &Names,
        reported: &mut HashSet<String>,
    ) -> Option<ParamPath> {
        let prefix: String = written.outer.iter().map(|key| format!("{key}.")).collect();
        let sibling = format!("{prefix}{}", entry.key);
        let found = names.by_text.get(&sibling).or_else(|| names.by_text.get(&entry.key)).cloned();
        if found.is_none() && reported.insert(path.to_owned()) {
            let all = &names.texts;
            let short = all.iter().filter_map(|name| name.strip_prefix(&prefix));
            let group = format!("{}.", entry.key);
            let inner: Vec<&str> =
                all.iter().filter(|name| name.starts_with(&group)).map(String::as_str).collect();
            let near = nearest(&entry.key, all.iter().map(String::as_str).chain(short));
            let message = match inner.is_empty() {
                true => "there is no such parameter".to_owned(),
                false => format!("this is a group, whose parameters are {}", inner.join(", ")),
            };
            let diagnostic = self.diagnostics.error(entry.place, &Path::Root, message);
            diagnostic.path = path.to_owned();
            if inner.is_empty() {
                match near {
                    Some(near) => diagnostic.suggest_spelling(Some(near)),
                    None => diagnostic.suggest(format!("known are {}", all.join(", "))),
                };
            }
        }
        found
    }

    /// What the parent must be: a value, one of a list, or a number in a range.
    fn wanted(&mut self, node: &Node, path: &str, reported: &mut HashSet<String>) -> Option<Wanted> {
        let entries = match &node.data {
            Data::Map(entries) => entries,
            Data::List(items) if items.is_empty() => {
                self.wrong(node, path, "expected at least one value", reported);
                return None;
            }
            Data::List(items) => {
                return Some(Wanted::Values(items.iter().map(|item| item.to_json()).collect()));
            }
            _ => return Some(Wanted::Values(vec![node.to_json()])),
        };
        let is_bound = |entry: &Entry| ["min", "max"].contains(&entry.key.as_str());
        if entries.is_empty() || !entries.iter().all(is_bound) {
            let message = "expected a value, a list of values, or a range, {min: .., max: ..}";
            self.wrong(node, path, message, reported);
            return None;
        }
        let mut bound = |key: &str, absent: f64| {
            let Some(entry) = node.entry(key) else { return Some(absent) };
            let number = number(&entry.node).map(super::field::Number::as_f64);
            if number.is_none() {
                self.wrong(&entry.node, &format!("{path}.{key}"), "expected a number", reported);
            }
            number
        };
        let (min, max) = (bound("min", f64::NEG_INFINITY), bound("max", f64::INFINITY));
        let (min, max) = (min?, max?);
        if min > max {
            let path = format!("{path}.min");
            let message = format!("min is {min}, which is more than max, {max}");
            if reported.insert(format!("{path}: {message}")) {
                self.diagnostics.error(node.place, &Path::Root, message).path = path;
            }
            return None;
        }
        Some(Wanted::Range { min, max })
    }

    /// Reports a value once.
    fn wrong(&mut self, node: &Node, path: &str, message: &str, reported: &mut HashSet<String>) {
        if reported.insert(format!("{path}: {message}")) {
            self.diagnostics.error(node.place, &Path::Root, message).found(node).path = path.to_owned();
        }
    }

    /// Says where in the file a condition is wrong.
    fn when_fault(&mut self, condition: &Placed, fault: &WhenFault, reported: &mut HashSet<String>) {
        let Some(leaf) = fault.leaf().and_then(|leaf| condition.leaves.get(leaf)) else {
            let diagnostic = self.diagnostics.error(condition.place, &Path::Root, fault.to_string());
            diagnostic.path.clone_from(&condition.path);
            return;
        };
        let (WhenFault::Value { value, .. } | WhenFault::Exact { value, .. }) = fault else {
            if reported.insert(format!("{}: {fault}", leaf.path)) {
                let diagnostic = self.diagnostics.error(leaf.node.place, &Path::Root, fault.to_string());
                diagnostic.path.clone_from(&leaf.path);
            }
            return;
        };
        // Which of several values it is.
        let listed = match &leaf.node.data {
            Data::List(items) => items.iter().enumerate().find(|(_, item)| item.to_json() == *value),
            _ => None,
        };
        let (node, path) = match listed {
            Some((index, item)) => (item, format!("{}[{index}]", leaf.path)),
            None => (&leaf.node, leaf.path.clone()),
        };
        if !reported.insert(format!("{path}: value")) {
            return;
        }
        let (message, spelling) = match fault {
            WhenFault::Value { parent, allowed, nearest, .. } => {
                (format!("{parent} never has this value; it is {allowed}"), nearest.as_deref())
            }
            WhenFault::Exact { parent, .. } => {
                (format!("{parent} is a real number, which is hardly ever exactly this"), None)
            }
            _ => (fault.to_string(), None),
        };
        let diagnostic = self.diagnostics.error(node.place, &Path::Root, message).found(node);
        diagnostic.path = path;
        if matches!(fault, WhenFault::Exact { .. }) {
            diagnostic.suggest("give a range, {min: .., max: ..}");
        }
        diagnostic.suggest_spelling(spelling);
    }
}
