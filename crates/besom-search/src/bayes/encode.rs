//! Points of a space as rows of coordinates, and back.
//!
//! Rows are *canonical*: the coordinate of an inactive parameter is that of a missing one, the middle or the first category, so
//! that what it would have been makes no difference (decision 94). After the coordinates they say which conditions hold, 1 or 0 for each:
//! the covariance has a term for each (decision 95).

use besom_core::value::same_ignoring_injected_keys;
use besom_core::{Enumeration, Levels, ParamPath, Point, Space, When};
use besom_gp::{Dimension, Model, Term};
use rand::Rng;
use serde_json::Value;

use super::axis::{Axis, Key, same_category};
use crate::sobol;

/// With more conditions the covariance has no terms for them: each costs what a model without conditions costs.
const CONDITIONS: usize = 12;
/// How many points of the space are looked at for whether a condition always holds.
const LOOKED_AT: usize = 256;

/// Maps points to coordinates, one per parameter that has at least two values, and back.
#[derive(Clone, Debug)]
pub(crate) struct Encoding {
    parameters: Vec<(ParamPath, Parameter)>,
    axes: Vec<Axis>,
    names: Vec<ParamPath>,
    /// If it has conditions.
    conditional: Option<Conditional>,
    /// If it has constraints.
    constrained: Option<Constrained>,
}

/// The most points of a finite space of which each is looked at for constraints.
const LISTED: u128 = 20_000;
/// How many legal points show how likely the values of categories are.
const SOME: usize = 200;

/// What a space with constraints needs.
#[derive(Clone, Debug)]
struct Constrained {
    space: Space,
    /// The numbers of all points that keep the constraints, if the points are few.
    legal: Option<Vec<u128>>,
    /// Some legal points; none where they are rare.
    some: Vec<Vec<f64>>,
}

/// What a space with conditions needs.
#[derive(Clone, Debug)]
struct Conditional {
    space: Space,
    /// The points that are ever suggested, if they are finitely many and countable.
    points: Option<Enumeration>,
    /// Which axes are active everywhere, with a condition or without.
    always: Vec<bool>,
    /// The axes of each condition that does not always hold; none if there are too many.
    groups: Vec<Vec<usize>>,
}

#[derive(Clone, Debug)]
enum Parameter {
    /// It is not searched.
    Constant(Value),
    /// It is searched in name only: there is one value.
    Only(Value),
    /// The place of its axis.
    Varied(usize),
}

impl Encoding {
    /// The encoding of a space.
    pub(crate) fn new(space: &Space) -> Self {
        let (mut axes, mut names) = (Vec::new(), Vec::new());
        let parameters = space.parameters().iter().map(|parameter| {
            let name = parameter.name.clone();
            match Axis::new(&parameter.distribution) {
                Ok(axis) => {
                    axes.push(axis);
                    names.push(name.clone());
                    (name, Parameter::Varied(axes.len() - 1))
                }
                Err(value) if parameter.distribution.is_constant() => (name, Parameter::Constant(value)),
                Err(value) => (name, Parameter::Only(value)),
            }
        });
        let parameters = parameters.collect();
        let mut encoding = Self { parameters, axes, names, conditional: None, constrained: None };
        if space.is_conditional() {
            let points = encoding.enumeration(space);
            let (always, groups) = (Vec::new(), Vec::new());
            encoding.conditional = Some(Conditional { space: space.clone(), points, always, groups });
            let always = encoding.always();
            let groups = encoding.groups(space, &always);
            if let Some(conditional) = &mut encoding.conditional {
                (conditional.always, conditional.groups) = (always, groups);
            }
        }
        if space.is_constrained() {
            let count = encoding.reachable().filter(|&count| count <= LISTED);
            let is_legal = |&k: &u128| space.allows(&encoding.decode(&encoding.at(k)));
            let legal = count.map(|count| (0..count).filter(is_legal).collect());
            encoding.constrained =
                Some(Constrained { space: space.clone(), legal, some: encoding.some_legal(space) });
        }
        encoding
    }

    /// Which axes are active at each of a few hundred points that fill the space.
    fn always(&self) -> Vec<bool> {
        let mut always = vec![true; self.axes.len()];
        for i in 0..LOOKED_AT {
            let active = self.active_axes(&self.sample_all(&sobol::point(0, i, self.axes.len())));
            always.iter_mut().zip(active).for_each(|(always, active)| *always &= active);
        }
        always
    }

