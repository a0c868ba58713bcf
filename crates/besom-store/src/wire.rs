//! How numbers travel in JSON, beside what `serde` does: NaN is `null`, and what may exceed 2⁵³, up to which JavaScript is exact, is a
//! text or a number.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// Reads a number that may exceed 2⁵³.
///
/// # Errors
/// For anything else.
pub fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a number, or one as a text")]
    enum Either {
        Number(u64),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(number) => Ok(number),
        Either::Text(text) => {
            text.parse().map_err(|_| D::Error::custom(format!("a number as a text and not '{text}'")))
        }
    }
}

/// Writes a number that may exceed 2⁵³.
///
/// # Errors
/// Those of the serializer.
pub fn as_text<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

/// Reads a number, or NaN.
///
/// # Errors
/// For anything else.
pub fn number_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

/// Reads numbers, each of which may be NaN.
///
/// # Errors
/// For anything else.
pub fn numbers_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    let numbers: Vec<Option<f64>> = Vec::deserialize(deserializer)?;
    Ok(numbers.into_iter().map(|number| number.unwrap_or(f64::NAN)).collect())
}
