//! Each rule over each way in which an exchange comes to nothing.

use locum_core::Outcome;
use serde_json::{Value, json};

use super::testing::{PROVIDER, check, password, tokens};
use crate::rules::testing::{FAILURES, Log};
use crate::verdict::Grade;

const UNTOLD: &str = r#"{"access_token":"«t»"}"#;

fn served(log: Log) -> Log {
    log.api(1, Outcome::Admitted)
}

fn upgrade(log: Log) -> Log {
    let target = "/s?tenant-name=t&token=Bearer%20«t»";
    log.asked_to_open("wss://h/s?tenant-name=t").arrival(
        "streams",
        target,
        &[("Upgrade", "websocket")],
        "",
    )
}

fn pool_login(log: Log) -> Log {
    let logins = json!({"IdentityPoolId": "p", "Logins": {PROVIDER: "«id token 1 of u»"}});
    let keys = json!({"Credentials": {"SessionToken": "«aws»"}});
    let headers = [
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=A/20261124/r/s/aws4_request, x",
        ),
        ("x-amz-date", "20261124T100000Z"),
        ("x-amz-security-token", "«aws»"),
    ];
    log.configured()
        .operation("InitiateAuth", &password(), &tokens(1))
        .operation("GetId", &logins, &json!({"IdentityId": "i"}))
        .operation("GetCredentialsForIdentity", &logins, &keys)
        .signed("GET", &headers, None)
        .signed("POST", &headers, None)
}

fn challenged(log: Log) -> Log {
    let session = "«session 1 of u»";
    let reply = json!({"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": session});
    let keys = json!({"USERNAME": "u", "NEW_PASSWORD": "«unknown»"});
    let answer = json!({"ClientId": "c", "Session": session, "ChallengeResponses": keys});
    log.configured()
        .operation("InitiateAuth", &password(), &reply)
        .operation("RespondToAuthChallenge", &answer, &tokens(2))
}

fn rotated(log: Log) -> Log {
    let refresh = json!({"ClientId": "c", "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": {"REFRESH_TOKEN": "«refresh token 1 of u»"}});
    log.configured()
        .operation("InitiateAuth", &password(), &tokens(1))
        .operation("InitiateAuth", &refresh, &tokens(2))
}

fn revoked(log: Log) -> Log {
    let token = json!({"ClientId": "c", "Token": "«refresh token 2 of u»"});
    rotated(log)
        .operation("RevokeToken", &token, &Value::Null)
        .asked_for_a_call()
}

fn refused(log: Log) -> Log {
    log.grant(1).call(200, served).call(200, |log| {
        log.api(1, Outcome::Denied)
            .grant(2)
            .api(2, Outcome::Admitted)
    })
}

fn tenant(log: Log) -> Log {
    let credentials = "client_id=a&client_secret=«s»";
    log.arrival("token", "/realms/t/token", &[], credentials)
        .arrival("things", "/v2/things", &[("Tenant-Name", "t")], "")
}

/// Adds what a client did to a log.
pub(super) type Traffic = fn(Log) -> Log;

/// For each rule a client that does well: of the topics that keep them beside their rules, and here.
fn all() -> impl Iterator<Item = (&'static str, Traffic)> {
    let topics = [
        GOOD,
        super::margin::tests::GOOD,
        super::refusals::tests::GOOD,
        super::backoff::tests::GOOD,
        super::retry_after::tests::GOOD,
        super::accounts::tests::GOOD,
        super::burst::tests::GOOD,
        super::caching::tests::GOOD,
        super::renewal::tests::GOOD,
        super::basic::tests::GOOD,
        super::bearer::tests::GOOD,
        super::multipart::tests::GOOD,
        super::places::tests::GOOD,
        super::token_request::tests::GOOD,
        super::creation::tests::GOOD,
        super::error_replies::tests::GOOD,
        super::late_refusal::tests::GOOD,
        super::messages::tests::GOOD,
        super::redirect::tests::GOOD,
        super::refusal_forms::tests::GOOD,
        super::resend::tests::GOOD,
        super::token_outage::tests::GOOD,
        super::token_url::tests::GOOD,
        super::token_reply::tests::GOOD,
        super::unusable_reply::tests::GOOD,
        super::next_token::tests::GOOD,
        super::token_jwt::tests::GOOD,
        super::tls::tests::GOOD,
        super::stored::tests::GOOD,
        super::webhook::tests::GOOD,
        super::socket::tests::GOOD,
        super::refresh_request::tests::GOOD,
        super::revocation::tests::GOOD,
        super::odd_lifetime::tests::GOOD,
        super::pool_renewal::tests::GOOD,
        super::aws_credentials::tests::GOOD,
        super::challenge::tests::GOOD,
        super::clock_skew::tests::GOOD,
        super::signed_targets::tests::GOOD,
        super::presigned::tests::GOOD,
        super::sign_in::tests::GOOD,
        super::paging::tests::GOOD,
        super::code_login::tests::GOOD,
    ];
    topics.into_iter().flatten().copied()
}

