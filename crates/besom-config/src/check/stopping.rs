//! The key `early_terminate`.

use serde_json::{Map, Value, json};

use super::Checker;
use super::field::Number;
use crate::sweep::Algorithm;
use crate::tree::{Data, Entry, Node, Path, shorten};

/// The stopping rules that come with besom.
pub(crate) const STOPPERS: &[&str] = &["hyperband", "envelope", "asha", "median", "threshold", "patience"];

/// The keys of `hyperband`.
pub(crate) const HYPERBAND_KEYS: &[&str] = &["type", "min_iter", "max_iter", "s", "eta", "strict"];

/// The keys of `envelope`.
pub(crate) const ENVELOPE_KEYS: &[&str] = &["type", "fraction", "min_runs", "start_iter"];

impl Checker<'_> {
    /// Reads the stopping rule; gives it back as JSON with its defaults filled in as well.
    pub(super) fn early_terminate(
        &mut self,
        entry: &Entry,
        path: &Path<'_>,
        has_metric: bool,
    ) -> Option<(Algorithm, Value)> {
        let node = &*entry.node;
        if let Data::Text(name) = &node.data {
            let finding =
                self.findings.error(node.place, path, "expected a mapping of type and others").found(node);
            finding.suggest(match name.as_str() {
                "hyperband" => "write early_terminate: {type: hyperband, min_iter: 3}".to_owned(),
                _ => format!("write early_terminate: {{type: {}}}", shorten(name)),
            });
            return None;
        }
        self.mapping(node, path, "type and others")?;
        let name = self.stopper_name(entry, path)?;
        if !STOPPERS.contains(&name.as_str()) {
            let filled = node.to_json();
            return Some((Algorithm { name, options: options(&filled) }, filled));
        }
        if !has_metric {
            let message = "this is missing; early_terminate compares runs by it";
            let finding = self.findings.error(entry.place, &Path::Root.key("metric"), message);
            finding.suggest("write metric: {name: .., goal: minimize}");
        }
        let filled = match name.as_str() {
            "hyperband" => self.hyperband(entry, path)?,
            "envelope" => self.envelope(entry, path)?,
            rule => self.plain(entry, path, rule),
        };
        Some((Algorithm { name, options: options(&filled) }, filled))
    }

    fn stopper_name(&mut self, entry: &Entry, path: &Path<'_>) -> Option<String> {
        let Some(kind) = entry.node.entry("type") else {
            self.missing_in(
                &entry.node,
                &["type"],
                entry.place,
                path,
                "type",
                "; it names the stopping rule",
            );
            return None;
        };
        let path = path.key("type");
        if let Data::Text(name) = &kind.node.data
            && (self.known.any || STOPPERS.contains(&name.as_str()) || self.known.stoppers.contains(name))
        {
            if name != "hyperband" {
                let message = format!("W&B has no stopping rule {name}, only hyperband");
                self.findings.not_for_wandb(kind.node.place, &path, message);
            }
            return Some(name.clone());
        }
        let mut known: Vec<&str> = STOPPERS.to_vec();
        known.extend(self.known.stoppers.iter().map(String::as_str).filter(|name| !STOPPERS.contains(name)));
        let message = format!("expected a stopping rule; known are {}", known.join(", "));
        let finding = self.findings.error(kind.node.place, &path, message).found(&kind.node);
        if let Data::Text(name) = &kind.node.data {
            finding.suggest_nearest(name, known);
        }
        None
    }

    fn hyperband(&mut self, entry: &Entry, path: &Path<'_>) -> Option<Value> {
        let node = &*entry.node;
        self.check_keys(node, path, HYPERBAND_KEYS);
        let mut filled = as_map(node);
        let mut wholes = [None; 3];
        for (whole, key) in wholes.iter_mut().zip(["min_iter", "max_iter", "s"]) {
            let Some(option) = node.entry(key) else { continue };
            *whole = Some(self.whole(&option.node, &path.key(key), 1));
            if let Some(Some(value)) = *whole {
                filled.insert(key.to_owned(), value.into());
            }
        }
        let [min_iter, max_iter, s] = wholes;
        let eta = match node.entry("eta") {
            Some(eta) => self.eta(&eta.node, &path.key("eta")),
            None => Some(Number::Integer(3)),
        };
        let strict = node.entry("strict").map(|strict| self.boolean(&strict.node, &path.key("strict")));
        self.check_form(entry, path, [min_iter.is_some(), max_iter.is_some(), s.is_some()]);
        if let (Some(Some(max_iter)), Some(eta)) = (max_iter, eta)
            && (max_iter as f64) < eta.as_f64()
            && let Some(option) = node.entry("max_iter")
        {
            let message = format!("this leaves no step to stop at: expected at least eta, {eta}");
            self.findings.error(option.node.place, &path.key("max_iter"), message).found(&option.node);
        }
        filled.entry("eta").or_insert_with(|| json!(3));
        filled.entry("strict").or_insert_with(|| json!(strict.flatten().unwrap_or(true)));
        Some(filled.into())
    }

    fn eta(&mut self, node: &Node, path: &Path<'_>) -> Option<Number> {
        let eta = self.number(node, path)?;
        if eta.as_f64() > 1.0 {
            return Some(eta);
        }
        self.findings.error(node.place, path, "expected a number greater than 1").found(node);
        None
    }

    /// Hyperband is given by its first step, or by its last and how many there are.
    fn check_form(&mut self, entry: &Entry, path: &Path<'_>, [min_iter, max_iter, s]: [bool; 3]) {
        let at = |key: &str| entry.node.entry(key).map_or(entry.place, |option| option.place);
        match (min_iter, max_iter, s) {
            (_, true, false) => {
                let place = at("max_iter");
                self.missing(
                    place,
                    path,
                    "s",
                    "; max_iter needs it, the number of steps at which runs are compared",
                );
            }
            (false, false, _) => {
                let why =
                    "; hyperband needs it (the first step at which runs are compared), or max_iter and s";
                self.missing(entry.place, path, "min_iter", why);
            }
            (true, true, true) => {
                self.findings.warn(
                    at("min_iter"),
                    &path.key("min_iter"),
                    "this has no effect beside max_iter and s",
                );
            }
            (true, false, true) => {
                self.findings.warn(at("s"), &path.key("s"), "this has no effect without max_iter");
            }
            _ => {}
        }
    }

    /// A rule all of whose options may be left out; it checks their values itself.
    fn plain(&mut self, entry: &Entry, path: &Path<'_>, rule: &str) -> Value {
        let known: &[&str] = match rule {
            "asha" => &["type", "eta", "min_iter", "min_peers"],
            "median" => &["type", "grace", "min_peers"],
            "threshold" => &["type", "nan", "upper", "lower", "divergence", "min_iter"],
            _ => &["type", "patience", "min_delta", "min_iter"],
        };
        self.check_keys(&entry.node, path, known);
        entry.node.to_json()
    }

    fn envelope(&mut self, entry: &Entry, path: &Path<'_>) -> Option<Value> {
        let node = &*entry.node;
        self.check_keys(node, path, ENVELOPE_KEYS);
        let mut filled = as_map(node);
        if let Some(fraction) = node.entry("fraction") {
            let path = path.key("fraction");
            let number = self.number(&fraction.node, &path);
            if number.is_some_and(|number| number.as_f64() < 0.0) {
                let message = "expected a number from 0 to 1";
                self.findings.error(fraction.node.place, &path, message).found(&fraction.node);
            } else if number.is_some_and(|number| number.as_f64() > 1.0) {
                let message = "a fraction of more than 1 keeps all finished runs, as 1 does";
                self.findings.warn(fraction.node.place, &path, message);
            }
        }
        for key in ["min_runs", "start_iter"] {
            let Some(option) = node.entry(key) else { continue };
            if let Some(value) = self.whole(&option.node, &path.key(key), 0) {
                filled.insert(key.to_owned(), value.into());
            }
        }
        for (key, default) in [("fraction", json!(0.3)), ("min_runs", json!(3)), ("start_iter", json!(3))] {
            filled.entry(key).or_insert(default);
        }
        Some(filled.into())
    }
}

fn as_map(node: &Node) -> Map<String, Value> {
    node.entries().iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect()
}

fn options(filled: &Value) -> Map<String, Value> {
    let mut options = filled.as_object().cloned().unwrap_or_default();
    options.shift_remove("type");
    options
}
