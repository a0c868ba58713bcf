//! Sweeps that are created and controlled by W&B's client.

use axum::http::StatusCode;
use besom_config::{Diagnostics, Parsed, Reader};
use besom_core::error_chain;
use besom_engine::{Creation, usual_reason};
use besom_store::{StoreError, SweepId, SweepRow, SweepState};
use serde_json::{Value, json};

use super::found::{ENTITY_LABEL, PROJECT_LABEL, place};
use super::graphql::Request;
use super::names::{self, ENTITY, PROJECT};
use super::{controller, refused};
use crate::refusal::Refusal;
use crate::shared::Shared;

/// What the client calls the text that it sends: it has no file.
const SOURCE: &str = "sweep config";

/// Creates a sweep, or changes one.
pub(super) async fn upsert(shared: &Shared, request: &Request) -> Result<Value, Refusal> {
    let Some(id) = request.text("id") else { return create(shared, request).await };
    let id = sweep_of(id);
    if let Some(state) = request.text("state") {
        set_state(shared, request, &id, state).await?;
    } else if let Some(text) = request.text("controller") {
        controller::update(shared, &id, text).await?;
    } else if let Some(text) = request.text("config") {
        edit(shared, request, &id, text).await?;
    }
    let clone = shared.clone();
    shared.read(move |store| Ok::<_, StoreError>(answer(&clone, &store.sweep(&id)?, &[]))).await
}

/// The sweep of an opaque id, or of its own.
fn sweep_of(id: &str) -> SweepId {
    let parts = names::parts("Sweep", id);
    let name = parts.as_ref().and_then(|parts| parts.first()).map_or(id, String::as_str);
    SweepId::new(name)
}

fn answer(shared: &Shared, sweep: &SweepRow, warnings: &[String]) -> Value {
    let (entity, project) = place(shared, sweep);
    let name = sweep.id().as_str();
    json!({ "upsertSweep": {
        "sweep": { "id": names::id("Sweep", &[name, &project, &entity]), "name": name, "project": names::project(&entity, &project) },
        "configValidationWarnings": warnings,
    } })
}

/// Reads a configuration and builds what it names.
fn read(shared: &Shared, text: &str) -> Result<(Parsed, u64), Refusal> {
    let bad = |message: String| refused(StatusCode::BAD_REQUEST, message);
    let parsed = Reader::new(&shared.registry).read(text, SOURCE).map_err(|found| bad(problems(&found)))?;
    let seed = besom_engine::seed(&parsed.config, None);
    besom_engine::build(&shared.registry, &parsed.config, seed).map_err(|error| bad(error_chain(&error)))?;
    Ok((parsed, seed))
}

/// All that is wrong, without the places in a text that nobody has seen: the client has written it anew.
fn problems(found: &Diagnostics) -> String {
    let lines = found.iter().map(|problem| told(&problem.to_string()));
    let lines: Vec<String> = lines.collect();
    match lines.as_slice() {
        [one] => format!("Invalid sweep config: {one}"),
        many => format!("Invalid sweep config:\n- {}", many.join("\n- ")),
    }
}

/// A diagnostic without the place that it begins with.
fn told(line: &str) -> String {
    let rest = line.strip_prefix(SOURCE).unwrap_or(line);
    rest.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit()).trim_start().to_owned()
}

async fn create(shared: &Shared, request: &Request) -> Result<Value, Refusal> {
    let text = request.text("config").unwrap_or_default().to_owned();
    let (parsed, seed) = read(shared, &text)?;
    let named = |variable: &str, of_config: &Option<String>, usual: &str| {
        request
            .text(variable)
            .map(str::to_owned)
            .or_else(|| of_config.clone())
            .unwrap_or_else(|| usual.to_owned())
    };
    let entity = named("entityName", &parsed.config.entity, ENTITY);
    let project = named("projectName", &parsed.config.project, PROJECT);
    let display = request.text("displayName").map(str::to_owned);
    let warnings: Vec<String> = parsed.warnings.iter().map(|warning| told(&warning.to_string())).collect();
    let row = shared
        .write_for(request.asker.clone(), move |store| -> Result<SweepRow, StoreError> {
            let id = besom_engine::create(store, Creation::new(&parsed.config, seed).text(text))?;
            store.set_label(&id, ENTITY_LABEL, Some(&entity))?;
            store.set_label(&id, PROJECT_LABEL, Some(&project))?;
            if let Some(display) = display {
                store.set_label(&id, besom_engine::NAME, Some(&display))?;
            }
            store.sweep(&id)
        })
        .await?;
    Ok(answer(shared, &row, &warnings))
}

/// `wandb sweep --update`: another configuration for a sweep that has not begun.
async fn edit(shared: &Shared, request: &Request, id: &SweepId, text: &str) -> Result<(), Refusal> {
    let (text, id) = (text.to_owned(), id.clone());
    let (parsed, seed) = read(shared, &text)?;
    let edited = id.clone();
    let answer = shared
        .write_for(request.asker.clone(), move |store| -> Result<(), Refusal> {
            let row = store.sweep(&id)?;
            if row.new.text == text {
                return Ok(());
            }
            if row.runs > 0 || row.state != SweepState::Pending || !store.agents(&id)?.is_empty() {
                let message = format!(
                    "the configuration of sweep {id} cannot be changed: it has begun; create another sweep"
                );
                return Err(refused(StatusCode::BAD_REQUEST, message));
            }
            besom_engine::replace(store, &row, Creation::new(&parsed.config, seed).text(text))?;
            Ok(())
        })
        .await;
    // Not before: who looks meanwhile would bring the old one back.
    shared.views.forget(&edited);
    answer
}

/// `wandb sweep --pause`, `--resume`, `--stop` and `--cancel`.
async fn set_state(shared: &Shared, request: &Request, id: &SweepId, state: &str) -> Result<(), Refusal> {
    let to = match state.to_ascii_uppercase().as_str() {
        "RUNNING" => SweepState::Running,
        "PAUSED" => SweepState::Paused,
        "FINISHED" | "STOPPED" => SweepState::Finished,
        "CANCELED" | "CANCELLED" => SweepState::Canceled,
        // A controller of the client's own says so before it begins.
        "PENDING" => return Ok(()),
        other => return Err(refused(StatusCode::BAD_REQUEST, format!("a sweep has no state '{other}'"))),
    };
    let (sweep, reason) = (id.clone(), usual_reason(to));
    let set = shared.write_for(request.asker.clone(), move |store| store.set_state(&sweep, to, reason));
    set.await.map_err(|refusal| match refusal.status() {
        StatusCode::CONFLICT => refused(StatusCode::BAD_REQUEST, refusal.message()),
        _ => refusal,
    })?;
    if to.is_over() {
        shared.end_dead(id.clone(), to, reason.map(str::to_owned)).await;
    }
    Ok(())
}

/// The state in the client's word.
pub(super) fn state_word(state: SweepState) -> String {
    state.as_str().to_ascii_uppercase()
}
