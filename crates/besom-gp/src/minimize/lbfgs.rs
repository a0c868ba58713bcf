//! Projected L-BFGS, one iteration at a time; whoever calls it decides when to end.
//!
//! Variables at a bound whose gradient points outwards are held, the rest follows the two-loop recursion
//! (Nocedal and Wright, *Numerical Optimization*, 2006, algorithm 7.4), and the line search walks along the
//! projected path (Bertsekas, *Projected Newton methods*, 1982).

use std::collections::VecDeque;

use super::Tolerance;
use super::objective::{Evaluation, Function, Objective};

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

/// The problem and what past iterations reveal of its curvature.
pub(super) struct ProjectedLbfgs {
    lower: Vec<f64>,
    upper: Vec<f64>,
    tolerance: Tolerance,
    memory: VecDeque<Pair>,
}

/// A better place than before.
pub(super) struct Step {
    pub(super) to: Evaluation,
    /// Whether it is better by less than the tolerance asks for.
    pub(super) small: bool,
}

impl ProjectedLbfgs {
    /// In this box, without a past.
    pub(super) fn new(lower: &[f64], upper: &[f64], tolerance: &Tolerance) -> Self {
        let (lower, upper) = (lower.to_vec(), upper.to_vec());
        Self { lower, upper, tolerance: *tolerance, memory: VecDeque::new() }
    }

    /// One iteration from a place of finite value; `None` where it is as good as it gets.
    pub(super) fn step(&mut self, objective: &Objective<impl Function>, from: &Evaluation) -> Option<Step> {
        let Evaluation { argument: x, value, gradient } = from;
        let free = self.free(x, gradient);
        let largest = free.iter().zip(gradient).map(|(&free, g)| if free { g.abs() } else { 0.0 });
        if largest.fold(0.0, f64::max) <= self.tolerance.gradient {
            return None;
        }
        let mut found = self.search(objective, from, &free);
        if found.is_none() && !self.memory.is_empty() {
            // The curvature misleads: forget it and go down the gradient.
            self.memory.clear();
            found = self.search(objective, from, &free);
        }
        let to = found?;
        self.remember(x, &to.argument, gradient, &to.gradient);
        let small = value - to.value <= self.tolerance.improvement * value.abs().max(1.0);
        Some(Step { to, small })
    }

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

    /// The first place on the projected path with a sufficient decrease.
    fn search(
        &self,
        objective: &Objective<impl Function>,
        from: &Evaluation,
        free: &[bool],
    ) -> Option<Evaluation> {
        let Evaluation { argument: x, value: cost, gradient } = from;
        let direction = self.direction(gradient, free);
        let mut length = 1.0;
        for _ in 0..SHORTENINGS {
            let mut next = x.clone();
            add(&mut next, length, &direction);
            project(&mut next, &self.lower, &self.upper);
            let slope: f64 = next.iter().zip(x).zip(gradient).map(|((next, x), g)| (next - x) * g).sum();
            if slope >= 0.0 {
                return None;
            }
            let value = objective.value(&next);
            if value <= cost + SUFFICIENT * slope {
                return Some(objective.at(&next));
            }
            // The minimum of the parabola through both values and the slope; kept away from both ends, so
            // that neither a bad fit of it nor rounding makes a step too short or no shorter.
            let parabola = -slope / (2.0 * (value - cost - slope));
            length *= if parabola.is_finite() { parabola.clamp(0.1, 0.5) } else { 0.1 };
        }
        None
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
pub(super) fn project(x: &mut [f64], lower: &[f64], upper: &[f64]) {
    for (x, (&low, &high)) in x.iter_mut().zip(lower.iter().zip(upper)) {
        *x = x.max(low).min(high);
    }
}
