//! Points: values for parameters.

use std::collections::HashMap;
use std::ops::Index;
use std::sync::Arc;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::distribution::whole;
use crate::{ParamPath, did_you_mean, nearest};

/// Values for parameters, in the order of the space. Only active parameters are listed.
///
/// The names are shared by all points of a space, so that a point costs little more than its values.
///
/// Text stands for the parameter whose name is printed so: `"lr"`, or `"optimizer.lr"` for `["optimizer", "lr"]`. Should two
/// names print alike, it is the first in the order of the space; [`Point::get`] tells them apart.
///
/// ```
/// use besom_core::Space;
///
/// let space = Space::builder().uniform("lr", 0.0, 1.0).choice(["optimizer", "name"], ["adam", "sgd"]).build()?;
/// let point = space.decode(&[0.25, 0.0]);
/// assert_eq!(point["lr"], 0.25);
/// assert_eq!(point.f64("lr")?, 0.25);
/// assert_eq!(point.str("optimizer.name")?, "adam");
/// assert_eq!(
///     point.f64("rl").expect_err("it is called otherwise").to_string(),
///     "the point has no parameter 'rl', did you mean 'lr'?; it has: lr, optimizer.name",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    /// As many as names.
    pub(super) values: Box<[Value]>,
    pub(super) names: Arc<[ParamPath]>,
}

impl Point {
    /// The value of a parameter.
    pub fn get(&self, name: &ParamPath) -> Option<&Value> {
        let place = self.names.iter().position(|n| n == name)?;
        self.values.get(place)
    }

    /// The number that the parameter has.
    ///
    /// # Errors
    /// If the point has no such parameter, or its value is not a number.
    pub fn f64(&self, name: &str) -> Result<f64, PointError> {
        self.typed(name, "a number", Value::as_f64)
    }

    /// The whole number that the parameter has; 3.0 is one.
    ///
    /// # Errors
    /// If the point has no such parameter, or its value is not a whole number of 64 bits.
    pub fn i64(&self, name: &str) -> Result<i64, PointError> {
        self.typed(name, "a whole number", whole::integer)
    }

    /// The text that the parameter has.
    ///
    /// # Errors
    /// If the point has no such parameter, or its value is not a text.
    pub fn str(&self, name: &str) -> Result<&str, PointError> {
        self.typed(name, "a text", Value::as_str)
    }

    /// The truth value that the parameter has.
    ///
    /// # Errors
    /// If the point has no such parameter, or its value is neither true nor false.
    pub fn bool(&self, name: &str) -> Result<bool, PointError> {
        self.typed(name, "true or false", Value::as_bool)
    }

    fn typed<'a, T>(
        &'a self,
        name: &str,
        expected: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<T, PointError> {
        let value = self.named(name)?;
        let wrong = || PointError::Kind { name: name.to_owned(), expected, found: value.clone() };
        read(value).ok_or_else(wrong)
    }

    /// The value of the parameter whose name is printed so.
    fn named(&self, name: &str) -> Result<&Value, PointError> {
        self.printed(name).ok_or_else(|| PointError::Missing {
            name: name.to_owned(),
            known: self.names.iter().map(ToString::to_string).collect(),
        })
    }

    /// The same, if there is one.
    pub(crate) fn printed(&self, name: &str) -> Option<&Value> {
        self.values.get(self.names.iter().position(|n| n.prints_as(name))?)
    }

    /// All parameters with their values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&ParamPath, &Value)> + DoubleEndedIterator {
        self.names.iter().zip(&self.values)
    }

    /// How many parameters have a value.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether no parameter has a value.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The point as a nested JSON object, as training programs get it; [`Space::read`](crate::Space::read) is its inverse. The
    /// names are sorted as W&B's engine sorts them, so that a program gets the same arguments in the same order from both: by code
    /// point at every level, groups of nested parameters after the single ones. Values that are objects stay as they are. Should
    /// a parameter lie inside another one, which no space allows, the later one replaces the earlier.
    pub fn to_json(&self) -> Map<String, Value> {
        let mut object = Map::new();
        for (name, value) in self.for_programs() {
            let (last, outer) = name.path().split_last().expect("a name has at least one component");
            let mut at = &mut object;
            for key in outer {
                let inner = at.entry(key.as_str()).or_insert(Value::Null);
                if !inner.is_object() {
                    *inner = Value::Object(Map::new());
                }
                at = inner.as_object_mut().expect("it was just made one");
            }
            at.insert(last.clone(), value.clone());
        }
        object
    }

    /// All parameters with their values in the order in which W&B's engine hands them to programs: it sorts nested names as one
    /// text, their components joined by a delimiter of its own, and then puts them together behind the others.
    fn for_programs(&self) -> Vec<(&ParamPath, &Value)> {
        const DELIMITER: &str = ".wbnest[599c28ca25da].";
        let mut all: Vec<_> = self.iter().collect();
        all.sort_by_cached_key(|(name, _)| (name.path().len() > 1, name.path().join(DELIMITER)));
        all
    }
}

/// The values that a point has for the parameters of a space: at once for the space's own points, in turn where they come in the
/// order of the space, and else by name.
pub(super) struct Found<'a> {
    /// By place; empty for points that have all parameters of the space.
    values: Vec<Option<&'a Value>>,
    point: &'a Point,
}

