//! A vendor with one thing wrong, for each row that all vendors share: a proxy in front of the mock
//! changes one answer, as a server of somebody else would give it.

mod answer;
mod realm;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use answer::*;
use locum_core::Timestamp;
use realm::{OF_A_REALM, OF_SHORT_TOKENS};
use serde_json::{Value, json};

use super::served::Served;
use super::{checked_as, listener, tls, verdicts};

/// Row, vendor, verdict and what is wrong.
const DEFECTS: &[(&str, &str, &str, Defect)] = &[
    ("RSP-01", "pattern", "FAIL", |_, reply| {
        if reply.is_grant() {
            reply.set("Content-Type", "text/html");
        }
    }),
    ("RSP-02", "pattern", "FAIL", |_, reply| {
        if reply.is_grant() {
            reply.member("access_token", json!(7));
        }
    }),
    ("RSP-03", "pattern", "FAIL", |_, reply| {
        if reply.is_grant() {
            reply.member("token_type", Value::Null);
        }
    }),
    ("RSP-06", "pattern", "WARN", |_, reply| {
        if reply.is_grant() {
            reply.member("expires_in", Value::Null);
        }
    }),
    ("RSP-09", "pattern", "FAIL", |_, reply| {
        if reply.is_grant() {
            reply.member("expires_in", json!("3600000"));
        }
    }),
    ("RSP-10", "pattern", "INFO", |_, reply| {
        if reply.is_grant() {
            reply.member("expires_in", json!(3600));
        }
    }),
    ("RSP-14", "pattern", "FAIL", |_, reply| {
        reply.set("Cache-Control", "private");
    }),
    ("RSP-15", "pattern", "WARN", |_, reply| {
        reply.without("Pragma");
    }),
    ("RSP-19", "pattern", "FAIL", |_, reply| {
        if reply.is_grant() {
            reply.body = json!({"data": reply.json()}).to_string();
        }
    }),
    ("ERR-01", "pattern", "FAIL", |_, reply| {
        if reply.status == 400 {
            reply.status = 422;
        }
    }),
    ("ERR-02", "pattern", "FAIL", |_, reply| {
        if reply.status == 400 {
            reply.body = json!({"detail": "no"}).to_string();
        }
    }),
    ("ERR-03", "pattern", "FAIL", |_, reply| {
        if reply.status == 400 {
            reply.member("error", json!("bad_request"));
        }
    }),
    ("ERR-05", "pattern", "WARN", |_, reply| {
        reply.without("WWW-Authenticate");
    }),
    ("ERR-06", "pattern", "FAIL", |request, reply| {
        if is_login(request) && !request.contains("authorization: basic") {
            token(reply);
        }
    }),
    ("ERR-09", "pattern", "FAIL", |_, reply| {
        if reply.status == 400 {
            reply.member("error_description", json!("say \"please\""));
        }
    }),
    ("ERR-11", "pattern", "WARN", |_, reply| {
        if reply.status >= 400 {
            reply.without("Cache-Control");
        }
    }),
    ("TOK-02", "pattern", "FAIL", |request, reply| {
        if request.starts_with("get ") && is_login(request) {
            token(reply);
        }
    }),
    ("TOK-04", "pattern", "WARN", |request, reply| {
        if request.contains("content-type: application/json") {
            refuse(reply, 422);
        }
    }),
    ("TOK-06", "pattern", "FAIL", |request, reply| {
        if request.contains("charset=utf-8") {
            refuse(reply, 415);
        }
    }),
    ("TOK-08", "pattern", "FAIL", |request, reply| {
        if is_login(request) && !request.contains("grant_type") {
            token(reply);
        }
    }),
    ("TOK-10", "pattern", "FAIL", |request, reply| {
        if request.contains("grant_type=locum") {
            reply.member("error", json!("invalid_grant"));
        }
    }),
    ("TOK-13", "pattern", "WARN", |request, reply| {
        if request.matches("grant_type=").count() > 1 {
            token(reply);
        }
    }),
    ("TOK-14", "pattern", "FAIL", |request, reply| {
        if request.ends_with("grant_type=") {
            refuse(reply, 422);
        }
    }),
    ("TOK-15", "pattern", "FAIL", |request, reply| {
        if request.contains("x_locum") {
            refuse(reply, 400);
        }
    }),
    ("TOK-15", "athelas", "FAIL", |request, reply| {
        if request.contains("grant_type=password") {
            refuse(reply, 422);
        }
    }),
    ("TOK-26", "athelas", "WARN", |request, reply| {
        if request.contains("\r\n\r\npassword=") {
            refuse(reply, 400);
        }
    }),
    ("BAS-04", "athelas", "FAIL", |request, reply| {
        if request.contains("?username=") {
            token(reply);
        }
    }),
    ("BAS-14", "pattern", "FAIL", |request, reply| {
        if is_login(request) && request.contains("authorization: bearer") {
            token(reply);
        }
    }),
    ("BAS-06", "pattern", "WARN", |request, reply| {
        if request.contains("client_secret=") {
            token(reply);
        }
    }),
    ("BAS-07", "pattern", "WARN", |request, reply| {
        if request.contains("was: authorization: basic") {
            refuse(reply, 401);
        }
    }),
    ("BAS-08", "pattern", "FAIL", |request, reply| {
        if request.contains("basic %%%") {
            token(reply);
        }
    }),
    ("BAS-10", "athelas", "WARN", |request, reply| {
        if reply.status == 401 && request.contains("username=other") {
            reply.change_to(401, &json!({"detail": "nobody of that name"}));
        }
    }),
    ("BRR-20", "pattern", "WARN", |request, reply| {
        if request.matches("authorization: bearer").count() > 1 {
            reply.change_to(200, &json!({"results": []}));
        }
    }),
    ("BRR-03", "pattern", "WARN", |request, reply| {
        if request.contains("access_token=") {
            refuse(reply, 403);
        }
    }),
    ("BRR-04", "pattern", "WARN", |request, reply| {
        if request.contains("bearer  ") {
            refuse(reply, 401);
        }
    }),
    ("BRR-05", "pattern", "WARN", |request, reply| {
        if request.contains("was: authorization: bearer") {
            refuse(reply, 401);
        }
    }),
    ("BRR-10", "pattern", "WARN", |_, reply| {
        reply.without("WWW-Authenticate");
    }),
    ("ERR-19", "athelas", "WARN", |request, reply| {
        if is_login(request) {
            reply.without("WWW-Authenticate");
        }
    }),
    ("ERR-20", "athelas", "WARN", |request, reply| {
        if is_login(request) && reply.status == 422 {
            reply.status = 401;
            reply.set("WWW-Authenticate", "Bearer");
        }
    }),
    ("RSP-13", "athelas", "WARN", |_, reply| {
        if reply.is_grant() {
            reply.body = reply
                .body
                .replacen('{', "{\"refresh_token\":\"r-0123456789\",", 1);
        }
    }),
    ("BRR-11", "pattern", "FAIL", |request, reply| {
        if reply.status == 401 && !is_login(request) {
            reply.set("WWW-Authenticate", "Basic realm=\"a\"");
        }
    }),
    ("BRR-11", "pattern", "WARN", |request, reply| {
        if reply.status == 401 && !is_login(request) {
            reply.set("WWW-Authenticate", "Bearer");
        }
    }),
    ("BRR-12", "pattern", "WARN", |request, reply| {
        if reply.status == 401 && request.contains("never-issued") {
            reply.status = 403;
        }
    }),
    ("BRR-13", "pattern", "WARN", |request, reply| {
        if reply.status == 401 && !request.contains("authorization") {
            reply.set(
                "WWW-Authenticate",
                "Bearer realm=\"a\", error=\"invalid_token\"",
            );
        }
    }),
    ("BRR-15", "pattern", "WARN", |request, reply| {
        if request.contains("authorization: bearer:") {
            reply.change_to(200, &json!({"results": []}));
        }
    }),
    ("BRR-16", "pattern", "FAIL", |request, reply| {
        if reply.status == 401 && !is_login(request) {
            reply.set("WWW-Authenticate", "Bearer realm=\"a\", realm=\"b\"");
        }
    }),
    ("BRR-22", "pattern", "WARN", |request, reply| {
        if !is_login(request) {
            reply.set("Cache-Control", "public, max-age=60");
        }
    }),
    ("HTT-02", "pattern", "FAIL", |_, reply| {
        reply.without("Allow");
    }),
    ("HTT-03", "pattern", "FAIL", |request, reply| {
        if request.contains("was: AUTHORIZATION: bearer") {
            refuse(reply, 401);
        }
    }),
    ("HTT-04", "pattern", "FAIL", |request, reply| {
        if request.contains("x-locum : 1") {
            reply.change_to(200, &json!({"results": []}));
        }
    }),
    ("HTT-05", "corti", "WARN", |request, reply| {
        if request.contains("x=a b http/1.1") {
            reply.change_to(200, &json!({"interactions": []}));
        }
    }),
    ("HTT-06", "athelas", "FAIL", |request, reply| {
        if request.matches("\r\nhost: ").count() > 1 {
            reply.change_to(200, &json!({"status": "PROCESSED"}));
        }
    }),
    ("HTT-06", "pattern", "WARN", |request, reply| {
        if !request.contains("\r\nhost: ") {
            reply.change_to(200, &json!({"results": []}));
        }
    }),
    ("HTT-10", "pattern", "WARN", |request, reply| {
        if request.contains("%zz") {
            refuse(reply, 500);
        }
    }),
    ("HTT-12", "pattern", "FAIL", |_, reply| {
        reply.without("Date");
    }),
    // Two hours ahead of the iat of the token beside it.
    ("HTT-12", "athelas", "FAIL", |_, reply| {
        let is_date = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("date");
        let date = reply.headers.iter().find(is_date);
        let date = date.and_then(|(_, date)| Timestamp::parse_http_date(date));
        if let Some(date) = date {
            let later = Timestamp::from_millis(date.as_millis() + 7_200_000);
            reply.set("Date", &later.http_date());
        }
    }),
    ("JWT-01", "athelas", "FAIL", |_, reply| {
        change_tokens(reply, |token| format!("{token}="));
    }),
    ("JWT-02", "corti", "FAIL", |request, reply| {
        // base64url of `{"alg":"none"`, in small letters
        if request.contains("bearer eyjhbgcioijub25lii") {
            reply.change_to(200, &json!({"interactions": []}));
        }
    }),
    ("JWT-04", "corti", "FAIL", serve_any_token),
    ("JWT-05", "athelas", "FAIL", serve_any_token),
    ("JWT-11", "athelas", "WARN", |_, reply| {
        change_claims(reply, |claims| claims["exp"] = json!(1_795_518_000_000_u64));
    }),
    ("JWT-17", "corti", "FAIL", |request, reply| {
        if is_call(request) && reply.status == 401 {
            refuse(reply, 500);
        }
    }),
    ("JWT-18", "corti", "WARN", serve_any_token),
    ("JWT-24", "corti", "FAIL", |_, reply| {
        change_keys(reply, |key| key["p"] = json!("AQAB"));
    }),
    ("JWT-25", "corti", "FAIL", |_, reply| {
        change_keys(reply, |key| key["kid"] = json!("other"));
    }),
    ("JWT-26", "corti", "FAIL", |_, reply| {
        let short = "x".repeat(168);
        change_keys(reply, |key| key["n"] = json!(short));
    }),
    ("JWT-27", "corti", "FAIL", |_, reply| {
        change_claims(reply, |claims| claims["aud"] = json!("somebody"));
    }),
    ("JWT-28", "athelas", "FAIL", serve_any_token),
    ("JWT-29", "athelas", "FAIL", |_, reply| {
        change_claims(reply, |claims| {
            claims["sub"] = claims["jti"].take();
            claims["jti"] = json!("always");
        });
    }),
    ("JWT-30", "athelas", "FAIL", |_, reply| {
        change_claims(reply, |claims| claims["sub"] = json!(7));
    }),
    ("BRR-17", "pattern", "WARN", |_, reply| {
        if reply.is_grant() {
            reply.member("expires_in", json!(3_600_001));
        }
    }),
    ("BRR-18", "corti", "WARN", |_, reply| {
        change_claims(reply, |claims| {
            claims["aud"] = Value::Null;
            claims["scope"] = Value::Null;
        });
    }),
    ("BCP-05", "corti", "WARN", |request, reply| {
        if request.contains("openid-configuration") {
            refuse(reply, 404);
        }
    }),
    ("BCP-07", "corti", "FAIL", |request, reply| {
        if request.contains("openid-configuration") {
            reply.member("issuer", json!("https://auth.example.com/realms/base"));
        }
    }),
];

