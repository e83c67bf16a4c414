//! What a client does with its refresh token: renews with it, revokes it, and leaves alone what
//! ended with it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::commands::{asked, call_follows, configured, is_asked};
use super::traffic::{Arrival, arrivals};
use super::{Fault, absent, met, unobserved, worst};
use crate::evidence::RecordId;
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("COG-02", sends_the_password_once),
    Rule::client("COG-06", uses_nothing_revoked),
    Rule::client("REV-09", revokes_the_newest),
];

/// The refresh token that a request shows to get new tokens.
pub(crate) fn shown_refresh_token(arrival: &Arrival<'_>) -> Option<String> {
    let Some(operation) = arrival.operation() else {
        let form = arrival.entry.body.as_deref()?;
        let token = form
            .split('&')
            .find_map(|pair| pair.strip_prefix("refresh_token="));
        return token.map(str::to_owned);
    };
    let body = arrival.sent();
    let token = match operation {
        "InitiateAuth" => &body["AuthParameters"]["REFRESH_TOKEN"],
        "GetTokensFromRefreshToken" => &body["RefreshToken"],
        _ => return None,
    };
    token.as_str().map(str::to_owned)
}

/// The names of the tokens that a request was given.
fn given(arrival: &Arrival<'_>) -> Vec<String> {
    let reply = arrival.answered();
    let members = ["AccessToken", "IdToken", "RefreshToken"].into_iter();
    members
        .filter_map(|name| reply["AuthenticationResult"][name].as_str())
        .map(str::to_owned)
        .collect()
}

fn is_revocation(arrival: &Arrival<'_>) -> bool {
    arrival.operation() == Some("RevokeToken")
}

/// While it holds a refresh token the client renews with it, and sends no password.
fn sends_the_password_once(view: &View<'_>) -> Finding {
    let shows_password =
        |arrival: &Arrival<'_>| arrival.sent()["AuthParameters"]["PASSWORD"].is_string();
    let logins: Vec<_> = arrivals(view).filter(Arrival::is_token_request).collect();
    let holds = logins.iter().find(|login| {
        let reply = login.answered();
        login.is_served() && reply["AuthenticationResult"]["RefreshToken"].is_string()
    });
    let refresh = logins
        .iter()
        .find(|login| login.is_served() && shown_refresh_token(login).is_some());
    let Some(first) = holds.or(refresh) else {
        return unobserved(view, "the client was given no refresh token");
    };
    let again: Vec<_> = logins
        .iter()
        .filter(|login| login.seq > first.seq && shows_password(login))
        .collect();
    if let Some(password) = again.first() {
        let mut between = arrivals(view)
            .skip_while(|arrival| arrival.seq <= first.seq)
            .take_while(|arrival| arrival.seq < password.seq);
        let had_to = between.any(|arrival| {
            is_revocation(&arrival)
                || shown_refresh_token(&arrival).is_some() && !arrival.is_served()
        });
        let asked = asked(view);
        let instances = asked.iter().filter(|asked| asked.command.op() == "new");
        if had_to || instances.count() != 1 {
            let what = "the password was sent again, and the client may have had to";
            return unobserved(view, what).seen_in(**password);
        }
        let faults: Vec<_> = again
            .iter()
            .map(|login| Fault::broken(**login, "the password was sent again"))
            .collect();
        if let Some(finding) = worst(&faults, "a refresh") {
            return finding;
        }
    }
    match refresh {
        Some(refresh) => {
            let proof = Proof::from(*first).and(*refresh);
            met(view, "renewed with the refresh token", proof)
        }
        None => unobserved(view, "the client did not renew its tokens"),
    }
}

/// All tokens of the login that the refresh token `token` belongs to, given before `until`.
fn family(view: &View<'_>, token: &str, until: RecordId) -> BTreeSet<String> {
    let mut families: Vec<BTreeSet<String>> = Vec::new();
    let before = arrivals(view).take_while(|arrival| arrival.seq < until);
    for arrival in before.filter(Arrival::is_served) {
        let given = given(&arrival);
        if given.is_empty() {
            continue;
        }
        let parent = shown_refresh_token(&arrival);
        let known = families
            .iter_mut()
            .find(|family| parent.as_ref().is_some_and(|token| family.contains(token)));
        match known {
            Some(family) => family.extend(given),
            None => families.push(given.into_iter().chain(parent).collect()),
        }
    }
    let is_its = |family: &BTreeSet<String>| family.contains(token);
    families.into_iter().find(is_its).unwrap_or_default()
}

