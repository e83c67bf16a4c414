//! How often a seed has been played in this process.
//!
//! A stage that is made with a seed for the first time draws what the seed always gives. When the
//! same seed is played again, after a reset, on a stage remade, or on another stage, credentials
//! and ids are the same again, but no token is: an old one must not live again. So each time has a
//! number, and what tokens are made of depends on seed and number.

use std::collections::HashMap;
use std::sync::Mutex;

/// For so many seeds the number of times is remembered one by one.
const MAX_SEEDS: usize = 1 << 16;

/// Counts the times of each seed.
#[derive(Debug, Default)]
pub(super) struct Incarnations(Mutex<Times>);

#[derive(Debug, Default)]
struct Times {
    next: HashMap<u64, u64>,
    /// The next number of a seed that is not among them.
    floor: u64,
    /// The largest number that was given.
    largest: u64,
}

impl Incarnations {
    /// The number of this time: 0 for the first time of a seed, and never the same twice for one.
    pub(super) fn next(&self, seed: u64) -> u64 {
        let mut times = self
            .0
            .lock()
            .expect("no code panics while it holds the times");
        if times.next.len() >= MAX_SEEDS && !times.next.contains_key(&seed) {
            // Forgotten seeds go on above all that any of them had.
            times.next = HashMap::new();
            times.floor = times.largest + 1;
        }
        let floor = times.floor;
        let next = times.next.entry(seed).or_insert(floor);
        let number = *next;
        *next += 1;
        times.largest = times.largest.max(number);
        number
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_seed_never_gets_a_number_twice_even_when_it_was_forgotten() {
        let times = Incarnations::default();
        let mut seen: HashSet<u64> = (0..5).map(|_| times.next(7)).collect();
        assert_eq!(seen, HashSet::from([0, 1, 2, 3, 4]));
        assert_eq!(times.next(8), 0);
        for seed in 100..100 + 2 * MAX_SEEDS as u64 {
            times.next(seed);
        }
        assert!((0..5).all(|_| seen.insert(times.next(7))));
    }
}
