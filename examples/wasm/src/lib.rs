//! A sweep in WebAssembly for any loader: the module imports nothing and talks by one buffer of text.
//!
//! The loader writes a sweep file into the buffer ([`buffer`]) and calls [`begin`]; then [`ask`] leaves a run as JSON in the
//! buffer, [`report`] takes what it logs, and [`tell`] its result. What a function leaves in the buffer is as long as it returns.

use std::cell::RefCell;
use std::error::Error;

use besom_config::Reader;
use besom_controller::Sweep;
use besom_core::{Answer, Registry, RunNumber, RunState};
use besom_insight::Sample;
use serde_json::{Value, json};

thread_local! {
    static SWEEP: RefCell<Option<Sweep>> = const { RefCell::new(None) };
    static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Makes the buffer this long and returns where it is.
#[unsafe(no_mangle)]
pub extern "C" fn buffer(length: usize) -> *mut u8 {
    TEXT.with_borrow_mut(|text| {
        text.resize(length, 0);
        text.as_mut_ptr()
    })
}

/// Begins the sweep whose file (YAML or JSON) is in the buffer. Leaves what is wrong with it, or nothing.
#[unsafe(no_mangle)]
pub extern "C" fn begin() -> usize {
    let text = TEXT.with_borrow(|text| String::from_utf8_lossy(text).into_owned());
    match sweep(&text) {
        Ok(sweep) => {
            SWEEP.set(Some(sweep));
            leave("")
        }
        Err(error) => leave(&error.to_string()),
    }
}

/// Leaves the next run as `{"run": 1, "params": {..}}`, `{"error": ".."}`, or nothing if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn ask() -> usize {
    with(|sweep| match sweep.ask(1)? {
        Answer::Try(runs) => Ok(json!({"run": runs[0].get(), "params": sweep.params(runs[0])})),
        _ => Ok(Value::Null),
    })
}

/// Logs a value that a run has before it ends. Leaves `{"stop": ".."}`, the reason, if the run should end now, or nothing.
#[unsafe(no_mangle)]
pub extern "C" fn report(run: u32, value: f64) -> usize {
    with(|sweep| {
        let run = number(run)?;
        sweep.report(run, value)?;
        let stop = sweep.stops()?.into_iter().find(|stop| stop.run == run);
        Ok(stop.map_or(Value::Null, |stop| json!({"stop": stop.reason})))
    })
}

/// Ends a run with its result; a result that is no number fails it. Leaves an error or nothing.
#[unsafe(no_mangle)]
pub extern "C" fn tell(run: u32, result: f64) -> usize {
    with(|sweep| {
        let run = number(run)?;
        sweep.report(run, result)?;
        sweep.end(run, if result.is_finite() { RunState::Finished } else { RunState::Failed })?;
        Ok(Value::Null)
    })
}

/// Leaves the best run, and how important each parameter is.
#[unsafe(no_mangle)]
pub extern "C" fn best() -> usize {
    with(|sweep| {
        let best = sweep.best().ok_or("no run has a value")?;
        let sample = Sample::new(sweep.problem(), sweep.history(), &[])?;
        let importances = sample.importances()?;
        let importances: Value =
            importances.into_iter().map(|i| (i.parameter.to_string(), i.total)).collect();
        Ok(json!({
            "run": best.run.get(),
            "value": best.value,
            "params": sweep.params(best.run),
            "importances": importances,
        }))
    })
}

fn number(run: u32) -> Result<RunNumber, &'static str> {
    RunNumber::new(run.into()).ok_or("runs are counted from 1")
}

fn sweep(text: &str) -> Result<Sweep, Box<dyn Error>> {
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    besom_stop::register(&mut registry);
    let config = Reader::new(&registry).read(text, "sweep")?.config;
    let problem = config.problem();
    let search = registry.search(&config.method.name, &problem, &config.method.options)?;
    let rule = config.early_terminate.map(|rule| registry.stopper(&rule.name, &problem, &rule.options));
    let sweep = Sweep::new(problem, search);
    Ok(match rule.transpose()? {
        Some(rule) => sweep.with_stopper(rule),
        None => sweep,
    })
}

/// Calls `work` with the sweep and leaves what it returns as JSON; nothing for null.
fn with(work: impl FnOnce(&mut Sweep) -> Result<Value, Box<dyn Error>>) -> usize {
    let answer = SWEEP.with_borrow_mut(|sweep| work(sweep.as_mut().ok_or("no sweep has begun")?));
    match answer {
        Ok(Value::Null) => leave(""),
        Ok(value) => leave(&value.to_string()),
        Err(error) => leave(&json!({"error": error.to_string()}).to_string()),
    }
}

fn leave(answer: &str) -> usize {
    TEXT.set(answer.as_bytes().to_vec());
    answer.len()
}
