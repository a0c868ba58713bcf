//! What a client says of one run, and what it is answered.

use std::time::SystemTime;

use besom_core::logged_value;
use serde_json::{Map, Value, json};

use super::graphql::Request;
use super::names::{self, ENTITY, PROJECT};
use super::stream::{Stream, within_limits};
use super::{KnownRun, RunSink, SinkError, lenient};

/// How many names are listed of what is too large.
const MAX_LEFT_OUT: usize = 100;
/// The longest text of an alert that is kept, in letters.
const MAX_ALERT: usize = 2000;

/// Which run an operation is about, in the client's words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RunPath {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) name: String,
}

impl RunPath {
    /// The run of this name; without entity and project those of who names none.
    pub(crate) fn new(entity: Option<&str>, project: Option<&str>, name: &str) -> Self {
        let (entity, project) = (entity.unwrap_or(ENTITY), project.unwrap_or(PROJECT));
        Self { entity: entity.to_owned(), project: project.to_owned(), name: name.to_owned() }
    }

    /// The run of an opaque id.
    pub(crate) fn of_id(id: &str) -> Option<Self> {
        match names::parts("Run", id)?.as_slice() {
            [name, project, entity] => Some(Self::new(Some(entity), Some(project), name)),
            _ => None,
        }
    }
}

/// The run that an operation is about, if it is one that [`operate`] answers.
pub(crate) fn about(request: &Request) -> Option<RunPath> {
    let named = |name: &str| {
        let entity = request.any_text(&["entity", "entityName"]);
        let project = request.any_text(&["project", "projectName"]);
        Some(RunPath::new(entity, project, request.text(name)?))
    };
    match request.operation.as_str() {
        "UpsertBucket" => named("name").or_else(|| RunPath::of_id(request.text("id")?)),
        "RunResumeStatus" => named("name"),
        "RunStoppedStatus" => named("runId"),
        "CreateRunFiles" => named("run"),
        "NotifyScriptableRunAlert" => named("runName"),
        "CreateArtifact" => {
            let input = request.variables.get("input")?;
            let text = |key: &str| input.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
            Some(RunPath::new(text("entityName"), text("projectName"), text("runName")?))
        }
        _ => None,
    }
}

/// The data of an operation about one run; `None` if it is another operation.
pub(crate) fn operate(request: &Request, sink: &mut dyn RunSink) -> Result<Option<Value>, SinkError> {
    let data = match request.operation.as_str() {
        "UpsertBucket" => {
            let known = sink.known()?;
            let facts = described(request, &known.params);
            taken(sink.describe(&facts))?;
            json!({ "upsertBucket": { "bucket": bucket(&sink.known()?), "inserted": known.facts.is_empty() } })
        }
        "RunResumeStatus" => {
            let known = sink.known()?;
            let mut model = names::project(&known.entity, &known.project);
            model["bucket"] = resumed(&known);
            json!({ "model": model })
        }
        "RunStoppedStatus" => json!({ "project": { "run": { "stopped": sink.stop_asked()? } } }),
        "CreateRunFiles" => {
            let id = run_id(&sink.known()?);
            json!({ "createRunFiles": { "runID": id, "uploadHeaders": [], "files": [] } })
        }
        "NotifyScriptableRunAlert" => {
            taken(sink.describe(&alert(request)))?;
            json!({ "notifyScriptableRunAlert": { "success": true } })
        }
        "CreateArtifact" => {
            let (facts, data) = artifact(request);
            taken(sink.describe(&facts))?;
            data
        }
        _ => return Ok(None),
    };
    Ok(Some(data))
}

/// The answer to a message of a file stream.
///
/// # Errors
/// Why it is to be sent again.
pub(crate) fn stream(stream: Stream, sink: &mut dyn RunSink) -> Result<Value, String> {
    match enter(stream, sink) {
        Ok(false) => Ok(json!({})),
        Ok(true) | Err(SinkError::Lost) => Ok(json!({ "stopped": true })),
        Err(SinkError::Failed(why)) => Err(why),
    }
}

