//! What an expression over parameters compares: errors that show before it is ever evaluated.

use std::collections::HashMap;

use serde_json::Value;

use super::{Comparison, Expr, ExprError, ExprErrorKind, Node};
use crate::value::{same, spaced};
use crate::{Distribution, Parameter, nearest};

/// Of which kind a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Truth,
    List,
    /// Of different ones, or null or an object.
    Any,
}

impl Kind {
    fn of(value: &Value) -> Self {
        match value {
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::Text,
            Value::Bool(_) => Self::Truth,
            Value::Array(_) => Self::List,
            Value::Null | Value::Object(_) => Self::Any,
        }
    }

    fn of_all(distribution: &Distribution) -> Self {
        let values = match distribution {
            Distribution::Constant(value) => std::slice::from_ref(value),
            Distribution::Categorical { values, .. } => values,
            _ => return Self::Number,
        };
        let mut kinds = values.iter().map(Self::of);
        let first = kinds.next().unwrap_or(Self::Any);
        if kinds.all(|kind| kind == first) { first } else { Self::Any }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Truth => "true or false",
            Self::List => "a list",
            Self::Any => "a value",
        }
    }

    /// Whether it is certain that it is none of these.
    fn is_none_of(self, kinds: &[Self]) -> bool {
        self != Self::Any && !kinds.contains(&self)
    }
}

impl Expr {
    /// All that is wrong with a condition on these parameters: unknown names, values of different kinds that are compared, values
    /// that a parameter never has.
    pub(crate) fn faults(&self, parameters: &[Parameter]) -> Vec<ExprError> {
        let names: Vec<String> = parameters.iter().map(|p| p.name.to_string()).collect();
        let distributions =
            names.iter().zip(parameters).rev().map(|(name, p)| (name.as_str(), &p.distribution));
        let mut check = Check { distributions: distributions.collect(), faults: Vec::new() };
        self.root.each_name(&mut |name, at, length| {
            if !check.distributions.contains_key(name) {
                let nearest = nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
                let kind = ExprErrorKind::UnknownName { name: name.to_owned(), nearest };
                check.faults.push(ExprError::new(at, length, kind));
            }
        });
        check.condition(&self.root);
        check.faults
    }
}

struct Check<'a> {
    distributions: HashMap<&'a str, &'a Distribution>,
    faults: Vec<ExprError>,
}