/// After a revocation that the vendor confirmed no later request carries a token of that login. AWS
/// credentials end by themselves and are not looked at.
fn uses_nothing_revoked(view: &View<'_>) -> Finding {
    let revocation = arrivals(view).find(|arrival| is_revocation(arrival) && arrival.is_served());
    let Some(revocation) = revocation else {
        return unobserved(view, "the client revoked nothing");
    };
    let token = revocation.sent()["Token"].as_str().map(str::to_owned);
    let ended = token.map(|token| family(view, &token, revocation.seq));
    let Some(ended) = ended.filter(|ended| !ended.is_empty()) else {
        return unobserved(view, "it is not known which login was revoked");
    };
    let later: Vec<_> = arrivals(view)
        .filter(|arrival| arrival.seq > revocation.seq)
        .collect();
    // The same revocation once more uses nothing.
    let uses = |arrival: &&Arrival<'_>| {
        !is_revocation(arrival) && ended.iter().any(|token| arrival.shows(token))
    };
    let faults: Vec<_> = later
        .iter()
        .filter(uses)
        .map(|arrival| Fault::broken(*arrival, "a revoked token was used"))
        .collect();
    if let Some(finding) = worst(&faults, "no token of the revoked login") {
        return finding;
    }
    // A revocation once more is no later request that could have used a token.
    let later: Vec<_> = later.into_iter().filter(|it| !is_revocation(it)).collect();
    let looked_at = later.iter().filter(|arrival| arrival.was_looked_at());
    let is_asked = call_follows(view, revocation.seq);
    match Proof::all(looked_at.copied()) {
        Some(proof) => met(
            view,
            "no token of the revoked login was used",
            Proof::from(revocation).and(proof),
        ),
        None if later.is_empty() && is_asked => {
            met(view, "no token of the revoked login was used", revocation)
        }
        None if is_asked => unobserved(view, "no request after the revocation was looked at"),
        None => unobserved(view, "no call was asked for after the revocation"),
    }
}

