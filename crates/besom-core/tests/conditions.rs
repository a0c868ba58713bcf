//! The table of conditions that the dashboard's evaluator in TypeScript is held to as well.

use besom_core::Expr;
use serde_json::Value;

fn table() -> Value {
    serde_json::from_str(include_str!("conditions.json")).expect("the table is JSON")
}

/// Each pair of a list: a text, and what is expected of it.
fn pairs(list: &Value) -> Vec<(&str, &Value)> {
    let items = list.as_array().expect("a list of pairs");
    items.iter().map(|item| (item[0].as_str().expect("a text"), &item[1])).collect()
}

#[test]
fn conditions_hold_as_the_table_says() {
    let table = table();
    let lookup = |name: &str| table["run"].get(name).cloned();
    for (text, expected) in pairs(&table["holds"]) {
        let expr = Expr::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(expr.holds(&lookup), expected.as_bool(), "{text}");
    }
    for (text, message) in pairs(&table["errors"]) {
        let found = Expr::parse(text).map_err(|error| error.to_string());
        assert_eq!(found.err().as_deref(), message.as_str(), "{text}");
    }
}

#[test]
fn filters_hold_as_the_table_says() {
    let table = table();
    let lookup = |name: &str| table["run"].get(name).cloned();
    let known = table["filter"]["known"].as_array().expect("a list of names");
    let known: Vec<&str> = known.iter().filter_map(Value::as_str).collect();
    for (text, expected) in pairs(&table["filter"]["holds"]) {
        let expr = Expr::parse_filter(text, &known).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(expr.holds(&lookup), expected.as_bool(), "{text}");
    }
    for (text, message) in pairs(&table["filter"]["errors"]) {
        let found = Expr::parse_filter(text, &known).map_err(|error| error.to_string());
        assert_eq!(found.err().as_deref(), message.as_str(), "{text}");
    }
}
