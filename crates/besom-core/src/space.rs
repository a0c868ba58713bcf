//! What may be varied, and points in it.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::sync::Arc;

mod builder;
mod conditions;
mod error;
mod legal;
mod point;
mod when;
mod when_fault;

use serde_json::{Map, Value};

pub use builder::SpaceBuilder;
pub use error::{SpaceError, SpaceFault};
pub use legal::LegalShare;
pub use point::{Point, PointError};
pub use when::{Wanted, When};
pub use when_fault::WhenFault;

use self::conditions::Conditions;
use self::legal::Constraints;
use self::point::Found;
use crate::{Distribution, ParamPath};

/// A named parameter with its distribution, and the condition under which it exists.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Parameter {
    /// The parameter's name.
    pub name: ParamPath,
    /// Which values it takes.
    pub distribution: Distribution,
    /// When it is active; always if there is no condition.
    pub when: Option<When>,
}

/// What may be varied: parameters in the order in which they were declared.
///
/// A space maps points to and from the unit cube, one dimension per parameter that is not constant. A parameter may exist only
/// under a condition ([`When`]): where it does not hold, the parameter is *inactive*, its coordinate means nothing, and points do
/// not list it. Constraints ([`Constraint`](crate::Constraint)) say which points are *legal*; [`Space::decode`] gives others, too:
/// see [`Space::allows`] and [`Space::draw`].
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
    /// If there are any.
    conditions: Option<Arc<Conditions>>,
    /// If there are any.
    constraints: Option<Arc<Constraints>>,
}

impl Parameter {
    /// A parameter of this name.
    pub fn new(name: impl Into<ParamPath>, distribution: Distribution) -> Self {
        Self { name: name.into(), distribution, when: None }
    }

    /// The same, active only where this holds, and what held before.
    #[must_use]
    pub fn when(self, when: When) -> Self {
        let when = match self.when {
            Some(earlier) => earlier.and(when),
            None => when,
        };
        Self { when: Some(when), ..self }
    }
}

impl Space {
    /// A space, one parameter after another.
    pub fn builder() -> SpaceBuilder {
        SpaceBuilder::default()
    }

