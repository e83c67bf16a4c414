//! How long before its end a credential is renewed.

use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;

/// Spans before the end of a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Margin {
    /// From here on a renewal runs in the background.
    pub(super) soft: Duration,
    /// From here on callers wait for it.
    pub(super) hard: Duration,
}

const LONGEST_SOFT: Duration = Duration::from_mins(5);
const LONGEST_HARD: Duration = Duration::from_secs(30);

/// The margins of a `lifetime`, in proportion to it, so that a token of three seconds is used for
/// most of them. Chance moves the soft one, so that a fleet does not renew in one instant.
pub(super) fn of(lifetime: Duration, chance: &mut StdRng) -> Margin {
    let soft = (lifetime / 6).min(LONGEST_SOFT);
    Margin {
        soft: soft.mul_f64(chance.random_range(0.75..=1.0)),
        hard: (lifetime / 20).min(LONGEST_HARD),
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn margins_keep_their_order_and_leave_most_of_the_life() {
        let mut chance = StdRng::seed_from_u64(1);
        for seconds in [0, 1, 60, 300, 3600, 172_800] {
            let lifetime = Duration::from_secs(seconds);
            let margin = of(lifetime, &mut chance);
            assert!(margin.hard <= margin.soft, "{seconds}");
            assert!(margin.soft <= lifetime / 6, "{seconds}");
            assert_eq!(margin.hard.is_zero(), seconds == 0);
        }
    }
}
