//! Expected hypervolume improvement of several losses, in closed form, and its logarithm with derivatives.
//!
//! What a front leaves to be gained below a reference is cut into boxes with corners l and u (the cells of
//! `besom_core::pareto`). Where the losses Y of a point are independent and normal with means μ_k and deviations σ_k, the
//! expected volume that it gains is a sum of products of one-dimensional terms (K. Yang, M. Emmerich, A. Deutz, T. Bäck,
//! *Efficient computation of expected hypervolume improvement using box decomposition algorithms*, Journal of Global
//! Optimization 75, 2019, section 5):
//!
//! ```text
//! EHVI = Σ_boxes Π_k [e_k(u_k) - e_k(l_k)],   e_k(a) = E[(a - Y_k)+],   e_k(-∞) = 0
//! ```
//!
//! e_k(a) is the expected improvement below a, of which [`log_expected_improvement`] has the logarithm. All is done in
//! logarithms, as far from the front everything else underflows; nothing is sampled.

use super::{LogImprovement, log_expected_improvement};
use crate::GpError;
use crate::normal::log_cdf;

/// Below this difference of the logarithms of its ends, a factor is integrated in place of subtracted: the difference has few
/// digits then, and the midpoint rule with one correction is exact to 1e-13.
const NARROW: f64 = 3e-3;

/// A term whose logarithm is this much below that of the largest changes no digit of the sum.
const NEGLIGIBLE: f64 = 45.0;

/// What a front of several losses leaves to be gained, as boxes.
///
/// ```
/// use besom_gp::improvement::{HypervolumeImprovement, log_expected_improvement};
///
/// // Nothing is known of two losses but that they are worth nothing above 1.
/// let empty: [(&[f64], &[f64]); 1] = [(&[f64::NEG_INFINITY; 2], &[1.0, 1.0])];
/// let ehvi = HypervolumeImprovement::new(empty)?.log(&[0.5, 0.0], &[0.2, 0.3]);
/// let separate = log_expected_improvement(0.5, 0.2, 1.0).value + log_expected_improvement(0.0, 0.3, 1.0).value;
/// assert!((ehvi.value - separate).abs() < 1e-12);
/// # Ok::<(), besom_gp::GpError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct HypervolumeImprovement {
    /// The distinct corners in each loss; each is looked at once a point.
    levels: Vec<Vec<f64>>,
    /// The places of `l` and `u` among these, one pair for each loss, box after box; `l` is `None` if it is minus infinity.
    bounds: Vec<(Option<usize>, usize)>,
}

/// The logarithm of expected hypervolume improvement, and how it changes with the posteriors.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LogHypervolumeImprovement {
    /// `ln EHVI`; minus infinity if nothing is gained for certain.
    pub value: f64,
    /// Its derivatives with respect to the means; never positive.
    pub by_mean: Vec<f64>,
    /// Its derivatives with respect to the standard deviations.
    pub by_sd: Vec<f64>,
}

