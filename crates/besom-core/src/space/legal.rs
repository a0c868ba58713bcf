//! Points that keep all constraints: how many there are, and how to draw one.
//!
//! A point is *legal* if it keeps all constraints. Where many are, draws from the prior are tried until one is; where few are, a
//! random walk starts from one that is known (hit and run: R. L. Smith, "Efficient Monte Carlo procedures for generating points
//! uniformly distributed over bounded regions", 1984; a step is drawn by the shrinking of R. M. Neal, "Slice sampling", 2003,
//! section 4, which needs no convex region). What is known of a space is found once, by a generator of its own, so that it is a
//! function of the space.

use std::sync::OnceLock;

use rand::distr::Open01;
use rand::{Rng, RngExt};

use super::Space;
use crate::{Constraint, Distribution, Enumeration, Levels, Point};

/// How many points show what share of them is legal, and how often a point is drawn again.
const DRAWS: usize = 2000;
/// Where fewer of [`DRAWS`] points are legal, 1 in 200, a walk takes less time than drawing again.
const RARE: usize = 10;
/// How many points are drawn in search of the first legal one.
const SEARCHED: usize = 20_000;
/// The most points of a finite space of which each is looked at.
const LISTED: u128 = 10_000;
/// The most points of a finite space that are counted one by one.
const COUNTED: u128 = 100_000;
/// The steps in each coordinate of the descent to the first legal point.
const DESCENT: [f64; 12] = [0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8];
/// How often a descent goes through all coordinates.
const ROUNDS: usize = 100;
/// How many steps of a walk for each dimension: then little is left of where it began.
const STEPS: usize = 10;
/// How often a step is shortened: down to a billionth of the space.
const SHORTER: usize = 30;

/// The constraints of a space, and what was found out about them.
#[derive(Debug, Default)]
pub(super) struct Constraints {
    pub(super) all: Vec<Constraint>,
    share: OnceLock<LegalShare>,
    /// Of a finite space with few points, all that are legal.
    listed: OnceLock<Option<Vec<Vec<f64>>>>,
    start: OnceLock<Option<Vec<f64>>>,
    /// How many points are legal, of a grid and of all.
    levels: OnceLock<Option<usize>>,
    values: OnceLock<Option<usize>>,
}

impl PartialEq for Constraints {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

impl Constraints {
    pub(super) fn new(all: Vec<Constraint>) -> Self {
        Self { all, ..Self::default() }
    }
}

/// How many points of a space keep its constraints.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LegalShare {
    /// How many points were looked at.
    pub points: usize,
    /// Whether these are all points of the space; else they were drawn from it.
    pub exact: bool,
    /// How many keep all constraints.
    pub legal: usize,
    /// How many keep each constraint.
    pub kept: Vec<usize>,
}

impl Space {
    /// What points must keep, in the order in which it was added.
    pub fn constraints(&self) -> &[Constraint] {
        self.constraints.as_ref().map_or(&[], |constraints| &constraints.all)
    }

    /// Whether there are constraints.
    pub fn is_constrained(&self) -> bool {
        self.constraints.is_some()
    }

    /// Whether a point keeps all constraints.
    pub fn allows(&self, point: &Point) -> bool {
        self.constraints().iter().all(|constraint| constraint.holds(point))
    }

    /// Whether the point at these coordinates in the unit cube keeps all constraints.
    ///
    /// # Panics
    /// As [`Space::decode`].
    pub fn allows_at(&self, cube: &[f64]) -> bool {
        !self.is_constrained() || self.allows(&self.decode(cube))
    }

    /// The sum of all violations.
    fn violation_at(&self, cube: &[f64]) -> f64 {
        let point = self.decode(cube);
        self.constraints().iter().map(|constraint| constraint.violation(&point).max(0.0)).sum()
    }

    /// How many points keep the constraints: of all if the space is finite and has at most 10,000, else of 2,000 that are drawn from
    /// it, the same ones each time. `None` if there are no constraints.
    pub fn legal_share(&self) -> Option<LegalShare> {
        self.share().cloned()
    }

