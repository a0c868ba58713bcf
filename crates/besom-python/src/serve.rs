//! A server of a store, in a thread of this process.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use besom_core::error_chain;
use besom_engine::Place;
use besom_server::{Server, ServerError, ServerOptions, Serving, Tls};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::{BesomError, Failure};
use crate::store::same_process;

/// The port where a server listens if nothing is said; any other if that is taken.
const USUAL: u16 = 7070;

/// Return the links to the dashboard of a store that is being served: the owner's, and one that only allows reading. None if it is not
/// served on this machine.
#[pyfunction]
pub(crate) fn served(store: PathBuf) -> Result<Option<(String, String)>, Failure> {
    let place = Place::new(store)?;
    let directory = place.directory().filter(|_| place.url().is_none());
    Ok(directory.and_then(|directory| besom_server::link(directory).zip(besom_server::view_link(directory))))
}

/// A server of a store. Sweeps with algorithms of Python's own are left to whoever executes their runs, as by the command.
#[pyclass(frozen, name = "Server", module = "besom._besom")]
pub(crate) struct PyServer {
    #[pyo3(get)]
    url: String,
    #[pyo3(get)]
    token: String,
    #[pyo3(get)]
    agent_token: String,
    serving: Mutex<Option<Serving>>,
    process: u32,
}

#[pymethods]
impl PyServer {
    #[new]
    #[pyo3(signature = (store, listen=None, names=Vec::new(), tls=None, insecure_http=false, verbose=false))]
    fn new(
        py: Python<'_>,
        store: PathBuf,
        listen: Option<String>,
        names: Vec<String>,
        tls: Option<(PathBuf, PathBuf)>,
        insecure_http: bool,
        verbose: bool,
    ) -> Result<Self, Failure> {
        let tls = tls.map(|(certificate, key)| Tls { certificate, key });
        let mut options = ServerOptions::default();
        (options.names, options.tls) = (names, tls);
        (options.insecure_http, options.verbose) = (insecure_http, verbose);
        py.detach(move || {
            let server = Server::new(Place::new(store)?, besom_engine::registry(), options)?;
            let listener = listener(listen.as_deref())?;
            let url = server.announce(&listener)?;
            let (token, agent_token) = (server.tokens().owner(), server.tokens().agents());
            let serving = Mutex::new(Some(server.spawn(listener)?));
            Ok(Self { url, token, agent_token, serving, process: std::process::id() })
        })
    }

    /// Stop the server, and wait until it has ended.
    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        same_process(self.process, "server")?;
        let serving = self.serving.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(py.detach(|| serving.map_or(Ok(()), |serving| serving.end().map_err(Failure::from)))?)
    }
}

/// The listener at an address, or at the usual port, or at any that is free.
fn listener(listen: Option<&str>) -> Result<TcpListener, Failure> {
    let Some(address) = listen else {
        return Ok(TcpListener::bind(
            &[USUAL, 0].map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))[..],
        )?);
    };
    TcpListener::bind(address).map_err(|error| {
        let hint = "listen is ADDRESS:PORT; \"127.0.0.1:0\" takes any free port";
        BesomError::new_err(format!("cannot listen at {address}: {error} ({hint})")).into()
    })
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Store(error) => error.into(),
            ServerError::Insecure(address) => PyValueError::new_err(format!(
                "at {address} others can reach the server and read tokens on the way: pass tls_cert and tls_key, listen on 127.0.0.1 \
                 behind a reverse proxy or an ssh tunnel, or pass insecure_http=True in a network that is secure itself"
            ))
            .into(),
            error => BesomError::new_err(error_chain(&error)).into(),
        }
    }
}
