//! The server as a whole: its routes, its connections, its end.

use std::fmt;
use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use besom_core::Registry;
use besom_engine::{EngineError, Place};
use besom_store::files::{PRIVATE, create_directory};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::net::sockopt;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

use crate::guard::{self, Ends};
use crate::hub::Hub;
use crate::pool::Pool;
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::tokens::{link, with_token};
use crate::{
    ServerOptions, Stop, TlsError, TokenError, Tokens, assets, log, meta, reaper, running, store, tls, views,
    wandb,
};

/// Threads that handle requests. They never wait for the store, so two are enough to keep its writer busy.
const WORKERS: usize = 2;
/// How many connections are served at the same time; others wait to be accepted.
const CONNECTIONS: u32 = 1024;
/// How long a connection may take for the headers of its next request, and so how long it may be idle.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// After how long a silence the other side is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// How large the headers of a request may be.
const HEADERS: usize = 16 << 10;
/// How long requests may take to end when the server does. A body that is on its way is not waited for longer.
const GRACE: Duration = Duration::from_secs(10);
/// How long nothing is accepted after that failed, as without a free file descriptor.
const RECOVERY: Duration = Duration::from_millis(100);
/// What is smaller is not worth compressing, in bytes.
const WORTH_COMPRESSING: u64 = 1024;

/// Why a server could not be started, or ended.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] EngineError),
    /// The tokens cannot be read or made.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The store is served already.
    #[error("the store is served already{}", url.as_deref().map(|url| format!(", at {url}")).unwrap_or_default())]
    Running {
        /// Where, if that is known.
        url: Option<String>,
    },
    /// The store is behind a server, which serves it.
    #[error("the store {url} is behind a server already: serve its directory on the machine that has it")]
    Elsewhere {
        /// The server.
        url: String,
    },
    /// It would listen where others can reach it, and they could read what is sent.
    #[error(
        "at {0} others can reach the server and read tokens on the way: give it a certificate (--tls-cert and --tls-key), listen on \
         127.0.0.1 behind a reverse proxy or an ssh tunnel, or allow it with --insecure-http in a network that is secure itself"
    )]
    Insecure(SocketAddr),
    /// The system refuses threads or sockets.
    #[error("the server cannot be started")]
    System(#[from] io::Error),
}

/// A server of one store.
///
/// ```
/// use std::net::TcpListener;
/// use std::thread;
///
/// use besom_engine::{Place, registry};
/// use besom_server::{Server, ServerOptions, Stop};
///
/// let server = Server::new(Place::memory(), registry(), ServerOptions::default())?;
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let link = server.link(&server.url(&listener)?);
/// assert!(link.starts_with("http://127.0.0.1:") && link.contains("/#token="));
///
/// let stop = Stop::new();
/// thread::scope(|scope| {
///     let serving = scope.spawn(|| server.serve(listener, &stop));
///     stop.stop(); // when it is no longer needed
///     serving.join().expect("a server does not panic")
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Server {
    shared: Shared,
    tls: Option<TlsAcceptor>,
    /// Held for as long as the store is served.
    _place: Option<File>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("shared", &self.shared).finish_non_exhaustive()
    }
}

/// Its threads end with it, also if it has never served.
impl Drop for Server {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl Server {
    /// A server of the store at this place, which is created if there is none. The `registry` has the algorithms that it can build: it
    /// steps sweeps that use them for agents on other machines, and leaves others to the process that has theirs.
    ///
    /// # Errors
    /// If the store, its tokens or the certificate cannot be opened; [`ServerError::Running`] if it is served already, and
    /// [`ServerError::Elsewhere`] if it is a server's.
    pub fn new(place: Place, registry: Registry, options: ServerOptions) -> Result<Self, ServerError> {
        if let Some(url) = place.url() {
            return Err(ServerError::Elsewhere { url: url.to_owned() });
        }
        let tls = options.tls.as_ref().map(tls::acceptor).transpose()?;
        // The store first, which makes its directory; threads last, when nothing else can fail.
        drop(place.open_or_create()?);
        let held = place.directory().map(begin).transpose()?;
        let tokens = Tokens::open(place.directory())?;
        let hub = Hub::start(place.clone())?;
        let bell = hub.clone();
        let pool = Pool::open(&place, move || bell.ring())?;
        Ok(Self { shared: Shared::new((place, pool), registry, hub, tokens, options), tls, _place: held })
    }

    /// Who may do what.
    pub fn tokens(&self) -> &Tokens {
        &self.shared.tokens
    }

    /// The address at which it is found behind a listener.
    ///
    /// # Errors
    /// [`ServerError::Insecure`] if others can reach it there without TLS, which was not allowed.
    pub fn url(&self, listener: &TcpListener) -> Result<String, ServerError> {
        let address = listener.local_addr()?;
        let options = &self.shared.options;
        if !address.ip().is_loopback() && self.tls.is_none() && !options.insecure_http {
            return Err(ServerError::Insecure(address));
        }
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let port = address.port();
        // On loopback without TLS, a name is that of a proxy, which has a port of its own.
        let is_direct = !address.ip().is_loopback() || self.tls.is_some();
        Ok(match options.names.first().filter(|_| is_direct) {
            Some(name) => format!("{scheme}://{name}:{port}"),
            None if address.ip().is_unspecified() => format!("{scheme}://{}:{port}", host_name()),
            None => format!("{scheme}://{address}"),
        })
    }

    /// The same, kept beside the store so that [`link`](crate::link) finds it; [`Self::serve`] does so, too.
    ///
    /// # Errors
    /// As [`Self::url`]; if the file of the tokens cannot be written.
    pub fn announce(&self, listener: &TcpListener) -> Result<String, ServerError> {
        let url = self.url(listener)?;
        self.shared.tokens.announce(&url)?;
        Ok(url)
    }

