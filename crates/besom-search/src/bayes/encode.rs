//! Points of a space as rows of coordinates, and back.

use besom_core::value::same_ignoring_injected_keys;
use besom_core::{ParamPath, Point, Space};
use besom_gp::{Dimension, Model};
use serde_json::Value;

use super::axis::{Axis, Key};

/// Maps points to coordinates, one per parameter that has at least two values, and back.
#[derive(Clone, Debug)]
pub(super) struct Encoding {
    parameters: Vec<(ParamPath, Parameter)>,
    axes: Vec<Axis>,
    names: Vec<ParamPath>,
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
    pub(super) fn new(space: &Space) -> Self {
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
        Self { parameters, axes, names }
    }

    /// The axes, in declared order of their parameters.
    pub(super) fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The names of the parameters of the axes.
    pub(super) fn names(&self) -> &[ParamPath] {
        &self.names
    }

    /// The model over these axes.
    pub(super) fn model(&self) -> Model {
        let dimension = |axis: &Axis| match axis.is_categorical() {
            true => Dimension::Categorical,
            false => Dimension::Numeric,
        };
        Model::new(self.axes.len()).dimensions(self.axes.iter().map(dimension).collect::<Vec<_>>())
    }

    /// How many different points there are, if they are finitely many and countable.
    pub(super) fn count(&self) -> Option<u128> {
        self.axes.iter().try_fold(1_u128, |product, axis| product.checked_mul(axis.count()? as u128))
    }

    /// How many different points are ever suggested, if they are finitely many and countable: also of a space that
    /// has more, beyond the tails of unbounded steps.
    pub(super) fn reachable(&self) -> Option<u128> {
        self.axes.iter().try_fold(1_u128, |product, axis| product.checked_mul(axis.reachable()? as u128))
    }

    /// The `k`-th of the points that are ever suggested, the last axis varying fastest; modulo their number.
    pub(super) fn at(&self, mut k: u128) -> Vec<f64> {
        let mut coordinates = vec![0.0; self.axes.len()];
        for (coordinate, axis) in coordinates.iter_mut().zip(&self.axes).rev() {
            let count = axis.reachable().unwrap_or(1) as u128;
            *coordinate = axis.at(usize::try_from(k % count).unwrap_or_default());
            k /= count;
        }
        coordinates
    }

    /// The coordinates of a run's point, canonical where it lacks a parameter; `None` if it has a value of a
    /// wrong kind.
    pub(super) fn encode(&self, point: &Point) -> Option<Vec<f64>> {
        let coordinate = |(axis, name): (&Axis, &ParamPath)| match point.get(name) {
            Some(value) => axis.encode(value),
            None => Some(axis.canonical()),
        };
        self.axes.iter().zip(&self.names).map(coordinate).collect()
    }

    /// The point at these coordinates.
    pub(super) fn decode(&self, coordinates: &[f64]) -> Point {
        let value = |parameter: &Parameter| match parameter {
            Parameter::Constant(value) | Parameter::Only(value) => value.clone(),
            &Parameter::Varied(k) => self.axes[k].decode(coordinates[k]),
        };
        self.parameters.iter().map(|(name, parameter)| (name.clone(), value(parameter))).collect()
    }

    /// What distinguishes a point from all others; `None` if it is not one of the space, or lacks a
    /// parameter: then no suggestion repeats it. Constants don't matter.
    pub(super) fn key(&self, point: &Point) -> Option<Vec<Key>> {
        let keys = self.parameters.iter().filter_map(|(name, parameter)| match parameter {
            Parameter::Constant(_) => None,
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
        self.axes.iter().zip(cube).map(|(axis, &u)| axis.sample(u)).collect()
    }
}
