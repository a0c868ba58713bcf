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

impl Node {
    /// As a condition: true, false, or unknown.
    pub(super) fn holds(&self, lookup: &Lookup<'_>) -> Option<bool> {
        match self {
            Self::Not(inner) => inner.holds(lookup).map(|holds| !holds),
            Self::All(all) => fold(all, lookup, false),
            Self::Any(all) => fold(all, lookup, true),
            Self::Chain(first, rest) => chain(first, rest, lookup),
            other => other.value(lookup).map(|value| value == Operand::Truth(true)),
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
                Operand::Truth(self.holds(lookup)?)
            }
        })
    }
}

/// `decisive` if any of them is; else unknown if any is unknown.
fn fold(all: &[Node], lookup: &Lookup<'_>, decisive: bool) -> Option<bool> {
    let mut result = Some(!decisive);
    for node in all {
        match node.holds(lookup) {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => result = None,
        }
    }
    result
}

fn chain(first: &Node, rest: &[(Comparison, Node)], lookup: &Lookup<'_>) -> Option<bool> {
    let mut left = first.value(lookup);
    let mut result = Some(true);
    for (comparison, node) in rest {
        let right = node.value(lookup);
        match left.as_ref().zip(right.as_ref()).map(|(left, right)| comparison.of(left, right)) {
            Some(false) => return Some(false),
            Some(true) => {}
            None => result = None,
        }
        left = right;
    }
    result
}

impl Comparison {
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
