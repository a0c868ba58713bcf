//! What a run says besides its metrics. Written without [`rules`](crate::rules), as all of this store.

use serde_json::{Map, Value};

use super::run::{Run, Tried};
use crate::{MAX_FACTS, Output, StoreError};

/// Facts after a patch of RFC 7386, as the text of the standard has it.
fn patched(target: Option<Value>, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut object = match target {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    };
    for (name, value) in patch {
        let before = object.get(name).cloned();
        match value {
            Value::Null => object.retain(|key, _| key != name),
            value => drop(object.insert(name.clone(), patched(before, value))),
        }
    }
    Value::Object(object)
}

/// Facts after a patch, if they are not too large then.
pub(super) fn described(
    facts: &Map<String, Value>,
    patch: &Map<String, Value>,
) -> Result<Map<String, Value>, StoreError> {
    let after = patched(Some(Value::Object(facts.clone())), &Value::Object(patch.clone()));
    check("the facts about a run", after.to_string().len())?;
    Ok(after.as_object().cloned().unwrap_or_default())
}

pub(super) fn check(what: &'static str, bytes: usize) -> Result<(), StoreError> {
    match bytes <= MAX_FACTS {
        true => Ok(()),
        false => Err(StoreError::TooLarge { what, bytes: bytes as u64, limit: MAX_FACTS as u64 }),
    }
}

impl Run {
    fn tried(&self, attempt: u64) -> Option<&Tried> {
        self.attempts.iter().find(|tried| tried.attempt.number == attempt)
    }

    pub(super) fn facts(&self, attempt: Option<u64>) -> Map<String, Value> {
        let own = |attempt| self.tried(attempt).map(|tried| tried.facts.clone()).unwrap_or_default();
        match attempt {
            Some(0) => self.annotations.clone(),
            Some(attempt) => own(attempt),
            None => {
                let owners = Value::Object(self.annotations.clone());
                let both = patched(Some(Value::Object(own(self.row.attempt))), &owners);
                both.as_object().cloned().unwrap_or_default()
            }
        }
    }

    pub(super) fn output(&self, attempt: Option<u64>) -> Output {
        let printed = self.tried(attempt.unwrap_or(self.row.attempt)).map(|tried| &tried.printed);
        printed.map(Printed::output).unwrap_or_default()
    }
}

/// What an attempt has printed: pieces in order, without those of which nothing is kept.
#[derive(Debug, Default)]
pub(super) struct Printed(Vec<(u64, String)>);

impl Printed {
    fn total(&self) -> u64 {
        self.0.last().map_or(0, |(from, text)| from + text.len() as u64)
    }

    pub(super) fn add(&mut self, from: u64, text: &str) {
        let known = self.total();
        let fresh = text.char_indices().find(|(at, _)| from + *at as u64 >= known);
        if let Some((at, _)) = fresh {
            self.0.push((from + at as u64, text[at..].to_owned()));
        }
        let total = self.total();
        self.0.retain(|(from, text)| {
            *from < Output::HEAD || from + text.len() as u64 > total.saturating_sub(Output::TAIL)
        });
    }

    /// Piece by piece, and character by character where only a part is kept, as [`Output`] defines it.
    fn output(&self) -> Output {
        let total = self.total();
        let mut output = Output::default();
        for (from, text) in &self.0 {
            if from + text.len() as u64 <= Output::HEAD || from + Output::TAIL >= total {
                output.push(*from, text);
                continue;
            }
            for (at, c) in text.char_indices() {
                let at = from + at as u64;
                let is_kept = at + c.len_utf8() as u64 <= Output::HEAD || at + Output::TAIL >= total;
                if is_kept {
                    output.push(at, c.encode_utf8(&mut [0; 4]));
                }
            }
        }
        output
    }
}
