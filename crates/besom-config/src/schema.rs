//! The JSON Schema of the sweep file, for editors.
//!
//! The shape and the descriptions come from the types below; parameters come from the table of distributions that the
//! reader uses, algorithms from the specs of a registry. A schema cannot compare two values (`min < max`) or count
//! probabilities, so a file that it takes may still be refused. What the reader takes with a warning may fail it, so that editors
//! mark it.

mod algorithms;

use besom_core::Registry;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

use crate::check::{KINDS, Key, Kind};

/// The JSON Schema (draft 7, which editors know best) of sweep files that name the algorithms of a registry;
/// `docs/sweep.schema.json` is that of the built-in ones.
pub fn schema(registry: &Registry) -> Value {
    let mut schema =
        SchemaSettings::draft07().into_generator().into_root_schema_for::<SweepFile>().to_value();
    unwrap_descriptions(&mut schema);
    for key in ["parameters", "metric", "metrics"] {
        without_null(&mut schema["properties"][key]);
    }
    // Such keys are for the owner of the file.
    schema["patternProperties"] = json!({ "^x-": {} });
    algorithms::fill(&mut schema, registry);
    schema
}

/// Takes null out of the choices of a property that may be left out only where another one is.
fn without_null(property: &mut Value) {
    let Value::Object(map) = property else { return };
    if let Some(Value::Array(choices)) = map.get_mut("anyOf") {
        choices.retain(|choice| choice != &json!({ "type": "null" }));
    }
}

/// A description is one paragraph.
fn unwrap_descriptions(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(text)) = map.get_mut("description") {
                *text = text.replace('\n', " ");
            }
            map.values_mut().for_each(unwrap_descriptions);
        }
        Value::Array(items) => items.iter_mut().for_each(unwrap_descriptions),
        _ => {}
    }
}

/// A hyperparameter sweep of besom: W&B's sweep configuration with the keys `seed`, `order`, `retry`, `timeout` and `parameter_constraints`, `when` of parameters, and `metrics` for all methods that can, added.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "besom sweep file")]
#[expect(dead_code, reason = "the type is the schema; the reader works on a tree with places")]
struct SweepFile {
    /// The training program.
    program: Option<String>,
    /// The words of the command line that starts a run. Macros: `${env}`, `${interpreter}`, `${program}`, `${args}`,
    /// `${args_no_hyphens}`, `${args_no_boolean_flags}`, `${args_no_equals}`, `${args_json}`, `${args_json_file}`,
    /// `${args_append_hydra}`, `${args_override_hydra}`, `${slot}`, `${envvar:NAME}`.
    command: Option<Vec<Word>>,
    /// How points to try are found.
    method: Algorithm,
    /// What is optimized.
    metric: Option<Metric>,
    /// Several metrics, in place of `metric`: a sweep finds their front. W&B has them for `method: custom` only.
    #[schemars(length(min = 2))]
    metrics: Option<Vec<Metric>>,
    /// What is varied: names with the values they may take.
    parameters: Option<Parameters>,
    /// Which runs are stopped before their end.
    early_terminate: Option<Algorithm>,
    /// The most runs the sweep may have.
    #[schemars(range(min = 1))]
    run_cap: Option<u64>,
    /// What to call the sweep.
    name: Option<String>,
    /// What the sweep is for.
    description: Option<String>,
    /// A project of W&B; besom keeps it.
    project: Option<String>,
    /// An entity of W&B; besom keeps it.
    entity: Option<String>,
    /// Who suggests runs and stops them: with `local` a person or program that drives the loop.
    controller: Option<Controller>,
    /// A job of W&B; besom launches none.
    job: Option<String>,
    /// An image of W&B; besom launches none.
    image_uri: Option<String>,
    /// A scheduler of W&B; besom starts none.
    scheduler: Option<Scheduler>,
    /// A version of W&B's format; besom keeps it.
    #[schemars(rename = "apiVersion")]
    api_version: Option<String>,
    /// The kind of file.
    kind: Option<FileKind>,
    /// The seed of all random choices; without it the sweep draws one. A key of besom.
    seed: Option<u64>,
    /// The order of a grid. A key of besom.
    order: Option<Algorithm>,
    /// How often a run is tried again. A key of besom.
    retry: Option<Retry>,
    /// How long an attempt of a run may take: seconds, or text such as `30s`, `90m`, `2h`, `1d`. A key of besom.
    timeout: Option<Timeout>,
    /// What every suggestion keeps, such as `warmup < epochs` or `not (optimizer == 'lion' and precision == 'fp32')`. A key of besom.
    #[schemars(length(max = 1000))]
    parameter_constraints: Option<Vec<String>>,
}

/// A word; a number or the like stands for its text.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the type is the schema")]
enum Word {
    Text(String),
    Number(f64),
    Bool(bool),
    Null(()),
}

/// What the registry decides.
struct Algorithm;

impl JsonSchema for Algorithm {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Algorithm".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
    }
}

/// A metric that runs log.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is the schema")]
struct Metric {
    /// The key under which programs log it.
    name: String,
    /// Which way it is better; `minimize` by default.
    goal: Option<Goal>,
    /// The sweep is over once a run reaches this value; with several metrics, once one run reaches all targets.
    target: Option<f64>,
    /// Beside other metrics: a run that is worse than this is worth nothing. A key of besom.
    threshold: Option<f64>,
    /// Which value a run counts with that failed, crashed or was killed; `worst` by default, `ignore` leaves it out.
    impute: Option<Impute>,
    /// Which value a running run counts with; `"false"` (none) by default.
    impute_while_running: Option<ImputeWhileRunning>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "the type is the schema")]
