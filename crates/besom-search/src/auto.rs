//! `auto`: chooses the method by the space, the cap on runs and the number of runs, and gives its reason.
//!
//! The rules are few, so that a person can predict the choice, and depend on nothing but the problem and the
//! number of runs, so that every controller chooses alike.

use besom_core::value::same;
use besom_core::{
    Answer, Ask, BoxError, Distribution, Ends, Faults, Options, Problem, Search, Spec, Supports,
    typed_options,
};
use serde_json::{Value, json};

use crate::options::{check, named};
use crate::{Bayes, CmaEs, Grid, Random, Sobol, Tpe};

/// From this many runs on one more costs a Gaussian process more than it is worth; [`Tpe`] takes over, whose
/// time grows with the number of runs and not with its square. What the numbers here rest on is in
/// docs/benchmarks.md, "Other methods".
const MANY_RUNS: usize = 2000;
/// With more parameters than this a Gaussian process has no run near to any point; a bound by judgment.
const MANY_PARAMETERS: usize = 100;
/// A cap of this many runs lets an evolution strategy overtake: at [`MANY_RUNS`] it is still behind what a
/// Gaussian process has found, in 3 of 3 sweeps, and at this many ahead of it in 3 of 3.
const ENOUGH_RUNS: u64 = 10_000;
/// Up to this many numbers an evolution strategy learns its directions within the runs there are: the
/// covariances grow with the square of the numbers; a bound by judgment.
const FEW_NUMBERS: usize = 50;
/// From this many runs on a model is better than a sequence that fills the space: in 48 % of 300 sweeps,
/// worse in 33 %.
const FEWEST_MODELED: u64 = 6;

/// Chooses a method; its first rule that applies decides.
///
/// 1. All points of the space fit into `run_cap`: [`Grid`], in random order. The maximum of a `q_uniform`, which `grid` leaves
///    out as W&B does, is one of the points.
/// 2. There is no metric, or there are more than [`Bayes`] takes into account, or `run_cap` is less than 6: [`Sobol`], or [`Random`]
///    for more parameters than that has.
/// 3. There are more than 100 parameters and one metric: [`Tpe`].
/// 4. There is one metric, `run_cap` is at least 10,000, and all parameters are real numbers, at most 50, without conditions and constraints: [`CmaEs`].
/// 5. Otherwise [`Bayes`]; after 2,000 runs, with one metric and unless the space may have fewer points than that, [`Tpe`], which
///    continues from them.
///
/// There are no options; to set one, name the method. Notes are those of the chosen method with `chosen`, its
/// name; `why` also gives the reason for the choice.
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
    CmaEs(Box<CmaEs>),
}

typed_options! {
    /// Options of [`Auto`]; there are none.
    pub struct AutoOptions {}
}

impl Auto {
    /// How the method describes itself.
    pub const SPEC: Spec = Spec::new("Chooses another method by the space and the number of runs")
        .ends(Ends::Never)
        .supports(Supports::ONE_METRIC.conditions().any_metrics())
        .options(AutoOptions::SPECS);

    /// The choice for a problem.
    pub fn new(problem: &Problem, options: &Options) -> Result<Self, Faults> {
        check(Self::SPEC, problem, options)?;
        let first = first(problem)?;
        let none = Options::new();
        let later = match first.method {
            Method::Bayes(_) if is_large(problem) && takes(Tpe::SPEC, problem) => Some(Choice {
                name: "tpe",
                because: format!("there are {MANY_RUNS} runs or more"),
                method: Method::Tpe(Tpe::new(problem, &none)?),
            }),
            _ => None,
        };
        Ok(Self { first, later })
    }

    /// As [`Auto::new`] with typed options; named and guarded, as a registry builds it.
    ///
    /// # Errors
    /// As [`Auto::new`].
    pub fn with(problem: &Problem, options: AutoOptions) -> Result<besom_core::Method, Faults> {
        named("auto", Self::SPEC, problem, options, Self::new)
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
            Self::CmaEs(search) => search.as_mut(),
        }
    }
}

impl Choice {
    fn new(name: &'static str, because: String, method: Method) -> Self {
        Self { name, because, method }
    }
}

