//! Learning curves, for stopping rules: families that cross, are noisy, drop late, diverge.
//!
//! A full run has 50 epochs. Methods that stop runs early get more of them out of the budget.

use besom_core::{BoxError, Space, SpaceBuilder};
use libm::{exp, log2, log10, pow};

use super::draw::{array, between, generator};
use super::{Training, built, log_int, square, valley};
use crate::{Suite, Task};

const EPOCHS: u16 = 50;
/// Runs of full length in a budget.
const RUNS: usize = 30;
/// The usual noise of a validation loss.
const NOISE: f64 = 0.01;

/// Learning curves, for stopping rules.
pub fn curves() -> Suite {
    let tasks = vec![
        task("curve_cross", cross).instances(1),
        task("curve_power", power),
        task("curve_noisy", |instance| power(instance).noise(0.1)),
        task("curve_late", late),
        task("curve_diverge", diverge),
    ];
    Suite::new(
        "curves",
        "learning curves that cross, are noisy, drop late, diverge: for stopping rules",
        tasks,
    )
}

fn task(name: &str, make: impl Fn(u64) -> Training + Send + Sync + 'static) -> Task {
    let make = move |instance| -> Result<Training, BoxError> { Ok(make(instance)) };
    Task::new(name, RUNS, make).epochs(usize::from(EPOCHS))
}

/// A learning rate and a weight decay, the first two parameters of most tasks.
fn rates() -> SpaceBuilder {
    Space::builder().log_uniform("lr", 1e-5, 1.0).log_uniform("wd", 1e-7, 1e-1)
}

/// The place of [`rates`] in the unit square.
fn unit(v: &[f64]) -> [f64; 2] {
    [(log10(v[0]) + 5.0) / 5.0, (log10(v[1]) + 7.0) / 6.0]
}

/// A high learning rate leads early and ends worse, a low one is slow; weight decay matters only late.
fn cross(_: u64) -> Training {
    let space = rates().uniform("drop", 0.0, 0.9);
    let loss = |lr: f64, wd: f64, drop: f64, epoch: f64| {
        let end = 0.2 + 0.8 * square(lr - 0.45) + 0.25 * square(wd - 0.6) * epoch / f64::from(EPOCHS);
        end + 0.1 * square(drop - 0.2) + exp(-epoch * (0.02 + 0.5 * lr * lr))
    };
    let best = valley(|lr| loss(lr, 0.6, 0.2, f64::from(EPOCHS)), 0.0, 1.0);
    let of_point = move |v: &[f64], epoch: f64| {
        let [lr, wd] = unit(v);
        loss(lr, wd, v[2], epoch)
    };
    Training::new(built(space), EPOCHS, of_point).noise(NOISE).best(best)
}

/// Power laws: the batch size sets how fast a run gets to its end, the other parameters where that is.
fn power(instance: u64) -> Training {
    let [lr, wd, width, batch] = array(&mut generator("curve_power", instance), 0.25, 0.75);
    let space = rates().log_uniform("width", 16.0, 4096.0).log_uniform("batch", 8.0, 2048.0);
    let loss = move |v: &[f64], epoch: f64| {
        let [rate, decay] = unit(v);
        let [of_lr, of_wd] = [rate - lr, decay - wd];
        let [of_width, of_batch] = [(log2(v[2]) - 4.0) / 8.0 - width, (log2(v[3]) - 3.0) / 8.0 - batch];
        let end = 0.1 + 2.0 * square(of_lr) + 0.3 * square(of_wd) + 0.5 * square(of_width);
        end + pow(epoch, -(0.9 - square(of_batch)))
    };
    let best = 0.1 + pow(f64::from(EPOCHS), -0.9);
    Training::new(built(space), EPOCHS, loss).noise(NOISE).best(best)
}

/// The learning rate is cut at an epoch of choice. Until then a high rate stays on a high plateau, and then falls below
/// the others: who judges by early losses keeps the wrong runs.
fn late(instance: u64) -> Training {
    let mut rng = generator("curve_late", instance);
    let [lr, wd] = [between(&mut rng, 0.55, 0.8), between(&mut rng, 0.2, 0.8)];
    let space = rates().int("cut", 5, 45);
    let loss = move |rate: f64, decay: f64, cut: f64, epoch: f64| {
        let end =
            0.1 + square(rate - lr) + 0.3 * square(decay - wd) + 0.2 * square(cut / f64::from(EPOCHS) - 0.6);
        let plateau = end + 0.5 * rate;
        let start = 1.0 * exp(-epoch / 3.0);
        let left = if epoch <= cut { 1.0 } else { exp(-(epoch - cut) / 4.0) };
        start + end + (plateau - end) * left
    };
    let of_cut = |cut: i32| valley(|rate| loss(rate, wd, f64::from(cut), f64::from(EPOCHS)), 0.0, 1.0);
    let best = (5..=45).map(of_cut).fold(f64::INFINITY, f64::min);
    let of_point = move |v: &[f64], epoch: f64| {
        let [lr, wd] = unit(v);
        loss(lr, wd, v[2], epoch)
    };
    Training::new(built(space), EPOCHS, of_point).noise(NOISE).best(best)
}

/// Beyond an edge of the learning rate, near its best value, the loss doubles with every epoch from some epoch on until it is no
/// number, and the run fails.
fn diverge(instance: u64) -> Training {
    let mut rng = generator("curve_diverge", instance);
    let [lr, momentum] = [between(&mut rng, 0.3, 0.6), between(&mut rng, 0.2, 0.8)];
    let space = Space::builder().log_uniform("lr", 1e-6, 10.0).uniform("momentum", 0.0, 0.99);
    let space = space.parameter("batch", log_int(8, 1024));
    let loss = move |v: &[f64], epoch: f64| {
        let rate = (log10(v[0]) + 6.0) / 7.0;
        let beyond = rate + 0.1 * v[1] - (lr + 0.1 * momentum + 0.1);
        let end = 0.2 + 3.0 * square(rate - lr) + 0.3 * square(v[1] - momentum);
        let way = exp(-epoch * 0.12 * (1.0 - square((log2(v[2]) - 6.5) / 7.0)));
        let onset = 1.0 / beyond.max(0.02);
        let value = if beyond > 0.0 && epoch > onset { pow(2.0, epoch - onset) } else { end + way };
        if value > 1e4 { f64::NAN } else { value }
    };
    // No whole batch size lies at 6.5 doublings; 91 comes nearest.
    let best = 0.2 + exp(-6.0 * (1.0 - square((log2(91.0) - 6.5) / 7.0)));
    Training::new(built(space), EPOCHS, loss).noise(NOISE).best(best)
}
