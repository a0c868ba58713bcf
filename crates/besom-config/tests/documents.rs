//! What is generated from the specs of the built-in algorithms is as fresh as they are: the JSON Schema and the guide's
//! tables. `UPDATE_DOCS=1 cargo test -p besom-config --test documents` writes both anew.

#![expect(clippy::unwrap_used, reason = "a document that cannot be read fails the test")]

mod builtin;

use std::path::Path;

use besom_core::Spec;
use builtin::{reader, registry};

/// The guide's pages that have tables.
const PAGES: &[&str] = &["guide/methods.md", "guide/sweep-file.md"];

/// Compares a document of `docs/` with what it should be, or writes it anew.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "whoever runs the test asks for fresh documents by it")]
fn check(name: &str, fresh: impl FnOnce(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    let committed = std::fs::read_to_string(&path).unwrap();
    let fresh = fresh(&committed);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    } else {
        assert!(
            fresh == committed,
            "docs/{name} is out of date: UPDATE_DOCS=1 cargo test -p besom-config --test documents"
        );
    }
}

/// The page with the table between `<!-- options: NAME -->` and `<!-- end -->` made anew, for each such pair of lines.
fn with_tables(page: &str) -> String {
    let mut fresh = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        fresh.push_str(line);
        fresh.push('\n');
        let name = line.strip_prefix("<!-- options: ").and_then(|rest| rest.strip_suffix(" -->"));
        let Some(name) = name else { continue };
        let spec = registry().search_spec(name).or_else(|| registry().stopper_spec(name)).unwrap();
        fresh.push_str(&table(spec));
        fresh.push_str("<!-- end -->\n");
        assert!(lines.any(|line| line == "<!-- end -->"), "the table of {name} has no end");
    }
    fresh
}

fn table(spec: &Spec) -> String {
    let mut table = "\n| option | default | allowed | what it is |\n|---|---|---|---|\n".to_owned();
    for option in spec.options {
        let default = match option.default.value() {
            Some(value) => format!("`{}`", value.to_string().trim_matches('"')),
            None => option.default.to_string(),
        };
        let (key, allowed, doc) = (option.key, option.kind.to_string(), option.doc);
        table.push_str(&format!("| `{key}` | {default} | {allowed} | {doc} |\n"));
    }
    table + "\n"
}

#[test]
fn the_schema_is_fresh() {
    check("sweep.schema.json", |_| format!("{:#}\n", besom_config::schema(registry())));
}

#[test]
fn the_tables_of_options_are_fresh() {
    for page in PAGES {
        check(page, with_tables);
    }
}

#[test]
fn every_algorithm_with_options_has_its_table() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let pages: String = PAGES.iter().map(|page| std::fs::read_to_string(docs.join(page)).unwrap()).collect();
    let names = registry().searches().chain(registry().stoppers());
    for name in names {
        let spec = registry().search_spec(name).or_else(|| registry().stopper_spec(name)).unwrap();
        let marker = format!("<!-- options: {name} -->");
        assert_eq!(pages.contains(&marker), !spec.options.is_empty(), "{name}");
    }
}

#[test]
fn a_file_with_every_default_written_out_is_right() {
    for name in registry().searches() {
        let mut method = registry().search_spec(name).unwrap().filled(&besom_core::Options::new());
        method.insert("name".to_owned(), name.into());
        let config = serde_json::json!({
            "method": method, "metric": {"name": "l"}, "parameters": {"x": {"values": [1, 2]}}, "run_cap": 9,
        });
        assert_eq!(reader().read_json(&config).unwrap().warnings, []);
    }
}
