//! `besom bench report`: results of earlier benchmarks, and of other harnesses in the same form.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use besom_bench::Results;
use besom_plot::{Chart, Format, Line, Panel};

use crate::cli::arguments::ReportArguments;
use crate::cli::output::{Outcome, line};

/// The most panels in one picture.
const PANELS: usize = 12;

pub(super) fn report(arguments: &ReportArguments) -> Result<Outcome> {
    let results = Results::read(&arguments.files)?;
    let Some(file) = &arguments.markdown else {
        line(results.report(&[]).trim_end())?;
        return Ok(Outcome::Done);
    };
    let mut links = Vec::new();
    for (name, chart) in charts(&results) {
        let picture = beside(file, &format!("-{name}.svg"));
        write(&picture, &chart.draw(Format::Svg)?)?;
        let link = picture.file_name().unwrap_or_default().to_string_lossy();
        links.push(format!("![{name}]({link})"));
    }
    write(file, results.report(&links).as_bytes())?;
    line(file.display())?;
    Ok(Outcome::Done)
}

fn charts(results: &Results) -> Vec<(String, Chart)> {
    let methods = results.methods();
    let mut panel = Panel::new("").titles("share of the budget", "share of the targets");
    for method in &methods {
        panel = panel.line(Line::new(*method, results.reached(method)));
    }
    let mut charts = vec![("reached".to_owned(), Chart::new("Targets reached, all tasks").panel(panel))];
    for (place, problems) in results.problems().chunks(PANELS).enumerate() {
        let mut chart =
            Chart::new("Regret: 1 is where median random search ends; median and quartiles over seeds");
        for problem in problems {
            let mut panel = Panel::new(*problem).titles("run", "regret").logarithmic();
            for method in &methods {
                panel = panel.line(regret(results, method, problem));
            }
            chart = chart.panel(panel);
        }
        charts.push((format!("regret-{}", place + 1), chart));
    }
    charts
}

fn regret(results: &Results, method: &str, problem: &str) -> Line {
    let quartiles = results.regret(method, problem);
    let curve = |which: usize| {
        quartiles.iter().enumerate().map(move |(run, values)| ((run + 1) as f64, values[which]))
    };
    Line::new(method, curve(1)).bound(curve(0)).bound(curve(2))
}

/// `results.md` and `-regret.svg` make `results-regret.svg`.
fn beside(file: &Path, end: &str) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{stem}{end}"))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
