//! The points of a finite space, counted and numbered without being written out.
//!
//! Without conditions the points are a mixed-radix counter, one digit per parameter. With conditions they are the leaves of a tree:
//! a digit is there or not by the values before it. What matters of these is only which conditions they satisfy, so that a level
//! of the tree has as many different nodes as there are such cases, and not as many as points: few in any space that a person
//! writes. Between number and point it takes time in proportion to the number of parameters.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;
use thiserror::Error;

use crate::{Levels, ParamPath, Space, Wanted, When};

/// The most nodes of the tree beside one for each parameter, about a kilobyte each while it grows.
const NODES: usize = 50_000;

/// The points of a finite space, numbered from 0. Points that differ in nothing that is active are one.
///
/// ```
/// use besom_core::{Enumeration, Space, When};
///
/// let space = Space::builder()
///     .choice("optimizer", ["sgd", "adam", "lion"])
///     .int("momentum", 1, 4)
///     .when(When::is("optimizer", "sgd"))
///     .build()?;
/// let levels = |place: usize| space.parameters()[place].distribution.levels();
/// let points = Enumeration::new(&space, &[0, 1], levels)?;
/// assert_eq!(points.size(), 4 + 1 + 1);
/// assert_eq!(points.levels(2), [Some(0), Some(2)]);
/// assert_eq!(points.levels(5), [Some(2), None]);
/// assert_eq!(points.number(|place| [Some(0), Some(2)][place]), Some(2));
/// # Ok::<(), besom_core::BoxError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Enumeration {
    /// One per parameter, each parent before what depends on it; the last one varies fastest.
    digits: Vec<Digit>,
    size: u128,
}

/// Why points cannot be numbered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EnumerationError {
    /// These parameters, by place, have no levels.
    #[error("{} parameters have no levels", .0.len())]
    Uncountable(Vec<usize>),
    /// There are 2^128 points or more.
    #[error("there are 2^128 points or more")]
    TooLarge,
    /// There are more cases that conditions tell apart than a tree is grown for.
    #[error("its conditions tell more than {NODES} cases apart")]
    TooManyCases,
}

/// One parameter.
#[derive(Clone, Debug)]
struct Digit {
    /// Its place in the space.
    place: usize,
    /// How many levels it has.
    count: u128,
    /// The cases in which it can be.
    nodes: Vec<Node>,
}

/// A case: which conditions the digits before satisfy.
#[derive(Clone, Debug)]
struct Node {
    active: bool,
    /// The levels in sections that lead to one node of the next digit each; one section if it is inactive.
    sections: Vec<Section>,
    /// How many points begin here.
    size: u128,
}

#[derive(Clone, Copy, Debug)]
struct Section {
    /// Its first level.
    first: u128,
    /// How many points of the node come before it.
    before: u128,
    /// How many points each of its levels has.
    step: u128,
    /// The node of the next digit.
    next: usize,
}

impl Enumeration {
    /// The points of a space with these levels of the parameter at each place. The parameters come in the order of `rank`, which has
    /// one number for each, but parents before what depends on them; the last one varies fastest.
    ///
    /// # Errors
    /// If they cannot be numbered.
    pub fn new(
        space: &Space,
        rank: &[usize],
        levels: impl Fn(usize) -> Option<Levels>,
    ) -> Result<Self, EnumerationError> {
        let all: Vec<Option<Levels>> = (0..space.parameters().len()).map(levels).collect();
        let uncountable: Vec<usize> = (0..all.len()).filter(|&place| all[place].is_none()).collect();
        if !uncountable.is_empty() {
            return Err(EnumerationError::Uncountable(uncountable));
        }
        let levels: Vec<Levels> = all.into_iter().flatten().collect();
        let mut digits = Cases::new(space, &levels).digits(&space.parents_first(rank))?;
        let size = sizes(&mut digits).ok_or(EnumerationError::TooLarge)?;
        Ok(Self { digits, size })
    }

    /// How many points there are; at least 1.
    pub fn size(&self) -> u128 {
        self.size
    }

    /// The level of the parameter at each place, `None` where it is inactive, of the point with this number, which must be less
    /// than [`Enumeration::size`].
    pub fn levels(&self, number: u128) -> Vec<Option<u128>> {
        let (mut rest, mut node) = (number, 0);
        let mut levels = vec![None; self.digits.len()];
        for Digit { place, nodes, .. } in &self.digits {
            let Node { active, sections, .. } = &nodes[node];
            let at = sections.partition_point(|section| section.before <= rest).saturating_sub(1);
            let Section { first, before, step, next } = sections[at];
            if *active {
                levels[*place] = Some(first + (rest - before) / step);
                rest = (rest - before) % step;
            }
            node = next;
        }
        levels
    }

