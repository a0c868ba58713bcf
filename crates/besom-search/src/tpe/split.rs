//! The split of runs at the quantile gamma: good ones, of which l(x) is the density, and bad ones, of which
//! g(x) is.

use besom_core::{Counted, History, Metric, RunNumber};

use crate::FailedRuns;

/// The runs of a history on two sides, as places in the history.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Split {
    /// The best runs, best first.
    pub(super) good: Vec<usize>,
    /// All others, among them those without a value, but for failed ones that do not count.
    pub(super) bad: Vec<usize>,
    /// How many runs have a value.
    pub(super) valued: usize,
}

impl Split {
    /// The best `gamma` part of the runs with a value, rounded up but at most `most`, against all others. Of
    /// equal runs the earlier ones are better.
    pub(super) fn new(
        metric: &Metric,
        history: &History,
        failed: &FailedRuns,
        gamma: f64,
        most: usize,
    ) -> Self {
        let (mut valued, mut bad) = (Vec::new(), Vec::new());
        for (place, run) in history.runs().iter().enumerate() {
            if failed.leave_out(RunNumber::from_index(place)) {
                continue;
            }
            match metric.counted(run, 0) {
                Counted::Measured(loss) | Counted::Imputed(loss) => valued.push((loss, place)),
                Counted::Worst | Counted::InFlight => bad.push(place),
                Counted::LeftOut => {}
            }
        }
        valued.sort_by(|(a, i), (b, j)| a.total_cmp(b).then(i.cmp(j)));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a count")]
        let count = ((gamma * valued.len() as f64).ceil() as usize).min(most);
        let (good, rest) = valued.split_at(count);
        bad.extend(rest.iter().map(|&(_, place)| place));
        Self { good: good.iter().map(|&(_, place)| place).collect(), bad, valued: valued.len() }
    }
}
