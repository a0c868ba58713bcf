//! Answers that come in pieces: streams of events, as `text/event-stream` is written, and long files.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use serde_json::Value;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::timeout;

use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::tokens::Ticket;

/// How large each event is at least. Some proxies pass nothing on before they have so much; what was written last would wait there
/// until something else happens.
const BUFFER: usize = 4 << 10;

/// How often a stream looks whether its reader's token was revoked.
const CHECK: Duration = Duration::from_millis(500);

/// Where events are written to.
#[derive(Debug)]
pub(super) struct Feed {
    sender: Sender<io::Result<Bytes>>,
    shared: Shared,
    ticket: Ticket,
}

/// The reader has gone, or must not read any more.
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
        if !self.shared.tokens.is_valid(&self.ticket) {
            return Err(Gone);
        }
        self.sender.send(Ok(text.into())).await.map_err(|_| Gone)
    }

    /// Returns when the reader has gone, or its token was revoked.
    pub(super) async fn closed(&self) {
        while self.shared.tokens.is_valid(&self.ticket) {
            if timeout(CHECK, self.sender.closed()).await.is_ok() {
                return;
            }
        }
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

/// A feed for whoever has this token, and the answer in which it is read.
pub(super) fn feed(shared: &Shared, ticket: Ticket) -> Result<(Feed, Response), Refusal> {
    let permit = shared.stream()?;
    let (sender, receiver) = mpsc::channel(1);
    let response = ([(CONTENT_TYPE, "text/event-stream")], Body::new(Pieces { receiver, _held: permit }));
    Ok((Feed { sender, shared: shared.clone(), ticket }, response.into_response()))
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
mod tests {
    use super::*;

    #[test]
    fn each_event_fills_a_buffer() {
        for length in [1, BUFFER - 5, BUFFER - 4, BUFFER - 1, BUFFER, BUFFER + 1] {
            let mut text = "x".repeat(length);
            pad(&mut text);
            assert!(text.len() >= BUFFER - 3, "{length}");
        }
    }
}
