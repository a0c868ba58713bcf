//! The key `parameters`: names, nesting, and what the search method can do with the distributions. Conditions are read in
//! `when`.

use std::rc::Rc;

use besom_core::distribution::{Continuous, Step};
use besom_core::{Distribution, ParamPath, Parameter};
use serde_json::{Map, Value};

use super::Checker;
use super::distribution::Leaf;
use super::kind::Kind;
use super::when::Written;
use crate::tree::{Data, Entry, Node, Path};

/// The most parameters, nested ones included.
pub(crate) const MAX_PARAMETERS: usize = 100_000;

/// The distributions whose values can be counted.
const GRID_KINDS: &[&str] = &["constant", "categorical", "int_uniform", "q_uniform"];

/// The parameters as they are collected.
pub(super) struct Found<'a> {
    /// The search method, which some distributions do not go with.
    pub(super) method: Option<&'a str>,
    pub(super) parameters: Vec<Parameter>,
    /// The conditions of the parameter at a place, those of its groups first.
    pub(super) whens: Vec<(usize, Vec<Rc<Written>>)>,
    /// The names of all parameters, also of those that are wrong.
    pub(super) names: Vec<ParamPath>,
    /// The conditions of the groups that are being read, the outermost first.
    groups: Vec<Rc<Written>>,
}

impl<'a> Found<'a> {
    pub(super) fn new(method: Option<&'a str>) -> Self {
        Self { method, parameters: Vec::new(), whens: Vec::new(), names: Vec::new(), groups: Vec::new() }
    }
}

/// The bounds of a shape that has some.
fn range(shape: &Continuous) -> Option<(f64, f64)> {
    match *shape {
        Continuous::Uniform { min, max } | Continuous::LogUniformValues { min, max } => Some((min, max)),
        _ => None,
    }
}

/// Whether a name begins with a letter or `_` and has letters, digits, `_`, `.`, `-` and these.
fn is_name(name: &str, others: &str) -> bool {
    let mut chars = name.chars();
    let begins = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    begins && chars.all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c) || others.contains(c))
}

