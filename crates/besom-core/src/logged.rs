//! What runs log: rows of values by key, and what is worth knowing of each key without reading all rows.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How many keys of a run are listed: far more than people look at, far fewer than a broken program can make.
const MAX_KEYS: usize = 1000;

/// The longest key, in bytes, that is listed.
const MAX_KEY: usize = 256;

/// The longest text or list, in bytes, that is kept as a last value.
const MAX_VALUE: usize = 100;

/// The value of a name in a logged row. A key that is spelled so wins; else the dots of the name lead through nested
/// objects: `val.loss` finds 1 in `{"val": {"loss": 1}}`. Of several such ways that of the longest outer key wins.
///
/// ```
/// use besom_core::logged_value;
/// use serde_json::json;
///
/// let row = json!({"val": {"loss": 1}, "a.b": 2, "a": {"b": 3, "c": 4}});
/// let value = |name| logged_value(row.as_object().unwrap(), name).cloned();
/// assert_eq!((value("val.loss"), value("a.b"), value("a.c")), (Some(json!(1)), Some(json!(2)), Some(json!(4))));
/// assert_eq!((value("val"), value("loss")), (Some(json!({"loss": 1})), None));
/// ```
pub fn logged_value<'a>(row: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = row.get(name) {
        return Some(value);
    }
    let dots = name.rmatch_indices('.').map(|(at, _)| at);
    dots.into_iter().find_map(|at| logged_value(row.get(&name[..at])?.as_object()?, &name[at + 1..]))
}

/// What a run has logged under one key. Nested objects are keys with dots, as [`logged_value`] finds them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Logged {
    /// The key.
    pub key: String,
    /// How many rows held it.
    pub count: u64,
    /// How many of its values were finite numbers.
    pub numbers: u64,
    /// The last value. A long text or list is cut, and ends in an ellipsis then.
    pub last: Value,
    /// The least of its finite numbers.
    pub min: Option<f64>,
    /// The greatest of its finite numbers.
    pub max: Option<f64>,
}

impl Logged {
    fn new(key: String) -> Self {
        Self { key, count: 0, numbers: 0, last: Value::Null, min: None, max: None }
    }

    fn add(&mut self, value: &Value) {
        self.count += 1;
        self.last = shortened(value);
        let Some(number) = value.as_f64().filter(|number| number.is_finite()) else { return };
        self.numbers += 1;
        // Adding zero turns the negative zero into the positive one, so that equal values are the same.
        let number = number + 0.0;
        self.min = Some(self.min.map_or(number, |min| min.min(number)));
        self.max = Some(self.max.map_or(number, |max| max.max(number)));
    }

    /// Takes in what later rows held under the same key.
    fn append(&mut self, later: &Self) {
        self.count += later.count;
        self.numbers += later.numbers;
        self.last = later.last.clone();
        self.min = self.min.into_iter().chain(later.min).reduce(f64::min);
        self.max = self.max.into_iter().chain(later.max).reduce(f64::max);
    }
}

/// The keys that a run has logged, in the order in which they first came. Grows row by row; keeps no rows. At most 1,000
/// keys of at most 256 bytes are listed.
///
/// ```
/// use besom_core::LoggedKeys;
/// use serde_json::json;
///
/// let mut keys = LoggedKeys::default();
/// for loss in [0.5, 0.25, 0.75] {
///     keys.add(json!({"val": {"loss": loss}, "phase": "train"}).as_object().unwrap());
/// }
/// let loss = &keys.keys()[0];
/// assert_eq!((loss.key.as_str(), loss.count, loss.min, &loss.last), ("val.loss", 3, Some(0.25), &json!(0.75)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<Logged>", into = "Vec<Logged>")]
pub struct LoggedKeys {
    keys: Vec<Logged>,
    places: HashMap<String, usize>,
}

