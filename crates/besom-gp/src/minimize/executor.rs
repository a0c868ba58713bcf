//! argmin iterates: the solver is one of argmin's, and its executor counts and keeps the best.

use argmin::core::{
    Error, Executor, IterState, KV, Problem, Solver, State, TerminationReason, TerminationStatus,
};

use super::lbfgs::ProjectedLbfgs;
use super::objective::{Evaluation, Function, Objective};

type BoxState = IterState<Vec<f64>, Vec<f64>, (), (), (), f64>;

/// The best argument found from `start` in at most so many iterations, and its value.
pub(super) fn run(
    objective: &Objective<impl Function>,
    solver: ProjectedLbfgs,
    start: &[f64],
    iterations: u64,
) -> (Vec<f64>, f64) {
    let configure = |state: BoxState| state.param(start.to_vec()).max_iters(iterations);
    // The timer is off: a fit must not look at the clock.
    let run = Executor::new(objective, solver).configure(configure).timer(false).run();
    let Ok(mut result) = run else {
        return (start.to_vec(), f64::INFINITY);
    };
    let value = result.state.get_best_cost();
    (result.state.take_best_param().unwrap_or_else(|| start.to_vec()), value)
}

impl<F: Function> Solver<&Objective<F>, BoxState> for ProjectedLbfgs {
    fn name(&self) -> &str {
        "projected L-BFGS"
    }

    fn init(
        &mut self,
        problem: &mut Problem<&Objective<F>>,
        mut state: BoxState,
    ) -> Result<(BoxState, Option<KV>), Error> {
        let start = state.take_param().unwrap_or_default();
        let from = problem.problem("evaluate_count", |objective| Ok(objective.at(&start)))?;
        let finite = from.value.is_finite();
        let state = at(state, from);
        Ok((if finite { state } else { converged(state) }, None))
    }

    fn next_iter(
        &mut self,
        problem: &mut Problem<&Objective<F>>,
        mut state: BoxState,
    ) -> Result<(BoxState, Option<KV>), Error> {
        let (Some(argument), Some(gradient)) = (state.take_param(), state.take_gradient()) else {
            return Ok((converged(state), None));
        };
        let from = Evaluation { argument, value: state.get_cost(), gradient };
        let step = problem.problem("step_count", |objective| Ok(self.step(objective, &from)))?;
        let state = match step {
            None => converged(at(state, from)),
            Some(step) if step.small => converged(at(state, step.to)),
            Some(step) => at(state, step.to),
        };
        Ok((state, None))
    }

    fn terminate(&mut self, state: &BoxState) -> TerminationStatus {
        state.get_termination_status().clone()
    }
}

fn at(state: BoxState, place: Evaluation) -> BoxState {
    state.param(place.argument).gradient(place.gradient).cost(place.value)
}

fn converged(state: BoxState) -> BoxState {
    state.terminate_with(TerminationReason::SolverConverged)
}
