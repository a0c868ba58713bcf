//! The 24 functions but for their optimum value, numbered and written as in the paper: `z` is the transformed
//! point, `r` and `q` are its rotations R and Q.

use std::f64::consts::TAU;

use libm::{cos, pow, sin};

use super::super::square;
use super::Instance;
use super::transform::{asy, lambda, minus, oscillate, osz, penalty, share};

fn sum(z: &[f64], term: impl Fn(usize, f64) -> f64) -> f64 {
    z.iter().enumerate().map(|(i, &z)| term(i, z)).sum()
}

/// The factor by which the functions of Rosenbrock are zoomed in.
pub(super) fn zoom(dimension: usize) -> f64 {
    ((dimension as f64).sqrt() / 8.0).max(1.0)
}

impl Instance {
    fn shifted(&self, x: &[f64]) -> Vec<f64> {
        minus(x, &self.optimum)
    }

    /// R (x - x_opt).
    fn rotated(&self, x: &[f64]) -> Vec<f64> {
        self.r.times(&self.shifted(x))
    }

    /// Q Λ R (x - x_opt).
    fn scaled(&self, alpha: f64, x: &[f64]) -> Vec<f64> {
        self.q.times(&lambda(alpha, self.rotated(x)))
    }

    /// zoomed R x + 1/2, with its optimum where all coordinates are 1.
    fn around_one(&self, x: &[f64]) -> Vec<f64> {
        let zoom = zoom(x.len());
        self.r.times(x).iter().map(|z| zoom * z + 0.5).collect()
    }
}

pub(super) fn sphere(f: &Instance, x: &[f64]) -> f64 {
    sum(&f.shifted(x), |_, z| z * z)
}

fn ellipsoid(z: &[f64]) -> f64 {
    sum(z, |i, x| pow(1e6, share(i, z.len())) * x * x)
}

pub(super) fn ellipsoid_separable(f: &Instance, x: &[f64]) -> f64 {
    ellipsoid(&osz(f.shifted(x)))
}

fn rastrigin(z: &[f64]) -> f64 {
    10.0 * (z.len() as f64 - sum(z, |_, z| cos(TAU * z))) + sum(z, |_, z| z * z)
}

pub(super) fn rastrigin_separable(f: &Instance, x: &[f64]) -> f64 {
    rastrigin(&lambda(10.0, asy(0.2, osz(f.shifted(x)))))
}

pub(super) fn bueche_rastrigin(f: &Instance, x: &[f64]) -> f64 {
    let mut z = lambda(10.0, osz(f.shifted(x)));
    z.iter_mut().step_by(2).filter(|z| **z > 0.0).for_each(|z| *z *= 10.0);
    rastrigin(&z) + 100.0 * penalty(x)
}

pub(super) fn linear_slope(f: &Instance, x: &[f64]) -> f64 {
    sum(x, |i, x| {
        let best = f.optimum[i];
        let slope = pow(10.0, share(i, f.optimum.len())).copysign(best);
        let z = if best * x < 25.0 { x } else { best };
        5.0 * slope.abs() - slope * z
    })
}

pub(super) fn attractive_sector(f: &Instance, x: &[f64]) -> f64 {
    let weight = |i: usize, z: f64| if z * f.optimum[i] > 0.0 { 100.0 } else { 1.0 };
    pow(oscillate(sum(&f.scaled(10.0, x), |i, z| square(weight(i, z) * z))), 0.9)
}

pub(super) fn step_ellipsoid(f: &Instance, x: &[f64]) -> f64 {
    let hat = lambda(10.0, f.rotated(x));
    let step = |z: &f64| if z.abs() > 0.5 { (0.5 + z).floor() } else { (0.5 + 10.0 * z).floor() / 10.0 };
    let z = f.q.times(&hat.iter().map(step).collect::<Vec<_>>());
    let bowl = sum(&z, |i, x| pow(100.0, share(i, z.len())) * x * x);
    0.1 * bowl.max(hat[0].abs() / 1e4) + penalty(x)
}

fn rosenbrock(z: &[f64]) -> f64 {
    z.windows(2).map(|z| 100.0 * square(z[0] * z[0] - z[1]) + square(z[0] - 1.0)).sum()
}

pub(super) fn rosenbrock_original(f: &Instance, x: &[f64]) -> f64 {
    let zoom = zoom(x.len());
    rosenbrock(&f.shifted(x).iter().map(|z| zoom * z + 1.0).collect::<Vec<_>>())
}

pub(super) fn rosenbrock_rotated(f: &Instance, x: &[f64]) -> f64 {
    rosenbrock(&f.around_one(x))
}

pub(super) fn ellipsoid_rotated(f: &Instance, x: &[f64]) -> f64 {
    ellipsoid(&osz(f.rotated(x)))
}

pub(super) fn discus(f: &Instance, x: &[f64]) -> f64 {
    sum(&osz(f.rotated(x)), |i, z| if i == 0 { 1e6 * z * z } else { z * z })
}

pub(super) fn bent_cigar(f: &Instance, x: &[f64]) -> f64 {
    let z = f.r.times(&asy(0.5, f.rotated(x)));
    sum(&z, |i, z| if i == 0 { z * z } else { 1e6 * z * z })
}

pub(super) fn sharp_ridge(f: &Instance, x: &[f64]) -> f64 {
    let z = f.scaled(10.0, x);
    z[0] * z[0] + 100.0 * sum(&z[1..], |_, z| z * z).sqrt()
}