    fn share(&self) -> Option<&LegalShare> {
        let constraints = self.constraints.as_ref()?;
        Some(constraints.share.get_or_init(|| self.counted()))
    }

    fn counted(&self) -> LegalShare {
        let points = self.points(Distribution::values, LISTED);
        let mut share = LegalShare {
            points: 0,
            exact: points.is_some(),
            legal: 0,
            kept: vec![0; self.constraints().len()],
        };
        let mut count = |point: &Point| {
            let kept: Vec<bool> =
                self.constraints().iter().map(|constraint| constraint.holds(point)).collect();
            share.points += 1;
            share.legal += usize::from(kept.iter().all(|kept| *kept));
            share.kept.iter_mut().zip(kept).for_each(|(count, kept)| *count += usize::from(kept));
        };
        match points {
            Some(points) => points.for_each(|point| count(&point)),
            None => {
                let rng = &mut generator();
                (0..DRAWS).for_each(|_| count(&self.decode(&self.prior(rng))));
            }
        }
        share
    }

    /// How many points of a grid, which takes [`Distribution::levels`], are legal, counted once; `None` if there are no constraints,
    /// infinitely many points, or more than 100,000, legal or not.
    pub fn legal_levels(&self) -> Option<usize> {
        *self.constraints.as_ref()?.levels.get_or_init(|| self.count(Distribution::levels))
    }

    /// The same of all [`Distribution::values`].
    pub fn legal_values(&self) -> Option<usize> {
        *self.constraints.as_ref()?.values.get_or_init(|| self.count(Distribution::values))
    }

    fn count(&self, levels: impl Fn(&Distribution) -> Option<Levels>) -> Option<usize> {
        Some(self.points(levels, COUNTED)?.filter(|point| self.allows(point)).count())
    }

    /// All points of these levels, if they are finitely many and no more than this.
    fn points(
        &self,
        levels: impl Fn(&Distribution) -> Option<Levels>,
        most: u128,
    ) -> Option<impl Iterator<Item = Point>> {
        let rank: Vec<usize> = (0..self.parameters.len()).collect();
        let values: Option<Vec<_>> = self.parameters.iter().map(|p| levels(&p.distribution)).collect();
        let values = values?;
        let points = Enumeration::new(self, &rank, |place| Some(values[place].clone())).ok()?;
        (points.size() <= most).then(|| {
            (0..points.size()).map(move |number| {
                let levels = points.levels(number).into_iter().zip(&values).zip(&self.parameters);
                levels
                    .filter_map(|((level, values), p)| Some((p.name.clone(), values.value(level?)?)))
                    .collect()
            })
        })
    }

    /// The coordinates of a legal point that is drawn at random: from the prior, or close to it where legal points are rare. `None` if
    /// no legal point is known; then there may be none.
    ///
    /// ```
    /// use besom_core::{Rng, Space};
    ///
    /// let space = Space::builder().uniform("a", 0.0, 1.0).uniform("b", 0.0, 1.0).constraint("a + b <= 0.01").build()?;
    /// let cube = space.draw(&mut Rng::new(7)).expect("there are such points");
    /// assert!(space.allows(&space.decode(&cube)));
    /// # Ok::<(), besom_core::SpaceError>(())
    /// ```
    pub fn draw(&self, rng: &mut impl Rng) -> Option<Vec<f64>> {
        let Some(constraints) = &self.constraints else { return Some(self.prior(rng)) };
        if !self.is_rarely_legal() {
            for _ in 0..DRAWS {
                let cube = self.prior(rng);
                if self.allows_at(&cube) {
                    return Some(cube);
                }
            }
        }
        match constraints.listed.get_or_init(|| self.listed()) {
            Some(listed) if listed.is_empty() => None,
            Some(listed) => Some(listed[rng.random_range(0..listed.len())].clone()),
            None => Some(self.walk(constraints.start.get_or_init(|| self.start()).as_ref()?, rng)),
        }
    }

    /// Whether a legal point is known. If none is, there may be none, and [`Space::draw`] gives none.
    pub fn has_legal_point(&self) -> bool {
        self.share().is_none_or(|share| share.legal > 0) || self.draw(&mut generator()).is_some()
    }

