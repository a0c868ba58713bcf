//! `auto`: chooses the method by the space, the cap on runs and how many runs there are, and says so.
//!
//! The rules are few, so that a person can say beforehand what will be chosen, and depend on nothing but the problem and
//! the number of runs, so that every controller chooses alike.

use besom_core::value::same;
use besom_core::{Answer, Ask, BoxError, Distribution, Options, Problem, Search};
use serde_json::{Value, json};

use crate::error::{none_of, unknown_options};
use crate::{Bayes, CmaEs, Grid, Random, SearchError, Sobol, Tpe};

/// From so many runs on, one more costs a Gaussian process more than it tells.
const MANY_RUNS: usize = 2000;
/// More parameters than this leave a Gaussian process without anything near.
const MANY_PARAMETERS: usize = 100;
/// A cap of so many runs lets an evolution strategy overtake: at [`MANY_RUNS`] it is still behind what a Gaussian process
/// has found.
const ENOUGH_RUNS: u64 = 10_000;
/// Up to so many numbers an evolution strategy learns its directions within the runs there are.
const FEW_NUMBERS: usize = 50;
/// Fewer runs than these are over before a model knows anything.
const FEWEST_MODELLED: u64 = 6;

/// Chooses a method; its first rule that applies decides.
///
/// 1. All points of the space fit into `run_cap`: [`Grid`], in random order.
/// 2. There is no metric, or `run_cap` is less than 6: [`Sobol`], or [`Random`] for more parameters than that has.
/// 3. There are more than 100 parameters: [`Tpe`].
/// 4. `run_cap` is at least 10,000, and all parameters are real numbers, at most 50: [`CmaEs`].
/// 5. Otherwise [`Bayes`]; after 2,000 runs, unless the space may have fewer points than that, [`Tpe`], which goes on from
///    them.
///
/// There are no options; who wants one names the method. Notes are those of the chosen method with `chosen`, its name;
/// `why` says also why it was chosen.
#[derive(Debug)]
pub struct Auto {
    first: Choice,
    /// What follows after [`MANY_RUNS`].
    later: Option<Choice>,
}

#[derive(Debug)]
struct Choice {
    name: &'static str,
    because: String,
    method: Method,
}

#[derive(Debug)]
enum Method {
    Grid(Grid),
    Sobol(Sobol),
    Random(Random),
    Bayes(Box<Bayes>),
    Tpe(Tpe),
    CmaEs(CmaEs),
}

impl Auto {
    /// The choice for a problem.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, SearchError> {
        none_of(unknown_options(options, &[]))?;
        let first = first(problem)?;
        let none = Options::new();
        let later = match first.method {
            Method::Bayes(_) if is_large(problem) => Some(Choice {
                name: "tpe",
                because: format!("there are {MANY_RUNS} runs or more"),
                method: Method::Tpe(Tpe::new(problem, &none)?),
            }),
            _ => None,
        };
        Ok(Self { first, later })
    }
}

impl Search for Auto {
    fn suggest(&mut self, ask: &Ask<'_>) -> Result<Answer, BoxError> {
        let choice = match &mut self.later {
            Some(later) if ask.history.len() >= MANY_RUNS => later,
            _ => &mut self.first,
        };
        let mut answer = choice.method.search().suggest(ask)?;
        if let Answer::Try(suggestions) = &mut answer {
            for suggestion in suggestions {
                let chosen = format!("auto chose {}, because {}", choice.name, choice.because);
                let why = match suggestion.note.get("why").and_then(Value::as_str) {
                    Some(why) => format!("{why} ({chosen})"),
                    None => chosen,
                };
                suggestion.note.insert("why".to_owned(), json!(why));
                suggestion.note.insert("chosen".to_owned(), json!(choice.name));
            }
        }
        Ok(answer)
    }
}

