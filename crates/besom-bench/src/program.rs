//! A sweep of a program that speaks ask-tell.

use std::time::Duration;

use besom_core::distribution::Continuous;
use besom_core::{BoxError, Distribution, Options, Problem, Space};
use serde_json::{Map, Value, json};

use crate::process::Process;
use crate::session::{Asked, End, Session};

/// A sweep of a program.
pub(crate) struct Program<'a> {
    process: &'a mut Process,
    space: Space,
    /// The suggestions so far, as the program wrote them: a result repeats them.
    suggestions: Vec<Suggested>,
    /// How many of them have no result yet.
    open: usize,
    /// Whether it has a stopping rule. Without, it is not sent the values of epochs, which some programs then refuse.
    stops: bool,
}

struct Suggested {
    id: String,
    params: Value,
}

impl<'a> Program<'a> {
    /// Starts a sweep in a running program.
    pub(crate) fn start(
        process: &'a mut Process,
        problem: &Problem,
        method: &str,
        stopper: Option<(&str, &Options)>,
    ) -> Result<Self, BoxError> {
        process.request(&json!({ "config": config(problem, method, stopper), "seed": problem.seed }))?;
        Ok(Self {
            process,
            space: problem.space.clone(),
            suggestions: Vec::new(),
            open: 0,
            stops: stopper.is_some(),
        })
    }
}

impl Session for Program<'_> {
    fn ask(&mut self) -> Result<Asked, BoxError> {
        let reply = self.process.request(&json!({ "ask": 1 }))?;
        let wrong = |what: &str| format!("the answer to ask has {what}: {reply}");
        let suggestions = reply["suggestions"].as_array().ok_or_else(|| wrong("no list of suggestions"))?;
        let [suggestion] = &suggestions[..] else {
            return match suggestions.len() {
                0 if self.open > 0 => Ok(Asked::Wait),
                0 => Ok(Asked::Done),
                n => Err(wrong(&format!("{n} suggestions, asked for 1")).into()),
            };
        };
        let id = suggestion["id"].as_str().ok_or_else(|| wrong("no id that is a string"))?;
        let params = suggestion["params"].as_object().ok_or_else(|| wrong("no object params"))?;
        if self.suggestions.iter().any(|earlier| earlier.id == id) {
            return Err(wrong("an id that was given before").into());
        }
        let point = self.space.read(params);
        if !self.space.contains(&point) || !self.space.is_complete(&point) {
            return Err(wrong("a point that is not in the space").into());
        }
        self.suggestions.push(Suggested { id: id.to_owned(), params: suggestion["params"].clone() });
        self.open += 1;
        Ok(Asked::Run(point))
    }

    fn report(&mut self, run: usize, step: usize, value: f64) -> Result<Vec<usize>, BoxError> {
        if !self.stops {
            return Ok(Vec::new());
        }
        let report = json!({ "id": self.suggestions[run].id, "step": step, "value": value });
        let reply = self.process.request(&json!({ "report": [report] }))?;
        let wrong = || format!("the answer to report must have a list of ids, stop: {reply}");
        let stop = reply["stop"].as_array().ok_or_else(wrong)?;
        let place =
            |id: &Value| self.suggestions.iter().position(|suggested| Some(&*suggested.id) == id.as_str());
        stop.iter().map(|id| place(id).ok_or_else(|| wrong().into())).collect()
    }

    fn tell(&mut self, run: usize, end: End) -> Result<(), BoxError> {
        let (value, state) = match end {
            End::Finished(value) => (json!(value), "finished"),
            End::Stopped(value) => (json!(value), "stopped"),
            End::Failed => (Value::Null, "failed"),
        };
        let Suggested { id, params } = &self.suggestions[run];
        let told = json!({ "id": id, "params": params, "value": value, "state": state });
        self.process.request(&json!({ "tell": [told] }))?;
        self.open -= 1;
        Ok(())
    }

    fn cpu(&self) -> Duration {
        self.process.cpu()
    }

    fn peak_mb(&self) -> u64 {
        self.process.peak_mb()
    }
}

/// The sweep file of a problem, as JSON.
fn config(problem: &Problem, method: &str, stopper: Option<(&str, &Options)>) -> Value {
    let mut parameters = Map::new();
    for parameter in problem.space.parameters() {
        let (last, outer) = parameter.name.path().split_last().expect("a name has a component");
        let mut at = &mut parameters;
        for name in outer {
            let group = at.entry(name.as_str()).or_insert_with(|| json!({ "parameters": {} }));
            at = group["parameters"].as_object_mut().expect("no parameter lies inside another");
        }
        at.insert(last.clone(), distribution(&parameter.distribution));
    }
    let mut config = json!({ "method": method, "parameters": parameters });
    if let Some(metric) = problem.metric() {
        config["metric"] = json!({ "name": metric.name, "goal": metric.goal.as_str() });
    }
    if let Some(cap) = problem.run_cap {
        config["run_cap"] = cap.into();
    }
    if let Some((name, options)) = stopper {
        let mut rule = Options::new();
        rule.insert("type".to_owned(), name.into());
        rule.extend(options.clone());
        config["early_terminate"] = rule.into();
    }
    config
}

fn distribution(distribution: &Distribution) -> Value {
    let mut spec = match distribution {
        Distribution::Constant(value) => return json!({ "value": value }),
        Distribution::Categorical { values, probabilities: None } => return json!({ "values": values }),
        Distribution::Categorical { values, probabilities } => {
            return json!({ "values": values, "probabilities": probabilities });
        }
        Distribution::IntUniform { min, max } => json!({ "min": min, "max": max }),
        Distribution::Continuous(shape) => numbers(*shape),
        Distribution::Quantized(shape, step) => {
            let mut spec = numbers(*shape);
            #[expect(clippy::cast_possible_truncation, reason = "a step that was written as an integer")]
            let q = if step.integer { json!(step.q as i64) } else { json!(step.q) };
            spec["q"] = q;
            spec
        }
        // The program says what it does not know.
        _ => json!({}),
    };
    spec["distribution"] = distribution.name().into();
    spec
}

fn numbers(shape: Continuous) -> Value {
    match shape {
        Continuous::Uniform { min, max }
        | Continuous::LogUniform { min, max }
        | Continuous::LogUniformValues { min, max }
        | Continuous::InvLogUniform { min, max }
        | Continuous::InvLogUniformValues { min, max } => json!({ "min": min, "max": max }),
        Continuous::Normal { mu, sigma } | Continuous::LogNormal { mu, sigma } => {
            json!({ "mu": mu, "sigma": sigma })
        }
        Continuous::Beta { a, b } => json!({ "a": a, "b": b }),
        _ => json!({}),
    }
}
