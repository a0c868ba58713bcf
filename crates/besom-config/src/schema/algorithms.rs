//! What the specs of a registry say of the keys `method`, `early_terminate` and `order`.

use std::collections::BTreeMap;

use besom_core::{AlgorithmKind, OptionSpec, Registry, Spec};
use serde_json::{Map, Value, json};

use crate::describe::range;
use crate::known::name_key;

/// Fills in what depends on the algorithms that there are.
pub(super) fn fill(schema: &mut Value, registry: &Registry) {
    let properties = &mut schema["properties"];
    properties["method"]["anyOf"] = methods(registry);
    properties["early_terminate"]["anyOf"] = rules(registry);
    if let Some(order) = registry.search_spec("grid").and_then(|spec| spec.option("order")) {
        extend(&mut properties["order"], range(&order.kind));
    }
    schema["allOf"] = conditions(registry);
}

/// A method's name, or its name and options. Names that are not in the registry may be those of its owner.
fn methods(registry: &Registry) -> Value {
    let mut names: Vec<Value> = specs(AlgorithmKind::Search, registry)
        .map(|(name, spec)| json!({ "const": name, "description": spec.summary }))
        .collect();
    names.push(json!({ "const": "custom", "description": "Leaves it to your code" }));
    let mut forms = vec![json!({ "title": "a method's name", "oneOf": names })];
    forms.extend(
        specs(AlgorithmKind::Search, registry)
            .map(|(name, spec)| with_options(AlgorithmKind::Search, name, spec)),
    );
    let known: Vec<&str> = registry.searches().collect();
    forms.push(json!({
        "title": "a method of your own",
        "type": "object",
        "properties": { "name": { "type": "string", "not": { "enum": known } } },
        "required": ["name"],
    }));
    forms.into()
}

fn rules(registry: &Registry) -> Value {
    specs(AlgorithmKind::Stopper, registry)
        .map(|(name, spec)| with_options(AlgorithmKind::Stopper, name, spec))
        .collect()
}

fn specs(kind: AlgorithmKind, registry: &Registry) -> impl Iterator<Item = (&str, Spec)> {
    registry.names(kind).into_iter().filter_map(move |name| Some((name, *registry.spec(kind, name)?)))
}

/// An algorithm with its options beside its name.
fn with_options(kind: AlgorithmKind, name: &str, spec: Spec) -> Value {
    let mut properties = Map::from_iter([(name_key(kind).to_owned(), json!({ "const": name }))]);
    properties.extend(spec.options.iter().map(|option| (option.key.to_owned(), of_option(option))));
    let always = spec.options.iter().filter(|option| option.default == besom_core::OptionDefault::Required);
    let required: Vec<&str> = [name_key(kind)].into_iter().chain(always.map(|option| option.key)).collect();
    let mut schema = json!({
        "title": name,
        "description": spec.summary,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": spec.other_options,
    });
    if !spec.forms.is_empty() {
        schema["anyOf"] = forms(spec.forms);
    }
    schema
}

fn of_option(option: &OptionSpec) -> Value {
    let mut schema = Value::from(range(&option.kind));
    let default = option.default.value();
    let described = match default {
        None => format!("{} Default: {}.", option.doc, option.default),
        Some(_) => option.doc.to_owned(),
    };
    schema["description"] = described.into();
    if let Some(default) = default {
        schema["default"] = default;
    }
    schema
}

/// Of several sets of options one must be there in whole: the first whose first option is.
fn forms(forms: &[&[&str]]) -> Value {
    let form = |place: usize| {
        let mut schema = json!({ "required": forms[place] });
        let before: Vec<Value> = forms[..place].iter().map(|form| json!({ "required": form[..1] })).collect();
        match &before[..] {
            [] => {}
            [only] => schema["not"] = only.clone(),
            _ => schema["not"] = json!({ "anyOf": before }),
        }
        schema
    };
    (0..forms.len()).map(form).collect()
}

/// What asks for which other keys.
fn conditions(registry: &Registry) -> Value {
    let needy = |kind| -> Vec<&str> {
        specs(kind, registry).filter(|(_, spec)| spec.needs_metric).map(|(name, _)| name).collect()
    };
    let (methods, rules) = (needy(AlgorithmKind::Search), needy(AlgorithmKind::Stopper));
    let named = one_of_methods(&methods);
    let mut conditions = json!([
        {
            "if": { "required": ["method"], "properties": { "method": named } },
            "then": { "anyOf": [{ "required": ["metric"] }, { "required": ["metrics"] }] },
        },
        {
            "if": {
                "required": ["early_terminate"],
                "properties": { "early_terminate": { "properties": { "type": { "enum": rules } } } },
            },
            "then": { "anyOf": [{ "required": ["metric"] }, { "required": ["metrics"] }] },
        },
        { "if": { "not": { "required": ["scheduler"] } }, "then": { "required": ["parameters"] } },
    ]);
    if let Value::Array(conditions) = &mut conditions {
        conditions.extend(most_metrics(registry));
    }
    conditions
}

/// How many metrics there may be, for each number that is the most for some methods or rules.
fn most_metrics(registry: &Registry) -> Vec<Value> {
    let of_kind = |kind| specs(kind, registry).map(move |(name, spec)| (spec.supports.metrics, kind, name));
    let limited = AlgorithmKind::ALL.into_iter().flat_map(of_kind).filter(|(limit, ..)| *limit < usize::MAX);
    let mut by_limit: BTreeMap<(usize, bool), Vec<&str>> = BTreeMap::new();
    for (limit, kind, name) in limited {
        by_limit.entry((limit, kind == AlgorithmKind::Stopper)).or_default().push(name);
    }
    let condition = |((limit, is_rule), names): ((usize, bool), Vec<&str>)| {
        let (key, named) = match is_rule {
            true => ("early_terminate", json!({ "properties": { "type": { "enum": names } } })),
            false => ("method", one_of_methods(&names)),
        };
        json!({
            "if": { "required": [key], "properties": { key: named } },
            "then": { "properties": { "metrics": { "maxItems": limit } } },
        })
    };
    by_limit.into_iter().map(condition).collect()
}

/// A method of one of these names, with or without options.
fn one_of_methods(names: &[&str]) -> Value {
    json!({ "anyOf": [
        { "enum": names },
        { "type": "object", "required": ["name"], "properties": { "name": { "enum": names } } },
    ] })
}

fn extend(schema: &mut Value, with: Map<String, Value>) {
    if let Some(object) = schema.as_object_mut() {
        object.extend(with);
    }
}
