//! The whole configuration, key by key.

use std::time::Duration;

use besom_core::{Distribution, distribution::Continuous};
use besom_core::{Goal, Macro, Metric, Parameter, Problem, Space};
use serde_json::{Map, Value};

use super::Checker;
use super::absent::without_nulls;
use super::algorithm::Named;
use super::cloud::brings_space;
use super::field::{is_meant, number};
use super::keys::{MAPPING_KEYS, OWN_KEYS, TOP_KEYS};
use super::parameters::Found;
use crate::aliases::meant;
use crate::sweep::{Retry, SweepConfig};
use crate::tree::{Data, Entry, Node, Path, shorten};

impl Checker<'_> {
    /// Reads the configuration; `None` only where an error was found.
    pub(super) fn config(&mut self, root: &Node) -> Option<SweepConfig> {
        self.mapping(root, &Path::Root, "keys such as method and parameters")?;
        // W&B's schema takes no null, though W&B runs the file.
        let pruned = if self.for_wandb() { root.clone() } else { without_nulls(root) };
        let root = &pruned;
        let entries = root.entries();
        let filled =
            entries.iter().filter(|e| e.key != "parameters").map(|e| (e.key.clone(), e.node.to_json()));
        let mut filled: Map<String, Value> = filled.collect();
        self.check_top_keys(entries);
        self.check_own_keys(entries);

        let method = self.method(root);
        let before = self.diagnostics.errors();
        let metrics = self.all_metrics(root, method.as_ref(), &mut filled);
        let space = self.space(root, method.as_ref(), &mut filled);
        let names: Vec<&str> = metrics.iter().flatten().map(|metric| metric.name.as_str()).collect();
        let space = self.with_constraints(root, space, &names);
        let whole = self.diagnostics.errors() == before;
        let early_terminate = root.entry("early_terminate").map(|entry| self.early_terminate(entry));
        let run_cap = self.run_cap(root, &mut filled);
        let seed = self.seed(root);
        let retry = root.entry("retry").map_or(Some(Retry::default()), |entry| self.retry(entry));
        let timeout = root.entry("timeout").and_then(|entry| self.timeout(&entry.node));
        let [name, description, project, entity, program] =
            ["name", "description", "project", "entity", "program"].map(|key| self.text_key(root, key));
        let command = root.entry("command").map(|entry| self.command(&entry.node, space.as_ref()));
        let controller_local = self.cloud_keys(root);

        // No option may depend on the seed.
        let mut sound =
            Problem::without_metric().space(space.clone().unwrap_or_default()).run_cap(run_cap).seed(0);
        sound.metrics = metrics.clone().unwrap_or_default();
        let algorithms = [method.as_ref(), early_terminate.as_ref().and_then(Option::as_ref)];
        for named in algorithms.into_iter().flatten() {
            self.algorithm(root, named, metrics.as_deref(), sound.clone(), whole);
        }
        if let Some(Some(named)) = &early_terminate {
            filled.insert("early_terminate".to_owned(), named.filled_mapping());
        }
        let filled = in_order_of(entries, filled);
        Some(SweepConfig {
            space: space?,
            metrics: metrics?,
            seed,
            run_cap,
            method: method?.filled(),
            early_terminate: match early_terminate {
                Some(named) => Some(named?.filled()),
                None => None,
            },
            name,
            description,
            project,
            entity,
            program,
            command: command.flatten(),
            controller_local,
            retry: retry?,
            timeout,
            filled,
        })
    }

    /// Checks an algorithm against the metrics and the problem, which is not `whole` where there were errors in it.
    fn algorithm(
        &mut self,
        root: &Node,
        named: &Named<'_>,
        metrics: Option<&[Metric]>,
        mut problem: Problem,
        mut whole: bool,
    ) {
        if let Some(metrics) = metrics {
            self.check_metric_is_there(named, metrics);
        }
        if whole {
            self.check_end(root, named, &problem);
        }
        if problem.metrics.is_empty() && named.spec.needs_metric {
            problem.metrics.push(Metric::new("stand-in", Goal::Minimize));
            whole = false;
        }
        if !whole && problem.space.dimensions() == 0 {
            problem.space = stand_in();
        }
        self.options(named, &problem, whole);
    }

    /// Unknown keys have no effect, as in W&B, unless one of ours was meant; those that begin with `x-` are for the file's owner.
    fn check_top_keys(&mut self, entries: &[Entry]) {
        for entry in entries.iter().filter(|entry| !TOP_KEYS.contains(&entry.key.as_str())) {
            // Near to `seed`, but a wrapper around a sweep file.
            let is_other = entry.key == "sweep" || is_holder(entry, entries);
            if self.for_wandb() || is_meant(entry, TOP_KEYS) && !is_other {
                self.unknown_key(entry, &Path::Root, TOP_KEYS);
            } else if !entry.key.starts_with("x-") {
                self.without_effect(entry, &Path::Root).suggest(effect_of(entry));
            }
        }
    }

    fn check_own_keys(&mut self, entries: &[Entry]) {
        for entry in entries.iter().filter(|entry| OWN_KEYS.contains(&entry.key.as_str())) {
            let path = Path::Root.key(&entry.key);
            self.diagnostics.not_for_wandb(entry.place, &path, "W&B does not know this key of besom's own");
        }
    }

    fn all_metrics(
        &mut self,
        root: &Node,
        method: Option<&Named<'_>>,
        filled: &mut Map<String, Value>,
    ) -> Option<Vec<Metric>> {
        let mut metrics = Some(Vec::new());
        if let Some(entry) = root.entry("metrics") {
            let read = self.metrics(entry, &Path::Root.key("metrics"), root, method);
            metrics = read.map(|(metrics, value)| {
                filled.insert("metrics".to_owned(), value);
                metrics
            });
        }
        if let Some(entry) = root.entry("metric") {
            let read = self.metric(&entry.node, &Path::Root.key("metric"));
            self.check_single(&entry.node, &Path::Root.key("metric"));
            metrics = read.map(|(metric, value)| {
                filled.insert("metric".to_owned(), value);
                vec![metric]
            });
        }
        metrics
    }

    fn space(
        &mut self,
        root: &Node,
        method: Option<&Named<'_>>,
        filled: &mut Map<String, Value>,
    ) -> Option<Space> {
        let Some(entry) = root.entry("parameters") else {
            if brings_space(root) {
                let path = Path::Root.key("parameters");
                let message =
                    "besom does not ask a scheduler for its search space, so runs have no parameters";
                self.diagnostics.warn(root.place, &path, message);
                return Some(Space::default());
            }
            self.missing_in(
                root,
                TOP_KEYS,
                root.place,
                &Path::Root,
                "parameters",
                "; `parameters` is required, as what is searched",
            );
            return None;
        };
        let path = Path::Root.key("parameters");
        let mut found = Found::new(method.map(|method| method.name.as_str()));
        let value = self.parameters(&entry.node, &path, &[], &mut found);
        filled.insert("parameters".to_owned(), value);
        self.with_conditions(found, method, (entry.place, &path))
    }

    fn run_cap(&mut self, root: &Node, filled: &mut Map<String, Value>) -> Option<u64> {
        let entry = root.entry("run_cap")?;
        let cap = self.whole(&entry.node, &Path::Root.key("run_cap"), 1)?;
        filled.insert("run_cap".to_owned(), cap.into());
        u64::try_from(cap).ok()
    }

    fn seed(&mut self, root: &Node) -> Option<u64> {
        let entry = root.entry("seed")?;
        if let Data::Integer(value) = entry.node.data
            && let Ok(seed) = u64::try_from(value)
        {
            return Some(seed);
        }
        let message = "expected a whole number from 0 to 18446744073709551615";
        self.diagnostics.error(entry.node.place, &Path::Root.key("seed"), message).found(&entry.node);
        None
    }

    /// A duration: seconds, or text such as `90m`.
    fn timeout(&mut self, node: &Node) -> Option<Duration> {
        let timeout = match &node.data {
            Data::Text(text) => humantime::parse_duration(text).ok(),
            _ => number(node).and_then(|seconds| Duration::try_from_secs_f64(seconds.as_f64()).ok()),
        };
        let timeout = timeout.filter(|timeout| !timeout.is_zero());
        if timeout.is_none() {
            let message = "expected a time: seconds, or a number with a unit, such as 30s, 90m, 2h or 1d";
            self.diagnostics.error(node.place, &Path::Root.key("timeout"), message).found(node);
        }
        timeout
    }

    fn retry(&mut self, entry: &Entry) -> Option<Retry> {
        let path = Path::Root.key("retry");
        let node = &*entry.node;
        if !matches!(node.data, Data::Map(_)) {
            let times = self.times(node, &path)?;
            return Some(Retry { crashed: times, failed: times });
        }
        self.check_keys(node, &path, &["crashed", "failed"]);
        let mut times = |key, default| match node.entry(key) {
            Some(entry) => self.times(&entry.node, &path.key(key)),
            None => Some(default),
        };
        let Retry { crashed, failed } = Retry::default();
        let (crashed, failed) = (times("crashed", crashed), times("failed", failed));
        Some(Retry { crashed: crashed?, failed: failed? })
    }

    fn times(&mut self, node: &Node, path: &Path<'_>) -> Option<u32> {
        let times = self.whole(node, path, 0)?;
        // More tries than 32 bits count are never made.
        Some(u32::try_from(times).unwrap_or(u32::MAX))
    }

    fn text_key(&mut self, root: &Node, key: &str) -> Option<String> {
        root.entry(key).and_then(|entry| self.text(&entry.node, &Path::Root.key(key)))
    }

    /// Checks the keys that only W&B serves; whether the controller is to be local.
    fn cloud_keys(&mut self, root: &Node) -> bool {
        for key in ["job", "image_uri"] {
            if let Some(entry) = root.entry(key) {
                self.launched(entry, &Path::Root.key(key));
            }
        }
        self.text_key(root, "apiVersion");
        if let Some(entry) = root.entry("kind") {
            self.choice(&entry.node, &Path::Root.key("kind"), &["sweep"]);
        }
        if let Some(entry) = root.entry("scheduler") {
            self.scheduler(entry, &Path::Root.key("scheduler"), root);
        }
        root.entry("controller").is_some_and(|entry| self.controller(entry, &Path::Root.key("controller")))
    }
}

