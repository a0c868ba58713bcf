//! Filters and orders of `Api().runs(..)`: the part of MongoDB's language that W&B's documents show.

use std::cmp::Ordering;

use besom_store::SweepRow;
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::found::is_alone;
use super::lenient;
use super::listing::{Known, Listed};
use super::run::summarized;

/// How many conditions a filter may have, so that none takes long.
const MAX_CONDITIONS: usize = 64;

/// How much memory a pattern may take, in bytes.
const MAX_REGEX: usize = 1 << 20;

/// A condition on runs.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Is(String, Test, Value),
    Matches(String, Regex),
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Equal,
    In,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Exists,
}

const TESTS: [(&str, Test); 7] = [
    ("$eq", Test::Equal),
    ("$in", Test::In),
    ("$gt", Test::Greater),
    ("$gte", Test::GreaterEqual),
    ("$lt", Test::Less),
    ("$lte", Test::LessEqual),
    ("$exists", Test::Exists),
];

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// What is not known of it, for people.
    pub(super) fn parse(filter: &Map<String, Value>) -> Result<Self, String> {
        let mut left = MAX_CONDITIONS;
        object(filter, &mut left)
    }

    /// The sweep that all its runs are of, if it says so.
    pub(super) fn sweep(&self) -> Option<&str> {
        match self {
            Self::All(parts) => parts.iter().find_map(Self::sweep),
            Self::Is(key, Test::Equal, Value::String(name)) if key == "sweep" => Some(name),
            _ => None,
        }
    }

    /// Whether a run is one of those asked for.
    pub(super) fn takes(&self, run: &Listed) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.takes(run)),
            Self::Any(parts) => parts.iter().any(|part| part.takes(run)),
            Self::Not(part) => !part.takes(run),
            Self::Is(key, test, wanted) => holds(run.value(key).as_ref(), *test, wanted),
            Self::Matches(key, pattern) => run.value(key).is_some_and(|value| matches(&value, pattern)),
        }
    }

    /// Whether it takes all runs of a sweep, and only looks at which sweep they are of.
    pub(super) fn takes_all_of(&self, sweep: &SweepRow) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.takes_all_of(sweep)),
            Self::Is(key, Test::Equal, Value::String(name)) => {
                key == "sweep" && name == sweep.id().as_str() && !is_alone(sweep)
            }
            _ => false,
        }
    }

    /// How much of a run it looks at.
    pub(super) fn needs(&self) -> Known {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::needs).max().unwrap_or(Known::Row),
            Self::Not(part) => part.needs(),
            Self::Is(key, ..) | Self::Matches(key, _) => Listed::needs(key),
        }
    }
}

fn object(filter: &Map<String, Value>, left: &mut usize) -> Result<Filter, String> {
    let mut parts = Vec::new();
    for (key, value) in filter {
        *left =
            left.checked_sub(1).ok_or_else(|| format!("a filter may have {MAX_CONDITIONS} conditions"))?;
        parts.push(match (key.as_str(), value) {
            ("$and", Value::Array(items)) => Filter::All(list(items, left)?),
            // No condition at all, as the client writes it, holds for every run.
            ("$or", Value::Array(items)) if items.is_empty() => Filter::All(Vec::new()),
            ("$or", Value::Array(items)) => Filter::Any(list(items, left)?),
            ("$nor", Value::Array(items)) => Filter::Not(Box::new(Filter::Any(list(items, left)?))),
            ("$not", Value::Object(inner)) => Filter::Not(Box::new(object(inner, left)?)),
            (unknown, _) if unknown.starts_with('$') => {
                return Err(format!("filters have no '{unknown}' here"));
            }
            (key, value) => condition(key, value, left)?,
        });
    }
    Ok(Filter::All(parts))
}