impl Check<'_> {
    /// Checks a part that must be true or false.
    fn condition(&mut self, node: &Node) {
        let kind = self.kind(node);
        if kind.is_none_of(&[Kind::Truth]) {
            self.unexpected("a comparison", node, kind);
        }
    }

    /// Checks a part that must be a number.
    fn number(&mut self, node: &Node) {
        let kind = self.kind(node);
        if kind.is_none_of(&[Kind::Number]) {
            self.unexpected("a number", node, kind);
        }
    }

    /// Checks a part; returns its kind.
    fn kind(&mut self, node: &Node) -> Kind {
        match node {
            Node::Literal(value) => Kind::of(value),
            Node::Name { name, .. } => {
                self.distributions.get(name.as_str()).map_or(Kind::Any, |d| Kind::of_all(d))
            }
            Node::List(items) => {
                items.iter().for_each(|item| {
                    self.kind(item);
                });
                Kind::List
            }
            Node::Negative(inner) => {
                self.number(inner);
                Kind::Number
            }
            Node::Arithmetic(_, left, right) => {
                self.number(left);
                self.number(right);
                Kind::Number
            }
            Node::Call(_, arguments) => {
                arguments.iter().for_each(|argument| self.number(argument));
                Kind::Number
            }
            Node::Not(inner) => {
                self.condition(inner);
                Kind::Truth
            }
            Node::All(all) | Node::Any(all) => {
                all.iter().for_each(|node| self.condition(node));
                Kind::Truth
            }
            Node::Chain(first, rest) => {
                let (mut left, mut kind) = (&**first, self.kind(first));
                for (comparison, right) in rest {
                    // A list to the right of `in` is read by the comparison; twice at each level would be 2^depth times.
                    let is_in = matches!(comparison, Comparison::In | Comparison::NotIn);
                    let next = match right {
                        Node::List(_) if is_in => Kind::List,
                        _ => self.kind(right),
                    };
                    self.comparison(*comparison, (left, kind), (right, next));
                    (left, kind) = (right, next);
                }
                Kind::Truth
            }
        }
    }

    fn comparison(&mut self, comparison: Comparison, left: (&Node, Kind), right: (&Node, Kind)) {
        use Comparison::{Different, Equal, In, NotIn};
        match (comparison, right.0) {
            (In | NotIn, Node::List(items)) => {
                for item in items {
                    let kind = self.kind(item);
                    self.equal(left, (item, kind));
                }
            }
            (In | NotIn, _) if left.1 == Kind::Text && right.1 == Kind::Text => {}
            (In | NotIn, node) => {
                if right.1.is_none_of(&[Kind::List]) {
                    self.unexpected("a list", node, right.1);
                }
            }
            (Equal | Different, _) => self.equal(left, right),
            _ => {
                let ordered = [Kind::Number, Kind::Text];
                let is_unordered = left.1.is_none_of(&ordered) || right.1.is_none_of(&ordered);
                if is_unordered || left.1.is_none_of(&[right.1, Kind::Any]) && right.1 != Kind::Any {
                    self.mixed(left, right);
                }
            }
        }
    }

    /// Checks whether two sides can be equal.
    fn equal(&mut self, left: (&Node, Kind), right: (&Node, Kind)) {
        if left.1 != Kind::Any && right.1.is_none_of(&[left.1]) {
            return self.mixed(left, right);
        }
        let (name, at, length, value) = match (left.0, right.0) {
            (Node::Name { name, at, length }, Node::Literal(value))
            | (Node::Literal(value), Node::Name { name, at, length }) => (name, *at, *length, value),
            _ => return,
        };
        let values = match self.distributions.get(name.as_str()) {
            Some(Distribution::Categorical { values, .. }) => values.as_slice(),
            Some(Distribution::Constant(value)) => std::slice::from_ref(value),
            _ => return,
        };
        if !values.iter().any(|known| same(known, value)) {
            let texts = values.iter().filter_map(Value::as_str);
            let nearest = value.as_str().and_then(|value| nearest(value, texts)).map(str::to_owned);
            let kind = ExprErrorKind::NeverHas { name: name.clone(), value: spaced(value), nearest };
            self.faults.push(ExprError::new(at, length, kind));
        }
    }

    fn mixed(&mut self, left: (&Node, Kind), right: (&Node, Kind)) {
        let (at, length) = place(left.0).or_else(|| place(right.0)).unwrap_or((0, 1));
        let kind = ExprErrorKind::Mixed { left: words(left), right: words(right) };
        self.faults.push(ExprError::new(at, length, kind));
    }

    fn unexpected(&mut self, expected: &'static str, node: &Node, kind: Kind) {
        let (at, length) = place(node).unwrap_or((0, 1));
        let kind = ExprErrorKind::Expected { expected, found: words((node, kind)) };
        self.faults.push(ExprError::new(at, length, kind));
    }
}

/// `'optimizer' (a text)`.
fn words((node, kind): (&Node, Kind)) -> String {
    match node {
        Node::Name { name, .. } => format!("'{name}' ({})", kind.words()),
        Node::Literal(Value::Number(number)) => {
            number.as_f64().map_or_else(|| number.to_string(), |x| x.to_string())
        }
        Node::Literal(value) => spaced(value),
        _ => kind.words().to_owned(),
    }
}

/// The place of the first name.
fn place(node: &Node) -> Option<(usize, usize)> {
    let mut first = None;
    node.each_name(&mut |_, at, length| {
        first.get_or_insert((at, length));
    });
    first
}
