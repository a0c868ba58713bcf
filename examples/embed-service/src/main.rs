//! A web service that runs sweeps: several at once, early stopping, progress, cancel.
//!
//! ```text
//! cargo run -p embed-service -- 127.0.0.1:8080
//! curl --data-binary @sweep.yaml localhost:8080/sweeps     # {"id": 0}, or what is wrong with the file
//! curl localhost:8080/sweeps/0                             # counts of runs and the best one
//! curl -X DELETE localhost:8080/sweeps/0                   # cancel it
//! ```

mod sweeps;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use besom_core::serde_json::{Value, json};
use sweeps::Sweeps;

type Shared = State<Arc<Sweeps>>;
type Reply = (StatusCode, Json<Value>);

/// Reads the sweep file and starts its workers; returns at once.
async fn create(State(sweeps): Shared, file: String) -> Reply {
    match sweeps.start(&file) {
        Ok(id) => (StatusCode::CREATED, Json(json!({ "id": id }))),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "error": error.to_string() }))),
    }
}

async fn show(State(sweeps): Shared, Path(id): Path<usize>) -> Reply {
    found(sweeps.get(id).map(|sweep| sweep.progress()))
}

async fn cancel(State(sweeps): Shared, Path(id): Path<usize>) -> Reply {
    found(sweeps.get(id).map(|sweep| {
        sweep.cancel();
        sweep.progress()
    }))
}

fn found(progress: Option<Value>) -> Reply {
    match progress {
        Some(progress) => (StatusCode::OK, Json(progress)),
        None => (StatusCode::NOT_FOUND, Json(json!({ "error": "no such sweep" }))),
    }
}

async fn serve(address: &str) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/sweeps", post(create))
        .route("/sweeps/{id}", get(show).delete(cancel))
        .with_state(Arc::new(Sweeps::new()));
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, routes).await
}

fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    // One thread for requests is enough: none of them waits for a search to think. The work is in threads of its own.
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(serve(&address))
}
