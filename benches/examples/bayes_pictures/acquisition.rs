//! How the next point is chosen: the posterior and the expected improvement at three moments of a sweep of one parameter.

use std::error::Error;

use besom_core::distribution::Continuous;
use besom_core::{
    Answer, Ask, Distribution, Goal, History, Metric, Options, Parameter, Point, Problem, Run, RunState,
    Search, Space, Suggestion,
};
use besom_search::Bayes;
use plotters::prelude::*;

use crate::model::{Belief, Prediction};
use crate::style::{self, Area, Axes, CHOSEN, FAINT, INK, MAIN, Sample, decade};

/// After how many runs the picture shows what comes next.
const MOMENTS: [usize; 3] = [3, 5, 8];
/// The learning rates of the sweep, in decades.
const DECADES: (f64, f64) = (-5.0, 0.0);
/// What is shown of losses and of the logarithm of expected improvement.
const LOSSES: (f64, f64) = (0.0, 1.5);
const IMPROVEMENTS: (f64, f64) = (-6.0, 0.0);
/// How many places are drawn.
const PLACES: usize = 400;

/// The loss at a decade of the learning rate: a good valley, a better one, and a rise where training diverges.
fn loss(decade: f64) -> f64 {
    let valley = |at: f64, width: f64| (-((decade - at) / width).powi(2)).exp();
    0.95 - 0.35 * valley(-3.9, 0.55) - 0.7 * valley(-1.9, 0.5) + 0.3 / (1.0 + (-6.0 * (decade + 0.7)).exp())
}

/// The picture.
pub(crate) fn draw() -> Result<String, Box<dyn Error>> {
    let problem = problem()?;
    let mut search = Bayes::new(&problem, &Options::new())?;
    style::picture((1080, 600), |area| {
        let (top, below) = area.split_vertically(34);
        let entries = [
            (Sample::Dashes(FAINT), "the loss, unknown to besom"),
            (Sample::Dot(INK), "a run"),
            (Sample::Line(MAIN, 2), "the model's mean"),
            (Sample::Band(MAIN), "95 % of what it thinks possible"),
            (Sample::Line(CHOSEN, 2), "the next run"),
        ];
        style::legend(&top, &entries)?;
        let columns = below.split_evenly((1, MOMENTS.len()));
        let mut history = History::new();
        for (column, runs) in columns.iter().zip(MOMENTS) {
            while history.len() < runs {
                let suggestion = next(&mut search, &problem, &history)?;
                let at = number(&suggestion.point)?;
                let mut run =
                    Run::new(suggestion.point).with_state(RunState::Finished).with_note(suggestion.note);
                run.curve_mut(0).values.push(loss(at.log10()));
                history.push(run);
            }
            moment(column, &problem, &history, &next(&mut search, &problem, &history)?)?;
        }
        Ok(())
    })
}

fn problem() -> Result<Problem, Box<dyn Error>> {
    let (min, max) = (10_f64.powf(DECADES.0), 10_f64.powf(DECADES.1));
    let distribution = Distribution::Continuous(Continuous::LogUniformValues { min, max });
    let space = Space::new(vec![Parameter::new("lr", distribution)])?;
    // With twelve runs to spend, the first three are quasi-random.
    let metric = Metric::new("loss", Goal::Minimize);
    Ok(Problem::new(space, metric).seed(1).run_cap(12))
}

fn next(search: &mut Bayes, problem: &Problem, history: &History) -> Result<Suggestion, Box<dyn Error>> {
    let answer = search.suggest(&Ask::new(problem, history)).map_err(|error| error as Box<dyn Error>)?;
    match answer {
        Answer::Try(mut suggestions) => Ok(suggestions.remove(0)),
        other => Err(format!("no suggestion but {other:?}").into()),
    }
}

fn number(point: &Point) -> Result<f64, Box<dyn Error>> {
    let value = point.get(&"lr".into()).and_then(|value| value.as_f64());
    value.ok_or_else(|| "a point without the parameter".into())
}

