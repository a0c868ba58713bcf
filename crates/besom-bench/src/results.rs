//! Sweeps that were benchmarked, and what they say of the methods.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;

use crate::bootstrap::{Interval, interval};
use crate::files::{self, References};
use crate::numbers::{for_ranking, mean, median, ranks};
use crate::score::Yardstick;
use crate::{BenchError, Record, Reference, Score};

/// A task with a seed: what methods are compared on.
pub(crate) type Pair<'a> = (&'a str, u64);

/// A method's sweeps that have a score, by task and seed.
pub(crate) type Sweeps<'a> = BTreeMap<Pair<'a>, Scored<'a>>;

/// A sweep that has a score, and what it is measured by.
#[derive(Clone, Copy)]
pub(crate) struct Scored<'a> {
    pub(crate) record: &'a Record,
    pub(crate) yardstick: Yardstick,
    pub(crate) score: Score,
}

/// The results of benchmarks: sweeps of several methods, and what their scores are relative to.
#[derive(Clone, Debug, Default)]
pub struct Results {
    records: Vec<Record>,
    references: References,
    /// The smallest loss known by instance.
    best: BTreeMap<String, f64>,
}

/// How much better one method is than another, by the scores of the sweeps that both finished.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// The mean over tasks of the first one's score minus the other's.
    pub mean: f64,
    /// The lower end of the interval in which 95 of 100 redraws of the seeds lie.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// How many sweeps of each were compared.
    pub pairs: usize,
}

impl Results {
    /// Results of these sweeps. Of two of one method, task and seed the later one counts, and one with a result before one with
    /// an error.
    pub fn new(
        records: impl IntoIterator<Item = Record>,
        references: impl IntoIterator<Item = (String, Reference)>,
    ) -> Self {
        let mut results = Self { references: references.into_iter().collect(), ..Self::default() };
        results.add(records);
        results
    }

