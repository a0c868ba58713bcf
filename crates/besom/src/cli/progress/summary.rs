//! The two lines about the sweep below its running runs: how far it is, and its best run.

use std::time::{Duration, Instant};

use besom_store::{Status, SweepRow};

use crate::cli::text::{Line, Paint};
use crate::cli::{describe, table};

/// The columns of the bar.
const BAR: usize = 24;

/// How fast the sweep gets on while this process looks.
pub(super) struct Pace {
    jobs: u64,
    begun: Instant,
    /// How many runs were over when this process began to look.
    before: u64,
}

impl Pace {
    pub(super) fn new(jobs: u64, status: &Status) -> Self {
        Self { jobs, begun: Instant::now(), before: describe::over(status) }
    }

    /// `[=====>     ]  45 %  9 of 20: 2 running, 7 finished`, and `best val_loss 0.12 (run 7) | 12 s elapsed | about 1 min left`;
    /// `total` is how many runs the sweep will have, if that is known, `on_front` how many are on the front of one with several metrics.
    pub(super) fn summary(
        &self,
        sweep: &SweepRow,
        status: &Status,
        total: Option<u64>,
        on_front: Option<usize>,
    ) -> Vec<Line> {
        let elapsed = self.begun.elapsed();
        let done = describe::over(status);
        let bar = total.filter(|total| *total > 0).map(|total| bar(done, total)).unwrap_or_default();
        let counts = Line::new(Paint::Good, &bar).and(Paint::Plain, &describe::counts(total, status));
        let best = match on_front {
            Some(runs) => Some(format!("front of {} | ", table::count(runs as u64, "run"))),
            None => status.best.map(|best| format!("best {} | ", describe::best_value(sweep, &best))),
        };
        let left = total
            .and_then(|total| self.left(status, total, elapsed))
            .filter(|left| *left > 0)
            .map(|left| format!(" | about {} left", table::span(left)));
        let times = format!("{} elapsed{}", table::span(millis(elapsed)), left.unwrap_or_default());
        vec![counts, Line::new(Paint::Best, &best.unwrap_or_default()).and(Paint::Dim, &times)]
    }

    /// An estimate. Once some runs have ended, the pace so far, which includes the time between runs; before that, the mean
    /// time of the newest runs, shared among the jobs.
    fn left(&self, status: &Status, total: u64, elapsed: Duration) -> Option<u64> {
        let done = describe::over(status);
        let left = total.saturating_sub(done);
        let here = done.saturating_sub(self.before);
        if here <= self.jobs {
            return Some(besom_engine::left_ms(left, status.mean_run_ms?, self.jobs));
        }
        let millis = millis(elapsed) as f64 * left as f64 / here as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate for people")]
        let millis = millis as u64;
        Some(millis)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// `[=====>     ]  45 %  `.
fn bar(done: u64, total: u64) -> String {
    let done = done.min(total);
    let filled = usize::try_from(u128::from(done) * BAR as u128 / u128::from(total)).unwrap_or(BAR);
    let head = if filled < BAR { ">" } else { "" };
    let bar = format!("{}{head}", "=".repeat(filled));
    format!("[{bar:<BAR$}] {:>3} %  ", u128::from(done) * 100 / u128::from(total))
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_bar_is_full_at_the_end_and_not_before() {
        assert_eq!(bar(0, 20), "[>                       ]   0 %  ");
        assert_eq!(bar(19, 20), "[======================> ]  95 %  ");
        assert_eq!(bar(20, 20), "[========================] 100 %  ");
    }
}
