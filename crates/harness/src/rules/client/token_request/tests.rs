//! Token requests, well and badly written.

use serde_json::{Value, json};

use crate::rules::client::testing::{BASIC, FORM, SPECIAL, check, login, noted, refused, spelled};
use crate::rules::client::tests::Traffic;
use crate::rules::testing::Log;
use crate::verdict::Grade;

const USER: &str = "grant_type=&username=a%40b&password=«secret of a@b»";

pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
    ("TOK-01", login),
    ("TOK-03", login),
    ("TOK-09", login),
    ("TOK-12", login),
    ("TOK-18", |log| {
        spelled(log, &[FORM], USER, &filled(&["username", "password"]))
    }),
    ("TOK-21", login),
    ("TOK-23", login),
    ("TOK-24", |log| {
        spelled(log, &[FORM], "x=y", &in_form(&exact()))
    }),
    ("TOK-25", login),
    ("REQ-05", login),
    ("CLI-28", login),
];

fn filled(names: &[&str]) -> Value {
    json!({"form": {"is_utf8": true, "filled": names}})
}

fn exact() -> Value {
    json!({"exact": {"characters": SPECIAL}})
}

fn in_form(origin: &Value) -> Value {
    json!({"form": {"is_utf8": true}, "credentials":
        [{"name": "client_secret", "place": "form", "origin": origin}]})
}

/// A login with one thing changed: its headers, its body, or what was noted of it.
fn token(id: &str, headers: &[(&str, &str)], body: &str, note: &Value, expected: Grade) {
    check(
        &spelled(Log::with_tenants(), headers, body, note),
        id,
        expected,
    );
}

const CC: &str = "grant_type=client_credentials&scope=openid";

#[test]
fn only_post_reaches_the_token_path() {
    let log = |method: &'static str, path: &'static str| {
        Log::with_tenants().entered("", |entry| {
            entry.method = method.to_owned();
            entry.target = path.to_owned();
            entry.outcome = Some(locum_core::Outcome::Denied);
            entry.reply = Some(crate::rules::client::testing::reply(405, "{}"));
        })
    };
    check(&log("PUT", "/realms/t/token"), "TOK-01", Grade::Broken);
    check(&log("GET", "/realms/t/token?x=y"), "TOK-01", Grade::Broken);
    check(&log("GET", "/realms/t/other"), "TOK-01", Grade::Unobserved);
}

#[test]
fn a_body_is_a_form_in_utf_8() {
    let utf8 = filled(&[]);
    token(
        "TOK-03",
        &[(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        )],
        CC,
        &utf8,
        Grade::Met,
    );
    token(
        "TOK-03",
        &[("content-type", "application/json")],
        "{}",
        &utf8,
        Grade::Broken,
    );
    token(
        "TOK-03",
        &[("content-type", "multipart/form-data; boundary=x")],
        CC,
        &utf8,
        Grade::Broken,
    );
    token("TOK-03", &[], CC, &utf8, Grade::Broken);
    let latin1 = json!({"form": {"is_utf8": false}});
    token("TOK-03", &[FORM], CC, &latin1, Grade::Broken);
    token("TOK-03", &[FORM], CC, &json!({}), Grade::Unobserved);
    token("TOK-03", &[FORM], "", &json!({}), Grade::Unobserved);
}

#[test]
fn the_grant_is_named_exactly() {
    let grant = |body: &str, expected| token("TOK-09", &[FORM], body, &filled(&[]), expected);
    grant("grant_type=client%5Fcredentials", Grade::Met);
    grant("grant_type=Client_Credentials", Grade::Broken);
    grant("grant_type=password", Grade::Broken);
    grant("scope=openid", Grade::Broken);
    grant(
        "grant_type=refresh_token&refresh_token=«r»",
        Grade::Unobserved,
    );
    grant("grant_type=authorization_code&code=«c»", Grade::Unobserved);
    grant("«12 bytes of text»", Grade::Unobserved);
}

#[test]
fn parameters_occur_once_and_are_complete() {
    let twice = json!({"form": {"is_utf8": true, "repeated": "scope"}});
    token("TOK-12", &[FORM], CC, &twice, Grade::Broken);
    token("TOK-12", &[FORM], CC, &json!({}), Grade::Unobserved);
    token(
        "TOK-18",
        &[FORM],
        "email=a",
        &filled(&["password"]),
        Grade::Broken,
    );
    token(
        "TOK-18",
        &[FORM],
        USER,
        &filled(&["username"]),
        Grade::Broken,
    );
    let refresh = "grant_type=refresh_token";
    token("TOK-18", &[FORM], refresh, &filled(&[]), Grade::Unobserved);
}

