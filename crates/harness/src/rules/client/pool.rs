//! What a client under test did at a user pool, at the identity pool and at a signed API.

use locum_core::{Entry, Finding, Grade, Outcome, Timestamp};
use serde_json::Value;

use crate::evidence::Event;
use crate::rules::{View, unobserved};

/// The operation that an entry asks for, from `X-Amz-Target`.
fn operation(entry: &Entry) -> Option<&str> {
    let value = header(entry, "x-amz-target");
    value.rsplit('.').next().filter(|name| !name.is_empty())
}

/// Whether an entry is a request to the API.
fn is_api(entry: &Entry) -> bool {
    operation(entry).is_none() && !entry.endpoint.is_empty()
}

fn sent(entry: &Entry) -> Value {
    parsed(entry.body.as_deref())
}

fn answered(entry: &Entry) -> Value {
    parsed(entry.reply.as_ref().and_then(|reply| reply.body.as_deref()))
}

fn parsed(body: Option<&str>) -> Value {
    body.and_then(|body| serde_json::from_str(body).ok())
        .unwrap_or_default()
}

/// The names of the tokens that a sign-in or refresh was answered with.
fn given(entry: &Entry) -> Vec<String> {
    let reply = answered(entry);
    let member = |name: &str| {
        reply["AuthenticationResult"][name]
            .as_str()
            .map(str::to_owned)
    };
    let members = ["AccessToken", "IdToken", "RefreshToken"];
    members.into_iter().filter_map(member).collect()
}

fn header<'a>(entry: &'a Entry, name: &str) -> &'a str {
    let is_it = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
    let found = entry.headers.iter().find(is_it);
    found.map_or("", |(_, value)| value.as_str())
}

fn broken(fault: &str, expected: &str, seq: u64) -> Finding {
    Finding::new(Grade::Broken, fault)
        .because(expected, fault)
        .proved_by([seq])
}

/// The client signs in, gets an identity, then credentials, and only then calls the API, with the
/// ids that it was given.
pub fn signs_in_in_order(view: &View<'_>, client_id: &str, identity_pool: &str) -> Finding {
    const ORDER: [&str; 3] = ["InitiateAuth", "GetId", "GetCredentialsForIdentity"];
    let mut reached = 0;
    let mut seen = Vec::new();
    for (seq, entry) in view.log.entries() {
        let body = sent(entry);
        match operation(entry) {
            Some("InitiateAuth") if body["ClientId"] != client_id => {
                return broken("another ClientId", client_id, seq);
            }
            Some("GetId") if body["IdentityPoolId"] != identity_pool => {
                return broken("another IdentityPoolId", identity_pool, seq);
            }
            Some(name) => match ORDER.iter().position(|known| *known == name) {
                Some(at) if at > reached => {
                    return broken(&format!("{name} out of its turn"), ORDER[reached], seq);
                }
                Some(at) if at == reached => {
                    reached += 1;
                    seen.push(seq);
                }
                _ => {}
            },
            None if is_api(entry) && reached < ORDER.len() => {
                return broken("an API request out of its turn", ORDER[reached], seq);
            }
            None if is_api(entry) => {
                return Finding::new(Grade::Met, "sign-in, identity, credentials, API request")
                    .proved_by(seen)
                    .proved_by([seq]);
            }
            None => {}
        }
    }
    unobserved(view, "no API request arrived")
}

/// `Logins` carries the id token, under the name of the configured pool.
pub fn logins_carry_the_id_token(view: &View<'_>, provider: &str) -> Finding {
    let mut seen = Vec::new();
    for (seq, entry) in view.log.entries() {
        if !matches!(
            operation(entry),
            Some("GetId" | "GetCredentialsForIdentity")
        ) {
            continue;
        }
        let body = sent(entry);
        let logins: Vec<(&String, &Value)> =
            body["Logins"].as_object().into_iter().flatten().collect();
        let [(name, token)] = logins[..] else {
            return broken("not one entry in Logins", provider, seq);
        };
        if name != provider {
            return broken(&format!("Logins names {name}"), provider, seq);
        }
        if !token
            .as_str()
            .is_some_and(|token| token.starts_with("«id token "))
        {
            return broken("Logins carries no id token", "an id token of the run", seq);
        }
        seen.push(seq);
    }
    if seen.is_empty() {
        return unobserved(view, "no request reached the identity pool");
    }
    Finding::new(Grade::Met, format!("{} requests", seen.len())).proved_by(seen)
}

/// The first challenge that a sign-in was answered with: its record and its Session's name.
fn challenge(view: &View<'_>) -> Option<(u64, Value)> {
    view.log.entries().find_map(|(seq, entry)| {
        let reply = answered(entry);
        let open = operation(entry) == Some("InitiateAuth")
            && reply["ChallengeName"] == "NEW_PASSWORD_REQUIRED";
        open.then(|| (seq, reply["Session"].clone()))
    })
}

