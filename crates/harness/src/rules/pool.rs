//! What a client under test did at a user pool, at the identity pool and at a signed API.

use locum_core::{Entry, Finding, Grade, Outcome};
use serde_json::Value;

use super::{View, unobserved};
use crate::ledger::Event;

/// The operation that an entry asks for, from `X-Amz-Target`.
fn operation(entry: &Entry) -> Option<&str> {
    let is_target = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("x-amz-target");
    let (_, value) = entry.headers.iter().find(is_target)?;
    value.rsplit('.').next()
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
    for (seq, entry) in view.ledger.entries() {
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
    for (seq, entry) in view.ledger.entries() {
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
            .is_some_and(|token| token.starts_with("«id "))
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
    view.ledger.entries().find_map(|(seq, entry)| {
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
    for (seq, entry) in view.ledger.entries().filter(|(seq, _)| *seq > at) {
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
    let mut entries = view.ledger.entries();
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
        .ledger
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
    let revocation = view.ledger.entries().find(|(_, entry)| {
        operation(entry) == Some("RevokeToken")
            && entry
                .reply
                .as_ref()
                .is_some_and(|reply| reply.status == 200)
    });
    let Some((at, _)) = revocation else {
        return unobserved(view, "the client revoked nothing");
    };
    let asked = view.ledger.records().iter().any(|record| {
        record.seq > at
            && matches!(&record.event, Event::Ask { message, .. } if message["op"] == "call")
    });
    if !asked {
        return unobserved(view, "no call was asked for after the revocation");
    }
    let ended: Vec<String> = view
        .ledger
        .entries()
        .filter(|(seq, _)| *seq < at)
        .flat_map(|(_, entry)| &entry.issued)
        .flat_map(|id| ["access", "id", "refresh"].map(|kind| format!("«{kind} {} of ", id.0)))
        .collect();
    for (seq, entry) in view.ledger.entries().filter(|(seq, _)| *seq > at) {
        let mut texts = entry.headers.iter().map(|(_, value)| value.as_str());
        let shows = |text: &str| ended.iter().any(|name| text.contains(name.as_str()));
        if texts.any(shows) || entry.body.as_deref().is_some_and(shows) {
            return broken("a revoked token was used", "none of that login", seq);
        }
    }
    Finding::new(Grade::Met, "no token of the revoked login was used").proved_by([at])
}

/// The mock's own computation over the received bytes agrees with each signature.
pub fn signs_correctly(view: &View<'_>) -> Finding {
    let mut seen = Vec::new();
    for (seq, entry) in view.ledger.entries().filter(|(_, entry)| is_api(entry)) {
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
