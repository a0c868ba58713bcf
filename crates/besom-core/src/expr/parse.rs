//! From words to a tree, by the precedence of Python: `or`, `and`, `not`, comparisons, `+ -`, `* / // %`, a sign, `**`.

use serde_json::Value;

use super::token::{Placed, Token, tokens};
use super::{Arithmetic, Comparison, DEEPEST, ExprError, ExprErrorKind, FUNCTIONS, MOST, Node};
use crate::nearest;

/// Who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// The language as it is.
    Strict,
    /// With `=` for `==`.
    Filter,
}

pub(super) fn parse(text: &str, dialect: Dialect) -> Result<Node, ExprError> {
    if text.chars().count() > MOST {
        return Err(ExprError::new(0, 1, ExprErrorKind::TooLarge));
    }
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0, dialect };
    let root = parser.any()?;
    if parser.peek() != &Token::End {
        return Err(parser.expected("and, or, or the end"));
    }
    match root {
        Node::Arithmetic(..) | Node::Negative(_) | Node::List(_) | Node::Call(..) => {
            Err(not_a_condition(text))
        }
        Node::Literal(ref value) if !value.is_boolean() => Err(not_a_condition(text)),
        root => Ok(root),
    }
}

fn not_a_condition(text: &str) -> ExprError {
    let text = text.trim();
    ExprError::new(0, text.chars().count(), ExprErrorKind::NotACondition(text.to_owned()))
}

struct Parser {
    tokens: Vec<Placed>,
    next: usize,
    depth: usize,
    dialect: Dialect,
}