fn list(items: &[Value], left: &mut usize) -> Result<Vec<Filter>, String> {
    let one = |item: &Value| match item {
        Value::Object(filter) => object(filter, left),
        other => Err(format!("a filter is an object, not {other}")),
    };
    items.iter().map(one).collect()
}

fn condition(key: &str, value: &Value, left: &mut usize) -> Result<Filter, String> {
    let key = key.to_owned();
    let Value::Object(tests) = value else { return Ok(Filter::Is(key, Test::Equal, value.clone())) };
    if !tests.keys().any(|name| name.starts_with('$')) {
        return Ok(Filter::Is(key, Test::Equal, value.clone()));
    }
    let mut parts = Vec::new();
    for (name, wanted) in tests {
        *left =
            left.checked_sub(1).ok_or_else(|| format!("a filter may have {MAX_CONDITIONS} conditions"))?;
        let is = |test| Filter::Is(key.clone(), test, wanted.clone());
        parts.push(match (name.as_str(), TESTS.iter().find(|(known, _)| known == name)) {
            (_, Some((_, test))) => is(*test),
            ("$ne", _) => Filter::Not(Box::new(is(Test::Equal))),
            ("$nin", _) => Filter::Not(Box::new(is(Test::In))),
            ("$not", _) => Filter::Not(Box::new(condition(&key, wanted, left)?)),
            ("$regex", _) => Filter::Matches(key.clone(), regex(wanted, tests.get("$options"))?),
            ("$options", _) if tests.contains_key("$regex") => continue,
            _ => return Err(format!("filters have no '{name}' here")),
        });
    }
    Ok(Filter::All(parts))
}

fn holds(found: Option<&Value>, test: Test, wanted: &Value) -> bool {
    let found = found.filter(|value| !value.is_null());
    // A condition on a list, as of tags, holds if it does for one of its items.
    if let (Some(Value::Array(items)), false) =
        (found, test == Test::Exists || wanted.is_array() && test == Test::Equal)
    {
        return items.iter().any(|item| holds(Some(item), test, wanted));
    }
    let ordered = || compare(found?, wanted);
    match test {
        Test::Exists => found.is_some() != (wanted == &Value::Bool(false)),
        Test::Equal => found.map_or(wanted.is_null(), |found| is_equal(found, wanted)),
        Test::In => {
            let items = wanted.as_array().map(Vec::as_slice).unwrap_or_default();
            items.iter().any(|item| holds(found, Test::Equal, item))
        }
        Test::Greater => ordered() == Some(Ordering::Greater),
        Test::GreaterEqual => matches!(ordered(), Some(Ordering::Greater | Ordering::Equal)),
        Test::Less => ordered() == Some(Ordering::Less),
        Test::LessEqual => matches!(ordered(), Some(Ordering::Less | Ordering::Equal)),
    }
}

fn is_equal(found: &Value, wanted: &Value) -> bool {
    found == wanted || compare(found, wanted) == Some(Ordering::Equal)
}

/// Numbers by size, texts by letters; a summary's object by the number in it.
fn compare(found: &Value, wanted: &Value) -> Option<Ordering> {
    let number = |value| summarized(value).and_then(Value::as_f64);
    match (found, wanted) {
        (Value::String(found), Value::String(wanted)) => Some(found.as_str().cmp(wanted)),
        (Value::Bool(found), Value::Bool(wanted)) => Some(found.cmp(wanted)),
        _ => number(found)?.partial_cmp(&number(wanted)?),
    }
}

