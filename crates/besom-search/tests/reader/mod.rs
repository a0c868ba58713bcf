//! Reads the sweep files of shared cases: just enough of W&B's schema, without checks.

use besom_core::distribution::{Continuous, Step};
use besom_core::{Distribution, Options, ParamPath, Parameter, Problem, Registry, Search, Space};
use serde_json::Value;

/// The problem of a configuration, and its method with the options that stand beside W&B's keys.
pub(crate) fn read(config: &Value, seed: u64) -> (Problem, Result<Box<dyn Search>, String>) {
    let mut parameters = Vec::new();
    read_parameters(&config["parameters"], &[], &mut parameters);
    let problem = Problem::without_metric().space(Space::new(parameters).unwrap()).seed(seed);
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    let options: Options =
        config.get("order").map(|order| ("order".to_owned(), order.clone())).into_iter().collect();
    let search = registry
        .search(config["method"].as_str().unwrap(), &problem, &options)
        .map(|method| method.into_search().unwrap())
        .map_err(|e| besom_core::error_chain(&e));
    (problem, search)
}

fn read_parameters(parameters: &Value, path: &[&str], into: &mut Vec<Parameter>) {
    for (key, parameter) in parameters.as_object().unwrap() {
        let path = [path, &[key.as_str()]].concat();
        match parameter.get("parameters") {
            Some(inner) => read_parameters(inner, &path, into),
            None => {
                into.push(Parameter::new(ParamPath::new(path), distribution(parameter)));
            }
        }
    }
}

fn distribution(parameter: &Value) -> Distribution {
    if let Some(value) = parameter.get("value") {
        return Distribution::Constant(value.clone());
    }
    if let Some(values) = parameter.get("values") {
        let probabilities = parameter.get("probabilities").and_then(Value::as_array);
        let probabilities = probabilities.map(|all| all.iter().map(|p| p.as_f64().unwrap()).collect());
        return Distribution::Categorical { values: values.as_array().unwrap().clone(), probabilities };
    }
    if let (None, Some(min), Some(max)) =
        (parameter.get("distribution"), parameter["min"].as_i64(), parameter["max"].as_i64())
    {
        return Distribution::IntUniform { min, max };
    }
    let number = |key: &str, default: f64| parameter.get(key).map_or(default, |x| x.as_f64().unwrap());
    let (min, max) = (number("min", 0.0), number("max", 1.0));
    let name = parameter.get("distribution").map_or("uniform", |name| name.as_str().unwrap());
    let shape = match name.trim_start_matches("q_") {
        "uniform" => Continuous::Uniform { min, max },
        "log_uniform_values" => Continuous::LogUniformValues { min, max },
        "inv_log_uniform_values" => Continuous::InvLogUniformValues { min, max },
        "normal" => Continuous::Normal { mu: number("mu", 0.0), sigma: number("sigma", 1.0) },
        "log_normal" => Continuous::LogNormal { mu: number("mu", 0.0), sigma: number("sigma", 1.0) },
        "beta" => Continuous::Beta { a: number("a", 1.0), b: number("b", 1.0) },
        other => panic!("no case had {other} so far"),
    };
    if !name.starts_with("q_") {
        return Distribution::Continuous(shape);
    }
    let integer = parameter.get("q").is_some_and(|q| q.is_i64());
    Distribution::Quantized(shape, Step { q: number("q", 1.0), integer })
}
