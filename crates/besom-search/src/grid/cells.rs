//! The numbering of a grid's points: one digit per parameter, and none for one that is inactive.

use std::cell::OnceCell;
use std::collections::HashMap;

use besom_core::{Distribution, Enumeration, EnumerationError, Levels, ParamPath, Parameter, Point, Space};
use serde_json::Value;

use crate::SearchError;

/// The cells of a grid, numbered from 0. Both ways between number and point take time in proportion to the
/// number of parameters.
#[derive(Clone, Debug)]
pub(crate) struct Cells {
    /// All parameters in declared order.
    digits: Vec<Digit>,
    numbers: Enumeration,
}

/// A digit of the number: one parameter.
#[derive(Clone, Debug)]
struct Digit {
    name: ParamPath,
    levels: Levels,
    constant: bool,
}

impl Cells {
    /// The grid over `space` with these levels of each distribution, its digits in `declared` order or else by name, but parents
    /// before what depends on them.
    pub(crate) fn new(
        space: &Space,
        declared: bool,
        levels: impl Fn(&Distribution) -> Option<Levels>,
    ) -> Result<Self, SearchError> {
        let parameters = space.parameters();
        let all: Vec<Option<Levels>> = parameters.iter().map(|p| levels(&p.distribution)).collect();
        let mut rank: Vec<usize> = (0..parameters.len()).collect();
        if !declared {
            let mut sorted = rank.clone();
            sorted.sort_by(|&a, &b| parameters[a].name.cmp(&parameters[b].name));
            sorted.into_iter().enumerate().for_each(|(at, place)| rank[place] = at);
        }
        let named = |place: usize| (parameters[place].name.clone(), parameters[place].distribution.name());
        let numbers =
            Enumeration::new(space, &rank, |place| all[place].clone()).map_err(|error| match error {
                EnumerationError::Uncountable(places) => {
                    SearchError::NotCountable(places.into_iter().map(named).collect())
                }
                EnumerationError::TooManyCases => SearchError::TooManyCases,
                _ => SearchError::GridTooLarge,
            })?;
        let digit = |(parameter, levels): (&Parameter, Levels)| Digit {
            name: parameter.name.clone(),
            levels,
            constant: parameter.distribution.is_constant(),
        };
        let digits = parameters.iter().zip(all.into_iter().flatten()).map(digit).collect();
        Ok(Self { digits, numbers })
    }

    /// How many cells there are; at least 1.
    pub(crate) fn size(&self) -> u128 {
        self.numbers.size()
    }

    /// The point of a cell, which must be less than [`Cells::size`].
    pub(crate) fn point(&self, cell: u128) -> Point {
        let levels = self.numbers.levels(cell).into_iter();
        let value = |(digit, level): (&Digit, Option<u128>)| {
            let value = digit.levels.value(level?).expect("a level is less than their count");
            Some((digit.name.clone(), value))
        };
        self.digits.iter().zip(levels).filter_map(value).collect()
    }

    /// The cell whose values the point has; `None` if it lacks an active parameter or has a value that is not a level.
    pub(crate) fn cell(&self, point: &Point) -> Option<u128> {
        let values = Values::of(point);
        self.numbers.number(|place| {
            let Digit { name, levels, constant } = &self.digits[place];
            if *constant { Some(0) } else { levels.index(values.get(place, name)?) }
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
