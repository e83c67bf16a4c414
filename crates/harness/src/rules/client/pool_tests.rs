use serde_json::json;

use super::*;
use crate::rules::testing::{Log, check};

const PROVIDER: &str = "cognito-idp.r.amazonaws.com/pool";

fn tokens(n: u64) -> Value {
    json!({"AuthenticationResult": {
        "AccessToken": format!("«access token {n} of u»"),
        "IdToken": format!("«id token {n} of u»"),
        "RefreshToken": format!("«refresh token {n} of u»"),
    }})
}

fn password() -> Value {
    json!({"ClientId": "c", "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "u", "PASSWORD": "«unknown»"}})
}

fn signed_in(log: Log) -> Log {
    log.operation("InitiateAuth", &password(), &tokens(1))
}

fn get_id(log: Log, pool: &str, token: &str) -> Log {
    let logins = json!({PROVIDER: token});
    let sent = json!({"IdentityPoolId": pool, "Logins": logins});
    log.operation("GetId", &sent, &json!({}))
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
    let rule = |view: &View<'_>| signs_in_in_order(view, "c", "p");
    let identified = |pool| get_id(signed_in(Log::new()), pool, "«id token 1 of u»");
    check(&api(credentials(identified("p"))), rule, Grade::Met);
    check(&api(credentials(identified("q"))), rule, Grade::Broken);
    check(
        &api(credentials(signed_in(Log::new()))),
        rule,
        Grade::Broken,
    );
    check(&api(Log::new()), rule, Grade::Broken);
    check(&credentials(identified("p")), rule, Grade::Unobserved);
    let other = |view: &View<'_>| signs_in_in_order(view, "another", "p");
    check(&signed_in(Log::new()), other, Grade::Broken);
}

#[test]
fn logins_carry_an_id_token_of_the_pool() {
    let rule = |view: &View<'_>| logins_carry_the_id_token(view, PROVIDER);
    let log = |token| get_id(Log::new(), "p", token);
    check(&log("«id token 1 of u»"), rule, Grade::Met);
    check(&log("«access token 1 of u»"), rule, Grade::Broken);
    check(&log("«unknown»"), rule, Grade::Broken);
    let elsewhere = |view: &View<'_>| logins_carry_the_id_token(view, "other");
    check(&log("«id token 1 of u»"), elsewhere, Grade::Broken);
    check(&Log::new(), rule, Grade::Unobserved);
}

fn challenged() -> Log {
    let reply = json!({"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "«session 1 of u»"});
    Log::new().operation("InitiateAuth", &password(), &reply)
}

fn answer(log: Log, session: &str, keys: &Value) -> Log {
    let sent = json!({"ClientId": "c", "Session": session, "ChallengeResponses": keys});
    log.operation("RespondToAuthChallenge", &sent, &tokens(2))
}

#[test]
fn nothing_comes_before_the_answer_to_a_challenge() {
    let rule = answers_the_challenge_first;
    let answered = || answer(challenged(), "«session 1 of u»", &json!({}));
    check(&challenged(), rule, Grade::Met);
    check(&api(answered()), rule, Grade::Met);
    check(&api(challenged()), rule, Grade::Broken);
    check(&get_id(challenged(), "p", "x"), rule, Grade::Broken);
    let other = answer(challenged(), "«session 9 of u»", &json!({}));
    check(&api(other), rule, Grade::Broken);
    check(&signed_in(Log::new()), rule, Grade::Unobserved);
}

#[test]
fn the_answer_to_a_challenge_has_its_keys() {
    let rule = |view: &View<'_>| answers_the_challenge(view, "c");
    let good = json!({"USERNAME": "u", "NEW_PASSWORD": "«unknown»"});
    let session = "«session 1 of u»";
    check(&answer(challenged(), session, &good), rule, Grade::Met);
    let wrong = json!({"username": "u", "newPassword": "«unknown»"});
    check(&answer(challenged(), session, &wrong), rule, Grade::Broken);
    check(&answer(challenged(), "x", &good), rule, Grade::Broken);
    check(&challenged(), rule, Grade::Broken);
    check(&Log::new(), rule, Grade::Unobserved);
}

#[test]
fn a_renewal_needs_no_password() {
    let rule = sends_the_password_once;
    let refresh = json!({"AuthFlow": "REFRESH_TOKEN", "AuthParameters": {}});
    let renewed = signed_in(Log::new()).operation("InitiateAuth", &refresh, &tokens(2));
    check(&signed_in(renewed), rule, Grade::Broken);
    let renewed = signed_in(Log::new()).operation("InitiateAuth", &refresh, &tokens(2));
    check(&renewed, rule, Grade::Met);
    check(&signed_in(signed_in(Log::new())), rule, Grade::Broken);
    check(&signed_in(Log::new()), rule, Grade::Unobserved);
}

fn revoked(log: Log, n: u64) -> Log {
    let sent = json!({"ClientId": "c", "Token": format!("«refresh token {n} of u»")});
    log.operation("RevokeToken", &sent, &Value::Null)
}

#[test]
fn a_revoked_login_is_left_alone() {
    let rule = uses_nothing_revoked;
    let after = || revoked(signed_in(Log::new()), 1).asked("call");
    check(&after(), rule, Grade::Met);
    check(&get_id(after(), "p", "«id token 9 of u»"), rule, Grade::Met);
    check(
        &get_id(after(), "p", "«id token 1 of u»"),
        rule,
        Grade::Broken,
    );
    let raw = [("Authorization", "«access token 1 of u»")];
    check(&after().signed("GET", &raw, None), rule, Grade::Broken);
    check(&revoked(signed_in(Log::new()), 1), rule, Grade::Unobserved);
    check(
        &signed_in(Log::new()).asked("call"),
        rule,
        Grade::Unobserved,
    );
}

#[test]
fn the_newest_refresh_token_is_revoked_once() {
    let rule = |view: &View<'_>| revokes_the_newest(view, "c");
    let rotated = || signed_in(Log::new()).operation("InitiateAuth", &json!({}), &tokens(2));
    check(&revoked(rotated(), 2), rule, Grade::Met);
    check(&revoked(rotated(), 1), rule, Grade::Broken);
    check(&revoked(revoked(rotated(), 2), 2), rule, Grade::Broken);
    check(&rotated(), rule, Grade::Broken);
    check(&revoked(signed_in(Log::new()), 1), rule, Grade::Unobserved);
}

#[test]
fn signatures_agree_for_a_read_and_an_upload() {
    let rule = signs_correctly;
    let both = || api(Log::new()).signed("POST", &[], None);
    check(&both(), rule, Grade::Met);
    check(&api(Log::new()), rule, Grade::Unobserved);
    let wrong = both().signed("GET", &[], Some("wrong_signature_echoed"));
    check(&wrong, rule, Grade::Broken);
    let expired = both().signed("GET", &[], Some("ended_credentials"));
    check(&expired, rule, Grade::Met);
}

#[test]
fn a_signature_has_date_scope_and_session_token() {
    // The entries of a test log arrive at 10:00.
    let log = |date: &str, scope: &str, token: &str| {
        let scope =
            format!("AWS4-HMAC-SHA256 Credential=A/{scope}/aws4_request, SignedHeaders=host");
        let headers = [
            ("authorization", scope.as_str()),
            ("x-amz-date", date),
            ("X-Amz-Security-Token", token),
        ];
        credentials(Log::new()).signed("GET", &headers, None)
    };
    let (date, scope, token) = (
        "20261124T100400Z",
        "20261124/r/s",
        "«aws credentials 4 of u»",
    );
    check(&log(date, scope, token), dates_and_scopes, Grade::Met);
    let late = log("20261124T100600Z", scope, token);
    check(&late, dates_and_scopes, Grade::Broken);
    check(&log("today", scope, token), dates_and_scopes, Grade::Broken);
    check(
        &log(date, scope, "«unknown»"),
        dates_and_scopes,
        Grade::Broken,
    );
    check(
        &log(date, "20261123/r/s", token),
        dates_and_scopes,
        Grade::Broken,
    );
    check(
        &log(date, "20261124/r/s3", token),
        dates_and_scopes,
        Grade::Broken,
    );
    check(&Log::new(), dates_and_scopes, Grade::Unobserved);
}
