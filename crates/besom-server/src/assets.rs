//! The page: the files of `dist/`, which need no token, and the page that needs no server.
//!
//! The files were compressed when they were built. Their names have a hash of what is in them, so browsers may keep them forever; the page
//! that names them is asked for each time.

use std::io::Read;

use axum::Router;
use axum::body::Body;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::read::GzDecoder;

use crate::guard;
use crate::shared::Shared;

/// A file of the page.
#[derive(Debug)]
struct Asset {
    path: &'static str,
    kind: &'static str,
    gzip: &'static [u8],
}

const ASSETS: &[Asset] = include!("../dist/files.rs");

/// The page of an export, with `{{NAME}}` where the files and the data belong.
const EXPORT: &str = include_str!("../dist/export.html");

const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");

/// The routes of the page.
pub(crate) fn routes() -> Router<Shared> {
    ASSETS.iter().fold(Router::new(), |routes, asset| {
        let answer = move |headers: HeaderMap| async move { asset.answer(&headers) };
        routes.route(asset.path, guard::open(get(answer)))
    })
}

/// The page with this data in it, gzip'd answers in base64, as a file that needs no server.
pub(crate) fn exported(data: &str) -> String {
    let mut page = String::with_capacity(EXPORT.len() + data.len() + 256 * 1024);
    let mut rest = EXPORT;
    // What is put in is not searched: a program may contain two braces.
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").expect("a name in the template is closed");
        page.push_str(before);
        match name {
            "data" => page.push_str(data),
            name => page.push_str(&named(name).text()),
        }
        rest = after;
    }
    page + rest
}

/// The file whose name begins so.
fn named(name: &str) -> &'static Asset {
    let is_it =
        |asset: &&Asset| asset.path.strip_prefix("/assets/").is_some_and(|path| path.starts_with(name));
    ASSETS.iter().find(is_it).expect("the template names files of the page")
}

impl Asset {
    fn answer(&self, request: &HeaderMap) -> Response {
        let cache = if self.path == "/" { ASK_EACH_TIME } else { FOREVER };
        let headers: [(HeaderName, HeaderValue); 3] = [
            (CONTENT_TYPE, HeaderValue::from_static(self.kind)),
            (CACHE_CONTROL, cache),
            (VARY, HeaderValue::from_static("accept-encoding")),
        ];
        if takes_gzip(request) {
            return (headers, [(CONTENT_ENCODING, "gzip")], Body::from(self.gzip)).into_response();
        }
        (headers, self.text()).into_response()
    }

    /// As it was before it was compressed.
    fn text(&self) -> String {
        let mut text = String::new();
        GzDecoder::new(self.gzip)
            .read_to_string(&mut text)
            .expect("the file was compressed when it was built");
        text
    }
}

fn takes_gzip(request: &HeaderMap) -> bool {
    let all = request.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut codings = all.flat_map(|value| value.split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip")
            && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(encoding: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(encoding))])
    }

    #[test]
    fn the_page_names_files_that_are_there() {
        let page = ASSETS.iter().find(|asset| asset.path == "/").map(Asset::text).unwrap_or_default();
        for asset in ASSETS.iter().filter(|asset| asset.path != "/" && !asset.path.contains("worker")) {
            assert!(page.contains(asset.path.trim_start_matches('/')), "{}", asset.path);
        }
    }

    #[test]
    fn the_exported_page_has_all_its_parts_and_the_data() {
        let page = exported("SGVsbG8=");
        assert!(page.contains(">SGVsbG8=</script>"));
        for name in ["app", "style", "worker"] {
            assert!(page.contains(&named(name).text()), "{name}");
        }
        // Nothing is fetched: neither by an address of its own, nor by what the policy allows.
        assert!(!page.contains("src=\"") && page.contains("default-src 'none'"));
    }

    #[test]
    fn files_are_sent_as_the_request_takes_them() {
        let asset = named("app");
        let zipped = asset.answer(&request("br, GZIP;q=0.8"));
        assert_eq!(zipped.headers().get(CONTENT_ENCODING), Some(&HeaderValue::from_static("gzip")));
        assert_eq!(zipped.headers().get(CACHE_CONTROL), Some(&FOREVER));
        for plain in [asset.answer(&HeaderMap::new()), asset.answer(&request("gzip;q=0, br"))] {
            assert_eq!(plain.headers().get(CONTENT_ENCODING), None);
        }
    }
}