impl LoggedKeys {
    /// Takes in one more row.
    pub fn add(&mut self, row: &Map<String, Value>) {
        let mut path = String::new();
        self.add_within(row, row, &mut path);
    }

    /// The keys of these rows and of later ones, as if they had been taken in one by one. `None` if the later ones have so many keys that
    /// some may not be listed: then only the rows tell.
    ///
    /// ```
    /// # use besom_core::LoggedKeys;
    /// # use serde_json::json;
    /// let of = |loss: f64| LoggedKeys::from_iter([json!({"loss": loss}).as_object().unwrap()]);
    /// let both = of(0.25).then(&of(0.5)).unwrap();
    /// let loss = both.get("loss").unwrap();
    /// assert_eq!((loss.count, loss.min, &loss.last), (2, Some(0.25), &json!(0.5)));
    /// ```
    pub fn then(mut self, later: &Self) -> Option<Self> {
        if later.keys.len() >= MAX_KEYS {
            return None;
        }
        for key in &later.keys {
            if let Some(place) = self.place(&key.key) {
                self.keys[place].append(key);
            }
        }
        Some(self)
    }

    /// The keys so far.
    pub fn keys(&self) -> &[Logged] {
        &self.keys
    }

    /// The key of this name.
    pub fn get(&self, key: &str) -> Option<&Logged> {
        self.places.get(key).map(|&place| &self.keys[place])
    }

    /// The values of a part of a row; `path` is the key of the part, with a dot behind it.
    fn add_within(&mut self, row: &Map<String, Value>, part: &Map<String, Value>, path: &mut String) {
        let outer = path.len();
        for (name, value) in part {
            path.push_str(name);
            match value.as_object().filter(|inner| !inner.is_empty()) {
                Some(inner) => {
                    path.push('.');
                    self.add_within(row, inner, path);
                }
                // Of two values of the same name the one counts that a look-up finds.
                None if outer == 0
                    || logged_value(row, path).is_some_and(|found| std::ptr::eq(found, value)) =>
                {
                    self.add_value(path, value);
                }
                None => {}
            }
            path.truncate(outer);
        }
    }

    fn add_value(&mut self, key: &str, value: &Value) {
        if let Some(place) = self.place(key) {
            self.keys[place].add(value);
        }
    }

    /// The place of a key, which is listed from now on if there is room.
    fn place(&mut self, key: &str) -> Option<usize> {
        match self.places.get(key) {
            Some(&place) => Some(place),
            None if self.keys.len() >= MAX_KEYS || key.len() > MAX_KEY => None,
            None => {
                self.places.insert(key.to_owned(), self.keys.len());
                self.keys.push(Logged::new(key.to_owned()));
                Some(self.keys.len() - 1)
            }
        }
    }
}

impl From<Vec<Logged>> for LoggedKeys {
    fn from(keys: Vec<Logged>) -> Self {
        let places = keys.iter().enumerate().map(|(place, logged)| (logged.key.clone(), place)).collect();
        Self { keys, places }
    }
}

impl From<LoggedKeys> for Vec<Logged> {
    fn from(logged: LoggedKeys) -> Self {
        logged.keys
    }
}

impl<'a> FromIterator<&'a Map<String, Value>> for LoggedKeys {
    fn from_iter<I: IntoIterator<Item = &'a Map<String, Value>>>(rows: I) -> Self {
        let mut keys = Self::default();
        rows.into_iter().for_each(|row| keys.add(row));
        keys
    }
}

