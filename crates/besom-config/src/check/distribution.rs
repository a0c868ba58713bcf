//! A single parameter: which distribution is meant, its defaults, and whether it makes sense.

use besom_core::distribution::{Continuous, Step};
use besom_core::{Distribution, nearest};
use serde_json::Value;

use super::Checker;
use super::field::Number;
use super::kind::{KINDS, Kind, PARAMETER_KEYS, fill, find, infer, instead};
use crate::tree::{Data, Entry, Node, Path, Place};

/// How close probabilities must come to 1 in sum; that of numpy's `isclose`.
const SUM_TOLERANCE: f64 = 1e-5 + 1e-8;

/// The largest shape of a beta distribution; where both are this large, values hardly differ.
const MAX_BETA_SHAPE: f64 = 1e6;

/// A parameter's node with the place of its name.
#[derive(Clone, Copy)]
pub(super) struct Leaf<'a> {
    pub(super) node: &'a Node,
    pub(super) path: &'a Path<'a>,
    pub(super) place: Place,
}

/// A parameter that was read: its distribution, unless something is wrong with it, and what to show for it.
pub(super) struct ReadLeaf {
    pub(super) kind: Option<&'static Kind>,
    pub(super) distribution: Option<Distribution>,
    pub(super) filled: Value,
}

