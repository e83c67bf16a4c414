//! What a refusal says in its challenge.

use locum_core::{Finding, Grade};

use crate::evidence::Message;
use crate::rules::{View, gone, sentence, unobserved};

/// Each call with a bad token is refused with 401, `error=invalid_token` in `WWW-Authenticate`
/// (RFC 6750 §3) and no body.
pub fn says_invalid_token(view: &View<'_>) -> Finding {
    let mut refused = Vec::new();
    let bad = |exchange: &crate::evidence::Exchange<'_>| {
        exchange.act == "call" && !exchange.how.is_empty()
    };
    for call in view.log.exchanges().filter(bad) {
        if let Some(gone) = gone(&call) {
            return gone;
        }
        let Some(reply) = call.reply else { continue };
        let fault = match reply.status {
            401 if !names_invalid_token(reply) => "no error=\"invalid_token\" in its challenge",
            401 if !reply.body.is_empty() => "a body",
            401 => {
                refused.push(call.seq);
                continue;
            }
            _ => "another status",
        };
        let seen = format!("{}, with {fault}", sentence(&call));
        return Finding::new(Grade::Broken, seen.clone())
            .because("401, error=\"invalid_token\", no body", seen)
            .proved_by([call.seq]);
    }
    let twin = view
        .log
        .acts("call", "")
        .find(|call| call.reply.is_some_and(|reply| reply.is_class(2)));
    match (refused.is_empty(), twin) {
        (true, _) => unobserved(view, "no bad token was shown"),
        (false, None) => unobserved(view, "refused, but its accepted twin was never seen"),
        (false, Some(twin)) => Finding::new(Grade::Met, format!("{} refused", refused.len()))
            .proved_by(refused)
            .beside([twin.seq]),
    }
}

fn names_invalid_token(reply: &Message) -> bool {
    let challenge = reply.header("www-authenticate").unwrap_or_default();
    challenge
        .split([',', ' '])
        .filter_map(|part| part.split_once('='))
        .any(|(name, value)| {
            name.eq_ignore_ascii_case("error") && value.trim_matches('"') == "invalid_token"
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Log, check};

    const SAYS: &str = r#"Bearer realm="r", error="invalid_token", error_description="x""#;

    fn bad(status: u16, challenge: &str, body: &str, expected: Grade) {
        let log = Log::new().exchange("call", "", 200, "[]").replied(
            "call",
            "with an unknown token",
            status,
            challenge,
            body,
        );
        check(&log, says_invalid_token, expected);
    }

    #[test]
    fn the_challenge_speaks_and_the_body_is_silent() {
        bad(401, SAYS, "", Grade::Met);
        bad(401, "Bearer error=invalid_token", "", Grade::Met);
        bad(401, SAYS, "{}", Grade::Broken);
        bad(401, "Bearer realm=\"r\"", "", Grade::Broken);
        bad(403, SAYS, "", Grade::Broken);
        check(&Log::new(), says_invalid_token, Grade::Unobserved);
        let alone = Log::new().replied("call", "with an unknown token", 401, SAYS, "");
        check(&alone, says_invalid_token, Grade::Unobserved);
    }
}
