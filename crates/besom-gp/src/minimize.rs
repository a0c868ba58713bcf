//! L-BFGS in a box, as a solver for argmin.
//!
//! argmin's own quasi-Newton methods know no bounds and ask for value and gradient separately, which would
//! factor every covariance matrix twice. This one projects: variables at a bound whose gradient points
//! outwards are held, the rest follows the two-loop recursion (Nocedal and Wright, *Numerical Optimization*,
//! 2006, algorithm 7.4), and the line search walks along the projected path (Bertsekas, *Projected Newton
//! methods*, 1982).

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use argmin::core::{
    CostFunction, Error, Executor, Gradient, IterState, KV, Problem, Solver, State, TerminationReason,
    TerminationStatus,
};

/// How exact a minimum [`minimize`] returns: it stops at the first of these.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// The most iterations (one line search each).
    pub iterations: u64,
    /// Enough if no component of the projected gradient is larger.
    pub gradient: f64,
    /// Enough if an iteration improves the value by less than this, relative to its size (at least 1).
    pub improvement: f64,
}

impl Default for Tolerance {
    /// For the fit of hyperparameters: 60 iterations, 1e-3, 1e-7.
    fn default() -> Self {
        Self { iterations: 60, gradient: 1e-3, improvement: 1e-7 }
    }
}

/// Where [`minimize`] ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    /// The best argument found; always within the bounds.
    pub argument: Vec<f64>,
    /// The value there; infinite if the objective is not finite at the start.
    pub value: f64,
    /// How often the objective was called.
    pub evaluations: usize,
}

/// Minimizes `objective`, which gives value and gradient together, within `lower` and `upper` from `start`
/// (moved into the box if it lies outside). A value that is not finite is avoided by shorter steps.
/// Deterministic.
///
/// ```
/// use besom_gp::{Tolerance, minimize};
///
/// let bowl = |x: &[f64]| ((x[0] - 3.0).powi(2) + x[1].powi(2), vec![2.0 * (x[0] - 3.0), 2.0 * x[1]]);
/// let end = minimize(bowl, &[0.5, 0.5], &[0.0, 0.0], &[1.0, 1.0], &Tolerance::default());
/// assert_eq!(end.argument, [1.0, 0.0]);
/// ```
///
/// # Panics
/// If `start`, `lower` and `upper` are not of one length.
pub fn minimize<F>(
    objective: F,
    start: &[f64],
    lower: &[f64],
    upper: &[f64],
    tolerance: &Tolerance,
) -> Minimum
where
    F: Fn(&[f64]) -> (f64, Vec<f64>),
{
    assert!(start.len() == lower.len() && start.len() == upper.len(), "start and bounds are of one length");
    let mut start = start.to_vec();
    project(&mut start, lower, upper);
    let objective = Cached { objective, last: RefCell::default(), evaluations: Cell::new(0) };
    let solver = ProjectedLbfgs {
        lower: lower.to_vec(),
        upper: upper.to_vec(),
        tolerance: *tolerance,
        memory: VecDeque::new(),
    };
    let configure = |state: BoxState| state.param(start.clone()).max_iters(tolerance.iterations);
    // The timer is off: a fit must not look at the clock.
    let run = Executor::new(objective, solver).configure(configure).timer(false).run();
    let Ok(mut result) = run else {
        return Minimum { argument: start, value: f64::INFINITY, evaluations: 1 };
    };
    let value = result.state.get_best_cost();
    let argument = result.state.take_best_param().unwrap_or(start);
    let evaluations = result.problem.take_problem().map_or(0, |problem| problem.evaluations.get());
    Minimum { argument, value, evaluations }
}

type BoxState = IterState<Vec<f64>, Vec<f64>, (), (), (), f64>;

/// An objective that remembers its last evaluation, because argmin asks for cost and gradient one after the
/// other.
struct Cached<F> {
    objective: F,
    last: RefCell<Option<Evaluation>>,
    evaluations: Cell<usize>,
}