/// The choice at the start.
fn first(problem: &Problem) -> Result<Choice, Faults> {
    if let Some(grid) = every_point(problem) {
        return Ok(grid);
    }
    if let Some(because) = no_model(problem) {
        return fill(problem, because);
    }
    let none = Options::new();
    let dimensions = problem.space.dimensions();
    if dimensions > MANY_PARAMETERS && takes(Tpe::SPEC, problem) {
        let because = format!("{dimensions} parameters are more than {MANY_PARAMETERS}");
        return Ok(Choice::new("tpe", because, Method::Tpe(Tpe::new(problem, &none)?)));
    }
    if let Some(cap) = problem.run_cap.filter(|&cap| cap >= ENOUGH_RUNS)
        && takes(CmaEs::SPEC, problem)
        && dimensions <= FEW_NUMBERS
        && !problem.space.is_conditional()
        && !problem.space.is_constrained()
        && problem.space.searchable().all(|p| matches!(p.distribution, Distribution::Continuous(_)))
    {
        let because = format!("run_cap {cap} is at least {ENOUGH_RUNS} and all parameters are real numbers");
        return Ok(Choice::new("cma-es", because, Method::CmaEs(Box::new(CmaEs::new(problem, &none)?))));
    }
    let because = match is_large(problem) {
        _ if !takes(Tpe::SPEC, problem) => format!("there are {} metrics", problem.metrics.len()),
        true => format!("there are fewer than {MANY_RUNS} runs"),
        false => format!("the space may have fewer than {MANY_RUNS} points"),
    };
    Ok(Choice::new("bayes", because, Method::Bayes(Box::new(Bayes::new(problem, &none)?))))
}

/// The grid in random order, if the cap is enough for all points or there is only one.
fn every_point(problem: &Problem) -> Option<Choice> {
    // Parameters that make no grid are left to the next rules.
    let grid = Grid::of_all_values(problem)?;
    let because = match (grid.size(), problem.run_cap) {
        (1, _) => "the space has one point only".to_owned(),
        (size, Some(cap)) if size <= u128::from(cap) => {
            format!("run_cap {cap} is enough for all {size} points")
        }
        _ => return None,
    };
    Some(Choice::new("grid", because, Method::Grid(grid)))
}

/// Why no model can be learned, if so.
fn no_model(problem: &Problem) -> Option<String> {
    if problem.metrics.is_empty() {
        return Some("there is no metric to learn from".to_owned());
    }
    if !takes(Bayes::SPEC, problem) {
        return Some(format!("no method learns from {} metrics", problem.metrics.len()));
    }
    let cap = problem.run_cap.filter(|&cap| cap < FEWEST_MODELED)?;
    Some(format!("run_cap {cap} is less than the {FEWEST_MODELED} runs that a model needs"))
}

/// Whether a method takes all metrics into account.
fn takes(spec: Spec, problem: &Problem) -> bool {
    spec.supports.metrics >= problem.metrics.len()
}

/// Points that fill the space, or random ones where it has too many dimensions for that.
fn fill(problem: &Problem, because: String) -> Result<Choice, Faults> {
    let none = Options::new();
    if problem.space.dimensions() <= Sobol::DIMENSIONS {
        return Ok(Choice::new("sobol", because, Method::Sobol(Sobol::new(problem, &none)?)));
    }
    let because = format!("{because}, and sobol has {} dimensions at most", Sobol::DIMENSIONS);
    Ok(Choice::new("random", because, Method::Random(Random::new(problem, &none)?)))
}

/// Whether the space certainly has more points than `bayes` can have tried before [`MANY_RUNS`]; otherwise it
/// keeps the sweep, so that a sweep that is done stays so.
fn is_large(problem: &Problem) -> bool {
    if problem.space.is_constrained()
        && let Some(share) = problem.space.legal_share().filter(|share| share.exact)
    {
        return share.legal >= MANY_RUNS;
    }
    let least = |distribution: &Distribution| match distribution {
        Distribution::Continuous(_) => MANY_RUNS as u128,
        Distribution::IntUniform { min, max } => u128::from(max.abs_diff(*min)) + 1,
        Distribution::Categorical { values, probabilities } => {
            let possible = |k: usize| probabilities.as_ref().is_none_or(|p| p[k] > 0.0);
            let new = |k: usize| !values[..k].iter().any(|earlier| same(earlier, &values[k]));
            (0..values.len()).filter(|&k| possible(k) && new(k)).take(MANY_RUNS).count() as u128
        }
        _ => 1,
    };
    // A parameter with a condition may be inactive where most others are not.
    let always = problem.space.searchable().filter(|parameter| parameter.when.is_none());
    let mut counts = always.map(|parameter| least(&parameter.distribution).max(1));
    counts.try_fold(1, u128::checked_mul).is_none_or(|count| count >= MANY_RUNS as u128)
}
