//! The keys `method` and `order`.

use serde_json::Map;

use super::Checker;
use super::top::TOP_KEYS;
use crate::sweep::Algorithm;
use crate::tree::{Data, Entry, Node, Path};

/// The search methods that come with besom.
pub(crate) const METHODS: &[&str] = &["bayes", "grid", "random", "sobol", "tpe", "cma-es", "auto"];

/// Those of them that need a metric, because they learn from it.
pub(crate) const LEARNING: &[&str] = &["bayes", "tpe", "cma-es"];

/// Those of them that W&B has too.
const OF_WANDB: &[&str] = &["bayes", "grid", "random"];

/// The orders in which a grid may be walked.
pub(crate) const ORDERS: &[&str] = &["sorted", "declared", "random"];

impl Checker<'_> {
    /// Reads the search method with its options, which for `grid` are in the key `order`.
    pub(super) fn method(&mut self, root: &Node) -> Option<Algorithm> {
        let path = Path::Root.key("method");
        let order = root.entry("order");
        let Some(entry) = root.entry("method") else {
            let why = format!("; it is one of {}", METHODS.join(", "));
            self.missing_in(root, TOP_KEYS, root.place, &Path::Root, "method", &why);
            return None;
        };
        let mut method = match &entry.node.data {
            Data::Map(entries) => self.method_with_options(entry, entries, &path)?,
            _ => Algorithm { name: self.method_name(&entry.node, &path)?, options: Map::new() },
        };
        let order = order.and_then(|order| self.order(order, &method.name));
        if method.name == "grid" {
            if order.is_some() && method.options.contains_key("order") {
                let place = root.entry("order").map_or(entry.place, |order| order.place);
                self.findings.error(
                    place,
                    &Path::Root.key("order"),
                    "`method` says an order too; give one of the two",
                );
            }
            let order = order.unwrap_or(ORDERS[0]);
            method.options.entry("order").or_insert_with(|| order.into());
        }
        Some(method)
    }

    fn method_with_options(
        &mut self,
        entry: &Entry,
        entries: &[Entry],
        path: &Path<'_>,
    ) -> Option<Algorithm> {
        self.findings.not_for_wandb(entry.node.place, path, "W&B wants the name of the method alone");
        let Some(name) = entry.node.entry("name") else {
            self.missing(entry.place, path, "name", "; it names the search method");
            return None;
        };
        let name = self.method_name(&name.node, &path.key("name"))?;
        let known: Option<&[&str]> = match name.as_str() {
            "grid" => Some(&["name", "order"]),
            "random" | "sobol" | "auto" => Some(&["name"]),
            "bayes" => {
                Some(&["name", "initial_points", "points_to_evaluate", "acquisition", "beta", "replicate"])
            }
            "tpe" => Some(&["name", "initial_points", "gamma", "candidates"]),
            "cma-es" => Some(&["name", "population", "step"]),
            // These check their options themselves.
            _ => None,
        };
        if let Some(known) = known {
            self.check_keys(&entry.node, path, known);
        }
        if let Some(order) = entry.node.entry("order").filter(|_| name == "grid") {
            self.choice(&order.node, &path.key("order"), ORDERS);
        }
        let options = entries.iter().filter(|e| e.key != "name").map(|e| (e.key.clone(), e.node.to_json()));
        Some(Algorithm { name, options: options.collect() })
    }

    fn method_name(&mut self, node: &Node, path: &Path<'_>) -> Option<String> {
        if let Data::Text(name) = &node.data {
            let own = self.known.any || self.known.methods.contains(name) || METHODS.contains(&name.as_str());
            if own && !OF_WANDB.contains(&name.as_str()) && name != "custom" {
                self.findings.not_for_wandb(node.place, path, format!("W&B has no search method {name}"));
            }
            if own {
                return Some(name.clone());
            }
            if name == "custom" {
                let message = "besom has no method custom of its own: your code must name the points to try";
                self.findings.warn(node.place, path, message);
                return Some(name.clone());
            }
        }
        let mut known: Vec<&str> = METHODS.to_vec();
        known.extend(self.known.methods.iter().map(String::as_str).filter(|name| !METHODS.contains(name)));
        let message = format!("expected a search method; known are {}", known.join(", "));
        let finding = self.findings.error(node.place, path, message).found(node);
        if let Data::Text(name) = &node.data {
            finding.suggest_nearest(name, known);
        }
        None
    }

    fn order(&mut self, entry: &Entry, method: &str) -> Option<&'static str> {
        let path = Path::Root.key("order");
        if method != "grid" {
            self.findings.warn(
                entry.place,
                &path,
                format!("only a grid has an order; {method} makes no use of it"),
            );
        }
        self.choice(&entry.node, &path, ORDERS)
    }
}