/// One revocation, of the newest refresh token that the client was given.
fn revokes_the_newest(view: &View<'_>) -> Finding {
    let revocations: Vec<_> = arrivals(view).filter(is_revocation).collect();
    let before = revocations.first().map(|revocation| revocation.seq);
    let mut refreshes: Vec<(Value, Arrival<'_>)> = Vec::new();
    for arrival in arrivals(view).take_while(|arrival| before.is_none_or(|at| arrival.seq < at)) {
        let token = arrival.answered()["AuthenticationResult"]["RefreshToken"].clone();
        let is_new = refreshes.last().is_none_or(|(known, _)| *known != token);
        if token.is_string() && is_new && arrival.is_served() {
            refreshes.push((token, arrival));
        }
    }
    let [.., _, (newest, renewal)] = &refreshes[..] else {
        let what = "the refresh token was not rotated before the revocation";
        return unobserved(view, what);
    };
    let client_id = renewal.sent()["ClientId"].clone();
    let client_id = configured(view, "client_id").map_or(client_id, Value::from);
    let faults: Vec<_> = revocations
        .iter()
        .filter_map(|revocation| {
            let body = revocation.sent();
            let seen = match () {
                () if body["Token"] != *newest => "another token was revoked",
                () if body["ClientId"] != client_id => "another ClientId",
                () => return None,
            };
            Some(Fault::broken(*revocation, seen))
        })
        .collect();
    let expected = "one RevokeToken with the newest refresh token and its ClientId";
    if let Some(finding) = worst(&faults, expected) {
        return finding;
    }
    let served: Vec<_> = revocations.iter().filter(|it| it.is_served()).collect();
    match served[..] {
        [revocation] => {
            let proof = Proof::from(*renewal).and(*revocation);
            met(view, "the newest refresh token was revoked", proof)
        }
        [first, second, ..] => {
            let proof = Proof::from(*first).and(*second);
            Finding::broken(expected, "more than one revocation", proof)
        }
        [] if !revocations.is_empty() => unobserved(view, "no revocation was served"),
        [] if is_asked(view, "revoke") => absent(view, expected, "no revocation arrived", *renewal),
        [] => unobserved(view, "no revocation was asked for"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::client::testing::{check, password, tokens};
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    fn signed_in(log: Log) -> Log {
        log.operation("InitiateAuth", &password(), &tokens(1))
    }

    fn log() -> Log {
        signed_in(Log::new().configured())
    }

    /// A renewal with refresh token `old`, which gives the tokens `new`.
    fn refresh(old: u64, new: u64) -> (Value, Value) {
        let token = format!("«refresh token {old} of u»");
        let sent = json!({"ClientId": "c", "AuthFlow": "REFRESH_TOKEN_AUTH",
            "AuthParameters": {"REFRESH_TOKEN": token}});
        (sent, tokens(new))
    }

    fn refreshed(log: Log, old: u64, new: u64) -> Log {
        let (sent, reply) = refresh(old, new);
        log.operation("InitiateAuth", &sent, &reply)
    }

    #[test]
    fn a_renewal_needs_no_password() {
        check(&refreshed(log(), 1, 2), "COG-02", Grade::Met);
        check(&signed_in(refreshed(log(), 1, 2)), "COG-02", Grade::Broken);
        check(&signed_in(log()), "COG-02", Grade::Broken);
        check(&log(), "COG-02", Grade::Unobserved);
        let all = check(&signed_in(signed_in(log())), "COG-02", Grade::Broken);
        assert_eq!(all.evidence().len(), 2);
    }

    /// A login that had failed, or a refresh that was refused, counted as the client's fault.
    #[test]
    fn a_client_that_had_to_may_send_its_password_again() {
        let failed = Log::new().configured();
        let failed = failed.failed_operation("InitiateAuth", &password(), 500);
        check(&refreshed(signed_in(failed), 1, 2), "COG-02", Grade::Met);
        let (sent, _) = refresh(1, 2);
        let refused = log().failed_operation("InitiateAuth", &sent, 400);
        check(&signed_in(refused), "COG-02", Grade::Unobserved);
        check(&signed_in(revoked(log(), 1)), "COG-02", Grade::Unobserved);
        // Without commands it may be another client of the same user.
        let watched = signed_in(signed_in(Log::new()));
        check(&watched, "COG-02", Grade::Unobserved);
        check(
            &refreshed(signed_in(Log::new()), 1, 2),
            "COG-02",
            Grade::Met,
        );
    }

    fn revoked(log: Log, n: u64) -> Log {
        let sent = json!({"ClientId": "c", "Token": format!("«refresh token {n} of u»")});
        log.operation("RevokeToken", &sent, &Value::Null)
    }

    fn get_id(log: Log, n: u64) -> Log {
        let sent = json!({"Logins": {"p": format!("«id token {n} of u»")}});
        log.operation("GetId", &sent, &json!({"IdentityId": "i"}))
    }

    #[test]
    fn a_revoked_login_is_left_alone() {
        let after = || revoked(log(), 1).asked_for_a_call();
        check(&after(), "COG-06", Grade::Met);
        check(&get_id(after(), 9), "COG-06", Grade::Met);
        check(&get_id(after(), 1), "COG-06", Grade::Broken);
        let raw = [("Authorization", "«access token 1 of u»")];
        check(&after().signed("GET", &raw, None), "COG-06", Grade::Broken);
        check(&refreshed(after(), 1, 2), "COG-06", Grade::Broken);
        check(&revoked(log(), 1), "COG-06", Grade::Unobserved);
        // The revocation sent twice was taken for a call after it.
        let twice = revoked(revoked(log(), 1), 1);
        check(&twice, "COG-06", Grade::Unobserved);
        check(&log().asked_for_a_call(), "COG-06", Grade::Unobserved);
        check(&after().client_gone(), "COG-06", Grade::Gone);
    }

    /// What was issued in another login lives on, and was called revoked.
    #[test]
    fn another_login_is_not_revoked() {
        let second = |log: Log| log.operation("InitiateAuth", &password(), &tokens(5));
        let after = || revoked(second(log()), 1).asked_for_a_call();
        check(&get_id(after(), 5), "COG-06", Grade::Met);
        check(&get_id(after(), 1), "COG-06", Grade::Broken);
        let rotated = || revoked(refreshed(log(), 1, 2), 2).asked_for_a_call();
        check(&get_id(rotated(), 1), "COG-06", Grade::Broken);
        check(&get_id(rotated(), 2), "COG-06", Grade::Broken);
    }

    #[test]
    fn a_revocation_that_failed_is_none() {
        let sent = json!({"ClientId": "c", "Token": "«refresh token 1 of u»"});
        let failed = log().failed_operation("RevokeToken", &sent, 500);
        let used = get_id(failed.asked_for_a_call(), 1);
        check(&used, "COG-06", Grade::Unobserved);
        let later = revoked(log(), 1).asked_for_a_call();
        let later = later.failed_operation("InitiateAuth", &password(), 500);
        check(&later, "COG-06", Grade::Unobserved);
    }

    #[test]
    fn the_newest_refresh_token_is_revoked_once() {
        let rotated = || refreshed(log(), 1, 2);
        check(&revoked(rotated(), 2), "REV-09", Grade::Met);
        check(&revoked(rotated(), 1), "REV-09", Grade::Broken);
        check(&revoked(revoked(rotated(), 2), 2), "REV-09", Grade::Broken);
        check(&rotated(), "REV-09", Grade::Unobserved);
        check(&rotated().asked_to_revoke(), "REV-09", Grade::Broken);
        let crashed = rotated().asked_to_revoke().client_gone();
        check(&crashed, "REV-09", Grade::Gone);
        check(&revoked(log(), 1), "REV-09", Grade::Unobserved);
        let other = json!({"ClientId": "d", "Token": "«refresh token 2 of u»"});
        let other = rotated().operation("RevokeToken", &other, &Value::Null);
        check(&other, "REV-09", Grade::Broken);
    }

    /// A revocation that was repeated because the first got a 500 counted as two.
    #[test]
    fn a_revocation_that_was_not_served_may_be_repeated() {
        let sent = json!({"ClientId": "c", "Token": "«refresh token 2 of u»"});
        let failed = || refreshed(log(), 1, 2).failed_operation("RevokeToken", &sent, 500);
        check(&failed(), "REV-09", Grade::Unobserved);
        check(&revoked(failed(), 2), "REV-09", Grade::Met);
    }
}
