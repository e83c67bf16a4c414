//! How a client of a user pool renews: with which refresh token, and what it keeps.

use super::commands::{call_follows, calls, config};
use super::refresh::shown_refresh_token;
use super::refresh_request::{given_refresh_token, renewed, takes_the_newest_token};
use super::traffic::{Arrival, arrivals, credential_fetches};
use super::{absent, met, unobserved};
use crate::evidence::RecordId;
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("COG-03", keeps_the_old_token),
    Rule::client("COG-04", takes_the_newest_token),
    Rule::client("COG-05", logs_in_anew),
    Rule::client("COG-10", keeps_its_identity),
    Rule::client("COG-17", signs_nothing_after_its_revocation),
];

/// A refresh reply without a refresh token leaves the old one in use.
fn keeps_the_old_token(view: &View<'_>) -> Finding {
    let keeps = |one: &Arrival<'_>| given_refresh_token(one).is_none();
    let what = "no refresh was answered without a refresh token";
    let [first, second] = match renewed(view, keeps, |_| true, what) {
        Ok(pair) => pair,
        Err(finding) => return finding,
    };
    let proof = Proof::from(first).and(second);
    if !second.was_looked_at() {
        return unobserved(view, "the second refresh was not looked at").seen_in(proof);
    }
    let seen = match shown_refresh_token(&second) {
        token if token == shown_refresh_token(&first) => {
            return met(view, "the old token refreshed again", proof);
        }
        Some(_) => "another refresh token",
        None => "a login",
    };
    Finding::broken("a refresh with the old token", seen, proof)
}

/// The answer to the call that was under way at this record, or to the one after it.
fn end_of_call(view: &View<'_>, seq: RecordId) -> Option<RecordId> {
    let mut ends = calls(view)
        .into_iter()
        .filter_map(|call| call.answer)
        .map(|(at, _)| at);
    ends.find(|at| *at > seq)
}

/// A client with a password logs in once or twice when its refresh token is refused.
fn logs_in_anew(view: &View<'_>) -> Finding {
    let is_refused = |request: &Arrival<'_>| {
        let kind = request.answered()["__type"].clone();
        let is_it = kind
            .as_str()
            .is_some_and(|kind| kind.ends_with("NotAuthorizedException"));
        shown_refresh_token(request).is_some() && is_it
    };
    let Some(refused) = arrivals(view).find(is_refused) else {
        return unobserved(view, "no refresh token was refused");
    };
    let holds = config(view).is_some_and(|config| config.contains_key("password"));
    if !holds {
        return unobserved(view, "the client was given no password");
    }
    let end = end_of_call(view, refused.seq);
    let logins: Vec<_> = arrivals(view)
        .filter(|request| request.seq > refused.seq && end.is_none_or(|end| request.seq < end))
        .filter(|request| request.is_token_request() && shown_refresh_token(request).is_none())
        .collect();
    let shows_it = |request: &Arrival<'_>| {
        request.seq > refused.seq && shown_refresh_token(request) == shown_refresh_token(&refused)
    };
    let is_within = |request: &Arrival<'_>| end.is_none_or(|end| request.seq < end);
    let shown: Vec<_> = arrivals(view).filter(shows_it).collect();
    let within: Vec<_> = shown.iter().filter(|one| is_within(one)).copied().collect();
    if within.len() > MAX_REPEATS
        && let Some(proof) = Proof::all(within.iter().copied())
    {
        let seen = format!(
            "the refused refresh token was sent {} times",
            within.len() + 1
        );
        return Finding::broken("a login", seen, Proof::from(refused).and(proof));
    }
    let again = shown.into_iter().find(|request| !is_within(request));
    if let Some(again) = again {
        let seen = "the refused refresh token was sent again in a later call";
        return Finding::broken("a login", seen, Proof::from(refused).and(again));
    }
    let proof = logins
        .iter()
        .fold(Proof::from(refused), |proof, login| proof.and(*login));
    match logins.len() {
        1 | 2 => met(view, format!("{} logins", logins.len()), proof),
        0 => absent(view, "one login", "no login", proof),
        n => Finding::broken("one login", format!("{n} logins"), proof),
    }
}

