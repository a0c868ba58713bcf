//! Null for an optional key is as if the key were absent: blanks in YAML, `None` in Python.
//!
//! W&B takes such files, too, though its schema does not.

use std::rc::Rc;

use crate::tree::{Data, Entry, Node};

/// The configuration without the optional keys that are null.
pub(super) fn without_nulls(root: &Node) -> Node {
    let is_optional =
        |key: &str| !matches!(key, "method" | "parameters") && super::keys::TOP_KEYS.contains(&key);
    let inside = |entry: &Entry| match entry.key.as_str() {
        "parameters" => parameters(&entry.node),
        "metric" | "method" | "early_terminate" | "retry" | "order" | "controller" | "scheduler" => {
            filtered(&entry.node, |_| true, |inner| Rc::clone(&inner.node))
        }
        "metrics" => items(&entry.node),
        _ => Rc::clone(&entry.node),
    };
    let root = Rc::new(root.clone());
    Rc::unwrap_or_clone(filtered(&root, is_optional, inside))
}

/// The parameters of a mapping; `value: null` is a value.
fn parameters(node: &Rc<Node>) -> Rc<Node> {
    filtered(
        node,
        |_| false,
        |parameter| {
            filtered(
                &parameter.node,
                |key| key != "value",
                |inner| match inner.key.as_str() {
                    "parameters" => parameters(&inner.node),
                    _ => Rc::clone(&inner.node),
                },
            )
        },
    )
}

/// The mappings of a list.
fn items(node: &Rc<Node>) -> Rc<Node> {
    let Data::List(items) = &node.data else { return Rc::clone(node) };
    let items = items.iter().map(|item| filtered(item, |_| true, |inner| Rc::clone(&inner.node)));
    Rc::new(Node::new(node.place, Data::List(items.collect())))
}

/// A mapping without the entries that are null and optional, and `inside` of the others; anything else as it is.
fn filtered(
    node: &Rc<Node>,
    is_optional: impl Fn(&str) -> bool,
    inside: impl Fn(&Entry) -> Rc<Node>,
) -> Rc<Node> {
    let Data::Map(entries) = &node.data else { return Rc::clone(node) };
    let absent = |entry: &&Entry| matches!(entry.node.data, Data::Null) && is_optional(&entry.key);
    let kept = entries.iter().filter(|entry| !absent(entry));
    let entries = kept.map(|entry| Entry { node: inside(entry), ..entry.clone() }).collect();
    Rc::new(Node { is_anchor: node.is_anchor, ..Node::new(node.place, Data::Map(entries)) })
}
