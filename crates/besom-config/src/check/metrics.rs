//! The key `metrics`: several metrics at once.

use std::collections::HashMap;
use std::rc::Rc;

use besom_core::Metric;
use serde_json::Value;

use super::Checker;
use super::algorithm::Named;
use crate::tree::{Data, Entry, Node, Path, Place};

impl Checker<'_> {
    /// Reads `metrics`; returns them, and with their defaults filled in as well.
    pub(super) fn metrics(
        &mut self,
        entry: &Entry,
        path: &Path<'_>,
        root: &Node,
        method: Option<&Named<'_>>,
    ) -> Option<(Vec<Metric>, Value)> {
        if let Data::Map(_) = &entry.node.data {
            let diagnostic = self.diagnostics.error(entry.node.place, path, "expected a list of metrics");
            diagnostic.found(&entry.node).suggest("a single one is called `metric`");
            return None;
        }
        let items = self.list(&entry.node, path, "metrics")?;
        if root.entry("metric").is_some() {
            let message = "`metric` and `metrics` cannot both be set; list all of them in `metrics`";
            self.diagnostics.error(entry.place, path, message);
        }
        if items.len() < 2 {
            let diagnostic = self.diagnostics.error(entry.node.place, path, "expected at least two metrics");
            diagnostic.found(&entry.node).suggest("call a single one `metric`, which is no list");
        } else {
            self.check_takes(entry.place, path, items.len(), method);
        }
        let read: Vec<_> =
            items.iter().enumerate().map(|(i, item)| self.metric(item, &path.index(i))).collect();
        self.check_names(items, path);
        let read: Vec<(Metric, Value)> = read.into_iter().collect::<Option<_>>()?;
        let (metrics, filled): (Vec<Metric>, Vec<Value>) = read.into_iter().unzip();
        Some((metrics, filled.into()))
    }

    /// Refuses more metrics than the method takes into account.
    fn check_takes(&mut self, place: Place, path: &Path<'_>, count: usize, method: Option<&Named<'_>>) {
        let is_custom = method.is_some_and(|method| method.name == "custom");
        if self.for_wandb() && !is_custom {
            let message = "W&B takes several metrics with method: custom only";
            self.diagnostics.error(place, path, message);
        }
        let Some(method) = method.filter(|method| !is_custom && method.spec.supports.metrics < count) else {
            return;
        };
        if self.for_wandb() {
            return;
        }
        let takes = match method.spec.supports.metrics {
            0 | 1 => "one metric only".to_owned(),
            limit => format!("at most {limit} metrics"),
        };
        let searches = self.known.registry.searches();
        let has = |name: &&str| {
            self.known.registry.search_spec(name).is_some_and(|spec| spec.supports.metrics >= count)
        };
        let others: Vec<&str> = searches.filter(has).collect();
        let message = format!("method {} takes {takes}, and there are {count}", method.name);
        let diagnostic = self.diagnostics.error(place, path, message);
        if !others.is_empty() {
            diagnostic.suggest(format!("methods that take as many: {}", others.join(", ")));
        }
    }

    /// Refuses a name that stands twice: a program logs one value under it.
    fn check_names(&mut self, items: &[Rc<Node>], path: &Path<'_>) {
        let mut first = HashMap::new();
        for (index, item) in items.iter().enumerate() {
            let Some(entry) = item.entry("name") else { continue };
            let Data::Text(name) = &entry.node.data else { continue };
            let earlier = *first.entry(name.as_str()).or_insert(index);
            if earlier < index {
                let message = format!("metrics[{earlier}] has this name already");
                let path = path.index(index);
                self.diagnostics.error(entry.node.place, &path.key("name"), message).found(&entry.node);
            }
        }
    }
}
