//! Rows of the store as the command prints them in JSON: objects, times in ISO 8601 beside milliseconds.

use std::time::{Duration, SystemTime};

use besom_store::{RunRow, Status, StopKind, SweepRow};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::cli::describe;

/// Keys of moments, without their ending `_ms`.
const MOMENTS: [&str; 5] = ["created", "started", "ended", "seen", "at"];

/// A run, and whether a stopping rule has ended it.
pub(crate) fn run(run: &RunRow) -> Value {
    let mut value = rows(run);
    if let Some(object) = value.as_object_mut() {
        object.insert("stopped".into(), (run.stop_kind == Some(StopKind::Early)).into());
    }
    value
}

/// A sweep without its text, and whether nobody works on it.
pub(crate) fn sweep(sweep: &SweepRow, status: &Status) -> Value {
    let mut value = rows(sweep);
    if let Some(object) = value.as_object_mut() {
        object.shift_remove("text");
        object.insert("name".into(), describe::name(sweep).into());
        object.insert("idle".into(), describe::is_idle(sweep, status).into());
    }
    value
}

/// The status of a sweep, with counts by state.
pub(crate) fn status(status: &Status) -> Value {
    let mut value = rows(status);
    let counts: Map<String, Value> =
        status.counts.iter().map(|(state, count)| (state.to_string(), json!(count))).collect();
    if let Some(object) = value.as_object_mut() {
        object.insert("counts".into(), counts.into());
    }
    value
}

/// Anything of the store, with its times.
pub(crate) fn rows(row: &impl Serialize) -> Value {
    with_times(serde_json::to_value(row).unwrap_or_default())
}

/// `started_at: "2026-11-27T08:38:12.123Z"` beside each `started_ms`.
fn with_times(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(with_times).collect(),
        Value::Object(object) => {
            let mut with = Map::new();
            for (key, value) in object {
                let moment = key.strip_suffix("_ms").filter(|moment| MOMENTS.contains(moment));
                let at = moment.map(|moment| {
                    (if moment == "at" { "at".into() } else { format!("{moment}_at") }, iso(&value))
                });
                let value = if matches!(key.as_str(), "params" | "note" | "detail" | "labels") {
                    value
                } else {
                    with_times(value)
                };
                with.insert(key, value);
                with.extend(at);
            }
            with.into()
        }
        other => other,
    }
}

fn iso(value: &Value) -> Value {
    let moment = value.as_u64().and_then(|ms| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(ms)));
    // Beyond the year 9999 there is no such text.
    let text = moment.filter(|_| value.as_u64() < Some(253_402_300_800_000));
    text.map_or(Value::Null, |moment| humantime::format_rfc3339_millis(moment).to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stand_beside_milliseconds() {
        let value = with_times(
            json!([{"started_ms": 1_795_768_692_123_u64, "ended_ms": null, "params": {"at_ms": 1}}]),
        );
        let expected = json!([{
            "started_ms": 1_795_768_692_123_u64, "started_at": "2026-11-27T08:38:12.123Z",
            "ended_ms": null, "ended_at": null, "params": {"at_ms": 1},
        }]);
        assert_eq!(value, expected);
    }
}
