//! Which account a client's requests are of.

use super::commands::{GivenCommand, asked, calls};
use super::refresh::shown_refresh_token;
use super::traffic::{Arrival, api_requests, token_requests};
use super::{gone, met, unobserved};
use crate::evidence::Reaction;
use crate::rules::{Rule, View};
use crate::subject::ClientCommand;
use crate::verdict::{Finding, Proof};

use locum_core::spelling::CredentialOrigin;
use serde_json::{Map, Value};

pub(super) const RULES: &[Rule] = &[
    Rule::client("CACHE-03", instances_share_no_token),
    Rule::client("CACHE-05", takes_new_credentials),
];

/// How many calls each instance makes at least.
const CALLS: usize = 20;

/// Whom a configuration is of: the name that the mock knows a principal by.
fn principal(config: &Map<String, Value>) -> Option<&str> {
    let named = config.get("username").or_else(|| config.get("client_id"));
    named.and_then(Value::as_str)
}

/// Whether a served API request is of the account that the instance was made with.
fn is_of(call: &Arrival<'_>, config: &Map<String, Value>) -> bool {
    let tenant = config.get("tenant").and_then(Value::as_str);
    let of_tenant = tenant.is_none_or(|tenant| call.header("tenant-name") == tenant);
    of_tenant && call.entry.principal.as_deref() == principal(config)
}

/// Instances with different credentials or tenants never share a token.
fn instances_share_no_token(view: &View<'_>) -> Finding {
    let asked = asked(view);
    let made: Vec<(&str, &Map<String, Value>)> = asked
        .iter()
        .filter_map(|asked| match asked.command {
            ClientCommand::New { client, config, .. } => Some((client.as_str(), config)),
            _ => None,
        })
        .collect();
    if made.len() < 3 {
        return unobserved(view, "the client has not three instances");
    }
    if let Some(gone) = gone(view) {
        return gone;
    }
    let (mut good, mut mixed) = (Vec::new(), Vec::new());
    let calls = calls(view);
    for (handle, config) in &made {
        let mut served = 0;
        for call in calls.iter().filter(|call| is_by(call, handle)) {
            let Some((answered, _)) = call.answer else {
                continue;
            };
            let between = |arrival: &Arrival<'_>| arrival.seq > call.seq && arrival.seq < answered;
            for request in api_requests(view).filter(between) {
                // A wrong header beside the right token is another row's matter.
                let wrong_tenant = request.is_refused_tenant()
                    && config.get("tenant").and_then(Value::as_str)
                        == Some(request.header("tenant-name"));
                match request.is_served() {
                    true if is_of(&request, config) => {
                        served += 1;
                        good.push(request);
                    }
                    true => mixed.push(request),
                    false if wrong_tenant => mixed.push(request),
                    false => {}
                }
            }
        }
        if served < CALLS && mixed.is_empty() {
            return unobserved(view, "not enough calls of each instance were served");
        }
    }
    if let Some(proof) = Proof::all(mixed) {
        return Finding::broken(
            "each instance shows tokens of its own account",
            "an instance showed a token of another one's account",
            proof,
        );
    }
    match Proof::all(good) {
        Some(proof) => met(
            view,
            "each instance showed tokens of its own account",
            proof,
        ),
        None => unobserved(view, "no call was served"),
    }
}

fn is_by(call: &GivenCommand<'_>, handle: &str) -> bool {
    matches!(call.command, ClientCommand::Call { client, .. } if client == handle)
}

/// A client that is given a new secret, or another account, uses it from then on.
fn takes_new_credentials(view: &View<'_>) -> Finding {
    let asked = asked(view);
    let given = asked.iter().find_map(|asked| match asked.command {
        ClientCommand::SetCredentials { config, .. } => Some((asked, config)),
        _ => None,
    });
    let Some((given, config)) = given else {
        return unobserved(view, "the client was given no new credentials");
    };
    if !given.answer.is_some_and(|(_, reply)| reply.succeeded()) {
        return unobserved(view, "the client did not take the new credentials");
    }
    let before = api_requests(view).find(|call| call.seq < given.seq && call.is_served());
    let Some(before) = before else {
        return unobserved(view, "the client held no token before");
    };
    match principal(config) {
        Some(_) => takes_another_account(view, given, config, before),
        None => takes_a_new_secret(view, given, before),
    }
}

