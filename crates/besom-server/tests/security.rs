//! Each route against each kind of caller: what it answers to whom. A route that has no row fails.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use besom_core::{Goal, RunNumber};
use besom_server::{Scope, ServerOptions};
use besom_store::{NewRun, NewSweep};
use serde_json::{Map, json};

use stage::{Answer, Stage};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Open,
    Read,
    Agent,
    Wandb,
    Owner,
}

/// Method, path as it is routed, and who may use it.
const ROUTES: &[(&str, &str, Need)] = &[
    ("GET", "/healthz", Need::Open),
    ("GET", "/v1/version", Need::Open),
    ("POST", "/v1/store/{operation}", Need::Agent),
    ("GET", "/v1/sweeps", Need::Read),
    ("POST", "/v1/sweeps", Need::Owner),
    ("GET", "/v1/watch", Need::Read),
    ("GET", "/v1/sweeps/{id}", Need::Read),
    ("GET", "/v1/sweeps/{id}/agents", Need::Read),
    ("GET", "/v1/sweeps/{id}/calibration", Need::Read),
    ("GET", "/v1/sweeps/{id}/columns", Need::Read),
    ("GET", "/v1/sweeps/{id}/curves", Need::Read),
    ("GET", "/v1/sweeps/{id}/events", Need::Read),
    ("GET", "/v1/sweeps/{id}/expected", Need::Read),
    ("GET", "/v1/sweeps/{id}/front", Need::Read),
    ("GET", "/v1/sweeps/{id}/importance", Need::Read),
    ("GET", "/v1/sweeps/{id}/runs", Need::Read),
    ("GET", "/v1/sweeps/{id}/runs/{run}", Need::Read),
    ("GET", "/v1/sweeps/{id}/runs/{run}/events", Need::Read),
    ("GET", "/v1/sweeps/{id}/runs/{run}/output", Need::Read),
    ("GET", "/v1/sweeps/{id}/runs/{run}/output/follow", Need::Read),
    ("GET", "/v1/sweeps/{id}/runs/{run}/rows", Need::Read),
    ("GET", "/v1/sweeps/{id}/slice", Need::Read),
    ("GET", "/v1/sweeps/{id}/stopper", Need::Read),
    ("GET", "/v1/sweeps/{id}/surface", Need::Read),
    ("GET", "/v1/sweeps/{id}/timeline", Need::Read),
    ("GET", "/v1/sweeps/{id}/watch", Need::Read),
    ("POST", "/v1/sweeps/{id}/cap", Need::Owner),
    ("POST", "/v1/sweeps/{id}/drain", Need::Owner),
    ("POST", "/v1/sweeps/{id}/enqueue", Need::Owner),
    ("POST", "/v1/sweeps/{id}/retry", Need::Owner),
    ("POST", "/v1/sweeps/{id}/runs/{run}/annotate", Need::Owner),
    ("POST", "/v1/sweeps/{id}/runs/{run}/retry", Need::Owner),
    ("POST", "/v1/sweeps/{id}/state", Need::Owner),
    ("POST", "/v1/sweeps/{id}/stops", Need::Owner),
    ("POST", "/graphql", Need::Wandb),
    ("POST", "/files/{entity}/{project}/{name}/file_stream", Need::Wandb),
    ("POST", DROPPED, Need::Open),
    ("GET", "/artifacts/manifest", Need::Open),
    ("GET", "/authorize", Need::Open),
    ("GET", "/{entity}/{project}", Need::Open),
    ("GET", "/{entity}/{project}/{kind}", Need::Open),
    ("GET", "/{entity}/{project}/{kind}/{name}", Need::Open),
];

/// What is sent here is dropped, whatever it is.
const DROPPED: &str = "/sdk/otel/{*rest}";

