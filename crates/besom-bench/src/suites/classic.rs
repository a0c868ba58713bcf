//! Functions of the literature whose optimum is known, over plain numbers.

use std::f64::consts::{E, PI, TAU};

use libm::{cos, exp, sin};

use super::square;

/// The least value of [`branin`], at three places.
pub(super) const BRANIN_BEST: f64 = 0.397_887_357_729_738_16;

/// Branin's function, over [-5, 10] x [0, 15].
pub(super) fn branin(x: f64, y: f64) -> f64 {
    let valley = y - 5.1 / (4.0 * PI * PI) * x * x + 5.0 / PI * x - 6.0;
    square(valley) + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * cos(x) + 10.0
}

/// Where [`hartmann6`] is least, and its value there.
pub(super) const HARTMANN6_PLACE: [f64; 6] = [0.201_69, 0.150_011, 0.476_874, 0.275_332, 0.311_652, 0.657_3];
pub(super) const HARTMANN6_BEST: f64 = -3.322_368_011_391_339;

/// Hartmann's function of six coordinates in [0, 1].
pub(super) fn hartmann6(x: [f64; 6]) -> f64 {
    const ALPHA: [f64; 4] = [1.0, 1.2, 3.0, 3.2];
    const A: [[f64; 6]; 4] = [
        [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
        [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
        [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
        [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
    ];
    const P: [[f64; 6]; 4] = [
        [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
        [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
        [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
    ];
    let peak = |i: usize| {
        let distance: f64 = (0..6).map(|j| A[i][j] * square(x[j] - P[i][j])).sum();
        ALPHA[i] * exp(-distance)
    };
    -(0..4).map(peak).sum::<f64>()
}

/// Ackley's function: 0 at the origin, a funnel with ripples around it.
pub(super) fn ackley(z: &[f64]) -> f64 {
    let n = z.len() as f64;
    let radius = (z.iter().map(|z| z * z).sum::<f64>() / n).sqrt();
    let ripples = z.iter().map(|z| cos(TAU * z)).sum::<f64>() / n;
    -20.0 * exp(-0.2 * radius) - exp(ripples) + 20.0 + E
}

/// Levy's function: 0 where all coordinates are 1.
pub(super) fn levy(x: &[f64]) -> f64 {
    let w: Vec<f64> = x.iter().map(|x| 1.0 + (x - 1.0) / 4.0).collect();
    let (last, others) = w.split_last().expect("at least one coordinate");
    let bowl = |w: &f64| square(w - 1.0) * (1.0 + 10.0 * square(sin(PI * w + 1.0)));
    square(sin(PI * w[0]))
        + others.iter().map(bowl).sum::<f64>()
        + square(last - 1.0) * (1.0 + square(sin(TAU * last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_have_their_optimum_where_the_literature_says() {
        assert!((branin(PI, 2.275) - BRANIN_BEST).abs() < 1e-12);
        assert!((hartmann6(HARTMANN6_PLACE) - HARTMANN6_BEST).abs() < 1e-8);
        assert!(ackley(&[0.0; 5]).abs() < 1e-12);
        assert!(levy(&[1.0; 5]).abs() < 1e-12);
    }
}