/// Reads a pattern with MongoDB's options: `i` for either case, `m` for lines, `s` for a dot that is any letter, `x` for spaces that mean nothing.
fn regex(pattern: &Value, options: Option<&Value>) -> Result<Regex, String> {
    let Value::String(pattern) = pattern else {
        return Err(format!("'$regex' takes a pattern as text, not {pattern}"));
    };
    let options = match options {
        None => "",
        Some(Value::String(options)) => options,
        Some(other) => return Err(format!("'$options' takes letters as text, not {other}")),
    };
    if let Some(unknown) = options.chars().find(|option| !"imsx".contains(*option)) {
        return Err(format!("'$options' has no '{unknown}'; it may have 'i', 'm', 's' and 'x'"));
    }
    let has = |option: char| options.contains(option);
    let mut builder = RegexBuilder::new(pattern);
    builder
        .case_insensitive(has('i'))
        .multi_line(has('m'))
        .dot_matches_new_line(has('s'))
        .ignore_whitespace(has('x'));
    let built = builder.size_limit(MAX_REGEX).dfa_size_limit(MAX_REGEX).nest_limit(50).build();
    built.map_err(|error| format!("'$regex': {error}"))
}

/// Whether a pattern is found in a text, or in one of a list.
fn matches(value: &Value, pattern: &Regex) -> bool {
    match value {
        Value::String(text) => pattern.is_match(text),
        Value::Array(items) => items.iter().any(|item| matches(item, pattern)),
        _ => false,
    }
}

/// An order of runs: the best first by `+` (from the least) or `-`; who has no value comes last.
#[derive(Clone, Debug)]
pub(super) struct Order {
    key: String,
    is_descending: bool,
}

impl Order {
    /// Reads an order such as `-summary_metrics.loss`; without one, the oldest comes first.
    pub(super) fn parse(text: Option<&str>) -> Self {
        let text = text.unwrap_or("+created_at");
        let key = text.trim_start_matches(['+', '-']);
        Self { key: key.to_owned(), is_descending: text.starts_with('-') }
    }

    /// How much of a run it looks at.
    pub(super) fn needs(&self) -> Known {
        Listed::needs(&self.key)
    }

    /// The store's own order that is the same within one sweep.
    pub(super) fn by_number(&self) -> Option<besom_store::Order> {
        let is_by_time = matches!(self.key.as_str(), "created_at" | "createdAt");
        is_by_time.then_some(if self.is_descending {
            besom_store::Order::Newest
        } else {
            besom_store::Order::Number
        })
    }

    pub(super) fn sort(&self, runs: &mut [Listed]) {
        runs.sort_by_cached_key(|run| Place { value: self.place(run), is_descending: self.is_descending });
    }

    fn place(&self, run: &Listed) -> Option<Value> {
        let value = run.value(&self.key)?;
        match &value {
            Value::String(text) if lenient::is_word(text) => None,
            Value::String(_) | Value::Bool(_) => Some(value),
            other => summarized(other).cloned(),
        }
    }
}

/// The place of a run in an order.
#[derive(Debug, PartialEq)]
struct Place {
    value: Option<Value>,
    is_descending: bool,
}