/// The routes that the sources add, by what stands there: `.route("PATH", guard::NEED(METHOD(`. A second method of a path is made
/// elsewhere, by the same words without the path.
fn routes_of_the_sources() -> BTreeSet<(String, String, String)> {
    let mut found = BTreeSet::new();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    // A bridge is no part of the server: it listens elsewhere, and admits by keys of its own, which its tests try.
    for file in sources(&here).into_iter().filter(|file| !file.starts_with(here.join("bridge"))) {
        let text: String = fs::read_to_string(&file).unwrap().split_whitespace().collect();
        let text = text.replace(".route(asset.path,guard::open(get(answer)))", "");
        for added in text.split(".route(").skip(1) {
            let path = added.strip_prefix('"').unwrap_or_else(|| panic!("{added}: no path"));
            let (path, rest) = path.split_once('"').unwrap();
            let (method, need) = need(rest.trim_start_matches(','));
            found.insert((method, path.to_owned(), need));
        }
        if text.contains("guard::owner(post(create))") {
            found.insert(("POST".to_owned(), "/v1/sweeps".to_owned(), "owner".to_owned()));
        }
    }
    found
}

fn need(text: &str) -> (String, String) {
    let guarded = text.strip_prefix("guard::").unwrap_or_else(|| panic!("{text}: no guard"));
    let (need, rest) = guarded.split_once('(').unwrap();
    (rest.split('(').next().unwrap().to_uppercase(), need.to_owned())
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

#[test]
fn each_route_has_a_row_that_says_who_may_use_it() {
    let rows = ROUTES.iter().map(|(method, path, need)| {
        ((*method).to_owned(), (*path).to_owned(), format!("{need:?}").to_lowercase())
    });
    let rows: BTreeSet<_> = rows.collect();
    assert_eq!(routes_of_the_sources(), rows);
}

/// A sweep for the routes that are about one.
const SWEEP: &str = "sweep001";

fn staged() -> Stage {
    Stage::with(ServerOptions::default(), |store| {
        let text = "{method: random, metric: {name: loss}, parameters: {x: {min: 0.0, max: 1.0}}}";
        let new = NewSweep::new(SWEEP).text(text).metric("loss", Goal::Minimize);
        store.create_sweep(&new).unwrap();
        store.add_runs(&new.id, RunNumber::FIRST, &[NewRun::new(Map::new())], None).unwrap();
    })
}

/// Whether the guard has let a request pass, whatever its handler makes of it.
fn is_admitted(status: u16) -> bool {
    ![0, 401, 403, 408, 413, 415, 421, 429, 431].contains(&status)
}

/// A request with these headers besides those that every good one has.
fn request(stage: &Stage, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let path = path.replace("{operation}", "sweeps").replace("{id}", SWEEP).replace("{run}", "1");
    let path = path.replace("{kind}", "sweeps").replace(['{', '}', '*'], "");
    let has = |name: &str| headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !has("Host") {
        text += &format!("Host: {}\r\n", stage.address);
    }
    if method != "GET" {
        if !has("Content-Type") {
            text += "Content-Type: application/json\r\n";
        }
        if !has("Content-Length") {
            text += &format!("Content-Length: {}\r\n", body.len());
        }
    }
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    stage.raw(format!("{text}\r\n{body}").as_bytes())
}

#[test]
fn each_route_answers_each_token_as_its_row_says() {
    let stage = staged();
    let tokens = stage.tokens();
    let (_, reader) = tokens.add(Scope::Read, None).unwrap();
    let (owner, agent, wandb) = (tokens.owner(), tokens.agents(), tokens.wandb());
    for &(method, path, need) in ROUTES {
        let status = |token: Option<&str>| {
            // As each client sends it: the native ones, and W&B's.
            let ask = |header: Option<String>| {
                let headers: Vec<_> =
                    header.iter().map(|header| ("Authorization", header.as_str())).collect();
                request(&stage, method, path, &headers, "{}").status
            };
            let bearer = ask(token.map(|token| format!("Bearer {token}")));
            let basic = ask(token.map(|token| format!("Basic {}", STANDARD.encode(format!("api:{token}")))));
            assert!(bearer == basic || [bearer, basic].contains(&429), "{path}: {bearer}, {basic}");
            bearer
        };
        let (nobody, wrong) = (status(None), status(Some("x")));
        let [read, agent, wandb, owner] = [&reader, &agent, &wandb, &owner].map(|token| status(Some(token)));
        assert!([401, 429].contains(&wrong), "{path}: a wrong token is never ignored");
        let is_right = if need == Need::Open { [200, 303, 404].contains(&nobody) } else { nobody == 401 };
        assert!(is_right, "{path} without a token: {nobody}");
        assert!(is_admitted(owner), "{path} as owner: {owner}");
        for other in [read, agent] {
            let is_refused = matches!(need, Need::Owner | Need::Wandb);
            let is_right = if is_refused { other == 403 } else { is_admitted(other) };
            assert!(is_right, "{path} as reader or agent: {other}");
        }
        let is_right =
            if matches!(need, Need::Open | Need::Wandb) { is_admitted(wandb) } else { wandb == 403 };
        assert!(is_right, "{path} as W&B's client: {wandb}");
    }
}

#[test]
fn a_run_that_is_no_number_is_refused_in_json_like_all_else() {
    let stage = staged();
    let bearer = format!("Bearer {}", stage.tokens().owner());
    // In W&B's paths, runs have names.
    for &(method, path, _) in ROUTES.iter().filter(|(_, path, _)| path.contains("/runs/{run}")) {
        for run in ["abc", "0", "-1", "1.5", "99999999999999999999", "%ff"] {
            let path = path.replace("{run}", run);
            let answer = request(&stage, method, &path, &[("Authorization", &bearer)], "{}");
            assert_eq!((answer.status, answer.code().as_str()), (400, "path"), "{path}");
        }
    }
}

#[test]
fn a_path_that_is_not_utf_8_is_refused_in_json_like_all_else() {
    let stage = staged();
    let bearer = format!("Bearer {}", stage.tokens().owner());
    for &(method, path, _) in ROUTES.iter().filter(|(_, path, _)| path.contains('{') && *path != DROPPED) {
        let name = path.rsplit_once('{').unwrap().1.split_once('}').unwrap().0;
        let path = path.replace(&format!("{{{name}}}"), "%ff");
        let answer = request(&stage, method, &path, &[("Authorization", &bearer)], "{}");
        assert_eq!((answer.status, answer.code().as_str()), (400, "path"), "{path}");
    }
}

#[test]
fn no_route_answers_foreign_hosts_and_pages() {
    let stage = staged();
    let bearer = format!("Bearer {}", stage.tokens().owner());
    for &(method, path, _) in ROUTES {
        let code = |headers: &[(&str, &str)]| {
            let headers = [&[("Authorization", bearer.as_str())], headers].concat();
            let answer = request(&stage, method, path, &headers, "{}");
            if is_admitted(answer.status) { "ok".to_owned() } else { answer.code() }
        };
        let ours = format!("http://{}", stage.address);
        assert_eq!(code(&[("Origin", &ours), ("Sec-Fetch-Site", "same-origin")]), "ok", "{path}");
        assert_eq!(code(&[("Host", "localhost:1234")]), "ok", "{path}: the other end of a tunnel");
        assert_eq!(code(&[("Host", "evil.example")]), "foreign_host", "{path}");
        assert_eq!(code(&[("Host", "evil.example:7070")]), "foreign_host", "{path}");
        assert_eq!(code(&[("Origin", "https://evil.example")]), "foreign_origin", "{path}");
        assert_eq!(code(&[("Origin", "null")]), "foreign_origin", "{path}");
        assert_eq!(code(&[("Origin", "http://localhost:3000")]), "foreign_origin", "{path}");
        assert_eq!(code(&[("Sec-Fetch-Site", "cross-site")]), "foreign_site", "{path}");
        assert_eq!(code(&[("Sec-Fetch-Site", "same-site")]), "foreign_site", "{path}");
    }
    let visit =
        [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")];
    assert_eq!(
        request(&stage, "GET", "/healthz", &visit, "").status,
        200,
        "a link to the page may be followed"
    );
}

#[test]
fn state_changes_by_json_alone_and_of_a_limited_size_and_depth() {
    let stage = staged();
    let bearer = format!("Bearer {}", stage.tokens().owner());
    let token = ("Authorization", bearer.as_str());
    for &(method, path, need) in
        ROUTES.iter().filter(|(method, path, _)| *method != "GET" && *path != DROPPED)
    {
        let ask = |headers: &[(&str, &str)], body: &str| {
            let headers = [&[token], headers].concat();
            request(&stage, method, path, &headers, body).status
        };
        for form in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", ""]
        {
            assert_eq!(ask(&[("Content-Type", form)], "{}"), 415, "{path}: {form}");
        }
        assert!(is_admitted(ask(&[("Content-Type", "application/json; charset=utf-8")], "{}")), "{path}");
        let limit = match need {
            Need::Agent => 8 << 20,
            Need::Wandb => 32 << 20,
            _ => 64 << 10,
        };
        let large = (limit + 1).to_string();
        assert_eq!(ask(&[("Content-Length", &large)], ""), 413, "{path}: refused before it is sent");
        assert_eq!(ask(&[], &format!("{{\"x\": {}1{}}}", "[".repeat(70), "]".repeat(70))), 400, "{path}");
        assert_eq!(ask(&[("Content-Encoding", "br")], "{}"), 415, "{path}");
        assert_eq!(ask(&[("Content-Encoding", "gzip")], "{}"), 400, "{path}");
    }
}

#[test]
fn a_body_that_never_comes_and_headers_without_end_do_not_keep_others_waiting() {
    let stage = Stage::new();
    let token = stage.tokens().owner();
    let mut slow: Vec<_> = (0..20).map(|_| stage.connect()).collect();
    for (number, socket) in slow.iter_mut().enumerate() {
        let head = format!("POST /v1/store/sweeps HTTP/1.1\r\nHost: {}\r\n", stage.address);
        let rest = format!(
            "Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{{"
        );
        let text = if number % 2 == 0 { head + &rest } else { head };
        socket.write_all(text.as_bytes()).unwrap();
    }
    assert_eq!(stage.get("/v1/version").status, 200);
    let endless =
        format!("GET /healthz HTTP/1.1\r\nHost: {}\r\nX: {}\r\n\r\n", stage.address, "x".repeat(20 << 10));
    assert_eq!(stage.raw(endless.as_bytes()).status, 431);
}

#[test]
fn wrong_tokens_are_refused_for_a_while_and_right_ones_never() {
    let stage = Stage::new();
    let statuses: Vec<u16> =
        (0..40).map(|_| stage.ask("GET", "/v1/version", Some("wrong"), None).status).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
    assert!(statuses.iter().all(|status| [401, 429].contains(status)), "{statuses:?}");
    assert_eq!(stage.get("/v1/version").status, 200);
}

#[test]
fn what_is_no_http_or_names_no_host_is_refused() {
    let stage = Stage::new();
    assert_eq!(stage.raw(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n").status, 400);
    assert_eq!(stage.raw(b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n").code(), "bad_host");
    let two = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert_eq!(stage.raw(two.as_bytes()).code(), "bad_host");
}

#[test]
fn no_answer_holds_a_token() {
    let stage = Stage::new();
    let tokens = stage.tokens();
    for path in ["/v1/version", "/healthz", "/nothing", "/local/project", "/v1/nothing"] {
        let answer = stage.get(path);
        let text = format!("{}{}", answer.headers, String::from_utf8_lossy(&answer.body));
        for token in [tokens.owner(), tokens.agents(), tokens.wandb()] {
            assert!(!text.contains(&token), "{path}");
        }
    }
    let unknown = stage.post("/v1/store/nonsense", &json!({}));
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "no_operation"));
}
