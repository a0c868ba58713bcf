//! Strategies for problems.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use serde_json::{Value, json};

use crate::distribution::{Continuous, Step};
use crate::{Distribution, Goal, Metric, ParamPath, Parameter, Point, Problem, Space, When};

/// Problems whose spaces are finite, with up to a few hundred points as a rule and sometimes astronomically many; what
/// grid search supports. Values of all JSON types, repeated values, nested names; with or without a metric, in one of three with
/// conditions ([`crate::When`]).
pub fn finite_problem() -> impl Strategy<Value = Problem> {
    let metric = option::of(metric()).prop_map(Vec::from_iter);
    problem(vec(finite_distribution(), 1..5), metric)
}

/// Problems with distributions of every kind, at least one of them to be varied and without a condition, and one metric; what a
/// model-based search supports. One of three has conditions; for a search that takes none, filter them out by
/// [`Space::is_conditional`].
pub fn mixed_problem() -> impl Strategy<Value = Problem> {
    let varied = || distribution().prop_filter("to be varied", |d| !d.is_constant());
    let distributions = (varied(), vec(distribution(), 0..4)).prop_map(|(first, mut rest)| {
        rest.push(first);
        rest
    });
    problem(distributions, metric().prop_map(|metric| vec![metric]))
}

/// Problems of every kind, also with nothing to vary, without a metric or with several; what random search supports.
pub fn any_problem() -> impl Strategy<Value = Problem> {
    problem(vec(distribution(), 0..5), vec(metric(), 0..3))
}

fn problem(
    distributions: impl Strategy<Value = Vec<Distribution>>,
    metrics: impl Strategy<Value = Vec<Metric>>,
) -> impl Strategy<Value = Problem> {
    let seed = prop_oneof![3 => any::<u64>(), 1 => Just(0), 1 => Just(u64::MAX)];
    let conditions = prop_oneof![2 => Just(Vec::new()), 1 => vec(condition(), 4)];
    let parts = (distributions, metrics, seed, any::<bool>(), conditions);
    parts.prop_map(|(distributions, metrics, seed, nested, conditions)| {
        let parameters = distributions.into_iter().enumerate();
        let parameters =
            parameters.map(|(place, distribution)| Parameter::new(name(place, nested), distribution));
        let mut parameters: Vec<Parameter> = parameters.collect();
        conditions.iter().for_each(|condition| condition.add(&mut parameters));
        let space = Space::new(parameters).expect("the names differ and none lies inside another");
        Problem { space, metrics, seed, run_cap: None }
    })
}

/// A condition in the making, of numbers that mean something in any space.
#[derive(Clone, Debug)]
struct Attempt {
    child: usize,
    parent: usize,
    /// Where the wanted values lie on the parent's quantile scale.
    low: f64,
    high: f64,
    range: bool,
    either: bool,
}

fn condition() -> impl Strategy<Value = Attempt> {
    let parts = (0..8_usize, 0..8_usize, 0.0..1.0, 0.0..1.0, any::<bool>(), any::<bool>());
    parts.prop_map(|(child, parent, a, b, range, either): (_, _, f64, f64, _, _)| Attempt {
        child,
        parent,
        low: a.min(b),
        high: a.max(b),
        range,
        either,
    })
}

impl Attempt {
    /// Adds the condition to one of the parameters, if they make a space with it. One that is to be varied stays free of
    /// conditions, and so do constants, which searches that give points as mappings may leave out; parents may stand before and behind their children, and have conditions themselves.
    fn add(&self, parameters: &mut [Parameter]) {
        let (child, parent) = (self.child % parameters.len().max(1), self.parent % parameters.len().max(1));
        let free =
            |place: usize, p: &Parameter| place != child && p.when.is_none() && !p.distribution.is_constant();
        let is_last = !parameters.iter().enumerate().any(|(place, p)| free(place, p));
        if parameters.get(child).is_none_or(|parameter| parameter.distribution.is_constant()) {
            return;
        }
        let Some(of) = parameters.get(parent).filter(|_| child != parent && !is_last) else { return };
        let (low, high) = (of.distribution.quantile(self.low), of.distribution.quantile(self.high));
        let when = match (low.as_f64(), high.as_f64()) {
            (Some(low), Some(high)) if self.range => {
                When::between(of.name.clone(), low.min(high), low.max(high))
            }
            _ => When::one_of(of.name.clone(), [low, high]),
        };
        let mut attempt = parameters[child].clone();
        attempt.when = Some(match attempt.when {
            Some(earlier) if self.either => earlier.or(when),
            Some(earlier) => earlier.and(when),
            None => when,
        });
        let before = std::mem::replace(&mut parameters[child], attempt);
        if Space::new(parameters.to_vec()).is_err() {
            parameters[child] = before;
        }
    }
}

