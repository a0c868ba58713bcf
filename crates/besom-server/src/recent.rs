//! A map of bounded size, which keeps what was used last.
//!
//! For what a server remembers to save a look-up in its store: programs that come and go must not fill its memory. There are two
//! generations. What is used is in the young one; when that is full, the old one is dropped, and the young one becomes the old one. So the
//! last [`FEW`] keys that were used are always there, at most twice as many are, and no use costs more than a few look-ups.

use std::collections::HashMap;
use std::hash::Hash;
use std::mem;

/// How many keys are kept at least. More programs than this do not talk to one server within the seconds for which it matters that none of
/// them is forgotten: that the answer to a message was lost, or how long a run has been absent.
const FEW: usize = 8192;

/// What is known of the keys that were used last.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    few: usize,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self::new(FEW)
    }
}

impl<K, V> Recent<K, V> {
    /// A map that keeps the `few` keys that were used last, and at most twice as many.
    pub(crate) fn new(few: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), few }
    }
}

impl<K: Eq + Hash, V> Recent<K, V> {
    /// What is known of a key, which is used by this.
    pub(crate) fn get(&mut self, key: &K) -> Option<&mut V> {
        if let Some((key, value)) = self.old.remove_entry(key) {
            self.insert(key, value);
        }
        self.young.get_mut(key)
    }

    /// Notes what is known of a key.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.old.remove(&key);
        if self.young.len() >= self.few && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// Forgets a key.
    pub(crate) fn remove(&mut self, key: &K) {
        self.old.remove(key);
        self.young.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy, Debug)]
    enum Use {
        Get(u8),
        Insert(u8),
        Remove(u8),
    }

    fn uses() -> impl Strategy<Value = Vec<Use>> {
        let key = 0..12_u8;
        let one = prop_oneof![
            key.clone().prop_map(Use::Get),
            key.clone().prop_map(Use::Insert),
            key.prop_map(Use::Remove)
        ];
        prop::collection::vec(one, 0..80)
    }

    proptest! {
        #[test]
        fn what_was_used_last_is_there_with_its_newest_value_and_little_else(few in 1..5_usize, uses in uses()) {
            let mut recent = Recent::new(few);
            // The keys that were used, the last one at the end, each with its newest value; without one if it was removed.
            let mut model: Vec<(u8, Option<usize>)> = Vec::new();
            for (time, step) in uses.into_iter().enumerate() {
                let (Use::Get(key) | Use::Insert(key) | Use::Remove(key)) = step;
                let place = model.iter().position(|(known, _)| *known == key);
                match step {
                    Use::Get(_) => {
                        let found = recent.get(&key).copied();
                        let known = place.and_then(|place| model[place].1);
                        prop_assert!(found.is_none() || found == known, "{found:?}");
                        if let Some(place) = place.filter(|_| known.is_some()) {
                            prop_assert!(found == known || model.len() - place > few, "it was used lately");
                            model.remove(place);
                            model.push((key, found));
                        }
                    }
                    Use::Insert(_) => {
                        recent.insert(key, time);
                        place.map(|place| model.remove(place));
                        model.push((key, Some(time)));
                    }
                    Use::Remove(_) => {
                        recent.remove(&key);
                        if let Some(place) = place {
                            model[place].1 = None;
                        }
                    }
                }
                prop_assert!(recent.young.len() + recent.old.len() <= 2 * few);
            }
        }
    }
}