/// Whether an unknown key that is spelled nearly as one of ours is none of ours for what it holds: a mapping where ours takes none, or
/// a value with a name (`&name`) for use elsewhere, beside our own key.
fn is_holder(entry: &Entry, entries: &[Entry]) -> bool {
    let Some(ours) = meant(&entry.key, TOP_KEYS.iter().copied()) else { return false };
    let is_mapping = matches!(entry.node.data, Data::Map(_));
    (is_mapping && !MAPPING_KEYS.contains(&ours))
        || (entry.node.is_anchor && entries.iter().any(|entry| entry.key == ours))
}

/// What to write in place of an unknown key.
fn effect_of(entry: &Entry) -> String {
    match entry.key.as_str() {
        "count" => "for a limit of the sweep, write run_cap".to_owned(),
        key if Macro::named(key).is_some() => format!("it is a macro of `command`: write ${{{key}}} there"),
        _ if entry.node.entry("parameters").is_some() => {
            format!("to use what is in it, move its keys out of {}", shorten(&entry.key))
        }
        _ => "a key of your own may begin with x-".to_owned(),
    }
}

/// A space for algorithms whose options are to be checked where the file's own space has errors.
fn stand_in() -> Space {
    let distribution = Distribution::Continuous(Continuous::Uniform { min: 0.0, max: 1.0 });
    Space::new(vec![Parameter::new("stand_in", distribution)]).expect("one name is valid")
}

/// The filled-in values in the order in which the file has their keys.
fn in_order_of(entries: &[Entry], mut filled: Map<String, Value>) -> Value {
    let ordered = entries.iter().filter_map(|entry| Some((entry.key.clone(), filled.remove(&entry.key)?)));
    let ordered: Map<String, Value> = ordered.collect();
    ordered.into()
}
