//! Who has asked for what is done.

use super::SqliteStore;
use crate::Store;

/// A store that does what somebody has asked for, until this is dropped, also by a panic.
pub(super) struct Asked<'a> {
    store: &'a mut SqliteStore,
    before: Option<Box<str>>,
}

impl<'a> Asked<'a> {
    pub(super) fn by(who: &str, store: &'a mut SqliteStore) -> Self {
        let before = store.asker.replace(who.into());
        Self { store, before }
    }

    pub(super) fn store(&mut self) -> &mut dyn Store {
        self.store
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.store.asker = self.before.take();
    }
}