    /// The axes of each condition that does not always hold. Equal conditions hold together, because a parent that is inactive has no
    /// value for any.
    fn groups(&self, space: &Space, always: &[bool]) -> Vec<Vec<usize>> {
        let mut groups: Vec<(&When, Vec<usize>)> = Vec::new();
        for (parameter, (_, kind)) in space.parameters().iter().zip(&self.parameters) {
            let (Some(when), &Parameter::Varied(k)) = (&parameter.when, kind) else { continue };
            match groups.iter_mut().find(|(known, _)| *known == when) {
                Some((_, axes)) => axes.push(k),
                None => groups.push((when, vec![k])),
            }
        }
        let mut groups: Vec<Vec<usize>> = groups.into_iter().map(|(_, axes)| axes).collect();
        groups.retain(|axes| !always[axes[0]]);
        if groups.len() > CONDITIONS { Vec::new() } else { groups }
    }

    /// The points of a space that are ever suggested, numbered.
    fn enumeration(&self, space: &Space) -> Option<Enumeration> {
        let levels = |place: usize| match &self.parameters[place].1 {
            Parameter::Constant(value) | Parameter::Only(value) => {
                Some(Levels::list(std::slice::from_ref(value)))
            }
            &Parameter::Varied(k) => {
                let axis = &self.axes[k];
                let values: Vec<Value> =
                    (0..axis.reachable()?).map(|level| axis.decode(axis.at(level))).collect();
                Some(Levels::list(&values))
            }
        };
        let rank: Vec<usize> = (0..self.parameters.len()).collect();
        Enumeration::new(space, &rank, levels).ok()
    }

    /// Which parameters are active at these coordinates; `None` if all always are.
    fn active(&self, coordinates: &[f64]) -> Option<Vec<bool>> {
        let Conditional { space, .. } = self.conditional.as_ref()?;
        Some(space.active(|place| Some(self.value(place, coordinates))))
    }

    /// Which axes are active at these coordinates.
    pub(super) fn active_axes(&self, coordinates: &[f64]) -> Vec<bool> {
        self.active(coordinates).map_or_else(|| vec![true; self.axes.len()], |active| self.of_axes(active))
    }

    /// Of one for each parameter, those of axes.
    fn of_axes(&self, all: Vec<bool>) -> Vec<bool> {
        let varied = self.parameters.iter().zip(all);
        varied.filter(|((_, p), _)| matches!(p, Parameter::Varied(_))).map(|(_, one)| one).collect()
    }

    /// The row with canonical coordinates of inactive parameters, and with which conditions hold.
    pub(super) fn canonical(&self, mut coordinates: Vec<f64>) -> Vec<f64> {
        if let Some(Conditional { groups, .. }) = &self.conditional {
            let active = self.active_axes(&coordinates);
            for (k, _) in active.iter().enumerate().filter(|(_, active)| !**active) {
                coordinates[k] = self.axes[k].canonical();
            }
            coordinates.truncate(self.axes.len());
            coordinates.extend(groups.iter().map(|axes| f64::from(u8::from(active[axes[0]]))));
        }
        coordinates
    }

    /// Some legal points, always the same ones.
    fn some_legal(&self, space: &Space) -> Vec<Vec<f64>> {
        if space.is_rarely_legal() {
            return Vec::new();
        }
        let rng = &mut besom_core::Rng::new(u64::from_le_bytes(*b"legality"));
        (0..SOME).filter_map(|_| self.encode(&space.decode(&space.draw(rng)?))).collect()
    }

    /// How likely a category has this value in a legal point; `None` without constraints. 0 where that is not known.
    pub(super) fn legal_probability(&self, axis: usize, value: f64) -> Option<f64> {
        let Constrained { some, .. } = self.constrained.as_ref()?;
        let has = some.iter().filter(|row| same_category(row[axis], value)).count();
        Some(has as f64 / some.len().max(1) as f64)
    }

    /// Whether there are constraints.
    pub(super) fn is_constrained(&self) -> bool {
        self.constrained.is_some()
    }

