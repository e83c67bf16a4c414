//! Replies, tokens and messages that tell what they should keep.

use std::collections::{BTreeMap, BTreeSet};

use locum_core::profile::TokenFormat;

use super::deviation::Deviations;
use super::login::issued;
use crate::evidence::{Exchange, Message, Operation};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("ERR-12", nothing_leaks).everywhere()];

/// No reply repeats a secret, password or refused token of its request, no JWT holds one in its
/// claims, and no message of a websocket tells one or a live token.
fn nothing_leaks(view: &View<'_>) -> Finding {
    let mut wrong: BTreeMap<Grade, Deviations> = BTreeMap::new();
    let (mut clean, mut controls) = (Vec::new(), Vec::new());
    let mut credentials = BTreeSet::new();
    for exchange in view.evidence.exchanges() {
        let mut leaks = false;
        let sent = secrets_of_request(&exchange);
        credentials.extend(sent.iter().copied().filter(|name| !is_token(name)));
        for leak in leaks_of(view, &exchange, &credentials) {
            let deviations = wrong.entry(leak.grade).or_default();
            deviations.add("no secret of the request", leak.words, leak.proof);
            leaks = true;
        }
        if !leaks && exchange.is_refused() && !secrets_of_request(&exchange).is_empty() {
            let served =
                |other: &Exchange<'_>| other.operation == exchange.operation && other.is_served();
            if let Some(control) = view.evidence.exchanges().find(served) {
                controls.push(control);
                clean.push(exchange);
            }
        }
    }
    let heaviest = wrong.pop_last();
    if let Some(finding) = heaviest.and_then(|(grade, deviations)| deviations.finding(grade)) {
        return finding;
    }
    let (Some(proof), Some(control)) = (Proof::all(&clean), Proof::all(&controls)) else {
        return unobserved(
            view,
            "no refusal was provoked with a secret in it beside a request that was served",
        );
    };
    let jwts = issued(view)
        .flat_map(|login| view.evidence.jwts_of(login.seq))
        .count();
    if jwts == 0 && view.profile.token.format == TokenFormat::Jwt {
        return unobserved(view, "the claims of no token could be read").seen_in(proof);
    }
    let reason = format!("{} refusals and {jwts} JWTs tell nothing", clean.len());
    Finding::met(reason, proof).beside(control)
}

/// What the secret that signs calls is called in the log.
const SECRET_KEY: &str = "secret key";

/// A secret where it should not be.
struct Leak {
    words: String,
    proof: Proof,
    grade: Grade,
}

/// What an exchange leaks of its own request and of the `credentials` that were sent so far: a
/// vendor that tells the right secret to one who sent a wrong one is no better.
fn leaks_of(view: &View<'_>, exchange: &Exchange<'_>, credentials: &BTreeSet<&str>) -> Vec<Leak> {
    let sent = &secrets_of_request(exchange) | credentials;
    let mut leaks = Vec::new();
    if let Some(reply) = exchange.reply {
        let live = exchange.got_something();
        // It signs and is never sent; whoever shows a signature may be anybody.
        let is_key = |name: &&str| name.starts_with(SECRET_KEY);
        if exchange.operation == Operation::Call && told_by(reply).iter().any(is_key) {
            leaks.push(Leak {
                words: format!("{}: its reply tells the {SECRET_KEY}", exchange.sentence()),
                proof: exchange.into(),
                grade: Grade::Broken,
            });
        }
        for name in told_by(reply).intersection(&sent) {
            // What was served with a token may speak of it.
            if live && is_token(name) {
                continue;
            }
            leaks.push(Leak {
                words: format!("{}: its reply tells the {name}", exchange.sentence()),
                proof: exchange.into(),
                grade: grade_of_repeat(view, exchange, reply, name),
            });
        }
    }
    for jwt in view.evidence.jwts_of(exchange.seq) {
        let told = format!("{}{}", jwt.header, jwt.claims);
        for name in secrets_in(&told).intersection(&sent) {
            leaks.push(Leak {
                words: format!(
                    "the {} of {} tells the {name}",
                    jwt.member,
                    exchange.words()
                ),
                proof: (&jwt).into(),
                grade: Grade::Broken,
            });
        }
    }
    for frame in exchange.received_frames() {
        for name in secrets_in(frame.text) {
            if sent.contains(name) || is_token(name) {
                leaks.push(Leak {
                    words: format!("a message of {} tells the {name}", exchange.words()),
                    proof: Proof::from(exchange).and(&frame),
                    grade: Grade::Broken,
                });
            }
        }
    }
    leaks
}

