//! Expressions over the names of a run: `lr < 1e-3 and state == "failed"`.
//!
//! One small language for all that users write about parameters and metrics: filters of tables and pages, constraints. It has
//! numbers, texts in quotes, `true` and `false`, lists; names; `+ - * / // % **`; `< <= > >= == !=`, in chains; `in`, `not
//! in`; `and`, `or`, `not`; and the functions `abs min max floor ceil round sqrt exp log log2 log10`. Arithmetic is Python's. A
//! name that is no identifier stands in backquotes. There are no other functions, no attributes and no loops, and evaluation
//! is total: it never fails.
//!
//! What a run lacks is unknown, and so is a comparison in which it occurs, by the three-valued logic of SQL: `false and
//! unknown` is false, `not unknown` is unknown. Whoever asks decides what unknown means: a filter leaves such runs out, a
//! constraint holds.

mod eval;
mod kinds;
mod parse;
mod token;

use serde_json::Value;
use thiserror::Error;

use eval::FUNCTIONS;

use crate::text::is_hostile;
use crate::{did_you_mean, nearest};

/// A parsed expression.
///
/// ```
/// use besom_core::Expr;
/// use serde_json::json;
///
/// let expr = Expr::parse("1e-4 <= lr < 1e-2 and not (optimizer == 'lion')")?;
/// let run = json!({"lr": 0.001, "optimizer": "adam"});
/// assert_eq!(expr.holds(&|name| run.get(name).cloned()), Some(true));
/// assert_eq!(expr.holds(&|_| None), None); // unknown
/// # Ok::<(), besom_core::ExprError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    root: Node,
}

/// Why a text is no expression, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("column {}: {kind}", .at + 1)]
#[non_exhaustive]
pub struct ExprError {
    /// How many characters stand before the place.
    pub at: usize,
    /// How many characters the place has, at least one.
    pub length: usize,
    /// What is wrong there.
    pub kind: ExprErrorKind,
}

/// What can be wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ExprErrorKind {
    /// Something else was expected.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What may stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A character begins nothing, or a word of another language stands here.
    #[error("unexpected {found}{hint}")]
    Unexpected {
        /// What stands there.
        found: String,
        /// What to write instead: empty, or in parentheses after a blank.
        hint: &'static str,
    },
    /// A quote is not closed.
    #[error("this {0} is not closed")]
    Unclosed(char),
    /// Nobody knows this name.
    #[error("unknown name '{name}'{}", did_you_mean(nearest.as_deref()))]
    UnknownName {
        /// The name.
        name: String,
        /// The known name that is spelled most alike, if one is near.
        nearest: Option<String>,
    },
    /// There is no such function.
    #[error("unknown function '{name}'{}; functions: {}", did_you_mean(*nearest), FUNCTIONS.join(", "))]
    UnknownFunction {
        /// The name.
        name: String,
        /// The function that is spelled most alike, if one is near.
        nearest: Option<&'static str>,
    },
    /// A function got a wrong number of arguments.
    #[error("{function} takes {takes}, found {found}")]
    Arguments {
        /// Its name.
        function: &'static str,
        /// How many it takes, in words.
        takes: &'static str,
        /// How many it got.
        found: usize,
    },
    /// The whole is a number, a text or a list.
    #[error("expected a comparison, such as {0} > 0")]
    NotACondition(String),
    /// Values of different kinds are compared, which never are equal, nor one before the other.
    #[error("{left} is compared with {right}")]
    Mixed {
        /// The left side: `'optimizer' (a text)`.
        left: String,
        /// The right side.
        right: String,
    },
    /// A name is compared with a value that it never has.
    #[error("'{name}' never has the value {value}{}", did_you_mean(nearest.as_deref()))]
    NeverHas {
        /// The name.
        name: String,
        /// The value, as JSON.
        value: String,
        /// The value that is spelled most alike, if one is near.
        nearest: Option<String>,
    },
    /// It is nested too deeply, or too long.
    #[error("too long or too deeply nested")]
    TooLarge,
}

/// The most characters of an expression.
const MOST: usize = 4096;

