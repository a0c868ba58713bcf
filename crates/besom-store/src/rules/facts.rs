//! What a run says besides its metrics.

use serde_json::{Map, Value};

use crate::{MAX_FACTS, Output, StoreError};

/// Merges a patch into facts by RFC 7386: null removes a key, objects are merged, anything else replaces what was there.
///
/// ```
/// use serde_json::json;
///
/// let object = |value: serde_json::Value| value.as_object().cloned().unwrap_or_default();
/// let mut facts = object(json!({"name": "big", "config": {"layers": 3, "seed": 1}}));
/// besom_store::rules::merge(&mut facts, &object(json!({"config": {"layers": 4, "seed": null}})));
/// assert_eq!(facts, object(json!({"name": "big", "config": {"layers": 4}})));
/// ```
pub fn merge(facts: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (key, value) in patch {
        match value {
            Value::Null => {
                facts.shift_remove(key);
            }
            Value::Object(inner) => {
                let target = facts.entry(key.clone()).or_insert_with(|| Value::Object(Map::new()));
                if !target.is_object() {
                    *target = Value::Object(Map::new());
                }
                target.as_object_mut().map(|target| merge(target, inner)).expect("it was made an object");
            }
            other => {
                facts.insert(key.clone(), other.clone());
            }
        }
    }
}

/// Puts two patches together: what comes of both, one after the other, comes of the one. (But where the first removes an
/// object and the second states one in its place, the old object is merged with it.)
///
/// ```
/// use serde_json::json;
///
/// let object = |value: serde_json::Value| value.as_object().cloned().unwrap_or_default();
/// let mut patch = object(json!({"config": {"layers": 3, "seed": 1}}));
/// besom_store::rules::compose(&mut patch, &object(json!({"config": {"seed": null}})));
/// assert_eq!(patch, object(json!({"config": {"layers": 3, "seed": null}})));
/// ```
pub fn compose(patch: &mut Map<String, Value>, later: &Map<String, Value>) {
    for (key, value) in later {
        match (patch.get_mut(key), value) {
            (Some(Value::Object(inner)), Value::Object(later)) => compose(inner, later),
            _ => drop(patch.insert(key.clone(), value.clone())),
        }
    }
}

/// Facts as they are stored.
///
/// # Errors
/// [`StoreError::TooLarge`] if they exceed [`MAX_FACTS`].
pub fn facts_text(facts: &Map<String, Value>) -> Result<String, StoreError> {
    let text = serde_json::to_string(facts).map_err(StoreError::permanent)?;
    fits("the facts about a run", text.len())?;
    Ok(text)
}

/// # Errors
/// [`StoreError::TooLarge`] if `bytes` exceed [`MAX_FACTS`].
pub fn fits(what: &'static str, bytes: usize) -> Result<(), StoreError> {
    if bytes > MAX_FACTS {
        return Err(StoreError::TooLarge { what, bytes: bytes as u64, limit: MAX_FACTS as u64 });
    }
    Ok(())
}

/// What is new of output from byte `from` when `total` bytes are known, and where that begins.
pub fn unprinted(total: u64, from: u64, text: &str) -> (u64, &str) {
    let known = usize::try_from(total.saturating_sub(from)).unwrap_or(usize::MAX);
    let cut = text.ceil_char_boundary(known);
    (from + cut as u64, &text[cut..])
}

/// What is kept of a part of an output of `total` bytes: see [`Output`]. Either half may be empty; both are the whole part
/// if nothing is dropped.
pub fn kept(from: u64, text: &str, total: u64) -> [(u64, &str); 2] {
    let place = |at: u64| usize::try_from(at.saturating_sub(from)).unwrap_or(usize::MAX);
    let tail = text.ceil_char_boundary(place(total.saturating_sub(Output::TAIL)));
    let head = text.floor_char_boundary(place(Output::HEAD)).min(tail);
    [(from, &text[..head]), (from + tail as u64, &text[tail..])]
}
