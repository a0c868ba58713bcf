//! A stream of events in an answer that lasts, as `text/event-stream` is written.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// Where events are written to.
#[derive(Debug)]
pub(super) struct Feed(Sender<Bytes>);

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

    async fn send(&self, text: String) -> Result<(), Gone> {
        self.0.send(text.into()).await.map_err(|_| Gone)
    }

    /// Returns when the reader has gone.
    pub(super) async fn closed(&self) {
        self.0.closed().await;
    }
}

/// A feed, and the answer in which it is read; `permit` is held as long as that lasts.
pub(super) fn feed(permit: OwnedSemaphorePermit) -> (Feed, Response) {
    let (sender, receiver) = mpsc::channel(1);
    let kind = [(CONTENT_TYPE, "text/event-stream")];
    (Feed(sender), (kind, Body::new(Events { receiver, _permit: permit })).into_response())
}

struct Events {
    receiver: Receiver<Bytes>,
    _permit: OwnedSemaphorePermit,
}

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.receiver.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
