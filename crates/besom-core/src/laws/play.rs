//! Which stories are played, and how a failing one is made small.
//!
//! First tiny stories of the smallest problem that the caller's strategy gives: a question or two, which is where most faults
//! show, and what a person can follow. Then a long one. Then random ones; of one that fails, parts are taken out for as long
//! as it breaks the same law.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::Config;

use super::law::broken;
use super::runner::runner;
use super::story::{Step, Story, story};
use super::{Broken, Law, Suite};
use crate::distribution::Continuous;
use crate::{Curve, Distribution, Point, Problem, Run, RunState, Space};

/// How many problems are looked at for small ones.
const PROBLEMS: usize = 256;

/// How often a failing story is played again to make it smaller.
const SHRINKS: usize = 600;

/// Plays stories until one breaks a law; returns it at its smallest. `check` returns the tale of a story.
pub(super) fn play<P>(
    suite: Suite,
    problems: P,
    tiny: impl Fn(&Problem) -> Vec<Story>,
    check: impl Fn(&Story) -> Result<String, Broken>,
) -> Result<(), Broken>
where
    P: Strategy<Value = Problem>,
{
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = runner(config);
    let mut drawn = || problems.new_tree(&mut runner).expect("the strategy gives problems").current();
    let smallest = smallest((0..PROBLEMS).map(|_| drawn()).collect());
    let tiny: Vec<Story> = smallest.iter().flat_map(tiny).collect();
    let tales = tiny.iter().map(&check).collect::<Result<Vec<_>, _>>()?;
    if let Some(problem) = smallest.first().filter(|_| suite.long > 0) {
        check(&long(problem, suite.long))?;
    }
    let stories = story(problems, suite);
    for _ in 0..suite.cases {
        let story = stories.new_tree(&mut runner).expect("the strategy gives problems").current();
        check(&story).map_err(|broken| shrunk(story, broken, &check))?;
    }
    tiny.iter().zip(tales).try_for_each(|(story, before)| told_again(&before, &check(story)?))
}

/// Whether a story is the same at the end of the suite as it was at the beginning.
fn told_again(before: &str, now: &str) -> Result<(), Broken> {
    if before == now {
        return Ok(());
    }
    let what = "the same story had other answers at the end of the suite than at its beginning";
    let both = format!("{before}and later:\n{now}");
    Err(Broken { story: both, ..broken(Law::Seed, what) })
}

/// One or two of the problems that a person can follow best: a single number to vary, and a single list.
fn smallest(mut problems: Vec<Problem>) -> Vec<Problem> {
    let key = |problem: &Problem| {
        let dimensions = problem.space.dimensions();
        let plain = problem.space.searchable().all(|p| is_plain(&p.distribution));
        let conditional = problem.space.is_conditional();
        (
            dimensions == 0,
            conditional,
            dimensions,
            problem.space.parameters().len(),
            problem.metrics.len() != 1,
            !plain,
        )
    };
    problems.sort_by_key(key);
    let other =
        problems.iter().position(|problem| problem.space.searchable().all(|p| is_list(&p.distribution)));
    let other = other.filter(|&place| place > 0).map(|place| problems[place].clone());
    problems.into_iter().take(1).chain(other).collect()
}

fn is_plain(distribution: &Distribution) -> bool {
    matches!(distribution, Distribution::Continuous(Continuous::Uniform { .. }))
}

fn is_list(distribution: &Distribution) -> bool {
    matches!(distribution, Distribution::Categorical { .. })
}

/// Tiny stories for a search.
pub(super) fn tiny_searches(problem: &Problem) -> Vec<Story> {
    use RunState::{Failed, Finished};
    let ask = Step::ask;
    let steps = [
        vec![ask(1)],
        vec![ask(3)],
        vec![ask(1), ask(1)],
        vec![ask(1), ask(1).after(Finished, &[0.5])],
        vec![ask(1), ask(3).after(Finished, &[0.5])],
        vec![ask(1), ask(1).after(Failed, &[])],
        vec![ask(1), ask(1).after(Finished, &[f64::NAN])],
        vec![ask(2), ask(1).after(Finished, &[0.5]), ask(1).after(Finished, &[f64::NAN])],
        // The number of runs stays the same, and what is known of them does not.
        vec![ask(2), ask(1).unused(), ask(1).after(Finished, &[0.5])],
    ];
    steps.map(|steps| Story { problem: problem.clone(), steps }).into()
}

/// Tiny stories for a stopping rule.
pub(super) fn tiny_stoppers(problem: &Problem) -> Vec<Story> {
    let point = middle(&problem.space);
    let run = |state, values: &[f64]| {
        let curves = if problem.metrics.is_empty() { Vec::new() } else { vec![Curve::new(values)] };
        Run { state, curves, ..Run::new(point.clone()) }
    };
    use RunState::{Finished, Running};
    let histories = [
        vec![run(Finished, &[0.5])],
        vec![run(Running, &[])],
        vec![run(Running, &[0.5])],
        vec![run(Running, &[f64::NAN])],
        vec![run(Running, &[0.5]), run(Running, &[1.0])],
        vec![run(Finished, &[0.5, 0.25]), run(Running, &[2.0, 1.0])],
        vec![run(Running, &[0.5, f64::NAN]), run(Running, &[2.0, 1.0]), run(Running, &[1.0, 1.0])],
    ];
    let ask = Step::ask;
    let steps = histories.map(|runs| vec![ask(1).with(runs), ask(1), ask(1).after(Running, &[1.5])]);
    steps.map(|steps| Story { problem: problem.clone(), steps }).into()
}

