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
    OptionReader, Options, Point, Problem, Search, Space, Spec, Supports, typed_options,
};
use serde_json::Value;

use crate::SearchError;
use crate::options::{check_legal, named};
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
/// With constraints, only points that keep them all are points of the grid.
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
    legal: Option<Legal>,
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
        .supports(Supports::ONE_METRIC.conditions().any_metrics())
        .options(GridOptions::SPECS);

    /// The grid over a problem's space, or all faults at once.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, Faults> {
        let mut read = OptionReader::new(Self::SPEC, options);
        let order = read.choice("order");
        let cells = Cells::new(&problem.space, order == "declared", Distribution::levels);
        if let Err(error) = &cells {
            read.fault(Fault::of_problem(error.clone()));
        }
        check_legal(&mut read, problem);
        let cells = read.finish(cells)?.expect("an error was a fault");
        Ok(Self::over(cells, problem, Space::legal_levels, order == "random"))
    }

    /// The grid in random order over all values that other methods would try, `max` of a `q_uniform` included; `None` if there
    /// is none.
    pub(crate) fn of_all_values(problem: &Problem) -> Option<Self> {
        Some(Self::over(
            Cells::new(&problem.space, false, Distribution::values).ok()?,
            problem,
            Space::legal_values,
            true,
        ))
    }

    fn over(
        cells: Cells,
        problem: &Problem,
        count: impl Fn(&Space) -> Option<usize>,
        shuffled: bool,
    ) -> Self {
        let shuffle = shuffled.then(|| Permutation::new(cells.size(), problem.seed));
        let space = problem.space.is_constrained().then_some(&problem.space);
        let legal = space.map(|space| Legal { space: space.clone(), count: count(space) });
        Self { cells, shuffle, progress: Progress::default(), legal }
    }

    /// As [`Grid::new`] with typed options; named and guarded, as a registry builds it.
    ///
    /// # Errors
    /// As [`Grid::new`].
    pub fn with(problem: &Problem, options: GridOptions) -> Result<Method, Faults> {
        named("grid", Self::SPEC, problem, options, Self::new)
    }

    /// How many points the grid has. With constraints they are counted in a grid that has up to 100,000 without; of a larger one it
    /// is the number of those, and [`Grid::is_counted`] is false.
    pub fn size(&self) -> u128 {
        self.legal.as_ref().and_then(|legal| legal.count).map_or(self.cells.size(), |count| count as u128)
    }

    /// Whether [`Grid::size`] is exact.
    pub fn is_counted(&self) -> bool {
        self.legal.as_ref().is_none_or(|legal| legal.count.is_some())
    }

    /// The `k`-th point in the grid's order, counted from 0; `None` past the last. In a sweep whose runs all
    /// come from this grid it is the point of run k + 1. Takes time and memory in proportion to the number of
    /// parameters.
    pub fn point(&self, k: u128) -> Option<Point> {
        if k >= self.size() {
            return None;
        }
        let at = |k| cell_at(self.shuffle.as_ref(), k);
        let Some(legal) = &self.legal else { return Some(self.cells.point(at(k))) };
        let mut next = 0;
        for _ in 0..=k {
            let Next::At(place) = legal.next(&self.cells, self.shuffle.as_ref(), next) else { return None };
            next = place + 1;
        }
        Some(self.cells.point(at(next - 1)))
    }
}

/// How many cells in a row are looked at for a legal one: about a second.
const SKIPPED: u64 = 1_000_000;

/// What keeps the points of a grid from being points of the space.
#[derive(Clone, Debug)]
struct Legal {
    space: Space,
    /// How many points keep all constraints, if that was counted.
    count: Option<usize>,
}

/// The next legal cell.
enum Next {
    /// At this place of the order.
    At(u128),
    /// There is none.
    End,
    /// None of many.
    TooFar,
}

impl Legal {
    /// The first place of the order from this one on whose cell is legal.
    fn next(&self, cells: &Cells, shuffle: Option<&Permutation>, from: u128) -> Next {
        let end = cells.size().min(from.saturating_add(u128::from(SKIPPED)));
        let legal = (from..end).find(|&k| self.space.allows(&cells.point(cell_at(shuffle, k))));
        match legal {
            Some(place) => Next::At(place),
            None if end == cells.size() => Next::End,
            None => Next::TooFar,
        }
    }
}

/// The first place of the order from this one on that is a point of the grid.
fn next(legal: Option<&Legal>, cells: &Cells, shuffle: Option<&Permutation>, from: u128) -> Next {
    match legal {
        Some(legal) => legal.next(cells, shuffle, from),
        None if from < cells.size() => Next::At(from),
        None => Next::End,
    }
}

impl Search for Grid {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        let Self { cells, shuffle, progress, legal } = self;
        let (shuffle, legal) = (shuffle.as_ref(), legal.as_ref());
        progress.follow(ask.history, cells, shuffle, legal);
        let (mut suggestions, mut from) = (Vec::new(), progress.position);
        while suggestions.len() < ask.count {
            let place = match next(legal, cells, shuffle, from) {
                Next::At(place) => place,
                Next::TooFar if suggestions.is_empty() => {
                    return Err(SearchError::TooFewLegal(SKIPPED).into());
                }
                Next::TooFar | Next::End => break,
            };
            let cell = cell_at(shuffle, place);
            if !progress.used.contains(&cell) {
                suggestions.push(cells.point(cell).into());
            }
            from = place + 1;
        }
        Ok(if suggestions.is_empty() { Answer::Done } else { Answer::Try(suggestions) })
    }
}

/// The cell at place `k` of the grid's order.
fn cell_at(shuffle: Option<&Permutation>, k: u128) -> u128 {
    shuffle.map_or(k, |shuffle| shuffle.apply(k))
}

/// How far a history has used up the grid: a cache that follows the history as it grows.
#[derive(Clone, Debug, Default)]
struct Progress {
    /// The first place of the order whose cell is a point of the grid and not used up.
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
    fn follow(
        &mut self,
        history: &History,
        cells: &Cells,
        shuffle: Option<&Permutation>,
        legal: Option<&Legal>,
    ) {
        if history.digest(self.runs) != Some(self.digest) {
            *self = Self::default();
        }
        self.used.extend(history.runs()[self.runs..].iter().filter_map(|run| cells.cell(&run.point)));
        self.runs = history.len();
        self.digest = history.digest(self.runs).unwrap_or_default();
        while let Next::At(place) = next(legal, cells, shuffle, self.position) {
            self.position = place;
            if !self.used.remove(&cell_at(shuffle, place)) {
                break;
            }
            self.position += 1;
        }
    }
}