/// A client may ask once more, by another operation perhaps, before it takes a refusal for one.
const MAX_REPEATS: usize = 1;

/// Whether this is a served request for this operation.
fn is(request: &Arrival<'_>, operation: &str) -> bool {
    request.operation() == Some(operation) && request.is_served()
}

/// The identity is asked for once, however often its credentials are renewed.
fn keeps_its_identity(view: &View<'_>) -> Finding {
    let credentials: Vec<_> = credential_fetches(view)
        .filter(Arrival::is_served)
        .collect();
    if credentials.len() < 2 {
        return unobserved(view, "AWS credentials were not renewed");
    }
    let identities = arrivals(view).filter(|request| is(request, "GetId"));
    let identities: Vec<_> = identities.collect();
    let all = identities.iter().chain(&credentials).copied();
    let Some(proof) = Proof::all(all) else {
        return unobserved(view, "AWS credentials were not renewed");
    };
    match identities.len() {
        0 | 1 => met(view, "one GetId", proof),
        n => Finding::broken("one GetId", format!("{n} GetId"), proof),
    }
}

/// After its own revocation the client signs nothing with AWS credentials of that login.
fn signs_nothing_after_its_revocation(view: &View<'_>) -> Finding {
    let Some(revocation) = arrivals(view).find(|request| is(request, "RevokeToken")) else {
        return unobserved(view, "the client revoked nothing");
    };
    let session = |request: Arrival<'_>| {
        let token = request.answered()["Credentials"]["SessionToken"].clone();
        token.as_str().map(str::to_owned)
    };
    let before = credential_fetches(view).take_while(|request| request.seq < revocation.seq);
    let old: Vec<String> = before
        .filter(Arrival::is_served)
        .filter_map(session)
        .collect();
    if old.is_empty() || !call_follows(view, revocation.seq) {
        return unobserved(view, "no call was asked for after the revocation");
    }
    let later: Vec<_> = arrivals(view)
        .filter(|request| request.seq > revocation.seq && request.is_api_request(view))
        .collect();
    let is_old = |call: &&Arrival<'_>| {
        let shown = call.header("x-amz-security-token");
        old.iter().any(|token| token == shown)
    };
    if let Some(calls) = Proof::all(later.iter().filter(is_old).copied()) {
        return Finding::broken(
            "credentials of a new login",
            "those of the revoked login",
            Proof::from(revocation).and(calls),
        );
    }
    let Some(call) = later.first() else {
        return met(view, "nothing was signed after the revocation", revocation);
    };
    let proof = Proof::from(revocation).and(*call);
    if !call.was_looked_at() {
        return unobserved(view, "the call after the revocation was not looked at").seen_in(proof);
    }
    met(view, "signed with credentials of a new login", proof)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use crate::rules::client::testing::{check, password, tokens};
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("COG-03", |log| refresh(kept(log), 1, &kept_reply())),
        ("COG-04", |log| refresh(rotated(log), 2, &tokens(3))),
        ("COG-05", |log| login(refused(log))),
        ("COG-10", |log| keys(keys(identity(login(log)), 1), 2)),
        ("COG-17", |log| called(keys(revoked(log), 2), 2)),
    ];

    fn login(log: Log) -> Log {
        log.operation("InitiateAuth", &password(), &tokens(1))
    }

    fn refresh(log: Log, shown: u64, answered: &Value) -> Log {
        let sent = json!({"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters":
            {"REFRESH_TOKEN": format!("«refresh token {shown} of u»")}});
        log.operation("InitiateAuth", &sent, answered)
    }

    fn kept_reply() -> Value {
        json!({"AuthenticationResult": {"AccessToken": "«access token 4 of u»"}})
    }

    fn kept(log: Log) -> Log {
        refresh(login(log.configured()), 1, &kept_reply())
    }

    fn rotated(log: Log) -> Log {
        refresh(login(log.configured()), 1, &tokens(2))
    }

    fn refused(log: Log) -> Log {
        refresh(
            login(log.configured()),
            1,
            &json!({"__type": "NotAuthorizedException"}),
        )
    }

    fn identity(log: Log) -> Log {
        log.operation("GetId", &json!({}), &json!({"IdentityId": "i"}))
    }

    fn keys(log: Log, n: u64) -> Log {
        let reply = json!({"Credentials": {"SessionToken": format!("«aws credentials {n} of u»")}});
        log.operation("GetCredentialsForIdentity", &json!({}), &reply)
    }

    fn revoked(log: Log) -> Log {
        let sent = json!({"Token": "«refresh token 1 of u»"});
        keys(login(log), 1)
            .operation("RevokeToken", &sent, &Value::Null)
            .asked_for_a_call()
    }

    fn called(log: Log, n: u64) -> Log {
        let token = format!("«aws credentials {n} of u»");
        log.signed("GET", &[("x-amz-security-token", &token)], None)
    }

    #[test]
    fn a_token_that_was_not_replaced_stays_in_use() {
        check(&login(kept(Log::new())), "COG-03", Grade::Broken);
        check(
            &refresh(kept(Log::new()), 9, &kept_reply()),
            "COG-03",
            Grade::Broken,
        );
        check(&kept(Log::new()), "COG-03", Grade::Unobserved);
        check(
            &refresh(rotated(Log::new()), 2, &tokens(3)),
            "COG-03",
            Grade::Unobserved,
        );
    }

    #[test]
    fn the_newest_token_refreshes() {
        check(
            &refresh(rotated(Log::new()), 1, &tokens(3)),
            "COG-04",
            Grade::Broken,
        );
        check(&login(rotated(Log::new())), "COG-04", Grade::Unobserved);
        check(&rotated(Log::new()), "COG-04", Grade::Unobserved);
    }

    #[test]
    fn a_refused_refresh_leads_to_one_login() {
        check(&refused(Log::new()), "COG-05", Grade::Broken);
        check(&login(login(refused(Log::new()))), "COG-05", Grade::Met);
        check(
            &login(login(login(refused(Log::new())))),
            "COG-05",
            Grade::Broken,
        );
        check(&login(Log::new().configured()), "COG-05", Grade::Unobserved);
        // A loop with the refused token, and a login in the end.
        let refuse = |log| refresh(log, 1, &json!({"__type": "NotAuthorizedException"}));
        let twice = refuse(refused(Log::new()));
        check(&login(twice), "COG-05", Grade::Met);
        let thrice = refuse(refuse(refused(Log::new())));
        check(&login(thrice), "COG-05", Grade::Broken);
        let next = refused(Log::new().configured()).failed_call(|log| log);
        check(&next.call(200, login), "COG-05", Grade::Broken);
        let first = || Log::new().call(200, |log| login(refused(log)));
        check(&first().call(200, login), "COG-05", Grade::Met);
        let dead = |log| {
            let no = json!({"__type": "NotAuthorizedException"});
            login(refresh(log, 1, &no))
        };
        check(&first().call(200, dead), "COG-05", Grade::Broken);
    }

    #[test]
    fn an_identity_is_kept() {
        let twice = keys(identity(keys(identity(login(Log::new())), 1)), 2);
        check(&twice, "COG-10", Grade::Broken);
        check(
            &keys(identity(login(Log::new())), 1),
            "COG-10",
            Grade::Unobserved,
        );
    }

    #[test]
    fn credentials_of_a_revoked_login_sign_nothing() {
        check(&called(revoked(Log::new()), 1), "COG-17", Grade::Broken);
        check(&revoked(Log::new()), "COG-17", Grade::Met);
        check(&login(Log::new()), "COG-17", Grade::Unobserved);
    }
}
