//! Arguments as messages have them, lent to methods as these take them: a `Vec` as a slice, a `String` as a text.

use serde::Deserialize;

/// A value that can be passed as a `T`.
pub(crate) trait Lend<'a, T> {
    fn lend(&'a self) -> T;
}

impl<'a, T> Lend<'a, &'a T> for T {
    fn lend(&'a self) -> &'a T {
        self
    }
}

impl<T: Copy> Lend<'_, T> for T {
    fn lend(&self) -> T {
        *self
    }
}

impl<'a, T> Lend<'a, &'a [T]> for Vec<T> {
    fn lend(&'a self) -> &'a [T] {
        self
    }
}

impl<'a> Lend<'a, &'a str> for String {
    fn lend(&'a self) -> &'a str {
        self
    }
}

impl<'a> Lend<'a, Option<&'a str>> for Option<String> {
    fn lend(&'a self) -> Option<&'a str> {
        self.as_deref()
    }
}

impl<'a> Lend<'a, Option<&'a besom_store::Seen>> for Option<besom_store::Seen> {
    fn lend(&'a self) -> Option<&'a besom_store::Seen> {
        self.as_ref()
    }
}

/// A number that may exceed 2⁵³: a text or a number.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Wide(#[serde(deserialize_with = "besom_store::wire::number_or_text")] pub(crate) u64);

impl Lend<'_, u64> for Wide {
    fn lend(&self) -> u64 {
        self.0
    }
}

/// Numbers, each of which may be NaN.
#[derive(Debug, Deserialize)]
pub(crate) struct Numbers(#[serde(deserialize_with = "besom_store::wire::numbers_or_null")] Vec<f64>);

impl From<Numbers> for Vec<f64> {
    fn from(Numbers(values): Numbers) -> Self {
        values
    }
}
