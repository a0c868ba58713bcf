//! Agents of W&B's client: they ask every five seconds what to do.
//!
//! All that decides is in the store; what is remembered here is for how long something has been so, and begins anew after a restart.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::http::StatusCode;
use besom_store::{AgentId, Claim, HeldRun, Lease, NewAgent, Reply, Store, StoreError, SweepId, SweepState};
use rand::RngExt;
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use super::graphql::Request;
use super::runs::{crash, has_begun};
use super::{SILENCE, controller, found, lenient, lock, names, refused};
use crate::recent::Recent;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// For how long a stop is held back from an agent while its run learns of it by the stream. The client sends rows every 15 s; an agent
/// that is told kills the run, and what the run has not sent by then is lost.
const PATIENCE: Duration = Duration::from_secs(25);
/// For how long a run may be absent before its program counts as gone: the end that it has sent may be on its way.
const GRACE: Duration = Duration::from_secs(8);
/// Within what time a run that was handed out and not heard of is handed out again, as the answer may have been lost, and how often.
const AGAIN: (Duration, u32) = (Duration::from_secs(60), 2);
/// How long an agent waits for a search that thinks. The client waits for 60 s.
const THINKING: Duration = Duration::from_secs(20);

/// What is remembered of a run that an agent holds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watch {
    /// When it was handed out, and how often.
    sent: Option<(Instant, u32)>,
    /// Whether its agent has said that it has it.
    is_known: bool,
    /// Since when its agent has not named it.
    absent: Option<Instant>,
    /// Since when it is to end.
    stop: Option<Instant>,
}

/// What is remembered of the runs that agents hold, by agent. What is forgotten begins anew, as after a restart: a run waits for longer.
pub(super) type Watches = Mutex<Recent<AgentId, HashMap<Lease, Watch>>>;

/// Letters as sweep ids have them.
pub(super) fn letters(count: usize) -> String {
    const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut random = rand::rng();
    (0..count).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect()
}

/// A name for an agent on this host, which no other has.
pub(super) fn name(host: &str) -> String {
    format!("{host}/wandb/{}", letters(4))
}

/// A new agent of a sweep.
pub(super) async fn create(shared: &Shared, request: &Request) -> Result<Value, Refusal> {
    let sweep = SweepId::new(request.text("sweep").unwrap_or_default());
    let new = NewAgent::new(name(request.text("host").unwrap_or("host")), Duration::from_secs(SILENCE));
    let id = sweep.clone();
    let agent = shared
        .write(move |store| -> Result<AgentId, Refusal> {
            if store.sweep(&id)?.state.is_over() {
                return Err(refused(StatusCode::BAD_REQUEST, format!("Sweep {id} is not running")));
            }
            Ok(store.join(&id, &new)?)
        })
        .await?;
    shared.agents.joined(agent, sweep.clone());
    shared.steps.touch(shared, &sweep);
    Ok(json!({ "createAgent": { "agent": { "id": names::id("Agent", &[&agent.0.to_string()]) } } }))
}

/// The agent of an opaque id.
fn agent_of(id: &str) -> Option<AgentId> {
    names::parts("Agent", id)?.first()?.parse().ok().map(AgentId)
}

/// What an agent is to do.
pub(super) async fn heartbeat(shared: &Shared, request: &Request) -> Result<Value, Refusal> {
    let id = request.text("id").unwrap_or_default();
    let unknown = || refused(StatusCode::NOT_FOUND, "no agent has this id; its sweep may have been removed");
    let agent = agent_of(id).ok_or_else(unknown)?;
    let states: Map<String, Value> =
        request.text("runState").and_then(|text| lenient::parse(text).ok()).unwrap_or_default();
    let live: BTreeSet<String> =
        states.into_iter().filter(|(_, state)| *state == Value::Bool(true)).map(|(name, _)| name).collect();
    let sweep = shared.agents.sweep(shared, agent).await.map_err(|_| unknown())?;
    shared.steps.touch(shared, &sweep);
    let commands = commands(shared, agent, &sweep, live).await?;
    Ok(json!({ "agentHeartbeat": { "agent": { "id": id }, "commands": Value::from(commands).to_string() } }))
}

