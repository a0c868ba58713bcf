//! Algorithms as JSON, for those who show them.

use std::ops::Bound;

use besom_core::{AlgorithmKind, Ends, OptionDefault, OptionKind, OptionSpec, Registry, Spec};
use serde_json::{Map, Value, json};

/// All algorithms of a registry with what they say of themselves: a list of objects with `name`, `role` (`search method` or
/// `stopping rule`), `summary`, `needs_metric`, `ends`, `in_wandb`, `may_repeat`, `supports`, `other_options` and `options`. An
/// option has `key`, `type`, its range (`minimum`, `exclusiveMinimum`, `enum` ..), `allowed` and `default_text` (both in words),
/// `default` (`null` if it is not a value), `required` and `doc`.
pub fn algorithms(registry: &Registry) -> Value {
    let of_role = |kind: AlgorithmKind| {
        let names = registry.names(kind).into_iter();
        names.filter_map(move |name| Some(algorithm(kind, name, registry.spec(kind, name)?)))
    };
    of_role(AlgorithmKind::Search).chain(of_role(AlgorithmKind::Stopper)).collect()
}

fn algorithm(kind: AlgorithmKind, name: &str, spec: &Spec) -> Value {
    let ends = match spec.ends {
        Ends::Never => "never",
        Ends::Exhausted => "exhausted",
        Ends::Depends => "depends",
    };
    let supports = spec.supports;
    json!({
        "name": name,
        "role": kind.as_str(),
        "summary": spec.summary,
        "needs_metric": spec.needs_metric,
        "ends": ends,
        "in_wandb": spec.in_wandb,
        "may_repeat": spec.may_repeat,
        "supports": {
            "metrics": (supports.metrics < usize::MAX).then_some(supports.metrics),
            "conditions": supports.conditions,
            "constraints": supports.constraints,
        },
        "other_options": spec.other_options,
        "options": spec.options.iter().map(option).collect::<Vec<_>>(),
    })
}

fn option(option: &OptionSpec) -> Value {
    let mut described = Map::from_iter([("key".to_owned(), option.key.into())]);
    described.extend(range(&option.kind));
    described.extend([
        ("allowed".to_owned(), option.kind.to_string().into()),
        ("default".to_owned(), option.default.value().into()),
        ("default_text".to_owned(), option.default.to_string().into()),
        ("required".to_owned(), matches!(option.default, OptionDefault::Required).into()),
        ("doc".to_owned(), option.doc.into()),
    ]);
    described.into()
}

/// What an option may be, in the words of a JSON Schema.
pub(crate) fn range(kind: &OptionKind) -> Map<String, Value> {
    let mut range = Map::new();
    let mut put = |key: &str, value: Value| range.insert(key.to_owned(), value);
    match *kind {
        OptionKind::Count { least, most } => {
            put("type", "integer".into());
            put("minimum", least.into());
            if most < u64::MAX {
                put("maximum", most.into());
            }
        }
        OptionKind::Number { low, high } => {
            put("type", "number".into());
            match low {
                Bound::Included(low) => put("minimum", number(low)),
                Bound::Excluded(low) => put("exclusiveMinimum", number(low)),
                Bound::Unbounded => None,
            };
            match high {
                Bound::Included(high) => put("maximum", number(high)),
                Bound::Excluded(high) => put("exclusiveMaximum", number(high)),
                Bound::Unbounded => None,
            };
        }
        OptionKind::Choice(choices) => {
            put("enum", choices.into());
        }
        OptionKind::Flag => {
            put("type", "boolean".into());
        }
        OptionKind::Metric => {
            put("type", "string".into());
        }
        OptionKind::Points => {
            put("type", "array".into());
            put("items", json!({ "type": "object" }));
        }
        _ => {}
    }
    range
}

/// A bound, without a fraction if it has none.
fn number(bound: f64) -> Value {
    OptionDefault::Number(bound).value().unwrap_or_default()
}
