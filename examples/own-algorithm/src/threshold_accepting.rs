//! Threshold accepting (Dueck & Scheuer 1990): a walk that also accepts worse points, ever fewer of them.

use std::ops::Bound;

use besom::core::{
    Answer, Ask, BoxError, History, OptionDefault, OptionKind, OptionReader, OptionSpec, Options, Point,
    Problem, Rng, Search, Spec,
};

/// Walks by steps from the point it stands on. A run is accepted as the next one to stand on if it is among the best share of
/// all runs so far, and that share shrinks: with shares of losses instead of differences, the scale of the metric does not matter.
#[derive(Debug)]
pub struct ThresholdAccepting {
    /// The share of runs that are good enough at first.
    heat: f64,
    /// What the share and the steps are multiplied by for each run.
    cooling: f64,
}

const SHARE: OptionKind = OptionKind::Number { low: Bound::Excluded(0.0), high: Bound::Included(1.0) };

impl ThresholdAccepting {
    /// What the check of sweep files, `besom methods` and an editor know of it.
    pub const SPEC: Spec =
        Spec::new("Walks from point to point, and accepts ever fewer worse ones").needs_metric().options(&[
            OptionSpec::new(
                "heat",
                SHARE,
                OptionDefault::Number(0.5),
                "The share of runs that is good enough at first.",
            ),
            OptionSpec::new(
                "cooling",
                SHARE,
                OptionDefault::Number(0.96),
                "What it is multiplied by for each run.",
            ),
        ]);

    /// The method with options that the spec allows.
    pub fn new(options: &Options) -> Result<Self, BoxError> {
        let read = OptionReader::new(Self::SPEC, options);
        let (heat, cooling) = (read.number("heat"), read.number("cooling"));
        Ok(read.finish(Self { heat, cooling })?)
    }

    /// Where the walk stands: replayed from the history, for a fresh instance must give the same answers.
    fn place<'a>(&self, problem: &Problem, history: &'a History) -> Option<&'a Point> {
        let metric = problem.metric()?;
        let mut losses: Vec<f64> = Vec::new();
        let mut place = None;
        for (k, run) in history.runs().iter().enumerate() {
            let Some(loss) = metric.counted(run, 0).loss() else { continue };
            let rank = losses.partition_point(|&other| other < loss);
            losses.insert(rank, loss);
            if rank as f64 <= self.heat * self.cooling.powf(k as f64) * (losses.len() - 1) as f64 {
                place = Some(&run.point);
            }
        }
        place
    }

    fn step(&self, from: f64, runs: usize, rng: &mut Rng) -> f64 {
        let size = 0.3 * self.cooling.powf(runs as f64) + 0.01;
        let to = (from + size * rng.normal()).rem_euclid(2.0);
        if to > 1.0 { 2.0 - to } else { to } // reflected into the unit cube
    }
}

impl Search for ThresholdAccepting {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        let space = &ask.problem.space;
        let place = self.place(ask.problem, ask.history).and_then(|point| space.encode(point));
        let suggestions = (0..ask.count).map(|i| {
            let mut rng = ask.rng(i); // all chance comes from here
            let runs = ask.history.len() + i;
            let unit: Vec<f64> = match &place {
                Some(place) => place.iter().map(|&u| self.step(u, runs, &mut rng)).collect(),
                None => (0..space.dimensions()).map(|_| rng.f64()).collect(),
            };
            space.decode(&unit).into()
        });
        Ok(Answer::Try(suggestions.collect()))
    }
}