/// Enters what came; whether the run is to end.
fn enter(stream: Stream, sink: &mut dyn RunSink) -> Result<bool, SinkError> {
    if let Some((first, rows)) = stream.history {
        sink.rows(first, rows)?;
    }
    if let Some(summary) = stream.summary {
        sink.describe(&Map::from_iter([("summary".to_owned(), summary.into())]))?;
    }
    if let Some((first, lines)) = stream.output {
        sink.print(first, &lines)?;
    }
    if stream.preempting {
        sink.preempting()?;
    }
    match stream.exit_code {
        Some(code) => sink.finish(code).map(|()| false),
        None => sink.stop_asked(),
    }
}

/// What an attempt that is over says is not taken, and no error to the client: its stream ends it.
fn taken(done: Result<(), SinkError>) -> Result<(), SinkError> {
    match done {
        Err(SinkError::Lost) => Ok(()),
        done => done,
    }
}

/// The facts that an `UpsertBucket` states.
pub(crate) fn described(request: &Request, params: &Map<String, Value>) -> Map<String, Value> {
    const NAMES: [(&str, &str); 9] = [
        ("displayName", "name"),
        ("display_name", "name"),
        ("tags", "tags"),
        ("notes", "notes"),
        ("groupName", "group"),
        ("jobType", "job_type"),
        ("host", "host"),
        ("program", "program"),
        ("commit", "commit"),
    ];
    let given = |name: &str| request.variables.get(name).filter(|value| !value.is_null());
    let facts = NAMES.iter().filter_map(|(name, fact)| Some(((*fact).to_owned(), given(name)?.clone())));
    let (mut facts, mut left_out) = within_limits(facts.collect());
    let object = |name: &str| lenient::parse::<Map<String, Value>>(request.text(name)?).ok();
    if let Some(config) = object("config") {
        let (added, large) = within_limits(added(config, params));
        left_out.extend(large.into_iter().map(|key| format!("config.{key}")));
        if !added.is_empty() {
            facts.insert("config".to_owned(), added.into());
        }
    }
    if let Some(summary) = object("summaryMetrics") {
        facts.insert("summary".to_owned(), within_limits(summary).0.into());
    }
    if !left_out.is_empty() {
        let others = left_out.len().saturating_sub(MAX_LEFT_OUT);
        left_out.truncate(MAX_LEFT_OUT);
        left_out.extend((others > 0).then(|| format!("and {others} others")));
        facts.insert("too_large_to_keep".to_owned(), left_out.into());
    }
    facts
}

/// Whether a program says for the first time who it is: later it also says where it runs.
pub(crate) fn is_first(request: &Request) -> bool {
    let config: Map<String, Value> =
        request.text("config").and_then(|text| lenient::parse(text).ok()).unwrap_or_default();
    config.get("_wandb").and_then(|own| own.pointer("/value/e")).is_none()
}

/// What a program has added to its parameters.
fn added(mut config: Map<String, Value>, params: &Map<String, Value>) -> Map<String, Value> {
    config.retain(|key, _| key != "_wandb");
    let mut added = plain(config);
    added.retain(|key, value| params.get(key).is_none_or(|param| !is_same(param, value)));
    added
}

/// The values without the objects that the client puts them into.
pub(super) fn plain(wrapped: Map<String, Value>) -> Map<String, Value> {
    let value = |value| match value {
        Value::Object(mut wrapped) => wrapped.remove("value").unwrap_or(Value::Object(wrapped)),
        other => other,
    };
    wrapped.into_iter().map(|(key, wrapped)| (key, value(wrapped))).collect()
}

/// Whether both are the same, whichever way their numbers are written: the client writes 1.0 as 1.
pub(crate) fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| is_same(one, other)))
        }
        _ => one == other,
    }
}

fn run_id(known: &KnownRun) -> String {
    names::id("Run", &[&known.name, &known.project, &known.entity])
}

/// The configuration of a run as the client has it: each value in an object of its own.
pub(crate) fn config(params: &Map<String, Value>, facts: &Map<String, Value>) -> Map<String, Value> {
    let added = facts.get("config").and_then(Value::as_object);
    let all = params.iter().chain(added.into_iter().flatten());
    all.map(|(key, value)| (key.clone(), json!({ "value": value }))).collect()
}