    /// The number of the point with these levels of the parameters at each place; asked only for active ones. `None` if one of them
    /// has none.
    pub fn number(&self, level: impl Fn(usize) -> Option<u128>) -> Option<u128> {
        let (mut number, mut node) = (0, 0);
        for Digit { place, count, nodes } in &self.digits {
            let Node { active, sections, .. } = &nodes[node];
            let mut section = &sections[0];
            if *active {
                let level = level(*place).filter(|level| level < count)?;
                section = &sections[sections.partition_point(|section| section.first <= level) - 1];
                number += section.before + (level - section.first) * section.step;
            }
            node = section.next;
        }
        Some(number)
    }
}

/// Fills in how many points begin at each node, from the last digit on; returns those of all, `None` if they are too many.
fn sizes(digits: &mut [Digit]) -> Option<u128> {
    // Behind the last digit there is one way on.
    let mut next = vec![1_u128];
    for Digit { count, nodes, .. } in digits.iter_mut().rev() {
        for node in nodes.iter_mut() {
            let ends: Vec<u128> =
                node.sections[1..].iter().map(|section| section.first).chain([*count]).collect();
            let mut size = 0_u128;
            for (section, end) in node.sections.iter_mut().zip(ends) {
                (section.before, section.step) = (size, next[section.next]);
                let levels = if node.active { end - section.first } else { 1 };
                size = size.checked_add(levels.checked_mul(section.step)?)?;
            }
            node.size = size;
        }
        next = nodes.iter().map(|node| node.size).collect();
    }
    next.first().copied()
}

/// What conditions tell apart of the levels of each parameter.
struct Cases<'a> {
    space: &'a Space,
    levels: &'a [Levels],
    /// The parents of the parameter at each place.
    parents: Vec<Vec<usize>>,
    /// The levels of each parent in sections that satisfy the same conditions: where they begin, and which class they are of.
    sections: BTreeMap<usize, Vec<(u128, usize)>>,
    /// A value for each class of each parent.
    values: BTreeMap<usize, Vec<Value>>,
}

/// The classes of the parents that are still asked for, by place; `None` where they are inactive.
type State = BTreeMap<usize, Option<usize>>;

impl<'a> Cases<'a> {
    fn new(space: &'a Space, levels: &'a [Levels]) -> Self {
        let places: HashMap<&ParamPath, usize> =
            space.parameters().iter().enumerate().map(|(place, p)| (&p.name, place)).collect();
        let mut wanted: BTreeMap<usize, Vec<&Wanted>> = BTreeMap::new();
        let mut parents = vec![Vec::new(); levels.len()];
        for (place, parameter) in space.parameters().iter().enumerate() {
            for (parent, wants) in parameter.when.iter().flat_map(When::leaves) {
                parents[place].push(places[parent]);
                wanted.entry(places[parent]).or_default().push(wants);
            }
        }
        let mut cases = Self { space, levels, parents, sections: BTreeMap::new(), values: BTreeMap::new() };
        for (parent, wanted) in wanted {
            cases.classify(parent, &wanted);
        }
        cases
    }

    /// Cuts the levels of a parent where what its conditions say of them changes.
    fn classify(&mut self, parent: usize, wanted: &[&Wanted]) {
        let levels = &self.levels[parent];
        let mut classes: HashMap<Vec<bool>, usize> = HashMap::new();
        let (mut sections, mut values): (Vec<(u128, usize)>, Vec<Value>) = Default::default();
        for first in levels.cuts(wanted) {
            let Some(value) = levels.value(first) else { continue };
            let holds: Vec<bool> = wanted.iter().map(|wanted| wanted.holds(&value)).collect();
            let class = *classes.entry(holds).or_insert_with(|| {
                values.push(value);
                values.len() - 1
            });
            if sections.last().is_none_or(|(_, last)| *last != class) {
                sections.push((first, class));
            }
        }
        self.sections.insert(parent, sections);
        self.values.insert(parent, values);
    }

