//! What may be varied, and points in it.

use std::collections::HashSet;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::{Distribution, Name};

/// A named parameter with its distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The parameter's name.
    pub name: Name,
    /// Which values it takes.
    pub distribution: Distribution,
}

/// What may be varied: parameters in the order in which they were declared.
///
/// A space maps points to and from the unit cube, one dimension per parameter that is not constant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Space {
    parameters: Vec<Parameter>,
}

/// Why parameters do not make a space.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SpaceError {
    /// Two parameters have one name.
    #[error("parameter {0} is declared twice")]
    Duplicate(Name),
    /// A parameter lies inside another one that has values of its own.
    #[error("parameter {inner} lies inside parameter {outer}")]
    Inside {
        /// The parameter with values of its own.
        outer: Name,
        /// The one below it.
        inner: Name,
    },
}

impl Space {
    /// A space of these parameters; no two may have one name, or lie inside one another.
    pub fn new(parameters: Vec<Parameter>) -> Result<Self, SpaceError> {
        let mut seen: HashSet<&[String]> = HashSet::new();
        for Parameter { name, .. } in &parameters {
            if !seen.insert(name.path()) {
                return Err(SpaceError::Duplicate(name.clone()));
            }
        }
        for Parameter { name, .. } in &parameters {
            let path = name.path();
            if let Some(len) = (1..path.len()).find(|&len| seen.contains(&path[..len])) {
                let outer = Name::new(path[..len].iter().cloned());
                return Err(SpaceError::Inside { outer, inner: name.clone() });
            }
        }
        Ok(Self { parameters })
    }

    /// All parameters in declared order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The parameters that are not constant, in declared order: the dimensions of the unit cube.
    pub fn searchable(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(|p| !p.distribution.is_constant())
    }

    /// How many parameters are not constant.
    pub fn dimensions(&self) -> usize {
        self.searchable().count()
    }

    /// The point at these coordinates in the unit cube, one per [`Space::searchable`] parameter. Always a point of
    /// the space; coordinates outside [0, 1] are clamped.
    ///
    /// # Panics
    /// If the number of coordinates is not [`Space::dimensions`].
    pub fn decode(&self, cube: &[f64]) -> Point {
        let mut cube = cube.iter();
        let values = self.parameters.iter().map(|parameter| {
            let value = match &parameter.distribution {
                Distribution::Constant(value) => value.clone(),
                varied => varied.quantile(*cube.next().expect("one coordinate per searchable parameter")),
            };
            (parameter.name.clone(), value)
        });
        let point = values.collect();
        assert!(cube.next().is_none(), "one coordinate per searchable parameter");
        point
    }

    /// The coordinates of a point, one cdf per [`Space::searchable`] parameter; `None` if the point lacks one of them
    /// or has a value there that the space never gives.
    pub fn encode(&self, point: &Point) -> Option<Vec<f64>> {
        self.searchable().map(|p| p.distribution.coordinate(point.get(&p.name)?)).collect()
    }

    /// Whether the point has exactly the parameters of the space, each with a value that the space gives.
    pub fn contains(&self, point: &Point) -> bool {
        point.len() == self.parameters.len()
            && self
                .parameters
                .iter()
                .all(|p| point.get(&p.name).is_some_and(|value| p.distribution.contains(value)))
    }

    /// Reads a point from a nested JSON object (`{"lr": 0.1, "opt": {"name": "adam"}}`), taking the parameters that
    /// are there and ignoring keys that the space does not know.
    pub fn read(&self, config: &Map<String, Value>) -> Point {
        self.parameters
            .iter()
            .filter_map(|p| {
                let (first, rest) = p.name.path().split_first()?;
                let value = rest.iter().try_fold(config.get(first)?, |value, key| value.get(key))?;
                Some((p.name.clone(), value.clone()))
            })
            .collect()
    }
}

/// Values for parameters, in the order of the space. Only active parameters are listed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point(Vec<(Name, Value)>);

impl Point {
    /// The value of a parameter.
    pub fn get(&self, name: &Name) -> Option<&Value> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value)
    }

    /// All parameters with their values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Name, &Value)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// How many parameters have a value.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no parameter has a value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The point as a nested JSON object, as training programs get it; [`Space::read`] is its inverse.
    pub fn to_json(&self) -> Map<String, Value> {
        let mut object = Map::new();
        for (name, value) in self.iter() {
            let (last, outer) = name.path().split_last().expect("a name has at least one component");
            let mut at = &mut object;
            for key in outer {
                let inner = at.entry(key.clone()).or_insert_with(|| Value::Object(Map::new()));
                at = inner.as_object_mut().expect("no parameter lies inside another one's value");
            }
            at.insert(last.clone(), value.clone());
        }
        object
    }
}

impl FromIterator<(Name, Value)> for Point {
    fn from_iter<I: IntoIterator<Item = (Name, Value)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}