pub(super) fn different_powers(f: &Instance, x: &[f64]) -> f64 {
    let z = f.rotated(x);
    sum(&z, |i, x| pow(x.abs(), 2.0 + 4.0 * share(i, z.len()))).sqrt()
}

pub(super) fn rastrigin_rotated(f: &Instance, x: &[f64]) -> f64 {
    let z = f.q.times(&asy(0.2, osz(f.rotated(x))));
    rastrigin(&f.r.times(&lambda(10.0, z)))
}

pub(super) fn weierstrass(f: &Instance, x: &[f64]) -> f64 {
    let z = f.r.times(&lambda(0.01, f.q.times(&osz(f.rotated(x)))));
    let waves =
        |z: f64| (0..12).map(|k| cos(TAU * 3.0_f64.powi(k) * (z + 0.5)) / 2.0_f64.powi(k)).sum::<f64>();
    let mean = sum(&z, |_, z| waves(z)) / z.len() as f64;
    10.0 * (mean - waves(0.0)).powi(3) + 10.0 / z.len() as f64 * penalty(x)
}

fn schaffers(f: &Instance, alpha: f64, x: &[f64]) -> f64 {
    let z = lambda(alpha, f.q.times(&asy(0.5, f.rotated(x))));
    let pair = |z: &[f64]| (z[0] * z[0] + z[1] * z[1]).sqrt();
    let ripples = |s: f64| s.sqrt() * (1.0 + square(sin(50.0 * pow(s, 0.2))));
    let total: f64 = z.windows(2).map(pair).map(ripples).sum();
    square(total / (z.len() - 1) as f64) + 10.0 * penalty(x)
}

pub(super) fn schaffers_10(f: &Instance, x: &[f64]) -> f64 {
    schaffers(f, 10.0, x)
}

pub(super) fn schaffers_1000(f: &Instance, x: &[f64]) -> f64 {
    schaffers(f, 1000.0, x)
}

pub(super) fn griewank_rosenbrock(f: &Instance, x: &[f64]) -> f64 {
    let z = f.around_one(x);
    let pair = |z: &[f64]| 100.0 * square(z[0] * z[0] - z[1]) + square(z[0] - 1.0);
    let total: f64 = z.windows(2).map(pair).map(|s| s / 4000.0 - cos(s)).sum();
    10.0 * total / (z.len() - 1) as f64 + 10.0
}

pub(super) fn schwefel(f: &Instance, x: &[f64]) -> f64 {
    let best: Vec<f64> = f.optimum.iter().map(|x| 2.0 * x.abs()).collect();
    let hat: Vec<f64> = x.iter().zip(&f.optimum).map(|(x, best)| 2.0 * best.signum() * x).collect();
    let pull = |i: usize| if i == 0 { 0.0 } else { 0.25 * (hat[i - 1] - best[i - 1]) };
    let z: Vec<f64> = (0..x.len()).map(|i| hat[i] + pull(i) - best[i]).collect();
    let z: Vec<f64> = lambda(10.0, z).iter().zip(&best).map(|(z, best)| 100.0 * (z + best)).collect();
    let inside: Vec<f64> = z.iter().map(|z| z / 100.0).collect();
    let waves = sum(&z, |_, z| z * sin(z.abs().sqrt()));
    -waves / (100.0 * z.len() as f64) + 4.189_828_872_724_339 + 100.0 * penalty(&inside)
}

/// Both of Gallagher's functions: the instance knows its peaks.
pub(super) fn gallagher(f: &Instance, x: &[f64]) -> f64 {
    f.peaks.as_ref().expect("the instance of a function of Gallagher's has peaks").value(x)
}

pub(super) fn katsuura(f: &Instance, x: &[f64]) -> f64 {
    let z = f.scaled(100.0, x);
    let dimension = z.len() as f64;
    let scale =
        |z: f64, j: i32| (2.0_f64.powi(j) * z - (2.0_f64.powi(j) * z).round()).abs() / 2.0_f64.powi(j);
    let rough = |z: f64| (1..=32).map(|j| scale(z, j)).sum::<f64>();
    let factor = |(i, z): (usize, &f64)| pow(1.0 + (i + 1) as f64 * rough(*z), 10.0 / pow(dimension, 1.2));
    let product: f64 = z.iter().enumerate().map(factor).product();
    10.0 / (dimension * dimension) * (product - 1.0) + penalty(x)
}

/// The middle of the larger funnel of Lunacek's function, for every coordinate.
pub(super) const FUNNEL: f64 = 2.5;

pub(super) fn lunacek(f: &Instance, x: &[f64]) -> f64 {
    let dimension = x.len() as f64;
    let size = 1.0 - 1.0 / (2.0 * (dimension + 20.0).sqrt() - 8.2);
    let second = -((FUNNEL * FUNNEL - 1.0) / size).sqrt();
    let hat: Vec<f64> = x.iter().zip(&f.optimum).map(|(x, best)| 2.0 * x * best.signum()).collect();
    let around = |middle: f64| sum(&hat, |_, x| square(x - middle));
    let funnels = around(FUNNEL).min(dimension + size * around(second));
    let z: Vec<f64> = hat.iter().map(|x| x - FUNNEL).collect();
    let z = f.q.times(&lambda(100.0, f.r.times(&z)));
    funnels + 10.0 * (dimension - sum(&z, |_, z| cos(TAU * z))) + 1e4 * penalty(x)
}