    /// The tree over the parameters in this order, without sizes.
    fn digits(&self, order: &[usize]) -> Result<Vec<Digit>, EnumerationError> {
        let mut last_asked: HashMap<usize, usize> = HashMap::new();
        for (at, &place) in order.iter().enumerate() {
            last_asked.extend(self.parents[place].iter().map(|&parent| (parent, at)));
        }
        let mut states: Vec<State> = vec![State::new()];
        let (mut digits, mut count) = (Vec::new(), 0);
        for (at, &place) in order.iter().enumerate() {
            let (mut known, mut next): (HashMap<State, usize>, Vec<State>) = Default::default();
            let mut way_on = |mut state: State| {
                state.retain(|parent, _| last_asked[parent] > at);
                *known.entry(state.clone()).or_insert_with(|| {
                    next.push(state);
                    next.len() - 1
                })
            };
            let nodes: Vec<Node> = states.iter().map(|state| self.node(place, state, &mut way_on)).collect();
            count += nodes.len() - 1;
            if count > NODES || next.len() > NODES {
                return Err(EnumerationError::TooManyCases);
            }
            digits.push(Digit { place, count: self.levels[place].count(), nodes });
            states = next;
        }
        Ok(digits)
    }

    /// The parameter at a place in one case; `way_on` gives the number of the next case.
    fn node(&self, place: usize, state: &State, way_on: &mut impl FnMut(State) -> usize) -> Node {
        let value = |parent: usize| Some(&self.values[&parent][(*state.get(&parent)?)?]);
        let active = self.space.holds(place, value);
        let mut section = |first: u128, class: Option<usize>| {
            let mut state = state.clone();
            if self.sections.contains_key(&place) {
                state.insert(place, class);
            }
            Section { first, before: 0, step: 1, next: way_on(state) }
        };
        let sections = match self.sections.get(&place).filter(|_| active) {
            Some(sections) => sections.iter().map(|&(first, class)| section(first, Some(class))).collect(),
            None => vec![section(0, None)],
        };
        Node { active, sections, size: 0 }
    }
}

impl Levels {
    /// Levels at which what these conditions say of a level may change; the first level always.
    fn cuts(&self, wanted: &[&Wanted]) -> BTreeSet<u128> {
        // Lists have no order that a condition could follow.
        let count = self.count();
        if self.is_list() || count <= 256 {
            return (0..count).collect();
        }
        let bounds = wanted.iter().flat_map(|wanted| match wanted {
            Wanted::Values(values) => values.iter().filter_map(Value::as_f64).collect(),
            Wanted::Range { min, max } => vec![*min, *max],
        });
        let cuts = bounds.flat_map(|x| [self.first_where(|y| y >= x), self.first_where(|y| y > x)]);
        // Large whole numbers are told apart better by themselves than by floats.
        let exact = wanted.iter().flat_map(|wanted| match wanted {
            Wanted::Values(values) => values.iter().filter_map(|value| self.index(value)).collect(),
            Wanted::Range { .. } => Vec::new(),
        });
        cuts.chain(exact.flat_map(|level| [level, level + 1])).chain([0]).filter(|&cut| cut < count).collect()
    }

