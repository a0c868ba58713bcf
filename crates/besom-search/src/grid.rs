//! Grid search: every combination of values once.
//!
//! The grid is never written out. Its points are numbered by a mixed-radix counter, so that the k-th costs
//! the same in a grid of ten points and of 10^30; a random order is a permutation of these numbers that is
//! computed, not stored. What is remembered is which cells runs have used up, and that only as a cache of the
//! history.

mod cells;
mod permutation;

use std::collections::HashSet;

use besom_core::{
    Answer, Ask, BoxError, Distribution, Ends, Fault, Faults, History, Method, OptionDefault, OptionKind,
    OptionReader, Options, Point, Problem, Search, Spec, Supports, typed_options,
};
use serde_json::Value;

use crate::options::named;
use cells::Cells;
use permutation::Permutation;

/// Tries every combination of the parameters' values once, then is done.
///
/// Option `order`: `sorted` (default; W&B's: names by path and code point, the last varies fastest, values as
/// listed), `declared` (the same with names in declared order), `random` (shuffled by the sweep's seed).
///
/// A run of any state uses up the point that has its values; numbers count by value, constants don't count,
/// and a run that lacks a parameter or has a foreign value uses up nothing. If there are only constants, any
/// run uses up the one point there is.
///
/// With conditions, points that differ in nothing that is active are one, and parameters come after those that they
/// depend on.
///
/// ```
/// use besom_core::{Distribution, Goal, Metric, Options, Parameter, Problem, Space};
/// use besom_search::Grid;
///
/// let digit = Distribution::IntUniform { min: 0, max: 9 };
/// let parameters = ["a", "b", "c"].map(|name| Parameter::new(name, digit.clone()));
/// let problem = Problem::new(Space::new(parameters.into())?, Metric::new("loss", Goal::Minimize));
/// let grid = Grid::new(&problem, &Options::new())?;
/// assert_eq!(grid.size(), 1000);
/// let point = grid.point(407).expect("there are 1000");
/// assert_eq!(point.to_json(), *serde_json::json!({"a": 4, "b": 0, "c": 7}).as_object().expect("an object"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Grid {
    cells: Cells,
    shuffle: Option<Permutation>,
    progress: Progress,
}

/// In which order [`Grid`] tries its points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GridOrder {
    /// With parameters sorted by name, as W&B does.
    Sorted,
    /// With parameters as declared.
    Declared,
    /// Shuffled by the seed of the sweep.
    Random,
}

impl GridOrder {
    /// As in a sweep file, in the order of the variants.
    const WORDS: &[&str] = &["sorted", "declared", "random"];
}

impl From<GridOrder> for Value {
    fn from(order: GridOrder) -> Self {
        GridOrder::WORDS[order as usize].into()
    }
}

typed_options! {
    /// Options of [`Grid`], which is built with them by `with`.
    pub struct GridOptions {
        /// The order of the points: with parameters sorted by name as in W&B, as declared in the file, or
        /// random. The key `order` beside `method` does the same.
        order: GridOrder = OptionKind::Choice(GridOrder::WORDS), OptionDefault::Word(GridOrder::WORDS[0]);
    }
}

impl Grid {
    /// How the method describes itself.
    pub const SPEC: Spec = Spec::new("Tries every combination of values once")
        .ends(Ends::Exhausted)
        .in_wandb()
        .never_repeats()
        .supports(Supports::ONE_METRIC.conditions())
        .options(GridOptions::SPECS);

    /// The grid over a problem's space, or all faults at once.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, Faults> {
        let mut read = OptionReader::new(Self::SPEC, options);
        let order = read.choice("order");
        let cells = Cells::new(&problem.space, order == "declared", Distribution::levels);
        if let Err(error) = &cells {
            read.fault(Fault::of_problem(error.clone()));
        }
        let cells = read.finish(cells)?.expect("an error was a fault");
        let shuffle = (order == "random").then(|| Permutation::new(cells.size(), problem.seed));
        Ok(Self { cells, shuffle, progress: Progress::default() })
    }

    /// The grid in random order over all values that other methods would try, `max` of a `q_uniform` included; `None` if there
    /// is none.
    pub(crate) fn of_all_values(problem: &Problem) -> Option<Self> {
        let cells = Cells::new(&problem.space, false, Distribution::values).ok()?;
        let shuffle = Some(Permutation::new(cells.size(), problem.seed));
        Some(Self { cells, shuffle, progress: Progress::default() })
    }

    /// As [`Grid::new`] with typed options; named and guarded, as a registry builds it.
    ///
    /// # Errors
    /// As [`Grid::new`].
    pub fn with(problem: &Problem, options: GridOptions) -> Result<Method, Faults> {
        named("grid", Self::SPEC, problem, options, Self::new)
    }

    /// How many points the grid has; at least 1.
    pub fn size(&self) -> u128 {
        self.cells.size()
    }

    /// The `k`-th point in the grid's order, counted from 0; `None` past the last. In a sweep whose runs all
    /// come from this grid it is the point of run k + 1. Takes time and memory in proportion to the number of
    /// parameters.
    pub fn point(&self, k: u128) -> Option<Point> {
        (k < self.size()).then(|| self.cells.point(cell_at(self.shuffle.as_ref(), k)))
    }
}

impl Search for Grid {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        let Self { cells, shuffle, progress } = self;
        let shuffle = shuffle.as_ref();
        progress.follow(ask.history, cells, shuffle);
        if progress.position == cells.size() {
            return Ok(Answer::Done);
        }
        let rest = (progress.position..cells.size()).map(|k| cell_at(shuffle, k));
        let free = rest.filter(|cell| !progress.used.contains(cell));
        Ok(Answer::Try(free.take(ask.count).map(|cell| cells.point(cell).into()).collect()))
    }
}

/// The cell at place `k` of the grid's order.
fn cell_at(shuffle: Option<&Permutation>, k: u128) -> u128 {
    shuffle.map_or(k, |shuffle| shuffle.apply(k))
}

/// How far a history has used up the grid: a cache that follows the history as it grows.
#[derive(Clone, Debug, Default)]
struct Progress {
    /// The first place of the order whose cell is not used up.
    position: u128,
    /// Used cells, without those that `position` has passed.
    used: HashSet<u128>,
    /// How many runs of the history are taken into account ...
    runs: usize,
    /// ... and its digest up to there.
    digest: u64,
}

impl Progress {
    /// Takes the runs into account that are new, or all if this is not the history seen before, grown.
    fn follow(&mut self, history: &History, cells: &Cells, shuffle: Option<&Permutation>) {
        if history.digest(self.runs) != Some(self.digest) {
            *self = Self::default();
        }
        self.used.extend(history.runs()[self.runs..].iter().filter_map(|run| cells.cell(&run.point)));
        self.runs = history.len();
        self.digest = history.digest(self.runs).unwrap_or_default();
        while self.position < cells.size() && self.used.remove(&cell_at(shuffle, self.position)) {
            self.position += 1;
        }
    }
}
