//! A single parameter: which distribution is meant, its defaults, and whether it makes sense.

use besom_core::distribution::{Continuous, Step};
use besom_core::{Distribution, DistributionFault};
use serde_json::Value;

use super::Checker;
use super::field::Number;
use super::kind::{KINDS, Kind, PARAMETER_KEYS, fill, find, infer, instead};
use crate::aliases::meant;
use crate::tree::{Data, Entry, Node, Path, Place, shorten};

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
                self.deprecated(entry, leaf, kind, successor);
            }
            return Some(kind);
        }
        let names: Vec<&'static str> =
            KINDS.iter().filter(|k| k.successor.is_none()).map(|k| k.name).collect();
        let kind = self.choice(&entry.node, &path, &names)?;
        find(kind)
    }

    fn cannot_infer(&mut self, leaf: Leaf<'_>) {
        let Leaf { node, path, place } = leaf;
        let mut misspelled = false;
        let is_leaf = |entry: &&Entry| !matches!(entry.node.data, Data::Map(_));
        let unknown = |entry: &&Entry| !PARAMETER_KEYS.contains(&entry.key.as_str());
        for entry in node.entries().iter().filter(unknown).filter(is_leaf) {
            misspelled |= meant(&entry.key, PARAMETER_KEYS.iter().copied()).is_some();
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
        let entries = node.entries();
        let is_nested =
            |entry: &Entry| entry.node.entries().iter().any(|e| PARAMETER_KEYS.contains(&e.key.as_str()));
        if let Some(first) = entries.first().filter(|_| entries.iter().all(is_nested)) {
            diagnostic.suggest(format!("to nest, write parameters: {{{}: ..}} in it", shorten(&first.key)));
        } else if has("mu") || has("sigma") {
            diagnostic.suggest("for mu and sigma, write distribution: normal or log_normal");
        } else if has("a") || has("b") {
            diagnostic.suggest("for a and b, write distribution: beta");
        }
    }

    /// Whether all keys that the distribution needs are there.
    fn check_leaf_keys(&mut self, leaf: Leaf<'_>, kind: &Kind) -> bool {
        let Leaf { node, path, place } = leaf;
        let allowed =
            |key: &str| ["distribution", "when"].contains(&key) || kind.keys.iter().any(|k| k.name == key);
        let mut missing: Vec<_> = kind
            .keys
            .iter()
            .filter(|k| k.default.is_none() && node.entry(k.name).is_none())
            .map(|k| k.name)
            .collect();
        for entry in node.entries().iter().filter(|entry| !allowed(&entry.key)) {
            if !PARAMETER_KEYS.contains(&entry.key.as_str()) {
                let known = ["distribution", "when"].into_iter().chain(kind.keys.iter().map(|k| k.name));
                let known: Vec<&str> = known.collect();
                self.unknown_key(entry, path, &known);
                // A misspelled key is not reported as missing, too.
                missing.retain(|key| meant(&entry.key, known.iter().copied()) != Some(key));
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
                let values = self.values(leaf)?;
                self.sound(leaf, Distribution::Categorical { values, probabilities: None })
            }
            "categorical_w_probabilities" => self.weighted(leaf),
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
        for (index, item) in items.iter().enumerate() {
            self.check_value(item, &path.index(index));
        }
        Some(items.iter().map(|item| item.to_json()).collect())
    }

    /// Warns of values that a program gets otherwise than they were written; those that it can't get are errors.
    fn check_value(&mut self, node: &Node, path: &Path<'_>) {
        match &node.data {
            Data::Float(value) if !value.is_finite() => {
                let (found, text) = (node.describe(), node.to_json());
                let message =
                    format!("the program gets {found} as the text {text}, as JSON has no such number");
                self.diagnostics.warn(node.place, path, message);
            }
            Data::Text(text) if text.contains('\0') => {
                let message = "a value must not contain the character NUL, which no program can be given";
                self.diagnostics.error(node.place, path, message).found(node);
            }
            Data::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.check_value(item, &path.index(index));
                }
            }
            Data::Map(entries) => {
                for entry in entries {
                    if entry.key.contains('\0') {
                        let message =
                            "a key must not contain the character NUL, which no program can be given";
                        self.diagnostics.error(entry.place, &path.key(&entry.key), message);
                    }
                    self.check_value(&entry.node, &path.key(&entry.key));
                }
            }
            _ => {}
        }
    }

    /// A list with probabilities; where one of the two lists is not one, the other is checked all the same.
    fn weighted(&mut self, leaf: Leaf<'_>) -> Option<Distribution> {
        let values = self.values(leaf);
        let path = leaf.path.key("probabilities");
        let entry = leaf.node.entry("probabilities")?;
        let items = self.list(&entry.node, &path, "numbers")?;
        let numbers = items.iter().enumerate();
        let numbers: Vec<_> =
            numbers.map(|(index, item)| self.number(item, &path.index(index)).map(Number::as_f64)).collect();
        let probabilities = numbers.iter().map(|number| number.unwrap_or(0.0)).collect();
        let whole = values.is_some() && numbers.iter().all(Option::is_some);
        let values = values.unwrap_or_else(|| vec![Value::Null; items.len().max(1)]);
        let distribution = Distribution::Categorical { values, probabilities: Some(probabilities) };
        let mut faults = distribution.check();
        faults.retain(|fault| match fault {
            DistributionFault::Sum(_) => numbers.iter().all(Option::is_some),
            DistributionFault::Count { .. } => !items.is_empty() || whole,
            _ => true,
        });
        self.report(leaf, &faults);
        (whole && faults.is_empty()).then_some(distribution)
    }

    fn int_uniform(&mut self, leaf: Leaf<'_>) -> Option<Distribution> {
        let mut bound = |key: &str| {
            let entry = leaf.node.entry(key)?;
            let path = leaf.path.key(key);
            let number = self.number(&entry.node, &path)?;
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
        let (min, max) = (bound("min"), bound("max"));
        self.sound(leaf, Distribution::IntUniform { min: min?, max: max? })
    }

    fn shape(&mut self, leaf: Leaf<'_>, kind: &Kind, plain: &str) -> Option<Continuous> {
        let numbers = kind.keys.iter().filter(|key| key.name != "q");
        let numbers: Vec<Option<f64>> =
            numbers.map(|key| self.key(leaf, kind, key.name).map(Number::as_f64)).collect();
        // Where a number is none, the default stands for it, so that the other one is checked all the same.
        let number = |place: usize| numbers[place].or(kind.keys[place].default.map(Number::as_f64));
        let (first, second) = (number(0)?, number(1)?);
        let shape = continuous(plain, first, second);
        let faults = shape.check();
        self.report(leaf, &faults);
        (faults.is_empty() && numbers.iter().all(Option::is_some)).then_some(shape)
    }

    /// The step, if the distribution has one.
    fn step(&mut self, leaf: Leaf<'_>, kind: &Kind) -> Option<Option<Step>> {
        kind.keys.iter().find(|key| key.name == "q")?;
        let Some(number) = self.key(leaf, kind, "q") else { return Some(None) };
        let step = Step { q: number.as_f64(), integer: matches!(number, Number::Integer(_)) };
        let fault = step.check();
        self.report(leaf, fault.as_slice());
        Some(fault.is_none().then_some(step))
    }

    /// The number that a key has or by default has.
    fn key(&mut self, leaf: Leaf<'_>, kind: &Kind, key: &str) -> Option<Number> {
        match leaf.node.entry(key) {
            Some(entry) => self.number(&entry.node, &leaf.path.key(key)),
            None => kind.keys.iter().find(|k| k.name == key)?.default,
        }
    }
}

/// The shape of this name without the `q_`, of its two numbers in the order of the table.
fn continuous(name: &str, first: f64, second: f64) -> Continuous {
    match name {
        "uniform" => Continuous::Uniform { min: first, max: second },
        "log_uniform" => Continuous::LogUniform { min: first, max: second },
        "inv_log_uniform" => Continuous::InvLogUniform { min: first, max: second },
        "log_uniform_values" => Continuous::LogUniformValues { min: first, max: second },
        "inv_log_uniform_values" => Continuous::InvLogUniformValues { min: first, max: second },
        "normal" => Continuous::Normal { mu: first, sigma: second },
        "log_normal" => Continuous::LogNormal { mu: first, sigma: second },
        _ => Continuous::Beta { a: first, b: second },
    }
}
