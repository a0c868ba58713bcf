//! The protocol of `besom ask-tell`: a sweep for programs in any language, over newline-delimited JSON.
//!
//! One request a line on standard input, one reply a line on standard output: `{"config": .., "seed": ..}` starts
//! afresh (the reply may hold `warnings`), `{"ask": k}` suggests, `{"tell": [..]}` learns, `{"report": [..]}` learns of running runs and answers which
//! to stop, `{"quit": true}` ends. A request that can't be served is answered `{"error": "text"}` and changes nothing; of a `tell`, what is
//! valid is learned, and `told` beside the error lists it: the result of a run is too dear to be lost for another's.

mod params;

use std::collections::HashMap;
use std::io::{BufRead, Write};

use besom_agent::quote_not_finite;
use besom_config::Reader;
use besom_controller::Sweep;
use besom_core::{
    Answer, BoxError, Distribution, Failure, Parameter, Problem, Registry, Run, RunNumber, RunState,
    error_chain,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{build, json_fault};

/// The longest request in bytes: far beyond any real one, so that a stray file cannot fill the memory.
const LONGEST_LINE: u64 = 64 << 20;

/// The most suggestions per request.
const MOST_SUGGESTIONS: usize = 100_000;

/// The last step of a run: a curve has a value for each, so that a stray number cannot fill the memory.
const LAST_STEP: usize = 100_000;

/// What some programs write before all else, to say that they write UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Answers requests until `quit` or the end of the input. Fails only if reading or writing does.
pub fn converse(registry: &Registry, input: &mut dyn BufRead, output: &mut dyn Write) -> std::io::Result<()> {
    let mut session = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        if std::io::Read::take(&mut *input, LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if line.len() as u64 == LONGEST_LINE && !line.ends_with(b"\n") {
            input.skip_until(b'\n')?;
            line.clear();
        }
        let text = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line);
        let reply = match read(text) {
            Ok(Request { quit: true, .. }) => return Ok(()),
            Ok(request) => answer(registry, &mut session, request).unwrap_or_else(|e| error_reply(&e)),
            Err(_) if line.is_empty() => {
                json!({ "error": format!("a request must not exceed {LONGEST_LINE} bytes") })
            }
            Err(e) => json!({ "error": format!("invalid request: {}", json_fault(&e)) }),
        };
        writeln!(output, "{reply}")?;
        output.flush()?;
    }
}

/// Reads a request. Beyond JSON it may hold what Python writes of a run that diverged, such as `NaN`.
fn read(line: &[u8]) -> serde_json::Result<Request> {
    serde_json::from_slice(line).or_else(|error| match std::str::from_utf8(line) {
        Ok(text) => serde_json::from_str(&quote_not_finite(text)),
        Err(_) => Err(error),
    })
}

fn error_reply(error: &BoxError) -> Value {
    json!({ "error": error_chain(&**error) })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    #[serde(default)]
    config: Option<Value>,
    #[serde(default)]
    seed: Option<u64>,
    #[serde(default)]
    ask: Option<usize>,
    #[serde(default)]
    tell: Option<Vec<Value>>,
    #[serde(default)]
    report: Option<Vec<Report>>,
    #[serde(default)]
    quit: bool,
}