async fn commands(
    shared: &Shared,
    agent: AgentId,
    sweep: &SweepId,
    live: BTreeSet<String>,
) -> Result<Vec<Value>, Refusal> {
    let is_idle = live.is_empty();
    let (clone, id) = (shared.clone(), sweep.clone());
    let looked = shared.write(move |store| look(store, &clone, agent, &id, &live)).await?;
    if !looked.commands.is_empty() || !is_idle {
        return Ok(looked.commands);
    }
    let mut claimed = claim(shared, agent, sweep).await?;
    if let Claimed::Nothing(_) = claimed {
        let waiting = shared.steps.wait(shared, sweep);
        // A search that thinks for longer goes on without this agent, which asks again.
        drop(timeout(THINKING, waiting.round()).await);
        drop(waiting);
        claimed = claim(shared, agent, sweep).await?;
    }
    match claimed {
        Claimed::Run(command) => return Ok(vec![command]),
        Claimed::Nothing(state) if !state.is_over() => return Ok(Vec::new()),
        Claimed::Nothing(_) | Claimed::Drained if looked.holds => return Ok(Vec::new()),
        Claimed::Nothing(_) => {}
        // It says nothing when it exits, and others need not wait for its silence.
        Claimed::Drained => shared.write(move |store| store.leave(agent)).await?,
    }
    shared.steps.leave(shared, sweep);
    Ok(vec![json!({ "type": "exit" })])
}

/// What a claim has brought.
enum Claimed {
    /// A run: the command for it.
    Run(Value),
    /// Nothing, in a sweep of this state.
    Nothing(SweepState),
    /// Nothing any more: the agent was drained.
    Drained,
}

/// What follows from the runs that an agent holds.
struct Looked {
    commands: Vec<Value>,
    /// Whether it holds a run that it does not name, whose end may be on its way.
    holds: bool,
}

fn look(
    store: &mut dyn Store,
    shared: &Shared,
    agent: AgentId,
    sweep: &SweepId,
    live: &BTreeSet<String>,
) -> Result<Looked, StoreError> {
    let held = store.held(agent)?;
    let row = store.sweep(sweep)?;
    let mut looked = Looked { commands: Vec::new(), holds: false };
    let known = lock(&shared.wandb.watches).get(&agent).cloned().unwrap_or_default();
    let mut watches = HashMap::new();
    if row.state == SweepState::Canceled && !live.is_empty() {
        // The agent kills what it runs.
        looked.commands.push(json!({ "type": "exit" }));
    }
    for held in held {
        let run = store.run(sweep, held.lease.run)?;
        let name = found::name(store, &row, &run)?;
        let mut watch = known.get(&held.lease).copied().unwrap_or_default();
        if live.contains(&name) {
            named(store, &held, &name, &mut watch, &mut looked)?;
            watches.insert(held.lease, watch);
            continue;
        }
        looked.holds = true;
        match watch.absent(has_begun(store, &held.lease, held.rows)?, Instant::now()) {
            Absent::Again if live.is_empty() && looked.commands.is_empty() => {
                watch.sent = watch.sent.map(|(since, times)| (since, times + 1));
                looked.commands.push(run_command(shared, &row, &name, &run.point));
            }
            Absent::Again | Absent::Wait => {}
            Absent::Gone => {
                crash(store, &held.lease, "its program ended without saying how")?;
                controller::settle(store, sweep)?;
            }
        }
        watches.insert(held.lease, watch);
    }
    if live.is_empty() {
        store.idle(agent)?;
    }
    // Those of runs that it holds no longer are forgotten, but not before the store has answered all.
    let mut all = lock(&shared.wandb.watches);
    match watches.is_empty() {
        true => all.remove(&agent),
        false => all.insert(agent, watches),
    }
    Ok(looked)
}

/// A run that its agent names is alive.
fn named(
    store: &mut dyn Store,
    held: &HeldRun,
    name: &str,
    watch: &mut Watch,
    looked: &mut Looked,
) -> Result<(), StoreError> {
    let reply = store.report(&held.lease, &[])?;
    if watch.named(matches!(reply, Reply::Stop { .. } | Reply::Lost), Instant::now()) {
        looked.commands.push(json!({ "type": "stop", "run_id": name }));
    }
    Ok(())
}

impl Watch {
    /// The agent has named the run, which is to end or not. Returns whether to tell the agent to stop it.
    fn named(&mut self, is_to_end: bool, now: Instant) -> bool {
        let stop = is_to_end.then(|| self.stop.unwrap_or(now));
        *self = Self { is_known: true, absent: None, stop, ..*self };
        stop.is_some_and(|since| now - since >= PATIENCE)
    }

    /// The agent has not named the run, of which something was heard or nothing.
    fn absent(&mut self, was_heard_of: bool, now: Instant) -> Absent {
        let (since, times) = *self.sent.get_or_insert((now, 1));
        if !self.is_known && !was_heard_of && times <= AGAIN.1 && now - since < AGAIN.0 {
            return Absent::Again;
        }
        let gone = *self.absent.get_or_insert(now);
        if now - gone < GRACE { Absent::Wait } else { Absent::Gone }
    }
}

