//! What the tests of several parts need.

use locum_core::Profile;
use proptest::test_runner::{Config, RngSeed};

/// The smallest vendor: client credentials at `/token`, tokens for an hour, a call at `/things`.
const ACME: &str = r#"
vendor = "acme"
title = "Acme"
[urls]
token = "/token"
[endpoints.token]
methods = ["POST"]
path = "/token"
[token]
grant = "client_credentials"
expires_in = "seconds"
lifetime_s = 3600
[api]
sample = "/things"
[denials.default]
status = 400
"#;

/// The smallest vendor, with what a test changes of it.
pub(crate) fn profile(change: impl FnOnce(&mut Profile)) -> Profile {
    let mut profile = Profile::parse("acme.toml", ACME).expect("it parses");
    change(&mut profile);
    profile
}

/// So many cases of a property, the same in every run.
pub(crate) fn fixed(cases: u32) -> Config {
    Config {
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..Config::with_cases(cases)
    }
}
