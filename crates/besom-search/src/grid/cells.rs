//! The numbering of a grid's points: a mixed-radix counter with one digit per parameter.

use std::cell::OnceCell;
use std::collections::HashMap;

use besom_core::{Distribution, Levels, ParamPath, Parameter, Point, Space};
use serde_json::Value;

use crate::SearchError;

/// The cells of a grid, numbered from 0. Both ways between number and point take time in proportion to the
/// number of parameters.
#[derive(Clone, Debug)]
pub(crate) struct Cells {
    /// The digits of the counter, the last one fastest.
    digits: Vec<Digit>,
    /// All parameters in declared order, constants with their values.
    blank: Vec<(ParamPath, Value)>,
    size: u128,
}

/// A digit of the counter: one parameter.
#[derive(Clone, Debug)]
struct Digit {
    /// The parameter's place in the space.
    place: usize,
    name: ParamPath,
    levels: Levels,
    /// How many levels there are.
    count: u128,
}

impl Cells {
    /// The grid over `space` with these levels of each distribution, its digits in `declared` order or else by name.
    pub(crate) fn new(
        space: &Space,
        declared: bool,
        levels: impl Fn(&Distribution) -> Option<Levels>,
    ) -> Result<Self, SearchError> {
        let mut digits = Vec::new();
        let mut blank = Vec::new();
        let mut uncountable = Vec::new();
        for (place, Parameter { name, distribution, .. }) in space.parameters().iter().enumerate() {
            if let Distribution::Constant(value) = distribution {
                blank.push((name.clone(), value.clone()));
                continue;
            }
            blank.push((name.clone(), Value::Null));
            match levels(distribution) {
                Some(levels) => {
                    digits.push(Digit { place, name: name.clone(), count: levels.count(), levels });
                }
                None => uncountable.push((name.clone(), distribution.name())),
            }
        }
        if !uncountable.is_empty() {
            return Err(SearchError::NotCountable(uncountable));
        }
        if !declared {
            digits.sort_by(|a, b| a.name.cmp(&b.name));
        }
        let size = digits.iter().try_fold(1, |size: u128, digit| size.checked_mul(digit.count));
        Ok(Self { digits, blank, size: size.ok_or(SearchError::GridTooLarge)? })
    }

    /// How many cells there are; at least 1.
    pub(crate) fn size(&self) -> u128 {
        self.size
    }

    /// The point of a cell, which must be less than [`Cells::size`].
    pub(crate) fn point(&self, cell: u128) -> Point {
        let mut values = self.blank.clone();
        let mut rest = cell;
        for digit in self.digits.iter().rev() {
            values[digit.place].1 =
                digit.levels.value(rest % digit.count).expect("a remainder is less than its base");
            rest /= digit.count;
        }
        values.into_iter().collect()
    }

    /// The cell whose values the point has; `None` if it lacks a parameter or has a value that is not a level.
    pub(crate) fn cell(&self, point: &Point) -> Option<u128> {
        let values = Values::of(point);
        self.digits.iter().try_fold(0, |cell, digit| {
            let level = digit.levels.index(values.get(digit.place, &digit.name)?)?;
            Some(cell * digit.count + level)
        })
    }
}

/// The values of a point, found at once where they are expected; only a point of other parameters than the
/// space's is indexed by name.
struct Values<'a> {
    entries: Vec<(&'a ParamPath, &'a Value)>,
    by_name: OnceCell<HashMap<&'a ParamPath, &'a Value>>,
}

impl<'a> Values<'a> {
    fn of(point: &'a Point) -> Self {
        Self { entries: point.iter().collect(), by_name: OnceCell::new() }
    }

    fn get(&self, place: usize, name: &ParamPath) -> Option<&'a Value> {
        match self.entries.get(place) {
            Some(&(found, value)) if found == name => Some(value),
            _ => self.by_name.get_or_init(|| self.entries.iter().copied().collect()).get(name).copied(),
        }
    }
}
