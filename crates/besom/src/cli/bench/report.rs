//! `besom bench report`: results of earlier benchmarks, and of other harnesses in the same form.

use anyhow::Result;
use besom_bench::Results;

use crate::cli::arguments::ReportArguments;
use crate::cli::output::{Outcome, line};

pub(super) fn report(arguments: &ReportArguments) -> Result<Outcome> {
    let results = Results::read(&arguments.files)?;
    line(results.table().trim_end())?;
    Ok(Outcome::Done)
}
