//! The output warp: losses as a Gaussian process likes them.
//!
//! Losses of training have a long bad tail: a diverged run says "bad", not how bad. So losses are measured in
//! standard deviations of the *good* half from the median, and what lies more than one of these above it is
//! compressed to a logarithm, smoothly. The map is monotone, has nothing to tune, and no loss however large
//! dominates it.

/// The map from losses to what a model for minimization is fitted to, *targets* of zero mean and unit variance,
/// and back. Losses are to be minimized: negated values of a metric that is maximized.
///
/// ```
/// use besom_gp::Warp;
///
/// let warp = Warp::new(&[0.3, 0.1, 0.2, 1e30]);
/// assert!((warp.inverse(warp.forward(0.15)) - 0.15).abs() < 1e-12);
/// assert!(warp.forward(1e30) - warp.forward(0.3) < 5.0); // a diverged run says "bad", not how bad
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Warp {
    /// Losses are multiplied by this first; less than 1 only where squares would overflow.
    scale: f64,
    median: f64,
    /// Standard deviation of the good half around the median; `None` if there is none, then nothing is
    /// compressed.
    spread: Option<f64>,
    mean: f64,
    sd: f64,
}

impl Warp {
    /// The map that suits these losses, which are finite; at least one.
    pub fn new(losses: &[f64]) -> Self {
        let largest = losses.iter().fold(0.0_f64, |most, loss| most.max(loss.abs()));
        let scale = if largest > 1e100 { 1e100 / largest } else { 1.0 };
        let mut sorted: Vec<f64> = losses.iter().map(|loss| loss * scale).collect();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let median = match sorted.len() {
            0 => 0.0,
            n if n % 2 == 0 => 0.5 * (sorted[middle - 1] + sorted[middle]),
            _ => sorted[middle],
        };
        let good: Vec<f64> = sorted.iter().take_while(|&&y| y <= median).map(|y| y - median).collect();
        let spread = root_mean_square(&good);
        let spread = (spread >= 1e-12 * (1.0 + median.abs())).then_some(spread);
        let raw = Self { scale, median, spread, mean: 0.0, sd: 1.0 };
        let z: Vec<f64> = losses.iter().map(|&loss| raw.forward(loss)).collect();
        let mean = z.iter().sum::<f64>() / z.len().max(1) as f64;
        let sd = root_mean_square(&z.iter().map(|z| z - mean).collect::<Vec<_>>());
        Self { mean, sd: if sd > 0.0 { sd } else { 1.0 }, ..raw }
    }

    /// The target of a loss.
    pub fn forward(&self, loss: f64) -> f64 {
        let centered = loss * self.scale - self.median;
        let z = match self.spread {
            None => centered,
            Some(spread) if centered <= spread => centered / spread,
            Some(spread) => 1.0 + libm::log(centered / spread),
        };
        (z - self.mean) / self.sd
    }

    /// The loss of a target.
    pub fn inverse(&self, target: f64) -> f64 {
        let z = target * self.sd + self.mean;
        let centered = match self.spread {
            None => z,
            Some(spread) if z <= 1.0 => z * spread,
            Some(spread) => libm::exp(z - 1.0) * spread,
        };
        (centered + self.median) / self.scale
    }

    /// How many units of loss one unit of target is worth among the good losses, where the map is a straight
    /// line.
    pub fn slope(&self) -> f64 {
        self.sd * self.spread.unwrap_or(1.0) / self.scale
    }
}

/// 0 of nothing.
fn root_mean_square(values: &[f64]) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn losses() -> impl Strategy<Value = Vec<f64>> {
        let loss = prop_oneof![
            6 => -10.0..10.0,
            2 => Just(0.5),
            1 => prop::sample::select(vec![1e300, -1e300, f64::MAX, f64::MIN, 1e-300, 0.0]),
        ];
        vec(loss, 1..30)
    }

    proptest! {
        #[test]
        fn targets_are_finite_ordered_as_the_losses_and_of_unit_variance(losses in losses()) {
            let warp = Warp::new(&losses);
            let targets: Vec<f64> = losses.iter().map(|&loss| warp.forward(loss)).collect();
            prop_assert!(targets.iter().all(|t| t.is_finite()));
            let mean = targets.iter().sum::<f64>() / targets.len() as f64;
            prop_assert!(mean.abs() < 1e-6, "mean {mean}");
            prop_assert!(root_mean_square(&targets) < 1.0 + 1e-6);
            for (i, a) in losses.iter().enumerate() {
                for (j, b) in losses.iter().enumerate() {
                    prop_assert!(a > b || targets[i] <= targets[j], "{a} and {b} changed places");
                }
            }
        }

        #[test]
        fn inverse_leads_back(losses in vec(-10.0..10.0, 2..30)) {
            let warp = Warp::new(&losses);
            for &loss in &losses {
                let back = warp.inverse(warp.forward(loss));
                prop_assert!((back - loss).abs() < 1e-9, "{loss} came back as {back}");
            }
        }
    }

    #[test]
    fn only_the_bad_tail_is_compressed() {
        let warp = Warp::new(&[-2.0, -1.0, 0.0, 1.0, 1e30]);
        let slope = (warp.forward(-1.0) - warp.forward(-2.0)) * warp.slope();
        assert!((slope - 1.0).abs() < 1e-12);
        assert!(warp.forward(1e30) - warp.forward(1.0) < 100.0 * (warp.forward(1.0) - warp.forward(0.0)));
    }
}