/// One column: the posterior above, the expected improvement below.
fn moment(
    area: &Area<'_>,
    problem: &Problem,
    history: &History,
    suggestion: &Suggestion,
) -> Result<(), Box<dyn Error>> {
    let belief = Belief::new(problem, history, &suggestion.note)?;
    let chosen = number(&suggestion.point)?.log10();
    let share = |decade: f64| (decade - DECADES.0) / (DECADES.1 - DECADES.0);
    let there = belief.at(&[share(chosen)])?.remove(0);
    agree(&there, suggestion)?;
    let decades: Vec<f64> =
        (0..=PLACES).map(|k| DECADES.0 + (DECADES.1 - DECADES.0) * k as f64 / PLACES as f64).collect();
    let shares: Vec<f64> = decades.iter().map(|&decade| share(decade)).collect();
    let predictions = belief.at(&shares)?;
    let (above, below) = area.split_vertically(340);

    let title = format!("after {} runs", history.len());
    let mut axes = Axes {
        title: &title,
        x: DECADES,
        y: LOSSES,
        x_title: "",
        y_title: "loss",
        x_label: &decade,
        y_label: &|y| format!("{y:.1}"),
    };
    let mut panel = style::panel(&above, &axes)?;
    let inside = |y: f64, (low, high): (f64, f64)| y.clamp(low, high);
    let curve = |value: &dyn Fn(&Prediction) -> f64, range| -> Vec<(f64, f64)> {
        decades.iter().zip(&predictions).map(|(&x, p)| (x, inside(value(p), range))).collect()
    };
    let high = curve(&|p| p.high, LOSSES);
    let band = curve(&|p| p.low, LOSSES).into_iter().chain(high.into_iter().rev());
    style::shade(&mut panel, band, MAIN)?;
    let truth: Vec<_> = decades.iter().map(|&x| (x, loss(x))).collect();
    let (width, height) = panel.plotting_area().dim_in_pixel();
    let unit = (f64::from(width) / (DECADES.1 - DECADES.0), f64::from(height) / (LOSSES.1 - LOSSES.0));
    style::dashes(&mut panel, &truth, unit, FAINT)?;
    style::line(&mut panel, curve(&|p| p.mean, LOSSES), MAIN, 2)?;
    style::line(&mut panel, [(chosen, LOSSES.0), (chosen, LOSSES.1)], CHOSEN, 2)?;
    for run in history.runs() {
        let at = number(&run.point)?.log10();
        panel.draw_series([Circle::new((at, loss(at)), 5, INK.filled())])?;
    }

    axes = Axes {
        title: "",
        y: IMPROVEMENTS,
        x_title: "learning rate",
        y_title: "expected improvement",
        y_label: &decade,
        ..axes
    };
    let mut panel = style::panel(&below, &axes)?;
    let improvement = curve(&|p| p.improvement.log10(), IMPROVEMENTS);
    let ground = [(DECADES.1, IMPROVEMENTS.0), (DECADES.0, IMPROVEMENTS.0)];
    style::shade(&mut panel, improvement.iter().copied().chain(ground), MAIN)?;
    style::line(&mut panel, improvement, MAIN, 2)?;
    let top = inside(there.improvement.log10(), IMPROVEMENTS);
    style::line(&mut panel, [(chosen, IMPROVEMENTS.0), (chosen, top)], CHOSEN, 2)?;
    panel.draw_series([Circle::new((chosen, top), 5, CHOSEN.filled())])?;
    Ok(())
}

/// The picture must show what `bayes` computed: both say the same of the point that it chose.
fn agree(drawn: &Prediction, suggestion: &Suggestion) -> Result<(), Box<dyn Error>> {
    let note = &suggestion.note;
    if note.contains_key("doubt") {
        return Err(format!("the point was chosen in doubt of the model: {note:?}").into());
    }
    for (key, drawn) in [("predicted_mean", drawn.mean), ("expected_improvement", drawn.improvement)] {
        let told = note.get(key).and_then(|value| value.as_f64()).ok_or_else(|| format!("no {key}"))?;
        if (drawn - told).abs() > 1e-6 * told.abs() {
            return Err(format!("{key}: {drawn} would be drawn, bayes says {told}").into());
        }
    }
    Ok(())
}
