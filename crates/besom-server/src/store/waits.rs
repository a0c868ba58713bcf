//! Calls that wait: a claim until there is a run, a wait until there is a change.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use besom_remote::{Answer, Call};
use besom_store::Claim;
use tokio::time::{Instant, sleep_until, timeout};

use super::make;
use crate::hub::Seen;
use crate::pool::Urgency;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// The longest that an answer is awaited: less than what proxies on the way allow.
const LONGEST: Duration = Duration::from_secs(25);

/// Claims a run. If there is none, the sweep is stepped once and the claim repeated; then, for as long as the agent allows, whenever
/// there may be one.
pub(super) async fn claim(shared: &Shared, call: &Arc<Call>) -> Result<Answer, Refusal> {
    let until = Instant::now() + call.patience().min(LONGEST);
    let Some(agent) = call.agent() else { return make(shared, call, Urgency::First).await };
    let sweep = shared.agents.sweep(shared, agent).await;
    // An agent that claims anew, or leaves, no longer hears the answer to what it claimed before.
    let mut newest = shared.agents.newest(agent, sweep.as_ref().ok().cloned());
    let mut answer = make(shared, call, Urgency::First).await?;
    if !may_change(&answer) {
        return Ok(answer);
    }
    let waiting = shared.steps.wait(shared, &sweep?);
    if call.patience().is_zero() {
        // A search that thinks for longer goes on without this agent, which asks again.
        drop(timeout(LONGEST, waiting.round()).await);
        return make(shared, call, Urgency::First).await;
    }
    while may_change(&answer) {
        tokio::select! {
            () = waiting.ready() => {}
            () = sleep_until(until) => break,
            _ = &mut newest => break,
            () = shared.stop.stopped() => break,
        }
        answer = make(shared, call, Urgency::First).await?;
    }
    Ok(answer)
}

/// Whether a claim found nothing now, and may find something later.
fn may_change(answer: &Answer) -> bool {
    answer.is_nothing()
        && matches!(serde_json::from_slice(&answer.body), Ok(Claim::Nothing(state)) if !state.is_over())
}

/// Waits until a sweep has changed.
pub(super) async fn change(shared: &Shared, call: &Arc<Call>) -> Result<Answer, Refusal> {
    let (Some(sweep), Some(since)) = (call.sweep(), call.since()) else {
        return make(shared, call, Urgency::First).await;
    };
    // Watched before it is looked at, so that nothing is missed in between.
    let mut watch = shared.hub.watch(sweep);
    let first = make(shared, call, Urgency::First).await?;
    if since == 0 || call.patience().is_zero() || first.status != 200 || cursor(&first) > since {
        return Ok(first);
    }
    let mut end = pin!(sleep_until(Instant::now() + call.patience().min(LONGEST)));
    loop {
        tokio::select! {
            () = &mut end => break,
            seen = watch.changed() => match seen {
                Seen::At(now) if now <= since => {}
                _ => break,
            },
        }
    }
    make(shared, call, Urgency::First).await
}

/// The cursor that a wait answers.
fn cursor(answer: &Answer) -> u64 {
    let text = serde_json::from_slice::<String>(&answer.body).unwrap_or_default();
    text.parse().unwrap_or(0)
}