#[test]
fn a_page_shows_by_its_origin() {
    let page = ("Origin", "https://app.example.org");
    token("TOK-21", &[FORM, page], CC, &json!({}), Grade::Broken);
    token(
        "TOK-21",
        &[FORM, ("sec-fetch-mode", "cors")],
        CC,
        &json!({}),
        Grade::Met,
    );
    let refresh = "grant_type=refresh_token";
    token(
        "TOK-21",
        &[FORM, page],
        refresh,
        &json!({}),
        Grade::Unobserved,
    );
}

#[test]
fn the_scope_contains_openid() {
    let scope = |body: &str, expected| token("TOK-23", &[FORM], body, &json!({}), expected);
    scope(
        "grant_type=client_credentials&scope=email+openid",
        Grade::Met,
    );
    scope(
        "grant_type=client_credentials&scope=openid%20email",
        Grade::Met,
    );
    scope("grant_type=client_credentials&scope=openidx", Grade::Broken);
    scope("grant_type=client_credentials", Grade::Broken);
    scope("grant_type=refresh_token", Grade::Unobserved);
}

#[test]
fn values_arrive_as_they_were_given() {
    let form =
        |origin: Value, expected| token("TOK-24", &[FORM], "x=y", &in_form(&origin), expected);
    form(
        json!({"differs": {"at": "`+` arrived as a space"}}),
        Grade::Broken,
    );
    form(json!({"exact": {}}), Grade::Unobserved);
    form(json!({"exact": {"characters": ["`+`"]}}), Grade::Unobserved);
    form(json!({"foreign": {}}), Grade::Unobserved);
    token("TOK-24", &[FORM, BASIC], CC, &noted(), Grade::NotApplicable);
}

#[test]
fn the_path_is_the_documented_one() {
    let path = |path: &'static str, endpoint: &'static str, expected| {
        let log = Log::with_tenants().entered(endpoint, |entry| {
            entry.method = "POST".to_owned();
            entry.target = path.to_owned();
            entry.body = Some(CC.to_owned());
            entry.outcome = Some(locum_core::Outcome::Denied);
            entry.reply = Some(crate::rules::client::testing::reply(404, "{}"));
        });
        check(&log, "TOK-25", expected);
    };
    path("/realms/t/token", "token", Grade::Met);
    path("/realms/t/token/", "", Grade::Broken);
    path("/realms/t/Token", "", Grade::Broken);
    path("/realms/t/token/", "token", Grade::Broken);
    path("/realms/t/revoke", "revoke", Grade::Unobserved);
}

#[test]
fn json_is_accepted_by_name() {
    let accept = |value: &str, expected| {
        token(
            "REQ-05",
            &[FORM, ("Accept", value)],
            CC,
            &json!({}),
            expected,
        );
    };
    accept("application/json, text/plain, */*", Grade::Met);
    accept("*/*", Grade::Broken);
    token("REQ-05", &[FORM], CC, &json!({}), Grade::Broken);
}

#[test]
fn credentials_from_elsewhere_are_told_by_name() {
    // Journals of earlier versions have a digest.
    let origin = json!({"foreign": {"sha256": "abcd"}});
    let log = spelled(Log::with_tenants(), &[FORM], CC, &in_form(&origin));
    let finding = check(&log, "CLI-28", Grade::Broken);
    assert!(finding.reason().contains("another client_secret"));
    assert!(!finding.reason().contains("abcd"));
    // A watched test that wants to see a wrong secret refused; it is no test where it is accepted.
    let both = refused(login(Log::with_tenants()), &[FORM], CC, &in_form(&origin));
    check(&both, "CLI-28", Grade::Met);
    let accepted = spelled(login(Log::with_tenants()), &[FORM], CC, &in_form(&origin));
    check(&accepted, "CLI-28", Grade::Broken);
    let alone = refused(Log::with_tenants(), &[FORM], CC, &in_form(&origin));
    check(&alone, "CLI-28", Grade::Broken);
    let mangled = in_form(&json!({"differs": {"at": "ends before `:`"}}));
    token("CLI-28", &[FORM], CC, &mangled, Grade::Met);
    token("CLI-28", &[FORM], CC, &json!({}), Grade::Unobserved);
}