/// A question at the beginning and one after many runs that have finished.
fn long(problem: &Problem, runs: usize) -> Story {
    let space = &problem.space;
    // The multiples of an irrational number fill the unit interval evenly.
    let point = |i: usize| {
        let u =
            |dimension: usize| (i as f64 * 0.618_033_988_75 + dimension as f64 * 0.414_213_562_37).fract();
        space.decode(&(0..space.dimensions()).map(u).collect::<Vec<_>>())
    };
    let run = |i: usize| {
        let curves = problem.metrics.iter().map(|_| Curve::new([(i as f64).sin()])).collect();
        Run { state: RunState::Finished, curves, ..Run::new(point(i)) }
    };
    let steps = vec![Step::ask(1), Step::ask(1).with((0..runs).map(run))];
    Story { problem: problem.clone(), steps }
}

fn middle(space: &Space) -> Point {
    space.decode(&vec![0.5; space.dimensions()])
}

/// Takes parts out of a failing story for as long as it breaks the same law.
fn shrunk(mut story: Story, mut broken: Broken, check: impl Fn(&Story) -> Result<String, Broken>) -> Broken {
    let mut left = SHRINKS;
    loop {
        let in_time = |_: &Story| {
            left = left.saturating_sub(1);
            left > 0
        };
        let smaller = candidates(&story).take_while(in_time).find_map(|candidate| {
            let found = check(&candidate).err().filter(|found| found.law == broken.law)?;
            Some((candidate, found))
        });
        let Some(smaller) = smaller else { return broken };
        (story, broken) = smaller;
    }
}

/// Stories with one part less, the largest parts first.
fn candidates(story: &Story) -> impl Iterator<Item = Story> + '_ {
    let len = story.steps.len();
    let halves = (len > 2).then(|| with(story, |steps| drop(steps.drain(..len / 2))));
    let shorter = (len > 1).then(|| (0..len).map(|i| with(story, |steps| drop(steps.remove(i)))));
    let simpler = (0..len)
        .flat_map(move |i| simpler(&story.steps[i]).map(move |step| with(story, |steps| steps[i] = step)));
    let narrower = (0..story.problem.space.parameters().len()).filter_map(|i| without(story, i));
    halves.into_iter().chain(shorter.into_iter().flatten()).chain(narrower).chain(simpler)
}

fn with(story: &Story, change: impl FnOnce(&mut Vec<Step>)) -> Story {
    let mut story = story.clone();
    change(&mut story.steps);
    story
}

/// The step with one part less or a simpler one.
fn simpler(step: &Step) -> impl Iterator<Item = Step> + use<> {
    let change = |change: &dyn Fn(&mut Step)| {
        let mut step = step.clone();
        change(&mut step);
        step
    };
    let mut found = Vec::new();
    if !step.arrivals.is_empty() {
        found.push(change(&|step| step.arrivals.clear()));
    }
    if !step.news.is_empty() {
        found.push(change(&|step| step.news.clear()));
    }
    found.extend((0..step.arrivals.len()).map(|i| change(&|step| drop(step.arrivals.remove(i)))));
    found.extend((0..step.news.len()).map(|i| change(&|step| drop(step.news.remove(i)))));
    found.extend((1..step.count).map(|count| change(&|step| step.count = count)));
    found.extend((!step.accepted).then(|| change(&|step| step.accepted = true)));
    for (i, run) in step.arrivals.iter().enumerate() {
        let values = run.curves.iter().map(|curve| curve.values.len()).sum::<usize>();
        if values > 1 {
            found.push(change(&|step| step.arrivals[i].curves.iter_mut().for_each(|c| c.values.truncate(1))));
        }
        if values > 0 {
            found.push(change(&|step| step.arrivals[i].curves.clear()));
        }
    }
    for (i, news) in step.news.iter().enumerate() {
        if !news.logged.is_empty() {
            found.push(change(&|step| step.news[i].logged.clear()));
        }
        if news.logged.len() > 1 {
            found.push(change(&|step| step.news[i].logged.truncate(1)));
        }
    }
    found.into_iter()
}

/// The story without a parameter.
fn without(story: &Story, place: usize) -> Option<Story> {
    let mut parameters = story.problem.space.parameters().to_vec();
    let name = parameters.remove(place).name;
    let mut story = story.clone();
    let constraints: Vec<&str> = story.problem.space.constraints().iter().map(|c| c.as_str()).collect();
    let space = Space::new(parameters).ok()?.with_constraints(constraints).ok()?;
    story.problem.space = space;
    for run in story.steps.iter_mut().flat_map(|step| &mut step.arrivals) {
        let entries = run.point.iter().filter(|(other, _)| **other != name);
        run.point = entries.map(|(name, value)| (name.clone(), value.clone())).collect();
    }
    Some(story)
}
