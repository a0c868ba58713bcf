//! What a word without quotes means: a number, a truth value, nothing, or text.
//!
//! Sweep files were written for PyYAML, so its reading (YAML 1.1) is ours: `yes`, `no`, `on` and `off` are booleans,
//! `010` is 8, `1_000` is 1000, `1:30` is 90, and `0o10` is text. Two deviations: `1e-5` and all that people
//! write as numbers are numbers, though PyYAML wants a dot and a signed exponent; and `2024-01-01` stays text.

use crate::tree::Data;

/// What a plain word means, and what about it deserves a warning.
#[derive(Debug)]
pub(crate) struct Scalar {
    pub(crate) data: Data,
    pub(crate) surprise: Option<Surprise>,
}

/// A reading that may not be what the author of the file meant, or that differs from PyYAML's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surprise {
    /// A leading zero makes the number octal.
    Octal,
    /// Colons make the number one of base 60.
    Sexagesimal,
    /// A leading zero or `0o` makes it text.
    NotANumber,
    /// A number to us, text to PyYAML.
    TextInPyYaml,
    /// Text to us, a date to PyYAML.
    DateInPyYaml,
}

/// Reads a word that stands without quotes.
pub(crate) fn resolve(text: &str) -> Scalar {
    let plain = |data| Scalar { data, surprise: None };
    match text {
        "" | "~" | "null" | "Null" | "NULL" => plain(Data::Null),
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => plain(Data::Bool(true)),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => plain(Data::Bool(false)),
        ".nan" | ".NaN" | ".NAN" => plain(Data::Float(f64::NAN)),
        _ => number(text)
            .unwrap_or_else(|| Scalar { surprise: surprising_text(text), data: Data::Text(text.to_owned()) }),
    }
}

fn number(text: &str) -> Option<Scalar> {
    let (sign, body) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if matches!(body, ".inf" | ".Inf" | ".INF") {
        return Some(Scalar { data: Data::Float(sign * f64::INFINITY), surprise: None });
    }
    if !body.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let signed = body.len() < text.len();
    let found = integer(body).or_else(|| sexagesimal(body)).or_else(|| decimal(body, signed))?;
    let data = match found.data {
        Data::Integer(value) if sign < 0.0 => bounded(-value),
        Data::Integer(value) => bounded(value),
        Data::Float(value) => Data::Float(sign * value),
        other => other,
    };
    Some(Scalar { data, ..found })
}

/// An integer if JSON can hold it as one, else the nearest float.
fn bounded(value: i128) -> Data {
    if (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&value) {
        return Data::Integer(value);
    }
    Data::Float(value as f64)
}

/// `0`, `17`, `1_000`, `0x1f`, `0b11` and the octal `017`.
fn integer(body: &str) -> Option<Scalar> {
    let (digits, radix, surprise) = if let Some(hex) = body.strip_prefix("0x") {
        (hex, 16, None)
    } else if let Some(binary) = body.strip_prefix("0b") {
        (binary, 2, None)
    } else if body.len() > 1 && body.starts_with('0') {
        (&body[1..], 8, Some(Surprise::Octal))
    } else {
        (body, 10, None)
    };
    let is_digit = |c: char| c == '_' || c.is_digit(radix);
    if digits.is_empty() || !digits.chars().all(is_digit) || (radix == 10 && digits.starts_with('_')) {
        return None;
    }
    let digits: String = digits.chars().filter(|&c| c != '_').collect();
    let data = match i128::from_str_radix(&digits, radix) {
        Ok(value) => Data::Integer(value),
        // More digits than 128 bits hold; only a decimal number has a float to stand for it.
        Err(_) if radix == 10 => Data::Float(digits.parse().ok()?),
        Err(_) => return None,
    };
    let surprise = surprise.filter(|_| digits.trim_start_matches('0').len() > 1);
    Some(Scalar { data, surprise })
}

/// `1:30` is 90 and `1:30.5` is 90.5.
fn sexagesimal(body: &str) -> Option<Scalar> {
    let (first, rest) = body.split_once(':')?;
    let (rest, fraction) =
        rest.split_once('.').map_or((rest, None), |(rest, fraction)| (rest, Some(fraction)));
    let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) && all_digits(text);
    if !is_number(first) || (fraction.is_none() && first.starts_with('0')) {
        return None;
    }
    let mut value: i64 = strip(first).parse().ok()?;
    for part in rest.split(':') {
        let part: i64 =
            Some(part).filter(|p| (1..=2).contains(&p.len()) && !p.contains('_'))?.parse().ok()?;
        value = value.checked_mul(60)?.checked_add(Some(part).filter(|part| (0..60).contains(part))?)?;
    }
    let data = match fraction {
        None => Data::Integer(value.into()),
        Some(fraction) if all_digits(fraction) => {
            Data::Float(value as f64 + format!("0.{}", strip(fraction)).parse::<f64>().ok()?)
        }
        Some(_) => return None,
    };
    Some(Scalar { data, surprise: Some(Surprise::Sexagesimal) })
}

