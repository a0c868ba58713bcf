//! `besom serve`: the store for browsers and for agents on other machines; `besom run --serve`: the same beside a run.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result};
use besom_core::Registry;
use besom_engine::Place;
use besom_server::{Server, ServerError, ServerOptions, Serving, Stop, Tls, link};

use crate::cli::arguments::{LISTEN, ServeArguments};
use crate::cli::output::{Outcome, line, notice};
use crate::cli::signals;
use crate::error::InputError;

/// Any free port of this machine alone.
const ANY_PORT: &str = "127.0.0.1:0";

/// The page that sends a browser to the dashboard: a command line with the link would show the token to other users.
const OPENER: &str = "server-open.html";

pub(crate) fn serve(registry: &Registry, place: &Place, arguments: &ServeArguments) -> Result<Outcome> {
    let server = Server::new(place.clone(), registry.clone(), options(arguments))?;
    let listener = listen(&arguments.listen)?;
    let link = announce(&server, place, &listener)?;
    let stop = Stop::new();
    signals::on_end({
        let stop = stop.clone();
        move || stop.stop()
    })?;
    if arguments.open {
        open(place, &link);
    }
    let served = server.serve(listener, &stop);
    if let Some(directory) = place.directory() {
        // Only --open has made it.
        drop(std::fs::remove_file(directory.join(OPENER)));
    }
    served?;
    notice("no longer serving; agents and pages connect again when it is served again");
    Ok(Outcome::Done)
}

fn options(arguments: &ServeArguments) -> ServerOptions {
    let mut options = ServerOptions::default();
    options.names.clone_from(&arguments.name);
    options.tls = arguments
        .tls_cert
        .clone()
        .zip(arguments.tls_key.clone())
        .map(|(certificate, key)| Tls { certificate, key });
    (options.insecure_http, options.verbose) = (arguments.insecure_http, arguments.verbose);
    options
}

fn listen(address: &str) -> Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::AddrInUse => " (--listen 127.0.0.1:0 takes any free port)",
            ErrorKind::InvalidInput => " (expected ADDRESS:PORT)",
            _ => "",
        };
        InputError::new(format!("cannot listen at {address}: {error}{hint}")).into()
    })
}

/// Says what is served and how to use it; the link to the dashboard.
fn announce(server: &Server, place: &Place, listener: &TcpListener) -> Result<String> {
    // Whoever reads the link may use it at once, and others may ask for it.
    let url = server.announce(listener)?;
    let link = server.link(&url);
    let directory = place.directory().unwrap_or(Path::new(""));
    let environment = format!("BESOM_STORE={url} BESOM_TOKEN={}", server.tokens().agents());
    let wandb = format!("WANDB_BASE_URL={url} WANDB_API_KEY={}", server.tokens().wandb());
    let version = env!("CARGO_PKG_VERSION");
    // In one piece: a script may read the line it wants, and no other.
    line(format!(
        "besom {version} serves {}\n  dashboard   {link}\n  agents      {environment} besom agent ID\n  wandb       {wandb}",
        directory.display()
    ))?;
    if !listener.local_addr()?.ip().is_loopback() && url.starts_with("http:") {
        notice(
            "warning: without TLS, anyone on the network path can read the tokens and use them to run commands on the agents' machines",
        );
    }
    Ok(link)
}

/// Opens a link in a browser, by way of a file that only its owner can read.
fn open(place: &Place, link: &str) {
    let opened = opener(place.directory().unwrap_or(Path::new(".")), link);
    if let Err(error) = opened {
        notice(format!("no browser could be opened: {error:#}"));
    }
}

fn opener(directory: &Path, link: &str) -> Result<()> {
    let path = directory.join(OPENER);
    // One of an earlier start, with whatever rights it has.
    drop(std::fs::remove_file(&path));
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    write!(
        file,
        "<!doctype html><meta charset=\"utf-8\"><title>besom</title><meta http-equiv=\"refresh\" content=\"0; url={link}\">"
    )?;
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(program);
    command.arg(&path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().with_context(|| format!("cannot start {program}"))?;
    // It returns when the browser has taken the page.
    drop(thread::spawn(move || child.wait()));
    Ok(())
}

/// A server beside a run, which ends when it is dropped.
pub(crate) struct Beside(Option<Serving>);

/// Serves the store beside a run. Where it is served already, that is said, and nothing else done.
pub(crate) fn beside(registry: &Registry, place: &Place) -> Result<Option<Beside>> {
    let server = match Server::new(place.clone(), registry.clone(), ServerOptions::default()) {
        Err(ServerError::Running { .. }) => {
            show_link(place);
            return Ok(None);
        }
        server => server?,
    };
    // Another store may be served at the usual port.
    let listener = TcpListener::bind(LISTEN).or_else(|_| TcpListener::bind(ANY_PORT));
    let listener = listener.context("no port to listen at")?;
    announce(&server, place, &listener)?;
    Ok(Some(Beside(Some(server.spawn(listener)?))))
}

impl Drop for Beside {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.0.take().map(Serving::end) {
            notice(format!("the server failed: {}", besom_core::error_chain(&error)));
        }
    }
}

/// Says where the store is being served, if it is.
pub(crate) fn show_link(place: &Place) {
    let directory = place.directory().filter(|_| place.url().is_none());
    if let Some(link) = directory.and_then(link) {
        notice(format!("dashboard: {link}"));
    }
}
