//! How long a token may be used, from what the reply says.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use locum_core::Timestamp;
use locum_core::profile::{ExpiresIn, TokenFacts};
use serde_json::Value;

/// Longer lifetimes are cut here: nothing a vendor sends makes a token immortal, and no sum of a
/// clock and a lifetime overflows.
pub const LONGEST: Duration = Duration::from_hours(400 * 24);

/// How long `token` lives from the moment its request was sent. Zero means that it serves the
/// call it was fetched for and none after.
///
/// `expires_in` is read by the vendor's unit. A vendor that sends none, and a reply that lacks it
/// or says nothing readable, are taken at the documented lifetime, or at the token's own `exp`
/// where that is sooner: the token is opaque to a client (RFC 6749 §1.4), so `exp` is a hint that
/// nothing verifies.
pub fn lifetime(facts: &TokenFacts, expires_in: &Value, token: &str, sent: Timestamp) -> Duration {
    wire_lifetime(facts.expires_in, expires_in).unwrap_or_else(|| {
        let documented = facts.lifetime();
        hint(token, sent).map_or(documented, |hint| hint.min(documented))
    })
}

/// The lifetime that `raw` means in `unit`; `None` when it says nothing.
pub fn wire_lifetime(unit: ExpiresIn, raw: &Value) -> Option<Duration> {
    let number = match raw {
        Value::Number(number) => number.as_f64()?,
        // Some servers quote the number.
        Value::String(text) => text.trim().parse().ok()?,
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
    let seconds = seconds.clamp(0.0, LONGEST.as_secs_f64());
    Some(Duration::from_secs_f64(seconds))
}

/// What a JSON Web Token says of its own life: `exp - iat`, which no wrong clock disturbs, else
/// `exp` by the clock at hand.
fn hint(token: &str, sent: Timestamp) -> Option<Duration> {
    let claims = token.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let ends = claims["exp"].as_f64()?;
    #[expect(clippy::cast_precision_loss, reason = "a date of this age is exact")]
    let starts = claims["iat"]
        .as_f64()
        .unwrap_or(sent.as_millis() as f64 / 1000.0);
    let seconds = (ends - starts).clamp(0.0, LONGEST.as_secs_f64());
    (!seconds.is_nan()).then(|| Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn check(unit: ExpiresIn, raw: &str, expected: Option<Duration>) {
        let raw = serde_json::from_str(raw).expect("a JSON value");
        assert_eq!(wire_lifetime(unit, &raw), expected, "{raw}");
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
        check(ExpiresIn::Seconds, "9007199254740992", Some(LONGEST));
        check(ExpiresIn::Seconds, "18446744073709551615", Some(LONGEST));
        check(ExpiresIn::Milliseconds, "1e300", Some(LONGEST));
        check(ExpiresIn::Seconds, "\"1e400\"", Some(LONGEST));
    }

    #[test]
    fn what_is_no_number_says_nothing() {
        for raw in ["null", "\"NaN\"", "\"soon\"", "\"\"", "true", "[1]", "{}"] {
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
        let life = lifetime(&facts(), &Value::Null, token, Timestamp::from_seconds(1000));
        assert_eq!(life, Duration::from_secs(expected), "{token}");
    }

    #[test]
    fn a_token_without_expires_in_lives_as_documented_or_as_its_exp_says() {
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
                if let Some(life) = wire_lifetime(unit, &raw) {
                    prop_assert!(life <= LONGEST);
                }
            }
        }

        #[test]
        fn no_token_panics(token in ".{0,60}", sent in any::<i64>()) {
            let _ = lifetime(&facts(), &Value::Null, &token, Timestamp::from_millis(sent));
        }
    }
}
