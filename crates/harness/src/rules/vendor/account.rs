//! Sign-ins, refreshes, revocations and passwords of a user pool.

use locum_core::{Finding, Grade};
use serde_json::Value;

use crate::evidence::Exchange;
use crate::rules::{View, gone, sentence, unobserved};

fn body(exchange: &Exchange<'_>) -> Value {
    exchange
        .reply
        .map(crate::evidence::Message::json)
        .unwrap_or_default()
}

fn result<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body["AuthenticationResult"][name]
        .as_str()
        .filter(|text| !text.is_empty())
}

/// Whether the exchange did what it was for.
fn served(exchange: &Exchange<'_>) -> bool {
    let body = body(exchange);
    let done = exchange.reply.is_some_and(|reply| reply.status == 200) && body["__type"].is_null();
    match exchange.act {
        "sign-in" | "refresh" | "challenge" => done && result(&body, "AccessToken").is_some(),
        _ => done,
    }
}

/// Whether it gave tokens or a challenge, whatever its status was.
fn gave_something(exchange: &Exchange<'_>) -> bool {
    let body = body(exchange);
    result(&body, "AccessToken").is_some()
        || result(&body, "IdToken").is_some()
        || body["ChallengeName"].is_string()
}

fn one<'a>(view: &View<'a>, act: &'a str, how: &'a str) -> Option<Exchange<'a>> {
    view.log.acts(act, how).next()
}

/// The documented sign-in gives access, id and refresh token.
pub fn signed_in(view: &View<'_>) -> Finding {
    let Some(login) = one(view, "sign-in", "") else {
        return unobserved(view, "no sign-in was made");
    };
    if let Some(gone) = gone(&login) {
        return gone;
    }
    let body = body(&login);
    let missing = ["AccessToken", "IdToken", "RefreshToken"]
        .into_iter()
        .find(|name| result(&body, name).is_none());
    match missing {
        None if served(&login) => Finding::new(Grade::Met, sentence(&login)).proved_by([login.seq]),
        missing => Finding::new(
            Grade::Broken,
            format!(
                "{} without {}",
                sentence(&login),
                missing.unwrap_or("tokens")
            ),
        )
        .because("access, id and refresh token", sentence(&login))
        .proved_by([login.seq]),
    }
}

/// Each of these, by act and how, was served.
pub fn each_was_served(view: &View<'_>, wanted: &[(String, String)]) -> Finding {
    let mut seen = Vec::new();
    for (act, how) in wanted {
        let Some(exchange) = one(view, act, how) else {
            return unobserved(view, &format!("no {act} {how} was made"));
        };
        if let Some(gone) = gone(&exchange) {
            return gone;
        }
        if !served(&exchange) {
            return Finding::new(Grade::Broken, format!("{}: refused", sentence(&exchange)))
                .because("it is served", sentence(&exchange))
                .proved_by([exchange.seq]);
        }
        seen.push(exchange.seq);
    }
    Finding::new(Grade::Met, format!("{} served", seen.len())).proved_by(seen)
}

/// Each call besides the plain one got past the guard: neither 401 nor 403.
pub fn each_call_was_admitted(view: &View<'_>) -> Finding {
    let calls: Vec<Exchange<'_>> = view
        .log
        .exchanges()
        .filter(|exchange| exchange.act == "call")
        .collect();
    if let Some(gone) = calls.iter().find_map(gone) {
        return gone;
    }
    let refused = calls.iter().find(|call| {
        call.reply
            .is_none_or(|reply| matches!(reply.status, 401 | 403 | 500..))
    });
    match refused {
        _ if calls.is_empty() => unobserved(view, "no call was made"),
        None => Finding::new(Grade::Met, format!("{} calls admitted", calls.len()))
            .proved_by(calls.iter().map(|call| call.seq)),
        Some(call) => Finding::new(Grade::Broken, format!("{}: refused", sentence(call)))
            .because("the signature is accepted", sentence(call))
            .proved_by([call.seq]),
    }
}

/// Each of these was refused with neither token nor challenge, beside an accepted twin of the same
/// act.
pub fn each_was_refused(view: &View<'_>, wanted: &[(String, String)]) -> Finding {
    let mut seen = Vec::new();
    for (act, how) in wanted {
        let Some(exchange) = one(view, act, how) else {
            return unobserved(view, &format!("no {act} {how} was made"));
        };
        if let Some(gone) = gone(&exchange) {
            return gone;
        }
        if served(&exchange) || gave_something(&exchange) {
            return Finding::new(Grade::Broken, format!("{}: accepted", sentence(&exchange)))
                .because("a refusal", sentence(&exchange))
                .proved_by([exchange.seq]);
        }
        seen.push(exchange.seq);
    }
    let acts: Vec<&str> = wanted.iter().map(|(act, _)| act.as_str()).collect();
    let twin = view
        .log
        .exchanges()
        .find(|exchange| acts.contains(&exchange.act) && served(exchange));
    match twin {
        None => unobserved(view, "refused, but its accepted twin was never seen"),
        Some(twin) => Finding::new(Grade::Met, format!("{} refused", seen.len()))
            .proved_by(seen)
            .beside([twin.seq]),
    }
}

