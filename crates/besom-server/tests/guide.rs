//! The examples of the guide's page on HTTP have the shape of real answers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sample;
mod stage;

use serde_json::Value;
use stage::Stage;

const PAGE: &str = include_str!("../../../docs/guide/http.md");

/// The requests of the page, each with the answer below it.
fn examples() -> Vec<(&'static str, Value)> {
    let blocks = PAGE.split("```json GET ").skip(1);
    let example = |block: &'static str| {
        let (request, rest) = block.split_once('\n').unwrap();
        let answer = rest.split_once("\n```").unwrap().0;
        (request, serde_json::from_str(answer).unwrap_or_else(|error| panic!("{request}: {error}")))
    };
    blocks.map(example).collect()
}

/// What of an answer differs in its shape from what is documented: keys, kinds of values. Null may stand for anything, an empty list
/// for any list; of a list the first item counts. Objects whose keys are a sweep's own have only those that are documented.
fn differences(path: &str, documented: &Value, found: &Value) -> Vec<String> {
    match (documented, found) {
        (Value::Object(documented), Value::Object(found)) => {
            let is_own = ["labels", "params", "best_params", "logged", "note", "facts"]
                .iter()
                .any(|own| path.ends_with(&format!(".{own}")));
            let missing = documented.keys().filter(|key| !found.contains_key(*key));
            let missing = missing.map(|key| format!("{path}.{key} is documented and not there"));
            let more = found.keys().filter(|key| !is_own && !documented.contains_key(*key));
            let more = more.map(|key| format!("{path}.{key} is there and not documented"));
            let within = documented.iter().filter_map(|(key, value)| Some((key, value, found.get(key)?)));
            let within =
                within.flat_map(|(key, value, found)| differences(&format!("{path}.{key}"), value, found));
            missing.chain(more).chain(within).collect()
        }
        (Value::Array(documented), Value::Array(found)) => match (documented.first(), found.first()) {
            (Some(documented), Some(found)) => differences(&format!("{path}[0]"), documented, found),
            _ => Vec::new(),
        },
        (Value::Null, _) | (_, Value::Null) => Vec::new(),
        (documented, found) if std::mem::discriminant(documented) == std::mem::discriminant(found) => {
            Vec::new()
        }
        (documented, found) => vec![format!("{path}: {documented} is documented, found {found}")],
    }
}

#[test]
fn documented_answers_have_the_shape_of_real_ones() {
    let (stage, id) = Stage::prepared(|store| sample::worked(store, 6).to_string());
    let examples = examples();
    assert!(examples.len() >= 4);
    for (request, documented) in examples {
        let answer = stage.get(&request.replace("ID", &id));
        assert_eq!(answer.status, 200, "{request}");
        let found = differences("", &documented, &answer.json());
        assert!(found.is_empty(), "{request}: {found:#?}\n{:#}", answer.json());
    }
}

#[test]
fn documented_routes_exist() {
    let (stage, id) = Stage::prepared(|store| sample::worked(store, 6).to_string());
    let quoted = PAGE.split('`').skip(1).step_by(2).filter_map(|text| text.strip_prefix("GET "));
    let routes: Vec<&str> = quoted.filter(|route| route.contains("ID") && !route.contains("watch")).collect();
    assert!(routes.len() >= 8, "{routes:?}");
    for route in routes {
        let path = route.split('?').next().unwrap().replace("ID", &id).replace("/N", "/1");
        let answer = stage.get(&path);
        assert!(answer.status == 200 || answer.status == 400, "{route}: {}", answer.status);
        assert!(answer.status == 200 || answer.code() == "query", "{route}");
    }
}
