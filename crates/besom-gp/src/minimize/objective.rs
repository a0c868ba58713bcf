//! The function to minimize, as the solver asks for it.

use std::cell::{Cell, RefCell};

/// Value and gradient together.
pub(super) trait Function: Fn(&[f64]) -> (f64, Vec<f64>) {}

impl<F: Fn(&[f64]) -> (f64, Vec<f64>)> Function for F {}

/// A function that counts its calls and remembers the last of them: a line search asks for values only, and
/// for the gradient where it ends.
pub(super) struct Objective<F> {
    function: F,
    last: RefCell<Option<Evaluation>>,
    evaluations: Cell<usize>,
}

/// What the function is at one place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Evaluation {
    pub(super) argument: Vec<f64>,
    /// Infinite if the value or a part of the gradient is not finite.
    pub(super) value: f64,
    pub(super) gradient: Vec<f64>,
}

impl<F: Function> Objective<F> {
    /// Not called yet.
    pub(super) fn new(function: F) -> Self {
        Self { function, last: RefCell::default(), evaluations: Cell::new(0) }
    }

    /// How often the function was called.
    pub(super) fn evaluations(&self) -> usize {
        self.evaluations.get()
    }

    /// The value there.
    pub(super) fn value(&self, argument: &[f64]) -> f64 {
        self.with(argument, |evaluation| evaluation.value)
    }

    /// Value and gradient there.
    pub(super) fn at(&self, argument: &[f64]) -> Evaluation {
        self.with(argument, Evaluation::clone)
    }

    fn with<T>(&self, argument: &[f64], read: impl FnOnce(&Evaluation) -> T) -> T {
        let mut last = self.last.borrow_mut();
        let evaluation = match last.take() {
            Some(known) if known.argument == argument => known,
            _ => self.evaluate(argument),
        };
        read(last.insert(evaluation))
    }

    fn evaluate(&self, argument: &[f64]) -> Evaluation {
        self.evaluations.set(self.evaluations.get() + 1);
        let (value, gradient) = (self.function)(argument);
        let finite = value.is_finite() && gradient.iter().all(|g| g.is_finite());
        Evaluation {
            argument: argument.to_vec(),
            value: if finite { value } else { f64::INFINITY },
            gradient,
        }
    }
}