/// The deepest nesting of an expression.
const DEEPEST: usize = 64;

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Literal(Value),
    Name {
        name: String,
        at: usize,
        length: usize,
    },
    List(Vec<Node>),
    Not(Box<Node>),
    Negative(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Arithmetic(Arithmetic, Box<Node>, Box<Node>),
    /// `a < b <= c`: the first operand, then each comparison with its right side.
    Chain(Box<Node>, Vec<(Comparison, Node)>),
    Call(&'static str, Vec<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    AtMost,
    Greater,
    AtLeast,
    Equal,
    Different,
    In,
    NotIn,
}

impl Expr {
    /// Reads an expression.
    ///
    /// # Errors
    /// The first place that does not fit.
    pub fn parse(text: &str) -> Result<Self, ExprError> {
        let root = parse::parse(text, parse::Dialect::Strict)?;
        Ok(Self { root })
    }

    /// Reads a filter over these names: `=` is `==`, and a word beside `==`, `!=` or in a list that is no known name is a text
    /// without quotes, as in `state = failed`.
    ///
    /// # Errors
    /// The first place that does not fit, or the first unknown name.
    ///
    /// ```
    /// use besom_core::Expr;
    ///
    /// assert_eq!(
    ///     Expr::parse_filter("batchsize > 3", &["batch_size", "state"]).map_err(|e| e.to_string()),
    ///     Err("column 1: unknown name 'batchsize', did you mean 'batch_size'?".to_owned()),
    /// );
    /// ```
    pub fn parse_filter(text: &str, known: &[&str]) -> Result<Self, ExprError> {
        let mut root = parse::parse(text, parse::Dialect::Filter)?;
        root.quote_words(known);
        let expr = Self { root };
        expr.check_names(known).map(|()| expr)
    }

    /// The names that occur, in the order of the text, each once.
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.root.each_name(&mut |name, _, _| {
            if !names.contains(&name) {
                names.push(name);
            }
        });
        names
    }

    /// Checks that every name is known.
    ///
    /// # Errors
    /// [`ExprErrorKind::UnknownName`] for the first that is not.
    pub fn check_names(&self, known: &[&str]) -> Result<(), ExprError> {
        let mut wrong = None;
        self.root.each_name(&mut |name, at, length| {
            if wrong.is_none() && !known.contains(&name) {
                let near = nearest(name, known.iter().copied()).map(str::to_owned);
                let kind = ExprErrorKind::UnknownName { name: name.to_owned(), nearest: near };
                wrong = Some(ExprError { at, length, kind });
            }
        });
        wrong.map_or(Ok(()), Err)
    }

    /// Whether the condition holds, given the value of each name; `None` if it depends on a value that is missing.
    /// Comparisons with NaN do not hold.
    pub fn holds(&self, value: &dyn Fn(&str) -> Option<Value>) -> Option<bool> {
        self.root.degree(value).map(|degree| degree.holds)
    }

    /// How far the condition is from holding, given the value of each name: above 0 where it does not hold, at most 0 where it
    /// holds or depends on a value that is missing. Of `a <= b` it is `a - b`; of several conditions with `and` it is the largest,
    /// with `or` the smallest. What is not about numbers is 1 or -1.
    ///
    /// ```
    /// use besom_core::Expr;
    /// use serde_json::json;
    ///
    /// let expr = Expr::parse("a + b <= 1")?;
    /// let violation = |a: f64| expr.violation(&|name| (name == "a").then(|| json!(a)).or(Some(json!(0.5))));
    /// assert_eq!((violation(0.75), violation(0.25)), (0.25, -0.25));
    /// # Ok::<(), besom_core::ExprError>(())
    /// ```
    pub fn violation(&self, value: &dyn Fn(&str) -> Option<Value>) -> f64 {
        match self.root.degree(value) {
            // On the border of `a < b`.
            Some(degree) if !degree.holds => degree.by.max(f64::MIN_POSITIVE),
            Some(degree) => -degree.by,
            None => 0.0,
        }
    }
}

impl ExprError {
    fn new(at: usize, length: usize, kind: ExprErrorKind) -> Self {
        Self { at, length: length.max(1), kind }
    }

    /// The text with a caret below the place, indented by two blanks.
    pub fn excerpt(&self, text: &str) -> String {
        let text: String = text.chars().map(|c| if is_hostile(c) { ' ' } else { c }).collect();
        format!("  {text}\n  {}{}", " ".repeat(self.at), "^".repeat(self.length))
    }
}

impl Node {
    /// Calls a function for every name, with its place.
    fn each_name<'a>(&'a self, call: &mut dyn FnMut(&'a str, usize, usize)) {
        match self {
            Self::Literal(_) => {}
            Self::Name { name, at, length } => call(name, *at, *length),
            Self::List(all) | Self::All(all) | Self::Any(all) | Self::Call(_, all) => {
                all.iter().for_each(|node| node.each_name(call));
            }
            Self::Not(inner) | Self::Negative(inner) => inner.each_name(call),
            Self::Arithmetic(_, left, right) => {
                left.each_name(call);
                right.each_name(call);
            }
            Self::Chain(first, rest) => {
                first.each_name(call);
                rest.iter().for_each(|(_, node)| node.each_name(call));
            }
        }
    }

    /// Makes texts of the words that stand where a text may, and are no names.
    fn quote_words(&mut self, known: &[&str]) {
        match self {
            Self::Literal(_) | Self::Name { .. } => {}
            Self::List(all) | Self::All(all) | Self::Any(all) | Self::Call(_, all) => {
                all.iter_mut().for_each(|node| node.quote_words(known));
            }
            Self::Not(inner) | Self::Negative(inner) => inner.quote_words(known),
            Self::Arithmetic(_, left, right) => {
                left.quote_words(known);
                right.quote_words(known);
            }
            Self::Chain(_, rest) => {
                use Comparison::{Different, Equal, In, NotIn};
                for (comparison, right) in rest {
                    match (comparison, right) {
                        (Equal | Different, node) => node.quote(known),
                        (In | NotIn, Self::List(items)) => {
                            items.iter_mut().for_each(|node| node.quote(known));
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    fn quote(&mut self, known: &[&str]) {
        if let Self::Name { name, .. } = self
            && !known.contains(&name.as_str())
        {
            *self = Self::Literal(Value::from(std::mem::take(name)));
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail by a panic")]
mod tests;