impl Eq for Place {}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.value, &other.value) {
            (Some(one), Some(two)) => {
                let order = compare(one, two).unwrap_or_else(|| one.is_string().cmp(&two.is_string()));
                if self.is_descending { order.reverse() } else { order }
            }
            (one, two) => two.is_some().cmp(&one.is_some()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run() -> Listed {
        Listed::sample(json!({
            "name": "abc-1", "state": "finished", "tags": ["a", "b"], "createdAt": "2026-11-27T20:12:46Z",
            "config": {"lr": 0.1, "opt": {"name": "adam"}, "a.b": 1}, "summary": {"loss": 0.5, "acc": {"max": 3}, "nan": "NaN"},
        }))
    }

    fn check(filter: &Value, expected: bool) {
        let filter_of = Filter::parse(filter.as_object().expect("a filter is an object"));
        let taken = filter_of.unwrap_or_else(|why| panic!("{filter}: {why}")).takes(&run());
        assert_eq!(taken, expected, "{filter}");
    }

    #[test]
    fn filters_take_what_they_name() {
        for (filter, expected) in [
            (json!({}), true),
            (json!({"$and": [], "$or": []}), true),
            (json!({"name": "abc-1"}), true),
            (json!({"name": {"$in": ["x", "abc-1"]}}), true),
            (json!({"name": {"$nin": ["abc-1"]}}), false),
            (json!({"state": {"$ne": "finished"}}), false),
            (json!({"$or": [{"state": "failed"}, {"state": "finished"}]}), true),
            (json!({"$not": {"state": "finished"}}), false),
            (json!({"tags": "b"}), true),
            (json!({"tags": {"$in": ["c"]}}), false),
            (json!({"config.lr": 0.1}), true),
            (json!({"config.lr.value": {"$lt": 0.2, "$gte": 0.1}}), true),
            (json!({"config.opt.name": "adam"}), true),
            (json!({"config.opt.value.name": "adam"}), true),
            (json!({"config.a.b": 1.0}), true),
            (json!({"config.missing": {"$exists": true}}), false),
            (json!({"config.missing": {"$exists": false}}), true),
            (json!({"summary_metrics.loss": {"$gt": 0.5}}), false),
            (json!({"summary_metrics.acc": {"$lte": 3}}), true),
            (json!({"summary_metrics.nan": {"$lt": 3}}), false),
            (json!({"created_at": {"$gt": "2026-11-01"}}), true),
            (json!({"display_name": {"$regex": "^abc.*1$"}}), true),
            (json!({"display_name": {"$regex": "^bc"}}), false),
            (json!({"display_name": {"$regex": "bc-[0-9]+$"}}), true),
            (json!({"display_name": {"$regex": "^(x|abc)-\\d$"}}), true),
            (json!({"display_name": {"$regex": "ABC"}}), false),
            (json!({"display_name": {"$regex": "ABC", "$options": "i"}}), true),
            (json!({"display_name": {"$not": {"$regex": "b.-1"}}}), false),
            (json!({"tags": {"$regex": "^b$"}}), true),
            (json!({"config.lr": {"$regex": "0"}}), false),
        ] {
            check(&filter, expected);
        }
    }

    #[test]
    fn what_a_filter_does_not_know_is_an_error_that_names_it() {
        for (filter, word) in [
            (json!({"$where": 1}), "$where"),
            (json!({"name": {"$near": 1}}), "$near"),
            (json!({"$and": [1]}), "1"),
            (json!({"name": {"$regex": "(a"}}), "unclosed group"),
            (json!({"name": {"$regex": "a(?=b)"}}), "look-around"),
            (json!({"name": {"$regex": "(a{1000}){1000}"}}), "limit"),
            (json!({"name": {"$regex": 1}}), "as text, not 1"),
            (json!({"name": {"$regex": "a", "$options": "q"}}), "no 'q'"),
            (json!({"name": {"$options": "i"}}), "$options"),
        ] {
            let why = Filter::parse(filter.as_object().expect("an object")).expect_err("it is not known");
            assert!(why.contains(word), "{why}");
        }
        let many: Map<String, Value> =
            (0..100).map(|number| (format!("config.x{number}"), json!(1))).collect();
        assert!(Filter::parse(&many).is_err());
    }

    #[test]
    fn runs_without_a_value_come_last_whatever_the_order() {
        let with = |loss: Value| Listed::sample(json!({ "name": "x", "summary": { "loss": loss } }));
        let values = [json!(2), json!("NaN"), json!({"min": 1}), json!(null), json!(3.5)];
        for (order, expected) in
            [("+summary_metrics.loss", [1.0, 2.0, 3.5]), ("-summary_metrics.loss", [3.5, 2.0, 1.0])]
        {
            let mut runs: Vec<Listed> = values.iter().cloned().map(with).collect();
            let order = Order::parse(Some(order));
            order.sort(&mut runs);
            let found: Vec<f64> = runs.iter().filter_map(|run| order.place(run)?.as_f64()).collect();
            assert_eq!(found, expected);
            assert!(order.place(&runs[4]).is_none() && order.place(&runs[3]).is_none());
        }
    }
}