    /// A space of these parameters: of distributions that are sound ([`Distribution::check`]), no two of one name, none
    /// inside another, with conditions ([`When`]) on parameters that exist, on values that these take, and without a circle. Parents
    /// may stand behind what depends on them.
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
        let conditions = Conditions::new(&parameters).expect("a circle was a fault");
        Ok(Self { parameters, names, conditions: conditions.map(Arc::new), constraints: None })
    }

    /// The space with constraints, beside those that it has.
    ///
    /// # Errors
    /// All that is wrong with any of them.
    ///
    /// ```
    /// use besom_core::Space;
    ///
    /// let space = Space::builder().uniform("lr", 0.0, 1.0).choice("optimizer", ["sgd", "adam"]).build()?;
    /// let error = space.with_constraints(["lr <", "optimizer == 'adm' or lr < 0.1"]);
    /// assert_eq!(
    ///     error.expect_err("both are wrong").to_string(),
    ///     "constraint 'lr <': column 5: expected a name or a value, found the end; \
    ///      constraint 'optimizer == 'adm' or lr < 0.1': column 1: 'optimizer' never has the value \"adm\", did you mean 'adam'?",
    /// );
    /// # Ok::<(), besom_core::SpaceError>(())
    /// ```
    pub fn with_constraints<T: AsRef<str>>(
        self,
        constraints: impl IntoIterator<Item = T>,
    ) -> Result<Self, SpaceError> {
        let mut all = self.constraints().to_vec();
        all.extend(SpaceError::constraints(constraints, &self.parameters)?);
        let constraints = (!all.is_empty()).then(|| Arc::new(Constraints::new(all)));
        Ok(Self { constraints, ..self })
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

    /// Whether a parameter has a condition.
    pub fn is_conditional(&self) -> bool {
        self.conditions.is_some()
    }

    /// Which parameters are active, in declared order, given the values of those that conditions are on. `value` is asked for
    /// the parameters at these places of [`Space::parameters`]; where it gives none, no condition on that parameter holds.
    pub fn active<V: Borrow<Value>>(&self, value: impl Fn(usize) -> Option<V>) -> Vec<bool> {
        match &self.conditions {
            Some(conditions) => conditions.active(value),
            None => vec![true; self.parameters.len()],
        }
    }

    /// Whether the condition of the parameter at a place holds, given the values of those of its parents that are active.
    pub fn holds<V: Borrow<Value>>(&self, place: usize, value: impl Fn(usize) -> Option<V>) -> bool {
        self.conditions.as_ref().is_none_or(|conditions| conditions.holds(place, &value))
    }

    /// Which parameters are active in a point, in declared order.
    ///
    /// ```
    /// use besom_core::{Space, When};
    ///
    /// let space = Space::builder()
    ///     .choice("optimizer", ["sgd", "adam"])
    ///     .uniform("momentum", 0.0, 0.99)
    ///     .when(When::is("optimizer", "sgd"))
    ///     .build()?;
    /// let point = space.decode(&[0.9, 0.3]);
    /// assert_eq!(point.to_json(), *serde_json::json!({"optimizer": "adam"}).as_object().expect("an object"));
    /// assert_eq!(space.active_in(&point), [true, false]);
    /// assert!(space.contains(&point) && space.is_complete(&point));
    /// // An inactive number lies in the middle of its axis.
    /// assert_eq!(space.encode(&point), Some(vec![1.0, 0.5]));
    /// # Ok::<(), besom_core::SpaceError>(())
    /// ```
    pub fn active_in(&self, point: &Point) -> Vec<bool> {
        if self.conditions.is_none() {
            return vec![true; self.parameters.len()];
        }
        self.active_among(&Found::new(&self.names, point))
    }

    /// Which of the [`Space::searchable`] parameters are active at these coordinates, one for each.
    ///
    /// # Panics
    /// If there are fewer coordinates than [`Space::dimensions`].
    pub fn active_at(&self, cube: &[f64]) -> Vec<bool> {
        if self.conditions.is_none() {
            return vec![true; self.dimensions()];
        }
        let mut axis = 0;
        let axes = self.parameters.iter().map(|p| {
            let own = axis;
            axis += usize::from(!p.distribution.is_constant());
            own
        });
        let axes: Vec<usize> = axes.collect();
        let active = self.active(|place| match &self.parameters[place].distribution {
            Distribution::Constant(value) => Some(value.clone()),
            varied => Some(varied.quantile(cube[axes[place]])),
        });
        self.of_searchable(active)
    }

    /// What belongs to searchable parameters, out of one for each parameter.
    fn of_searchable<T>(&self, all: Vec<T>) -> Vec<T> {
        let pairs = self.parameters.iter().zip(all);
        pairs.filter(|(p, _)| !p.distribution.is_constant()).map(|(_, one)| one).collect()
    }

    fn active_among(&self, found: &Found<'_>) -> Vec<bool> {
        self.active(|place| found.get(place))
    }

    /// All parameters by place, each parent before what depends on it, otherwise as `rank` orders them.
    pub fn parents_first(&self, rank: &[usize]) -> Vec<usize> {
        match &self.conditions {
            Some(conditions) => conditions.sorted(rank),
            None => {
                let mut sorted: Vec<usize> = (0..rank.len()).collect();
                sorted.sort_by_key(|&place| rank[place]);
                sorted
            }
        }
    }

    /// The point without values of inactive parameters.
    #[must_use]
    pub fn only_active(&self, point: Point) -> Point {
        if self.conditions.is_none() {
            return point;
        }
        let active = self.active_in(&point);
        let inactive: HashSet<&ParamPath> =
            self.names.iter().zip(&active).filter(|(_, active)| !**active).map(|(name, _)| name).collect();
        if point.iter().all(|(name, _)| !inactive.contains(name)) {
            return point;
        }
        let kept = point.iter().filter(|(name, _)| !inactive.contains(name));
        kept.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// The point at these coordinates in the unit cube, one per [`Space::searchable`] parameter. Always a point of
    /// the space, of active parameters only; coordinates outside [0, 1] are clamped.
    ///
    /// # Panics
    /// If the number of coordinates is not [`Space::dimensions`], or one is NaN: an algorithm that gives one has a fault.
    pub fn decode(&self, cube: &[f64]) -> Point {
        assert_eq!(cube.len(), self.dimensions(), "one coordinate per searchable parameter");
        let mut cube = cube.iter();
        let values = self.parameters.iter().map(|Parameter { name, distribution, .. }| {
            if let Distribution::Constant(value) = distribution {
                return value.clone();
            }
            let coordinate = *cube.next().expect("there are as many as dimensions");
            assert!(!coordinate.is_nan(), "the coordinate of parameter {name} is NaN");
            distribution.quantile(coordinate)
        });
        self.only_active(Point { values: values.collect(), names: self.names.clone() })
    }

    /// The coordinates of a point, one per [`Space::searchable`] parameter: the [`Distribution::coordinate`] of its value,
    /// or the [`Distribution::canonical_coordinate`] where the point lacks it or it is inactive, so that points which lack a
    /// parameter agree in it. `None` if a value is of a kind which the space never gives. Numbers out of range are at 0 or 1.
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
        let found = Found::new(&self.names, point);
        let active = self.active_among(&found);
        let parameters = self.parameters.iter().enumerate().filter(|(_, p)| !p.distribution.is_constant());
        let coordinate = |(place, p): (usize, &Parameter)| match found.get(place).filter(|_| active[place]) {
            Some(value) => p.distribution.coordinate(value),
            None => Some(p.distribution.canonical_coordinate()),
        };
        parameters.map(coordinate).collect()
    }

    /// Whether every parameter of the point is one of the space, active, and with a value that the space gives. The point may lack
    /// parameters: see [`Space::is_complete`]. One that depends on what the point lacks is not active.
    pub fn contains(&self, point: &Point) -> bool {
        let found = Found::new(&self.names, point);
        let active = self.active_among(&found);
        let own = |(place, p)| Some((found.get(place)?, active[place], p));
        let own: Vec<(&Value, bool, &Parameter)> =
            self.parameters.iter().enumerate().filter_map(own).collect();
        own.len() == point.len()
            && own.iter().all(|(value, active, p)| *active && p.distribution.contains(value))
    }

    /// Whether the point has a value for every parameter of the space that is active in it.
    pub fn is_complete(&self, point: &Point) -> bool {
        let found = Found::new(&self.names, point);
        let active = self.active_among(&found);
        (0..self.parameters.len()).all(|place| !active[place] || found.get(place).is_some())
    }

    /// Reads a point from a nested JSON object (`{"lr": 0.1, "opt": {"name": "adam"}}`), taking the parameters that
    /// are there and active, and ignoring keys that the space does not know.
    pub fn read(&self, config: &Map<String, Value>) -> Point {
        let values: Vec<Option<Value>> =
            self.names.iter().map(|name| name.find_in(config).cloned()).collect();
        if values.iter().all(Option::is_some) {
            let values = values.into_iter().flatten().collect();
            return self.only_active(Point { values, names: self.names.clone() });
        }
        let there = self.names.iter().zip(values).filter_map(|(name, value)| Some((name.clone(), value?)));
        self.only_active(there.collect())
    }
}

#[cfg(test)]
mod tests;
