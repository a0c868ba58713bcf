//! Which pages a request may come from: none but our own.
//!
//! A browser sends requests for any page that it shows. Two headers that no page can forge say which one it is, and `Host` says under
//! which name the server was found: a foreign name that leads here is a page that tries to pass for ours (DNS rebinding).

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode};

use super::Ends;
use crate::refusal::Refusal;

/// Refuses a request that names a foreign host or comes from a foreign page.
pub(super) fn check(request: &Request, ends: Ends, names: &[String]) -> Result<(), Refusal> {
    let host = host(request)?;
    if !is_ours(host.host(), ends, names) {
        let message = format!(
            "this server is not '{}'; besom serve --name {} makes it answer to that name",
            host.host(),
            host.host()
        );
        return Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, "foreign_host", message));
    }
    let headers = request.headers();
    if headers.get(ORIGIN).is_some_and(|origin| !is_same(origin.as_bytes(), host.as_str())) {
        return Err(foreign("foreign_origin"));
    }
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    if matches!(site, Some(b"cross-site" | b"same-site")) && !is_visit(request.method(), headers) {
        return Err(foreign("foreign_site"));
    }
    Ok(())
}

fn foreign(code: &str) -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, code, "requests from pages of other sites are refused")
}

/// The host that a request names, with its port if there is one.
fn host(request: &Request) -> Result<Authority, Refusal> {
    let bad = || Refusal::new(StatusCode::BAD_REQUEST, "bad_host", "a request must name one host");
    let mut named = request.headers().get_all(HOST).iter();
    match (request.uri().authority(), named.next(), named.next()) {
        (Some(authority), _, _) => Ok(authority.clone()),
        (None, Some(host), None) => Authority::try_from(host.as_bytes()).map_err(|_| bad()),
        _ => Err(bad()),
    }
}

/// Whether the server was found under a name that it has. Any port will do: it may be another one's at the other end of a tunnel.
fn is_ours(host: &str, ends: Ends, names: &[String]) -> bool {
    let local = ends.local.ip().to_canonical();
    let name = host.trim_end_matches('.');
    if names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return true;
    }
    match name.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => address.to_canonical() == local || (local.is_loopback() && address.is_loopback()),
        Err(_) if local.is_loopback() => name.eq_ignore_ascii_case("localhost"),
        Err(_) => rustix::system::uname().nodename().to_bytes().eq_ignore_ascii_case(name.as_bytes()),
    }
}

/// Whether a page has the host that was asked, by http, or by https at a proxy.
fn is_same(origin: &[u8], host: &str) -> bool {
    let rest = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://"));
    rest.is_some_and(|rest| rest.eq_ignore_ascii_case(host.as_bytes()))
}

/// Whether somebody follows a link to the page, which shows nothing without a token.
fn is_visit(method: &Method, headers: &HeaderMap) -> bool {
    let says = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
    *method == Method::GET && says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document")
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn is_known(host: &str, local: &str, names: &[&str]) -> bool {
        let local: SocketAddr = local.parse().unwrap_or_else(|_| SocketAddr::from(([127, 0, 0, 1], 1)));
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        is_ours(host, Ends { peer: local, local }, &names)
    }

    #[test]
    fn a_server_on_loopback_answers_to_loopback() {
        for host in ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.0.0.2", "[::1]"] {
            assert!(is_known(host, "127.0.0.1:7070", &[]), "{host}");
        }
        for host in ["evil.example", "192.0.2.1", "localhost.evil.example", "", "127.0.0.1.evil.example"] {
            assert!(!is_known(host, "127.0.0.1:7070", &[]), "{host}");
        }
    }

    #[test]
    fn elsewhere_it_answers_to_its_address_and_the_names_it_was_given() {
        let local = "192.0.2.7:7070";
        assert!(is_known("192.0.2.7", local, &[]));
        assert!(is_known("Sweeps.Example.org", local, &["sweeps.example.org"]));
        for host in ["localhost", "127.0.0.1", "192.0.2.8", "example.org"] {
            assert!(!is_known(host, local, &["sweeps.example.org"]), "{host}");
        }
        assert!(is_known("192.0.2.7", "[::ffff:192.0.2.7]:7070", &[]), "a socket for both versions of IP");
    }

    #[test]
    fn an_origin_is_ours_if_it_has_the_host_that_was_asked() {
        assert!(is_same(b"http://localhost:7070", "localhost:7070"));
        assert!(is_same(b"https://sweeps.example.org", "sweeps.example.org"));
        for origin in ["null", "http://localhost:3000", "http://localhost", "ftp://localhost:7070", ""] {
            assert!(!is_same(origin.as_bytes(), "localhost:7070"), "{origin}");
        }
    }
}