impl Method {
    fn search(&mut self) -> &mut dyn Search {
        match self {
            Self::Grid(search) => search,
            Self::Sobol(search) => search,
            Self::Random(search) => search,
            Self::Bayes(search) => search.as_mut(),
            Self::Tpe(search) => search,
            Self::CmaEs(search) => search,
        }
    }
}

/// What the rules say at the start.
fn first(problem: &Problem) -> Result<Choice, SearchError> {
    let none = Options::new();
    let dimensions = problem.space.dimensions();
    let cap = problem.run_cap;
    let random = Options::from_iter([("order".to_owned(), json!("random"))]);
    let chosen = |name, because, method| Ok(Choice { name, because, method });
    if let Ok(grid) = Grid::new(problem, &random)
        && cap.map_or(grid.size() == 1, |cap| grid.size() <= u128::from(cap))
    {
        let because = match (grid.size(), cap) {
            (1, _) => "the space has one point only".to_owned(),
            (size, cap) => format!("run_cap {} is enough for all {size} points", cap.unwrap_or_default()),
        };
        return chosen("grid", because, Method::Grid(grid));
    }
    let sobol = |because| match Sobol::new(problem, &none) {
        Ok(sobol) => chosen("sobol", because, Method::Sobol(sobol)),
        Err(SearchError::TooManyDimensions { limit, .. }) => {
            let because = format!("{because}, and sobol has {limit} dimensions at most");
            chosen("random", because, Method::Random(Random::new(problem, &none)?))
        }
        Err(error) => Err(error),
    };
    if problem.metrics.is_empty() {
        return sobol("there is no metric to learn from".to_owned());
    }
    if let Some(cap) = cap.filter(|&cap| cap < FEWEST_MODELLED) {
        return sobol(format!("run_cap {cap} is less than the {FEWEST_MODELLED} runs that a model needs"));
    }
    if dimensions > MANY_PARAMETERS {
        let because = format!("{dimensions} parameters are more than {MANY_PARAMETERS}");
        return chosen("tpe", because, Method::Tpe(Tpe::new(problem, &none)?));
    }
    if let Some(cap) = cap.filter(|&cap| cap >= ENOUGH_RUNS)
        && dimensions <= FEW_NUMBERS
        && problem.space.searchable().all(|p| matches!(p.distribution, Distribution::Continuous(_)))
    {
        let because = format!("run_cap {cap} is at least {ENOUGH_RUNS} and all parameters are real numbers");
        return chosen("cma-es", because, Method::CmaEs(CmaEs::new(problem, &none)?));
    }
    let because = match is_large(problem) {
        true => format!("there are less than {MANY_RUNS} runs"),
        false => format!("the space may have fewer than {MANY_RUNS} points"),
    };
    chosen("bayes", because, Method::Bayes(Box::new(Bayes::new(problem, &none)?)))
}

/// Whether there surely are so many points that `bayes` cannot have tried all of them before [`MANY_RUNS`]; otherwise
/// it keeps the sweep, so that a sweep that is done stays so.
fn is_large(problem: &Problem) -> bool {
    let least = |distribution: &Distribution| match distribution {
        Distribution::Continuous(_) => MANY_RUNS as u128,
        Distribution::IntUniform { min, max } => u128::from(max.abs_diff(*min)) + 1,
        Distribution::Categorical { values, probabilities } => {
            let possible = |k: usize| probabilities.as_ref().is_none_or(|p| p[k] > 0.0);
            let new = |k: usize| !values[..k].iter().any(|earlier| same(earlier, &values[k]));
            (0..values.len()).filter(|&k| possible(k) && new(k)).take(MANY_RUNS).count() as u128
        }
        Distribution::Constant(_) | Distribution::Quantized(..) => 1,
    };
    let mut counts = problem.space.searchable().map(|parameter| least(&parameter.distribution).max(1));
    counts.try_fold(1, u128::checked_mul).is_none_or(|count| count >= MANY_RUNS as u128)
}