#[derive(Clone)]
struct Evaluation {
    argument: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

impl<F: Fn(&[f64]) -> (f64, Vec<f64>)> Cached<F> {
    fn with<T>(&self, argument: &[f64], read: impl FnOnce(&Evaluation) -> T) -> T {
        let mut last = self.last.borrow_mut();
        let evaluation = match last.take() {
            Some(known) if known.argument == argument => known,
            _ => {
                self.evaluations.set(self.evaluations.get() + 1);
                let (value, gradient) = (self.objective)(argument);
                let finite = value.is_finite() && gradient.iter().all(|g| g.is_finite());
                let value = if finite { value } else { f64::INFINITY };
                Evaluation { argument: argument.to_vec(), value, gradient }
            }
        };
        read(last.insert(evaluation))
    }
}

impl<F: Fn(&[f64]) -> (f64, Vec<f64>)> CostFunction for Cached<F> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, argument: &Vec<f64>) -> Result<f64, Error> {
        Ok(self.with(argument, |evaluation| evaluation.value))
    }
}

impl<F: Fn(&[f64]) -> (f64, Vec<f64>)> Gradient for Cached<F> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, argument: &Vec<f64>) -> Result<Vec<f64>, Error> {
        Ok(self.with(argument, |evaluation| evaluation.gradient.clone()))
    }
}

/// How many past steps describe the curvature: Nocedal and Wright find 3 to 20 satisfactory.
const MEMORY: usize = 8;
/// The share of the predicted decrease that a step must reach (Armijo); Nocedal and Wright's value.
const SUFFICIENT: f64 = 1e-4;
/// How often a step is shortened before the search gives up: halved each time at least, down to a
/// 30-millionth.
const SHORTENINGS: usize = 25;

/// A step and the change of the gradient along it.
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// `1 / (stepᵀ change)`.
    inverse: f64,
}

struct ProjectedLbfgs {
    lower: Vec<f64>,
    upper: Vec<f64>,
    tolerance: Tolerance,
    memory: VecDeque<Pair>,
}

impl<O> Solver<O, BoxState> for ProjectedLbfgs
where
    O: CostFunction<Param = Vec<f64>, Output = f64> + Gradient<Param = Vec<f64>, Gradient = Vec<f64>>,
{
    fn name(&self) -> &str {
        "projected L-BFGS"
    }

    fn init(&mut self, problem: &mut Problem<O>, state: BoxState) -> Result<(BoxState, Option<KV>), Error> {
        let start = state.get_param().cloned().unwrap_or_default();
        let cost = problem.cost(&start)?;
        let gradient = problem.gradient(&start)?;
        let state = state.cost(cost).gradient(gradient);
        Ok((if cost.is_finite() { state } else { converged(state) }, None))
    }

    fn next_iter(
        &mut self,
        problem: &mut Problem<O>,
        mut state: BoxState,
    ) -> Result<(BoxState, Option<KV>), Error> {
        let (Some(x), Some(gradient)) = (state.take_param(), state.take_gradient()) else {
            return Ok((converged(state), None));
        };
        let cost = state.get_cost();
        let free = self.free(&x, &gradient);
        let largest = free.iter().zip(&gradient).map(|(&free, g)| if free { g.abs() } else { 0.0 });
        if largest.fold(0.0, f64::max) <= self.tolerance.gradient {
            return Ok((converged(state.param(x).gradient(gradient).cost(cost)), None));
        }
        let mut found = self.search(problem, &x, cost, &gradient, &free)?;
        if found.is_none() && !self.memory.is_empty() {
            // The curvature misleads: forget it and go down the gradient.
            self.memory.clear();
            found = self.search(problem, &x, cost, &gradient, &free)?;
        }
        let Some((next, value)) = found else {
            return Ok((converged(state.param(x).gradient(gradient).cost(cost)), None));
        };
        let next_gradient = problem.gradient(&next)?;
        self.remember(&x, &next, &gradient, &next_gradient);
        let state = state.param(next).gradient(next_gradient).cost(value);
        let small = cost - value <= self.tolerance.improvement * cost.abs().max(1.0);
        Ok((if small { converged(state) } else { state }, None))
    }

    fn terminate(&mut self, state: &BoxState) -> TerminationStatus {
        state.get_termination_status().clone()
    }
}

fn converged(state: BoxState) -> BoxState {
    state.terminate_with(TerminationReason::SolverConverged)
}

