//! A reader that knows the built-in algorithms.

use std::sync::LazyLock;

use besom_config::Reader;
use besom_core::Registry;

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let mut registry = Registry::new();
    besom_search::register(&mut registry);
    besom_stop::register(&mut registry);
    registry
});

pub(crate) fn registry() -> &'static Registry {
    &REGISTRY
}

pub(crate) fn reader() -> Reader<'static> {
    Reader::new(registry())
}