    /// The first level whose number is so, where all after it are; the count if none is.
    fn first_where(&self, is_so: impl Fn(f64) -> bool) -> u128 {
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.value(middle).and_then(|value| value.as_f64()).is_some_and(&is_so) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::{Strategy, prop_assert, prop_assert_eq, proptest};
    use serde_json::json;

    use super::*;
    use crate::Point;
    use crate::laws::finite_problem;

    fn enumeration(space: &Space, rank: &[usize]) -> Result<Enumeration, EnumerationError> {
        Enumeration::new(space, rank, |place| space.parameters()[place].distribution.levels())
    }

    fn in_order(space: &Space) -> Vec<usize> {
        (0..space.parameters().len()).collect()
    }

    /// The point with these levels.
    fn point(space: &Space, levels: &[Option<u128>]) -> Point {
        let value = |(p, level): (&crate::Parameter, &Option<u128>)| {
            Some((p.name.clone(), p.distribution.levels()?.value((*level)?)?))
        };
        space.parameters().iter().zip(levels).filter_map(value).collect()
    }

    /// All different points of a small space: every combination of levels, inactive ones taken away.
    fn all(space: &Space) -> BTreeSet<String> {
        let levels: Vec<Levels> = space.parameters().iter().filter_map(|p| p.distribution.levels()).collect();
        let mut all = BTreeSet::new();
        let count: u128 = levels.iter().map(Levels::count).product();
        for mut number in 0..count {
            let chosen = levels.iter().map(|levels| {
                let level = number % levels.count();
                number /= levels.count();
                Some(level)
            });
            let full = point(space, &chosen.collect::<Vec<_>>());
            all.insert(format!("{:?}", space.only_active(full)));
        }
        all
    }

    fn small() -> impl Strategy<Value = Space> {
        let count = |space: &Space| {
            let counts = space.parameters().iter().map(|p| p.distribution.levels().map_or(1, |l| l.count()));
            counts.fold(1, u128::saturating_mul)
        };
        finite_problem().prop_map(|problem| problem.space).prop_filter("few points", move |s| count(s) < 2000)
    }

    proptest! {
        #[test]
        fn every_point_has_one_number(space in small(), rank in vec(0_usize..9, 8)) {
            let rank = &rank[..space.parameters().len()];
            let points = enumeration(&space, rank).expect("few points");
            let mut found = BTreeSet::new();
            for number in 0..points.size() {
                let levels = points.levels(number);
                let point = point(&space, &levels);
                prop_assert!(space.contains(&point) && space.is_complete(&point), "{point:?}");
                prop_assert_eq!(points.number(|place| levels[place]), Some(number));
                found.insert(format!("{point:?}"));
            }
            prop_assert_eq!(found.len() as u128, points.size());
            prop_assert_eq!(found, all(&space));
        }

        #[test]
        fn numbers_lead_back_in_large_spaces(problem in finite_problem(), number: u128) {
            let Ok(points) = enumeration(&problem.space, &in_order(&problem.space)) else { return Ok(()) };
            let number = number % points.size();
            let levels = points.levels(number);
            let point = point(&problem.space, &levels);
            prop_assert!(problem.space.contains(&point) && problem.space.is_complete(&point));
            prop_assert_eq!(points.number(|place| levels[place]), Some(number));
        }

        #[test]
        fn a_level_outside_of_a_parameter_has_no_number(space in small(), level in 2000..u128::MAX) {
            let points = enumeration(&space, &in_order(&space)).expect("few points");
            prop_assert_eq!(points.number(|_| Some(level)), None);
        }
    }

    #[test]
    fn parameters_without_conditions_make_no_cases() {
        let many = 100_000;
        let space = (0..many).fold(Space::builder(), |space, k| space.choice(format!("p{k}"), [1]));
        let space = space.build().expect("a space");
        assert_eq!(enumeration(&space, &vec![0; many]).expect("one case each").size(), 1);
    }

    #[test]
    fn wide_parents_are_cut_and_not_counted() {
        let (least, most) = (-(1_i64 << 60), 1_i64 << 60);
        let space = Space::builder()
            .int("seed", least, most)
            .int("a", 1, 3)
            .when(When::one_of("seed", [json!(7), json!((1_i64 << 59) + 1)]))
            .int("b", 1, 2)
            .when(When::at_most("seed", 0.0))
            .build()
            .expect("a space");
        let points = enumeration(&space, &in_order(&space)).expect("countable");
        let seeds = (1_u128 << 61) + 1;
        assert_eq!(points.size(), seeds + 2 * 2 + (1_u128 << 60) + 1);
    }

    #[test]
    fn what_cannot_be_numbered_is_an_error() {
        let space = Space::builder().int("a", 0, 9).uniform("b", 0.0, 1.0).build().expect("a space");
        assert_eq!(enumeration(&space, &[0, 1]).expect_err("b"), EnumerationError::Uncountable(vec![1]));
        let wide = (0..3).fold(Space::builder(), |space, k| space.int(format!("p{k}"), i64::MIN, i64::MAX));
        let space = wide.build().expect("a space");
        assert_eq!(enumeration(&space, &[0, 1, 2]).expect_err("2^192"), EnumerationError::TooLarge);
        // Thirty switches, and each matters in the end.
        let switches =
            (0..30).fold(Space::builder(), |space, k| space.choice(format!("s{k}"), [true, false]));
        let last = (0..30).fold(switches, |space, k| {
            space.int(format!("p{k}"), 1, 2).when(When::is(format!("s{k}"), true))
        });
        let space = last.build().expect("a space");
        let rank = in_order(&space);
        assert_eq!(enumeration(&space, &rank).expect_err("2^30 cases"), EnumerationError::TooManyCases);
    }
}
