//! The dashboard's numbers are those that the commands print.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;

use besom_engine::{Place, registry};
use besom_server::{Server, ServerOptions, Stop};
use command::Desk;
use serde_json::Value;

/// Ten runs of a program that logs with the command itself.
const SWEEP: &str = "\
program: train.sh
command: [sh, \"${program}\", \"${args}\"]
method: random
seed: 3
run_cap: 10
metric: {name: loss}
parameters:
  lr: {distribution: log_uniform_values, min: 0.001, max: 1.0}
  layers: {min: 1, max: 4}
  api_key: {value: sk-42-secret}
";

const TRAIN: &str = "\
for a in \"$@\"; do case $a in --lr=*) lr=${a#--lr=};; esac; done
besom log loss=$lr acc=0.5; besom log loss=0$lr
echo trained with $lr
";

fn worked() -> (Desk, String) {
    let desk = Desk::new();
    desk.file("train.sh", TRAIN);
    desk.file("sweep.yaml", SWEEP);
    let ran = desk.call(&["run", "sweep.yaml", "-j", "2"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let id = desk.newest();
    (desk, id)
}

/// Makes requests to a server of the store, which ends then.
fn served<T>(desk: &Desk, ask: impl FnOnce(&dyn Fn(&str) -> Vec<u8>) -> T) -> T {
    let place = Place::new(desk.path().join(".besom")).unwrap().allow_network();
    let server = Server::new(place, registry(), ServerOptions::default()).unwrap();
    let token = server.tokens().owner();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), Stop::new());
    std::thread::scope(|scope| {
        let serving = scope.spawn(|| server.serve(listener, &stop));
        let answer = ask(&|path| get(address, &token, path));
        stop.stop();
        serving.join().unwrap().unwrap();
        answer
    })
}

fn get(address: SocketAddr, token: &str, path: &str) -> Vec<u8> {
    let mut socket = TcpStream::connect(address).unwrap();
    // HTTP/1.0 has no chunks.
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    drop(socket.read_to_end(&mut bytes));
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    assert!(bytes.starts_with(b"HTTP/1.0 200"), "{path}: {}", String::from_utf8_lossy(&bytes));
    bytes.split_off(end + 4)
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn the_page_says_what_status_show_and_runs_print() {
    let (desk, id) = worked();
    let command = |arguments: &[&str]| desk.json(arguments);
    let status = command(&["status", &id, "--json"]);
    let runs = command(&["runs", &id, "--json"]);
    let csv = desk.call(&["runs", &id, "--csv"]).out;
    served(&desk, |get| {
        let sweep = json(&get(&format!("/v1/sweeps/{id}")));
        for key in ["run", "value", "state"] {
            assert_eq!(sweep["best"][key], status["status"]["best"][key], "{key}");
        }
        for (state, count) in status["status"]["counts"].as_object().unwrap() {
            assert_eq!(&sweep["counts"][state], count, "{state}");
        }
        for key in ["state", "reason", "created_ms", "ended_ms", "idle", "run_cap"] {
            assert_eq!(sweep[key], status["sweep"][key], "{key}");
        }
        assert_eq!(sweep["missing_metric"], status["missing_metric"]);
        let shown = json(&get(&format!("/v1/sweeps/{id}/runs")));
        for (shown, run) in shown["runs"].as_array().unwrap().iter().zip(runs.as_array().unwrap()) {
            for key in ["number", "state", "last", "rows", "attempt", "exit_code", "started_ms", "ended_ms"] {
                assert_eq!(shown[key], run[key], "{key}");
            }
            assert_eq!((&shown["value"], &shown["params"]["lr"]), (&run["best"], &run["params"]["lr"]));
            assert_eq!(shown["params"]["api_key"], "***");
        }
        let one = json(&get(&format!("/v1/sweeps/{id}/runs/3")));
        let show = command(&["show", &id, "3", "--json"]);
        for logged in show["logged"].as_array().unwrap() {
            let found = &one["logged"][logged["key"].as_str().unwrap()];
            for key in ["last", "min", "max", "count"] {
                assert_eq!(found[key], logged[key], "{key}");
            }
        }
        assert_eq!(
            String::from_utf8(get(&format!("/v1/sweeps/{id}.csv"))).unwrap(),
            csv.replace("sk-42-secret", "***")
        );
        let output = json(&get(&format!("/v1/sweeps/{id}/runs/3/output")));
        assert_eq!(output["head"].as_str(), Some(desk.call(&["logs", &id, "3"]).out.as_str()));
    });
}

#[test]
fn an_export_is_the_page_of_the_server_without_secrets() {
    let (desk, id) = worked();
    let exported = desk.call(&["export", &id[..3]]);
    assert_eq!(exported.code, Some(0), "{}", exported.err);
    assert!(exported.out.starts_with("<!doctype html>") && exported.out.contains("id=\"besom-data\">H4sI"));
    let served = served(&desk, |get| String::from_utf8(get(&format!("/v1/sweeps/{id}.html"))).unwrap());
    assert!(served.starts_with("<!doctype html>"));
    assert!(served.len().abs_diff(exported.out.len()) < 1024, "they differ in times alone");
    assert_eq!(desk.call(&["export", "nothing1"]).code, Some(2));
}

#[test]
fn a_watched_sweep_is_shown_until_it_ends() {
    let (desk, id) = worked();
    let at_last = desk.call(&["status", &id]).out;
    assert_eq!(desk.call(&["status", "--watch", &id]).out, at_last);
    assert_eq!(desk.call(&["sweep", "sweep.yaml", "--seed", "5"]).code, Some(0));
    let new = desk.newest();
    let mut watching = desk.command(&["status", "--watch"]);
    let mut watching = watching.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    assert_eq!(desk.call(&["agent", &new]).code, Some(0));
    let mut text = String::new();
    watching.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(watching.wait().unwrap().success());
    assert!(text.contains("finished") && text.contains("10 of 10"), "{text}");
    let lone = desk.call(&["status", "--watch", "--json"]);
    assert_eq!(lone.code, Some(2));
}
