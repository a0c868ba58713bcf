//! A configuration as a tree in which every value and every key knows where it was written.
//!
//! Values keep the difference between `1` and `1.0`, numbers that JSON cannot hold, and whether a text was quoted, so
//! that a check can tell what went wrong. Subtrees are shared where the text used an alias.

use std::fmt;
use std::rc::Rc;

use serde_json::{Map, Number, Value};

/// The deepest nesting of lists and mappings.
pub(crate) const MAX_DEPTH: usize = 64;

/// Where something was written: line and column in characters, from 1; 0 where there is no text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) data: Data,
    /// The text as it stands in the file, if it stands there without quotes and means something else than text.
    pub(crate) written: Option<Box<str>>,
    /// Whether the text names it (`&name`), to be used elsewhere.
    pub(crate) is_anchor: bool,
    /// How many values there are in it, itself included, with aliases expanded.
    pub(crate) size: u64,
    /// How many levels of lists and mappings there are in it.
    pub(crate) height: usize,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    Null,
    Bool(bool),
    /// A whole number that JSON can hold: from the smallest `i64` to the largest `u64`.
    Integer(i128),
    /// Any other number, infinities and NaN included.
    Float(f64),
    Text(String),
    List(Vec<Rc<Node>>),
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// What the key is if it is not text: `a number`.
    pub(crate) odd_key: Option<&'static str>,
    pub(crate) place: Place,
    pub(crate) node: Rc<Node>,
}

impl Node {
    pub(crate) fn new(place: Place, data: Data) -> Self {
        let children: (u64, usize) = match &data {
            Data::List(items) => extent(items.iter()),
            Data::Map(entries) => extent(entries.iter().map(|entry| &entry.node)),
            _ => (0, 0),
        };
        Self {
            place,
            data,
            written: None,
            is_anchor: false,
            size: children.0.saturating_add(1),
            height: children.1,
        }
    }

    /// The tree of a JSON value, which has no places; `None` if it is nested too deeply.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        Self::from_json_at(value, MAX_DEPTH)
    }

    fn from_json_at(value: &Value, depth: usize) -> Option<Self> {
        let data = match value {
            Value::Null => Data::Null,
            Value::Bool(value) => Data::Bool(*value),
            Value::Number(number) => from_number(number),
            Value::String(text) => Data::Text(text.clone()),
            Value::Array(items) => {
                let depth = depth.checked_sub(1)?;
                let nodes = items.iter().map(|item| Self::from_json_at(item, depth).map(Rc::new));
                Data::List(nodes.collect::<Option<_>>()?)
            }
            Value::Object(map) => {
                let depth = depth.checked_sub(1)?;
                let entry = |(key, value): (&String, &Value)| {
                    let node = Rc::new(Self::from_json_at(value, depth)?);
                    Some(Entry { key: key.clone(), odd_key: None, place: Place::default(), node })
                };
                Data::Map(map.iter().map(entry).collect::<Option<_>>()?)
            }
        };
        Some(Self::new(Place::default(), data))
    }

    /// The value as JSON; infinities and NaN become the texts `Infinity`, `-Infinity` and `NaN`.
    pub(crate) fn to_json(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => (*value).into(),
            Data::Integer(value) => integer_to_json(*value),
            Data::Float(value) => float_to_json(*value),
            Data::Text(text) => text.clone().into(),
            Data::List(items) => items.iter().map(|item| item.to_json()).collect(),
            Data::Map(entries) => {
                entries.iter().map(|e| (e.key.clone(), e.node.to_json())).collect::<Map<_, _>>().into()
            }
        }
    }

    /// The value of a key, if this is a mapping that has it.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The keys and values of a mapping; none of anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.data {
            Data::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value in few words, for a message.
    pub(crate) fn describe(&self) -> String {
        match (&self.data, &self.written) {
            (_, Some(written)) if !written.is_empty() => shorten(written),
            (Data::Null, _) => "nothing".to_owned(),
            (Data::Bool(value), _) => value.to_string(),
            (Data::Integer(value), _) => value.to_string(),
            (Data::Float(value), _) => format!("{value:?}"),
            (Data::Text(text), _) => quote(text),
            (Data::List(items), _) if items.is_empty() => "an empty list".to_owned(),
            (Data::List(_), _) => "a list".to_owned(),
            (Data::Map(entries), _) if entries.is_empty() => "an empty mapping".to_owned(),
            (Data::Map(_), _) => "a mapping".to_owned(),
        }
    }
}

fn extent<'a>(children: impl Iterator<Item = &'a Rc<Node>>) -> (u64, usize) {
    let (size, height) = children.fold((0_u64, 0), |(size, height), child| {
        (size.saturating_add(child.size), height.max(child.height))
    });
    (size, height + 1)
}

fn from_number(number: &Number) -> Data {
    let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    integer.map_or_else(|| Data::Float(number.as_f64().unwrap_or(f64::NAN)), Data::Integer)
}

/// An integer within JSON's bounds as JSON.
pub(crate) fn integer_to_json(value: i128) -> Value {
    i64::try_from(value)
        .map(Value::from)
        .or_else(|_| u64::try_from(value).map(Value::from))
        .unwrap_or(Value::Null)
}

fn float_to_json(value: f64) -> Value {
    let text = if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    Number::from_f64(value).map_or_else(|| text.into(), Value::Number)
}

/// Text in quotes, shortened, with control characters made visible.
pub(crate) fn quote(text: &str) -> String {
    let short = shorten(text);
    if short.len() < text.len() {
        format!("{short:?}").replace("…\"", "\"…")
    } else {
        format!("{text:?}")
    }
}

/// At most 40 characters of a text.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The way from the root of a configuration to a value in it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl<'a> Path<'a> {
    /// The way to the value of `key` in the mapping here.
    pub(crate) fn key(&'a self, key: &'a str) -> Self {
        Path::Key(self, key)
    }

    /// The way to an item of the list here.
    pub(crate) fn index(&'a self, index: usize) -> Self {
        Path::Index(self, index)
    }

    /// The first key of the way.
    pub(crate) fn top(&self) -> Option<&str> {
        match self {
            Path::Root => None,
            Path::Key(Path::Root, key) => Some(key),
            Path::Key(parent, _) | Path::Index(parent, _) => parent.top(),
        }
    }
}

impl fmt::Display for Path<'_> {
    /// `parameters.lr.values[2]`; a key that is not a plain word is quoted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
            Path::Key(parent, key) => {
                if !matches!(parent, Path::Root) {
                    write!(f, "{parent}.")?;
                }
                let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '<');
                let plain = !key.is_empty() && key.chars().all(is_plain) && !key.starts_with('.');
                if plain { f.write_str(&shorten(key)) } else { f.write_str(&quote(key)) }
            }
        }
    }
}
