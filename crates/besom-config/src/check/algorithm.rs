//! The keys `method` and `early_terminate`: an algorithm by its name, with options as its spec has them.

use besom_core::{
    AlgorithmKind, Ends, Enumeration, EnumerationError, Fault, Metric, OptionError, OptionKind, Options,
    Problem, Spec,
};
use serde_json::{Map, Value};

use super::Checker;
use super::keys::TOP_KEYS;
use crate::aliases::meant;
use crate::known::name_key;
use crate::sweep::Algorithm;
use crate::tree::{Data, Entry, Node, Path, shorten};

/// An algorithm as the file names it.
pub(super) struct Named<'n> {
    pub(super) kind: AlgorithmKind,
    pub(super) name: String,
    pub(super) spec: Spec,
    /// The key that holds it.
    pub(super) entry: &'n Entry,
    /// Its options as they are written.
    options: Options,
}

impl Named<'_> {
    /// The algorithm with the defaults of its options.
    pub(super) fn filled(&self) -> Algorithm {
        Algorithm { name: self.name.clone(), options: self.spec.filled(&self.options) }
    }

    /// The mapping in the file with the defaults of the options.
    pub(super) fn filled_mapping(&self) -> Value {
        let mut mapping: Map<String, Value> = as_json(&self.entry.node);
        mapping.extend(self.spec.filled(&self.options));
        mapping.into()
    }
}

