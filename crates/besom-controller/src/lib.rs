//! The sweep step as a pure type, and the loop that does it against a store.
