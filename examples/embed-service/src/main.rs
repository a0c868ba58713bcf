//! A web service that runs sweeps: several at once, early stopping, progress, cancel.
//!
//! ```text
//! cargo run -p embed-service -- 127.0.0.1:8080
//! curl --data-binary @sweep.yaml localhost:8080/sweeps     # {"id": 0}, or what is wrong with the file
//! curl localhost:8080/sweeps/0                             # counts of runs and the best one
//! curl -X DELETE localhost:8080/sweeps/0                   # cancel it
//! ```

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use besom_core::serde_json::{Value, json};
use besom_core::{RunState, error_chain};
use besom_engine::{EngineError, RunOptions, Started, start};

/// The sweeps of this service; their numbers are their places.
type Sweeps = State<Arc<Mutex<Vec<Arc<Started>>>>>;
type Reply = (StatusCode, Json<Value>);

/// Starts the sweep of a file, with two runs in parallel, and returns at once.
fn launch(file: &str) -> Result<Started, EngineError> {
    start(file, RunOptions::in_memory().jobs(2), |run| {
        let x = run.params().get("x").and_then(Value::as_f64).ok_or("this service sweeps over a number x")?;
        assert!(x < 9.0, "no training beyond 9"); // a panic fails its run, and nothing else
        for epoch in 1..=10 {
            thread::sleep(Duration::from_millis(5)); // stands for your training
            run.log_json(json!({ "loss": (x - 1.0).powi(2) + 1.0 / f64::from(epoch) }))?; // an error ends a run that is to stop
        }
        Ok(())
    })
}

/// What the store knows of a sweep. Neither waits for a search method to think nor for a training.
fn progress(sweep: &Started) -> Result<Value, EngineError> {
    let (row, status) = (sweep.sweep()?, sweep.status()?);
    let count = |state| status.counts.iter().find(|(each, _)| *each == state).map_or(0, |(_, count)| *count);
    let best = match &status.best {
        Some(best) => {
            Some(json!({ "value": best.value, "params": sweep.store()?.run(sweep.id(), best.run)?.point }))
        }
        None => None,
    };
    let (finished, failed) = (count(RunState::Finished), count(RunState::Failed));
    let runs = json!({ "finished": finished, "stopped early": status.stopped, "failed": failed });
    Ok(json!({ "state": row.state, "reason": row.reason, "runs": runs, "best": best }))
}

async fn create(State(sweeps): Sweeps, file: String) -> Reply {
    match launch(&file) {
        Ok(sweep) => {
            let mut all = sweeps.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(Arc::new(sweep));
            (StatusCode::CREATED, Json(json!({ "id": all.len() - 1 })))
        }
        Err(error) => failure(StatusCode::UNPROCESSABLE_ENTITY, &error),
    }
}

async fn show(State(sweeps): Sweeps, Path(id): Path<usize>) -> Reply {
    on(&sweeps, id, |_| Ok(()))
}

async fn cancel(State(sweeps): Sweeps, Path(id): Path<usize>) -> Reply {
    on(&sweeps, id, |sweep| sweep.cancel("by request"))
}

/// Does something to a sweep and answers with its progress.
fn on(
    sweeps: &Mutex<Vec<Arc<Started>>>,
    id: usize,
    act: impl Fn(&Started) -> Result<(), EngineError>,
) -> Reply {
    let found = sweeps.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
    let Some(sweep) = found else {
        return (StatusCode::NOT_FOUND, Json(json!({ "error": "no such sweep" })));
    };
    match act(&sweep).and_then(|()| progress(&sweep)) {
        Ok(progress) => (StatusCode::OK, Json(progress)),
        Err(error) => failure(StatusCode::INTERNAL_SERVER_ERROR, &error),
    }
}

fn failure(code: StatusCode, error: &EngineError) -> Reply {
    (code, Json(json!({ "error": error_chain(error) })))
}

async fn serve(address: &str) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/sweeps", post(create))
        .route("/sweeps/{id}", get(show).delete(cancel))
        .with_state(Arc::default());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, routes).await
}

fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    // One thread for requests is enough, because none of them waits for work: sweeps have threads of their own.
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(serve(&address))
}