impl Checker<'_> {
    /// Reads the search method; an option of it called `order` may stand in the key of that name.
    pub(super) fn method<'n>(&mut self, root: &'n Node) -> Option<Named<'n>> {
        let Some(entry) = root.entry("method") else {
            let why = format!("; it is one of {}", self.known.names(AlgorithmKind::Search).join(", "));
            self.missing_in(root, TOP_KEYS, root.place, &Path::Root, "method", &why);
            return None;
        };
        let path = Path::Root.key("method");
        let is_mapping = matches!(entry.node.data, Data::Map(_));
        let name = if is_mapping {
            self.diagnostics.not_for_wandb(
                entry.node.place,
                &path,
                "W&B accepts only the name of the method",
            );
            self.name_inside(AlgorithmKind::Search, entry, &path)
        } else {
            self.name(AlgorithmKind::Search, &entry.node, &path)
        };
        let (name, spec) = name?;
        let mut named = Named {
            kind: AlgorithmKind::Search,
            name,
            spec,
            entry,
            options: options(AlgorithmKind::Search, entry),
        };
        if let Some(order) = root.entry("order") {
            self.order(order, &mut named);
        }
        Some(named)
    }

    /// Reads the stopping rule.
    pub(super) fn early_terminate<'n>(&mut self, entry: &'n Entry) -> Option<Named<'n>> {
        let path = Path::Root.key("early_terminate");
        let node = &*entry.node;
        if let Data::Text(name) = &node.data {
            let diagnostic = self
                .diagnostics
                .error(node.place, &path, "expected a mapping of type and others")
                .found(node);
            let rules = self.known.names(AlgorithmKind::Stopper);
            if let Some(rule) = meant(name, rules) {
                diagnostic.suggest(write_rule(rule));
            }
            return None;
        }
        self.mapping(node, &path, "type and others")?;
        let (name, spec) = self.name_inside(AlgorithmKind::Stopper, entry, &path)?;
        Some(Named {
            kind: AlgorithmKind::Stopper,
            name,
            spec,
            entry,
            options: options(AlgorithmKind::Stopper, entry),
        })
    }

    /// The name in a mapping of name and options.
    fn name_inside(&mut self, kind: AlgorithmKind, entry: &Entry, path: &Path<'_>) -> Option<(String, Spec)> {
        let key = name_key(kind);
        if let Some(name) = entry.node.entry(key) {
            return self.name(kind, &name.node, &path.key(key));
        }
        match entry.node.entries().iter().find(|other| meant(&other.key, [key]).is_some()) {
            Some(misspelled) => self.unknown_key(misspelled, path, &[key]),
            None => self.missing(entry.place, path, key, &format!("; it names the {}", kind.as_str())),
        }
        None
    }

    fn name(&mut self, kind: AlgorithmKind, node: &Node, path: &Path<'_>) -> Option<(String, Spec)> {
        if let Data::Text(name) = &node.data {
            if let Some(spec) = self.known.spec(kind, name) {
                self.check_wandb_has(kind, name, &spec, node, path);
                return Some((name.clone(), spec));
            }
            if kind == AlgorithmKind::Search && name == "custom" {
                let message =
                    "besom has no method custom of its own: your code must suggest the points to try";
                self.diagnostics.warn(node.place, path, message);
                return Some((name.clone(), Spec::new("W&B's word for code of your own").any_options()));
            }
        }
        let known: Vec<String> = self.known.names(kind).into_iter().map(str::to_owned).collect();
        let rules: Vec<String> =
            self.known.names(AlgorithmKind::Stopper).into_iter().map(str::to_owned).collect();
        let message = format!("expected a {}; known are {}", kind.as_str(), known.join(", "));
        let diagnostic = self.diagnostics.error(node.place, path, message).found(node);
        let Data::Text(name) = &node.data else { return None };
        diagnostic.suggest_nearest(name, known.iter().map(String::as_str));
        if diagnostic.suggestion.is_none()
            && kind == AlgorithmKind::Search
            && let Some(rule) = meant(name, rules.iter().map(String::as_str))
        {
            diagnostic.suggest(format!("{rule} is a stopping rule: {}", write_rule(rule)));
        }
        None
    }

    fn check_wandb_has(
        &mut self,
        kind: AlgorithmKind,
        name: &str,
        spec: &Spec,
        node: &Node,
        path: &Path<'_>,
    ) {
        if spec.in_wandb || name == "custom" {
            return;
        }
        let names = self.known.names(kind);
        let has = |name: &&str| self.known.spec(kind, name).is_some_and(|spec| spec.in_wandb);
        let only: Vec<&str> = names.into_iter().filter(has).collect();
        let message = format!("W&B has no {} {name}, only {}", kind.as_str(), only.join(", "));
        self.diagnostics.not_for_wandb(node.place, path, message);
    }

    /// The key `order`, which is W&B's grid's order written as besom's own key beside `method`.
    fn order(&mut self, order: &Entry, named: &mut Named<'_>) {
        let path = Path::Root.key("order");
        let own = named.spec.option("order");
        if own.is_none() {
            let message = format!("only a grid has an order; {} ignores it", named.name);
            self.diagnostics.warn(order.place, &path, message);
        }
        let grid = || self.known.registry.search_spec("grid")?.option("order");
        let Some(option) = own.or_else(grid) else { return };
        let value = order.node.to_json();
        if !option.kind.allows(&value) {
            return self.not_of_kind(&order.node, &path, &option.kind);
        }
        if own.is_some() && named.options.contains_key("order") {
            let message = "`method` has an order too; give one of the two";
            self.diagnostics.error(order.place, &path, message);
        } else if own.is_some() {
            named.options.insert("order".to_owned(), value);
        }
    }

    fn not_of_kind(&mut self, node: &Node, path: &Path<'_>, kind: &OptionKind) {
        let nearest = kind.nearest(&node.to_json());
        let allowed = |plain: &Node| kind.allows(&plain.to_json());
        self.not_as(node, path, &kind.to_string(), allowed).suggest_spelling(nearest);
    }

    /// Checks the options of an algorithm by its spec and by building it. `whole` says whether the problem is what the file
    /// describes, or, because of errors elsewhere, a stand-in.
    pub(super) fn options(&mut self, named: &Named<'_>, problem: &Problem, whole: bool) {
        let path = Path::Root.key(&named.entry.key);
        for advice in (named.spec.advice)(&named.options) {
            let place =
                named.entry.node.entry(advice.key).map_or(named.entry.place, |option| option.node.place);
            self.diagnostics.warn(place, &path.key(advice.key), advice.message);
        }
        let algorithm = (named.kind, named.name.as_str());
        let faults = self.known.faults(algorithm, &named.spec, problem, &named.options);
        let (of_options, of_problem): (Vec<_>, Vec<_>) =
            faults.0.into_iter().partition(|fault| fault.option.is_some());
        for fault in of_options {
            self.option_fault(named, fault, &path, whole);
        }
        // What else speaks against the algorithm is said by a check with a better place, if it has one.
        let alone = whole && self.diagnostics.errors() == 0;
        for fault in of_problem.iter().filter(|_| alone) {
            self.diagnostics.error(named.entry.node.place, &path, fault.to_string());
        }
    }

    fn option_fault(&mut self, named: &Named<'_>, fault: Fault, path: &Path<'_>, whole: bool) {
        let key = fault.option.as_deref().unwrap_or_default();
        if let Some(option) = named.entry.node.entry(key) {
            return self.wrong_option(named, option, &fault, path, whole);
        }
        let why = match fault.reason.downcast_ref() {
            Some(OptionError::Missing { because, .. }) => format!("missing required key ({because})"),
            _ => fault.to_string(),
        };
        self.diagnostics.error(named.entry.place, &path.key(key), why);
    }

    /// Reports an option that is there.
    fn wrong_option(
        &mut self,
        named: &Named<'_>,
        option: &Entry,
        fault: &Fault,
        path: &Path<'_>,
        whole: bool,
    ) {
        let key = &option.key;
        let kind = named.spec.option(key).map(|option| option.kind);
        let path_of = path.key(key);
        match (fault.reason.downcast_ref(), kind) {
            (Some(OptionError::Unknown { known, .. }), _) => {
                let known: Vec<&str> = [name_key(named.kind)].iter().chain(known).copied().collect();
                self.unknown_key(option, path, &known);
            }
            (_, Some(kind)) if !kind.allows(&option.node.to_json()) => {
                self.not_of_kind(&option.node, &path_of, &kind);
            }
            // Whether a point is in the space, or which metrics there are, can't be said of a stand-in.
            (_, Some(OptionKind::Points | OptionKind::Metric)) if !whole => {}
            (Some(OptionError::Wrong { expected, found, nearest, .. }), _) => {
                let message = format!("expected {expected}");
                let diagnostic = self.diagnostics.error(option.node.place, &path_of, message);
                diagnostic.found = Some(shorten(found));
                diagnostic.suggest_spelling(nearest.as_deref());
            }
            _ => {
                self.diagnostics.error(option.node.place, &path_of, fault.to_string()).found(&option.node);
            }
        }
    }

    pub(super) fn check_metric_is_there(&mut self, named: &Named<'_>, metrics: &[Metric]) {
        if !named.spec.needs_metric || !metrics.is_empty() {
            return;
        }
        let message = match named.kind {
            AlgorithmKind::Search => format!("missing required key (method {} optimizes it)", named.name),
            AlgorithmKind::Stopper => "missing required key (early_terminate compares runs by it)".to_owned(),
        };
        let diagnostic = self.diagnostics.error(named.entry.place, &Path::Root.key("metric"), message);
        diagnostic.suggest("write metric: {name: .., goal: minimize}");
    }

    /// Warns of a sweep that ends only when somebody ends it.
    pub(super) fn check_end(&mut self, root: &Node, named: &Named<'_>, problem: &Problem) {
        let is_finite = || problem.space.searchable().all(|p| p.distribution.levels().is_some());
        let ends = match named.spec.ends {
            Ends::Never => false,
            Ends::Exhausted => is_finite(),
            Ends::Depends => true,
        };
        let has_target = problem.metrics.iter().any(|metric| metric.target.is_some());
        let has_cap = root.entry("run_cap").is_some();
        if named.spec.ends == Ends::Exhausted && !has_target && !has_cap {
            self.check_size(named, problem);
        }
        let ends = ends || has_target || has_cap;
        if !ends && !self.for_wandb() {
            let message = format!("a {} sweep will not end by itself", named.name);
            let diagnostic = self.diagnostics.warn(named.entry.place, &Path::Root.key("run_cap"), message);
            diagnostic.suggest("write run_cap: 100, or a metric.target");
        }
    }
}