    /// Whether fewer than 1 in 200 points are legal, so that [`Space::draw`] walks.
    pub fn is_rarely_legal(&self) -> bool {
        self.share().is_some_and(|share| share.legal * DRAWS < RARE * share.points)
    }

    /// Coordinates drawn from the prior. The ends are left out: there unbounded distributions are infinite.
    fn prior(&self, rng: &mut impl Rng) -> Vec<f64> {
        (0..self.dimensions()).map(|_| rng.sample(Open01)).collect()
    }

    fn listed(&self) -> Option<Vec<Vec<f64>>> {
        let legal = self.points(Distribution::values, LISTED)?.filter(|point| self.allows(point));
        Some(legal.filter_map(|point| self.encode(&point)).filter(|cube| self.allows_at(cube)).collect())
    }

    /// A legal point: one of many draws, or where the best of them leads.
    fn start(&self) -> Option<Vec<f64>> {
        let rng = &mut generator();
        let mut best: Option<(f64, Vec<f64>)> = None;
        for _ in 0..SEARCHED {
            let cube = self.prior(rng);
            let violation = self.violation_at(&cube);
            if violation <= 0.0 {
                return Some(cube);
            }
            if best.as_ref().is_none_or(|(least, _)| violation < *least) {
                best = Some((violation, cube));
            }
        }
        let (violation, cube) = best?;
        self.descend(violation, cube)
    }

    /// Goes down the sum of the violations, one coordinate after the other.
    fn descend(&self, mut least: f64, mut cube: Vec<f64>) -> Option<Vec<f64>> {
        for step in DESCENT {
            for _ in 0..ROUNDS {
                let before = least;
                for axis in 0..cube.len() {
                    for step in [step, -step] {
                        let mut moved = cube.clone();
                        moved[axis] = inside(moved[axis] + step);
                        let violation = self.violation_at(&moved);
                        if violation < least {
                            (least, cube) = (violation, moved);
                        }
                    }
                }
                if least <= 0.0 {
                    return Some(cube);
                }
                if least >= before {
                    break;
                }
            }
        }
        None
    }

    /// Where a random walk over legal points leads from one of them: steps in a random direction take turns with steps in one
    /// coordinate, which reach other values of categories.
    fn walk(&self, from: &[f64], rng: &mut impl Rng) -> Vec<f64> {
        let mut at = from.to_vec();
        for _ in 0..STEPS * at.len() {
            let direction: Vec<f64> = if rng.random() {
                (0..at.len()).map(|_| rng.random_range(-1.0..1.0)).collect()
            } else {
                let axis = rng.random_range(0..at.len());
                (0..at.len()).map(|k| if k == axis { 1.0 } else { 0.0 }).collect()
            };
            at = self.stepped(at, &direction, rng);
        }
        at
    }

    /// A legal point on the line through a legal one.
    fn stepped(&self, at: Vec<f64>, direction: &[f64], rng: &mut impl Rng) -> Vec<f64> {
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        for (x, d) in at.iter().zip(direction).filter(|(_, d)| d.abs() > 1e-12) {
            let (to_zero, to_one) = (-x / d, (1.0 - x) / d);
            (low, high) = (low.max(to_zero.min(to_one)), high.min(to_zero.max(to_one)));
        }
        for _ in 0..SHORTER {
            let width = high - low;
            if !width.is_finite() || width <= 0.0 {
                break;
            }
            let t = low + width * rng.sample::<f64, _>(Open01);
            let moved: Vec<f64> = at.iter().zip(direction).map(|(x, d)| inside(x + t * d)).collect();
            if self.allows_at(&moved) {
                return moved;
            }
            if t < 0.0 { low = t } else { high = t }
        }
        at
    }
}

/// The generator of what is known of a space.
fn generator() -> crate::Rng {
    crate::Rng::new(u64::from_le_bytes(*b"legality"))
}

/// Within the unit cube, without its ends.
fn inside(u: f64) -> f64 {
    u.clamp(f64::EPSILON, 1.0 - f64::EPSILON)
}