/// The same problems with a constraint that about 1 in 3 or 1 in 50 points keep: a bound of a weighted sum of numbers. Problems without
/// a number that always exists are left as they are.
///
/// ```
/// use besom_core::laws;
///
/// let problems = laws::constrained(laws::mixed_problem());
/// # let _ = problems;
/// ```
pub fn constrained(problems: impl Strategy<Value = Problem>) -> impl Strategy<Value = Problem> {
    (problems, prop_oneof![Just(3_usize), Just(50)], 1_usize..4).prop_map(|(problem, one_in, terms)| {
        let constraint = bound(&problem.space, one_in, terms);
        let space = problem.space.clone().with_constraints(constraint).expect("the names are known");
        Problem { space, ..problem }
    })
}

/// `a / 2 + b / 7 <= 1.25`: of at most this many numbers, kept by one of so many points.
fn bound(space: &Space, one_in: usize, terms: usize) -> Option<String> {
    let mut rng = crate::Rng::new(0);
    let draws = (0..600).map(|_| {
        let cube: Vec<f64> = (0..space.dimensions()).map(|_| 1e-6 + rng.f64() * (1.0 - 2e-6)).collect();
        space.decode(&cube)
    });
    let points: Vec<Point> = draws.collect();
    let numbers = space.searchable().filter(|p| p.when.is_none()).filter_map(|p| {
        let values = points.iter().map(|point| point.get(&p.name).and_then(Value::as_f64));
        let values: Vec<f64> = values.collect::<Option<_>>()?;
        let scale = values.iter().map(|x| x.abs()).fold(1e-300, f64::max);
        let term = format!("`{}` / {scale:e}", p.name);
        (!term.contains('\\')).then_some((term, scale, values))
    });
    let numbers: Vec<(String, f64, Vec<f64>)> = numbers.take(terms).collect();
    let sum = |i: usize| numbers.iter().map(|(_, scale, values)| values[i] / scale).sum::<f64>();
    let mut sums: Vec<f64> = (0..points.len()).map(sum).collect();
    sums.sort_by(f64::total_cmp);
    let border = sums[sums.len() / one_in];
    let left = numbers.iter().map(|(term, ..)| term.as_str()).collect::<Vec<_>>().join(" + ");
    (!numbers.is_empty()).then(|| format!("{left} <= {border:e}"))
}

/// The name of the parameter at this place: a declared order that is not the sorted one, and some of them nested.
fn name(place: usize, nested: bool) -> ParamPath {
    const LAST: [&str; 4] = ["lr", "batch.size", "Width", "ü"];
    let last = format!("{}{place}", LAST[place % LAST.len()]);
    if nested && place % 2 == 1 { ParamPath::new(["model", "inner", &last]) } else { ParamPath::new([last]) }
}

fn metric() -> impl Strategy<Value = Metric> {
    prop_oneof![Just(Goal::Minimize), Just(Goal::Maximize)].prop_map(|goal| Metric::new("loss", goal))
}

