//! The front as the models see it, and what is left to be gained beside it.

use besom_core::pareto;
use besom_gp::GpError;
use besom_gp::improvement::HypervolumeImprovement;

use super::{Surrogate, TrainingData};

/// By what share of its spread a corner lies beyond the front (BoTorch's rule).
const BEYOND: f64 = 0.1;
/// How many points of the front candidates are made around.
const TOP: usize = 5;

/// Up to which corner a volume counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Corner {
    /// One just beyond the front.
    Near,
    /// One beyond all runs.
    Wide,
}

impl Corner {
    /// As a note has it.
    pub(in super::super) fn as_str(self) -> &'static str {
        match self {
            Self::Near => "near",
            Self::Wide => "wide",
        }
    }
}

/// The runs that no other one dominates, and the room beside them.
pub(super) struct Front {
    /// The places of its runs, the best of the first metric first.
    places: Vec<usize>,
    /// The runs as targets, and what pending ones are believed to bring.
    points: Vec<Vec<f64>>,
    near: Room,
    wide: Room,
}

/// What is to be gained up to a corner.
struct Room {
    corner: Vec<f64>,
    improvement: HypervolumeImprovement,
    /// The volume that the front has up to there.
    volume: f64,
}

impl Front {
    /// Of the feasible runs, given the models of all metrics.
    ///
    /// A run counts half way between its own target and what the model predicts there, as the incumbent of a single metric
    /// does (decision 20): lucky values would be a front that nothing improves on.
    pub(super) fn new(
        data: &[TrainingData],
        feasible: &[bool],
        thresholds: &[Option<f64>],
        surrogates: &[Surrogate],
    ) -> Result<Self, GpError> {
        let conditioned = data[0].conditioned();
        let halves: Vec<Vec<f64>> =
            surrogates.iter().zip(data).map(|(surrogate, data)| surrogate.half_way(data)).collect();
        let members: Vec<usize> = (0..conditioned.len()).filter(|&i| feasible[conditioned[i]]).collect();
        let vectors: Vec<Vec<f64>> =
            members.iter().map(|&i| halves.iter().map(|own| own[i]).collect()).collect();
        let mut front = pareto::front(&vectors);
        front.sort_by(|&a, &b| vectors[a][0].total_cmp(&vectors[b][0]));
        let places = front.iter().map(|&i| conditioned[members[i]]).collect();
        let points: Vec<Vec<f64>> = front.iter().map(|&i| vectors[i].clone()).collect();
        let (mut near, mut wide) = (Vec::new(), Vec::new());
        for (k, surrogate) in surrogates.iter().enumerate() {
            let threshold = thresholds[k].map(|loss| surrogate.warp.forward(loss));
            let own: Vec<f64> = points.iter().map(|point| point[k]).collect();
            let all: Vec<f64> = data[k].losses.iter().map(|&loss| surrogate.warp.forward(loss)).collect();
            let beyond_all = highest(&all) + BEYOND;
            let beyond_front =
                if own.is_empty() { beyond_all } else { highest(&own) + BEYOND * spread(&own, &all) };
            near.push(threshold.unwrap_or(beyond_front));
            wide.push(threshold.unwrap_or(beyond_front.max(beyond_all)));
        }
        let (near, wide) = (Room::new(&points, near)?, Room::new(&points, wide)?);
        Ok(Self { places, points, near, wide })
    }

    /// Takes what a pending point is believed to bring as there already: nothing is to be gained there any more.
    pub(super) fn believe(&mut self, means: Vec<f64>) -> Result<(), GpError> {
        self.points.push(means);
        for room in [&mut self.near, &mut self.wide] {
            room.improvement = improvement(&self.points, &room.corner)?;
        }
        Ok(())
    }

    /// How many runs are on it.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The rows of some of its runs, evenly from one end to the other; without one, the first rows.
    pub(super) fn some_rows(&self, rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let last = self.places.len().saturating_sub(1);
        let mut places: Vec<usize> =
            (0..TOP).filter_map(|k| self.places.get(k * last / (TOP - 1)).copied()).collect();
        places.dedup();
        if places.is_empty() {
            return rows.iter().take(TOP).cloned().collect();
        }
        places.into_iter().map(|place| rows[place].clone()).collect()
    }

    /// What is to be gained up to a corner.
    pub(super) fn improvement(&self, corner: Corner) -> &HypervolumeImprovement {
        &self.room(corner).improvement
    }

    /// The volume that the front has up to a corner.
    pub(super) fn volume(&self, corner: Corner) -> f64 {
        self.room(corner).volume
    }

    fn room(&self, corner: Corner) -> &Room {
        match corner {
            Corner::Near => &self.near,
            Corner::Wide => &self.wide,
        }
    }
}

impl Room {
    fn new(points: &[Vec<f64>], corner: Vec<f64>) -> Result<Self, GpError> {
        let volume = pareto::hypervolume(points, &corner);
        Ok(Self { improvement: improvement(points, &corner)?, volume, corner })
    }
}

fn improvement(points: &[Vec<f64>], corner: &[f64]) -> Result<HypervolumeImprovement, GpError> {
    let cells = pareto::cells(points, corner);
    HypervolumeImprovement::new(cells.iter().map(|cell| (&cell.lower[..], &cell.upper[..])))
}

fn highest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// The spread of a front, or that of all runs if it has none, or one if these have none.
fn spread(front: &[f64], all: &[f64]) -> f64 {
    let spread = |values: &[f64]| highest(values) - values.iter().copied().fold(f64::INFINITY, f64::min);
    [spread(front), spread(all)].into_iter().find(|&spread| spread > 0.0).unwrap_or(1.0)
}
