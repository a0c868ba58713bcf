//! The key `metric`, and the items of `metrics`.

use besom_core::{Goal, Impute, ImputeWhileRunning, Metric};
use serde_json::{Map, Value};

use super::Checker;
use super::field::{Number, is_meant};
use crate::aliases::meant;
use crate::tree::{Data, Entry, Node, Path, shorten};

/// The keys of a metric.
pub(crate) const METRIC_KEYS: &[&str] =
    &["name", "goal", "target", "threshold", "impute", "impute_while_running"];

/// A text as YAML takes it in a mapping on one line.
fn plain_or_quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("{text:?}")
}

impl Checker<'_> {
    /// Reads a metric whose key or list item is `entry_place`; returns it with its defaults filled in as well.
    pub(super) fn metric(&mut self, node: &Node, path: &Path<'_>) -> Option<(Metric, Value)> {
        if let Data::Text(name) = &node.data {
            let diagnostic =
                self.diagnostics.error(node.place, path, "expected a mapping of name, goal and others");
            diagnostic.found(node);
            if shorten(name).len() == name.len() {
                let key = if path.to_string().ends_with(']') { "" } else { "metric: " };
                diagnostic.suggest(format!("write {key}{{name: {}}}", plain_or_quoted(name)));
            }
            return None;
        }
        let entries = self.mapping(node, path, "name, goal and others")?;
        self.check_metric_keys(entries, path);
        let mut filled: Map<String, Value> =
            entries.iter().map(|e| (e.key.clone(), e.node.to_json())).collect();
        let name = self.metric_name(node, path);
        let goal = self.goal(node, path);
        let target = node.entry("target").map(|e| self.number(&e.node, &path.key("target")));
        let threshold = node.entry("threshold").map(|e| self.number(&e.node, &path.key("threshold")));
        let impute = self.impute(node, path);
        let impute_while_running = self.impute_while_running(node, path);
        let given = |number: Option<Option<Number>>| match number {
            Some(number) => Some(Some(number?.as_f64())),
            None => Some(None),
        };
        let metric = Metric::new(name?, goal?)
            .target(given(target)?)
            .threshold(given(threshold)?)
            .impute(impute?)
            .impute_while_running(impute_while_running?);
        self.check_threshold(node, path, &metric);
        filled.insert("goal".to_owned(), metric.goal.as_str().into());
        filled.entry("impute").or_insert_with(|| "worst".into());
        if metric.impute_while_running == ImputeWhileRunning::False {
            filled.insert("impute_while_running".to_owned(), "false".into());
        }
        Some((metric, filled.into()))
    }

    /// Warns of what a metric that stands alone has no use for.
    pub(super) fn check_single(&mut self, node: &Node, path: &Path<'_>) {
        let Some(entry) = node.entry("threshold").filter(|_| !self.for_wandb()) else { return };
        let message = "a threshold has an effect beside other metrics only";
        let diagnostic = self.diagnostics.warn(entry.place, &path.key("threshold"), message);
        diagnostic.suggest("to end the sweep at a value, write target");
    }

    /// A threshold that is better than the target would make runs worthless that end the sweep.
    fn check_threshold(&mut self, node: &Node, path: &Path<'_>, metric: &Metric) {
        let Some(entry) = node.entry("threshold") else { return };
        let path = path.key("threshold");
        self.diagnostics.not_for_wandb(entry.place, &path, "W&B does not know this key of besom's own");
        let (Some(threshold), Some(target)) = (metric.threshold, metric.target) else { return };
        let word = match metric.goal {
            Goal::Minimize if threshold < target => "at least",
            Goal::Maximize if threshold > target => "at most",
            _ => return,
        };
        let message =
            format!("expected {word} the target, {target}: a run that is worse than this is worth nothing");
        self.diagnostics.error(entry.node.place, &path, message).found(&entry.node);
    }

    /// Unknown keys have no effect, as in W&B, unless one of ours was meant.
    fn check_metric_keys(&mut self, entries: &[Entry], path: &Path<'_>) {
        for entry in entries.iter().filter(|entry| !METRIC_KEYS.contains(&entry.key.as_str())) {
            if self.for_wandb() || is_meant(entry, METRIC_KEYS) {
                self.unknown_key(entry, path, METRIC_KEYS);
            } else {
                self.without_effect(entry, path).suggest(format!("known are {}", METRIC_KEYS.join(", ")));
            }
        }
    }

    fn metric_name(&mut self, node: &Node, path: &Path<'_>) -> Option<String> {
        let Some(entry) = node.entry("name") else {
            self.missing_in(
                node,
                METRIC_KEYS,
                node.place,
                path,
                "name",
                "; it is the key under which your program logs the metric",
            );
            return None;
        };
        let name = self.text(&entry.node, &path.key("name"))?;
        if name.is_empty() {
            let message = "the name is empty; programs rarely log under an empty name";
            self.diagnostics.warn(entry.node.place, &path.key("name"), message);
        }
        Some(name)
    }

    fn goal(&mut self, node: &Node, path: &Path<'_>) -> Option<Goal> {
        let Some(entry) = node.entry("goal") else { return Some(Goal::default()) };
        let path = path.key("goal");
        if let Data::Text(text) = &entry.node.data
            && !self.for_wandb()
            && !["minimize", "maximize"].contains(&text.as_str())
            && meant(text, ["minimize", "maximize"]) != Some("maximize")
        {
            let message = "expected minimize or maximize; anything else minimizes, as in W&B";
            let diagnostic = self.diagnostics.warn(entry.node.place, &path, message).found(&entry.node);
            diagnostic.suggest("write minimize");
            return Some(Goal::Minimize);
        }
        let choice = self.choice(&entry.node, &path, &["minimize", "maximize"])?;
        Some(if choice == "maximize" { Goal::Maximize } else { Goal::Minimize })
    }

    fn impute(&mut self, node: &Node, path: &Path<'_>) -> Option<Impute> {
        let Some(entry) = node.entry("impute") else { return Some(Impute::default()) };
        let path = path.key("impute");
        Some(match self.choice(&entry.node, &path, &["worst", "best", "latest", "ignore"])? {
            "best" => Impute::Best,
            "latest" => Impute::Latest,
            "ignore" => {
                let message = "W&B knows only worst, best and latest";
                self.diagnostics.not_for_wandb(entry.node.place, &path, message);
                Impute::Ignore
            }
            _ => Impute::Worst,
        })
    }

    fn impute_while_running(&mut self, node: &Node, path: &Path<'_>) -> Option<ImputeWhileRunning> {
        let Some(entry) = node.entry("impute_while_running") else {
            return Some(ImputeWhileRunning::default());
        };
        let path = path.key("impute_while_running");
        if matches!(entry.node.data, Data::Bool(false)) {
            self.diagnostics.not_for_wandb(
                entry.node.place,
                &path,
                "W&B expects the text \"false\", in quotes",
            );
            return Some(ImputeWhileRunning::False);
        }
        Some(match self.choice(&entry.node, &path, &["false", "worst", "best", "latest"])? {
            "worst" => ImputeWhileRunning::Worst,
            "best" => ImputeWhileRunning::Best,
            "latest" => ImputeWhileRunning::Latest,
            _ => ImputeWhileRunning::False,
        })
    }
}
