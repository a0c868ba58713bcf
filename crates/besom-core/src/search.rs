//! The trait of search methods.

use serde_json::{Map, Value};

use crate::{BoxError, History, Point, Problem, Rng, seed};

/// Suggests points to try.
///
/// # What an implementation must do
///
/// * History law: answer as a function of the [`Ask`] alone. It may cache, but a fresh instance must return the same, bit
///   for bit.
/// * Seed law: take random numbers from [`Ask::rng`] only.
/// * Return at least one and at most `ask.count` suggestions in [`Answer::Try`], each a point of the space, and
///   [`Answer::Wait`] only while a run is open. After [`Answer::Done`], answer `Done` for the same history and for longer
///   ones.
/// * Accept runs in any state, points outside the space and curves that are all NaN. It must not panic.
///
/// An error pauses the sweep and is shown to its owner; the search is asked again when the owner resumes it. The suite
/// `besom_core::laws` (feature `laws`) checks all of this on your own implementation.
///
/// ```
/// use besom_core::{Answer, Ask, BoxError, History, Problem, Search, Space, Suggestion};
///
/// /// Tries the corners of the space.
/// struct Corners;
///
/// impl Search for Corners {
///     fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
///         let space = &ask.problem.space;
///         let suggestions = (0..ask.count).map(|i| {
///             let mut rng = ask.rng(i);
///             let corner: Vec<f64> = (0..space.dimensions()).map(|_| rng.f64().round()).collect();
///             Suggestion::new(space.decode(&corner)).note("why", "it is a corner")
///         });
///         Ok(Answer::Try(suggestions.collect()))
///     }
/// }
///
/// let space = Space::builder().uniform("rate", 0.5, 2.0).build()?;
/// let problem = Problem::minimize("loss").space(space).seed(7);
/// let history = History::new();
/// let Answer::Try(suggestions) = Corners.suggest(&Ask::new(&problem, &history).count(3))? else {
///     unreachable!("there is always a corner")
/// };
/// assert_eq!(suggestions.len(), 3);
/// let rate = suggestions[0].point.f64("rate")?;
/// assert!(rate == 0.5 || rate == 2.0);
/// # Ok::<(), BoxError>(())
/// ```
pub trait Search: Send {
    /// Suggests up to `ask.count` points.
    ///
    /// # Errors
    /// Whatever keeps the method from answering; it pauses the sweep and is shown to its owner.
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError>;
}

impl<S: Search + ?Sized> Search for Box<S> {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        (**self).suggest(ask)
    }
}

/// A question to a [`Search`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Ask<'a> {
    /// What the sweep has to solve.
    pub problem: &'a Problem,
    /// All runs so far.
    pub history: &'a History,
    /// The maximum number of suggestions; at least 1.
    pub count: usize,
}

impl<'a> Ask<'a> {
    /// A question for one suggestion.
    pub fn new(problem: &'a Problem, history: &'a History) -> Self {
        Self { problem, history, count: 1 }
    }

    /// The question for up to this many suggestions; 0 counts as 1.
    #[must_use]
    pub fn count(self, count: usize) -> Self {
        Self { count: count.max(1), ..self }
    }

    /// The generator for the `i`-th suggestion of the answer (from 0), which will be run
    /// `history.next_number() + i`.
    pub fn rng(&self, i: usize) -> Rng {
        seed::rng(self.problem.seed, self.history.next_number().plus(i))
    }
}

/// The answer of a [`Search`]; once its suggestions are runs, of runs.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Answer<T = Suggestion> {
    /// Points to try, at least one.
    Try(Vec<T>),
    /// Nothing until another run has ended.
    Wait,
    /// Nothing ever again: the space is exhausted.
    Done,
}

impl<T> Answer<T> {
    /// The same answer with every item replaced.
    pub fn map<U>(self, replace: impl FnMut(T) -> U) -> Answer<U> {
        match self {
            Self::Try(items) => Answer::Try(items.into_iter().map(replace).collect()),
            Self::Wait => Answer::Wait,
            Self::Done => Answer::Done,
        }
    }
}

/// A point to try.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Suggestion {
    /// The point.
    pub point: Point,
    /// What the search wants to remember or show about it; stored with the run.
    pub note: Note,
}

impl Suggestion {
    /// A suggestion without a note.
    pub fn new(point: Point) -> Self {
        Self { point, note: Note::new() }
    }

    /// Adds an entry to the note; see [`Note`].
    #[must_use]
    pub fn note(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.note.insert(key.into(), value.into());
        self
    }

    /// The suggestion with this whole note.
    #[must_use]
    pub fn with_note(self, note: Note) -> Self {
        Self { note, ..self }
    }
}

impl From<Point> for Suggestion {
    fn from(point: Point) -> Self {
        Self::new(point)
    }
}

/// What a search attaches to a suggestion: a JSON object, empty if there is nothing to attach. The key `why`, a sentence,
/// is shown to people first.
pub type Note = Map<String, Value>;
