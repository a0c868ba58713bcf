//! Programs that speak ask-tell, as methods.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

use std::time::Duration;

use besom_bench::{Bench, Results, Suite, suites};

const QUASI: &str = concat!("python3 '", env!("CARGO_MANIFEST_DIR"), "/tests/programs/quasi.py'");

/// Python may take its time to start on a busy machine.
const LONG: Duration = Duration::from_secs(60);

fn exec(command: &str, timeout: Duration) -> Results {
    let suite = Suite::select(&suites::all(), ["bowl"]).unwrap();
    Bench::new(suite).exec("program", command).seeds([0]).timeout(timeout).run().unwrap()
}

#[test]
fn a_program_is_a_method() {
    let bench = Bench::new(suites::smoke()).exec("quasi", QUASI).stoppers(["none", "its-own"]);
    let results = bench.seeds(0..3).workers(2).jobs(2).run().unwrap();
    assert_eq!(results.errors().next(), None);
    let sweep = |method: &str, problem: &str, seed: u64| {
        let found =
            results.records().iter().find(|r| r.method == method && r.problem == problem && r.seed == seed);
        found.unwrap().clone()
    };
    for seed in 0..3 {
        let bowl = sweep("quasi", "bowl", seed);
        assert_eq!(bowl.curve, sweep("quasi+its-own", "bowl", seed).curve, "each sweep starts afresh");
        let curve = sweep("quasi+its-own", "bowl_curve", seed);
        assert!(curve.started > Some(10), "it stops runs itself: {curve:?}");
        assert_eq!(sweep("quasi", "bowl_curve", seed).started, Some(10));
    }
    assert!(results.records().iter().all(|record| record.curve.len() == record.runs.unwrap()));
}

#[test]
fn the_guides_program_is_a_method() {
    let page = include_str!("../../../docs/guide/benchmark.md");
    let program = page.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.py");
    std::fs::write(&path, program).unwrap();
    let results = exec(&format!("python3 '{}'", path.display()), LONG);
    assert_eq!(results.errors().next(), None);
}

#[test]
fn what_is_wrong_with_a_program_is_said_with_the_end_of_its_standard_error() {
    let script = |text: &str| format!("python3 -c '{text}'");
    let reply = |reply: &str| {
        script(&format!("import sys\nfor line in sys.stdin: print(r\"\"\"{reply}\"\"\", flush=True)"))
    };
    let crash = script("import sys; sys.exit(\"no module named optimizer\")");
    let cases = [
        ("/nowhere/at-all".to_owned(), vec!["cannot start '/nowhere/at-all'", "No such file"]),
        (crash, vec!["ended (exit status: 1) before it answered config", "no module named optimizer"]),
        (reply("hello"), vec!["the answer to config is not JSON", "hello"]),
        (reply("[]"), vec!["the answer to config is not an object"]),
        (reply("{\"error\": \"no such method\"}"), vec!["the program reports: no such method"]),
        (reply("{\"ok\": true}"), vec!["the answer to ask has no list of suggestions"]),
        (reply("{\"suggestions\": [{\"id\": 1, \"params\": {}}]}"), vec!["no id that is a string"]),
        (
            reply("{\"suggestions\": [{\"id\": \"1\", \"params\": {\"x\": 2.0, \"y\": 0.5}}]}"),
            vec!["not in the space"],
        ),
    ];
    for (command, expected) in cases {
        let results = exec(&command, LONG);
        assert_eq!(results.errors().count(), 1, "{command}");
        let error = results.records()[0].error.clone().unwrap();
        for part in expected {
            assert!(error.contains(part), "{part:?} is not in: {error}");
        }
    }
}

#[test]
fn a_program_that_does_not_answer_is_given_up() {
    let results = exec("sleep 60", Duration::from_millis(20));
    let error = results.errors().next().unwrap().error.clone().unwrap();
    assert!(error.contains("no answer to config within 0.02 s"), "{error}");
}

#[test]
fn a_program_that_has_no_more_points_ends_its_sweep() {
    let text = "import sys\nfor line in sys.stdin: print(r\"\"\"{\"suggestions\": []}\"\"\", flush=True)";
    let results = exec(&format!("python3 -c '{text}'"), LONG);
    // No point, no value: that is a sweep without a curve, not an empty one.
    assert!(results.errors().all(|record| record.error.as_ref().unwrap().contains("no run")), "{results:?}");
    assert_eq!(results.errors().count(), 1);
}