impl HypervolumeImprovement {
    /// Of these boxes, each by its lower and its upper corner. They are disjoint, of one number of losses; lower corners may be
    /// minus infinity.
    ///
    /// # Errors
    /// If their sizes differ, there is none, or a corner is not a number above its lower one.
    pub fn new<'a>(boxes: impl IntoIterator<Item = (&'a [f64], &'a [f64])>) -> Result<Self, GpError> {
        let boxes: Vec<_> = boxes.into_iter().collect();
        let losses = boxes.first().ok_or(GpError::Empty)?.0.len();
        let mut levels = vec![Vec::new(); losses];
        for (lower, upper) in &boxes {
            GpError::check_size("lower corner of a box", losses, lower.len())?;
            GpError::check_size("upper corner of a box", losses, upper.len())?;
            GpError::check_finite("upper corner of a box", *upper)?;
            if let Some((&value, _)) = lower
                .iter()
                .zip(*upper)
                .find(|(l, u)| !matches!(l.partial_cmp(u), Some(std::cmp::Ordering::Less)))
            {
                return Err(GpError::Number { what: "lower corner of a box", value });
            }
            for (k, levels) in levels.iter_mut().enumerate() {
                levels.extend([lower[k], upper[k]].into_iter().filter(|level| level.is_finite()));
            }
        }
        for levels in &mut levels {
            levels.sort_by(f64::total_cmp);
            levels.dedup();
        }
        let place = |k: usize, level: f64| levels[k].partition_point(|&other| other < level);
        let bounds = boxes.iter().flat_map(|(lower, upper)| {
            let place = &place;
            let corner = lower.iter().zip(*upper).enumerate();
            corner.map(move |(k, (&l, &u))| (l.is_finite().then(|| place(k, l)), place(k, u)))
        });
        let bounds = bounds.collect();
        Ok(Self { levels, bounds })
    }

    /// How many losses there are.
    pub fn losses(&self) -> usize {
        self.levels.len()
    }

    /// The logarithm of the expected improvement at a point with these posterior means and standard deviations, one for each
    /// loss; those that are missing count as certain and worth nothing.
    pub fn log(&self, mean: &[f64], sd: &[f64]) -> LogHypervolumeImprovement {
        let losses = self.losses();
        let none = LogHypervolumeImprovement {
            value: f64::NEG_INFINITY,
            by_mean: vec![0.0; losses],
            by_sd: vec![0.0; losses],
        };
        if losses == 0 || mean.len() < losses || sd.len() < losses {
            return none;
        }
        let below = self.below(mean, sd);
        let (mut terms, mut largest) = (Vec::new(), f64::NEG_INFINITY);
        for bounds in self.bounds.chunks(losses) {
            // Without what lies below l, a term would be at most this.
            let most: f64 = bounds.iter().zip(&below).map(|((_, upper), below)| below[*upper].value).sum();
            if most < largest - NEGLIGIBLE || most == f64::NEG_INFINITY {
                continue;
            }
            let factors = bounds.iter().enumerate().map(|(k, &(lower, upper))| match lower {
                None => Factor { log: below[k][upper], share: 1.0 },
                Some(lower) => {
                    let ends = (self.levels[k][lower], self.levels[k][upper]);
                    Factor::between(below[k][lower], below[k][upper], ends, mean[k], sd[k])
                }
            });
            let factors: Vec<Factor> = factors.collect();
            let share: f64 = factors.iter().map(|factor| factor.share).product();
            let log = factors.iter().map(|factor| factor.log.value).sum::<f64>() + libm::log(share);
            largest = largest.max(log);
            terms.push((log, factors));
        }
        if largest == f64::NEG_INFINITY {
            return none;
        }
        let mut total = 0.0;
        let mut sum = none;
        for (log, factors) in terms {
            let weight = libm::exp(log - largest);
            total += weight;
            for (k, Factor { log, .. }) in factors.iter().enumerate() {
                sum.by_mean[k] += weight * log.by_mean;
                sum.by_sd[k] += weight * log.by_sd;
            }
        }
        sum.by_mean.iter_mut().chain(&mut sum.by_sd).for_each(|slope| *slope /= total);
        LogHypervolumeImprovement { value: largest + libm::log(total), ..sum }
    }

    /// The logarithms of `e(a)` at all corners a, by loss.
    fn below(&self, mean: &[f64], sd: &[f64]) -> Vec<Vec<LogImprovement>> {
        let at = |(k, levels): (usize, &Vec<f64>)| {
            levels.iter().map(|&level| log_expected_improvement(mean[k], sd[k], level)).collect()
        };
        self.levels.iter().enumerate().map(at).collect()
    }
}

/// `e(u) - e(l)` as a product: of something whose logarithm is kept, and of a share of it. `log` has the derivatives of the whole.
struct Factor {
    log: LogImprovement,
    share: f64,
}

impl Factor {
    /// Given the logarithms of `e(l)` and `e(u)`, where the latter is not 0.
    fn between(lower: LogImprovement, upper: LogImprovement, ends: (f64, f64), mean: f64, sd: f64) -> Self {
        let difference = lower.value - upper.value;
        if difference > -NARROW {
            return Self { log: narrow(ends, mean, sd), share: 1.0 };
        }
        let share = -libm::expm1(difference);
        let q = 1.0 - share;
        let by_mean = (upper.by_mean - q * lower.by_mean) / share;
        let by_sd = (upper.by_sd - q * lower.by_sd) / share;
        Self { log: LogImprovement { value: upper.value, by_mean, by_sd }, share }
    }
}

/// The same as the integral of `Φ((a - μ) / σ)` over a from l to u: `(u - l) Φ(z) (1 + δ²/24 Φ''(z)/Φ(z))` at the middle z, with
/// `δ = (u - l) / σ`; the next term is of order δ⁴.
fn narrow((l, u): (f64, f64), mean: f64, sd: f64) -> LogImprovement {
    let width = u - l;
    if sd <= 0.0 {
        // The mean is far below both.
        return LogImprovement { value: libm::log(width), by_mean: 0.0, by_sd: 0.0 };
    }
    let (z, delta) = ((l + 0.5 * width - mean) / sd, width / sd);
    // r = φ/Φ is the derivative of ln Φ; Φ''/Φ = -z r.
    let (log, r) = log_cdf(z);
    let share = delta * delta / 24.0;
    let correction = -share * z * r;
    let by_z = r - share * (r - z * r * (z + r)) / (1.0 + correction);
    LogImprovement {
        value: libm::log(width) + log + libm::log1p(correction),
        by_mean: -by_z / sd,
        by_sd: -(z * by_z + 2.0 * correction / (1.0 + correction)) / sd,
    }
}
