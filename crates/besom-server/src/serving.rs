//! A server beside its program, in a thread of its own.

use std::io;
use std::net::TcpListener;
use std::panic::resume_unwind;
use std::thread::{Builder, JoinHandle};

use crate::{Server, ServerError, Stop};

/// A server at work beside its program. It ends with [`Serving::end`], or when it is dropped.
#[derive(Debug)]
pub struct Serving {
    stop: Stop,
    thread: Option<JoinHandle<Result<(), ServerError>>>,
}

impl Server {
    /// Answers requests in a thread of its own, as [`Server::serve`] does.
    ///
    /// ```
    /// use std::net::TcpListener;
    ///
    /// use besom_engine::{Place, registry};
    /// use besom_server::{Server, ServerOptions};
    ///
    /// let server = Server::new(Place::memory(), registry(), ServerOptions::default())?;
    /// let serving = server.spawn(TcpListener::bind("127.0.0.1:0")?)?;
    /// // What uses it comes here.
    /// serving.end()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the system refuses the thread. What else goes wrong is an error of [`Serving::end`].
    pub fn spawn(self, listener: TcpListener) -> io::Result<Serving> {
        let stop = Stop::new();
        let serve = {
            let stop = stop.clone();
            move || self.serve(listener, &stop)
        };
        let thread = Builder::new().name("besom-serve".into()).spawn(serve)?;
        Ok(Serving { stop, thread: Some(thread) })
    }
}

impl Serving {
    /// Stops the server, and waits until it has ended.
    ///
    /// # Errors
    /// Why it failed, now or before.
    pub fn end(mut self) -> Result<(), ServerError> {
        self.finish()
    }

    fn finish(&mut self) -> Result<(), ServerError> {
        self.stop.stop();
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(served)) => served,
            Some(Err(panic)) => resume_unwind(panic),
            None => Ok(()),
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            drop(self.finish());
        }
    }
}