/// How it weighs that a reply repeats a secret: broken, unless the vendor is known to repeat the
/// header in which it was sent in this error.
fn grade_of_repeat(
    view: &View<'_>,
    exchange: &Exchange<'_>,
    reply: &Message,
    secret: &str,
) -> Grade {
    let in_header = |wanted: &str| {
        let headers = exchange.request.headers.iter();
        headers
            .filter(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .any(|(_, value)| secrets_in(value).contains(secret))
    };
    // A presigned request has the header's content under the same name in its query.
    let in_query = |wanted: &str| {
        let query = exchange.request.target.split_once('?');
        let mut pairs = query.map_or("", |(_, query)| query).split('&');
        pairs.any(|pair| {
            pair.split_once('=').is_some_and(|(name, value)| {
                name.eq_ignore_ascii_case(wanted) && secrets_in(value).contains(secret)
            })
        })
    };
    let error = error_of(reply);
    let known = view.expected.repeats.iter().find(|repeat| {
        let is_there = in_header(&repeat.header) || in_query(&repeat.header);
        error.as_ref() == Some(&repeat.error) && is_there
    });
    match known {
        Some(repeat) if repeat.documented => Grade::Fact,
        Some(_) => Grade::Tolerated,
        None => Grade::Broken,
    }
}

/// The error's code, which Amazon API Gateway says in a header.
fn error_of(reply: &Message) -> Option<String> {
    let header = reply.header("x-amzn-errortype");
    let header = header.and_then(|value| value.split(':').next());
    header.map(str::to_owned).or_else(|| reply.error())
}

/// The secrets that a request shows, by their names.
fn secrets_of_request<'a>(exchange: &Exchange<'a>) -> BTreeSet<&'a str> {
    exchange.texts().flat_map(secrets_in).collect()
}

/// The secrets that a reply tells, in its headers and its body. A cookie that is set again is where it
/// belongs (RFC 6265 §4.1).
fn told_by(reply: &Message) -> BTreeSet<&str> {
    let headers = reply.headers.iter().flat_map(|(name, value)| {
        let sets_cookies = name.eq_ignore_ascii_case("set-cookie");
        let is_set = move |secret: &&str| sets_cookies && secret.starts_with("cookie ");
        secrets_in(value)
            .into_iter()
            .filter(move |secret| !is_set(secret))
    });
    headers.chain(secrets_in(&reply.body)).collect()
}

/// The names of the secrets in a text. The base64 of an id and a secret tells the secret.
fn secrets_in(text: &str) -> BTreeSet<&str> {
    let named = text.split('«').skip(1);
    named
        .filter_map(|rest| rest.split_once('»'))
        .map(|(name, _)| {
            ["pair with ", "client id and "]
                .iter()
                .find_map(|prefix| name.strip_prefix(prefix))
                .unwrap_or(name)
        })
        .collect()
}