    /// Reads results files, and all of a folder. Beside them lies `reference.json`.
    ///
    /// # Errors
    /// [`BenchError::Io`], and [`BenchError::Damaged`] with every line that is no sweep. A last line that was cut short is left
    /// out in silence.
    pub fn read(paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> Result<Self, BenchError> {
        let paths: Vec<PathBuf> = paths.into_iter().map(Into::into).collect();
        let (records, references) = files::read_all(&paths)?;
        Ok(Self::new(records, references))
    }

    /// Both results together. What `other` has of the same method, task and seed counts in place of what is here.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        for (key, reference) in other.references {
            self.references.insert(key, reference);
        }
        self.add(other.records);
        self
    }

    fn add(&mut self, records: impl IntoIterator<Item = Record>) {
        let identity = |record: &Record| (record.method.clone(), record.problem.clone(), record.seed);
        let mut places: BTreeMap<_, usize> =
            self.records.iter().enumerate().map(|(place, record)| (identity(record), place)).collect();
        for record in records {
            match places.get(&identity(&record)) {
                Some(&place) if record.error.is_some() && self.records[place].error.is_none() => {}
                Some(&place) => self.records[place] = record,
                None => {
                    places.insert(identity(&record), self.records.len());
                    self.records.push(record);
                }
            }
        }
        self.best = self.best_known();
    }

    fn best_known(&self) -> BTreeMap<String, f64> {
        let mut best: BTreeMap<String, f64> =
            self.references.iter().map(|(key, reference)| (key.clone(), reference.best)).collect();
        for record in &self.records {
            let open = self.references.get(&record.key).is_some_and(|reference| !reference.exact);
            if let (true, Some(last), Some(known)) = (open, record.last(), best.get_mut(&record.key)) {
                *known = known.min(last);
            }
        }
        best
    }

    /// All sweeps, in the order in which they were added.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The sweeps without a result.
    pub fn errors(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.error.is_some())
    }

    /// What scores are relative to, by instance.
    pub fn references(&self) -> impl Iterator<Item = (&str, &Reference)> {
        self.references.iter().map(|(key, reference)| (key.as_str(), reference))
    }

    /// The labels of all methods, in the order in which they were added.
    pub fn methods(&self) -> Vec<&str> {
        in_order(self.records.iter().map(|record| record.method.as_str()))
    }

    /// The names of all tasks, in the order in which they were added.
    pub fn problems(&self) -> Vec<&str> {
        in_order(self.records.iter().map(|record| record.problem.as_str()))
    }

    /// The sweeps as lines of JSON, as results files hold them.
    pub fn to_jsonl(&self) -> String {
        let line = |record| serde_json::to_string(record).expect("texts and numbers") + "\n";
        self.records.iter().map(line).collect()
    }

    /// The score of a sweep; `None` if it has no result, or its instance no reference.
    pub fn score(&self, record: &Record) -> Option<Score> {
        self.scored(record).map(|sweep| sweep.score)
    }

    fn scored<'a>(&self, record: &'a Record) -> Option<Scored<'a>> {
        let (reference, best) = (self.references.get(&record.key)?, *self.best.get(&record.key)?);
        let yardstick = Yardstick::new(record, reference, best)?;
        Some(Scored { record, yardstick, score: yardstick.score(record)? })
    }

    /// How much better `one` is than `other`: their scores compared on the same tasks and seeds.
    ///
    /// ```
    /// # use besom_bench::{Record, Reference, Results};
    /// # let sweep = |method, seed, loss| {
    /// #     let mut record = Record::new(method, "bowl", seed);
    /// #     (record.key, record.curve) = ("bowl".to_owned(), vec![loss]);
    /// #     record
    /// # };
    /// # let records = (0..5).flat_map(|seed| [sweep("mine", seed, 0.2), sweep("random", seed, 0.8 + 0.1 * seed as f64)]);
    /// # let results = Results::new(records, [("bowl".to_owned(), Reference::new(vec![1.0], 0.0, true))]);
    /// let difference = results.paired_difference("mine", "random")?;
    /// assert!(difference.low > 0.5, "mine must be better than random search by half of what is possible");
    /// # Ok::<(), besom_bench::BenchError>(())
    /// ```
    ///
    /// # Errors
    /// [`BenchError::Unknown`] for a method of which there is nothing, [`BenchError::NothingInCommon`].
    pub fn paired_difference(&self, one: &str, other: &str) -> Result<Difference, BenchError> {
        let methods = self.methods();
        for name in [one, other] {
            if !methods.contains(&name) {
                return Err(BenchError::unknown("method", name, methods));
            }
        }
        let (sweeps, against) = (self.sweeps(one, None), self.sweeps(other, None));
        let mut by_problem: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (pair, own) in &sweeps {
            if let Some(theirs) = against.get(pair) {
                by_problem.entry(pair.0).or_default().push(own.score.score - theirs.score.score);
            }
        }
        let differences: Vec<Vec<f64>> = by_problem.into_values().collect();
        if differences.is_empty() {
            return Err(BenchError::NothingInCommon { one: one.to_owned(), other: other.to_owned() });
        }
        let Interval { mean, low, high } = interval(&differences);
        Ok(Difference { mean, low, high, pairs: differences.iter().map(Vec::len).sum() })
    }

    /// A method's sweeps that have a score, of a task or of all.
    pub(crate) fn sweeps(&self, method: &str, problem: Option<&str>) -> Sweeps<'_> {
        let wanted = |record: &&Record| {
            record.method == method && problem.is_none_or(|problem| record.problem == problem)
        };
        let own = self.records.iter().filter(wanted);
        own.filter_map(|record| Some(((&*record.problem, record.seed), self.scored(record)?))).collect()
    }

    /// The methods compared, the best first. Only the tasks and seeds count that every method has finished which has finished
    /// any.
    pub fn standings(&self) -> Vec<Standing> {
        let compared = self.compared(None);
        let none = Sweeps::new();
        let own =
            |method: &str| compared.iter().find(|(name, _)| *name == method).map_or(&none, |(_, own)| own);
        let standing = |method: &&str| self.standing(method, own(method), &compared);
        let mut standings: Vec<Standing> = self.methods().iter().map(standing).collect();
        standings.sort_by(|a, b| b.score.mean.total_cmp(&a.score.mean));
        // Those without a score come last, whatever 0 means to the others.
        standings.sort_by_key(|standing| standing.pairs == 0);
        standings
    }

    fn standing(&self, method: &str, sweeps: &Sweeps<'_>, compared: &[(&str, Sweeps<'_>)]) -> Standing {
        let mut by_problem: BTreeMap<&str, Vec<(Score, f64)>> = BTreeMap::new();
        for (pair, own) in sweeps {
            let all: Vec<Scored<'_>> = compared.iter().map(|(_, sweeps)| sweeps[pair]).collect();
            by_problem.entry(pair.0).or_default().push((own.score, rank(own, &all)));
        }
        let of = |value: &dyn Fn(&(Score, f64)) -> f64| -> Vec<Vec<f64>> {
            by_problem.values().map(|scores| scores.iter().map(value).collect()).collect()
        };
        let mean_of = |value: &dyn Fn(&(Score, f64)) -> f64| {
            mean(&of(value).iter().map(|values| mean(values)).collect::<Vec<_>>())
        };
        let mut late: Vec<f64> = sweeps.values().map(|own| own.record.cpu_ms_late).collect();
        Standing {
            method: method.to_owned(),
            problems: by_problem.len(),
            pairs: sweeps.len(),
            score: interval(&of(&|(score, _)| score.score)),
            half: mean_of(&|(score, _)| score.half),
            decades: mean_of(&|(score, _)| score.decades),
            speedup: mean_of(&|(score, _)| score.log_speedup).exp(),
            rank: mean_of(&|(_, rank)| *rank),
            cpu_s: mean(&sweeps.values().map(|own| own.record.cpu_s).collect::<Vec<_>>()),
            cpu_ms_late: median(&mut late),
            peak_mb: sweeps.values().map(|own| own.record.peak_mb).max().unwrap_or_default(),
            failed: self.errors().filter(|record| record.method == method).count(),
        }
    }
}