#[derive(Deserialize)]
struct Tell {
    id: String,
    #[serde(default)]
    params: Map<String, Value>,
    #[serde(default)]
    value: Option<Value>,
    /// By the names of metrics, in place of `value`.
    #[serde(default)]
    values: Option<Map<String, Value>>,
    /// What is told of each metric of the sweep, in its order; made of the two.
    #[serde(skip)]
    told: Vec<Option<Value>>,
    state: TellState,
    #[serde(default)]
    failure: Option<Failure>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum TellState {
    Finished,
    Stopped,
    Failed,
    Crashed,
    Killed,
}

#[derive(Deserialize)]
struct Report {
    id: String,
    #[serde(default)]
    step: Option<usize>,
    #[serde(default, deserialize_with = "present")]
    value: Option<Value>,
    /// By the names of metrics, in place of `value`; those that are not there have no value at this step.
    #[serde(default)]
    values: Option<Map<String, Value>>,
}

/// A value that is there, be it null, which is no number.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// What a report adds to the curve of a metric of a run: this value, so many times.
struct Reported {
    run: RunNumber,
    metric: usize,
    value: f64,
    times: usize,
}

struct Session {
    sweep: Sweep,
    numbers: HashMap<String, RunNumber>,
    ids: Vec<String>,
}

fn answer(registry: &Registry, session: &mut Option<Session>, request: Request) -> Result<Value, BoxError> {
    if let Some(config) = request.config {
        let (started, drawn) = Session::start(registry, &config, request.seed)?;
        let warnings = whole_numbers(&config, started.sweep.problem());
        *session = Some(started);
        let mut reply = json!({ "ok": true });
        if let Some(seed) = drawn {
            reply["seed"] = json!(seed);
        }
        if !warnings.is_empty() {
            reply["warnings"] = json!(warnings);
        }
        return Ok(reply);
    }
    let session = session.as_mut().ok_or("no sweep yet: send {\"config\": ..} first")?;
    match request {
        Request { ask: Some(count), .. } => session.ask(count),
        Request { tell: Some(tells), .. } => session.tell(tells),
        Request { report: Some(reports), .. } => session.report(&reports),
        _ => Err("a request must hold one of config, ask, tell, report, quit".into()),
    }
}

/// Warns of parameters that take whole numbers only though real ones were probably meant. Where a language has one type of
/// numbers, as JavaScript, it writes the bounds -5.0 and 5.0 as -5 and 5, and whole bounds make an `int_uniform`.
fn whole_numbers(config: &Value, problem: &Problem) -> Vec<String> {
    let warning = |parameter: &Parameter| {
        let Distribution::IntUniform { min, max } = parameter.distribution else { return None };
        let mut path = parameter.name.path().iter();
        let written = path.try_fold(config, |at, key| at.get("parameters")?.get(key))?;
        // Counts are hardly ever negative, and hardly ever have two values.
        let doubtful = min < 0 || max.saturating_sub(min) <= 1;
        (doubtful && written.get("distribution").is_none()).then(|| {
            let name = &parameter.name;
            format!(
                "{name} takes whole numbers from {min} to {max} only, because both bounds are whole; \
                 for real numbers add \"distribution\": \"uniform\", for whole ones \"distribution\": \"int_uniform\""
            )
        })
    };
    problem.space.parameters().iter().filter_map(warning).collect()
}

impl Session {
    /// A session, and its seed if that was drawn.
    fn start(
        registry: &Registry,
        config: &Value,
        wanted: Option<u64>,
    ) -> Result<(Self, Option<u64>), BoxError> {
        let config = Reader::new(registry).read_json(config)?.config;
        let seed = crate::seed(&config, wanted);
        let drawn = wanted.or(config.seed).is_none();
        let sweep = build(registry, &config, seed)?.without_cap();
        Ok((Self { sweep, numbers: HashMap::new(), ids: Vec::new() }, drawn.then_some(seed)))
    }

    fn ask(&mut self, count: usize) -> Result<Value, BoxError> {
        if count > MOST_SUGGESTIONS {
            let most = MOST_SUGGESTIONS;
            return Err(format!("at most {most} suggestions per request, got {count}").into());
        }
        let mut suggestions = Vec::new();
        while suggestions.len() < count {
            let numbers = match self.sweep.ask(count - suggestions.len()) {
                Ok(Answer::Try(numbers)) => numbers,
                // Runs that have begun must be returned; the next request meets the error again.
                Err(error) if suggestions.is_empty() => return Err(error.into()),
                _ => break,
            };
            for number in numbers {
                let id = self.name(number);
                let params = self.sweep.params(number);
                suggestions.push(json!({ "id": id, "params": params }));
            }
        }
        Ok(json!({ "suggestions": suggestions }))
    }

    /// Gives a run an id: its number, unless a run of the caller's own has that id.
    fn name(&mut self, number: RunNumber) -> String {
        let mut id = number.to_string();
        while self.numbers.contains_key(&id) {
            id.push('\'');
        }
        self.know(id.clone(), number);
        id
    }

    fn know(&mut self, id: String, number: RunNumber) {
        self.numbers.insert(id.clone(), number);
        self.ids.push(id);
    }

