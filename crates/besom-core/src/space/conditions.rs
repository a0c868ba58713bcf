//! The conditions of a space, with parents by their places, in an order in which each parent comes before what depends on it.

use std::borrow::Borrow;
use std::collections::HashMap;

use serde_json::Value;

use super::when::{Wanted, When};
use super::{ParamPath, Parameter};

/// The conditions of a space that has some.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Conditions {
    /// The places of the conditional parameters, parents first.
    order: Vec<usize>,
    /// The condition of each parameter.
    rules: Vec<Option<Rule>>,
    /// Whether the parameter at a place is a parent.
    parents: Vec<bool>,
    /// The place of each parameter among all, parents first.
    position: Vec<usize>,
}

/// A condition with its parents by place.
#[derive(Clone, Debug, PartialEq)]
enum Rule {
    Is(usize, Wanted),
    All(Vec<Rule>),
    Any(Vec<Rule>),
}

impl Conditions {
    /// The conditions of these parameters; `Ok(None)` if there are none, and a cycle of names if they go round.
    ///
    /// # Panics
    /// If a parent is none of the parameters, which is checked before.
    pub(super) fn new(parameters: &[Parameter]) -> Result<Option<Self>, Vec<ParamPath>> {
        if parameters.iter().all(|parameter| parameter.when.is_none()) {
            return Ok(None);
        }
        let places: HashMap<&ParamPath, usize> =
            parameters.iter().enumerate().map(|(place, parameter)| (&parameter.name, place)).collect();
        let rule = |parameter: &Parameter| parameter.when.as_ref().map(|when| Rule::of(when, &places));
        let rules: Vec<Option<Rule>> = parameters.iter().map(rule).collect();
        let parents_of: Vec<Vec<usize>> =
            rules.iter().map(|rule| rule.as_ref().map(Rule::parents).unwrap_or_default()).collect();
        let mut parents = vec![false; parameters.len()];
        parents_of.iter().flatten().for_each(|&parent| parents[parent] = true);
        let sorted = parents_first(&parents_of).map_err(|cycle| {
            cycle.into_iter().map(|place| parameters[place].name.clone()).collect::<Vec<_>>()
        })?;
        let mut position = vec![0; parameters.len()];
        sorted.iter().enumerate().for_each(|(at, &place)| position[place] = at);
        let order = sorted.into_iter().filter(|&place| rules[place].is_some()).collect();
        Ok(Some(Self { order, rules, parents, position }))
    }

    /// Which parameters are active, where the parents have these values.
    pub(super) fn active<V: Borrow<Value>>(&self, value: impl Fn(usize) -> Option<V>) -> Vec<bool> {
        let values = (0..self.rules.len()).map(|place| if self.parents[place] { value(place) } else { None });
        let mut values: Vec<Option<V>> = values.collect();
        let mut active = vec![true; self.rules.len()];
        for &place in &self.order {
            if !self.holds(place, &|parent| values[parent].as_ref().map(Borrow::borrow)) {
                active[place] = false;
                // No condition on what does not exist holds.
                values[place] = None;
            }
        }
        active
    }

    /// Whether the condition of the parameter at this place holds, given the values of its parents.
    pub(super) fn holds<V: Borrow<Value>>(&self, place: usize, value: &impl Fn(usize) -> Option<V>) -> bool {
        self.rules[place].as_ref().is_none_or(|rule| rule.holds(value))
    }

    /// Whether the parameter at this place is active, where what it depends on, `ancestors`, has these values; those of inactive
    /// ones are taken away.
    pub(super) fn is_active(&self, place: usize, ancestors: &[usize], values: &mut [Option<Value>]) -> bool {
        for &parent in ancestors {
            if !self.holds(parent, &|place| values[place].as_ref()) {
                values[parent] = None;
            }
        }
        self.holds(place, &|place| values[place].as_ref())
    }

    /// The parents that decide whether the parameter at this place is active, theirs included, each before what depends on it;
    /// `None` if they are more than `most`.
    pub(super) fn ancestors(&self, place: usize, most: usize) -> Option<Vec<usize>> {
        let mut found = Vec::new();
        let mut open = vec![place];
        while let Some(next) = open.pop() {
            for parent in self.rules[next].as_ref().map(Rule::parents).unwrap_or_default() {
                if !found.contains(&parent) {
                    found.push(parent);
                    open.push(parent);
                }
            }
            if found.len() > most {
                return None;
            }
        }
        found.sort_by_key(|&parent| self.position[parent]);
        Some(found)
    }

