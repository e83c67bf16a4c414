//! How long a token lives.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::Timed;
use crate::behaviour::{MissingLifetime, Unit};
use crate::client::Client;
use crate::clock::millis;
use crate::failure::Failure;

/// No lifetime is longer.
const MAX_MS: i64 = 10 * 365 * 86_400 * 1000;

/// The claims of a JWT, read without any check: a client cannot verify what it only carries. `None`
/// if `token` is not a JWT.
pub(super) fn claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

/// Milliseconds from the sending of the request, by the reply's own figure or else by the token;
/// none if the token never ends.
pub(crate) fn lifetime(
    client: &Client,
    timed: &Timed,
    expires_in: &Value,
    access: &str,
) -> Result<Option<i64>, Failure> {
    if client.behaviour.style.ignores_lifetimes {
        return Ok(None);
    }
    let expiry = &client.behaviour.expiry;
    let documented = client.vendor.lifetime.as_secs_f64();
    let claims = claims(access);
    let claim = |name: &str| claims.as_ref().and_then(|claims| claims[name].as_f64());
    if expiry.exp_by_local_clock {
        let left = claim("exp").map(|exp| millis(exp) - timed.sent.wall.as_millis());
        return Ok(Some(left.unwrap_or_else(|| millis(documented))));
    }
    if let Some(value) = number(expires_in) {
        if expiry.fraction_crashes && value.fract() != 0.0 {
            eprintln!("expires_in is not an integer");
            std::process::exit(101);
        }
        let seconds = match expiry.unit.unwrap_or(client.vendor.unit) {
            Unit::Seconds => value,
            Unit::Milliseconds => value / 1000.0,
        };
        let seconds = seconds * expiry.lifetimes.unwrap_or(1.0);
        return Ok(Some(millis(seconds).clamp(0, MAX_MS)));
    }
    match expiry.missing {
        MissingLifetime::Documented => {}
        MissingLifetime::Error => {
            return Err(Failure::other("the token reply has no expires_in"));
        }
        MissingLifetime::Expired => return Ok(Some(0)),
        MissingLifetime::Forever => return Ok(None),
    }
    let date = timed.reply.header("date");
    let date = date.and_then(locum_core::Timestamp::parse_http_date);
    let start = claim("iat").unwrap_or_else(|| {
        #[expect(clippy::cast_precision_loss, reason = "a date of this age is exact")]
        let seconds = date.unwrap_or(timed.sent.wall).as_seconds() as f64;
        seconds
    });
    let seconds = claim("exp").map_or(documented, |exp| exp - start);
    let most = if expiry.far_exp_believed {
        f64::MAX
    } else {
        documented
    };
    Ok(Some(millis(seconds.min(most)).clamp(0, MAX_MS)))
}

/// A number, also as text; none if it is neither or not finite.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_f64(),
    };
    number.filter(|number: &f64| number.is_finite())
}
