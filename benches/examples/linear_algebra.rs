//! The linear algebra of a Gaussian process, timed; `benches/scripts/lapack.py` runs it beside LAPACK.
//!
//! `linear_algebra ROUNDS N...` prints, for each n, one line of JSON with the best time in seconds of each part, over
//! inputs of ten dimensions: the Cholesky factor as besom-gp takes it from faer, the solution of one right-hand side with it,
//! and value and gradient of the marginal likelihood with everything that belongs to them (distances, kernel, factor,
//! inverse, sums), in the memory of the evaluation before, as a fit does it.
#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use std::hint::black_box;
use std::time::Instant;

use besom_gp::{MarginalLikelihood, Model, Prior};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Mat, Par};
use nalgebra::{DMatrix, DVector};
use rand::{Rng, RngExt};
use serde_json::json;

const DIMENSIONS: usize = 10;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse::<usize>().ok());
    let rounds = numbers.next().unwrap_or(5);
    for n in numbers {
        println!("{}", measure(n, rounds));
    }
}

/// The best of `rounds` times in seconds.
fn best(rounds: usize, mut work: impl FnMut() -> f64) -> f64 {
    (0..rounds).map(|_| work()).fold(f64::INFINITY, f64::min)
}

fn measure(n: usize, rounds: usize) -> serde_json::Value {
    let mut rng = besom_core::seed::rng(7, besom_core::RunNumber::from_index(0));
    let x = DMatrix::from_fn(n, DIMENSIONS, |_, _| rng.random::<f64>());
    let y = DVector::from_fn(n, |i, _| f64::sin(6.0 * x[(i, 0)]) + x[(i, 1)]);
    let k = positive_definite(n, &mut rng);

    let factor = |k: &mut Mat<f64>| {
        let scratch = llt::factor::cholesky_in_place_scratch::<f64>(n, Par::Seq, Default::default());
        let mut memory = MemBuffer::new(scratch);
        let stack = MemStack::new(&mut memory);
        llt::factor::cholesky_in_place(k.as_mut(), Default::default(), Par::Seq, stack, Default::default())
            .expect("it is positive definite");
    };
    let mut l = k.clone();
    let factoring = best(rounds, || {
        l.copy_from(&k);
        let begun = Instant::now();
        factor(&mut l);
        begun.elapsed().as_secs_f64()
    });
    let solving = best(rounds, || {
        let mut b = Mat::from_fn(n, 1, |i, _| y[i]);
        let begun = Instant::now();
        solve_lower_triangular_in_place(l.as_ref(), b.as_mut(), Par::Seq);
        solve_upper_triangular_in_place(l.transpose(), b.as_mut(), Par::Seq);
        black_box(b);
        begun.elapsed().as_secs_f64()
    });
    let (model, hyperparameters) = (Model::new(DIMENSIONS), Prior::for_dimensions(DIMENSIONS).mode());
    let mut evidence = MarginalLikelihood::new(&model, &x, &y).expect("sizes fit");
    let likelihood = best(rounds, || {
        let begun = Instant::now();
        black_box(evidence.at(&hyperparameters)).expect("a likelihood");
        begun.elapsed().as_secs_f64()
    });
    json!({"n": n, "factor": factoring, "solve": solving, "likelihood": likelihood})
}

/// A symmetric matrix whose diagonal outweighs the rest.
fn positive_definite(n: usize, rng: &mut impl Rng) -> Mat<f64> {
    let mut k = Mat::zeros(n, n);
    for j in 0..n {
        for i in j..n {
            let value = if i == j { n as f64 } else { rng.random::<f64>() };
            (k[(i, j)], k[(j, i)]) = (value, value);
        }
    }
    k
}
