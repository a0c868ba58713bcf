//! Sweeps that have been worked on, in any store.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use besom_config::Reader;
use besom_controller::{Controller, Step};
use besom_core::{Failure, RunState};
use besom_engine::{Creation, build, create, registry, stored_config};
use besom_store::{AgentId, Claim, ClaimedRun, End, NewAgent, Reply, Row, Store, SweepId};
use serde_json::{Map, Value, json};

/// A sweep file with parameters of each kind, and secrets.
pub(crate) const TEXT: &str = "\
name: demo
description: finds a minimum
method: bayes
metric: {name: loss, goal: minimize}
run_cap: 40
early_terminate: {type: median, grace: 2, min_peers: 2}
command: [python, train.py, --hf-token, hf_secret_123, \"${args}\"]
parameters:
  lr: {distribution: log_uniform_values, min: 0.0001, max: 1.0}
  momentum: {min: 0.0, max: 0.9}
  layers: {min: 1, max: 4}
  optimizer: {values: [adam, sgd]}
  noise: {distribution: normal, mu: 0.0, sigma: 1.0}
  api_key: {value: sk-9-secret}
";

/// Creates a sweep of this file.
pub(crate) fn created(store: &mut dyn Store, text: &str) -> SweepId {
    let registry = registry();
    let config = Reader::new(&registry).read(text, "sweep.yaml").unwrap().config;
    create(store, Creation::new(&config, 7).text(text).source("/somewhere/sweep.yaml")).unwrap()
}

/// A controller of a sweep, with its own algorithms.
pub(crate) fn controller(store: &mut dyn Store, id: &SweepId) -> Controller {
    let registry = registry();
    let sweep = store.sweep(id).unwrap();
    let config = stored_config(&registry, &sweep).unwrap();
    Controller::new(id.clone(), build(&registry, &config, sweep.new.seed).unwrap())
}

/// An agent of a sweep, one call after the other.
pub(crate) struct Hand {
    pub(crate) id: AgentId,
    request: u64,
}

impl Hand {
    pub(crate) fn join(store: &mut dyn Store, sweep: &SweepId, name: &str) -> Self {
        let id = store.join(sweep, &NewAgent::new(name, Duration::from_secs(600))).unwrap();
        Self { id, request: 0 }
    }

    /// The next run, if one waits.
    pub(crate) fn claim(&mut self, store: &mut dyn Store) -> Option<ClaimedRun> {
        match store.claim(self.id, self.request + 1).unwrap() {
            Claim::Run(run) => {
                self.request += 1;
                Some(run)
            }
            Claim::Nothing(_) | Claim::Drained => None,
        }
    }
}

/// Logs the curve of a run that is as good as its parameters.
pub(crate) fn report(store: &mut dyn Store, run: &ClaimedRun, steps: u64) -> Reply {
    let rows: Vec<Row> = (1..=steps)
        .map(|step| {
            let loss = loss(&run.point) + 1.0 / step as f64;
            Row::new(step, object(json!({ "loss": loss, "epoch": step, "acc": 1.0 - loss / 10.0 })))
        })
        .collect();
    store.report(&run.lease, &rows).unwrap()
}

/// What a run converges to.
pub(crate) fn loss(point: &Map<String, Value>) -> f64 {
    let number = |name: &str| point[name].as_f64().unwrap();
    (number("lr").log10() + 2.0).powi(2) + (number("momentum") - 0.5).powi(2) + number("layers") / 10.0
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

/// A sweep of [`TEXT`] in which this many runs have ended: the fifth has failed, the others finished. One more is running.
pub(crate) fn worked(store: &mut dyn Store, runs: usize) -> SweepId {
    let id = created(store, TEXT);
    let mut controller = controller(store, &id);
    let mut hands = [Hand::join(store, &id, "host/1/1"), Hand::join(store, &id, "host/1/2")];
    for place in 0..=runs {
        assert!(matches!(controller.step(store, 1).unwrap(), Step::Ready(_)));
        let hand = &mut hands[place % 2];
        let run = hand.claim(store).unwrap();
        if place == runs {
            report(store, &run, 3);
            break;
        }
        report(store, &run, 10);
        let facts = object(json!({ "host": "box", "config": { "wandb_token": "abc-def", "width": 3 } }));
        store.describe(&run.lease, &facts).unwrap();
        store.print(&run.lease, 0, "epoch 1\n\u{1b}[31mred\u{1b}[0m\n").unwrap();
        let end = match place {
            4 => End::new(RunState::Failed).exit_code(3).failure(Failure::Error).message("exit status 3"),
            _ => End::new(RunState::Finished),
        };
        store.finish(&run.lease, &end).unwrap();
    }
    id
}

/// A sweep of a bowl, in which so many runs have finished, with normal noise of this deviation on their values.
pub(crate) fn noisy(store: &mut dyn Store, runs: usize, deviation: f64) -> SweepId {
    let text = "{method: random, metric: {name: loss}, parameters: {x: {min: -1.0, max: 1.0}, y: {min: -1.0, max: 1.0}}}";
    let id = created(store, text);
    let (mut controller, mut rng) = (controller(store, &id), besom_core::Rng::new(1));
    let mut hand = Hand::join(store, &id, "host/1/1");
    for _ in 0..runs {
        assert!(matches!(controller.step(store, 1).unwrap(), Step::Ready(_)));
        let run = hand.claim(store).unwrap();
        let square = |name: &str| run.point[name].as_f64().unwrap().powi(2);
        let loss = square("x") + square("y") + deviation * rng.normal();
        store.report(&run.lease, &[Row::new(1, object(json!({ "loss": loss })))]).unwrap();
        store.finish(&run.lease, &End::new(RunState::Finished)).unwrap();
    }
    id
}
