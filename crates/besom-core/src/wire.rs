//! `Serialize` and `Deserialize` of histories and what they are made of (feature `serde`), for programs that keep or send
//! them. What is read back is what was written, bit for bit, in any format that describes itself, such as JSON.
//!
//! * A name is a text, its components joined by dots; a dot or backslash inside a component has a backslash before it.
//! * A point is a flat map from names to values: `{"lr": 0.1, "opt.name": "adam"}`. A nested object
//!   ([`Point::to_json`](crate::Point::to_json)) does not tell a nested parameter from a value that is an object.
//! * A history is the list of its runs.
//! * In a curve `"NaN"`, `"Infinity"` and `"-Infinity"` stand for the numbers that JSON does not have.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::{History, ParamPath, Point, Run};

impl Serialize for ParamPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let escaped: Vec<String> =
            self.path().iter().map(|key| key.replace('\\', "\\\\").replace('.', "\\.")).collect();
        serializer.serialize_str(&escaped.join("."))
    }
}

impl<'de> Deserialize<'de> for ParamPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(unescaped(&String::deserialize(deserializer)?))
    }
}

/// The name of an escaped text; any text is one.
fn unescaped(text: &str) -> ParamPath {
    let mut path = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let last = path.last_mut().expect("there is a component");
        match c {
            '.' => path.push(String::new()),
            '\\' => last.extend(chars.next()),
            c => last.push(c),
        }
    }
    ParamPath::new(path)
}

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Point;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from names of parameters to values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Point, A::Error> {
                let entries = std::iter::from_fn(|| map.next_entry::<ParamPath, Value>().transpose());
                entries.collect()
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

impl Serialize for History {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.runs().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for History {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Run>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// A number, or the text that stands for it.
struct Float(f64);

impl Serialize for Float {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            x if x.is_finite() => serializer.serialize_f64(x),
            x if x.is_nan() => serializer.serialize_str("NaN"),
            x if x > 0.0 => serializer.serialize_str("Infinity"),
            _ => serializer.serialize_str("-Infinity"),
        }
    }
}

impl<'de> Deserialize<'de> for Float {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Float;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, \"NaN\", \"Infinity\" or \"-Infinity\"")
            }

            fn visit_f64<E: Error>(self, x: f64) -> Result<Float, E> {
                Ok(Float(x))
            }

            fn visit_u64<E: Error>(self, x: u64) -> Result<Float, E> {
                Ok(Float(x as f64))
            }

            fn visit_i64<E: Error>(self, x: i64) -> Result<Float, E> {
                Ok(Float(x as f64))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Float, E> {
                match text {
                    "NaN" => Ok(Float(f64::NAN)),
                    "Infinity" => Ok(Float(f64::INFINITY)),
                    "-Infinity" => Ok(Float(f64::NEG_INFINITY)),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(Number)
    }
}

/// The values of a curve.
pub(crate) mod floats {
    use super::{Deserialize, Deserializer, Float, Serializer};

    pub(crate) fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|&x| Float(x)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        let values = Vec::<Float>::deserialize(deserializer)?;
        Ok(values.into_iter().map(|Float(x)| x).collect())
    }
}

/// A number that may be missing: the summary of a curve.
pub(crate) mod optional_float {
    use super::{Deserialize, Deserializer, Float, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(Float).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
        Ok(Option::<Float>::deserialize(deserializer)?.map(|Float(x)| x))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, prop_assert_eq, proptest};
    use serde_json::json;

    use super::*;
    use crate::laws::{any_problem, history};
    use crate::{Curve, Metric, RunNumber, RunState};

    proptest! {
        #[test]
        fn a_history_comes_back_bit_for_bit(
            history in any_problem().prop_flat_map(|problem| history(&problem, 6)),
        ) {
            let text = serde_json::to_string(&history).expect("JSON");
            let back: History = serde_json::from_str(&text).expect("a history");
            // NaN is not equal to itself, and -0.0 is equal to 0.0; their texts tell.
            prop_assert_eq!(format!("{back:?}"), format!("{history:?}"));
        }

        #[test]
        fn a_name_comes_back_whatever_is_in_it(path in proptest::collection::vec("[a.\\\\é]{0,4}", 1..4)) {
            let name = ParamPath::new(path);
            let text = serde_json::to_string(&name).expect("JSON");
            prop_assert_eq!(serde_json::from_str::<ParamPath>(&text).expect("a name"), name);
        }
    }

    #[test]
    fn what_is_written_is_plain_json() {
        let names = [ParamPath::from("lr"), ParamPath::from(["opt", "name"]), ParamPath::from("a.b")];
        let point: Point = names.into_iter().zip([json!(0.1), json!("adam"), json!({"k": 1})]).collect();
        let curve = Curve::new([1.0, f64::NAN, f64::NEG_INFINITY]).with_summary(f64::INFINITY);
        let run = Run::new(point).with_state(RunState::Running).with_curve(0, curve);
        let expected = json!([{
            "point": {"lr": 0.1, "opt.name": "adam", "a\\.b": {"k": 1}},
            "state": "running",
            "curves": [{"values": [1.0, "NaN", "-Infinity"], "summary": "Infinity"}],
        }]);
        assert_eq!(serde_json::to_value(History::from_iter([run])).expect("JSON"), expected);
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let run: Run = serde_json::from_value(json!({"point": {"x": 1}})).expect("a run");
        assert_eq!(run, Run::new(Point::from_iter([("x".into(), json!(1))])));
        let metric: Metric = serde_json::from_value(json!({"name": "loss"})).expect("a metric");
        assert_eq!(metric, Metric::minimize("loss"));
    }

    #[test]
    fn what_is_none_of_them_is_an_error() {
        assert!(serde_json::from_value::<RunNumber>(json!(0)).is_err());
        let error = serde_json::from_value::<Curve>(json!({"values": ["much"]})).expect_err("no number");
        assert!(error.to_string().contains("expected a number, \"NaN\""), "{error}");
        assert!(serde_json::from_value::<Point>(json!([1])).is_err());
    }
}
