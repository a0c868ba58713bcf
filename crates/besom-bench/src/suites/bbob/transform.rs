//! The transformations that make smooth functions awkward; the paper's names, its section 0.2.

use libm::{exp, log, pow, sin};

/// The share of the way along the coordinates at which the `i`-th lies: (i - 1) / (D - 1), from 0 to 1.
pub(super) fn share(i: usize, dimension: usize) -> f64 {
    i as f64 / (dimension - 1) as f64
}

/// T_osz of one number: small smooth irregularities at all scales.
pub(super) fn oscillate(x: f64) -> f64 {
    if x == 0.0 {
        return 0.0;
    }
    let (c1, c2) = if x > 0.0 { (10.0, 7.9) } else { (5.5, 3.1) };
    let magnitude = log(x.abs());
    exp(magnitude + 0.049 * (sin(c1 * magnitude) + sin(c2 * magnitude))).copysign(x)
}

/// T_osz.
pub(super) fn osz(mut x: Vec<f64>) -> Vec<f64> {
    x.iter_mut().for_each(|x| *x = oscillate(*x));
    x
}

/// T_asy with `beta`: symmetry is broken, positive coordinates grow faster.
pub(super) fn asy(beta: f64, mut x: Vec<f64>) -> Vec<f64> {
    let dimension = x.len();
    for (i, x) in x.iter_mut().enumerate().filter(|(_, x)| **x > 0.0) {
        *x = pow(*x, 1.0 + beta * share(i, dimension) * x.sqrt());
    }
    x
}

/// The diagonal matrix Λ with `alpha`, times a column: coordinates scaled from 1 to the root of `alpha`.
pub(super) fn lambda(alpha: f64, mut x: Vec<f64>) -> Vec<f64> {
    let dimension = x.len();
    x.iter_mut().enumerate().for_each(|(i, x)| *x *= pow(alpha, 0.5 * share(i, dimension)));
    x
}

/// f_pen: the squared distance from the box [-5, 5]^D.
pub(super) fn penalty(x: &[f64]) -> f64 {
    x.iter().map(|x| (x.abs() - 5.0).max(0.0)).map(|beyond| beyond * beyond).sum()
}

/// The difference of two columns.
pub(super) fn minus(x: &[f64], y: &[f64]) -> Vec<f64> {
    x.iter().zip(y).map(|(x, y)| x - y).collect()
}
