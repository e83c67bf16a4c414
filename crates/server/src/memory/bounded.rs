//! A collection that holds so many bytes, and whose oldest items make room for new ones.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::{Account, Charge};

/// What an item takes in the tree beside itself, about: nodes are at least half full.
const NODE: usize = 16;

/// Items by a key that grows with each new one, so that the smallest key is the oldest item.
#[derive(Debug)]
pub struct Bounded<K, V> {
    items: BTreeMap<K, (V, usize)>,
    bytes: usize,
    max_bytes: usize,
    charge: Charge,
}

impl<K: Ord + Clone, V> Bounded<K, V> {
    /// An empty collection that holds about `max_bytes`, counted on `account`.
    pub fn new(max_bytes: usize, account: &Arc<Account>) -> Self {
        Self {
            items: BTreeMap::new(),
            bytes: 0,
            max_bytes,
            charge: Charge::on(account),
        }
    }

    /// Puts an item in, in place of the one of that key, and returns those that had to go for it.
    /// `heap` is what the item takes beside its own size; the newest item always has room.
    pub fn insert(&mut self, key: K, value: V, heap: usize) -> Vec<V> {
        let weight = size_of::<(K, V, usize)>() * 2 + NODE + heap;
        self.bytes += weight;
        match self.items.entry(key) {
            Entry::Occupied(mut have) => self.bytes -= have.insert((value, weight)).1,
            Entry::Vacant(free) => {
                free.insert((value, weight));
            }
        }
        let mut gone = Vec::new();
        while self.bytes > self.max_bytes && self.items.len() > 1 {
            if let Some((_, (value, weight))) = self.items.pop_first() {
                self.bytes -= weight;
                gone.push(value);
            }
        }
        self.charge.set(self.bytes);
        gone
    }

    /// The item of this key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.items.get(key).map(|(value, _)| value)
    }

    /// The item of this key, for changes that make it no larger.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.items.get_mut(key).map(|(value, _)| value)
    }

    /// All items, the oldest first, for changes that make none larger.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> {
        self.items.values_mut().map(|(value, _)| value)
    }

    /// Takes the item of this key out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let (value, weight) = self.items.remove(key)?;
        self.bytes -= weight;
        self.charge.set(self.bytes);
        Some(value)
    }

    /// All items, the oldest first.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.items.values().map(|(value, _)| value)
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_items_make_room() {
        let account = Account::new(usize::MAX);
        let mut items = Bounded::new(5000, &account);
        for at in 0..10_u64 {
            let gone = items.insert(at, at, 900);
            assert!(account.used() <= 5000, "{}", account.used());
            assert!(gone.iter().all(|old| *old < at));
        }
        assert!(items.get(&9).is_some() && items.get(&0).is_none());
        items.insert(10, 10, 100_000);
        assert_eq!(items.len(), 1, "the newest has room, however large it is");
        items.insert(10, 11, 0);
        assert!(
            account.used() < 1000,
            "a new value counts in place of the old"
        );
        items.remove(&10);
        assert_eq!(account.used(), 0);
    }
}
