//! The keys `metric` and `metrics`.

use besom_core::{Goal, Impute, ImputeWhileRunning, Metric};
use serde_json::{Map, Value};

use super::Checker;
use super::algorithm::Named;
use super::field::is_meant;
use crate::aliases::meant;
use crate::tree::{Data, Entry, Node, Path, shorten};

/// The keys of a metric.
pub(crate) const METRIC_KEYS: &[&str] = &["name", "goal", "target", "impute", "impute_while_running"];

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
                diagnostic.suggest(format!("write metric: {{name: {}}}", plain_or_quoted(name)));
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
        let impute = self.impute(node, path);
        let impute_while_running = self.impute_while_running(node, path);
        let target = match target {
            Some(target) => Some(target?.as_f64()),
            None => None,
        };
        let metric = Metric::new(name?, goal?)
            .target(target)
            .impute(impute?)
            .impute_while_running(impute_while_running?);
        filled.insert("goal".to_owned(), metric.goal.as_str().into());
        filled.entry("impute").or_insert_with(|| "worst".into());
        if metric.impute_while_running == ImputeWhileRunning::False {
            filled.insert("impute_while_running".to_owned(), "false".into());
        }
        Some((metric, filled.into()))
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

    /// Reads `metrics`, which W&B has for several objectives at once.
    pub(super) fn metrics(
        &mut self,
        entry: &Entry,
        path: &Path<'_>,
        root: &Node,
        method: Option<&Named<'_>>,
    ) -> Option<Vec<Metric>> {
        let items = self.list(&entry.node, path, "metrics")?;
        let both = root.entry("metric").is_some();
        let taken =
            |method: &Named<'_>| method.name == "custom" || method.spec.supports.metrics >= items.len();
        if both {
            self.diagnostics.error(entry.place, path, "`metric` and `metrics` cannot both be set");
        } else if !method.is_some_and(taken) {
            let message = "several metrics go with method: custom only; name one as `metric`";
            self.diagnostics.error(entry.place, path, message);
        }
        if items.len() < 2 {
            let diagnostic = self.diagnostics.error(entry.node.place, path, "expected at least two metrics");
            diagnostic.found(&entry.node).suggest("a single one is called `metric`");
        }
        let read: Vec<_> =
            items.iter().enumerate().map(|(i, item)| self.metric(item, &path.index(i))).collect();
        let metrics: Vec<Metric> = read.into_iter().map(|read| Some(read?.0)).collect::<Option<_>>()?;
        let supported = method.is_some_and(|method| method.spec.supports.metrics >= items.len());
        if let Some(first) = metrics.first().filter(|_| !supported) {
            let message =
                format!("no method of besom optimizes several metrics; {} alone counts", first.name);
            self.diagnostics.warn(entry.place, path, message);
        }
        Some(metrics)
    }
}