type Parsed = Result<Node, ExprError>;

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.next].token
    }

    fn take_sign(&mut self, signs: &[&'static str]) -> Option<&'static str> {
        match *self.peek() {
            Token::Sign(sign) if signs.contains(&sign) => {
                self.next += 1;
                Some(sign)
            }
            _ => None,
        }
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_it = matches!(self.peek(), Token::Word(found) if found.eq_ignore_ascii_case(word));
        self.next += usize::from(is_it);
        is_it
    }

    fn error(&self, kind: ExprErrorKind) -> ExprError {
        let Placed { at, length, .. } = self.tokens[self.next];
        ExprError::new(at, length, kind)
    }

    fn expected(&self, expected: &'static str) -> ExprError {
        let found = match self.peek() {
            Token::End => "the end".to_owned(),
            Token::Number(x) => x.to_string(),
            Token::Text(text) => format!("the text '{text}'"),
            Token::Word(word) | Token::Quoted(word) => format!("'{word}'"),
            Token::Sign("=") => {
                return self.error(ExprErrorKind::Unexpected { found: "'='".into(), hint: " (write: ==)" });
            }
            Token::Sign(sign) => format!("'{sign}'"),
        };
        self.error(ExprErrorKind::Expected { expected, found })
    }

    /// Something deeper inside.
    fn deeper(&mut self, inner: fn(&mut Self) -> Parsed) -> Parsed {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error(ExprErrorKind::TooLarge));
        }
        let node = inner(self)?;
        self.depth -= 1;
        Ok(node)
    }

    fn any(&mut self) -> Parsed {
        let mut all = vec![self.all()?];
        while self.take_word("or") {
            all.push(self.all()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Node::Any(all) })
    }

    fn all(&mut self) -> Parsed {
        let mut all = vec![self.not()?];
        while self.take_word("and") {
            all.push(self.not()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Node::All(all) })
    }

    fn not(&mut self) -> Parsed {
        if self.take_word("not") {
            return Ok(Node::Not(Box::new(self.deeper(Self::not)?)));
        }
        let first = self.sum()?;
        let mut rest = Vec::new();
        while let Some(comparison) = self.comparison()? {
            rest.push((comparison, self.sum()?));
        }
        Ok(if rest.is_empty() { first } else { Node::Chain(Box::new(first), rest) })
    }

    fn comparison(&mut self) -> Result<Option<Comparison>, ExprError> {
        use Comparison as C;
        if self.take_word("in") {
            return Ok(Some(C::In));
        }
        if self.take_word("not") {
            return if self.take_word("in") { Ok(Some(C::NotIn)) } else { Err(self.expected("in")) };
        }
        if self.dialect == Dialect::Filter && self.take_sign(&["="]).is_some() {
            return Ok(Some(C::Equal));
        }
        let sign = self.take_sign(&["<", "<=", ">", ">=", "==", "!="]);
        Ok(sign.map(|sign| match sign {
            "<" => C::Less,
            "<=" => C::AtMost,
            ">" => C::Greater,
            ">=" => C::AtLeast,
            "==" => C::Equal,
            _ => C::Different,
        }))
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        while let Some(sign) = self.take_sign(&["+", "-"]) {
            let by = if sign == "+" { Arithmetic::Add } else { Arithmetic::Subtract };
            left = Node::Arithmetic(by, Box::new(left), Box::new(self.product()?));
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.signed()?;
        while let Some(sign) = self.take_sign(&["*", "/", "//", "%"]) {
            let by = match sign {
                "*" => Arithmetic::Multiply,
                "/" => Arithmetic::Divide,
                "//" => Arithmetic::FloorDivide,
                _ => Arithmetic::Modulo,
            };
            left = Node::Arithmetic(by, Box::new(left), Box::new(self.signed()?));
        }
        Ok(left)
    }

    fn signed(&mut self) -> Parsed {
        match self.take_sign(&["+", "-"]) {
            Some("-") => Ok(Node::Negative(Box::new(self.deeper(Self::signed)?))),
            Some(_) => self.deeper(Self::signed),
            None => self.power(),
        }
    }

    fn power(&mut self) -> Parsed {
        let base = self.atom()?;
        if self.take_sign(&["**"]).is_none() {
            return Ok(base);
        }
        let exponent = self.deeper(Self::signed)?;
        Ok(Node::Arithmetic(Arithmetic::Power, Box::new(base), Box::new(exponent)))
    }

    fn atom(&mut self) -> Parsed {
        if self.take_sign(&["("]).is_some() {
            let inner = self.deeper(Self::any)?;
            return self.take_sign(&[")"]).map(|_| inner).ok_or_else(|| self.expected("')'"));
        }
        if self.take_sign(&["["]).is_some() {
            return self.items("]", "',' or ']'").map(Node::List);
        }
        let Placed { token, at, length } = self.tokens[self.next].clone();
        let node = match token {
            Token::Number(x) => Node::Literal(Value::from(x)),
            Token::Text(text) => Node::Literal(Value::from(text)),
            Token::Quoted(name) => Node::Name { name, at, length },
            Token::Word(word) => match word.to_ascii_lowercase().as_str() {
                "true" => Node::Literal(Value::from(true)),
                "false" => Node::Literal(Value::from(false)),
                "and" | "or" | "not" | "in" => return Err(self.expected("a name or a value")),
                _ => Node::Name { name: word, at, length },
            },
            Token::Sign(_) | Token::End => return Err(self.expected("a name or a value")),
        };
        self.next += 1;
        match node {
            Node::Name { name, .. } if self.take_sign(&["("]).is_some() => self.call(&name, at, length),
            node => Ok(node),
        }
    }

    fn call(&mut self, name: &str, at: usize, length: usize) -> Parsed {
        let Some(&function) = FUNCTIONS.iter().find(|&&known| known == name) else {
            let nearest = nearest(name, FUNCTIONS);
            let kind = ExprErrorKind::UnknownFunction { name: name.to_owned(), nearest };
            return Err(ExprError::new(at, length, kind));
        };
        let arguments = self.items(")", "',' or ')'")?;
        let found = arguments.len();
        let (fits, takes) = match function {
            "min" | "max" => (found >= 1, "at least one argument"),
            _ => (found == 1, "one argument"),
        };
        if !fits {
            return Err(ExprError::new(at, length, ExprErrorKind::Arguments { function, takes, found }));
        }
        Ok(Node::Call(function, arguments))
    }

    /// Items between commas, up to a closing sign.
    fn items(&mut self, close: &'static str, expected: &'static str) -> Result<Vec<Node>, ExprError> {
        let mut items = Vec::new();
        while self.take_sign(&[close]).is_none() {
            items.push(self.deeper(Self::any)?);
            if self.take_sign(&[","]).is_none() {
                return self.take_sign(&[close]).map(|_| items).ok_or_else(|| self.expected(expected));
            }
        }
        Ok(items)
    }
}
