//! Which algorithms a sweep file may name, and what is known of them.

use std::collections::BTreeSet;

use besom_core::{BoxError, Faults, Options, Problem, Registry, RegistryError, Spec};

/// The two places in which a sweep file names an algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// `method`.
    Search,
    /// `early_terminate`.
    Stopper,
}

impl Role {
    /// What such an algorithm is called.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Search => "search method",
            Self::Stopper => "stopping rule",
        }
    }

    /// The key of the name, beside which the options are.
    pub(crate) fn name_key(self) -> &'static str {
        match self {
            Self::Search => "name",
            Self::Stopper => "type",
        }
    }

    /// What the registry's algorithm of this name says of itself.
    pub(crate) fn spec(self, registry: &Registry, name: &str) -> Option<Spec> {
        match self {
            Self::Search => registry.search_spec(name),
            Self::Stopper => registry.stopper_spec(name),
        }
        .copied()
    }

    /// The names of the registry's algorithms.
    pub(crate) fn names(self, registry: &Registry) -> Vec<&str> {
        match self {
            Self::Search => registry.searches().collect(),
            Self::Stopper => registry.stoppers().collect(),
        }
    }
}

/// Of an algorithm that is not in the registry nothing is known, and its options are left alone.
const FOREIGN: Spec = Spec::new("An algorithm of the sweep's owner").any_options();

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
    pub(crate) fn spec(&self, role: Role, name: &str) -> Option<Spec> {
        let own = self.any || self.own(role).contains(name);
        role.spec(self.registry, name).or_else(|| own.then_some(FOREIGN))
    }

    /// All names that are allowed for certain.
    pub(crate) fn names(&self, role: Role) -> Vec<&str> {
        let mut names = role.names(self.registry);
        names.extend(self.own(role).iter().map(String::as_str));
        names.dedup();
        names
    }

    /// Everything that speaks against an algorithm with these options for this problem, as far as the algorithm says it in a
    /// form that can be placed; any other error is for those who build it.
    pub(crate) fn faults(
        &self,
        (role, name): (Role, &str),
        spec: &Spec,
        problem: &Problem,
        options: &Options,
    ) -> Faults {
        let checked = || spec.check(options).err().unwrap_or(Faults(Vec::new()));
        if self.any || role.spec(self.registry, name).is_none() {
            return checked();
        }
        let error = match role {
            Role::Search => self.registry.search(name, problem, options).err(),
            Role::Stopper => self.registry.stopper(name, problem, options).err(),
        };
        match error {
            Some(RegistryError::Refused { source, .. }) => faults_of(source),
            _ => Faults(Vec::new()),
        }
    }

    fn own(&self, role: Role) -> &BTreeSet<String> {
        match role {
            Role::Search => &self.methods,
            Role::Stopper => &self.stoppers,
        }
    }
}

fn faults_of(error: BoxError) -> Faults {
    error.downcast::<Faults>().map_or(Faults(Vec::new()), |faults| *faults)
}
