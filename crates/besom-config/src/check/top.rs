//! The whole configuration, key by key.

use besom_core::{Metric, Problem, Space};
use serde_json::{Map, Value};

use super::Checker;
use super::algorithm::LEARNING;
use super::cloud::brings_space;
use super::parameters::Found;
use crate::sweep::{Algorithm, Retry, SweepConfig};
use crate::tree::{Data, Entry, Node, Path};

/// All keys of a sweep file; the last three are besom's own.
pub(crate) const TOP_KEYS: &[&str] = &[
    "program",
    "command",
    "method",
    "metric",
    "metrics",
    "parameters",
    "early_terminate",
    "run_cap",
    "name",
    "description",
    "project",
    "entity",
    "controller",
    "job",
    "image_uri",
    "scheduler",
    "apiVersion",
    "kind",
    "seed",
    "order",
    "retry",
];

/// The keys that W&B does not know.
const OWN_KEYS: &[&str] = &["seed", "order", "retry"];

impl Checker<'_> {
    /// Reads the configuration; `None` only where an error was found.
    pub(super) fn config(&mut self, root: &Node) -> Option<SweepConfig> {
        let entries = self.mapping(root, &Path::Root, "keys such as method and parameters")?;
        let filled =
            entries.iter().filter(|e| e.key != "parameters").map(|e| (e.key.clone(), e.node.to_json()));
        let mut filled: Map<String, Value> = filled.collect();
        self.check_keys(root, &Path::Root, TOP_KEYS);
        self.check_own_keys(entries);

        let method = self.method(root);
        let metrics = self.all_metrics(root, &mut filled);
        let space = self.space(root, method.as_ref(), &mut filled);
        let early_terminate = self.stopping(root, &mut filled);
        let run_cap = self.run_cap(root, &mut filled);
        let seed = self.seed(root);
        let retry = root.entry("retry").map_or(Some(Retry::default()), |entry| self.retry(entry));
        let [name, description, project, entity, program] =
            ["name", "description", "project", "entity", "program"].map(|key| self.text_key(root, key));
        let command = root.entry("command").map(|entry| self.command(&entry.node));
        let controller_local = self.cloud_keys(root);

        let method = method?;
        let metrics = metrics?;
        self.check_metric_is_there(root, &method, &metrics);
        self.check_end(root, &method, &metrics, run_cap.is_some());
        let problem = Problem { space: space?, metrics, seed: seed.unwrap_or(0), run_cap };
        let filled = in_order_of(entries, filled);
        Some(SweepConfig {
            problem,
            seed,
            method,
            early_terminate,
            name,
            description,
            project,
            entity,
            program,
            command: command.flatten(),
            controller_local,
            retry: retry?,
            filled,
        })
    }

    fn check_own_keys(&mut self, entries: &[Entry]) {
        for entry in entries.iter().filter(|entry| OWN_KEYS.contains(&entry.key.as_str())) {
            let path = Path::Root.key(&entry.key);
            self.findings.not_for_wandb(
                entry.place,
                &path,
                "W&B does not know this key, which is besom's own",
            );
        }
    }

    fn all_metrics(&mut self, root: &Node, filled: &mut Map<String, Value>) -> Option<Vec<Metric>> {
        let mut metrics = Some(Vec::new());
        if let Some(entry) = root.entry("metrics") {
            metrics = self.metrics(entry, &Path::Root.key("metrics"), root);
        }
        if let Some(entry) = root.entry("metric") {
            let read = self.metric(&entry.node, &Path::Root.key("metric"));
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
        method: Option<&Algorithm>,
        filled: &mut Map<String, Value>,
    ) -> Option<Space> {
        let Some(entry) = root.entry("parameters") else {
            if brings_space(root) {
                let path = Path::Root.key("parameters");
                let message =
                    "besom does not ask a scheduler for its search space, so runs have no parameters";
                self.findings.warn(root.place, &path, message);
                return Some(Space::default());
            }
            self.missing_in(
                root,
                TOP_KEYS,
                root.place,
                &Path::Root,
                "parameters",
                "; they are what is searched",
            );
            return None;
        };
        let path = Path::Root.key("parameters");
        let errors = self.findings.errors();
        let mut found = Found { method: method.map(|method| method.name.as_str()), parameters: Vec::new() };
        let value = self.parameters(&entry.node, &path, &[], &mut found);
        filled.insert("parameters".to_owned(), value);
        let space = match Space::new(found.parameters) {
            Ok(space) => space,
            Err(error) => {
                // Of two equal keys the reader of the text has told already.
                if self.findings.errors() == 0 {
                    self.findings.error(entry.place, &path, error.to_string());
                }
                return None;
            }
        };
        let learning = method.filter(|method| LEARNING.contains(&method.name.as_str()));
        if let Some(Algorithm { name, .. }) = learning
            && space.dimensions() == 0
            && self.findings.errors() == errors
        {
            let message = format!("all parameters are constant, so {name} has nothing to search");
            self.findings.error(entry.place, &path, message);
        }
        Some(space)
    }

    fn stopping(&mut self, root: &Node, filled: &mut Map<String, Value>) -> Option<Algorithm> {
        let entry = root.entry("early_terminate")?;
        let has_metric = root.entry("metric").or_else(|| root.entry("metrics")).is_some();
        let (rule, value) = self.early_terminate(entry, &Path::Root.key("early_terminate"), has_metric)?;
        filled.insert("early_terminate".to_owned(), value);
        Some(rule)
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
        self.findings.error(entry.node.place, &Path::Root.key("seed"), message).found(&entry.node);
        None
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

    fn command(&mut self, node: &Node) -> Option<Vec<String>> {
        let path = Path::Root.key("command");
        if let Data::Text(text) = &node.data {
            let words: Vec<&str> = text.split_whitespace().take(20).collect();
            let finding = self.findings.error(node.place, &path, "expected a list of words").found(node);
            finding.suggest(format!("besom runs no shell; write command: {words:?}"));
            return None;
        }
        let items = self.list(node, &path, "words")?;
        let words = items.iter().enumerate().map(|(index, item)| self.word(item, &path.index(index)));
        words.collect::<Vec<_>>().into_iter().collect()
    }

    /// A word of a command: text, or a number or the like as it is written.
    fn word(&mut self, node: &Node, path: &Path<'_>) -> Option<String> {
        match &node.data {
            Data::Text(text) => Some(text.clone()),
            Data::List(_) | Data::Map(_) => {
                self.findings.error(node.place, path, "expected a word").found(node);
                None
            }
            _ => Some(node.written.as_deref().map_or_else(|| node.to_json().to_string(), str::to_owned)),
        }
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

    fn check_metric_is_there(&mut self, root: &Node, method: &Algorithm, metrics: &[Metric]) {
        if LEARNING.contains(&method.name.as_str()) && metrics.is_empty() {
            let place = root.entry("method").map_or(root.place, |entry| entry.place);
            let message = format!("this is missing; method {} optimises it", method.name);
            let finding = self.findings.error(place, &Path::Root.key("metric"), message);
            finding.suggest("write metric: {name: .., goal: minimize}");
        }
    }

    fn check_end(&mut self, root: &Node, method: &Algorithm, metrics: &[Metric], capped: bool) {
        let endless = ["random", "sobol", "auto"].contains(&method.name.as_str())
            || LEARNING.contains(&method.name.as_str());
        let has_target = metrics.iter().any(|metric| metric.target.is_some());
        if endless && !capped && !has_target && !self.for_wandb() && root.entry("run_cap").is_none() {
            let place = root.entry("method").map_or(root.place, |entry| entry.place);
            let message = format!("a {} sweep will not end by itself", method.name);
            let finding = self.findings.warn(place, &Path::Root.key("run_cap"), message);
            finding.suggest("write run_cap: 100, or a metric.target");
        }
    }
}

/// The filled-in values in the order in which the file has their keys.
fn in_order_of(entries: &[Entry], mut filled: Map<String, Value>) -> Value {
    let ordered = entries.iter().filter_map(|entry| Some((entry.key.clone(), filled.remove(&entry.key)?)));
    let ordered: Map<String, Value> = ordered.collect();
    ordered.into()
}