/// Refused with 400 NotAuthorizedException: another refusal is tolerated.
pub fn refused_as_not_authorized(view: &View<'_>) -> Finding {
    let altered: Vec<Exchange<'_>> = view
        .log
        .exchanges()
        .filter(|exchange| exchange.act == "sign-in" && !exchange.how.is_empty())
        .collect();
    let wanted: Vec<(String, String)> = altered
        .iter()
        .map(|exchange| (exchange.act.to_owned(), exchange.how.to_owned()))
        .collect();
    if wanted.is_empty() {
        return unobserved(view, "no such sign-in was made");
    }
    let finding = each_was_refused(view, &wanted);
    if finding.grade != Grade::Met {
        return finding;
    }
    let other = altered.iter().find(|exchange| {
        let kind = body(exchange)["__type"]
            .as_str()
            .is_some_and(|kind| kind.ends_with("NotAuthorizedException"));
        !kind || exchange.reply.is_none_or(|reply| reply.status != 400)
    });
    match other {
        None => finding,
        Some(exchange) => Finding::new(Grade::Tolerated, sentence(exchange))
            .because("400 NotAuthorizedException", sentence(exchange))
            .proved_by([exchange.seq]),
    }
}

/// The tokens that worked before work no more.
pub fn tokens_died(view: &View<'_>, when: &str) -> Finding {
    let tries = |word: &str| -> Vec<Exchange<'_>> {
        view.log
            .exchanges()
            .filter(|exchange| exchange.act == "use" && exchange.how.ends_with(word))
            .collect()
    };
    let (before, after) = (tries(" before"), tries(&format!(" {when}")));
    if after.is_empty() {
        return unobserved(view, "no token was tried afterwards");
    }
    if let Some(alive) = after.iter().find(|exchange| served(exchange)) {
        return Finding::new(Grade::Broken, format!("{}: accepted", sentence(alive)))
            .because("it is refused", sentence(alive))
            .proved_by([alive.seq]);
    }
    if before.is_empty() || before.iter().any(|exchange| !served(exchange)) {
        return unobserved(view, "the tokens did not all work before");
    }
    Finding::new(
        Grade::Met,
        format!("{} tokens refused that worked before", after.len()),
    )
    .proved_by(after.iter().map(|exchange| exchange.seq))
    .beside(before.iter().map(|exchange| exchange.seq))
}

/// The first sign-in was answered with a challenge of this name and no token.
pub fn challenged(view: &View<'_>, how: &str, name: &str) -> Finding {
    let Some(login) = one(view, "sign-in", how) else {
        return unobserved(view, "no such sign-in was made");
    };
    if let Some(gone) = gone(&login) {
        return gone;
    }
    let body = body(&login);
    let tokens = result(&body, "AccessToken").is_some() || result(&body, "IdToken").is_some();
    if !tokens && body["ChallengeName"] == name {
        return Finding::new(Grade::Met, format!("{} and {name}", sentence(&login)))
            .proved_by([login.seq]);
    }
    let seen = if tokens {
        "tokens".to_owned()
    } else {
        sentence(&login)
    };
    Finding::new(
        Grade::Broken,
        format!("{seen} instead of the challenge {name}"),
    )
    .because(name, seen)
    .proved_by([login.seq])
}

/// A refresh gave both tokens anew.
pub fn refreshed_anew(view: &View<'_>) -> Finding {
    let (Some(login), Some(refresh)) = (one(view, "sign-in", ""), one(view, "refresh", "")) else {
        return unobserved(view, "no refresh was made");
    };
    if let Some(gone) = gone(&refresh) {
        return gone;
    }
    let (old, new) = (body(&login), body(&refresh));
    let fault = ["AccessToken", "IdToken"].into_iter().find(|name| {
        let (old, new) = (result(&old, name), result(&new, name));
        new.is_none() || new == old
    });
    match fault {
        None => Finding::new(Grade::Met, "a refresh gave fresh access and id tokens")
            .proved_by([refresh.seq]),
        Some(name) => Finding::new(Grade::Broken, format!("the refresh gave no fresh {name}"))
            .because("fresh access and id tokens", sentence(&refresh))
            .proved_by([refresh.seq]),
    }
}