/// With a challenge open the client asks neither the identity pool nor the API for anything.
pub fn answers_the_challenge_first(view: &View<'_>) -> Finding {
    let Some((at, session)) = challenge(view) else {
        return unobserved(view, "no sign-in was answered with the challenge");
    };
    for (seq, entry) in view.log.entries().filter(|(seq, _)| *seq > at) {
        match operation(entry) {
            Some("RespondToAuthChallenge") if sent(entry)["Session"] == session => {
                return Finding::new(Grade::Met, "the challenge was answered").proved_by([at, seq]);
            }
            Some(name @ ("GetId" | "GetCredentialsForIdentity")) => {
                return broken(
                    &format!("{name} with the challenge open"),
                    "an answer to it",
                    seq,
                );
            }
            None if is_api(entry) => {
                return broken(
                    "an API request with the challenge open",
                    "an answer to it",
                    seq,
                );
            }
            _ => {}
        }
    }
    Finding::new(Grade::Met, "nothing was asked for with the challenge open").proved_by([at])
}

/// The client answers the challenge as the reference describes it.
pub fn answers_the_challenge(view: &View<'_>, client_id: &str) -> Finding {
    let Some((at, session)) = challenge(view) else {
        return unobserved(view, "no sign-in was answered with the challenge");
    };
    let mut entries = view.log.entries();
    let answer = entries
        .find(|(seq, entry)| *seq > at && operation(entry) == Some("RespondToAuthChallenge"));
    let Some((seq, entry)) = answer else {
        return broken("no answer to the challenge", "RespondToAuthChallenge", at);
    };
    let body = sent(entry);
    let missing = ["USERNAME", "NEW_PASSWORD"]
        .into_iter()
        .find(|key| !body["ChallengeResponses"][*key].is_string());
    if let Some(key) = missing {
        return broken(&format!("no {key} in the answer"), key, seq);
    }
    if body["Session"] != session {
        return broken(
            "another Session in the answer",
            "the challenge's Session",
            seq,
        );
    }
    if body["ClientId"] != client_id {
        return broken("another ClientId in the answer", client_id, seq);
    }
    Finding::new(Grade::Met, "the challenge was answered as described").proved_by([at, seq])
}

/// Later sign-ins are refreshes; the password is sent once.
pub fn sends_the_password_once(view: &View<'_>) -> Finding {
    let logins: Vec<(u64, &Entry)> = view
        .log
        .entries()
        .filter(|(_, entry)| operation(entry) == Some("InitiateAuth"))
        .collect();
    let shows_password = |entry: &Entry| sent(entry)["AuthParameters"]["PASSWORD"].is_string();
    let [(first, _), later @ ..] = &logins[..] else {
        return unobserved(view, "no sign-in arrived");
    };
    if let Some((seq, _)) = later.iter().find(|(_, entry)| shows_password(entry)) {
        return broken("the password was sent again", "a refresh", *seq);
    }
    let refresh = later.iter().find(|(_, entry)| {
        matches!(
            sent(entry)["AuthFlow"].as_str(),
            Some("REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN")
        )
    });
    match refresh {
        Some((seq, _)) => {
            Finding::new(Grade::Met, "renewed with the refresh token").proved_by([*first, *seq])
        }
        None => unobserved(view, "the client did not renew its tokens"),
    }
}

/// After a confirmed revocation no later request carries a token that was issued before it. AWS
/// credentials end by themselves and are not looked at.
pub fn uses_nothing_revoked(view: &View<'_>) -> Finding {
    let revocation = view.log.entries().find(|(_, entry)| {
        operation(entry) == Some("RevokeToken")
            && entry
                .reply
                .as_ref()
                .is_some_and(|reply| reply.status == 200)
    });
    let Some((at, _)) = revocation else {
        return unobserved(view, "the client revoked nothing");
    };
    let asked = view.log.records().iter().any(|record| {
        record.seq > at
            && matches!(&record.event, Event::Ask { message, .. } if message["op"] == "call")
    });
    if !asked {
        return unobserved(view, "no call was asked for after the revocation");
    }
    let ended: Vec<String> = view
        .log
        .entries()
        .filter(|(seq, _)| *seq < at)
        .flat_map(|(_, entry)| given(entry))
        .collect();
    if ended.is_empty() {
        return unobserved(view, "the client was given no token before it revoked");
    }
    for (seq, entry) in view.log.entries().filter(|(seq, _)| *seq > at) {
        let mut texts = entry.headers.iter().map(|(_, value)| value.as_str());
        let shows = |text: &str| ended.iter().any(|name| text.contains(name));
        if texts.any(shows) || entry.body.as_deref().is_some_and(shows) {
            return broken("a revoked token was used", "none of that login", seq);
        }
    }
    Finding::new(Grade::Met, "no token of the revoked login was used").proved_by([at])
}

