//! Answers that come in pieces: streams of events, as `text/event-stream` is written, and long files.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// How large each event is at least. Some proxies pass nothing on before they have so much; what was written last would wait there
/// until something else happens.
const BUFFER: usize = 4 << 10;

/// Where events are written to.
#[derive(Debug)]
pub(super) struct Feed(Sender<io::Result<Bytes>>);

/// The reader has gone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone;

impl Feed {
    /// An event of this name, with a cursor from which a reader that lost the connection can go on.
    pub(super) async fn event(&self, id: Option<&str>, name: &str, data: &Value) -> Result<(), Gone> {
        let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
        // JSON on one line has no line ends.
        self.send(format!("{id}event: {name}\ndata: {data}\n\n")).await
    }

    /// A line that says nothing, so that proxies and readers see that the connection stands.
    pub(super) async fn comment(&self) -> Result<(), Gone> {
        self.send(": still here\n\n".to_owned()).await
    }

    async fn send(&self, mut text: String) -> Result<(), Gone> {
        pad(&mut text);
        self.0.send(Ok(text.into())).await.map_err(|_| Gone)
    }

    /// Returns when the reader has gone.
    pub(super) async fn closed(&self) {
        self.0.closed().await;
    }
}

/// Fills an event up with a comment, which readers ignore.
fn pad(text: &mut String) {
    if let Some(missing) = BUFFER.checked_sub(text.len() + 4) {
        text.push_str(": ");
        text.extend(std::iter::repeat_n('.', missing));
        text.push_str("\n\n");
    }
}

/// A feed, and the answer in which it is read; `permit` is held as long as that lasts.
pub(super) fn feed(permit: OwnedSemaphorePermit) -> (Feed, Response) {
    let (sender, receiver) = mpsc::channel(1);
    let kind = [(CONTENT_TYPE, "text/event-stream")];
    (Feed(sender), (kind, Body::new(Pieces { receiver, _held: permit })).into_response())
}

/// What is sent by some work, piece by piece as it is read.
pub(super) fn pieces<W: Future<Output = ()> + Send + 'static>(
    work: impl FnOnce(Sender<io::Result<Bytes>>) -> W,
) -> Body {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(work(sender));
    Body::new(Pieces { receiver, _held: () })
}

/// A body whose pieces come over a channel; an error breaks the connection. Something may be held for as long as it lasts.
struct Pieces<H> {
    receiver: Receiver<io::Result<Bytes>>,
    _held: H,
}

impl<H: Unpin> hyper::body::Body for Pieces<H> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.receiver.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::json;
    use tokio::sync::Semaphore;
    use tokio::time::timeout;

    use super::*;

    /// A tab that lies in the background for a day, on a machine that sleeps.
    #[tokio::test]
    async fn a_reader_that_does_not_read_is_waited_for_with_one_event_in_hand() {
        let permit = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
        let (feed, response) = feed(permit);
        feed.event(None, "changes", &json!({ "upto": "1" })).await.unwrap();
        let changes = json!({ "upto": "2" });
        let second = feed.event(None, "changes", &changes);
        assert!(timeout(Duration::from_millis(20), second).await.is_err(), "it is not queued");
        drop(response);
        assert!(feed.event(None, "changes", &changes).await.is_err());
    }

    #[test]
    fn each_event_fills_a_buffer() {
        for length in [1, BUFFER - 5, BUFFER - 4, BUFFER - 1, BUFFER, BUFFER + 1] {
            let mut text = "x".repeat(length);
            pad(&mut text);
            assert!(text.len() >= BUFFER - 3, "{length}");
        }
    }
}
