//! What may be varied, and points in it.

use std::sync::Arc;

mod builder;
mod error;
mod point;

use serde_json::{Map, Value};

pub use builder::SpaceBuilder;
pub use error::{SpaceError, SpaceFault};
pub use point::{Point, PointError};

use crate::{Distribution, ParamPath};

/// A named parameter with its distribution.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Parameter {
    /// The parameter's name.
    pub name: ParamPath,
    /// Which values it takes.
    pub distribution: Distribution,
}

/// What may be varied: parameters in the order in which they were declared.
///
/// A space maps points to and from the unit cube, one dimension per parameter that is not constant.
///
/// ```
/// use besom_core::distribution::Continuous;
/// use besom_core::{Distribution, ParamPath, Parameter, Space};
/// use serde_json::json;
///
/// let parameter = |path: &[&str], distribution| Parameter::new(ParamPath::new(path.to_vec()), distribution);
/// let rate = Continuous::LogUniformValues { min: 1e-4, max: 1.0 };
/// let space = Space::new(vec![
///     parameter(&["optimizer", "rate"], Distribution::Continuous(rate)),
///     parameter(&["optimizer", "name"], Distribution::Constant(json!("sgd"))),
///     parameter(&["layers"], Distribution::IntUniform { min: 1, max: 4 }),
/// ])?;
/// assert_eq!(space.dimensions(), 2);
///
/// let point = space.decode(&[0.0, 1.0]);
/// let config = point.to_json();
/// assert_eq!(config["optimizer"], json!({"rate": 1e-4, "name": "sgd"}));
/// assert_eq!(config["layers"], json!(4));
/// assert!(space.contains(&point) && space.is_complete(&point));
/// assert_eq!(space.read(&config), point);
/// assert_eq!(space.encode(&point), Some(vec![0.0, 1.0]));
/// # Ok::<(), besom_core::SpaceError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Space {
    parameters: Vec<Parameter>,
    /// Their names, shared with every complete point: a history of many runs holds them once.
    names: Arc<[ParamPath]>,
}

impl Parameter {
    /// A parameter of this name.
    pub fn new(name: impl Into<ParamPath>, distribution: Distribution) -> Self {
        Self { name: name.into(), distribution }
    }
}

impl Space {
    /// A space, one parameter after another.
    pub fn builder() -> SpaceBuilder {
        SpaceBuilder::default()
    }

    /// A space of these parameters: of distributions that are sound ([`Distribution::check`]), no two of one name, none
    /// inside another.
    ///
    /// # Errors
    /// All that is wrong, each fault with the name of its parameter.
    ///
    /// ```
    /// use besom_core::{Distribution, Parameter, Space};
    ///
    /// let error = Space::new(vec![
    ///     Parameter::new("lr", Distribution::uniform(5.0, 1.0)),
    ///     Parameter::new("noise", Distribution::normal(0.0, -1.0)),
    /// ]);
    /// assert_eq!(
    ///     error.expect_err("neither is sound").to_string(),
    ///     "parameter lr: min is 5.0, which is not less than max, 1.0; \
    ///      parameter noise: sigma: found -1.0, expected a number greater than 0",
    /// );
    /// ```
    pub fn new(parameters: Vec<Parameter>) -> Result<Self, SpaceError> {
        SpaceError::none_in(&parameters)?;
        let names = parameters.iter().map(|p| p.name.clone()).collect();
        Ok(Self { parameters, names })
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
    /// If the number of coordinates is not [`Space::dimensions`], or one is NaN: an algorithm that gives one has a fault.
    pub fn decode(&self, cube: &[f64]) -> Point {
        assert_eq!(cube.len(), self.dimensions(), "one coordinate per searchable parameter");
        let mut cube = cube.iter();
        let values = self.parameters.iter().map(|Parameter { name, distribution }| {
            if let Distribution::Constant(value) = distribution {
                return value.clone();
            }
            let coordinate = *cube.next().expect("there are as many as dimensions");
            assert!(!coordinate.is_nan(), "the coordinate of parameter {name} is NaN");
            distribution.quantile(coordinate)
        });
        Point { values: values.collect(), names: self.names.clone() }
    }

    /// The coordinates of a point, one per [`Space::searchable`] parameter: the [`Distribution::coordinate`] of its value,
    /// or the [`Distribution::canonical_coordinate`] where the point lacks it, so that points which lack a parameter agree
    /// in it. `None` if a value is of a kind which the space never gives. Numbers out of range are at 0 or 1.
    /// [`Space::decode`] leads back to the same point, with values for what it lacked.
    ///
    /// ```
    /// use besom_core::distribution::Continuous;
    /// use besom_core::{Distribution, Parameter, Point, Space};
    /// use serde_json::json;
    ///
    /// let unit = Distribution::Continuous(Continuous::Uniform { min: 0.0, max: 1.0 });
    /// let parameter = |name: &str| Parameter::new(name, unit.clone());
    /// let space = Space::new(vec![parameter("x"), parameter("y")])?;
    /// let point = Point::from_iter([("y".into(), json!(0.25))]);
    /// assert!(space.contains(&point) && !space.is_complete(&point));
    /// assert_eq!(space.encode(&point), Some(vec![0.5, 0.25]));
    /// assert_eq!(space.encode(&Point::from_iter([("y".into(), json!("much"))])), None);
    /// # Ok::<(), besom_core::SpaceError>(())
    /// ```
    pub fn encode(&self, point: &Point) -> Option<Vec<f64>> {
        let parameters = self.parameters.iter().enumerate().filter(|(_, p)| !p.distribution.is_constant());
        let coordinate = |(place, p): (usize, &Parameter)| match self.value(point, place) {
            Some(value) => p.distribution.coordinate(value),
            None => Some(p.distribution.canonical_coordinate()),
        };
        parameters.map(coordinate).collect()
    }

    /// Whether every parameter of the point is one of the space, with a value that the space gives. The point may lack
    /// parameters: see [`Space::is_complete`].
    pub fn contains(&self, point: &Point) -> bool {
        let found = |(place, p)| Some((self.value(point, place)?, p));
        let found: Vec<(&Value, &Parameter)> = self.parameters.iter().enumerate().filter_map(found).collect();
        found.len() == point.len() && found.iter().all(|(value, p)| p.distribution.contains(value))
    }

    /// Whether the point has a value for every parameter of the space.
    pub fn is_complete(&self, point: &Point) -> bool {
        (0..self.parameters.len()).all(|place| self.value(point, place).is_some())
    }

    /// The value that a point has for the parameter at this place; at once for the space's own points.
    fn value<'a>(&self, point: &'a Point, place: usize) -> Option<&'a Value> {
        if Arc::ptr_eq(&self.names, &point.names) {
            point.values.get(place)
        } else {
            point.get(&self.names[place])
        }
    }

    /// Reads a point from a nested JSON object (`{"lr": 0.1, "opt": {"name": "adam"}}`), taking the parameters that
    /// are there and ignoring keys that the space does not know.
    pub fn read(&self, config: &Map<String, Value>) -> Point {
        let value = |name: &ParamPath| {
            let (first, rest) = name.path().split_first()?;
            rest.iter().try_fold(config.get(first)?, |value, key| value.get(key)).cloned()
        };
        let values: Vec<Option<Value>> = self.names.iter().map(value).collect();
        if values.iter().all(Option::is_some) {
            return Point { values: values.into_iter().flatten().collect(), names: self.names.clone() };
        }
        self.names.iter().zip(values).filter_map(|(name, value)| Some((name.clone(), value?))).collect()
    }
}

#[cfg(test)]
mod tests;