fn shortened(value: &Value) -> Value {
    let cut = |text: &str| Value::String(format!("{}\u{2026}", &text[..text.floor_char_boundary(MAX_VALUE)]));
    match value {
        Value::String(text) if text.len() > MAX_VALUE => cut(text),
        Value::Array(_) => match value.to_string() {
            text if text.len() > MAX_VALUE => cut(&text),
            _ => value.clone(),
        },
        _ => value.clone(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn logged(rows: &[Value]) -> LoggedKeys {
        rows.iter().map(|row| row.as_object().unwrap()).collect()
    }

    #[test]
    fn the_key_that_is_spelled_so_wins_over_a_nested_one() {
        let row = json!({"a.b": 1, "a": {"b": 2, "b.c": 3, "d": {"e": 4}}, "a.d": {"e": 5}});
        let row = row.as_object().unwrap();
        for (name, expected) in [("a.b", 1), ("a.b.c", 3), ("a.d.e", 5)] {
            assert_eq!(logged_value(row, name), Some(&json!(expected)), "{name}");
        }
        let keys = logged(&[Value::Object(row.clone())]);
        assert_eq!(keys.get("a.b").map(|key| (key.count, &key.last)), Some((1, &json!(1))));
        assert_eq!(keys.get("a.d.e").map(|key| (key.count, &key.last)), Some((1, &json!(5))));
    }

    #[test]
    fn a_key_knows_its_numbers_apart_from_what_is_none() {
        let keys =
            logged(&[json!({"x": 2}), json!({"x": "NaN"}), json!({"x": -1.5, "y": []}), json!({"x": null})]);
        let x = keys.get("x").unwrap();
        assert_eq!((x.count, x.numbers, x.min, x.max, &x.last), (4, 2, Some(-1.5), Some(2.0), &Value::Null));
        assert_eq!(keys.get("y").map(|y| (y.numbers, &y.last)), Some((0, &json!([]))));
    }

    #[test]
    fn what_a_broken_program_logs_is_bounded() {
        let many: Map<String, Value> = (0..5000).map(|place| (format!("k{place}"), json!(1))).collect();
        let long = json!({"t": "\u{1F9F9}".repeat(500), "l": vec![1; 500], "x".repeat(300): 1});
        let keys = logged(&[long, Value::Object(many)]);
        assert_eq!(keys.keys().len(), MAX_KEYS);
        assert!(serde_json::to_string(&keys).unwrap().len() < 100_000);
        assert!(keys.get("t").unwrap().last.as_str().unwrap().ends_with('\u{2026}'));
        let few = logged(&[json!({"k0": 1, "new": 2})]);
        assert_eq!(few.clone().then(&keys), None, "other keys may have come later");
        let both = keys.then(&few).unwrap();
        assert_eq!((both.keys().len(), both.get("new")), (MAX_KEYS, None));
    }

    proptest! {
        #[test]
        fn what_is_listed_is_what_a_look_up_finds(
            rows in prop::collection::vec(prop::collection::btree_map("[ab](\\.[ab])?", nested(), 0..4), 1..3)
        ) {
            let rows: Vec<Value> = rows.into_iter().map(|row| json!(row)).collect();
            let keys = logged(&rows);
            for key in keys.keys() {
                let found: Vec<_> = rows.iter().filter_map(|row| logged_value(row.as_object().unwrap(), &key.key)).collect();
                let leaves: Vec<_> = found.into_iter().filter(|value| value.as_object().is_none_or(Map::is_empty)).collect();
                prop_assert_eq!(key.count, leaves.len() as u64, "{}", key.key);
                prop_assert_eq!(Some(&&key.last), leaves.last(), "{}", key.key);
            }
            for split in 0..=rows.len() {
                prop_assert_eq!(logged(&rows[..split]).then(&logged(&rows[split..])), Some(keys.clone()));
            }
            let read: LoggedKeys = serde_json::from_str(&serde_json::to_string(&keys).unwrap()).unwrap();
            prop_assert_eq!(read, keys);
        }
    }

    fn nested() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![any::<i8>().prop_map(|x| json!(x)), Just(json!("text")), Just(json!({}))];
        leaf.prop_recursive(2, 8, 3, |inner| {
            prop::collection::btree_map("[ab](\\.[ab])?", inner, 0..3).prop_map(|map| json!(map))
        })
    }
}