/// How to write a stopping rule.
fn write_rule(rule: &str) -> String {
    match rule {
        "hyperband" => "write early_terminate: {type: hyperband, min_iter: 3}".to_owned(),
        _ => format!("write early_terminate: {{type: {rule}}}"),
    }
}

impl Checker<'_> {
    /// Warns of a sweep over so many points that nobody will see its end.
    fn check_size(&mut self, named: &Named<'_>, problem: &Problem) {
        /// At a minute a run, two months.
        const MANY: u128 = 100_000;
        let parameters = problem.space.parameters();
        let order: Vec<usize> = (0..parameters.len()).collect();
        let levels = |place: usize| parameters[place].distribution.levels();
        let points = match Enumeration::new(&problem.space, &order, levels) {
            Ok(points) => points.size(),
            Err(EnumerationError::TooLarge) => u128::MAX,
            Err(_) => return,
        };
        if points > MANY && !self.for_wandb() {
            let points = if points == u128::MAX { "more than 10^38".to_owned() } else { points.to_string() };
            let message = format!("the {} has {points} points, and no run_cap ends it earlier", named.name);
            let diagnostic = self.diagnostics.warn(named.entry.place, &Path::Root.key("run_cap"), message);
            diagnostic.suggest("write run_cap: 1000, or use method: random");
        }
    }
}

/// The options beside a name, as they are written.
fn options(kind: AlgorithmKind, entry: &Entry) -> Options {
    let mut options = as_json(&entry.node);
    options.shift_remove(name_key(kind));
    options
}

fn as_json(node: &Node) -> Map<String, Value> {
    node.entries().iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect()
}