/// Each of them.
fn all() -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str, Defect)> {
    DEFECTS.iter().chain(OF_A_REALM).chain(OF_SHORT_TOKENS)
}

/// The rows that they turn.
pub(super) fn rows_turned() -> Vec<&'static str> {
    all().map(|(id, ..)| *id).collect()
}

/// Whether a defect turns this row of this vendor.
pub(super) fn turns(row: &str, vendor: &str) -> bool {
    all().any(|(id, whose, ..)| (*id, *whose) == (row, vendor))
}

/// What `check` makes of these rows; its report is in a folder of that name.
fn judged(
    (served, document): (&Served, &Value),
    name: &str,
    (vendor, ids): (&str, &BTreeSet<&str>),
    defect: Defect,
) -> BTreeMap<String, String> {
    let upstream = served.address.clone();
    let proxy = listener::listen(move |stream| pass(stream, &upstream, defect));
    let url = format!("http://{proxy}/{vendor}");
    let mut account = tls::account(document, vendor);
    account.extend(tls::person(document, vendor));
    account.extend(tls::second_client(document, vendor));
    let mut arguments = vec![vendor, "--url", &url, "--allow-writes"];
    arguments.extend(ids.iter().flat_map(|id| ["--id", id]));
    verdicts(&checked_as(name, account, &arguments).results)
}