impl ProjectedLbfgs {
    /// Which variables may move: those not held at a bound by their gradient.
    fn free(&self, x: &[f64], gradient: &[f64]) -> Vec<bool> {
        let bounds = self.lower.iter().zip(&self.upper);
        x.iter()
            .zip(gradient)
            .zip(bounds)
            .map(|((&x, &g), (&low, &high))| !((x <= low && g >= 0.0) || (x >= high && g <= 0.0)))
            .collect()
    }

    /// The quasi-Newton direction in the free variables, or the steepest one where that does not descend.
    fn direction(&self, gradient: &[f64], free: &[bool]) -> Vec<f64> {
        let mask =
            |v: &mut [f64]| v.iter_mut().zip(free).for_each(|(v, &free)| *v *= f64::from(u8::from(free)));
        let mut q = gradient.to_vec();
        mask(&mut q);
        let mut coefficients = Vec::with_capacity(self.memory.len());
        for pair in self.memory.iter().rev() {
            let a = pair.inverse * dot(&pair.step, &q);
            add(&mut q, -a, &pair.change);
            coefficients.push(a);
        }
        let scale = self.memory.back().map_or_else(
            || 1.0 / norm(&q).max(1.0),
            |pair| 1.0 / (pair.inverse * dot(&pair.change, &pair.change)),
        );
        q.iter_mut().for_each(|q| *q *= scale);
        for (pair, a) in self.memory.iter().zip(coefficients.into_iter().rev()) {
            let b = pair.inverse * dot(&pair.change, &q);
            add(&mut q, a - b, &pair.step);
        }
        mask(&mut q);
        if dot(&q, gradient) > 0.0 && q.iter().all(|q| q.is_finite()) {
            q.iter_mut().for_each(|q| *q = -*q);
            return q;
        }
        let mut steepest = gradient.to_vec();
        mask(&mut steepest);
        let scale = -1.0 / norm(&steepest).max(1.0);
        steepest.iter_mut().for_each(|g| *g *= scale);
        steepest
    }

    /// The first point on the projected path with a sufficient decrease, and its value.
    fn search<O>(
        &self,
        problem: &mut Problem<O>,
        x: &[f64],
        cost: f64,
        gradient: &[f64],
        free: &[bool],
    ) -> Result<Option<(Vec<f64>, f64)>, Error>
    where
        O: CostFunction<Param = Vec<f64>, Output = f64>,
    {
        let direction = self.direction(gradient, free);
        let mut length = 1.0;
        for _ in 0..SHORTENINGS {
            let mut next = x.to_vec();
            add(&mut next, length, &direction);
            project(&mut next, &self.lower, &self.upper);
            let slope: f64 = next.iter().zip(x).zip(gradient).map(|((next, x), g)| (next - x) * g).sum();
            if slope >= 0.0 {
                return Ok(None);
            }
            let value = problem.cost(&next)?;
            if value <= cost + SUFFICIENT * slope {
                return Ok(Some((next, value)));
            }
            // The minimum of the parabola through both values and the slope; kept away from both ends, so
            // that neither a bad fit of it nor rounding makes a step too short or no shorter.
            let parabola = -slope / (2.0 * (value - cost - slope));
            length *= if parabola.is_finite() { parabola.clamp(0.1, 0.5) } else { 0.1 };
        }
        Ok(None)
    }

    /// Keeps the pair if the curvature along it is positive.
    fn remember(&mut self, x: &[f64], next: &[f64], gradient: &[f64], next_gradient: &[f64]) {
        let step: Vec<f64> = next.iter().zip(x).map(|(a, b)| a - b).collect();
        let change: Vec<f64> = next_gradient.iter().zip(gradient).map(|(a, b)| a - b).collect();
        let curvature = dot(&step, &change);
        // Less is rounding, and its inverse would spoil the direction.
        if curvature > 1e-10 * norm(&step) * norm(&change) {
            if self.memory.len() == MEMORY {
                self.memory.pop_front();
            }
            self.memory.push_back(Pair { step, change, inverse: 1.0 / curvature });
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// Adds `factor * b` to `a`.
fn add(a: &mut [f64], factor: f64, b: &[f64]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += factor * b);
}

/// Moves `x` into the box.
fn project(x: &mut [f64], lower: &[f64], upper: &[f64]) {
    for (x, (&low, &high)) in x.iter_mut().zip(lower.iter().zip(upper)) {
        *x = x.max(low).min(high);
    }
}
