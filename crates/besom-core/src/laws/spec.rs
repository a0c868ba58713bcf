//! The laws of a spec: what is just outside is refused, and a default written out changes nothing.

use std::ops::Bound;

use serde_json::{Value, json};

use super::law::broken;
use super::story::Story;
use super::{Broken, Law, call};
use crate::{
    Answer, Ask, BoxError, Faults, History, OptionKind, OptionSpec, Options, Problem, Run, Search, Spec,
    Stopper, value::float,
};

/// Every option just outside its spec is refused by an error that names it.
pub(super) fn check_options<T>(
    spec: &Spec,
    problem: &Problem,
    make: &impl Fn(&Problem, &Options) -> Result<T, BoxError>,
) -> Result<(), Broken> {
    let outside = spec.options.iter().flat_map(|option| outside(option).map(|value| (option.key, value)));
    let unknown = (!spec.other_options).then(|| ("no such option", json!(1)));
    for (key, value) in outside.chain(unknown) {
        let options = Options::from_iter([(key.to_owned(), value)]);
        let Err(error) = make(problem, &options) else {
            return Err(broken(Law::Options, format!("it takes the options {options:?}")));
        };
        let named = error
            .downcast_ref()
            .is_some_and(|Faults(faults)| faults.iter().any(|fault| fault.option.as_deref() == Some(key)));
        if !named {
            return Err(broken(Law::Options, format!("its error does not name the option '{key}': {error}")));
        }
    }
    Ok(())
}

/// Values just outside of what an option may be.
fn outside(option: &OptionSpec) -> impl Iterator<Item = Value> {
    let values = match option.kind {
        OptionKind::Count { least, most } => {
            let below = least.checked_sub(1).map_or(json!(-1), Value::from);
            let above = most.checked_add(1).map(Value::from);
            vec![Some(below), above, Some(json!(0.5 + least as f64)), Some(json!(true))]
        }
        OptionKind::Number { low, high } => {
            let low = match low {
                Bound::Included(low) => Some(float(low.next_down())),
                Bound::Excluded(low) => Some(float(low)),
                Bound::Unbounded => None,
            };
            let high = match high {
                Bound::Included(high) => Some(float(high.next_up())),
                Bound::Excluded(high) => Some(float(high)),
                Bound::Unbounded => None,
            };
            vec![low, high, Some(json!("1")), Some(json!(true))]
        }
        OptionKind::Choice(choices) => {
            vec![choices.first().map(|word| json!(format!("{word} "))), Some(json!(0))]
        }
        OptionKind::Flag => vec![Some(json!(0)), Some(json!("true"))],
        OptionKind::Points => vec![Some(json!({})), Some(json!(1))],
        OptionKind::Metric => vec![Some(json!(1)), Some(json!(true))],
        OptionKind::Any => Vec::new(),
    };
    values.into_iter().flatten()
}

/// Tells one story to a search without options and to one whose options are the defaults, written out.
pub(super) fn check_search_defaults<S: Search>(
    spec: &Spec,
    story: &Story,
    make: &impl Fn(&Problem, &Options) -> Result<S, BoxError>,
) -> Result<(), Broken> {
    let problem = &story.problem;
    let (mut plain, mut written) = both(spec, problem, make)?;
    let mut history = History::new();
    for step in &story.steps {
        step.happen(problem, &mut history);
        let ask = Ask::new(problem, &history).count(step.count);
        let answer = call("without options", || plain.suggest(&ask))?;
        let other = call("with its defaults written out", || written.suggest(&ask))?;
        differ(spec, history.len(), &answer, &other)?;
        if let (Answer::Try(suggestions), true) = (answer, step.accepted) {
            for suggestion in suggestions {
                history.push(Run::new(suggestion.point).with_note(suggestion.note));
            }
        }
    }
    Ok(())
}

/// Tells one story to a stopping rule without options and to one whose options are the defaults, written out.
pub(super) fn check_stopper_defaults<S: Stopper>(
    spec: &Spec,
    story: &Story,
    make: &impl Fn(&Problem, &Options) -> Result<S, BoxError>,
) -> Result<(), Broken> {
    let problem = &story.problem;
    let (mut plain, mut written) = both(spec, problem, make)?;
    let mut history = History::new();
    for step in &story.steps {
        step.happen(problem, &mut history);
        let stops = call("without options", || plain.stop(problem, &history))?;
        let other = call("with its defaults written out", || written.stop(problem, &history))?;
        differ(spec, history.len(), &stops, &other)?;
    }
    Ok(())
}

fn both<T>(
    spec: &Spec,
    problem: &Problem,
    make: &impl Fn(&Problem, &Options) -> Result<T, BoxError>,
) -> Result<(T, T), Broken> {
    let built = |options: &Options| {
        make(problem, options).map_err(|error| {
            broken(Law::Defaults, format!("with the options {options:?} it is refused: {error}"))
        })
    };
    Ok((built(&Options::new())?, built(&spec.filled(&Options::new()))?))
}

fn differ<T: std::fmt::Debug>(spec: &Spec, runs: usize, plain: &T, written: &T) -> Result<(), Broken> {
    let (plain, written) = (format!("{plain:?}"), format!("{written:?}"));
    if plain == written {
        return Ok(());
    }
    let defaults = spec.filled(&Options::new());
    let what =
        format!("asked after {runs} runs, it answered {plain}, but with the options {defaults:?} {written}");
    Err(broken(Law::Defaults, what))
}
