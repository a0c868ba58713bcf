//! The ask-tell protocol, spoken to the real binary.
#![expect(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod command;

use command::Desk;
use serde_json::{Value, json};

const CONFIG: &str = r#"{"method":"METHOD","metric":{"name":"loss"},"run_cap":40,
    "parameters":{"x":{"min":-5.0,"max":5.0},"k":{"values":["a","b"]},"n":{"min":1,"max":4}}}"#;

/// Sends requests and gives back the replies.
fn talk(requests: &[Value]) -> Vec<Value> {
    let lines: String = requests.iter().map(|request| format!("{request}\n")).collect();
    let answer = Desk::new().call_with_input(&["ask-tell"], lines.as_bytes());
    assert_eq!(answer.code, Some(0), "{answer:?}");
    answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn start(method: &str) -> Value {
    let config: Value = serde_json::from_str(&CONFIG.replace("METHOD", method)).unwrap();
    json!({ "config": config, "seed": 7 })
}

fn tell(id: &str, value: f64) -> Value {
    json!({ "tell": [{ "id": id, "params": {}, "value": value, "state": "finished" }] })
}

#[test]
fn a_conversation_is_the_same_when_repeated_and_after_a_restart_inside_it() {
    for method in ["random", "bayes"] {
        let mut session = vec![start(method)];
        for run in 1..=12 {
            session.push(json!({ "ask": 1 }));
            session.push(tell(&run.to_string(), f64::from(run) * 0.37 % 1.0));
        }
        let once = talk(&session);
        assert_eq!(once.len(), session.len());
        assert!(once.iter().all(|reply| reply.get("error").is_none()), "{once:?}");
        let twice = talk(&[session.clone(), session].concat());
        assert_eq!(twice[..once.len()], once[..]);
        assert_eq!(twice[once.len()..], once[..]);
    }
}

#[test]
fn suggestions_lie_in_the_space_and_go_on_beyond_what_was_planned() {
    let replies = talk(&[start("random"), json!({ "ask": 30 }), json!({ "ask": 30 })]);
    let suggestions = |reply: &Value| reply["suggestions"].as_array().unwrap().clone();
    assert_eq!(suggestions(&replies[1]).len(), 30);
    assert_eq!(suggestions(&replies[2]).len(), 30, "the run_cap of 40 is a plan: who asks decides");
    for suggestion in suggestions(&replies[1]) {
        let params = &suggestion["params"];
        assert!((-5.0..=5.0).contains(&params["x"].as_f64().unwrap()));
        assert!(params["n"].as_i64().is_some(), "an integer stays one: {params}");
        assert!(params["k"] == "a" || params["k"] == "b");
    }
}

#[test]
fn a_session_without_a_seed_draws_one_and_says_so() {
    let config = json!({ "method": "random", "parameters": { "x": { "min": 0.0, "max": 1.0 } } });
    let drawn = talk(&[json!({ "config": config }), json!({ "ask": 3 })]);
    let seed = drawn[0]["seed"].as_u64().expect("it is said");
    let repeated = talk(&[json!({ "config": config, "seed": seed }), json!({ "ask": 3 })]);
    assert_eq!(repeated, [json!({ "ok": true }), drawn[1].clone()]);
    let other = talk(&[json!({ "config": config }), json!({ "ask": 3 })]);
    assert_ne!(other[1], drawn[1], "two sweeps without a seed are two sweeps");
}

#[test]
fn a_grid_learns_of_imported_runs_and_ends() {
    let config = json!({ "method": "grid", "parameters": { "a": { "values": [1, 2, 3] } } });
    let imported =
        json!({ "tell": [{ "id": "mine", "params": { "a": 2 }, "value": 1.0, "state": "finished" }] });
    let replies = talk(&[json!({ "config": config }), imported, json!({ "ask": 9 })]);
    let left: Vec<_> =
        replies[2]["suggestions"].as_array().unwrap().iter().map(|s| s["params"]["a"].clone()).collect();
    assert_eq!(left, [json!(1), json!(3)]);
}

#[test]
fn reports_are_answered_with_the_runs_to_stop() {
    let config = json!({
        "method": "random", "metric": { "name": "loss" }, "parameters": { "x": { "min": 0.0, "max": 1.0 } },
        "early_terminate": { "type": "hyperband", "min_iter": 1, "eta": 2 },
    });
    let at = |step: u32, id: u32, value: f64| json!({ "report": [{ "id": id.to_string(), "step": step, "value": value }] });
    let report = |id: u32, value: f64| at(1, id, value);
    let told = json!({ "tell": [{ "id": "3", "params": {}, "value": 9.0, "state": "stopped" }] });
    let requests = [
        json!({ "config": config }),
        json!({ "ask": 3 }),
        report(1, 1.0),
        report(2, 2.0),
        report(3, 9.0),
        at(2, 1, 0.5),
        told,
        at(3, 1, 0.5),
    ];
    let replies = talk(&requests);
    assert_eq!(replies[4], json!({ "stop": ["3"] }), "{replies:?}");
    assert_eq!(replies[5], json!({ "stop": ["3"] }), "what was named stays named while it runs");
    assert_eq!(replies[6], json!({ "ok": true }));
    assert_eq!(replies[7], json!({ "stop": [] }));
}

#[test]
fn a_request_that_cannot_be_served_changes_nothing_and_says_why() {
    let failed = json!({ "tell": [{ "id": "1", "params": {}, "value": null, "state": "failed" }] });
    let requests = [
        json!({ "ask": 1 }),
        json!({ "config": { "method": "bayse", "parameters": { "a": { "value": 1 } } } }),
        start("random"),
        json!({ "report": [{ "id": "77", "step": 1, "value": 1.0 }] }),
        json!({ "aks": 1 }),
        json!({ "ask": 1 }),
        failed.clone(),
        failed,
        json!({ "ask": 1 }),
    ];
    let replies = talk(&requests);
    let error =
        |k: usize| replies[k]["error"].as_str().unwrap_or_else(|| panic!("{:?}", replies[k])).to_owned();
    assert!(error(0).contains("config"), "{}", error(0));
    assert!(error(1).contains("bayes"), "the nearest method is named: {}", error(1));
    assert_eq!(replies[2], json!({ "ok": true }));
    assert!(error(3).contains("77"), "{}", error(3));
    assert!(error(4).contains("aks"), "{}", error(4));
    assert_eq!(replies[5]["suggestions"][0]["id"], "1");
    assert_eq!(replies[6], json!({ "ok": true }));
    assert!(error(7).contains("ended"), "{}", error(7));
    assert_eq!(replies[8]["suggestions"][0]["id"], "2");
}

#[test]
fn garbage_is_answered_line_by_line() {
    let input = b"\xff\xfe\n{\n[]\n\n{\"quit\": true}\n{\"ask\": 1}\n";
    let answer = Desk::new().call_with_input(&["ask-tell"], input);
    assert_eq!(answer.code, Some(0));
    assert_eq!(answer.out.lines().count(), 3, "{answer:?}");
    assert!(answer.out.lines().all(|line| line.starts_with("{\"error\":")), "{answer:?}");
}

#[test]
fn a_run_told_twice_at_once_is_not_told_at_all() {
    let told = json!({ "id": "mine", "params": { "x": 0.5 }, "value": 0.1, "state": "finished" });
    let requests = [start("random"), json!({ "tell": [told, told] }), tell("mine", 0.2), json!({ "ask": 1 })];
    let replies = talk(&requests);
    assert_eq!(replies[1], json!({ "error": "run 'mine' appears twice", "told": [] }));
    assert_eq!(replies[2], json!({ "ok": true }));
    assert_eq!(replies[3]["suggestions"][0]["id"], "2");
}

#[test]
fn more_suggestions_than_anybody_means_are_refused() {
    let mut endless: Value = start("random");
    endless["config"].as_object_mut().unwrap().remove("run_cap");
    let replies = talk(&[endless, json!({ "ask": u64::MAX }), json!({ "ask": 1 })]);
    assert!(replies[1]["error"].as_str().unwrap().contains("100000"), "{:?}", replies[1]);
    assert_eq!(replies[2]["suggestions"][0]["id"], "1");
}

#[test]
fn whole_bounds_that_were_probably_real_are_warned_of() {
    let reply = |parameters: Value| {
        let config = json!({ "method": "random", "metric": { "name": "loss" }, "parameters": parameters });
        talk(&[json!({ "config": config, "seed": 7 })]).remove(0)
    };
    let found = reply(json!({
        "x": { "min": -5, "max": 5 },
        "model": { "parameters": { "dropout": { "min": 0, "max": 1 } } },
        "layers": { "min": 1, "max": 8 },
    }));
    assert_eq!(found["ok"], true);
    let warnings: Vec<&str> =
        found["warnings"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("x takes whole numbers from -5 to 5 only"), "{warnings:?}");
    assert!(warnings[1].starts_with("model.dropout takes whole numbers from 0 to 1 only"), "{warnings:?}");
    let meant = [
        json!({ "x": { "min": -5.0, "max": 5.0 } }),
        json!({ "x": { "min": -5, "max": 5, "distribution": "uniform" } }),
        json!({ "x": { "min": -5, "max": 5, "distribution": "int_uniform" } }),
    ];
    for parameters in meant {
        assert_eq!(reply(parameters), json!({ "ok": true }));
    }
}

#[test]
fn a_value_that_is_no_number_is_refused_and_changes_nothing() {
    let value =
        |value: Value| json!({ "tell": [{ "id": "1", "params": {}, "value": value, "state": "finished" }] });
    let replies = talk(&[
        start("random"),
        json!({ "ask": 1 }),
        value(json!("0.3")),
        value(json!([0.3])),
        json!({ "report": [{ "id": "1", "value": "0.3" }] }),
        value(json!("NaN")),
    ]);
    let text = "the value of run '1' must be a number, got the text \"0.3\"";
    let expected = [text, "the value of run '1' must be a number, got [0.3]", text];
    for (reply, expected) in replies[2..5].iter().zip(expected) {
        assert!(reply["error"].as_str().unwrap().contains(expected), "{reply}");
    }
    assert_eq!(replies[5], json!({ "ok": true }));
}

#[test]
fn what_python_writes_of_a_diverged_run_is_read() {
    let value = |id: u32, value: &str| {
        format!(r#"{{"tell": [{{"id": "{id}", "params": {{}}, "value": {value}, "state": "finished"}}]}}"#)
    };
    let mut lines = format!("{}\n{}\n", start("bayes"), json!({ "ask": 5 }));
    for (id, text) in (1..).zip(["NaN", "Infinity", "-Infinity", "1e999", "-1e999"]) {
        lines += &format!("{}\n", value(id, text));
    }
    lines += &format!("{}\n", json!({ "ask": 1 }));
    lines +=
        "{\"report\": [{\"id\": \"6\", \"value\": NaN}]}\n{\"tell\": [{\"id\": \"6\", \"value\": nan}]}\n";
    let answer = Desk::new().call_with_input(&["ask-tell"], lines.as_bytes());
    let replies: Vec<Value> = answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(replies[2..7].iter().all(|reply| *reply == json!({ "ok": true })), "{answer:?}");
    assert_eq!(replies[7]["suggestions"][0]["id"], "6");
    assert_eq!(replies[8], json!({ "stop": [] }));
    assert!(
        replies[9]["error"].as_str().unwrap().starts_with("invalid request: expected ident"),
        "{answer:?}"
    );
}

#[test]
fn a_tell_that_is_wrong_in_some_runs_keeps_the_others() {
    let run = |id: &str, value: Value, state: &str| json!({ "id": id, "value": value, "state": state });
    let replies = talk(&[
        start("random"),
        json!({ "ask": 4 }),
        json!({ "tell": [
            run("1", json!(0.5), "finished"),
            run("2", json!("0.3"), "finished"),
            run("3", json!(0.3), "done"),
            3,
            run("4", json!(null), "failed"),
        ] }),
        json!({ "tell": [run("1", json!(0.5), "finished"), run("2", json!(0.3), "finished")] }),
        json!({ "tell": [run("3", json!(0.3), "finished")] }),
    ]);
    let error = replies[2]["error"].as_str().unwrap();
    let expected = [
        "the value of run '2' must be a number, got the text \"0.3\"; ",
        "run '3': unknown variant `done`, expected one of `finished`, `stopped`, `failed`, `crashed`, `killed`; ",
        "place 3 of tell: invalid type: integer `3`",
    ];
    assert!(expected.iter().all(|expected| error.contains(expected)), "{error}");
    assert_eq!(replies[2]["told"], json!(["1", "4"]));
    assert_eq!(replies[3], json!({ "error": "run '1' has already ended", "told": ["2"] }));
    assert_eq!(replies[4], json!({ "ok": true }), "what was refused can be told again");
}

/// What is answered to reports of three runs, of which the first two have reached step 3 and the second is worse.
fn stopped_by(reports: &[Value]) -> Vec<Value> {
    let config = json!({
        "method": "random", "metric": { "name": "loss" }, "parameters": { "x": { "min": 0.0, "max": 1.0 } },
        "early_terminate": { "type": "hyperband", "min_iter": 3 },
    });
    let mut requests = vec![json!({ "config": config, "seed": 1 }), json!({ "ask": 3 })];
    requests.extend(reports.iter().map(|reports| json!({ "report": reports })));
    talk(&requests).split_off(2)
}

#[test]
fn a_report_counts_as_the_step_that_it_names() {
    let good = json!([{ "id": "1", "step": 1, "value": 0.3 }, { "id": "1", "step": 3, "value": 0.1 }]);
    let bad = json!([{ "id": "2", "step": 3, "value": 9.0 }]);
    let early = json!([{ "id": "3", "step": 1, "value": 9.5 }, { "id": "3", "step": 2, "value": 9.5 }]);
    let next = json!([{ "id": "3", "value": 9.5 }]);
    let replies = stopped_by(&[good, bad, early, next]);
    assert_eq!(replies[1], json!({ "stop": ["2"] }), "it has reached step 3");
    assert_eq!(replies[2], json!({ "stop": ["2"] }), "run 3 has not");
    assert_eq!(replies[3], json!({ "stop": ["2", "3"] }), "without a step it is the next one");
}

#[test]
fn a_step_that_does_not_follow_the_last_one_is_refused_and_changes_nothing() {
    let at = |step: i64| json!({ "id": "1", "step": step, "value": 0.5 });
    let replies = stopped_by(&[
        json!([at(2)]),
        json!([at(2)]),
        json!([at(3), at(1)]),
        json!([at(0)]),
        json!([at(1 << 40)]),
        json!([at(3)]),
    ]);
    let expected = [
        "step 2 of run '1': it has reported step 2, and steps must increase",
        "step 1 of run '1': it has reported step 3, and steps must increase",
        "step 0 of run '1': steps count from 1",
        "step 1099511627776 of run '1': a run has at most 100000 steps",
    ];
    for (reply, expected) in replies[1..5].iter().zip(expected) {
        assert_eq!(reply["error"], expected);
    }
    assert_eq!(replies[5], json!({ "stop": [] }), "step 3 was not taken with the request that was refused");
}

#[test]
fn a_byte_order_mark_before_the_first_request_is_skipped() {
    let lines = format!("\u{feff}{}\n{}\n", start("random"), json!({ "ask": 1 }));
    let answer = Desk::new().call_with_input(&["ask-tell"], lines.as_bytes());
    let replies: Vec<&str> = answer.out.lines().collect();
    assert_eq!(replies[0], json!({ "ok": true }).to_string(), "{answer:?}");
    assert!(replies[1].contains("\"id\":\"1\""), "{answer:?}");
}