enum Goal {
    Minimize,
    Maximize,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "the type is the schema")]
enum Impute {
    Worst,
    Best,
    Latest,
    Ignore,
}

struct ImputeWhileRunning;

impl JsonSchema for ImputeWhileRunning {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ImputeWhileRunning".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": ["false", false, "worst", "best", "latest"] })
    }
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "the type is the schema")]
struct Controller {
    /// `local` or `cloud`.
    #[schemars(rename = "type")]
    kind: ControllerKind,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "the type is the schema")]
enum ControllerKind {
    Local,
    Cloud,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is the schema")]
struct Scheduler {
    /// The engine; with `wandb`, besom runs without one.
    engine: Engine,
    source: Option<String>,
    optimizer: Option<String>,
    search_space: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "the type is the schema")]
enum Engine {
    Wandb,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "the type is the schema")]
enum FileKind {
    Sweep,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the type is the schema")]
enum Timeout {
    /// In seconds.
    Seconds(#[schemars(extend("exclusiveMinimum" = 0))] f64),
    /// With units: `1h 30m`.
    Text(#[schemars(regex(pattern = r"^\s*[0-9]"))] String),
}

#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the type is the schema")]
enum Retry {
    /// How often a run is tried again, however it ended.
    Times(u32),
    /// How often a run is tried again, by how it ended.
    ByEnd(RetryByEnd),
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is the schema")]
struct RetryByEnd {
    /// After its agent was lost; 1 by default.
    crashed: Option<u32>,
    /// After its program failed; 0 by default.
    failed: Option<u32>,
}

/// A mapping of names to parameters.
struct Parameters;

impl JsonSchema for Parameters {
    fn schema_name() -> Cow<'static, str> {
        "Parameters".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": { "pattern": "^[+~]*[A-Za-z_][A-Za-z0-9_./@-]*$" },
            "minProperties": 1,
            "additionalProperties": generator.subschema_for::<Parameter>(),
        })
    }
}

/// One parameter: any of the distributions, or parameters inside.
struct Parameter;

impl JsonSchema for Parameter {
    fn schema_name() -> Cow<'static, str> {
        "Parameter".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut kinds: Vec<Value> = KINDS
            .iter()
            .filter(|kind| kind.successor.is_none())
            .map(|kind| of_kind(kind, generator))
            .collect();
        kinds.push(json!({
            "title": "nested parameters",
            "type": "object",
            "properties": {
                "when": generator.subschema_for::<When>(),
                "parameters": generator.subschema_for::<Parameters>(),
            },
            "required": ["parameters"],
            "additionalProperties": false,
        }));
        json_schema!({ "type": "object", "anyOf": kinds })
    }
}

/// When a parameter, or a group of them, exists: these parameters have these values, or are in these ranges. A list: one of its
/// items holds. A key of besom.
struct When;

impl JsonSchema for When {
    fn schema_name() -> Cow<'static, str> {
        "When".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let range = json!({
            "type": "object",
            "properties": { "min": { "type": "number" }, "max": { "type": "number" } },
            "minProperties": 1,
            "additionalProperties": false,
        });
        let wanted = json!({ "anyOf": [
            { "type": ["string", "number", "boolean", "null"] },
            { "type": "array", "minItems": 1 },
            range,
        ] });
        let all = json!({ "type": "object", "minProperties": 1, "additionalProperties": wanted });
        json_schema!({
            "description": "When it exists: all of these parameters have this value, one of these values, or a number from min to \
                            max; of a list, one item holds. A key of besom.",
            "anyOf": [all.clone(), { "type": "array", "minItems": 1, "items": all }],
        })
    }
}

fn of_kind(kind: &Kind, generator: &mut SchemaGenerator) -> Value {
    let mut properties = Map::new();
    let when = generator.subschema_for::<When>();
    properties.insert("distribution".to_owned(), json!({ "const": kind.name }));
    let mut required: Vec<&str> =
        kind.keys.iter().filter(|key| key.default.is_none()).map(|key| key.name).collect();
    if !kind.is_inferred() {
        required.insert(0, "distribution");
    }
    for key in kind.keys {
        properties.insert(key.name.to_owned(), of_key(kind, key));
    }
    properties.insert("when".to_owned(), when.to_value());
    json!({
        "title": kind.name,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn of_key(kind: &Kind, key: &Key) -> Value {
    let positive =
        matches!(key.name, "sigma" | "a" | "b" | "q") || (key.name == "min" && kind.name.contains("log"));
    let mut schema = match key.name {
        "value" => json!({}),
        "values" => json!({ "type": "array", "minItems": 1 }),
        "probabilities" => {
            json!({ "type": "array", "minItems": 1, "items": { "type": "number", "minimum": 0 } })
        }
        _ if kind.name == "int_uniform" => json!({ "type": "integer" }),
        _ if positive => json!({ "type": "number", "exclusiveMinimum": 0 }),
        _ => json!({ "type": "number" }),
    };
    if let Some(default) = key.default {
        schema["default"] = default.to_json();
    }
    schema
}