/// The object of this name in facts.
pub(crate) fn object<'a>(facts: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    facts.get(name).and_then(Value::as_object)
}

fn bucket(known: &KnownRun) -> Value {
    json!({
        "id": run_id(known), "name": known.name,
        "displayName": known.facts.get("name").cloned().unwrap_or_else(|| known.name.clone().into()),
        "description": null, "config": lenient::text(&config(&known.params, &known.facts)), "sweepName": known.sweep,
        "project": names::project(&known.entity, &known.project), "historyLineCount": known.lines,
    })
}

/// The run as a program that resumes it needs it; null if it has never been heard of.
fn resumed(known: &KnownRun) -> Value {
    if known.tail.is_none() && known.facts.is_empty() {
        return Value::Null;
    }
    let empty = Map::new();
    let mut bucket = bucket(known);
    let tail: Vec<String> = known.tail.iter().map(lenient::text).collect();
    bucket["summaryMetrics"] = lenient::text(object(&known.facts, "summary").unwrap_or(&empty)).into();
    bucket["historyTail"] = Value::from(tail).to_string().into();
    for (key, value) in
        [("logLineCount", json!(0)), ("eventsLineCount", json!(0)), ("eventsTail", json!("[]"))]
    {
        bucket[key] = value;
    }
    bucket["tags"] = known.facts.get("tags").cloned().unwrap_or_else(|| json!([]));
    bucket["notes"] = known.facts.get("notes").cloned().unwrap_or_default();
    bucket["wandbConfig"] = json!({ "t": 1 }).to_string().into();
    bucket
}

/// The alert as a fact: the newest text of each title is kept.
fn alert(request: &Request) -> Map<String, Value> {
    let text =
        |name: &str| request.text(name).unwrap_or_default().chars().take(MAX_ALERT).collect::<String>();
    let said = json!({ "text": text("text"), "severity": text("severity") });
    Map::from_iter([("alerts".to_owned(), json!({ text("title"): said }))])
}

/// What is kept of an artifact, and the answer that makes the client upload nothing.
fn artifact(request: &Request) -> (Map<String, Value>, Value) {
    let input = request.variables.get("input").cloned().unwrap_or_default();
    let aliased = || input["aliases"][0]["artifactCollectionName"].clone();
    let name =
        Some(input["artifactCollectionName"].clone()).filter(|name| !name.is_null()).unwrap_or_else(aliased);
    let created = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let kept = json!({
        "entity": input["entityName"], "project": input["projectName"], "name": name, "type": input["artifactTypeName"],
        "digest": input["digest"], "created": created, "run": input["runName"],
    });
    let fact =
        json!({ name.as_str().unwrap_or("artifact"): { "type": kept["type"], "digest": kept["digest"] } });
    let id = names::artifact_id(&kept);
    let artifact = json!({ "id": id, "state": "COMMITTED", "artifactSequence": { "latestArtifact": null } });
    let facts = Map::from_iter([("artifacts".to_owned(), fact)]);
    (facts, json!({ "createArtifact": { "artifact": artifact } }))
}

/// The row to add at the end of a run that has put its metric into the summary alone, where neither search nor ranks would find it.
pub(crate) fn summary_row(summary: &Map<String, Value>, metric: &str) -> Option<Map<String, Value>> {
    let value = summarized(logged_value(summary, metric)?)?;
    Some(Map::from_iter([(metric.to_owned(), value.clone())]))
}

/// The number of a summary's value: itself, or what `define_metric(summary=..)` has put into an object.
pub(crate) fn summarized(value: &Value) -> Option<&Value> {
    const KINDS: [&str; 6] = ["best", "max", "min", "last", "mean", "first"];
    match value {
        Value::Number(_) => Some(value),
        Value::Object(kinds) => {
            KINDS.iter().find_map(|kind| kinds.get(*kind)).filter(|value| value.is_number())
        }
        _ => None,
    }
}
