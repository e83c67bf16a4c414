//! How a client of a user pool renews: with which refresh token, and what it keeps.

use serde_json::Value;

use super::commands::{call_follows, calls, config};
use super::plan::controls;
use super::traffic::{Arrival, arrivals};
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

/// The token that a request refreshes with.
fn shown(request: &Arrival<'_>) -> Option<Value> {
    let body = request.sent();
    let token = match request.operation()? {
        "InitiateAuth" => &body["AuthParameters"]["REFRESH_TOKEN"],
        "GetTokensFromRefreshToken" => &body["RefreshToken"],
        _ => return None,
    };
    (!token.is_null()).then(|| token.clone())
}

/// The refresh token that a reply holds.
fn given(request: &Arrival<'_>) -> Option<Value> {
    let token = request.answered()["AuthenticationResult"]["RefreshToken"].clone();
    token.is_string().then_some(token)
}

/// So many calls in a row that fail are not one refusal that a client passes on.
const MIN_FAILED: usize = 2;

/// The first served refresh whose reply has a refresh token, or has none, and the token request
/// that followed it. Where none followed though calls failed, the client has lost its way.
fn renewed<'a>(view: &View<'a>, rotated: bool) -> Result<[Arrival<'a>; 2], Finding> {
    let requests: Vec<_> = arrivals(view).filter(Arrival::is_token_request).collect();
    let is_first = |request: &Arrival<'_>| {
        request.is_served() && shown(request).is_some() && given(request).is_some() == rotated
    };
    let Some(at) = requests.iter().position(is_first) else {
        let what = match rotated {
            true => "no refresh was answered with another refresh token",
            false => "no refresh was answered without a refresh token",
        };
        return Err(unobserved(view, what));
    };
    let first = requests[at];
    if let Some(next) = requests.get(at + 1) {
        return Ok([first, *next]);
    }
    let ended = controls(view, "tokens/expire").find(|(seq, _)| *seq > first.seq);
    let failed = calls(view).into_iter().filter(|call| {
        let is_later = ended.is_some_and(|(end, _)| call.seq > end);
        is_later && call.answer.is_some_and(|(_, reply)| !reply.succeeded())
    });
    match failed.count() {
        ..MIN_FAILED => Err(unobserved(view, "no second refresh was needed").seen_in(first)),
        n => {
            let seen = format!("{n} calls failed, and no token was asked for");
            Err(absent(view, "a second refresh", &seen, first))
        }
    }
}

/// A refresh reply without a refresh token leaves the old one in use.
fn keeps_the_old_token(view: &View<'_>) -> Finding {
    let [first, second] = match renewed(view, false) {
        Ok(pair) => pair,
        Err(finding) => return finding,
    };
    let proof = Proof::from(first).and(second);
    if !second.was_looked_at() {
        return unobserved(view, "the second refresh was not looked at").seen_in(proof);
    }
    let seen = match shown(&second) {
        token if token == shown(&first) => {
            return met(view, "the old token refreshed again", proof);
        }
        Some(_) => "another refresh token",
        None => "a login",
    };
    Finding::broken("a refresh with the old token", seen, proof)
}

/// After a rotation the newest refresh token is used.
fn takes_the_newest_token(view: &View<'_>) -> Finding {
    let [first, second] = match renewed(view, true) {
        Ok(pair) => pair,
        Err(finding) => return finding,
    };
    let proof = Proof::from(first).and(second);
    if !second.was_looked_at() {
        return unobserved(view, "the second refresh was not looked at").seen_in(proof);
    }
    match shown(&second) {
        token if token == given(&first) => met(view, "the newest token refreshed", proof),
        token if token == shown(&first) => {
            Finding::broken("a refresh with the newest token", "the old token", proof)
        }
        _ => unobserved(view, "not graded: neither the old nor the newest token").seen_in(proof),
    }
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
        shown(request).is_some() && is_it
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
        .filter(|request| request.is_token_request() && shown(request).is_none())
        .collect();
    let again = arrivals(view)
        .filter(|request| end.is_some_and(|end| request.seq > end))
        .find(|request| shown(request) == shown(&refused));
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

/// Whether this is a served request for AWS credentials or an identity.
fn is(request: &Arrival<'_>, operation: &str) -> bool {
    request.operation() == Some(operation) && request.is_served()
}

/// The identity is asked for once, however often its credentials are renewed.
fn keeps_its_identity(view: &View<'_>) -> Finding {
    let of = |name: &'static str| arrivals(view).filter(move |request| is(request, name));
    let credentials: Vec<_> = of("GetCredentialsForIdentity").collect();
    if credentials.len() < 2 {
        return unobserved(view, "AWS credentials were not renewed");
    }
    let identities: Vec<_> = of("GetId").collect();
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
    let before = arrivals(view).take_while(|request| request.seq < revocation.seq);
    let old: Vec<String> = before
        .filter(|request| is(request, "GetCredentialsForIdentity"))
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
