//! How a client signs in at a user pool and goes on to the identity pool.

use serde_json::Value;

use super::commands::configured;
use super::traffic::{Arrival, arrivals};
use super::{Fault, each_has_the_form, met, unobserved, worst};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("COG-16", signs_in_in_order),
    Rule::client("COG-11", logins_carry_the_id_token).everywhere(),
    Rule::client("COG-24", speaks_json_1_1).everywhere(),
];

/// The media type of Amazon Cognito's protocol.
const MEDIA_TYPE: &str = "application/x-amz-json-1.1";

/// The operations of a login, in their order.
const ORDER: [&str; 3] = ["InitiateAuth", "GetId", "GetCredentialsForIdentity"];

/// The client signs in, gets an identity, then credentials, and only then calls the API, with the
/// ids that it was given.
fn signs_in_in_order(view: &View<'_>) -> Finding {
    if let Some(finding) = worst(&other_ids(view), "the ids of the configuration") {
        return finding;
    }
    let mut steps: Vec<Arrival<'_>> = Vec::new();
    for arrival in arrivals(view) {
        let due = ORDER.get(steps.len()).copied();
        let is_api = arrival.is_api_request(view);
        let at = match arrival.operation() {
            Some(name) => ORDER.iter().position(|known| *known == name),
            None => is_api.then_some(ORDER.len()),
        };
        let Some(at) = at else { continue };
        if at > steps.len() {
            let name = arrival.operation().unwrap_or("an API request");
            let seen = format!("{name} out of its turn");
            return Finding::broken(due.unwrap_or_default(), seen, arrival);
        }
        if at == steps.len() && arrival.is_served() {
            steps.push(arrival);
        }
        if steps.len() > ORDER.len() {
            break;
        }
    }
    match Proof::all(steps.iter().copied()) {
        Some(proof) if steps.len() > ORDER.len() => {
            met(view, "sign-in, identity, credentials, API request", proof)
        }
        _ => unobserved(view, "no API request was served"),
    }
}

/// The requests that name another client or identity pool than the configuration.
fn other_ids<'a>(view: &View<'a>) -> Vec<Fault<'a>> {
    let named = [
        ("InitiateAuth", "ClientId", configured(view, "client_id")),
        (
            "GetId",
            "IdentityPoolId",
            configured(view, "identity_pool_id"),
        ),
    ];
    let other = |arrival: Arrival<'a>| {
        let operation = arrival.operation()?;
        let (_, member, wanted) = named.iter().find(|(name, ..)| *name == operation)?;
        let differs = wanted.is_some_and(|wanted| arrival.sent()[*member] != wanted);
        differs.then(|| Fault::broken(arrival, format!("another {member}")))
    };
    arrivals(view).filter_map(other).collect()
}

/// Each operation says that its body is of the AWS JSON 1.1 protocol.
fn speaks_json_1_1(view: &View<'_>) -> Finding {
    let operations = arrivals(view).filter(|arrival| arrival.operation().is_some());
    let judged = operations.map(|arrival| {
        let media_type = arrival.header("content-type");
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        let seen = match media_type {
            "" => "no Content-Type".to_owned(),
            other => format!("Content-Type: {other}"),
        };
        let is_it = media_type.eq_ignore_ascii_case(MEDIA_TYPE);
        (arrival, (!is_it).then(|| Fault::broken(arrival, seen)))
    });
    let expected = format!("Content-Type: {MEDIA_TYPE}");
    let what = "no operation of Amazon Cognito was looked at";
    each_has_the_form(view, &expected, what, judged)
}

/// Whether the pool had asked for a new password first, and had given no tokens yet: that the identity
/// pool is asked at all is COG-01's.
fn is_before_the_challenge_is_answered(view: &View<'_>, arrival: &Arrival<'_>) -> bool {
    let earlier = || arrivals(view).take_while(|one| one.seq < arrival.seq);
    let gave_tokens =
        |one: Arrival<'_>| one.answered()["AuthenticationResult"]["IdToken"].is_string();
    earlier().any(|one| one.answered()["ChallengeName"].is_string()) && !earlier().any(gave_tokens)
}