/// The same row is decided, and otherwise, where nothing is changed, so that the one thing is what turns
/// it.
fn check_defects(served: &Served, defects: &[(&str, &str, &str, Defect)]) {
    let document = served.document();
    let place = (served, &document);
    // Where nothing is changed, all rows of a vendor are judged at once.
    let mut sound: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, vendor, ..) in defects {
        sound.entry(vendor).or_default().insert(id);
    }
    let mut honest: BTreeMap<(&str, String), String> = BTreeMap::new();
    for (vendor, ids) in &sound {
        let name = format!("sound-{vendor}-{}", ids.first().expect("a row"));
        let seen = judged(place, &name, (vendor, ids), |_, _| ()).into_iter();
        honest.extend(seen.map(|(id, verdict)| ((*vendor, id), verdict)));
    }
    let mut wrong = Vec::new();
    for (id, vendor, expected, defect) in defects {
        let name = format!("defect-{vendor}-{id}");
        let seen = judged(place, &name, (vendor, &BTreeSet::from([*id])), *defect);
        let seen = seen.get(*id).cloned().unwrap_or_default();
        let key = (*vendor, (*id).to_owned());
        let honest = honest.get(&key).map_or("", String::as_str);
        let decided = ["PASS", "INFO", "WARN"].contains(&honest);
        if seen != *expected || honest == seen || !decided {
            wrong.push(format!(
                "{id}@{vendor}: {honest} without, {seen} with it, not {expected}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_row_that_vendors_share_is_turned_by_one_defect() {
    check_defects(&Served::start(&[]), DEFECTS);
}

#[test]
fn each_row_of_a_realm_is_turned_by_one_defect() {
    check_defects(&Served::start(&[]), OF_A_REALM);
}

/// So short that a check waits for their end.
#[test]
fn each_row_that_needs_the_end_of_a_token_is_turned_by_one_defect() {
    let served = Served::start(&[]);
    let line = "PATCH /_locum/stages/default/settings";
    let settings = r#"{"corti.access_ttl_s":2}"#;
    assert_eq!(served.connect().call(line, settings).0, 200);
    check_defects(&served, OF_SHORT_TOKENS);
}

/// A token with a blank in it makes a malformed header: libraries answer it with 400, as RFC 6750 §3.1
/// has it, and were warned of.
#[test]
fn a_malformed_header_may_be_answered_with_400() {
    static HITS: AtomicUsize = AtomicUsize::new(0);
    let served = Served::start(&[]);
    let document = served.document();
    let bad_request: Defect = |request, reply| {
        let mut shown = request.lines().filter_map(|line| {
            let value = line.strip_prefix("authorization: bearer ")?;
            value.trim().split_once(' ')
        });
        if shown.next().is_some() && reply.status == 401 {
            reply.status = 400;
            HITS.fetch_add(1, Ordering::Relaxed);
        }
    };
    let ids = BTreeSet::from(["BRR-12", "BRR-15"]);
    let name = "defect-malformed-header";
    let seen = judged((&served, &document), name, ("pattern", &ids), bad_request);
    assert!(HITS.load(Ordering::Relaxed) > 0, "nothing was changed");
    for id in ids {
        assert_eq!(seen.get(id).map(String::as_str), Some("PASS"), "{id}");
    }
}

/// The evil twins, which turn rows that need the mock, or an account beside the first.
const TWINS: &str = include_str!("twins.tsv");

/// Rows that are reported and never bad.
const REPORTED: [&str; 4] = ["BAS-02", "BAS-13", "BCP-03", "JWT-16"];

/// The rows that the scenarios of a folder name.
fn tags_of(folder: &str) -> Vec<String> {
    let files = std::fs::read_dir(super::registry::root().join(folder)).expect("it is there");
    let texts = files.map(|file| {
        let path = file.expect("an entry").path();
        std::fs::read_to_string(path).expect("text")
    });
    let ids = texts.flat_map(|text| {
        let ids = text.split_whitespace();
        let ids = ids.filter_map(|word| word.strip_prefix("@id:").map(str::to_owned));
        ids.collect::<Vec<_>>()
    });
    ids.collect()
}

/// No row is added to what vendors share without a defect, or a twin, that turns it.
#[test]
fn each_row_that_vendors_share_has_a_defect() {
    // Each vendor's wrong secret is sent by a scenario of its own.
    let mut tagged = BTreeSet::from(["ERR-05".to_owned()]);
    tagged.extend(tags_of("features/common"));
    let turned = rows_turned().into_iter();
    let turned: BTreeSet<String> = turned
        .chain(super::vendor_tls::ROWS)
        .map(str::to_owned)
        .collect();
    let words: BTreeSet<&str> = TWINS.split_whitespace().collect();
    let vendors = locum::mocks::SLUGS.iter();
    let own = vendors.flat_map(|slug| tags_of(&format!("features/{slug}")));
    let known: BTreeSet<String> = own.chain(tagged.clone()).collect();
    assert!(turned.is_subset(&known), "{turned:?}");
    let without: Vec<&String> = tagged
        .difference(&turned)
        .filter(|id| !words.contains(id.as_str()) && !REPORTED.contains(&id.as_str()))
        .collect();
    assert!(without.is_empty(), "{without:?}");
}
