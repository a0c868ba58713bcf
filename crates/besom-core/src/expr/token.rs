//! The words of an expression.

use super::{ExprError, ExprErrorKind};

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(String),
    /// A name, or a word of the language.
    Word(String),
    /// A name in backquotes.
    Quoted(String),
    Sign(&'static str),
    End,
}

/// A word and its place, in characters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) at: usize,
    pub(super) length: usize,
}

/// All signs, longer ones before those they begin with.
const SIGNS: [&str; 19] =
    ["**", "//", "<=", ">=", "==", "!=", "<", ">", "=", "+", "-", "*", "/", "%", "(", ")", "[", "]", ","];

/// The words of a text, and an end.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, ExprError> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if chars[at].is_whitespace() {
            at += 1;
            continue;
        }
        let (token, length) = token(&chars, at)?;
        tokens.push(Placed { token, at, length });
        at += length;
    }
    tokens.push(Placed { token: Token::End, at: chars.len(), length: 1 });
    Ok(tokens)
}

fn token(chars: &[char], at: usize) -> Result<(Token, usize), ExprError> {
    let rest = &chars[at..];
    match rest[0] {
        quote @ ('"' | '\'' | '`') => {
            let (text, length) =
                quoted(rest, quote).ok_or_else(|| ExprError::new(at, 1, ExprErrorKind::Unclosed(quote)))?;
            Ok((if quote == '`' { Token::Quoted(text) } else { Token::Text(text) }, length))
        }
        c if c.is_ascii_digit() || (c == '.' && rest.get(1).is_some_and(char::is_ascii_digit)) => {
            number(rest, at)
        }
        c if c.is_alphabetic() || c == '_' => {
            let word: String =
                rest.iter().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.')).collect();
            let length = word.chars().count();
            Ok((Token::Word(word), length))
        }
        c => sign(rest).ok_or_else(|| unexpected(c, at)),
    }
}

/// A text between quotes; a backslash takes the next character as it is.
fn quoted(rest: &[char], quote: char) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut at = 1;
    loop {
        match *rest.get(at)? {
            c if c == quote => return Some((text, at + 1)),
            '\\' if quote != '`' => {
                text.push(*rest.get(at + 1)?);
                at += 2;
            }
            c => {
                text.push(c);
                at += 1;
            }
        }
    }
}

fn number(rest: &[char], at: usize) -> Result<(Token, usize), ExprError> {
    let mut length = 0;
    while let Some(&c) = rest.get(length) {
        let is_sign = matches!(c, '+' | '-') && matches!(rest[length.saturating_sub(1)], 'e' | 'E');
        if !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_') || (is_sign && length > 0)) {
            break;
        }
        length += 1;
    }
    let text: String = rest[..length].iter().collect();
    match text.replace('_', "").parse() {
        Ok(x) => Ok((Token::Number(x), length)),
        Err(_) => {
            let kind = ExprErrorKind::Expected { expected: "a number", found: format!("'{text}'") };
            Err(ExprError::new(at, length, kind))
        }
    }
}

fn sign(rest: &[char]) -> Option<(Token, usize)> {
    let begins = |sign: &&&str| sign.chars().enumerate().all(|(i, c)| rest.get(i) == Some(&c));
    SIGNS.iter().find(begins).map(|sign| (Token::Sign(sign), sign.len()))
}

fn unexpected(c: char, at: usize) -> ExprError {
    let hint = match c {
        '&' => " (write: and)",
        '|' => " (write: or)",
        '!' | '~' => " (write: not)",
        '^' => " (write: **)",
        _ => "",
    };
    ExprError::new(at, 1, ExprErrorKind::Unexpected { found: format!("'{c}'"), hint })
}