/// Where a method stands among those that it was compared with.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Standing {
    /// Its label.
    pub method: String,
    /// How many tasks were compared.
    pub problems: usize,
    /// How many of its sweeps were compared; 0 if it has finished none. Then everything but `failed` means nothing.
    pub pairs: usize,
    /// The mean score, with its interval.
    pub score: Interval,
    /// The mean score after half the budget.
    pub half: f64,
    /// The mean decades.
    pub decades: f64,
    /// The geometric mean of the speedups.
    pub speedup: f64,
    /// The mean rank among the methods, from 1.
    pub rank: f64,
    /// The mean CPU time of a sweep, in seconds.
    pub cpu_s: f64,
    /// The median CPU time of asking for one of a sweep's last runs and learning of it, in milliseconds.
    pub cpu_ms_late: f64,
    /// The most memory that its process used, in MiB; 0 for a method in this process.
    pub peak_mb: u64,
    /// How many of its sweeps have an error.
    pub failed: usize,
}

/// The rank of a sweep among those of the same task and seed, one of which it is.
pub(crate) fn rank(own: &Scored<'_>, all: &[Scored<'_>]) -> f64 {
    let last = |sweep: &Scored<'_>| for_ranking(sweep.record.last().unwrap_or(f64::INFINITY));
    let place = all.iter().position(|sweep| sweep.record.method == own.record.method);
    let place = place.expect("it is one of them");
    ranks(&all.iter().map(last).collect::<Vec<_>>())[place]
}

fn in_order<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(*name)).collect()
}