/// A number with a dot, an exponent, or both.
fn decimal(body: &str, signed: bool) -> Option<Scalar> {
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], Some(&body[at + 1..])),
        None => (body, None),
    };
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let has_digit = |text: &str| text.contains(|c: char| c.is_ascii_digit());
    let digits = all_digits(whole) && !whole.starts_with('_') && fraction.is_none_or(all_digits);
    // A dot alone does not make a number, and neither do digits alone: those are integers.
    let complete = has_digit(whole) || fraction.is_some_and(|f| f.starts_with(|c: char| c.is_ascii_digit()));
    if !digits || !complete || (fraction.is_none() && exponent.is_none()) {
        return None;
    }
    let bare = exponent.map(|e| e.strip_prefix(['-', '+']).unwrap_or(e));
    if bare.is_some_and(|e| e.is_empty() || !e.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let unsigned_exponent = exponent.is_some() && bare == exponent;
    let text_in_pyyaml = fraction.is_none() || unsigned_exponent || (whole.is_empty() && signed);
    let surprise = text_in_pyyaml.then_some(Surprise::TextInPyYaml);
    // What overflows was hardly meant as a number: 7e722 is the beginning of a commit's name.
    let value = strip(body).parse().ok().filter(|value: &f64| value.is_finite())?;
    Some(Scalar { data: Data::Float(value), surprise })
}

fn surprising_text(text: &str) -> Option<Surprise> {
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = body.strip_prefix("0o").unwrap_or(body);
    let bytes = text.as_bytes();
    if body.starts_with('0') && !digits.is_empty() && all_digits(digits) {
        return Some(Surprise::NotANumber);
    }
    let is_date = bytes.len() >= 10
        && bytes[..10]
            .iter()
            .enumerate()
            .all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() })
        && bytes.get(10).is_none_or(|b| matches!(b, b' ' | b'\t' | b'T' | b't'));
    is_date.then_some(Surprise::DateInPyYaml)
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b == b'_')
}

fn strip(text: &str) -> String {
    text.chars().filter(|&c| c != '_').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let scalar = resolve(text);
        let found = match scalar.data {
            Data::Null => "null".to_owned(),
            Data::Bool(value) => value.to_string(),
            Data::Integer(value) => value.to_string(),
            Data::Float(value) => format!("{value:?}"),
            Data::Text(text) => format!("'{text}'"),
            Data::List(_) | Data::Map(_) => unreachable!("a word is not a list"),
        };
        let surprise = scalar.surprise.map_or(String::new(), |surprise| format!(" {surprise:?}"));
        assert_eq!(format!("{found}{surprise}"), expected, "for {text}");
    }

    #[test]
    fn words_of_yaml_1_1_are_booleans_and_null() {
        for (text, expected) in
            [("yes", "true"), ("Off", "false"), ("~", "null"), ("", "null"), ("NULL", "null")]
        {
            check(text, expected);
        }
        for text in ["y", "n", "yEs", "none", "None", "nan", "inf", "NaN"] {
            check(text, &format!("'{text}'"));
        }
    }

    #[test]
    fn integers_are_read_as_pyyaml_reads_them() {
        let table = [
            ("0", "0"),
            ("-0", "0"),
            ("17", "17"),
            ("+17", "17"),
            ("1_000", "1000"),
            ("0x1F", "31"),
            ("0b101", "5"),
            ("00", "0"),
            ("007", "7"),
            ("010", "8 Octal"),
            ("-012", "-10 Octal"),
            ("08", "'08' NotANumber"),
            ("0o10", "'0o10' NotANumber"),
            ("_1", "'_1'"),
            ("0x", "'0x'"),
            ("1:30", "90 Sexagesimal"),
            ("1:60", "'1:60'"),
            ("1:30:05", "5405 Sexagesimal"),
            ("18446744073709551615", "18446744073709551615"),
            ("-9223372036854775809", "-9.223372036854776e18"),
            ("0:30", "'0:30'"),
            ("1:30.5", "90.5 Sexagesimal"),
        ];
        for (text, expected) in table {
            check(text, expected);
        }
    }

    #[test]
    fn floats_are_what_people_mean() {
        let table = [
            ("1.0", "1.0"),
            ("1.", "1.0"),
            (".5", "0.5"),
            ("-.5", "-0.5 TextInPyYaml"),
            ("1.0e-5", "1e-5"),
            ("1.0e5", "100000.0 TextInPyYaml"),
            ("1e-5", "1e-5 TextInPyYaml"),
            ("3E6", "3000000.0 TextInPyYaml"),
            (".inf", "inf"),
            ("-.INF", "-inf"),
            (".nan", "NaN"),
            ("1e", "'1e'"),
            ("1.2.3", "'1.2.3'"),
            (".", "'.'"),
            ("..", "'..'"),
            ("-", "'-'"),
            ("1_0.5_0", "10.5"),
            ("._1", "'._1'"),
            ("1e5x", "'1e5x'"),
            ("7e722", "'7e722'"),
            ("2024-01-01", "'2024-01-01' DateInPyYaml"),
            ("2024-01-015", "'2024-01-015'"),
        ];
        for (text, expected) in table {
            check(text, expected);
        }
    }
}
