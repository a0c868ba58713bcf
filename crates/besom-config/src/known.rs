//! Which algorithms a sweep file may name, and what is known of them.

use std::collections::BTreeSet;

use besom_core::{
    AlgorithmKind, BoxError, Faults, Options, Problem, Registry, RegistryError, Spec, Supports,
};

/// The key of the name of an algorithm, beside which its options are.
pub(crate) fn name_key(kind: AlgorithmKind) -> &'static str {
    match kind {
        AlgorithmKind::Search => "name",
        AlgorithmKind::Stopper => "type",
    }
}

/// Of an algorithm that is not in the registry nothing is known, and its options are left alone.
const FOREIGN: Spec = Spec::new("An algorithm of the sweep's owner")
    .any_options()
    .supports(Supports::ONE_METRIC.conditions().any_metrics());

/// Which algorithms a sweep file may name.
#[derive(Clone, Debug)]
pub(crate) struct Known<'a> {
    pub(crate) registry: &'a Registry,
    /// Names beside those of the registry.
    pub(crate) methods: BTreeSet<String>,
    pub(crate) stoppers: BTreeSet<String>,
    /// Whether every name is allowed, and no algorithm is built.
    pub(crate) any: bool,
}

impl<'a> Known<'a> {
    /// What is known of an algorithm, if it may be named.
    pub(crate) fn spec(&self, kind: AlgorithmKind, name: &str) -> Option<Spec> {
        let own = self.any || self.own(kind).contains(name);
        self.registry.spec(kind, name).copied().or_else(|| own.then_some(FOREIGN))
    }

    /// All names that are allowed for certain.
    pub(crate) fn names(&self, kind: AlgorithmKind) -> Vec<&str> {
        let mut names = self.registry.names(kind);
        names.extend(self.own(kind).iter().map(String::as_str));
        names.dedup();
        names
    }

    /// Everything that speaks against an algorithm with these options for this problem, as far as the algorithm says it in a
    /// form that can be placed; any other error is for those who build it.
    pub(crate) fn faults(
        &self,
        (kind, name): (AlgorithmKind, &str),
        spec: &Spec,
        problem: &Problem,
        options: &Options,
    ) -> Faults {
        let checked = || spec.check(options).err().unwrap_or(Faults(Vec::new()));
        if self.any || self.registry.spec(kind, name).is_none() {
            return checked();
        }
        let error = match kind {
            AlgorithmKind::Search => self.registry.search(name, problem, options).err(),
            AlgorithmKind::Stopper => self.registry.stopper(name, problem, options).err(),
        };
        match error {
            Some(RegistryError::Refused { source, .. }) => faults_of(source),
            _ => Faults(Vec::new()),
        }
    }

    fn own(&self, kind: AlgorithmKind) -> &BTreeSet<String> {
        match kind {
            AlgorithmKind::Search => &self.methods,
            AlgorithmKind::Stopper => &self.stoppers,
        }
    }
}

fn faults_of(error: BoxError) -> Faults {
    error.downcast::<Faults>().map_or(Faults(Vec::new()), |faults| *faults)
}