/// `Logins` carries the id token, under the name of the configured pool (Amazon Cognito identity
/// pools, `GetId`).
fn logins_carry_the_id_token(view: &View<'_>) -> Finding {
    let provider = match (configured(view, "region"), configured(view, "user_pool_id")) {
        (Some(region), Some(pool)) => Some(format!("cognito-idp.{region}.amazonaws.com/{pool}")),
        _ => None,
    };
    let fault = |arrival: &Arrival<'_>| {
        let body = arrival.sent();
        let logins: Vec<(&String, &Value)> =
            body["Logins"].as_object().into_iter().flatten().collect();
        let [(name, token)] = logins[..] else {
            return Some("not one entry in Logins".to_owned());
        };
        if provider.as_ref().is_some_and(|provider| provider != name) {
            return Some(format!("Logins names {name}"));
        }
        let is_id_token = token
            .as_str()
            .is_some_and(|token| token.starts_with("«id token "));
        (!is_id_token).then(|| "Logins carries no id token".to_owned())
    };
    let requests = arrivals(view)
        .filter(|arrival| {
            let operation = arrival.operation();
            matches!(operation, Some("GetId" | "GetCredentialsForIdentity"))
                && !is_before_the_challenge_is_answered(view, arrival)
        })
        .map(|arrival| {
            let fault = fault(&arrival).map(|seen| Fault::broken(arrival, seen));
            (arrival, fault)
        });
    let expected = match &provider {
        Some(provider) => format!("an id token of the run as {provider}"),
        None => "an id token of the run".to_owned(),
    };
    let what = "no request to the identity pool was looked at";
    each_has_the_form(view, &expected, what, requests)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::client::testing::{PROVIDER, check, password, reply, tokens};
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    fn log() -> Log {
        Log::new().configured()
    }

    fn signed_in(log: Log) -> Log {
        log.operation("InitiateAuth", &password(), &tokens(1))
    }

    fn get_id(log: Log, pool: &str, token: &str) -> Log {
        let sent = json!({"IdentityPoolId": pool, "Logins": {PROVIDER: token}});
        log.operation("GetId", &sent, &json!({"IdentityId": "i"}))
    }

    fn credentials(log: Log) -> Log {
        let sent = json!({"Logins": {PROVIDER: "«id token 1 of u»"}});
        let reply = json!({"Credentials": {"SessionToken": "«aws credentials 4 of u»"}});
        log.operation("GetCredentialsForIdentity", &sent, &reply)
    }

    fn api(log: Log) -> Log {
        log.signed("GET", &[], None)
    }

    #[test]
    fn the_steps_of_a_login_have_their_order_and_ids() {
        let identified = |pool| get_id(signed_in(log()), pool, "«id token 1 of u»");
        check(&api(credentials(identified("p"))), "COG-16", Grade::Met);
        check(&api(credentials(identified("q"))), "COG-16", Grade::Broken);
        let skipped = api(credentials(signed_in(log())));
        check(&skipped, "COG-16", Grade::Broken);
        check(&api(log()), "COG-16", Grade::Broken);
        check(&credentials(identified("p")), "COG-16", Grade::Unobserved);
        let other = json!({"ClientId": "another"});
        let other = log().operation("InitiateAuth", &other, &tokens(1));
        check(&other, "COG-16", Grade::Broken);
    }

    /// Steps that were answered with 500 counted as made.
    #[test]
    fn a_step_that_was_not_served_is_none() {
        let failed = |name: &str| log().failed_operation(name, &password(), 500);
        check(&failed("InitiateAuth"), "COG-16", Grade::Unobserved);
        let went_on = get_id(failed("InitiateAuth"), "p", "«unknown»");
        check(&went_on, "COG-16", Grade::Broken);
    }

    #[test]
    fn without_a_configuration_the_order_is_judged_alone() {
        let good = get_id(signed_in(Log::new()), "p", "«id token 1 of u»");
        check(&api(credentials(good)), "COG-16", Grade::Met);
        check(&api(signed_in(Log::new())), "COG-16", Grade::Broken);
    }

    #[test]
    fn an_operation_names_the_media_type_of_its_protocol() {
        let typed = |types: &[&str]| {
            Log::new().entered("pool", |entry| {
                let named = types.iter().map(|one| ("content-type", *one));
                let target = ("X-Amz-Target", "Service.InitiateAuth");
                let headers = named.chain([target]);
                entry.headers = headers.map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
                entry.reply = Some(reply(200, r#"{"AuthenticationResult":{}}"#));
            })
        };
        let right = "application/x-amz-json-1.1";
        check(&typed(&[right]), "COG-24", Grade::Met);
        let with_charset = format!("{right}; charset=utf-8");
        check(&typed(&[&with_charset]), "COG-24", Grade::Met);
        check(&typed(&["application/json"]), "COG-24", Grade::Broken);
        check(&typed(&[]), "COG-24", Grade::Broken);
        let login = Log::new().token_request("grant_type=x", 200, "{}");
        check(&login, "COG-24", Grade::Unobserved);
    }

    #[test]
    fn logins_carry_an_id_token_of_the_pool() {
        let asked = |token| get_id(log(), "p", token);
        check(&asked("«id token 1 of u»"), "COG-11", Grade::Met);
        check(&asked("«access token 1 of u»"), "COG-11", Grade::Broken);
        check(&asked("«unknown»"), "COG-11", Grade::Broken);
        let challenge = json!({"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "«session»"});
        let challenged = log().operation("InitiateAuth", &password(), &challenge);
        let unanswered = get_id(challenged, "p", "«unknown»");
        check(&unanswered, "COG-11", Grade::Unobserved);
        let elsewhere = json!({"Logins": {"cognito-idp.eu.amazonaws.com/x": "«id token 1 of u»"}});
        let elsewhere = log().operation("GetId", &elsewhere, &json!({}));
        check(&elsewhere, "COG-11", Grade::Broken);
        check(&log(), "COG-11", Grade::Unobserved);
        let watched = |token| get_id(Log::new(), "p", token);
        check(&watched("«id token 1 of u»"), "COG-11", Grade::Met);
        check(&watched("«access token 1 of u»"), "COG-11", Grade::Broken);
    }
}