/// The mock's own computation over the received bytes agrees with each signature.
pub fn signs_correctly(view: &View<'_>) -> Finding {
    let mut seen = Vec::new();
    for (seq, entry) in view.log.entries().filter(|(_, entry)| is_api(entry)) {
        let reason = entry.denial.as_ref().map(|denial| denial.reason.as_str());
        match (entry.outcome, reason) {
            (_, Some(reason)) if reason.contains("signature") => {
                return broken(reason, "the signature of what was received", seq);
            }
            (Some(Outcome::Admitted), _) => seen.push((seq, entry.method == "POST")),
            _ => {}
        }
    }
    let both = [true, false]
        .into_iter()
        .all(|post| seen.iter().any(|(_, is_post)| *is_post == post));
    if !both {
        return unobserved(view, "not both a GET and a POST were admitted");
    }
    Finding::new(Grade::Met, format!("{} signatures agree", seen.len()))
        .proved_by(seen.into_iter().map(|(seq, _)| seq))
}

/// One revocation, of the newest refresh token that the client was given.
pub fn revokes_the_newest(view: &View<'_>, client_id: &str) -> Finding {
    let revocations: Vec<(u64, &Entry)> = view
        .log
        .entries()
        .filter(|(_, entry)| operation(entry) == Some("RevokeToken"))
        .collect();
    let before = revocations.first().map_or(u64::MAX, |(seq, _)| *seq);
    let mut refreshes: Vec<String> = view
        .log
        .entries()
        .filter(|(seq, _)| *seq < before)
        .filter_map(|(_, entry)| {
            let reply = answered(entry);
            let token = reply["AuthenticationResult"]["RefreshToken"].as_str();
            token.map(str::to_owned)
        })
        .collect();
    refreshes.dedup();
    let [.., _, newest] = &refreshes[..] else {
        return unobserved(
            view,
            "the refresh token was not rotated before the revocation",
        );
    };
    let last = view.log.entries().last().map_or(0, |(seq, _)| seq);
    match revocations[..] {
        [] => broken("no revocation arrived", "one RevokeToken", last),
        [(seq, entry)] => {
            let body = sent(entry);
            if body["Token"] != newest.as_str() {
                return broken("another token was revoked", newest, seq);
            }
            if body["ClientId"] != client_id {
                return broken("another ClientId", client_id, seq);
            }
            Finding::new(Grade::Met, "the newest refresh token was revoked").proved_by([seq])
        }
        [_, (seq, _), ..] => broken("more than one revocation", "one RevokeToken", seq),
    }
}

/// How far the date of a signature may be from the vendor's time, in milliseconds.
const WINDOW_MS: u64 = 300_000;

/// Each signature has the time of its request, a scope of that day, the vendor's region and
/// service, and the session token that belongs to the credentials.
pub fn dates_and_scopes(view: &View<'_>) -> Finding {
    let mut session_tokens: Vec<String> = Vec::new();
    let mut seen = Vec::new();
    for (seq, entry) in view.log.entries() {
        let reply = answered(entry);
        let issued = reply["Credentials"]["SessionToken"].as_str();
        session_tokens.extend(issued.map(str::to_owned));
        let authorization = header(entry, "authorization");
        if !(is_api(entry) && authorization.starts_with("AWS4-HMAC-SHA256 ")) {
            continue;
        }
        if let Some((fault, expected)) = misdated(view, entry, authorization) {
            return broken(&fault, &expected, seq);
        }
        let shown = header(entry, "x-amz-security-token");
        if !session_tokens.iter().any(|token| token == shown) {
            return broken("another session token", "the one issued with the key", seq);
        }
        seen.push(seq);
    }
    if seen.is_empty() {
        return unobserved(view, "no signed API request arrived");
    }
    Finding::new(Grade::Met, format!("{} signed requests", seen.len())).proved_by(seen)
}

/// What is wrong with date or scope, and what was expected.
fn misdated(view: &View<'_>, entry: &Entry, authorization: &str) -> Option<(String, String)> {
    let date = header(entry, "x-amz-date");
    let wanted = format!("within 5 minutes of {}", entry.arrived);
    let Some(signed) = Timestamp::parse_amz_date(date) else {
        return Some((format!("x-amz-date `{date}`"), wanted));
    };
    if signed.as_millis().abs_diff(entry.arrived.as_millis()) > WINDOW_MS {
        return Some((format!("x-amz-date {date}"), wanted));
    }
    let facts = view.profile.signature.as_ref()?;
    let scope = format!(
        "/{}/{}/{}/aws4_request,",
        &date[..8],
        facts.region,
        facts.service
    );
    (!authorization.contains(&scope)).then(|| ("another scope".to_owned(), scope))
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
