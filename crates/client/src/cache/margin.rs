//! How long before its expiry a credential is renewed.

use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;

/// Spans before the expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Margin {
    /// When the renewal in the background begins.
    pub(super) renew: Duration,
    /// When callers begin to wait for it; at most `renew`.
    pub(super) wait: Duration,
}

const MAX_RENEW_MARGIN: Duration = Duration::from_mins(5);
const MAX_WAIT_MARGIN: Duration = Duration::from_secs(30);

/// The margins for a `lifetime`, in proportion to it, so that a token of three seconds is used for
/// most of them. The renewal is jittered, so that a fleet does not renew in one instant.
pub(super) fn margins(lifetime: Duration, rng: &mut StdRng) -> Margin {
    let renew = (lifetime / 6).min(MAX_RENEW_MARGIN);
    Margin {
        renew: renew.mul_f64(rng.random_range(0.75..=1.0)),
        wait: (lifetime / 20).min(MAX_WAIT_MARGIN),
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn margins_keep_their_order_and_leave_most_of_the_lifetime() {
        let mut rng = StdRng::seed_from_u64(1);
        for seconds in [0, 1, 60, 300, 3600, 172_800] {
            let lifetime = Duration::from_secs(seconds);
            let margin = margins(lifetime, &mut rng);
            assert!(margin.wait <= margin.renew, "{seconds}");
            assert!(margin.renew <= lifetime / 6, "{seconds}");
            assert_eq!(margin.wait.is_zero(), seconds == 0);
        }
    }
}
