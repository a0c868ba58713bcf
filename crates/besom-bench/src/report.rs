//! What a report of results shows besides the table: scores of each task, and curves.

use std::collections::{BTreeMap, BTreeSet};

use crate::Results;
use crate::markdown::{Table, fixed};
use crate::numbers::{mean, quantile};
use crate::results::{Pair, Scored, Sweeps, rank};

/// At how many places of the budget the share of reached targets is given.
const PLACES: usize = 100;

impl Results {
    /// A whole report in Markdown: the table, and for each task the mean score and the mean rank of each method. `pictures` are
    /// lines that follow the table, such as links to files.
    pub fn report(&self, pictures: &[String]) -> String {
        let mut parts = vec!["# Benchmark\n".to_owned(), self.table()];
        parts.extend(pictures.iter().map(|picture| format!("{picture}\n")));
        parts.push(format!("## Scores by task\n\n{}", self.by_task(3, |own, _| own.score.score)));
        parts.push(format!("## Ranks by task\n\n{}", self.by_task(2, rank)));
        parts.join("\n")
    }

    /// A method's regret on a task: lower quartile, median and upper quartile over seeds, after each run. Regret is a share: 1 is
    /// where median random search ends, and 0.0001, the least that is shown, next to the optimum. Only sweeps count that all
    /// methods have finished.
    pub fn regret(&self, method: &str, problem: &str) -> Vec<[f64; 3]> {
        let compared = self.compared(Some(problem));
        let Some((_, sweeps)) = compared.iter().find(|(name, _)| *name == method) else { return Vec::new() };
        let longest = sweeps.values().map(|own| own.record.curve.len()).max().unwrap_or(0);
        let after = |run: usize| {
            let mut regrets: Vec<f64> =
                sweeps.values().map(|own| own.yardstick.regret(own.loss_at(run))).collect();
            regrets.sort_by(f64::total_cmp);
            [0.25, 0.5, 0.75].map(|q| quantile(&regrets, q))
        };
        (0..longest).map(after).collect()
    }

    /// How many targets a method has reached after shares of the budget, as shares: the empirical distribution function of run
    /// lengths that COCO shows. Targets are the regrets between that of random search and a ten thousandth of it, even in their
    /// logarithms, on each task and seed that all methods have finished. Every task counts alike.
    pub fn reached(&self, method: &str) -> Vec<(f64, f64)> {
        let compared = self.compared(None);
        let Some((_, sweeps)) = compared.iter().find(|(name, _)| *name == method) else { return Vec::new() };
        let after = |share: f64| {
            let mut by_problem: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
            for (pair, own) in sweeps {
                by_problem.entry(pair.0).or_default().push(own.reached_at(share));
            }
            mean(&by_problem.values().map(|shares| mean(shares)).collect::<Vec<_>>())
        };
        (1..=PLACES).map(|place| place as f64 / PLACES as f64).map(|share| (share, after(share))).collect()
    }

    /// Every method that has finished a sweep (of a task), with those of its sweeps that all of them have finished.
    pub(crate) fn compared(&self, problem: Option<&str>) -> Vec<(&str, Sweeps<'_>)> {
        let sweeps = self.methods().into_iter().map(|method| (method, self.sweeps(method, problem)));
        let mut all: Vec<_> = sweeps.filter(|(_, sweeps)| !sweeps.is_empty()).collect();
        let sets: Vec<BTreeSet<Pair<'_>>> =
            all.iter().map(|(_, sweeps)| sweeps.keys().copied().collect()).collect();
        for (_, sweeps) in &mut all {
            sweeps.retain(|pair, _| sets.iter().all(|set| set.contains(pair)));
        }
        all
    }

    /// A row for each task, a column for each method, with the mean of a value over seeds; the value of a sweep may depend on
    /// those of all methods.
    fn by_task(&self, digits: usize, value: impl Fn(&Scored<'_>, &[Scored<'_>]) -> f64) -> String {
        let compared = self.compared(None);
        let methods = compared.iter().map(|(method, _)| *method);
        let mut table = Table::new(["task"].into_iter().chain(methods).chain(["sweeps"]));
        let pairs: Vec<Pair<'_>> =
            compared.first().map_or_else(Vec::new, |(_, sweeps)| sweeps.keys().copied().collect());
        for problem in self.problems() {
            let mut values = vec![Vec::new(); compared.len()];
            for pair in pairs.iter().filter(|pair| pair.0 == problem) {
                let all: Vec<Scored<'_>> = compared.iter().map(|(_, sweeps)| sweeps[pair]).collect();
                values.iter_mut().zip(&all).for_each(|(values, own)| values.push(value(own, &all)));
            }
            let sweeps = values.first().map_or(0, Vec::len);
            if sweeps > 0 {
                let shown = values.iter().map(|values| fixed(mean(values), digits));
                table.row([problem.to_owned()].into_iter().chain(shown).chain([sweeps.to_string()]));
            }
        }
        table.to_string()
    }
}

impl Scored<'_> {
    /// The loss after the run at this place; a sweep that ended before keeps what it had.
    fn loss_at(&self, run: usize) -> f64 {
        let curve = &self.record.curve;
        curve[run.min(curve.len() - 1)]
    }

    /// The share of targets that are reached after this share of the budget.
    fn reached_at(&self, share: f64) -> f64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of runs")]
        let runs = (share * self.record.budget() as f64) as usize;
        let Some(run) = runs.checked_sub(1) else { return 0.0 };
        self.yardstick.decades(self.loss_at(run)).clamp(0.0, 4.0) / 4.0
    }
}