/// For each rule a client that does well.
const GOOD: &[(&str, Traffic)] = &[
    ("CLI-29", |log| served(log.grant(1))),
    ("CACHE-01", |log| {
        log.grant(1).call(200, served).call(200, served)
    }),
    ("SF-01", |log| {
        log.calls_at_once(2, |log| served(served(log.grant(1))))
    }),
    ("CLI-08", |log| {
        let log = served(served(log.granted(1, UNTOLD))).client_clock(3601.0);
        log.grant(2).api(2, Outcome::Admitted)
    }),
    ("EXP-04", |log| log.granted(1, UNTOLD).call(200, served)),
    ("LOG-01@pattern", |log| served(log.output_heard().grant(1))),
    ("CLI-05@pattern", refused),
    ("RET-01", refused),
    ("REQ-06", tenant),
    ("REQ-08", tenant),
    ("WSS-08", upgrade),
    ("WSS-09", upgrade),
    ("WSS-10", upgrade),
    ("WSS-11", upgrade),
    ("COG-16", pool_login),
    ("COG-11", pool_login),
    ("COG-24", pool_login),
    ("SIG-01", pool_login),
    ("SIG-02", pool_login),
    ("COG-01", challenged),
    ("COG-14", challenged),
    ("COG-02", rotated),
    ("COG-06", revoked),
    ("REV-09", revoked),
];

/// Rows that report what a client does, and find nothing good or bad in it.
const FACTS: [&str; 4] = ["BAS-02", "BRR-09", "TLS-06", "TOK-20"];

/// What the rule says of a good client.
fn best(id: &str) -> Grade {
    match FACTS.contains(&id) {
        true => Grade::Fact,
        false => Grade::Met,
    }
}

#[test]
fn each_rule_of_a_client_has_a_good_one() {
    let rules = super::TOPICS.iter().flat_map(|rules| rules.iter());
    let mut ids: Vec<&str> = rules.map(|rule| rule.id).collect();
    let id = |(id, _): &(&'static str, _)| id.split_once('@').map_or(*id, |(id, _)| id);
    let mut good: Vec<&str> = all().map(|good| id(&good)).collect();
    ids.sort_unstable();
    good.sort_unstable();
    assert_eq!(ids, good);
    for (id, good) in all() {
        check(&good(Log::with_tenants()), id, best(id));
    }
}

/// A client that got nothing from the vendor has shown nothing good.
#[test]
fn a_vendor_that_fails_never_makes_a_rule_green() {
    // What was measured rests on calls that were served.
    let measured = |(id, _): &(&str, Traffic)| super::margin::tests::is_measured(id);
    // How a failure of the vendor is reported is what this row is about.
    let reported = |(id, _): &(&str, Traffic)| *id == "ERR-18";
    // A client that refuses to speak with somebody has nothing from the vendor, rightly.
    let refuses = |(id, _): &(&str, Traffic)| super::tls::REFUSALS.contains(id);
    for (id, good) in all().filter(|good| !measured(good) && !reported(good) && !refuses(good)) {
        for how in FAILURES {
            let log = good(Log::with_tenants().failing(how));
            let finding = super::super::find(id.split('@').next().expect("an id"), CLIENT)
                .map(|rule| log.judge(rule))
                .expect("a rule");
            assert!(
                !matches!(finding.grade(), Grade::Met | Grade::Fact),
                "{id} {how:?}: {finding:#?}"
            );
        }
    }
}

const CLIENT: locum_core::requirement::Judge = locum_core::requirement::Judge::Client;

/// Whatever a client did well before it went away: the row ends with ERROR.
#[test]
fn a_client_that_went_away_never_makes_a_rule_green() {
    for (id, good) in all() {
        // The row forbids the crash itself, and its client had done all before.
        check(&good(Log::with_tenants()).client_gone(), id, Grade::Gone);
        check(&Log::with_tenants().client_gone(), id, Grade::Gone);
    }
}

/// Traffic that nobody asked for never breaks what depends on what was asked.
#[test]
fn rules_read_a_bare_journal() {
    for (id, good) in all() {
        let log = good(Log::with_tenants());
        let entries: Vec<_> = log
            .log
            .evidence()
            .entries()
            .map(|(_, entry)| entry.clone())
            .collect();
        let mut bare = Log::with_tenants();
        bare.profile = log.profile.clone();
        for entry in &entries {
            bare.log.entry(entry);
        }
        let rule = super::super::find(id.split('@').next().expect("an id"), CLIENT);
        let finding = bare.judge(rule.expect("a rule"));
        assert!(
            [best(id), Grade::Unobserved].contains(&finding.grade()),
            "{id}: {finding:#?}"
        );
    }
}