impl Checker<'_> {
    /// Reads a parameter that has no parameters inside.
    pub(super) fn leaf(&mut self, leaf: Leaf<'_>) -> ReadLeaf {
        let kind = match leaf.node.entry("distribution") {
            Some(entry) => self.named(entry, leaf),
            None => infer(leaf.node),
        };
        let Some(kind) = kind else {
            if leaf.node.entry("distribution").is_none() {
                self.cannot_infer(leaf);
            }
            return ReadLeaf { kind, distribution: None, filled: leaf.node.to_json() };
        };
        let complete = self.check_leaf_keys(leaf, kind);
        let distribution = if complete { self.distribution(leaf, kind) } else { None };
        ReadLeaf { kind: Some(kind), distribution, filled: fill(leaf.node, kind) }
    }

    fn named(&mut self, entry: &Entry, leaf: Leaf<'_>) -> Option<&'static Kind> {
        let path = leaf.path.key("distribution");
        if let Data::Text(name) = &entry.node.data
            && let Some(kind) = find(name)
        {
            if let Some(successor) = kind.successor {
                self.given_up(entry, leaf, kind, successor);
            }
            return Some(kind);
        }
        let names: Vec<&'static str> =
            KINDS.iter().filter(|k| k.successor.is_none()).map(|k| k.name).collect();
        let kind = self.choice(&entry.node, &path, &names)?;
        find(kind)
    }

    /// `log_uniform` and its like take exponents; W&B refuses them, and what one writes instead can be computed.
    fn given_up(&mut self, entry: &Entry, leaf: Leaf<'_>, kind: &Kind, successor: &str) {
        let message = format!("{}, whose bounds are exponents, is no longer supported", kind.name);
        let diagnostic = self.diagnostics.error(entry.node.place, &leaf.path.key("distribution"), message);
        let bound = |key: &str| match leaf.node.entry(key)?.node.data {
            Data::Integer(value) => Some((value as f64).exp()),
            Data::Float(value) => Some(value.exp()),
            _ => None,
        };
        let (low, high) = if kind.name == "inv_log_uniform" { ("max", "min") } else { ("min", "max") };
        let invert = |x: f64| if kind.name == "inv_log_uniform" { 1.0 / x } else { x };
        diagnostic.suggest(match (bound(low).map(invert), bound(high).map(invert)) {
            (Some(min), Some(max)) => {
                format!("write distribution: {successor}, min: {}, max: {}", rounded(min), rounded(max))
            }
            _ => format!("use {successor} with the bounds themselves"),
        });
    }

    fn cannot_infer(&mut self, leaf: Leaf<'_>) {
        let Leaf { node, path, place } = leaf;
        let mut misspelled = false;
        for entry in node.entries().iter().filter(|entry| !PARAMETER_KEYS.contains(&entry.key.as_str())) {
            misspelled |= nearest(&entry.key, PARAMETER_KEYS.iter().copied()).is_some();
            self.unknown_key(entry, path, PARAMETER_KEYS);
        }
        if misspelled {
            return;
        }
        let has = |key| node.entry(key).is_some();
        if has("min") != has("max") {
            let (there, missing) = if has("min") { ("min", "max") } else { ("max", "min") };
            return self.missing(place, path, missing, &format!("; {there} alone is not a range"));
        }
        if has("probabilities") {
            return self.missing(place, path, "values", "; probabilities need the values they belong to");
        }
        let diagnostic = self.diagnostics.error(
            place,
            path,
            "it has no values; give `value`, `values`, `min` and `max`, or a `distribution`",
        );
        if has("mu") || has("sigma") {
            diagnostic.suggest("for mu and sigma, write distribution: normal or log_normal");
        } else if has("a") || has("b") {
            diagnostic.suggest("for a and b, write distribution: beta");
        }
    }

    /// Whether all keys that the distribution needs are there.
    fn check_leaf_keys(&mut self, leaf: Leaf<'_>, kind: &Kind) -> bool {
        let Leaf { node, path, place } = leaf;
        let allowed = |key: &str| key == "distribution" || kind.keys.iter().any(|k| k.name == key);
        let mut missing: Vec<_> = kind
            .keys
            .iter()
            .filter(|k| k.default.is_none() && node.entry(k.name).is_none())
            .map(|k| k.name)
            .collect();
        for entry in node.entries().iter().filter(|entry| !allowed(&entry.key)) {
            if !PARAMETER_KEYS.contains(&entry.key.as_str()) {
                let known: Vec<&str> =
                    std::iter::once("distribution").chain(kind.keys.iter().map(|k| k.name)).collect();
                self.unknown_key(entry, path, &known);
                // A misspelled key is not reported as missing, too.
                missing.retain(|key| nearest(&entry.key, known.iter().copied()) != Some(key));
                continue;
            }
            let message = match (node.entry("distribution"), kind.name) {
                (Some(_), name) => format!("this key does not go with the distribution {name}"),
                (None, "constant") => "this key does not go with `value`".to_owned(),
                (None, "int_uniform" | "uniform") => "this key does not go with `min` and `max`".to_owned(),
                (None, _) => "this key does not go with `values`".to_owned(),
            };

            let diagnostic = self.diagnostics.error(entry.place, &path.key(&entry.key), message);
            if let Some(instead) = instead(&entry.key, kind, node) {
                diagnostic.suggest(instead);
            }
        }
        let complete = missing.is_empty();
        for key in missing {
            self.missing(place, path, key, &format!("; the distribution {} needs it", kind.name));
        }
        complete && kind.keys.iter().all(|k| k.default.is_some() || node.entry(k.name).is_some())
    }

    fn distribution(&mut self, leaf: Leaf<'_>, kind: &'static Kind) -> Option<Distribution> {
        match kind.name {
            "constant" => {
                let entry = leaf.node.entry("value")?;
                self.check_value(&entry.node, &leaf.path.key("value"));
                Some(Distribution::Constant(entry.node.to_json()))
            }
            "categorical" => {
                Some(Distribution::Categorical { values: self.values(leaf)?, probabilities: None })
            }
            "categorical_w_probabilities" => {
                let values = self.values(leaf);
                let probabilities = self.probabilities(leaf, values.as_ref().map(Vec::len))?;
                Some(Distribution::Categorical { values: values?, probabilities: Some(probabilities) })
            }
            "int_uniform" => self.int_uniform(leaf),
            name => {
                let shape = self.shape(leaf, kind, name.strip_prefix("q_").unwrap_or(name));
                let step = self.step(leaf, kind);
                match step {
                    Some(step) => Some(Distribution::Quantized(shape?, step?)),
                    None => shape.map(Distribution::Continuous),
                }
            }
        }
    }

    fn values(&mut self, leaf: Leaf<'_>) -> Option<Vec<Value>> {
        let path = leaf.path.key("values");
        let entry = leaf.node.entry("values")?;
        let items = self.list(&entry.node, &path, "values")?;
        if items.is_empty() {
            self.diagnostics.error(entry.node.place, &path, "expected at least one value").found(&entry.node);
            return None;
        }
        for (index, item) in items.iter().enumerate() {
            self.check_value(item, &path.index(index));
        }
        Some(items.iter().map(|item| item.to_json()).collect())
    }

    /// Warns of values that a program gets otherwise than they were written.
    fn check_value(&mut self, node: &Node, path: &Path<'_>) {
        match &node.data {
            Data::Float(value) if !value.is_finite() => {
                let (found, text) = (node.describe(), node.to_json());
                let message =
                    format!("the program gets {found} as the text {text}, as JSON has no such number");
                self.diagnostics.warn(node.place, path, message);
            }
            Data::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.check_value(item, &path.index(index));
                }
            }
            Data::Map(entries) => {
                for entry in entries {
                    self.check_value(&entry.node, &path.key(&entry.key));
                }
            }
            _ => {}
        }
    }

    fn probabilities(&mut self, leaf: Leaf<'_>, values: Option<usize>) -> Option<Vec<f64>> {
        let path = leaf.path.key("probabilities");
        let entry = leaf.node.entry("probabilities")?;
        let items = self.list(&entry.node, &path, "numbers")?;
        let mut probabilities = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let path = path.index(index);
            let Some(number) = self.number(item, &path) else { continue };
            if number.as_f64() < 0.0 {
                self.diagnostics.error(item.place, &path, "a probability cannot be negative").found(item);
                continue;
            }
            probabilities.push(number.as_f64());
        }
        if let Some(values) = values.filter(|values| *values != items.len()) {
            let message = format!(
                "{} for {}",
                counted(items.len(), "probability", "probabilities"),
                counted(values, "value", "values")
            );
            self.diagnostics.error(entry.node.place, &path, message);
            return None;
        }
        if probabilities.len() < items.len() || probabilities.is_empty() {
            return None;
        }
        let sum: f64 = probabilities.iter().sum();
        if (sum - 1.0).abs() <= SUM_TOLERANCE {
            return Some(probabilities);
        }
        let short = format!("{sum:.6}");
        let short = short.trim_end_matches('0').trim_end_matches('.');
        self.diagnostics.error(
            entry.node.place,
            &path,
            format!("the probabilities sum to {short}, not to 1"),
        );
        None
    }

    fn int_uniform(&mut self, leaf: Leaf<'_>) -> Option<Distribution> {
        let (min, max) = self.range(leaf);
        let mut bound = |key: &str, number: Option<Number>| {
            let number = number?;
            let entry = leaf.node.entry(key)?;
            let path = leaf.path.key(key);
            if matches!(number, Number::Float(_)) {
                self.diagnostics.not_for_wandb(
                    entry.node.place,
                    &path,
                    "W&B expects this bound without a decimal point",
                );
            }
            let whole = number.as_whole();
            if whole.is_none() {
                let message = "expected a whole number of at most 64 bits, as for int_uniform";
                let diagnostic = self.diagnostics.error(entry.node.place, &path, message).found(&entry.node);
                if matches!(number, Number::Float(_)) {
                    diagnostic.suggest("for real numbers, write distribution: uniform");
                }
            }
            whole
        };
        let (min, max) = (bound("min", min), bound("max", max));
        Some(Distribution::IntUniform { min: min?, max: max? })
    }

    /// Both bounds, `None` for what is not a number; a diagnostic if they are the wrong way round.
    fn range(&mut self, leaf: Leaf<'_>) -> (Option<Number>, Option<Number>) {
        let mut bound = |key| {
            let entry = leaf.node.entry(key)?;
            self.number(&entry.node, &leaf.path.key(key))
        };
        let (min, max) = (bound("min"), bound("max"));
        let (Some(low), Some(high)) = (min, max) else { return (min, max) };
        let in_order = match (low, high) {
            (Number::Integer(low), Number::Integer(high)) => low < high,
            _ => low.as_f64() < high.as_f64(),
        };
        if !in_order {
            let entry = leaf.node.entry("min");
            let place = entry.map_or(leaf.place, |entry| entry.node.place);
            let message = format!("min is {low}, which is not less than max, {high}");
            let diagnostic = self.diagnostics.error(place, &leaf.path.key("min"), message);
            if low.as_f64() > high.as_f64() {
                diagnostic.suggest(format!("write min: {high}, max: {low}"));
            } else {
                diagnostic.suggest(format!("for a single value, write value: {low}"));
            }
            return (None, None);
        }
        (min, max)
    }

    fn shape(&mut self, leaf: Leaf<'_>, kind: &Kind, plain: &str) -> Option<Continuous> {
        match plain {
            "uniform" | "log_uniform" | "inv_log_uniform" => {
                let (Some(min), Some(max)) = self.range(leaf) else { return None };
                let (min, max) = (min.as_f64(), max.as_f64());
                if !(max - min).is_finite() {
                    self.diagnostics.error(
                        leaf.place,
                        leaf.path,
                        "the range is too wide for a 64-bit number",
                    );
                    return None;
                }
                Some(match plain {
                    "uniform" => Continuous::Uniform { min, max },
                    "log_uniform" => Continuous::LogUniform { min, max },
                    _ => Continuous::InvLogUniform { min, max },
                })
            }
            "log_uniform_values" | "inv_log_uniform_values" => {
                let (min, max) = self.range(leaf);
                let min = self.positive(leaf, "min", min?)?;
                let max = max?.as_f64();
                Some(match plain {
                    "log_uniform_values" => Continuous::LogUniformValues { min, max },
                    _ => Continuous::InvLogUniformValues { min, max },
                })
            }
            "beta" => {
                let (a, b) = (self.beta_shape(leaf, kind, "a"), self.beta_shape(leaf, kind, "b"));
                Some(Continuous::Beta { a: a?, b: b? })
            }
            _ => {
                let mu = self.key(leaf, kind, "mu").map(Number::as_f64);
                let sigma = self.positive_key(leaf, kind, "sigma");
                Some(match plain {
                    "normal" => Continuous::Normal { mu: mu?, sigma: sigma? },
                    _ => Continuous::LogNormal { mu: mu?, sigma: sigma? },
                })
            }
        }
    }

    /// The step, if the distribution has one.
    fn step(&mut self, leaf: Leaf<'_>, kind: &Kind) -> Option<Option<Step>> {
        kind.keys.iter().find(|key| key.name == "q")?;
        let Some(number) = self.key(leaf, kind, "q") else { return Some(None) };
        let q = self.positive(leaf, "q", number);
        Some(q.map(|q| Step { q, integer: matches!(number, Number::Integer(_)) }))
    }

    /// The number that a key has or by default has.
    fn key(&mut self, leaf: Leaf<'_>, kind: &Kind, key: &str) -> Option<Number> {
        match leaf.node.entry(key) {
            Some(entry) => self.number(&entry.node, &leaf.path.key(key)),
            None => kind.keys.iter().find(|k| k.name == key)?.default,
        }
    }

    /// The work that a quantile takes grows with the shapes, without end.
    fn beta_shape(&mut self, leaf: Leaf<'_>, kind: &Kind, key: &str) -> Option<f64> {
        let shape = self.positive_key(leaf, kind, key)?;
        if shape <= MAX_BETA_SHAPE {
            return Some(shape);
        }
        let entry = leaf.node.entry(key)?;
        let message = format!("a shape of a beta distribution may be {MAX_BETA_SHAPE} at most");
        self.diagnostics.error(entry.node.place, &leaf.path.key(key), message).found(&entry.node);
        None
    }

    fn positive_key(&mut self, leaf: Leaf<'_>, kind: &Kind, key: &str) -> Option<f64> {
        let number = self.key(leaf, kind, key)?;
        self.positive(leaf, key, number)
    }

    fn positive(&mut self, leaf: Leaf<'_>, key: &str, number: Number) -> Option<f64> {
        let value = number.as_f64();
        if value > 0.0 {
            return Some(value);
        }
        let entry = leaf.node.entry(key)?;
        self.diagnostics
            .error(entry.node.place, &leaf.path.key(key), "expected a number greater than 0")
            .found(&entry.node);
        None
    }
}

/// A number to four digits.
fn rounded(x: f64) -> f64 {
    format!("{x:.3e}").parse().unwrap_or(x)
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
