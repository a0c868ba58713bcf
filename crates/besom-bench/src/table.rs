//! Results as people read them.

use crate::bootstrap::Interval;
use crate::markdown::{Table, fixed, signed};
use crate::{Difference, Results, Standing};

/// What the columns mean, for those who read a table for the first time.
const LEGEND: &str = "\
Score: 0 = median random search, 1 = optimum or best known; in brackets 95 % of redraws of the seeds. Half: after half the runs.
Decades: orders of magnitude of regret below random search, at most 4. Speedup: to reach what random search ends with.";

impl Results {
    /// The methods compared, as Markdown that is aligned as text: a table of scores, the best first, a table of paired
    /// differences between the method that was added first and the others, and what failed.
    pub fn table(&self) -> String {
        let standings = self.standings();
        let compared: Vec<&Standing> = standings.iter().filter(|standing| standing.pairs > 0).collect();
        let mut parts = vec![self.header(&compared)];
        if !compared.is_empty() {
            parts.push(scores(&compared));
        }
        parts.extend(self.differences());
        parts.extend(self.failures());
        if !compared.is_empty() {
            parts.push(format!("{LEGEND}\n"));
        }
        parts.join("\n")
    }

    fn header(&self, compared: &[&Standing]) -> String {
        let Some(first) = compared.first() else {
            return "No sweep was finished by every method, so nothing can be compared.\n".to_owned();
        };
        let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        let (problems, pairs) = (count(first.problems, "task"), count(first.pairs, "sweep"));
        format!("{problems}, {pairs} each of {}\n", count(compared.len(), "method"))
    }

    /// The method that was added first against each other one; none if there is only one.
    fn differences(&self) -> Option<String> {
        let methods = self.methods();
        let (first, others) = methods.split_first()?;
        let mut table = Table::new(["difference in score", "mean [95 %]", "sweeps", "verdict"]);
        let mut any = false;
        for other in others {
            let Ok(difference) = self.paired_difference(first, other) else { continue };
            let Difference { mean, low, high, pairs } = difference;
            let interval = format!("{} [{}, {}]", signed(mean), signed(low), signed(high));
            let verdict = difference.verdict();
            table.row([format!("{first} - {other}"), interval, pairs.to_string(), verdict.to_owned()]);
            any = true;
        }
        any.then(|| table.to_string())
    }

    /// A line for each method with errors.
    fn failures(&self) -> Option<String> {
        let line = |method: &&str| {
            let own = || self.records().iter().filter(|record| record.method == *method);
            let mut errors = own().filter_map(|record| Some((record, record.error.as_ref()?)));
            let (first, error) = errors.next()?;
            let failed = 1 + errors.count();
            let place = format!("{} with seed {}", first.problem, first.seed);
            Some(format!("{method}: {failed} of {} sweeps failed, first {place}: {error}\n", own().count()))
        };
        let lines: String = self.methods().iter().filter_map(line).collect();
        (!lines.is_empty()).then_some(lines)
    }
}

impl Difference {
    /// Whether the interval decides it: `better`, `worse` or `undecided`.
    pub fn verdict(&self) -> &'static str {
        match (self.low > 0.0, self.high < 0.0) {
            (true, _) => "better",
            (_, true) => "worse",
            _ => "undecided",
        }
    }
}

fn scores(standings: &[&Standing]) -> String {
    let outside = standings.iter().any(|standing| standing.peak_mb > 0);
    let mut header = vec![
        "method",
        "score [95 %]",
        "half",
        "decades",
        "speedup",
        "rank",
        "CPU s/sweep",
        "CPU ms/late run",
    ];
    header.extend(outside.then_some("peak MiB"));
    header.push("failed");
    let mut table = Table::new(header);
    for standing in standings {
        let Interval { mean, low, high } = standing.score;
        let mut row = vec![
            standing.method.clone(),
            format!("{} [{}, {}]", fixed(mean, 3), fixed(low, 3), fixed(high, 3)),
            fixed(standing.half, 3),
            fixed(standing.decades, 2),
            format!("{:.2}x", standing.speedup),
            fixed(standing.rank, 2),
            format!("{:.3}", standing.cpu_s),
            format!("{:.2}", standing.cpu_ms_late),
        ];
        let peak = if standing.peak_mb > 0 { standing.peak_mb.to_string() } else { "-".to_owned() };
        row.extend(outside.then_some(peak));
        row.push(standing.failed.to_string());
        table.row(row);
    }
    table.to_string()
}