/// Distributions with levels ([`Distribution::levels`]).
pub fn finite_distribution() -> impl Strategy<Value = Distribution> {
    let step = prop_oneof![Just(0.1), Just(0.25), Just(3.0)];
    let steps = (-5.0..5.0, 1..6, step).prop_map(|(min, count, q)| {
        let max = min + f64::from(count) * q;
        Distribution::Quantized(Continuous::Uniform { min, max }, Step { q, integer: q.fract() == 0.0 })
    });
    // Four of them are still counted by a u128.
    let wide = Just(Distribution::IntUniform { min: -(1 << 30), max: 1 << 30 });
    prop_oneof![
        4 => values().prop_map(|values| Distribution::Categorical { values, probabilities: None }),
        4 => (-3_i64..3, 1_i64..5).prop_map(|(min, width)| Distribution::IntUniform { min, max: min + width }),
        3 => steps,
        2 => value().prop_map(Distribution::Constant),
        1 => wide,
    ]
}

/// Distributions of every kind.
pub fn distribution() -> impl Strategy<Value = Distribution> {
    let weighted = values().prop_flat_map(|values| {
        let weights =
            vec(0_u32..5, values.len()).prop_filter("something can occur", |w| w.iter().sum::<u32>() > 0);
        (Just(values), weights)
    });
    let weighted = weighted.prop_map(|(values, weights)| {
        let sum = f64::from(weights.iter().sum::<u32>());
        let probabilities = weights.into_iter().map(|weight| f64::from(weight) / sum).collect();
        Distribution::Categorical { values, probabilities: Some(probabilities) }
    });
    let step = prop_oneof![Just(0.1), Just(0.5), Just(1.0), Just(16.0), 0.01..3.0];
    let quantized = (continuous(), step, any::<bool>()).prop_map(|(shape, q, integer)| {
        Distribution::Quantized(shape, Step { q, integer: integer && q.fract() == 0.0 })
    });
    let whole = (any::<i64>(), any::<i64>()).prop_filter("two numbers", |(a, b)| a != b);
    prop_oneof![
        2 => finite_distribution(),
        1 => weighted,
        1 => whole.prop_map(|(a, b)| Distribution::IntUniform { min: a.min(b), max: a.max(b) }),
        4 => continuous().prop_map(Distribution::Continuous),
        2 => quantized,
    ]
}

/// Continuous shapes of every kind, from narrow to wide.
pub fn continuous() -> impl Strategy<Value = Continuous> {
    let bounds = || (-20.0..20.0, 1e-3..30.0).prop_map(|(min, width): (f64, f64)| (min, min + width));
    let positive =
        || (-20.0..20.0, 1e-3..30.0).prop_map(|(e, width): (f64, f64)| (libm::exp(e), libm::exp(e + width)));
    let normal = || (-50.0..50.0, 0.01..10.0);
    let shape = || prop_oneof![0.3..3.0, 0.05..50.0];
    prop_oneof![
        bounds().prop_map(|(min, max)| Continuous::Uniform { min, max }),
        bounds().prop_map(|(min, max)| Continuous::LogUniform { min, max }),
        bounds().prop_map(|(min, max)| Continuous::InvLogUniform { min, max }),
        positive().prop_map(|(min, max)| Continuous::LogUniformValues { min, max }),
        positive().prop_map(|(min, max)| Continuous::InvLogUniformValues { min, max }),
        normal().prop_map(|(mu, sigma)| Continuous::Normal { mu, sigma }),
        normal().prop_map(|(mu, sigma)| Continuous::LogNormal { mu: mu / 10.0, sigma: sigma / 10.0 }),
        (shape(), shape()).prop_map(|(a, b)| Continuous::Beta { a, b }),
    ]
}

fn values() -> impl Strategy<Value = Vec<Value>> {
    vec(value(), 1..5)
}

/// Values of all JSON types, among them equal ones that are written differently and such that count as false.
fn value() -> impl Strategy<Value = Value> {
    let values = [
        json!("adam"),
        json!("sgd"),
        json!(""),
        json!(2),
        json!(2.0),
        json!(0),
        json!(-1.5),
        json!(true),
        json!(false),
        json!(null),
        json!([1, 2.0, "x"]),
        json!([1.0, 2, "x"]),
        json!({"k": 1}),
        json!({"k": 1, "l": [0.5]}),
        json!({}),
    ];
    proptest::sample::select(values.to_vec())
}
