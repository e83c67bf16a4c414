//! Paths and queries at the edges of what is signed: each edge alone, then some of them together.

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A segment behind the sample path, percent-encoded as the protocol hands it over.
const SEGMENTS: [&str; 9] = [
    "a%20b",
    "a%2Bb",
    "a;b",
    "a=b",
    "a~b",
    "a%2Fb",
    "S%C3%B6ns",
    "a%25b",
    "a:b@c",
];

/// Names and values of a query; nothing stands raw that a signature encodes, because signers that take
/// a URL as it is written are common.
const PAIRS: [&str; 11] = [
    "company=Example%20Co",
    "company=a%2Bb",
    "company=a%3Bb",
    "company=a%3Db",
    "company=a~b",
    "company=a%2Fb",
    "company=S%C3%B6ns",
    "company=a%26b",
    "company=a%25b",
    "company=",
    "b%20b=1",
];

/// How many are drawn from the seed.
const DRAWN: usize = 16;

/// What stands behind the path of the sample call, the simple ones first.
pub(crate) fn all(seed: u64) -> Vec<String> {
    let segments = SEGMENTS.iter().map(|segment| format!("/{segment}"));
    let pairs = PAIRS.iter().map(|pair| format!("?{pair}"));
    let more = ["?k=2&k=1", "?b=1&a=2"].map(str::to_owned);
    let mut all: Vec<String> = pairs.chain(segments).chain(more).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    all.extend((0..DRAWN).map(|_| drawn(&mut rng)));
    all
}

/// One segment or none, and up to three pairs of a query, each edge at most once.
fn drawn(rng: &mut ChaCha8Rng) -> String {
    let mut target = String::new();
    let segments = rng.random_range(0..=1);
    for segment in SEGMENTS.sample(rng, segments) {
        target.push('/');
        target.push_str(segment);
    }
    let pairs = rng.random_range(1..=3);
    for (n, pair) in PAIRS.sample(rng, pairs).enumerate() {
        target.push(if n == 0 { '?' } else { '&' });
        target.push_str(pair);
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_targets_and_another_others() {
        assert_eq!(all(7), all(7));
        assert_ne!(all(7), all(8));
        assert!(all(7).iter().all(|target| target.is_ascii()));
    }
}
