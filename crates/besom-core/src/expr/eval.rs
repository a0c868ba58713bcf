//! What an expression gives.

use serde_json::Value;

use super::{Arithmetic, Comparison, Node};

/// The functions of the language; all but `min` and `max` take one argument.
pub(super) const FUNCTIONS: [&str; 11] =
    ["abs", "min", "max", "floor", "ceil", "round", "sqrt", "exp", "log", "log2", "log10"];

/// What a part gives; a missing value is no operand.
#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Number(f64),
    Text(String),
    Truth(bool),
    List(Vec<Operand>),
    /// Null or a nested object: equal to nothing.
    Other,
}

type Lookup<'a> = dyn Fn(&str) -> Option<Value> + 'a;

impl Operand {
    fn number(&self) -> f64 {
        if let Self::Number(x) = self { *x } else { f64::NAN }
    }
}

impl From<Value> for Operand {
    fn from(value: Value) -> Self {
        match value {
            Value::Bool(truth) => Self::Truth(truth),
            Value::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) => Self::Text(text),
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Null | Value::Object(_) => Self::Other,
        }
    }
}

/// Whether a condition holds, and how far it is from the border where that changes: at least 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Degree {
    pub(super) holds: bool,
    pub(super) by: f64,
}

impl Degree {
    /// Of conditions that are not about numbers.
    fn whole(holds: bool) -> Self {
        Self { holds, by: 1.0 }
    }
}

impl Node {
    /// As a condition: true or false, and by how much, or unknown.
    pub(super) fn degree(&self, lookup: &Lookup<'_>) -> Option<Degree> {
        match self {
            Self::Not(inner) => inner.degree(lookup).map(|Degree { holds, by }| Degree { holds: !holds, by }),
            Self::All(all) => fold(all.iter().map(|node| node.degree(lookup)), false),
            Self::Any(any) => fold(any.iter().map(|node| node.degree(lookup)), true),
            Self::Chain(first, rest) => chain(first, rest, lookup),
            other => other.value(lookup).map(|value| Degree::whole(value == Operand::Truth(true))),
        }
    }

    /// Its value; `None` if it depends on one that is missing.
    fn value(&self, lookup: &Lookup<'_>) -> Option<Operand> {
        Some(match self {
            Self::Literal(value) => value.clone().into(),
            Self::Name { name, .. } => lookup(name)?.into(),
            Self::List(items) => {
                Operand::List(items.iter().map(|item| item.value(lookup)).collect::<Option<_>>()?)
            }
            Self::Negative(inner) => Operand::Number(-inner.value(lookup)?.number()),
            Self::Arithmetic(by, left, right) => {
                Operand::Number(by.of(left.value(lookup)?.number(), right.value(lookup)?.number()))
            }
            Self::Call(function, arguments) => {
                let arguments = arguments.iter().map(|argument| Some(argument.value(lookup)?.number()));
                Operand::Number(call(function, &arguments.collect::<Option<Vec<_>>>()?))
            }
            Self::Not(_) | Self::All(_) | Self::Any(_) | Self::Chain(..) => {
                Operand::Truth(self.degree(lookup)?.holds)
            }
        })
    }
}

/// `decisive` if any of them is, then by the most of those; else unknown if any is unknown, and by the least if none is.
fn fold(all: impl Iterator<Item = Option<Degree>>, decisive: bool) -> Option<Degree> {
    let (mut most, mut least) = (None::<f64>, f64::INFINITY);
    let mut unknown = false;
    for degree in all {
        match degree {
            Some(Degree { holds, by }) if holds == decisive => {
                most = Some(most.map_or(by, |most| most.max(by)));
            }
            Some(Degree { by, .. }) => least = least.min(by),
            None => unknown = true,
        }
    }
    match most {
        Some(by) => Some(Degree { holds: decisive, by }),
        None => (!unknown).then_some(Degree { holds: !decisive, by: least }),
    }
}

fn chain(first: &Node, rest: &[(Comparison, Node)], lookup: &Lookup<'_>) -> Option<Degree> {
    let mut left = first.value(lookup);
    let comparisons = rest.iter().map(|(comparison, node)| {
        let right = node.value(lookup);
        let degree = left.as_ref().zip(right.as_ref()).map(|(left, right)| comparison.degree(left, right));
        left = right;
        degree
    });
    fold(comparisons, false)
}

impl Comparison {
    /// Numbers differ by their distance, all else by 1.
    fn degree(self, left: &Operand, right: &Operand) -> Degree {
        let holds = self.of(left, right);
        let is_order = matches!(self, Self::Less | Self::AtMost | Self::Greater | Self::AtLeast);
        match (left, right) {
            (Operand::Number(left), Operand::Number(right)) if is_order || !holds => {
                let by = (left - right).abs();
                Degree { holds, by: if by.is_nan() { 1.0 } else { by.min(f64::MAX) } }
            }
            _ => Degree::whole(holds),
        }
    }

    fn of(self, left: &Operand, right: &Operand) -> bool {
        let order = match (left, right) {
            (Operand::Number(left), Operand::Number(right)) => left.partial_cmp(right),
            (Operand::Text(left), Operand::Text(right)) => Some(left.cmp(right)),
            _ => None,
        };
        match self {
            Self::Less => order.is_some_and(|order| order.is_lt()),
            Self::AtMost => order.is_some_and(|order| order.is_le()),
            Self::Greater => order.is_some_and(|order| order.is_gt()),
            Self::AtLeast => order.is_some_and(|order| order.is_ge()),
            Self::Equal => left == right,
            Self::Different => left != right && !is_nan(left) && !is_nan(right),
            Self::In => is_in(left, right),
            Self::NotIn => !is_in(left, right),
        }
    }
}

fn is_nan(operand: &Operand) -> bool {
    matches!(operand, Operand::Number(x) if x.is_nan())
}

/// Among the items of a list, or within a text.
fn is_in(item: &Operand, whole: &Operand) -> bool {
    match (item, whole) {
        (item, Operand::List(items)) => items.contains(item),
        (Operand::Text(part), Operand::Text(whole)) => whole.contains(part.as_str()),
        _ => false,
    }
}

impl Arithmetic {
    /// As in Python: `//` and `%` go by the floor.
    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide if b == 0.0 => f64::NAN,
            Self::Divide => a / b,
            Self::FloorDivide if b == 0.0 => f64::NAN,
            Self::FloorDivide => (a / b).floor(),
            Self::Modulo => a - b * (a / b).floor(),
            Self::Power => libm::pow(a, b),
        }
    }
}

fn call(function: &str, arguments: &[f64]) -> f64 {
    let x = arguments.first().copied().unwrap_or(f64::NAN);
    let pick = |better: fn(f64, f64) -> bool| {
        let any_nan = arguments.iter().any(|x| x.is_nan());
        let best = arguments.iter().copied().reduce(|a, b| if better(b, a) { b } else { a });
        if any_nan { f64::NAN } else { best.unwrap_or(f64::NAN) }
    };
    match function {
        "abs" => x.abs(),
        "min" => pick(|a, b| a < b),
        "max" => pick(|a, b| a > b),
        "floor" => x.floor(),
        "ceil" => x.ceil(),
        "round" => x.round_ties_even(),
        "sqrt" => x.sqrt(),
        "exp" => libm::exp(x),
        "log" => libm::log(x),
        "log2" => libm::log2(x),
        "log10" => libm::log10(x),
        _ => f64::NAN,
    }
}
