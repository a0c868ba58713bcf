//! Regret after each run, besom beside its peers: medians over instances, from the table that
//! `benches/scripts/regret.py` makes.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use crate::style::{self, Area, Axes, FAINT, MAIN, Sample, decade};

/// The problems of the table, and what they are.
const PROBLEMS: [(&str, &str); 6] = [
    ("bbob_f15_d2", "Rastrigin, 2 numbers"),
    ("bbob_f8_d5", "Rosenbrock, 5 numbers"),
    ("mix_hartmann6_log", "Hartmann, 6 numbers, some by decades"),
    ("mix_cliff", "loss that diverges, mixed"),
    ("lcbench_167168", "training of a network"),
    ("rbv2_xgboost_12", "boosted trees, mixed"),
];

/// The methods of the table, their names and colors; later ones are drawn above.
const METHODS: [(&str, &str, RGBColor); 7] = [
    ("random", "random search", FAINT),
    ("hyperopt", "hyperopt", RGBColor(0x8c, 0x56, 0x4b)),
    ("nevergrad", "nevergrad", RGBColor(0xe3, 0x77, 0xc2)),
    ("sweeps", "W&B sweeps", RGBColor(0x94, 0x67, 0xbd)),
    ("optuna-tpe", "Optuna TPE", RGBColor(0xff, 0x7f, 0x0e)),
    ("optuna-gp", "Optuna GP", RGBColor(0x2c, 0xa0, 0x2c)),
    ("besom", "besom bayes", MAIN),
];

/// Smaller regrets are drawn as this.
const LEAST: f64 = 1e-4;

/// The first quartile, median and third quartile of regret after a number of runs.
#[derive(Clone, Copy)]
struct Row {
    runs: f64,
    lower: f64,
    median: f64,
    upper: f64,
}

/// Rows by problem and method.
type Table = BTreeMap<(String, String), Vec<Row>>;

/// The picture of the table in a file.
pub(crate) fn draw(file: &Path) -> Result<String, Box<dyn Error>> {
    let table = read(file)?;
    style::picture((1080, 680), |area| {
        let (top, below) = area.split_vertically(34);
        let entries: Vec<_> = METHODS
            .iter()
            .rev()
            .map(|(method, name, color)| (Sample::Line(*color, width(method)), *name))
            .collect();
        style::legend(&top, &entries)?;
        for (panel, (problem, title)) in below.split_evenly((2, 3)).iter().zip(PROBLEMS) {
            draw_problem(panel, &table, problem, title)?;
        }
        Ok(())
    })
}

fn read(file: &Path) -> Result<Table, Box<dyn Error>> {
    let mut table = Table::new();
    for record in csv::Reader::from_path(file)?.deserialize() {
        let (problem, method, _, runs, lower, median, upper): (String, String, u32, f64, f64, f64, f64) =
            record?;
        table.entry((problem, method)).or_default().push(Row { runs, lower, median, upper });
    }
    Ok(table)
}

fn width(method: &str) -> u32 {
    if method == "besom" { 3 } else { 2 }
}

fn draw_problem(area: &Area<'_>, table: &Table, problem: &str, title: &str) -> Result<(), Box<dyn Error>> {
    let rows = |method: &str| {
        let key = (problem.to_owned(), method.to_owned());
        table.get(&key).ok_or_else(|| format!("no {method} on {problem} in the table"))
    };
    let mut all: Vec<&Row> = Vec::new();
    for (method, ..) in METHODS {
        all.extend(rows(method)?);
    }
    let log = |regret: f64| regret.max(LEAST).log10();
    let (least, most) = all.iter().fold((0.0_f64, 0.0_f64), |(least, most), row| {
        (least.min(log(row.lower)), most.max(log(row.median)))
    });
    let runs = all.iter().map(|row| row.runs).fold(1.0, f64::max);
    // Half decades up to 10, from where all but the first few runs are better.
    let half = |y: f64| (2.0 * y).floor() / 2.0;
    let y = (half(least), half(most + 0.5).min(1.0));
    let axes = Axes {
        title,
        x: (1.0, runs),
        y,
        x_title: "runs",
        y_title: "regret",
        x_label: &|x| format!("{x}"),
        // Half a decade is about 3.
        y_label: &|y| match y.fract() {
            0.0 => decade(y),
            _ if y > 0.0 => "3".to_owned(),
            _ => format!("{:.0e}", 10_f64.powf(y)).replace("3e-1", "0.3"),
        },
    };
    let mut panel = style::panel(area, &axes)?;
    let place = |regret: f64| log(regret).clamp(y.0, y.1);
    for (method, _, color) in METHODS {
        let rows = rows(method)?;
        if method == "besom" {
            let low = rows.iter().map(|row| (row.runs, place(row.lower)));
            let high = rows.iter().rev().map(|row| (row.runs, place(row.upper)));
            panel
                .draw_series([Polygon::new(low.chain(high).collect::<Vec<_>>(), color.mix(0.15).filled())])?;
        }
        let line = rows.iter().map(|row| (row.runs, place(row.median)));
        style::line(&mut panel, line, color, width(method))?;
    }
    Ok(())
}