    /// What conditions want of the parameter at each place.
    pub(super) fn wanted(&self) -> Vec<Vec<&Wanted>> {
        let mut found = vec![Vec::new(); self.rules.len()];
        self.rules.iter().flatten().for_each(|rule| rule.collect_wanted(&mut found));
        found
    }

    /// All parameters, each parent before what depends on it, and otherwise in the order of `rank`.
    pub(super) fn sorted(&self, rank: &[usize]) -> Vec<usize> {
        let mut by_rank: Vec<usize> = (0..rank.len()).collect();
        by_rank.sort_by_key(|&place| rank[place]);
        let mut position = vec![0; rank.len()];
        by_rank.iter().enumerate().for_each(|(at, &place)| position[place] = at);
        let parents_of = |&place: &usize| {
            let parents = self.rules[place].as_ref().map(Rule::parents).unwrap_or_default();
            parents.into_iter().map(|parent| position[parent]).collect()
        };
        let parents_of: Vec<Vec<usize>> = by_rank.iter().map(parents_of).collect();
        let sorted = parents_first(&parents_of).expect("a space has no cycle");
        sorted.into_iter().map(|at| by_rank[at]).collect()
    }
}

impl Rule {
    fn of(when: &When, places: &HashMap<&ParamPath, usize>) -> Self {
        let all = |inner: &[When]| inner.iter().map(|when| Self::of(when, places)).collect();
        match when {
            When::Is { parent, wanted } => Self::Is(places[parent], wanted.clone()),
            When::All(inner) => Self::All(all(inner)),
            When::Any(inner) => Self::Any(all(inner)),
        }
    }

    fn holds<V: Borrow<Value>>(&self, value: &impl Fn(usize) -> Option<V>) -> bool {
        match self {
            Self::Is(parent, wanted) => value(*parent).is_some_and(|value| wanted.holds(value.borrow())),
            Self::All(inner) => inner.iter().all(|rule| rule.holds(value)),
            Self::Any(inner) => inner.iter().any(|rule| rule.holds(value)),
        }
    }

    fn parents(&self) -> Vec<usize> {
        match self {
            Self::Is(parent, _) => vec![*parent],
            Self::All(inner) | Self::Any(inner) => inner.iter().flat_map(Self::parents).collect(),
        }
    }

    fn collect_wanted<'a>(&'a self, found: &mut [Vec<&'a Wanted>]) {
        match self {
            Self::Is(parent, wanted) => found[*parent].push(wanted),
            Self::All(inner) | Self::Any(inner) => {
                inner.iter().for_each(|rule| rule.collect_wanted(found));
            }
        }
    }
}

/// The places so that each comes after its parents, the least first where there is a choice; a cycle of them if there is one.
fn parents_first(parents_of: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut children = vec![Vec::new(); parents_of.len()];
    let mut missing = vec![0_usize; parents_of.len()];
    for (place, parents) in parents_of.iter().enumerate() {
        missing[place] = parents.len();
        parents.iter().for_each(|&parent| children[parent].push(place));
    }
    let mut ready: std::collections::BTreeSet<usize> =
        (0..parents_of.len()).filter(|&place| missing[place] == 0).collect();
    let mut sorted = Vec::with_capacity(parents_of.len());
    while let Some(place) = ready.pop_first() {
        sorted.push(place);
        for &child in &children[place] {
            missing[child] -= 1;
            if missing[child] == 0 {
                ready.insert(child);
            }
        }
    }
    if sorted.len() == parents_of.len() {
        return Ok(sorted);
    }
    // Each of the others has a parent among them; going from parent to parent comes round.
    let mut way = vec![(0..parents_of.len()).find(|&place| missing[place] > 0).expect("some are left")];
    loop {
        let last = way[way.len() - 1];
        let parent = parents_of[last].iter().copied().find(|&parent| missing[parent] > 0);
        let parent = parent.expect("what is left waits for a parent");
        if let Some(start) = way.iter().position(|&place| place == parent) {
            way.drain(..start);
            way.push(parent);
            return Err(way);
        }
        way.push(parent);
    }
}
