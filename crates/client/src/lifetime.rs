//! How long a token may be used, by what the token response says.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use locum_core::Timestamp;
use locum_core::profile::{ExpiresIn, TokenFacts};
use serde_json::Value;

/// Longer lifetimes are cut to this one, so that a nonsensical value cannot keep a token forever
/// and no sum of a clock and a lifetime overflows.
pub const MAX_LIFETIME: Duration = Duration::from_hours(400 * 24);

/// How long `token` may be used from the moment its request was sent, `requested_at`. Zero means
/// for the calls that waited for it and none after.
///
/// `expires_in` is read in the vendor's unit. If it is absent or not a number, the documented
/// lifetime applies, or the token's own `exp` if that is sooner: the token is opaque to a client
/// (RFC 6749 §1.4), so `exp` is an unverified hint.
pub fn lifetime(
    facts: &TokenFacts,
    expires_in: &Value,
    token: &str,
    requested_at: Timestamp,
) -> Duration {
    parse_expires_in(facts.expires_in, expires_in).unwrap_or_else(|| {
        let documented = facts.lifetime();
        jwt_lifetime(token, requested_at).map_or(documented, |hint| hint.min(documented))
    })
}

/// The lifetime that `raw` means in `unit`, from 0 to [`MAX_LIFETIME`]; `None` if the vendor has no
/// `expires_in`, or `raw` is not a number.
pub fn parse_expires_in(unit: ExpiresIn, raw: &Value) -> Option<Duration> {
    let number = match raw {
        Value::Number(number) => number.as_f64()?,
        // Some servers quote the number.
        Value::String(text) => number(text.trim())?,
        _ => return None,
    };
    let seconds = match unit {
        ExpiresIn::Absent => return None,
        ExpiresIn::Seconds => number,
        ExpiresIn::Milliseconds => number / 1000.0,
    };
    if seconds.is_nan() {
        return None;
    }
    let seconds = seconds.clamp(0.0, MAX_LIFETIME.as_secs_f64());
    Some(Duration::from_secs_f64(seconds))
}

/// Rust reads `inf` and `nan` as numbers, too; JSON does not.
fn number(text: &str) -> Option<f64> {
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// The lifetime that a JSON Web Token claims: `exp - iat`, which is independent of this machine's
/// clock, or else `exp - requested_at`.
fn jwt_lifetime(token: &str, requested_at: Timestamp) -> Option<Duration> {
    let claims = token.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let ends = claims["exp"].as_f64()?;
    #[expect(clippy::cast_precision_loss, reason = "a date of this age is exact")]
    let starts = claims["iat"]
        .as_f64()
        .unwrap_or(requested_at.as_millis() as f64 / 1000.0);
    let seconds = (ends - starts).clamp(0.0, MAX_LIFETIME.as_secs_f64());
    (!seconds.is_nan()).then(|| Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn check(unit: ExpiresIn, raw: &str, expected: Option<Duration>) {
        let raw = serde_json::from_str(raw).expect("a JSON value");
        assert_eq!(parse_expires_in(unit, &raw), expected, "{raw}");
    }

    const HOUR: Option<Duration> = Some(Duration::from_hours(1));

    #[test]
    fn the_unit_is_the_vendors() {
        check(ExpiresIn::Seconds, "3600", HOUR);
        check(ExpiresIn::Milliseconds, "3600000", HOUR);
        check(ExpiresIn::Absent, "3600", None);
    }

    #[test]
    fn numbers_come_in_many_forms() {
        check(ExpiresIn::Seconds, "\"3600\"", HOUR);
        check(ExpiresIn::Seconds, "3600.0", HOUR);
        check(
            ExpiresIn::Seconds,
            "3600.5",
            Some(Duration::from_millis(3_600_500)),
        );
        check(ExpiresIn::Seconds, "36e2", HOUR);
        check(ExpiresIn::Seconds, "0", Some(Duration::ZERO));
        check(ExpiresIn::Seconds, "-1", Some(Duration::ZERO));
        check(ExpiresIn::Seconds, "\"-1\"", Some(Duration::ZERO));
    }

    #[test]
    fn absurd_numbers_are_cut() {
        check(ExpiresIn::Seconds, "9007199254740992", Some(MAX_LIFETIME));
        check(
            ExpiresIn::Seconds,
            "18446744073709551615",
            Some(MAX_LIFETIME),
        );
        check(ExpiresIn::Milliseconds, "1e300", Some(MAX_LIFETIME));
        check(ExpiresIn::Seconds, "\"1e400\"", Some(MAX_LIFETIME));
    }

    #[test]
    fn other_values_are_ignored() {
        for raw in [
            "null",
            "\"NaN\"",
            "\"inf\"",
            "\"-Infinity\"",
            "\"soon\"",
            "\"\"",
            "true",
            "[1]",
            "{}",
        ] {
            check(ExpiresIn::Seconds, raw, None);
        }
    }

    fn facts() -> TokenFacts {
        serde_json::from_value(
            json!({"grant": "password", "expires_in": "absent", "lifetime_s": 172_800}),
        )
        .expect("facts")
    }

    fn jwt(claims: &Value) -> String {
        format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    fn documented(token: &str, expected: u64) {
        let lifetime = lifetime(&facts(), &Value::Null, token, Timestamp::from_seconds(1000));
        assert_eq!(lifetime, Duration::from_secs(expected), "{token}");
    }

    #[test]
    fn without_expires_in_the_documented_lifetime_or_a_sooner_exp_applies() {
        documented("opaque", 172_800);
        documented("not.a.jwt", 172_800);
        documented(&jwt(&json!({"exp": 1300})), 300);
        documented(&jwt(&json!({"iat": 5000, "exp": 5300})), 300);
        documented(&jwt(&json!({"exp": 999_999_999_999_u64})), 172_800);
        documented(&jwt(&json!({"exp": 1})), 0);
        documented(&jwt(&json!({"exp": "soon"})), 172_800);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn no_number_panics_or_exceeds_the_cut(number in any::<f64>(), quoted in any::<bool>()) {
            let raw = if quoted { json!(number.to_string()) } else { json!(number) };
            for unit in [ExpiresIn::Seconds, ExpiresIn::Milliseconds, ExpiresIn::Absent] {
                if let Some(lifetime) = parse_expires_in(unit, &raw) {
                    prop_assert!(lifetime <= MAX_LIFETIME);
                }
            }
        }

        #[test]
        fn no_token_panics(token in ".{0,60}", sent in any::<i64>()) {
            let _ = lifetime(&facts(), &Value::Null, &token, Timestamp::from_millis(sent));
        }
    }
}
