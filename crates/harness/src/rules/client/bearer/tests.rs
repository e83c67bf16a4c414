//! How access tokens are shown, well and badly.

use serde_json::{Value, json};

use crate::rules::client::testing::{called, check, login, reply};
use crate::rules::client::tests::Traffic;
use crate::rules::testing::Log;
use crate::verdict::Grade;

const TOKEN: &str = "Bearer «access token 1 of a»";

pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
    ("BRR-01", good),
    ("BRR-02", good),
    ("BRR-07", |log| {
        called(
            login(log),
            "POST",
            "/v2/things",
            &[("authorization", TOKEN)],
            r#"{"a":1}"#,
            &json!({}),
        )
    }),
    ("BRR-08", good),
    ("BRR-09", |log| {
        upgrade(log, "/s?token=Bearer%20«access token 1 of a»", &[])
    }),
    ("BRR-19", good),
    ("BRR-20", good),
    ("REQ-07", good),
    ("RSP-23", good),
    ("COG-13", |log| {
        call(login(log), &[("Authorization", "«access token 1 of a»")])
    }),
];

fn good(log: Log) -> Log {
    call(login(log), &[("Authorization", TOKEN)])
}

fn call(log: Log, headers: &[(&str, &str)]) -> Log {
    called(log, "GET", "/v2/things", headers, "", &json!({}))
}

fn upgrade(log: Log, target: &str, headers: &[(&str, &str)]) -> Log {
    let headers: Vec<_> = [("Upgrade", "websocket")]
        .into_iter()
        .chain(headers.iter().copied())
        .collect();
    log.arrival("streams", target, &headers, "")
}

fn shown(id: &str, value: &str, note: &Value, expected: Grade) {
    let log = login(Log::with_tenants());
    check(
        &called(
            log,
            "GET",
            "/v2/things",
            &[("Authorization", value)],
            "",
            note,
        ),
        id,
        expected,
    );
}

fn departs(holds: &str, difference: &str) -> Value {
    json!({"bearer": {"holds": holds, "difference": difference}})
}

#[test]
fn a_call_has_a_bearer_token_of_the_vendor() {
    shown(
        "BRR-01",
        "bearer «access token 1 of a»",
        &json!({}),
        Grade::Met,
    );
    let quoted = || {
        departs(
            "«access token 1 of a»",
            "byte 8: another character arrived as a quote",
        )
    };
    shown("BRR-01", "Bearer «unknown, 9 bytes»", &quoted(), Grade::Met);
    shown(
        "REQ-07",
        "Bearer «unknown, 9 bytes»",
        &quoted(),
        Grade::Broken,
    );
    let bare = || departs("«access token 1 of a»", "the word Bearer is missing");
    shown("BRR-01", "«access token 1 of a»", &bare(), Grade::Broken);
    shown("REQ-07", "«access token 1 of a»", &bare(), Grade::Broken);
    let nothing = || json!({"bearer": {"difference": "no token of the stage stands in it"}});
    shown(
        "BRR-01",
        "Bearer «unknown, 9 bytes»",
        &nothing(),
        Grade::Broken,
    );
    shown(
        "REQ-07",
        "Bearer «unknown, 9 bytes»",
        &nothing(),
        Grade::Broken,
    );
    shown(
        "REQ-07",
        "Bearer  «access token 1 of a»",
        &json!({}),
        Grade::Broken,
    );
    shown(
        "REQ-07",
        "BEARER «access token 1 of a»",
        &json!({}),
        Grade::Met,
    );
    check(
        &call(login(Log::with_tenants()), &[]),
        "BRR-01",
        Grade::Broken,
    );
    check(
        &call(login(Log::with_tenants()), &[]),
        "REQ-07",
        Grade::Unobserved,
    );
}

/// A client that tries without a token first has none to show.
#[test]
fn what_comes_before_a_token_reply_is_not_judged() {
    let early = call(Log::with_tenants(), &[]);
    check(&early, "BRR-01", Grade::Unobserved);
    check(&good(early), "BRR-01", Grade::Met);
}

#[test]
fn scenarios_that_bend_the_token_reply_are_left_out() {
    let fault = |then: Value| json!({"match": {"endpoint": "token"}, "when": {}, "then": then});
    let bent =
        |call: &str, body: &Value| self::call(login(Log::with_tenants().control(call, body)), &[]);
    for id in ["BRR-01", "RSP-23"] {
        let body = fault(json!({"body": "{}"}));
        check(&bent("faults", &body), id, Grade::Unobserved);
        check(
            &bent("settings", &json!({"acme.token_type": "mac"})),
            id,
            Grade::Unobserved,
        );
    }
    let refused = fault(json!({"status": 503, "body": "x"}));
    check(&bent("faults", &refused), "BRR-01", Grade::Broken);
    check(
        &bent("faults", &fault(json!({"delay_ms": 5}))),
        "BRR-01",
        Grade::Broken,
    );
    check(
        &bent("settings", &json!({"acme.token_ttl_s": 5})),
        "BRR-01",
        Grade::Broken,
    );
}

