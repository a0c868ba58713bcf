//! Where a store gets the time from.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the time as milliseconds since 1970-01-01 UTC. A store is given one when it is opened, so that tests decide
/// what time it is.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The system's clock.
#[expect(clippy::disallowed_methods, reason = "whoever opens a store may pass this clock")]
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}