/// Whether a secret of this name is a token: alive, until the vendor refuses it.
fn is_token(name: &str) -> bool {
    let changed = name.starts_with("changed") || name.starts_with("altered");
    !changed && (name.contains("token") || name.starts_with("session"))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const SECRET: &str = "t0p secret";
    const BASIC: &str = "aWQ6dDBwIHNlY3JldA==";
    const TOKEN: &str = r#"{"access_token":"t-0123"}"#;
    const VARIED: &str = "with another client secret";

    fn served() -> Log {
        Log::new()
            .hide(SECRET, "client secret")
            .hide("t-0123", "access token 1")
            .hide_pair("id", SECRET, "client id and client secret")
            .exchange("login", "", 200, TOKEN)
    }

    fn refused(sent: &str, reply: &str) -> Log {
        served().sent("login", VARIED, sent, 400, reply)
    }

    #[test]
    fn a_secret_in_a_reply_is_found_however_it_is_spelled() {
        check(&refused(BASIC, "{}"), "ERR-12", Grade::Met);
        check(&refused(SECRET, "bad t0p+secret"), "ERR-12", Grade::Broken);
        check(&refused(BASIC, "bad t0p secret"), "ERR-12", Grade::Broken);
        check(&refused(BASIC, BASIC), "ERR-12", Grade::Broken);
        check(&refused(SECRET, BASIC), "ERR-12", Grade::Broken);
        check(&refused("nothing", SECRET), "ERR-12", Grade::Unobserved);
        let header = served().replied("login", "", 200, SECRET, TOKEN);
        check(&header, "ERR-12", Grade::Unobserved);
    }

    /// A reply to a wrong secret that told the right one was clean, as was an opaque token made of
    /// the secret.
    #[test]
    fn the_right_secret_is_told_to_nobody() {
        let told = |reply: &str| {
            served()
                .hide("wrong-one", "changed client secret")
                .sent("login", "", SECRET, 200, TOKEN)
                .sent("login", VARIED, "wrong-one", 401, reply)
        };
        check(&told("{}"), "ERR-12", Grade::Met);
        check(&told("expected t0p secret"), "ERR-12", Grade::Broken);
        let token = served()
            .hide("tok-t0p secret-1", "access token 2 with «client secret»")
            .sent(
                "login",
                "",
                SECRET,
                200,
                r#"{"access_token":"tok-t0p secret-1"}"#,
            )
            .sent("login", VARIED, SECRET, 401, "{}");
        check(&token, "ERR-12", Grade::Broken);
    }

    #[test]
    fn a_refusal_counts_beside_its_control_of_the_same_operation() {
        let alone = Log::new()
            .hide(SECRET, "client secret")
            .sent("login", VARIED, SECRET, 400, "{}");
        check(&alone, "ERR-12", Grade::Unobserved);
        let call = served().sent("call", "with an unknown token", SECRET, 401, "");
        check(&call, "ERR-12", Grade::Unobserved);
        check(&call.exchange("call", "", 200, "[]"), "ERR-12", Grade::Met);
    }

    #[test]
    fn a_token_is_a_secret_once_it_is_refused() {
        let used =
            |status, reply: &str| refused(SECRET, "{}").sent("call", "", "t-0123", status, reply);
        check(&used(200, "[\"t-0123\"]"), "ERR-12", Grade::Met);
        check(&used(401, "bad t-0123"), "ERR-12", Grade::Broken);
        check(&used(500, "bad t-0123"), "ERR-12", Grade::Broken);
    }

    /// A login page sets its session's cookie again with each reply.
    #[test]
    fn a_cookie_may_be_set_again_and_told_nowhere_else() {
        let answered = |headers: &[(&str, &str)], body: &str| {
            let log = refused(SECRET, "{}").hide("c-0123", "cookie 1");
            log.asked_at("call", "", "/?sent=c-0123", 200, headers, body)
        };
        let set = [("Set-Cookie", "SESSION=c-0123; Path=/; HttpOnly")];
        check(&answered(&set, "[]"), "ERR-12", Grade::Met);
        check(&answered(&set, "[\"c-0123\"]"), "ERR-12", Grade::Broken);
        let told = [("X-Session", "c-0123")];
        check(&answered(&told, "[]"), "ERR-12", Grade::Broken);
        let other = [("Set-Cookie", "SECRET=t0p secret")];
        check(&answered(&other, "[]"), "ERR-12", Grade::Broken);
    }

    /// A vendor whose tokens are JWTs was clean without any.
    #[test]
    fn a_secret_in_a_claim_is_found() {
        let with = |claims: serde_json::Value| {
            Log::with_jwts()
                .hide(SECRET, "client secret")
                .jwt(SECRET, "", &claims)
                .sent("login", VARIED, SECRET, 400, "{}")
        };
        check(
            &with(serde_json::json!({"sub": "me"})),
            "ERR-12",
            Grade::Met,
        );
        check(
            &with(serde_json::json!({"pw": SECRET})),
            "ERR-12",
            Grade::Broken,
        );
        let id_token = with(serde_json::json!({}))
            .sent("login", "", SECRET, 200, TOKEN)
            .holds_jwt("id_token", &serde_json::json!({"pw": SECRET}));
        check(&id_token, "ERR-12", Grade::Broken);
        let opaque = Log::with_jwts()
            .hide(SECRET, "client secret")
            .exchange("login", "", 200, TOKEN)
            .sent("login", VARIED, SECRET, 400, "{}");
        check(&opaque, "ERR-12", Grade::Unobserved);
    }

    /// The secret that signs was never sent, so that nobody looked for it.
    #[test]
    fn the_secret_that_signs_is_told_to_nobody() {
        let log = |reply: &str| {
            let tokens = r#"{"AuthenticationResult":{"AccessToken":"a"}}"#;
            let given = r#"{"Credentials":{"SecretKey":"wJalr+K7"}}"#;
            Log::of_a_user_pool()
                .hide(SECRET, "session token")
                .hide("wJalr+K7", "secret key 4")
                .exchange("sign-in", "", 200, tokens)
                .exchange("credentials", "", 200, given)
                .exchange("call", "", 200, "[]")
                .sent("call", "with half a signature", SECRET, 403, reply)
        };
        check(&log("{}"), "ERR-12@scribe", Grade::Met);
        let told = r#"{"message":"expected a signature by wJalr+K7"}"#;
        check(&log(told), "ERR-12@scribe", Grade::Broken);
    }

    /// What a call has in a header, a presigned one has in its query.
    #[test]
    fn a_presigned_call_repeats_what_a_signed_one_does() {
        let log = |kind: &str| {
            let target = "/v1/tasks?X-Amz-Security-Token=t0p%20secret";
            let phrase = "presigned, with a query added after signing";
            let tokens = r#"{"AuthenticationResult":{"AccessToken":"a"}}"#;
            let headers = [("x-amzn-ErrorType", kind)];
            Log::of_a_user_pool()
                .hide(SECRET, "session token")
                .exchange("sign-in", "", 200, tokens)
                .exchange("call", "", 200, "[]")
                .asked_at("call", phrase, target, 403, &headers, SECRET)
        };
        let echoed = log("InvalidSignatureException");
        check(&echoed, "ERR-12@scribe", Grade::Fact);
        check(
            &log("AccessDeniedException"),
            "ERR-12@scribe",
            Grade::Broken,
        );
    }

    /// What a socket said was never looked at.
    #[test]
    fn a_message_of_a_socket_tells_neither_secret_nor_live_token() {
        let said = |kind, text| refused(SECRET, "{}").opened("", 101, "", &[(kind, text)]);
        let accepted = r#"{"type":"CONFIG_ACCEPTED"}"#;
        check(&said("text", accepted), "ERR-12", Grade::Met);
        let token = r#"{"type":"CONFIG_ACCEPTED","token":"t-0123"}"#;
        check(&said("text", token), "ERR-12", Grade::Broken);
        // What the harness itself says is not the vendor's.
        check(&said("sent", token), "ERR-12", Grade::Met);
    }

    /// Signed calls were not scanned, and what the row tolerates was not known.
    #[test]
    fn a_signed_call_repeats_nothing_but_what_is_tolerated() {
        let call = |header, reply: &str| {
            let tokens = r#"{"AuthenticationResult":{"AccessToken":"a"}}"#;
            let (changed, sent) = ("with another path after signing", (header, SECRET));
            Log::of_a_user_pool()
                .hide(SECRET, "session token")
                .exchange("sign-in", "", 200, tokens)
                .exchange("call", "", 200, "[]")
                .sent_in("call", changed, sent, 403, reply)
        };
        let (token, authorization) = ("X-Amz-Security-Token", "Authorization");
        check(&call(token, "{}"), "ERR-12@scribe", Grade::Met);
        check(&call(token, SECRET), "ERR-12@scribe", Grade::Broken);
        let error = |kind: &str| format!(r#"{{"__type":"{kind}","message":"{SECRET}"}}"#);
        let incomplete = error("IncompleteSignatureException");
        let invalid = error("InvalidSignatureException");
        let in_authorization = call(authorization, &incomplete);
        check(&in_authorization, "ERR-12@scribe", Grade::Fact);
        check(&in_authorization, "ERR-12@corti", Grade::Broken);
        check(&call(token, &invalid), "ERR-12@scribe", Grade::Fact);
        // Only the header that is known to be repeated.
        check(
            &call(authorization, &invalid),
            "ERR-12@scribe",
            Grade::Broken,
        );
        check(&call(token, &incomplete), "ERR-12@scribe", Grade::Broken);
    }

    #[test]
    fn a_failure_repeats_nothing_that_counts() {
        for failure in FAILURES {
            let log = served().failed_with("login", SECRET, failure);
            check(&log, "ERR-12", Grade::Unobserved);
        }
    }
}
