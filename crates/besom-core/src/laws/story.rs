//! The stories that a suite tells: how a history grows, and when the algorithm is asked.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::{Index, select};

use super::Suite;
use super::history::{logged_values, run};
use crate::{Curve, History, News as Recorded, Problem, Run, RunState};

/// How a history grows.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) problem: Problem,
    pub(super) steps: Vec<Step>,
}

/// What happens before one question, and how it is asked.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Runs from elsewhere, that another controller or a person added.
    pub(super) arrivals: Vec<Run>,
    /// News of open runs.
    pub(super) news: Vec<News>,
    /// How many suggestions are asked for.
    pub(super) count: usize,
    /// Whether the suggestions are tried (stops carried out); else another controller was faster.
    pub(super) accepted: bool,
}

/// News of a run: it logs, and changes its state.
#[derive(Clone, Debug)]
pub(super) struct News {
    /// Which of the open runs.
    run: Index,
    state: RunState,
    /// What it logged since, of the first metric.
    logged: Vec<f64>,
}

/// Stories about these problems.
pub(super) fn story<P>(problems: P, suite: Suite) -> impl Strategy<Value = Story>
where
    P: Strategy<Value = Problem>,
{
    problems.prop_flat_map(move |problem| {
        let arrivals = vec(run(&problem), 0..=suite.arrivals);
        let step = (arrivals, vec(news(), 0..8), 1_usize..5, proptest::bool::weighted(0.9));
        let step =
            step.prop_map(|(arrivals, news, count, accepted)| Step { arrivals, news, count, accepted });
        let steps = vec(step, 1..=suite.steps.max(1));
        steps.prop_map(move |steps| Story { problem: problem.clone(), steps })
    })
}

fn news() -> impl Strategy<Value = News> {
    use RunState::{Crashed, Failed, Finished, Killed, Pending, Preempted, Running};
    let states = vec![
        Running, Running, Running, Running, Finished, Finished, Failed, Crashed, Killed, Preempted, Pending,
    ];
    (any::<Index>(), select(states), logged_values()).prop_map(|(run, state, logged)| News {
        run,
        state,
        logged,
    })
}

impl Step {
    /// Lets happen what happens before the question.
    pub(super) fn happen(&self, problem: &Problem, history: &mut History) {
        for run in &self.arrivals {
            history.push(run.clone());
        }
        for news in &self.news {
            let open: Vec<_> =
                history.iter().filter(|(_, run)| !is_final(run.state)).map(|(n, _)| n).collect();
            if open.is_empty() {
                break;
            }
            let number = *news.run.get(&open);
            history.record(number, Recorded::State(news.state));
            if !problem.metrics.is_empty() {
                history.record(number, Recorded::logged(0, news.logged.clone()));
            }
        }
    }
}

/// Whether the state never changes again; a crashed run may come back.
fn is_final(state: RunState) -> bool {
    matches!(state, RunState::Finished | RunState::Failed | RunState::Killed)
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}", self.problem.seed)?;
        for metric in &self.problem.metrics {
            writeln!(f, "metric {}, {}", metric.name, metric.goal.as_str())?;
        }
        for parameter in self.problem.space.parameters() {
            writeln!(f, "parameter {}: {:?}", parameter.name, parameter.distribution)?;
        }
        for (step, number) in self.steps.iter().zip(1..) {
            writeln!(f, "step {number}:")?;
            for run in &step.arrivals {
                write!(f, "  a {} run of {}", run.state, serde_json::Value::Object(run.point.to_json()))?;
                run.curves.iter().try_for_each(|curve| write!(f, ", {}", brief(curve)))?;
                writeln!(f)?;
            }
            for News { run, state, logged } in &step.news {
                let logged = brief(&Curve::new(logged.as_slice()));
                writeln!(f, "  an open one ({run:?}) is {state}, {logged}")?;
            }
            let other = if step.accepted { "" } else { "; the answer comes too late" };
            writeln!(f, "  asked for {}{other}", step.count)?;
        }
        Ok(())
    }
}

/// A curve in one line, long ones cut.
fn brief(curve: &Curve) -> String {
    const SHOWN: usize = 12;
    let values = &curve.values;
    let summary = curve.summary.map(|summary| format!(", summary {summary:?}")).unwrap_or_default();
    match values.len() {
        0 => format!("logged nothing{summary}"),
        1..=SHOWN => format!("logged {values:?}{summary}"),
        len => format!("logged {len} values {:?}...{summary}", &values[..SHOWN]),
    }
}