    /// Learns of the runs that are told of validly, and says of the others what is wrong.
    fn tell(&mut self, tells: Vec<Value>) -> Result<Value, BoxError> {
        let mut times: HashMap<String, usize> = HashMap::new();
        for id in tells.iter().filter_map(|tell| tell.get("id")?.as_str()) {
            *times.entry(id.to_owned()).or_default() += 1;
        }
        let (mut told, mut faults, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
        for (place, tell) in tells.into_iter().enumerate() {
            match self.check_tell(place, tell, &times) {
                Ok(tell) => {
                    told.push(tell.id.clone());
                    warnings.extend(self.warning(&tell));
                    self.learn(tell)?;
                }
                Err(fault) => faults.push(fault.to_string()),
            }
        }
        faults.dedup();
        let mut reply = if faults.is_empty() {
            json!({ "ok": true })
        } else {
            json!({ "error": faults.join("; "), "told": told })
        };
        if !warnings.is_empty() {
            reply["warnings"] = json!(warnings);
        }
        Ok(reply)
    }

    /// What is odd about the parameters of a run that is told of; what is left of them is learned from.
    fn warning(&self, tell: &Tell) -> Option<String> {
        let space = &self.sweep.problem().space;
        let known = self.numbers.get(&tell.id).and_then(|&number| self.sweep.history().get(number));
        let oddities = match known {
            Some(run) => params::oddities(space, &tell.params, &run.point, false),
            None => params::oddities(space, &tell.params, &space.read(&tell.params), true),
        };
        (!oddities.is_empty()).then(|| format!("run '{}': {}", tell.id, oddities.join("; ")))
    }

    /// What is told of a run, if it is valid; `times` is how often each run is named.
    fn check_tell(
        &self,
        place: usize,
        tell: Value,
        times: &HashMap<String, usize>,
    ) -> Result<Tell, BoxError> {
        let id = tell.get("id").and_then(Value::as_str).map(ToOwned::to_owned);
        let of = || id.as_ref().map_or_else(|| format!("place {place} of tell"), |id| format!("run '{id}'"));
        let mut tell: Tell = serde_json::from_value(tell).map_err(|error| format!("{}: {error}", of()))?;
        let (value, values) = (tell.value.take(), tell.values.take());
        let is_by_name = values.is_some();
        tell.told = self.by_metric(&of(), (value, values))?;
        if is_by_name
            && tell.state == TellState::Finished
            && let Some(lacking) = self.lacking(&tell.told)
        {
            return Err(format!("{}: `values` has no {lacking}", of()).into());
        }
        for value in tell.told.iter().flatten() {
            check_number(&tell.id, Some(value))?;
        }
        if times.get(&tell.id).is_some_and(|&times| times > 1) {
            return Err(format!("run '{}' appears twice", tell.id).into());
        }
        if let Some(&number) = self.numbers.get(&tell.id) {
            self.check_open(&tell.id, number)?;
        }
        Ok(tell)
    }

    fn learn(&mut self, tell: Tell) -> Result<(), BoxError> {
        let number = match self.numbers.get(&tell.id) {
            Some(&number) => number,
            None => self.import(tell.id, &tell.params),
        };
        let is_one = tell.told.len() <= 1;
        for (metric, value) in tell.told.iter().enumerate() {
            let number_of = value.as_ref().and_then(Value::as_f64);
            if is_one {
                self.sweep.set_summary(number, number_of)?;
            } else if value.is_some() {
                // With several metrics the last value counts, also if it is no number.
                self.sweep.report_to(number, metric, number_of.unwrap_or(f64::NAN))?;
            }
        }
        let (state, stopped) = match tell.state {
            TellState::Finished => (RunState::Finished, false),
            TellState::Stopped => (RunState::Finished, true),
            TellState::Failed => (RunState::Failed, false),
            TellState::Crashed => (RunState::Crashed, false),
            TellState::Killed => (RunState::Killed, false),
        };
        if stopped {
            self.sweep.mark_stopped(number, "stopped")?;
        }
        let diverged = tell.told.iter().flatten().any(Value::is_string).then_some(Failure::NotFinite);
        if let Some(failure) = tell.failure.or(diverged) {
            self.sweep.mark_failure(number, failure)?;
        }
        self.sweep.end(number, state)?;
        Ok(())
    }

    fn import(&mut self, id: String, params: &Map<String, Value>) -> RunNumber {
        let mut run = Run::new(self.sweep.problem().space.read(params));
        run.state = RunState::Running;
        let number = self.sweep.import(run);
        self.know(id, number);
        number
    }

    fn check_open(&self, id: &str, number: RunNumber) -> Result<(), BoxError> {
        let open = self.sweep.history().get(number).is_some_and(|run| run.state.is_open());
        if open { Ok(()) } else { Err(format!("run '{id}' has already ended").into()) }
    }

    fn report(&mut self, reports: &[Report]) -> Result<Value, BoxError> {
        for Reported { run, metric, value, times } in self.check_reports(reports)? {
            for _ in 0..times {
                self.sweep.report_to(run, metric, value)?;
            }
        }
        self.sweep.stops()?;
        let history = self.sweep.history();
        let asked = history.iter().filter(|(_, run)| run.state == RunState::Running && run.stopped.is_some());
        let stop: Vec<_> = asked.map(|(number, _)| &self.ids[number.index()]).collect();
        Ok(json!({ "stop": stop }))
    }

    /// The values of each report, and how many steps each counts for: itself and those that the program left out
    /// before it, as it would for a rule that looks at a run when it has come so far.
    fn check_reports(&self, reports: &[Report]) -> Result<Vec<Reported>, BoxError> {
        // How long the curves of a run will be.
        let mut lengths: HashMap<RunNumber, Vec<usize>> = HashMap::new();
        let mut checked = Vec::new();
        for report in reports {
            let of = format!("run '{}'", report.id);
            let told = self.by_metric(&of, (report.value.clone(), report.values.clone()))?;
            if told.iter().all(Option::is_none) {
                return Err(format!(
                    "{of}: a report must hold `value`, or `values` with a metric of the sweep"
                )
                .into());
            }
            told.iter().try_for_each(|value| check_number(&report.id, value.as_ref()))?;
            let number = *self.numbers.get(&report.id).ok_or_else(|| format!("no {of}"))?;
            self.check_open(&report.id, number)?;
            let lengths = lengths.entry(number).or_insert_with(|| self.lengths(number, told.len()));
            let last = lengths.iter().copied().max().unwrap_or(0);
            let step = report.step.map_or(Ok(last + 1), |step| check_step(&report.id, step, last))?;
            for ((metric, value), length) in told.iter().enumerate().zip(lengths) {
                let Some(value) = value else { continue };
                let (value, times) = (value.as_f64().unwrap_or(f64::NAN), step - *length);
                checked.push(Reported { run: number, metric, value, times });
                *length = step;
            }
        }
        Ok(checked)
    }

    /// How many values each curve of a run has, of so many metrics.
    fn lengths(&self, number: RunNumber, metrics: usize) -> Vec<usize> {
        let run = self.sweep.history().get(number);
        (0..metrics).map(|place| run.map_or(0, |run| run.curve(place).values.len())).collect()
    }

    /// What `value` or `values` say of each metric, in the order of the sweep; of a sweep without a metric, of one that nobody reads.
    fn by_metric(
        &self,
        of: &str,
        given: (Option<Value>, Option<Map<String, Value>>),
    ) -> Result<Vec<Option<Value>>, BoxError> {
        let metrics = &self.sweep.problem().metrics;
        match given {
            (Some(_), Some(_)) => Err(format!("{of}: give `value` or `values`, not both").into()),
            (Some(_), None) if metrics.len() > 1 => {
                let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
                let names = names.join(", ");
                Err(format!(
                    "{of}: the sweep has several metrics, so give `values` with {names}, not `value`"
                )
                .into())
            }
            (Some(value), None) => Ok(vec![Some(value)]),
            (None, Some(mut values)) if !metrics.is_empty() => {
                Ok(metrics.iter().map(|metric| values.remove(&metric.name)).collect())
            }
            (None, _) => Ok(vec![None; metrics.len().max(1)]),
        }
    }

    /// The metrics of which a finished run must have a value and has none.
    fn lacking(&self, told: &[Option<Value>]) -> Option<String> {
        let metrics = &self.sweep.problem().metrics;
        let lacks = metrics.iter().zip(told).filter(|(_, value)| value.is_none());
        let lacking: Vec<String> = lacks.map(|(metric, _)| format!("'{}'", metric.name)).collect();
        match (metrics.len(), lacking.len()) {
            (_, 0) => None,
            (1, _) => Some(format!("{}, the sweep's metric", lacking[0])),
            _ => Some(format!("{}, of the sweep's metrics", lacking.join(" and no "))),
        }
    }
}

/// Refuses a step that does not follow the last one.
fn check_step(id: &str, step: usize, last: usize) -> Result<usize, BoxError> {
    match step {
        0 => Err(format!("step 0 of run '{id}': steps count from 1").into()),
        step if step > LAST_STEP => {
            Err(format!("step {step} of run '{id}': a run has at most {LAST_STEP} steps").into())
        }
        step if step <= last => {
            Err(format!("step {step} of run '{id}': it has reported step {last}, and steps must increase")
                .into())
        }
        step => Ok(step),
    }
}

/// Refuses a value that is no number. NaN and the infinities, which JSON lacks, are texts, and null is no value.
fn check_number(id: &str, value: Option<&Value>) -> Result<(), BoxError> {
    match value {
        None | Some(Value::Null | Value::Number(_)) => Ok(()),
        Some(Value::String(text)) if matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") => Ok(()),
        Some(value @ Value::String(_)) => {
            Err(format!("the value of run '{id}' must be a number, got the text {value}").into())
        }
        Some(value) => Err(format!("the value of run '{id}' must be a number, got {value}").into()),
    }
}