    /// Whether the point at these coordinates keeps all constraints.
    pub(super) fn allows(&self, coordinates: &[f64]) -> bool {
        self.constrained
            .as_ref()
            .is_none_or(|constrained| constrained.space.allows(&self.decode(coordinates)))
    }

    /// Coordinates of a legal point that is drawn at random; `None` if none is known.
    pub(super) fn draw(&self, space: &Space, rng: &mut impl Rng) -> Option<Vec<f64>> {
        let coordinates = self.encode(&space.decode(&space.draw(rng)?))?;
        // Rounding may move it.
        self.allows(&coordinates).then_some(coordinates)
    }

    /// The value of the parameter at a place, were it active.
    fn value(&self, place: usize, coordinates: &[f64]) -> Value {
        match &self.parameters[place].1 {
            Parameter::Constant(value) | Parameter::Only(value) => value.clone(),
            &Parameter::Varied(k) => self.axes[k].decode(coordinates[k]),
        }
    }

    /// Whether an axis has no condition, or one that always holds.
    pub(super) fn is_always_active(&self, axis: usize) -> bool {
        self.conditional.as_ref().is_none_or(|conditional| conditional.always[axis])
    }

    /// The axes, in declared order of their parameters.
    pub(super) fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The names of the parameters of the axes.
    pub(super) fn names(&self) -> &[ParamPath] {
        &self.names
    }

    /// The model of the runs: with a term for the axes without a condition, one for those of each condition, and one over all, in which
    /// branches share what they have in common (decision 95). Without conditions that of [`Encoding::flat_model`].
    pub(super) fn model(&self) -> Model {
        let (flat, d) = (self.flat_model(), self.axes.len());
        let Some(Conditional { groups, .. }) = self.conditional.as_ref().filter(|c| !c.groups.is_empty())
        else {
            return flat;
        };
        let unconditional = (0..d).filter(|k| groups.iter().all(|axes| !axes.contains(k)));
        let shared = Term::over(unconditional.collect::<Vec<_>>());
        let own = groups.iter().map(|axes| Term::over(axes.clone()).conditional());
        let whole = Term::over((0..d).collect::<Vec<_>>()).stretched();
        flat.terms(std::iter::once(shared).chain(own).chain([whole]).collect::<Vec<_>>())
    }

    /// The model over these axes.
    pub(crate) fn flat_model(&self) -> Model {
        let dimension = |axis: &Axis| match axis.is_categorical() {
            true => Dimension::Categorical,
            false => Dimension::Numeric,
        };
        Model::new(self.axes.len()).dimensions(self.axes.iter().map(dimension).collect::<Vec<_>>())
    }

    /// How many different points there are, if they are finitely many and countable.
    pub(super) fn count(&self) -> Option<u128> {
        if self.conditional.is_some() || self.constrained.is_some() {
            let countable = self.axes.iter().all(|axis| axis.count().is_some());
            return self.reachable().filter(|_| countable);
        }
        self.axes.iter().try_fold(1_u128, |product, axis| product.checked_mul(axis.count()? as u128))
    }

    /// How many different points are ever suggested, if they are finitely many and countable: also of a space that
    /// has more, beyond the tails of unbounded steps.
    pub(super) fn reachable(&self) -> Option<u128> {
        if let Some(Constrained { legal, .. }) = &self.constrained {
            return legal.as_ref().map(|legal| legal.len() as u128);
        }
        if let Some(Conditional { points, .. }) = &self.conditional {
            return points.as_ref().map(Enumeration::size);
        }
        self.axes.iter().try_fold(1_u128, |product, axis| product.checked_mul(axis.reachable()? as u128))
    }

