//! How long a token may be taken behind its end: what the runner waits for, and what rules allow.

/// So many lifetimes after its end a token is over at the latest, where minutes of leeway would be
/// longer: seconds told for milliseconds show in half a minute up to 7200, and no leeway of a clock is
/// as long as the token that it is for.
const MAX_LIFETIMES: f64 = 3.0;

/// The leeway of a token of this lifetime where others have `usual`, all in seconds.
pub(crate) fn leeway_s(lifetime: f64, usual: f64) -> f64 {
    usual.min(lifetime * MAX_LIFETIMES)
}
