//! The stories that a suite plays: how a history grows, and when the algorithm is asked.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::select;

use super::Suite;
use super::history::{logged_values, run};
use crate::{History, News as Recorded, Problem, Run, RunNumber, RunState};

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
    /// Which of the open runs, counted round.
    pub(super) run: usize,
    pub(super) state: RunState,
    /// What it logged since, of the first metric.
    pub(super) logged: Vec<f64>,
}

impl News {
    /// What the run logged of the metric at a place: of the second one the opposite, and so on, beginning elsewhere each time.
    fn of_metric(&self, place: usize) -> Vec<f64> {
        let mut logged = self.logged.clone();
        if !logged.is_empty() {
            let by = place % logged.len();
            logged.rotate_left(by);
        }
        if place % 2 == 1 {
            logged.iter_mut().for_each(|value| *value = -*value);
        }
        logged
    }
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
    let parts = (any::<u16>(), select(states), logged_values());
    parts.prop_map(|(run, state, logged)| News { run: run.into(), state, logged })
}

impl Step {
    /// A question for so many, after nothing has happened.
    pub(super) fn ask(count: usize) -> Self {
        Self { arrivals: Vec::new(), news: Vec::new(), count, accepted: true }
    }

    /// The same, after the first open run has ended so.
    pub(super) fn after(self, state: RunState, logged: &[f64]) -> Self {
        Self { news: vec![News { run: 0, state, logged: logged.to_vec() }], ..self }
    }

    /// The same, with an answer that comes too late to be used.
    pub(super) fn unused(self) -> Self {
        Self { accepted: false, ..self }
    }

    /// The same, after these runs have arrived.
    pub(super) fn with(self, arrivals: impl IntoIterator<Item = Run>) -> Self {
        Self { arrivals: arrivals.into_iter().collect(), ..self }
    }

    /// Lets happen what happens before the question, and returns the runs that it is news of.
    pub(super) fn happen(&self, problem: &Problem, history: &mut History) -> Vec<RunNumber> {
        for run in &self.arrivals {
            history.push(run.clone());
        }
        let mut touched = Vec::new();
        for news in &self.news {
            let open: Vec<_> =
                history.iter().filter(|(_, run)| !is_final(run.state)).map(|(n, _)| n).collect();
            if open.is_empty() {
                break;
            }
            let number = open[news.run % open.len()];
            history.record(number, Recorded::State(news.state));
            for place in 0..problem.metrics.len() {
                history.record(number, Recorded::logged(place, news.of_metric(place)));
            }
            touched.push(number);
        }
        touched
    }
}

/// Whether the state never changes again; a crashed run may come back.
fn is_final(state: RunState) -> bool {
    matches!(state, RunState::Finished | RunState::Failed | RunState::Killed)
}
