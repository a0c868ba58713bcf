//! The keys that only W&B's cloud serves: they are checked as W&B checks them, kept, and answered in plain words.

use super::Checker;
use crate::tree::{Data, Entry, Node, Path};

/// The keys of `scheduler`.
pub(crate) const SCHEDULER_KEYS: &[&str] = &["engine", "source", "optimizer", "search_space"];

/// Keys by which a scheduler of W&B Launch is known.
const LAUNCH_KEYS: &[&str] =
    &["job", "docker_image", "image_uri", "num_workers", "resource", "resource_args", "queue", "settings"];

impl Checker<'_> {
    /// `controller`: whether it is a local one.
    pub(super) fn controller(&mut self, entry: &Entry, path: &Path<'_>) -> bool {
        let node = &*entry.node;
        if self.mapping(node, path, "type").is_none() {
            return false;
        }
        let Some(kind) = node.entry("type") else {
            self.check_keys(node, path, &["type"]);
            self.missing_in(node, &["type"], entry.place, path, "type", "; it is local or cloud");
            return false;
        };
        for other in node.entries().iter().filter(|other| other.key != "type") {
            self.diagnostics.warn(other.place, &path.key(&other.key), "this has no effect");
        }
        self.choice(&kind.node, &path.key("type"), &["local", "cloud"]) == Some("local")
    }

    /// `job` and `image_uri`, which W&B launches.
    pub(super) fn launched(&mut self, entry: &Entry, path: &Path<'_>) {
        if self.text(&entry.node, path).is_some() && !self.for_wandb() {
            let message = "besom does not launch W&B jobs or images; its agents run `program`";
            self.diagnostics.warn(entry.place, path, message);
        }
    }

    /// `scheduler`: besom has none, so the built-in method runs alone, and other engines are errors.
    pub(super) fn scheduler(&mut self, entry: &Entry, path: &Path<'_>, root: &Node) {
        let node = &*entry.node;
        if self.mapping(node, path, "engine and others").is_none() {
            return;
        }
        let is_launch = |entry: &Entry| LAUNCH_KEYS.contains(&entry.key.as_str());
        if !self.for_wandb() && node.entry("engine").is_none() && node.entries().iter().any(is_launch) {
            let message = "besom does not start schedulers of W&B Launch; it runs `method` itself";
            self.diagnostics.warn(entry.place, path, message);
            return;
        }
        self.check_keys(node, path, SCHEDULER_KEYS);
        for key in ["source", "optimizer", "search_space"] {
            if let Some(option) = node.entry(key) {
                self.text(&option.node, &path.key(key));
            }
        }
        for key in ["optimizer", "search_space"] {
            if let Some(option) = node.entry(key).filter(|_| node.entry("source").is_none()) {
                self.missing(option.place, path, "source", &format!("; {key} needs it"));
            }
        }
        if root.entry("early_terminate").is_some() {
            let message = "W&B does not allow early_terminate beside a scheduler; leave the scheduler out";
            self.diagnostics.error(entry.place, path, message);
        }
        let controller = root.entry("controller").and_then(|controller| controller.node.entry("type"));
        if matches!(controller.map(|kind| &kind.node.data), Some(Data::Text(kind)) if kind == "local") {
            let message = "a scheduler does not go with controller: {type: local}; leave one of them out";
            self.diagnostics.error(entry.place, path, message);
        }
        self.engine(entry, path, root);
    }

    fn engine(&mut self, entry: &Entry, path: &Path<'_>, root: &Node) {
        let Some(engine) = entry.node.entry("engine") else {
            return self.missing(entry.place, path, "engine", "");
        };
        let path = path.key("engine");
        let place = engine.node.place;
        let Some(name) = self.choice(&engine.node, &path, &["wandb", "optuna", "ax"]) else { return };
        let method = root.entry("method").map(|method| &method.node.data);
        let is_custom = matches!(method, Some(Data::Text(method)) if method == "custom");
        if (name == "wandb") == is_custom && (name == "wandb" || self.for_wandb()) {
            let message = match name {
                "wandb" => "the engine wandb takes bayes, grid or random, not method: custom".to_owned(),
                _ => format!("the engine {name} takes method: custom only"),
            };
            self.diagnostics.error(place, &path, message);
        }
        if self.for_wandb() {
            return;
        }
        if name == "wandb" {
            let message = "besom does not start schedulers; it runs `method` itself";
            self.diagnostics.warn(entry.place, &path, message);
        } else {
            let diagnostic =
                self.diagnostics.error(place, &path, format!("besom cannot run the scheduler {name}"));
            diagnostic.suggest("leave `scheduler` out and use method: bayes");
        }
    }
}

/// Whether a scheduler of W&B's brings the search space, so that `parameters` may be left out.
pub(super) fn brings_space(root: &Node) -> bool {
    let space = root.entry("scheduler").and_then(|scheduler| scheduler.node.entry("search_space"));
    match space.map(|space| &space.node.data) {
        None | Some(Data::Null | Data::Bool(false)) => false,
        Some(Data::Text(text)) => !text.is_empty(),
        Some(_) => true,
    }
}