impl Checker<'_> {
    /// Reads a mapping of parameters; returns it with its defaults filled in.
    pub(super) fn parameters(
        &mut self,
        node: &Node,
        path: &Path<'_>,
        outer: &[String],
        found: &mut Found<'_>,
    ) -> Value {
        let Data::Map(entries) = &node.data else {
            let diagnostic = self
                .diagnostics
                .error(node.place, path, "expected a mapping of names to parameters")
                .found(node);
            if matches!(node.data, Data::List(_)) {
                diagnostic.suggest("write `name:` in place of `- name:`");
            }
            return node.to_json();
        };
        if entries.is_empty() {
            self.diagnostics.error(node.place, path, "expected at least one parameter").found(node);
        }
        let mut filled = Map::new();
        for entry in entries {
            self.parameters += 1;
            if self.parameters > MAX_PARAMETERS {
                if self.parameters == MAX_PARAMETERS + 1 {
                    let message = format!("there are more than {MAX_PARAMETERS} parameters");
                    self.diagnostics.error(entry.place, path, message);
                }
                break;
            }
            let value = self.parameter(entry, path, outer, found);
            filled.insert(entry.key.clone(), value);
        }
        filled.into()
    }

    fn parameter(
        &mut self,
        entry: &Entry,
        path: &Path<'_>,
        outer: &[String],
        found: &mut Found<'_>,
    ) -> Value {
        let path = path.key(&entry.key);
        self.check_name(entry, &path);
        let node = &entry.node;
        let name: Vec<String> = outer.iter().chain([&entry.key]).cloned().collect();
        if !matches!(node.data, Data::Map(_)) {
            self.not_a_parameter(node, &path);
            return node.to_json();
        }
        let when = node.entry("when");
        if let Some(when) = when {
            let message = "W&B has no conditions on parameters";
            self.diagnostics.not_for_wandb(when.place, &path.key("when"), message);
        }
        let when = when.map(|when| Written::new(when, &path, outer));
        if let Some(inner) = node.entry("parameters") {
            for other in
                node.entries().iter().filter(|other| !["parameters", "when"].contains(&other.key.as_str()))
            {
                let message = "nothing but `when` may stand beside nested parameters";
                self.diagnostics.error(other.place, &path.key(&other.key), message);
            }
            let groups = found.groups.len();
            found.groups.extend(when);
            let value = self.parameters(&inner.node, &path.key("parameters"), &name, found);
            found.groups.truncate(groups);
            let mut filled = Map::new();
            if let Some(when) = node.entry("when") {
                filled.insert("when".to_owned(), when.node.to_json());
            }
            filled.insert("parameters".to_owned(), value);
            return filled.into();
        }
        let leaf = Leaf { node, path: &path, place: entry.place };
        let read = self.leaf(leaf);
        if let Some(kind) = read.kind {
            self.check_method(leaf, kind, read.distribution.as_ref(), found.method);
        }
        let name = ParamPath::new(name);
        found.names.push(name.clone());
        if let Some(distribution) = read.distribution {
            let conditions: Vec<_> = found.groups.iter().cloned().chain(when).collect();
            if !conditions.is_empty() {
                found.whens.push((found.parameters.len(), conditions));
            }
            found.parameters.push(Parameter::new(name, distribution));
        }
        read.filled
    }

    fn check_name(&mut self, entry: &Entry, path: &Path<'_>) {
        if let Some(odd) = entry.odd_key {
            self.diagnostics
                .error(entry.place, path, format!("a parameter's name must be text, and this is {odd}"))
                .suggest("give it a name that begins with a letter, or put it in quotes");
            return;
        }
        if is_name(&entry.key, "") {
            return;
        }
        if is_name(entry.key.trim_start_matches(['+', '~']), "/@") {
            let message = "W&B expects a name of letters, digits, _, - and . only";
            self.diagnostics.not_for_wandb(entry.place, path, message);
            return;
        }
        let message = "a parameter's name begins with a letter or _, followed by letters, digits, _, - and .";
        let diagnostic = self.diagnostics.error(entry.place, path, message);
        let trimmed = entry.key.trim();
        if trimmed != entry.key && !trimmed.is_empty() {
            diagnostic.suggest("it has white space at its end or beginning");
        }
    }

    fn not_a_parameter(&mut self, node: &Node, path: &Path<'_>) {
        let diagnostic = self
            .diagnostics
            .error(node.place, path, "expected a mapping such as {min: 0, max: 1}")
            .found(node);
        match node.data {
            Data::Null => {}
            Data::List(_) => {
                diagnostic.suggest("for a choice of these values, write values: [..]");
            }
            _ => {
                let value = node.describe();
                diagnostic.suggest(format!("for a constant, write value: {value}"));
            }
        }
    }

    /// Warns of a step for which values are outside of the range, or only one is left: they are W&B's.
    fn check_step(&mut self, leaf: Leaf<'_>, read: Option<&Distribution>) {
        let Some(distribution @ Distribution::Quantized(shape, Step { q, .. })) = read else { return };
        let Some((min, max)) = range(shape) else { return };
        let (low, high) = (distribution.quantile(0.0), distribution.quantile(1.0));
        let is_outside = |value: &Value| value.as_f64().is_some_and(|value| value < min || value > max);
        let message = match (is_outside(&low), is_outside(&high)) {
            (true, _) | (_, true) if low == high => {
                format!("with q {q} the only value is {low}, outside of {min} .. {max}, as in W&B")
            }
            _ if low == high => format!("with q {q} the only value is {low}, as in W&B"),
            (true, true) => {
                format!("with q {q} the values go from {low} to {high}, beyond min and max, as in W&B")
            }
            (true, false) => format!("with q {q} the least value is {low}, less than min, {min}, as in W&B"),
            (false, true) => {
                format!("with q {q} the greatest value is {high}, more than max, {max}, as in W&B")
            }
            (false, false) => return,
        };
        let place = leaf.node.entry("q").map_or(leaf.place, |entry| entry.node.place);
        let diagnostic = self.diagnostics.warn(place, &leaf.path.key("q"), message);
        diagnostic.suggest("give a smaller q, or bounds that are multiples of it");
    }

    fn check_method(
        &mut self,
        leaf: Leaf<'_>,
        kind: &Kind,
        read: Option<&Distribution>,
        method: Option<&str>,
    ) {
        if method != Some("grid") {
            return self.check_step(leaf, read);
        }
        if !GRID_KINDS.contains(&kind.name) {
            let message = format!("a grid cannot be made of the distribution {}", kind.name);
            let diagnostic = self.diagnostics.error(leaf.place, leaf.path, message);
            diagnostic.suggest(match kind.name {
                "categorical_w_probabilities" => "leave the probabilities out, or use method: random",
                _ => "list `values`, step through it with q_uniform, or use method: random",
            });
        }
        if let Some(Distribution::Quantized(Continuous::Uniform { min, max }, Step { q, .. })) = read {
            let steps = (max - min) / q;
            if (steps - steps.round()).abs() < 1e-9 * steps.abs().max(1.0) {
                let message = format!("a grid leaves max, {max}, out, as in W&B");
                let diagnostic = self.diagnostics.warn(leaf.place, leaf.path, message);
                diagnostic.suggest(format!("to have it in, write max: {}", max + q));
            }
        }
    }
}