/// What it means that an agent does not name a run that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Absent {
    /// It may never have received it.
    Again,
    /// It may have ended, and the end is on its way.
    Wait,
    /// It has ended without a word.
    Gone,
}

/// Claims a run.
async fn claim(shared: &Shared, agent: AgentId, sweep: &SweepId) -> Result<Claimed, Refusal> {
    let request = next_request(&shared.wandb.request);
    let (clone, id) = (shared.clone(), sweep.clone());
    let claimed = shared.write(move |store| {
        let claimed = match store.claim(agent, request)? {
            Claim::Run(claimed) => claimed,
            Claim::Nothing(state) => return Ok(Claimed::Nothing(state)),
            Claim::Drained => return Ok(Claimed::Drained),
        };
        let row = store.sweep(&id)?;
        let run = store.run(&id, claimed.lease.run)?;
        let name = found::name(store, &row, &run)?;
        let watch = Watch { sent: Some((Instant::now(), 1)), ..Watch::default() };
        let mut watches = lock(&clone.wandb.watches);
        match watches.get(&agent) {
            Some(known) => drop(known.insert(claimed.lease, watch)),
            None => watches.insert(agent, HashMap::from([(claimed.lease, watch)])),
        }
        drop(watches);
        Ok::<_, StoreError>(Claimed::Run(run_command(&clone, &row, &name, &claimed.point)))
    });
    claimed.await
}

/// A number that grows with each claim, also over a restart, and where the clock is set back.
fn next_request(last: &AtomicU64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
    if last.fetch_max(now, Ordering::Relaxed) < now { now } else { last.fetch_add(1, Ordering::Relaxed) + 1 }
}

/// The command that makes an agent execute a run.
fn run_command(
    shared: &Shared,
    sweep: &besom_store::SweepRow,
    name: &str,
    point: &Map<String, Value>,
) -> Value {
    let kept = shared.views.of(&shared.registry, sweep);
    let program = kept.known.config.as_ref().and_then(|config| config.program.as_deref());
    let args: Map<_, _> = point.iter().map(|(key, value)| (key.clone(), json!({ "value": value }))).collect();
    json!({ "type": "run", "run_id": name, "program": program, "args": args })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn requests_grow_where_the_clock_is_set_back() {
        let ahead = u64::MAX / 2;
        let last = AtomicU64::new(ahead);
        assert_eq!([next_request(&last), next_request(&last)], [ahead + 1, ahead + 2]);
    }

    #[test]
    fn a_run_that_was_never_heard_of_is_sent_again_for_a_while() {
        let now = Instant::now();
        let mut watch = Watch { sent: Some((now, 1)), ..Watch::default() };
        assert_eq!(watch.absent(false, now + 5 * SECOND), Absent::Again);
        assert_eq!(watch.absent(true, now + 5 * SECOND), Absent::Wait, "its end may be on its way");
        assert_eq!(Watch { is_known: true, ..watch }.absent(false, now + 5 * SECOND), Absent::Wait);
        watch = Watch { sent: Some((now, 3)), ..Watch::default() };
        assert_eq!(watch.absent(false, now + 6 * SECOND), Absent::Wait, "often enough");
        watch = Watch { sent: Some((now, 1)), ..Watch::default() };
        assert_eq!(watch.absent(false, now + 61 * SECOND), Absent::Wait, "long enough");
    }

    #[test]
    fn a_run_that_was_heard_of_and_is_absent_is_gone_after_a_moment() {
        let now = Instant::now();
        let mut watch = Watch::default();
        assert!(!watch.named(false, now));
        assert_eq!(watch.absent(true, now + SECOND), Absent::Wait);
        assert_eq!(watch.absent(true, now + SECOND + GRACE), Absent::Gone);
        assert!(!watch.named(false, now + 10 * SECOND));
        assert_eq!(watch.absent(true, now + 11 * SECOND), Absent::Wait, "it was named in between");
    }

    #[test]
    fn an_agent_is_told_of_a_stop_when_its_run_had_time_to_hear_of_it() {
        let now = Instant::now();
        let mut watch = Watch::default();
        assert!(!watch.named(true, now));
        assert!(!watch.named(true, now + 20 * SECOND));
        assert!(watch.named(true, now + PATIENCE));
        assert!(!watch.named(false, now + PATIENCE), "its owner tries it again");
    }
}
