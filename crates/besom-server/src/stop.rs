//! How a server is ended.

use std::sync::Arc;

use tokio::sync::watch;

/// Ends the servers that it was given to, from any thread.
///
/// A server that is stopped accepts no more connections, answers what waits for something to happen, commits what it has accepted,
/// and returns.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stop {
    /// Not stopped.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the server, once and for all.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when it is stopped.
    pub(crate) async fn stopped(&self) {
        // The sender lives as long as `self`, so there is no other end of the wait.
        let _ = self.0.subscribe().wait_for(|stopped| *stopped).await;
    }
}