fn takes_a_new_secret(view: &View<'_>, given: &GivenCommand<'_>, before: Arrival<'_>) -> Finding {
    // A refresh carries no secret of the account's own.
    let logins: Vec<_> = token_requests(view)
        .filter(|login| login.seq > given.seq && shown_refresh_token(login).is_none())
        .collect();
    // The vendor takes the new secret alone. One that arrived changed is refused, too, and is not the
    // old one; a proof by SRP shows none.
    let refused = logins.iter().find(|login| {
        let shown = login.spelling().credentials;
        let origins = || shown.iter().map(|shown| &shown.origin);
        let is_old = origins().any(|origin| *origin == CredentialOrigin::Other);
        let is_mangled = origins().any(|origin| matches!(origin, CredentialOrigin::Differs { .. }));
        is_old || login.reaction() == Reaction::Refused && !is_mangled
    });
    if let Some(refused) = refused {
        let expected = "the new secret in each token request";
        let proof = Proof::from(before).and(*refused);
        return Finding::broken(expected, "the old secret was sent again", proof);
    }
    match logins.iter().find(|login| login.is_served()) {
        Some(login) => {
            let proof = Proof::from(before).and(*login);
            met(view, "the new secret was sent", proof)
        }
        None => unobserved(view, "no token request followed the new secret"),
    }
}

fn takes_another_account(
    view: &View<'_>,
    given: &GivenCommand<'_>,
    config: &Map<String, Value>,
    before: Arrival<'_>,
) -> Finding {
    let next = api_requests(view).find(|call| call.seq > given.seq);
    let Some(next) = next else {
        return unobserved(view, "no call followed the new credentials");
    };
    if !next.is_served() {
        return unobserved(view, "the call after the new credentials was not served").seen_in(next);
    }
    let proof = Proof::from(before).and(next);
    match next.entry.principal.as_deref() == principal(config) {
        true => met(
            view,
            "the next call showed a token of the new account",
            proof,
        ),
        false => Finding::broken(
            "a token of the new account",
            "the next call showed a token of the old account",
            proof,
        ),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use crate::rules::client::testing::check;
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("CACHE-03", |log| three(log, ["me", "you", "he"])),
        ("CACHE-05", |log| new_secret(log).grant(2)),
    ];

    /// Three instances, which show tokens of these.
    fn three(log: Log, shown: [&str; 3]) -> Log {
        let names = [("a", "me"), ("b", "you"), ("c", "he")];
        let log = names.iter().fold(log, |log, (handle, id)| {
            log.instance(handle, &json!({"client_id": id}))
        });
        (0..20).fold(log, |log, _| {
            let each = names.iter().zip(shown);
            each.fold(log, |log, ((handle, _), shown)| log.call_of(handle, shown))
        })
    }

    fn new_secret(log: Log) -> Log {
        let log = log.grant(1).call_of("a", "me");
        log.new_credentials(&json!({"client_secret": "«new secret»"}))
    }

    fn new_account(log: Log) -> Log {
        let log = log.grant(1).call_of("a", "me");
        log.new_credentials(&json!({"client_id": "you", "client_secret": "«s»"}))
    }

    #[test]
    fn instances_keep_their_tokens_apart() {
        check(
            &three(Log::new(), ["me", "you", "he"]),
            "CACHE-03",
            Grade::Met,
        );
        check(
            &three(Log::new(), ["me", "me", "me"]),
            "CACHE-03",
            Grade::Broken,
        );
        check(
            &three(Log::new(), ["me", "you", "me"]),
            "CACHE-03",
            Grade::Broken,
        );
        check(&new_secret(Log::new()), "CACHE-03", Grade::Unobserved);
    }

    #[test]
    fn a_new_secret_is_used() {
        check(&new_secret(Log::new()).grant(2), "CACHE-05", Grade::Met);
        check(
            &new_secret(Log::new()).refused_login(),
            "CACHE-05",
            Grade::Broken,
        );
        // A new secret that arrives changed is refused, and is no old one.
        let shown = |origin: Value| json!({"credentials": [{"name": "client_secret", "place": "form", "origin": origin}]});
        let mangled = shown(json!({"differs": {"at": "`+` arrived as a space"}}));
        let refused = new_secret(Log::new()).refused_login_spelled(&mangled);
        check(&refused, "CACHE-05", Grade::Unobserved);
        let old = new_secret(Log::new()).refused_login_spelled(&shown(json!("other")));
        check(&old, "CACHE-05", Grade::Broken);
        let both = new_secret(Log::new()).grant(2).refused_login();
        check(&both, "CACHE-05", Grade::Broken);
        check(&new_secret(Log::new()), "CACHE-05", Grade::Unobserved);
    }

    #[test]
    fn another_account_is_used() {
        let you = new_account(Log::new()).grant(2).call_of("a", "you");
        check(&you, "CACHE-05", Grade::Met);
        let me = new_account(Log::new()).call_of("a", "me");
        check(&me, "CACHE-05", Grade::Broken);
        check(&new_account(Log::new()), "CACHE-05", Grade::Unobserved);
    }
}
