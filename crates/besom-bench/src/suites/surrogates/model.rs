//! A network, by the pure Rust runtime tract.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use besom_core::{BoxError, Point};
use tract_onnx::prelude::{
    DatumExt, Framework, InferenceModelExt, IntoRunnable, RunnableModel, TValue, TVec, Tensor, TractResult,
    TypedFact, TypedOp, tvec,
};

use super::scenario::unread;
use super::{Scenario, SurrogateError};

/// Categories to the model's numbers, by input.
pub(super) type Encoding = HashMap<String, HashMap<String, i32>>;

type Plan = Arc<RunnableModel<TypedFact, Box<dyn TypedOp>>>;

/// A network with what its inputs mean.
pub(super) struct Model {
    scenario: &'static Scenario,
    encoding: Encoding,
    /// For one row of inputs, and for a row per epoch.
    one: Plan,
    curve: Plan,
}

impl Model {
    pub(super) fn load(
        scenario: &'static Scenario,
        file: &Path,
        encoding: Encoding,
    ) -> Result<Self, SurrogateError> {
        let plan = |rows: u16| {
            plan(scenario, file, rows.into()).map_err(|error| SurrogateError::file(file.to_owned(), error))
        };
        let one = plan(1)?;
        let curve = if scenario.epochs == 1 { one.clone() } else { plan(scenario.epochs)? };
        Ok(Self { scenario, encoding, one, curve })
    }

    /// The loss at a point of the scenario's space on this data set.
    pub(super) fn loss(&self, data: &str, point: &Point) -> Result<f64, BoxError> {
        let numbers = self.numbers(point)?;
        Ok(self.losses(&self.one, &self.codes(data, point), &numbers)?[0])
    }

    /// The losses after every epoch.
    pub(super) fn curve(&self, data: &str, point: &Point) -> Result<Vec<f64>, BoxError> {
        let (epochs, numbers) = (self.scenario.epochs, self.numbers(point)?);
        let row = |epoch: u16| {
            let named = self.scenario.numeric.iter().zip(&numbers);
            named.map(move |(&name, &number)| if name == "epoch" { epoch.into() } else { number })
        };
        let rows: Vec<f64> = (1..=epochs).flat_map(row).collect();
        let codes = self.codes(data, point).repeat(epochs.into());
        Ok(self.losses(&self.curve, &codes, &rows)?)
    }

    /// The categorical inputs. The network has a number for what it does not know, 0.
    fn codes(&self, data: &str, point: &Point) -> Vec<i32> {
        let code = |(i, &name): (usize, &&str)| {
            let value = if i == 0 { Some(data) } else { text(point, name) };
            value.and_then(|value| self.encoding.get(name)?.get(value).copied()).unwrap_or(0)
        };
        self.scenario.categorical.iter().enumerate().map(code).collect()
    }

    /// The numeric inputs: of the point, at their fullest, or 0 where they are not read.
    fn numbers(&self, point: &Point) -> Result<Vec<f64>, BoxError> {
        let unread = text(point, "booster").map_or(&[][..], unread);
        let number = |&name: &&str| match self.scenario.fixed.iter().find(|(fixed, _)| *fixed == name) {
            Some(&(_, full)) => Some(full),
            None if unread.contains(&name) => Some(0.0),
            None => point.get(&name.into())?.as_f64(),
        };
        let numbers: Option<Vec<f64>> = self.scenario.numeric.iter().map(number).collect();
        numbers.ok_or_else(|| "the point lacks a number".into())
    }

    /// The losses of as many rows as the plan has, row after row.
    fn losses(&self, plan: &Plan, codes: &[i32], numbers: &[f64]) -> TractResult<Vec<f64>> {
        #[expect(clippy::cast_possible_truncation, reason = "the networks are of single precision")]
        let numbers: Vec<f32> = numbers.iter().map(|&x| x as f32).collect();
        let rows = codes.len() / self.scenario.categorical.len();
        let inputs: TVec<TValue> = tvec![
            Tensor::from_shape(&[rows, codes.len() / rows], codes)?.into(),
            Tensor::from_shape(&[rows, numbers.len() / rows], &numbers)?.into(),
        ];
        let outputs = plan.run(inputs)?;
        let outputs = outputs[0].to_plain_array_view::<f32>()?;
        let of_row = outputs.outer_iter();
        Ok(of_row.filter_map(|row| row.iter().nth(self.scenario.output).map(|&y| f64::from(y))).collect())
    }
}

fn text<'a>(point: &'a Point, name: &str) -> Option<&'a str> {
    point.get(&name.into())?.as_str()
}

/// The network for so many rows, its categorical inputs first.
fn plan(scenario: &Scenario, file: &Path, rows: usize) -> TractResult<Plan> {
    let (codes, numbers) = (scenario.categorical.len(), scenario.numeric.len());
    tract_onnx::onnx()
        .model_for_path(file)?
        .with_input_names(["x_cat", "x_cont"])?
        .with_input_fact(0, i32::fact([rows, codes]).into())?
        .with_input_fact(1, f32::fact([rows, numbers]).into())?
        .into_optimized()?
        .into_runnable()
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("scenario", &self.scenario.name).finish_non_exhaustive()
    }
}
