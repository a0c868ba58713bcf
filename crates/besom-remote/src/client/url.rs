//! What a URL must be before a token is sent there.

use ureq::http::Uri;

use crate::{HttpOptions, RemoteError};

/// Checks that the URL is one of a server, and that a token may travel there.
pub(super) fn check(url: &str, options: &HttpOptions) -> Result<(), RemoteError> {
    let bad = |why| RemoteError::Url { why };
    if url.contains('#') {
        return Err(bad("leave out what follows '#', and set BESOM_TOKEN to the token"));
    }
    let parsed: Uri = url.parse().map_err(|_| bad("this is not a URL"))?;
    let authority = parsed.authority().filter(|authority| !authority.host().is_empty());
    let authority = authority.ok_or_else(|| bad("the name of the host is missing"))?;
    if authority.as_str().contains('@') {
        return Err(bad("leave out what stands before '@', and set BESOM_TOKEN to the token"));
    }
    if parsed.query().is_some() {
        return Err(bad("leave out what follows '?'"));
    }
    match parsed.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if options.insecure_http || is_loopback(authority.host()) => Ok(()),
        Some("http") => Err(RemoteError::PlainHttp),
        _ => Err(bad("a server is named by http:// or https://")),
    }
}

/// Whether what is sent to this host stays on this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<std::net::IpAddr>();
    address.is_ok_and(|address| address.is_loopback()) || host.eq_ignore_ascii_case("localhost")
}

/// The URL without what may be a secret: a password, a token.
pub(super) fn shown(url: &str) -> String {
    let (url, _) = url.split_once(['#', '?']).unwrap_or((url, ""));
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_once('/').map_or((rest, None), |(a, b)| (a, Some(b)));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            let path = path.map(|path| format!("/{path}")).unwrap_or_default();
            format!("{scheme}://{host}{path}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(url: &str) -> String {
        check(url, &HttpOptions::default()).map_or_else(|error| error.to_string(), |()| "fine".to_owned())
    }

    #[test]
    fn a_token_goes_by_tls_or_stays_on_the_machine() {
        for url in [
            "https://host",
            "https://host:7070/besom",
            "http://127.0.0.1:7070",
            "http://[::1]:7070",
            "http://LOCALHOST",
        ] {
            assert_eq!(why(url), "fine", "{url}");
        }
        for url in
            ["http://host:7070", "http://127.0.0.1.evil.com", "http://10.0.0.1", "http://localhost.evil.com"]
        {
            assert!(why(url).starts_with("plain http shows the token"), "{url}");
        }
        assert!(check("http://10.0.0.1", &HttpOptions::default().insecure_http()).is_ok());
    }

    #[test]
    fn a_url_that_is_none_of_a_server_is_refused() {
        assert!(why("http://").contains("not a URL"));
        assert!(why("https:///x").contains("URL") || why("https:///x").contains("host"));
        assert!(why("ftp://host").starts_with("a server is named by http:// or https://"));
        assert!(why("http://127.0.0.1:7070/#token=mF3").starts_with("leave out what follows '#'"));
        assert!(why("https://me:secret@host").starts_with("leave out what stands before '@'"));
        assert!(why("https://host/?a=b").starts_with("leave out what follows '?'"));
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(shown("https://me:secret@host:7070/x#token=mF3"), "https://host:7070/x");
        assert_eq!(shown("https://host?token=mF3"), "https://host");
    }
}