impl<'a> Found<'a> {
    pub(super) fn new(names: &Arc<[ParamPath]>, point: &'a Point) -> Self {
        if Arc::ptr_eq(names, &point.names) {
            return Self { values: Vec::new(), point };
        }
        let mut next = 0;
        let mut by_name: Option<HashMap<&ParamPath, &Value>> = None;
        let values = names.iter().map(|name| {
            if point.names.get(next) == Some(name) {
                next += 1;
                return Some(&point.values[next - 1]);
            }
            // Of equal names the first counts, as in `Point::get`.
            by_name.get_or_insert_with(|| point.iter().rev().collect()).get(name).copied()
        });
        Self { values: values.collect(), point }
    }

    /// The value of the parameter at this place of the space.
    pub(super) fn get(&self, place: usize) -> Option<&'a Value> {
        if self.values.is_empty() { self.point.values.get(place) } else { self.values[place] }
    }
}

impl FromIterator<(ParamPath, Value)> for Point {
    fn from_iter<I: IntoIterator<Item = (ParamPath, Value)>>(values: I) -> Self {
        let (names, values): (Vec<ParamPath>, Vec<Value>) = values.into_iter().unzip();
        Self { values: values.into(), names: names.into() }
    }
}

impl Index<&str> for Point {
    type Output = Value;

    /// The value of the parameter whose name is printed so.
    ///
    /// # Panics
    /// If the point has no such parameter. A point of a history may lack some: [`Point::f64`] and its like give an error.
    fn index(&self, name: &str) -> &Value {
        self.named(name).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Why a value can't be read from a point.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum PointError {
    /// The point has no parameter whose name is printed so.
    #[error("the point has no parameter '{name}'{}; it has: {}", hint(name, known), known.join(", "))]
    Missing {
        /// The name.
        name: String,
        /// The names of its parameters, as they are printed.
        known: Vec<String>,
    },
    /// The value is of another kind.
    #[error("parameter '{name}' must be {expected}, found {found}")]
    Kind {
        /// The name.
        name: String,
        /// What was asked for, such as `a number`.
        expected: &'static str,
        /// Its value.
        found: Value,
    },
}

fn hint(name: &str, known: &[String]) -> String {
    did_you_mean(nearest(name, known.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn point() -> Point {
        let values = [("x", json!(2.0)), ("name", json!("adam")), ("flag", json!(true))];
        values.into_iter().map(|(name, value)| (ParamPath::from(name), value)).collect()
    }

    #[test]
    fn a_value_is_read_as_what_it_is() {
        let point = point();
        assert_eq!((point.f64("x"), point.i64("x")), (Ok(2.0), Ok(2)));
        assert_eq!((point.str("name"), point.bool("flag")), (Ok("adam"), Ok(true)));
        assert_eq!(point["x"], 2.0);
    }

    #[test]
    fn a_value_of_another_kind_is_an_error_that_shows_it() {
        let error = point().f64("name").expect_err("a text").to_string();
        assert_eq!(error, "parameter 'name' must be a number, found \"adam\"");
        assert!(point().bool("x").is_err() && point().str("flag").is_err() && point().i64("flag").is_err());
    }

    #[test]
    #[should_panic(expected = "the point has no parameter 'dropout'; it has: x, name, flag")]
    fn indexing_a_parameter_that_is_not_there_panics_with_those_that_are() {
        let _ = &point()["dropout"];
    }

    #[track_caller]
    fn check_order(names: &[&[&str]], expected: &str) {
        let names = names.iter().map(|path| ParamPath::new(path.iter().copied()));
        let point: Point = names.map(|name| (name, json!(1))).collect();
        assert_eq!(Value::Object(point.to_json()).to_string(), expected);
    }

    #[test]
    fn programs_get_names_in_the_order_of_wandbs_engine() {
        check_order(&[&["z"], &["b"], &["B"], &["_z"], &["a.c"]], r#"{"B":1,"_z":1,"a.c":1,"b":1,"z":1}"#);
        check_order(
            &[&["z"], &["opt", "lr"], &["opt", "b", "two"], &["opt", "b", "one"], &["opt", "a"], &["y"]],
            r#"{"y":1,"z":1,"opt":{"a":1,"b":{"one":1,"two":1},"lr":1}}"#,
        );
        check_order(&[&["a", "x"], &["a-b", "x"], &["c"]], r#"{"c":1,"a-b":{"x":1},"a":{"x":1}}"#);
    }

    #[test]
    fn values_that_are_objects_keep_their_order() {
        let point: Point = [(ParamPath::from("x"), json!({"q": 1, "b": 2}))].into_iter().collect();
        assert_eq!(Value::Object(point.to_json()).to_string(), r#"{"x":{"q":1,"b":2}}"#);
    }

    #[test]
    fn of_names_that_print_alike_text_stands_for_the_first() {
        let names = [ParamPath::from("a.b"), ParamPath::from(["a", "b"])];
        let point: Point = names.into_iter().zip([json!(1), json!(2)]).collect();
        assert_eq!(point["a.b"], 1);
        assert_eq!(point.get(&ParamPath::from(["a", "b"])), Some(&json!(2)));
    }
}