#[test]
fn a_token_travels_once_and_in_the_header() {
    let at = |target: &str, body: &str| {
        called(
            login(Log::with_tenants()),
            "POST",
            target,
            &[("Authorization", TOKEN)],
            body,
            &json!({}),
        )
    };
    let query = at("/v2/things?access_token=«access token 1 of a»", "");
    check(&query, "BRR-02", Grade::Broken);
    check(&query, "BRR-08", Grade::Broken);
    let form = at("/v2/things", "access_token=«access token 1 of a»&a=b");
    check(&form, "BRR-02", Grade::Broken);
    check(&form, "BRR-07", Grade::Broken);
    let json = at("/v2/things", r#"{"access_token":"«access token 1 of a»"}"#);
    check(&json, "BRR-07", Grade::Broken);
    check(&at("/v2/things", ""), "BRR-07", Grade::Unobserved);
    let cookie = call(
        login(Log::with_tenants()),
        &[
            ("Authorization", TOKEN),
            ("Cookie", "t=«access token 1 of a»"),
        ],
    );
    check(&cookie, "BRR-02", Grade::Met);
    check(&cookie, "BRR-19", Grade::Broken);
    let referer = call(
        login(Log::with_tenants()),
        &[("referer", "http://h/?t=«access token 1 of a»")],
    );
    check(&referer, "BRR-19", Grade::Broken);
    check(&Log::with_tenants(), "BRR-19", Grade::Unobserved);
}

/// A refresh token in a header is another row's.
#[test]
fn a_header_of_its_own_shows_the_token_again() {
    let beside = |token: &str| {
        let headers = [("Authorization", TOKEN), ("X-Token", token)];
        call(login(Log::with_tenants()), &headers)
    };
    let access = "«access token 1 of a»";
    check(&beside(access), "BRR-02", Grade::Broken);
    check(&beside(access), "BRR-19", Grade::Tolerated);
    let refresh = "«refresh token 3 of a»";
    check(&beside(refresh), "BRR-02", Grade::Met);
    check(&beside(refresh), "BRR-19", Grade::Met);
}

/// The vendor's own client shows the token of a websocket twice.
#[test]
fn an_upgrade_may_show_the_token_in_url_and_header() {
    let log = upgrade(
        Log::with_tenants(),
        "/s?token=Bearer%20«access token 1 of a»",
        &[("Authorization", TOKEN)],
    );
    check(&log, "BRR-02@corti", Grade::Tolerated);
    check(&log, "BRR-08", Grade::Unobserved);
    check(
        &upgrade(Log::with_tenants(), "/s", &[]),
        "BRR-09",
        Grade::Unobserved,
    );
}

#[test]
fn authorization_stands_once() {
    let twice = [("Authorization", TOKEN), ("authorization", TOKEN)];
    check(
        &call(login(Log::with_tenants()), &twice),
        "BRR-20",
        Grade::Broken,
    );
    check(
        &call(login(Log::with_tenants()), &[]),
        "BRR-20",
        Grade::Unobserved,
    );
}

#[test]
fn the_id_token_is_no_bearer() {
    shown(
        "RSP-23",
        "Bearer «id token 2 of a»",
        &json!({}),
        Grade::Broken,
    );
    shown(
        "RSP-23",
        "Bearer «refresh token 3 of a»",
        &json!({}),
        Grade::Unobserved,
    );
    let one = Log::with_tenants().grant(1);
    check(
        &call(one, &[("Authorization", TOKEN)]),
        "RSP-23",
        Grade::Unobserved,
    );
}

#[test]
fn the_second_version_takes_the_token_alone() {
    shown("COG-13", TOKEN, &json!({}), Grade::Broken);
    shown("COG-13", "«id token 2 of a»", &json!({}), Grade::Broken);
    shown(
        "COG-13",
        "AWS4-HMAC-SHA256 Credential=A",
        &json!({}),
        Grade::Broken,
    );
    let first = Log::with_tenants().entered("things", |entry| {
        entry.target = "/v1/things".to_owned();
        entry.outcome = Some(locum_core::Outcome::Admitted);
        entry.reply = Some(reply(200, "{}"));
    });
    check(&first, "COG-13", Grade::NotApplicable);
    check(&Log::new().grant(1), "COG-13", Grade::Unobserved);
}