    /// The `k`-th of the points that are ever suggested, the last axis varying fastest; modulo their number.
    pub(super) fn at(&self, mut k: u128) -> Vec<f64> {
        if let Some(Constrained { legal: Some(legal), .. }) = &self.constrained
            && let Some(place) = k.checked_rem(legal.len() as u128)
        {
            k = legal[usize::try_from(place).unwrap_or_default()];
        }
        if let Some(Conditional { points: Some(points), .. }) = &self.conditional {
            let levels = points.levels(k % points.size()).into_iter().zip(&self.parameters);
            let coordinate =
                |(level, (_, parameter)): (Option<u128>, &(ParamPath, Parameter))| match *parameter {
                    Parameter::Varied(k) => {
                        let at = |level: u128| self.axes[k].at(usize::try_from(level).unwrap_or_default());
                        Some(level.map_or_else(|| self.axes[k].canonical(), at))
                    }
                    _ => None,
                };
            return self.canonical(levels.filter_map(coordinate).collect());
        }
        let mut coordinates = vec![0.0; self.axes.len()];
        for (coordinate, axis) in coordinates.iter_mut().zip(&self.axes).rev() {
            let count = axis.reachable().unwrap_or(1) as u128;
            *coordinate = axis.at(usize::try_from(k % count).unwrap_or_default());
            k /= count;
        }
        coordinates
    }

    /// The coordinates of a run's point, canonical where it lacks a parameter or one is inactive; `None` if it has a
    /// value of a wrong kind.
    pub(crate) fn encode(&self, point: &Point) -> Option<Vec<f64>> {
        let active = self.conditional.as_ref().map(|conditional| conditional.space.active_in(point));
        let coordinate = |(place, (name, parameter)): (usize, &(ParamPath, Parameter))| {
            let &Parameter::Varied(k) = parameter else { return None };
            let is_active = active.as_ref().is_none_or(|active| active[place]);
            Some(match point.get(name).filter(|_| is_active) {
                Some(value) => self.axes[k].encode(value),
                None => Some(self.axes[k].canonical()),
            })
        };
        let mut row =
            self.parameters.iter().enumerate().filter_map(coordinate).collect::<Option<Vec<_>>>()?;
        if let (Some(Conditional { groups, .. }), Some(active)) = (&self.conditional, active) {
            let active = self.of_axes(active);
            row.extend(groups.iter().map(|axes| f64::from(u8::from(active[axes[0]]))));
        }
        Some(row)
    }

    /// The point at these coordinates.
    pub(super) fn decode(&self, coordinates: &[f64]) -> Point {
        let active = self.active(coordinates);
        let places = (0..self.parameters.len()).filter(|&k| active.as_ref().is_none_or(|active| active[k]));
        places.map(|place| (self.parameters[place].0.clone(), self.value(place, coordinates))).collect()
    }

    /// The point at these coordinates with the values that inactive parameters would have, but for those that are given, whose
    /// values then decide what is active.
    pub(super) fn decode_around(&self, given: &[(ParamPath, Value)], coordinates: &[f64]) -> Point {
        let value = |(place, (name, _)): (usize, &(ParamPath, Parameter))| {
            let given = given.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone());
            (name.clone(), given.unwrap_or_else(|| self.value(place, coordinates)))
        };
        let point: Point = self.parameters.iter().enumerate().map(value).collect();
        match &self.conditional {
            Some(Conditional { space, .. }) => space.only_active(point),
            None => point,
        }
    }

    /// What distinguishes a point from all others; `None` if it is not one of the space, or lacks a
    /// parameter that is active: then no suggestion repeats it. Constants don't matter, nor do inactive parameters.
    pub(super) fn key(&self, point: &Point) -> Option<Vec<Key>> {
        let active = self.conditional.as_ref().map(|conditional| conditional.space.active_in(point));
        let keys =
            self.parameters.iter().enumerate().filter_map(|(place, (name, parameter))| match parameter {
                Parameter::Constant(_) => None,
                _ if active.as_ref().is_some_and(|active| !active[place]) => Some(Some(Key::MAX)),
                Parameter::Only(expected) => {
                    let value = point.get(name);
                    Some(value.filter(|v| same_ignoring_injected_keys(expected, v)).map(|_| 0))
                }
                &Parameter::Varied(k) => Some(point.get(name).and_then(|value| self.axes[k].key(value))),
            });
        keys.collect()
    }

    /// The coordinates of the point that the prior has at these probabilities.
    pub(super) fn sample(&self, cube: &[f64]) -> Vec<f64> {
        self.canonical(self.sample_all(cube))
    }

    /// The same with a coordinate of their own for parameters that are inactive there.
    pub(super) fn sample_all(&self, cube: &[f64]) -> Vec<f64> {
        self.axes.iter().zip(cube).map(|(axis, &u)| axis.sample(u)).collect()
    }
}