    /// What a browser opens at an address of this server: the token is in the fragment, which is sent to no server and is in no log.
    pub fn link(&self, url: &str) -> String {
        with_token(url, &self.shared.tokens.owner())
    }

    /// Answers requests until it is stopped. Then waiting requests are answered, what was accepted is committed, and it returns.
    ///
    /// # Errors
    /// [`ServerError::Insecure`] at an address that others can reach, without TLS; if the system refuses threads or the socket.
    pub fn serve(self, listener: TcpListener, stop: &Stop) -> Result<(), ServerError> {
        let url = self.announce(&listener)?;
        log::say(&self.shared, format_args!("listening at {url}"));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("besom-server")
            .enable_io()
            .enable_time()
            .build()?;
        listener.set_nonblocking(true)?;
        let served = runtime.block_on(self.accept(listener, stop));
        self.shared.close();
        // What is still at work there has nobody who waits for it.
        runtime.shutdown_background();
        Ok(served?)
    }

    async fn accept(&self, listener: TcpListener, stop: &Stop) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let router = router(&self.shared);
        if !self.shared.options.passive {
            drop(tokio::spawn(reaper::reap(self.shared.clone())));
        }
        let free = Arc::new(Semaphore::new(CONNECTIONS as usize));
        loop {
            let next = async {
                let permit = Arc::clone(&free).acquire_owned().await;
                (permit, listener.accept().await)
            };
            let (permit, accepted) = tokio::select! {
                next = next => next,
                () = stop.stopped() => break,
            };
            match (permit, accepted) {
                (Ok(permit), Ok((socket, peer))) => {
                    let ends = socket.local_addr().map(|local| Ends { peer, local });
                    if let Ok(ends) = ends {
                        let connection =
                            connection(socket, ends, router.clone(), self.tls.clone(), stop.clone());
                        drop(tokio::spawn(async move {
                            connection.await;
                            drop(permit);
                        }));
                    }
                }
                _ => sleep(RECOVERY).await,
            }
        }
        drop(listener);
        // Those who wait for something to happen are answered now.
        self.shared.stop.stop();
        self.shared.hub.close();
        drop(timeout(GRACE, free.acquire_many(CONNECTIONS)).await);
        Ok(())
    }
}

/// All routes, behind what holds for each of them.
fn router(shared: &Shared) -> Router {
    let compression =
        CompressionLayer::new().compress_when(SizeAbove::new(WORTH_COMPRESSING).and(NotForContentType::SSE));
    Router::new()
        .merge(meta::routes())
        .merge(store::routes())
        .merge(views::routes())
        .merge(wandb::routes())
        .merge(assets::routes())
        .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "no_route", "there is nothing at this path"))
        .method_not_allowed_fallback(async || {
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method", "this path has no such method")
        })
        .layer(compression)
        .layer(from_fn_with_state(shared.clone(), guard::enter))
        .with_state(shared.clone())
}

/// Takes the place of the store's server.
fn begin(directory: &Path) -> Result<File, ServerError> {
    create_directory(directory, PRIVATE)?;
    running::begin(directory)?.ok_or_else(|| {
        let url = link(directory).and_then(|link| Some(link.split_once("/#")?.0.to_owned()));
        ServerError::Running { url }
    })
}

/// The name of this machine.
fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Has a connection send at once, since answers are small and awaited, and break within a minute when the other side is gone without
/// a word: suspended, unplugged, or forgotten by a router on the way.
fn set_options(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    sockopt::set_socket_keepalive(socket, true)?;
    sockopt::set_tcp_keepidle(socket, KEEPALIVE)?;
    sockopt::set_tcp_keepintvl(socket, KEEPALIVE / 3)?;
    sockopt::set_tcp_keepcnt(socket, 3)?;
    // What was sent and is not acknowledged does not wait for longer either.
    #[cfg(target_os = "linux")]
    sockopt::set_tcp_user_timeout(socket, u32::try_from(2 * KEEPALIVE.as_millis()).unwrap_or(u32::MAX))?;
    Ok(())
}

/// Serves one connection to its end.
async fn connection(socket: TcpStream, ends: Ends, router: Router, tls: Option<TlsAcceptor>, stop: Stop) {
    // Without them, it only takes longer.
    let _ = set_options(&socket);
    match tls {
        // A handshake that fails, or takes too long, is the caller's matter.
        Some(tls) => {
            if let Ok(Ok(stream)) = timeout(HEADER_TIME, tls.accept(socket)).await {
                speak(stream, ends, router, &stop).await;
            }
        }
        None => speak(socket, ends, router, &stop).await,
    }
}

/// Speaks HTTP/1.1 on a stream until either side has enough.
async fn speak<S>(stream: S, ends: Ends, router: Router, stop: &Stop)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ends);
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // An error is the caller's: a broken connection, no HTTP.
    tokio::select! {
        done = connection.as_mut() => drop(done),
        () = stop.stopped() => {
            connection.as_mut().graceful_shutdown();
            drop(timeout(GRACE, connection).await);
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_whose_other_side_is_gone_breaks_within_a_minute() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _other = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        set_options(&socket).unwrap();
        assert!(sockopt::socket_keepalive(&socket).unwrap());
        let tries = sockopt::tcp_keepcnt(&socket).unwrap();
        let longest =
            sockopt::tcp_keepidle(&socket).unwrap() + sockopt::tcp_keepintvl(&socket).unwrap() * tries;
        assert!(longest <= Duration::from_secs(60), "{longest:?}");
    }
}