/// Access and id token live at most so many seconds, by `ExpiresIn` and by their own claims.
pub fn lives_at_most(view: &View<'_>, seconds: i64) -> Finding {
    let Some(login) = one(view, "sign-in", "").filter(served) else {
        return unobserved(view, "no token reply was received");
    };
    let told = body(&login)["AuthenticationResult"]["ExpiresIn"].as_i64();
    let measured = view.log.measured();
    let spans = ["access_lifetime_s", "id_lifetime_s"].map(|name| measured[name].as_i64());
    let all = [told, spans[0], spans[1]];
    if all
        .iter()
        .any(|span| span.is_none_or(|span| span > seconds))
    {
        let seen = format!(
            "ExpiresIn {told:?}, access token {:?} s, id token {:?} s",
            spans[0], spans[1]
        );
        return Finding::new(Grade::Broken, seen.clone())
            .because(format!("at most {seconds} s"), seen)
            .proved_by([login.seq]);
    }
    Finding::new(Grade::Met, format!("at most {seconds} s")).proved_by([login.seq])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Log, check};

    const TOKENS: &str =
        r#"{"AuthenticationResult":{"AccessToken":"a","IdToken":"i","RefreshToken":"r"}}"#;
    const FRESH: &str = r#"{"AuthenticationResult":{"AccessToken":"b","IdToken":"j"}}"#;
    const DENIED: &str = r#"{"__type":"NotAuthorizedException","message":"m"}"#;

    fn pair(act: &str, how: &str) -> Vec<(String, String)> {
        vec![(act.to_owned(), how.to_owned())]
    }

    #[test]
    fn a_sign_in_brings_three_tokens() {
        check(
            &Log::new().exchange("sign-in", "", 200, TOKENS),
            signed_in,
            Grade::Met,
        );
        check(
            &Log::new().exchange("sign-in", "", 200, FRESH),
            signed_in,
            Grade::Broken,
        );
        check(
            &Log::new().exchange("sign-in", "", 400, DENIED),
            signed_in,
            Grade::Broken,
        );
        check(&Log::new(), signed_in, Grade::Unobserved);
    }

    #[test]
    fn a_refusal_counts_beside_its_twin() {
        let rule = |view: &View<'_>| each_was_refused(view, &pair("sign-in", "x"));
        let honest = Log::new().exchange("sign-in", "", 200, TOKENS);
        check(
            &honest.exchange("sign-in", "x", 400, DENIED),
            rule,
            Grade::Met,
        );
        check(
            &Log::new().exchange("sign-in", "x", 400, DENIED),
            rule,
            Grade::Unobserved,
        );
        check(
            &Log::new().exchange("sign-in", "x", 200, TOKENS),
            rule,
            Grade::Broken,
        );
        check(
            &Log::new().exchange("sign-in", "x", 400, r#"{"ChallengeName":"C"}"#),
            rule,
            Grade::Broken,
        );
    }

    #[test]
    fn another_refusal_is_tolerated() {
        let log = |kind: &str| {
            let honest = Log::new().exchange("sign-in", "", 200, TOKENS);
            honest.exchange(
                "sign-in",
                "x",
                400,
                &DENIED.replace("NotAuthorizedException", kind),
            )
        };
        check(
            &log("NotAuthorizedException"),
            refused_as_not_authorized,
            Grade::Met,
        );
        check(
            &log("UserNotFoundException"),
            refused_as_not_authorized,
            Grade::Tolerated,
        );
    }

    #[test]
    fn tokens_die_only_when_they_lived() {
        let rule = |view: &View<'_>| tokens_died(view, "after");
        let log = |before: &str, after: &str| {
            Log::new()
                .exchange("use", "access token 1 before", 200, before)
                .exchange("use", "access token 1 after", 200, after)
        };
        check(&log("{}", DENIED), rule, Grade::Met);
        check(&log("{}", "{}"), rule, Grade::Broken);
        check(&log(DENIED, DENIED), rule, Grade::Unobserved);
    }

    #[test]
    fn a_refresh_brings_other_tokens() {
        let log = |reply: &str| {
            Log::new()
                .exchange("sign-in", "", 200, TOKENS)
                .exchange("refresh", "", 200, reply)
        };
        check(&log(FRESH), refreshed_anew, Grade::Met);
        check(&log(TOKENS), refreshed_anew, Grade::Broken);
    }

    #[test]
    fn a_call_is_admitted_unless_the_guard_refuses() {
        let log = |status| {
            Log::new()
                .exchange("call", "", 200, "{}")
                .exchange("call", "with x", status, "{}")
        };
        check(&log(404), each_call_was_admitted, Grade::Met);
        check(&log(403), each_call_was_admitted, Grade::Broken);
    }

    #[test]
    fn lifetimes_are_told_and_measured() {
        let told = TOKENS.replace(r#""AccessToken""#, r#""ExpiresIn":1800,"AccessToken""#);
        let rule = |view: &View<'_>| lives_at_most(view, 1800);
        let log = |access: i64| {
            let measured = serde_json::json!({"access_lifetime_s": access, "id_lifetime_s": 1800});
            Log::new()
                .exchange("sign-in", "", 200, &told)
                .control("measured", measured)
        };
        check(&log(1800), rule, Grade::Met);
        check(&log(3600), rule, Grade::Broken);
    }

    #[test]
    fn a_challenge_brings_no_token() {
        let rule = |view: &View<'_>| challenged(view, "", "N");
        check(
            &Log::new().exchange("sign-in", "", 200, r#"{"ChallengeName":"N"}"#),
            rule,
            Grade::Met,
        );
        check(
            &Log::new().exchange("sign-in", "", 200, TOKENS),
            rule,
            Grade::Broken,
        );
    }
}
