//! The usual slips, and the other places.

use http::{HeaderMap, HeaderName, HeaderValue};
use locum_core::{Denial, DenialKind, EntryId, Place, Secret};
use proptest::prelude::*;

use super::{misplaced, near_miss};
use crate::Request;
use crate::request::RequestParts;

fn wrong() -> Denial {
    Denial::new(DenialKind::BadSecret, "wrong_secret")
}

fn difference(secret: &str, presented: &[u8]) -> Option<String> {
    near_miss::of_secret(wrong(), &Secret::new(secret), presented).difference
}

fn check(secret: &str, presented: &[u8], expected: &str) {
    assert_eq!(
        difference(secret, presented).as_deref(),
        Some(expected),
        "{presented:?}"
    );
}

#[test]
fn the_usual_slips_are_named() {
    check("s3cret", b"s3cret\n", "a newline at the end");
    check(
        "s3cret",
        b"s3cret\r\n",
        "a carriage return and a newline at the end",
    );
    check("s3cret", b"s3cret\r", "a carriage return at the end");
    check(
        "s3cret",
        b"s3cret\\n",
        "the two characters `\\n` at the end",
    );
    check("s3cret", b"s3cret ", "blanks at the end");
    check("s3cret", b" s3cret", "blanks at the beginning");
    check("s3cret", b"\ts3cret \n", "blanks around it");
    check(
        "s3cret",
        "\u{feff}s3cret".as_bytes(),
        "a byte order mark at the beginning",
    );
    check("s3cret", b"\"s3cret\"", "quotes around it");
    check("s3cret", b"'s3cret'", "quotes around it");
    check("s3cret", b"Bearer s3cret", "`Bearer ` in front of it");
    check("s3 cret", b"s3%20cret", "percent-encoded once too often");
    check("s3 cret/", b"s3+cret%2F", "form-encoded once too often");
    check(
        "s3+cret",
        b"s3 cret",
        "a `+` that was not sent as %2B reads as a space",
    );
    check("s3 cret", b"s3+cret", "a `+` stands where a space belongs");
    check("s3%cret", b"s3%25cret", "percent-encoded once too often");
    check("s3%2Bcret", b"s3+cret", "percent-decoded once too often");
    check("s3cret", b"czNjcmV0", "base64 of the right value");
    check("czNjcmV0", b"s3cret", "base64-decoded once too often");
    check("s3cret", b"S3CRET", "right but for its letter case");
    check("s3Cret", b"S3cRET", "right but for its letter case");
    check("s3crét", b"s3cr\xe9t", "Latin-1 bytes where UTF-8 belongs");
    check(
        "s3crét",
        "s3crÃ©t".as_bytes(),
        "UTF-8 that was read as Latin-1 and encoded again",
    );
    check(
        "s3cret\n",
        b"s3cret",
        "the stage's own value has blanks around it, this one has none",
    );
}

#[test]
fn another_value_is_told_by_its_length_alone() {
    let denial = near_miss::of_secret(wrong(), &Secret::new("s3cret"), b"another");
    assert_eq!(denial.got.as_deref(), Some("another value of 7 bytes"));
    assert_eq!(denial.difference, None);
    let empty = near_miss::of_secret(wrong(), &Secret::new("s3cret"), b"");
    assert_eq!(empty.got.as_deref(), Some("an empty value"));
}

/// Measured by requests/requests-oauthlib#568: a server that form-decodes Basic reads `+` as a space.
#[test]
fn a_half_of_basic_that_was_not_encoded_is_right_as_it_stands() {
    let told = |secret: &str, decoded: &[u8], raw: &[u8]| {
        near_miss::of_form_decoded(wrong(), &Secret::new(secret), decoded, raw).difference
    };
    assert_eq!(
        told("ab+cd", b"ab cd", b"ab+cd").as_deref(),
        Some("right as it stands, but Basic is form-decoded here: `+` reads as a space, send %2B")
    );
    assert_eq!(
        told("ab%41", b"abA", b"ab%41").as_deref(),
        Some("right as it stands, but Basic is form-decoded here: `%` begins an escape, send %25")
    );
    assert_eq!(
        told("ab", b"ab\n", b"ab\n").as_deref(),
        Some("a newline at the end")
    );
}

#[test]
fn names_are_compared_the_same_way() {
    let known = |name: &[u8]| name == b"svc+a@example.com";
    let denial = near_miss::of_name(wrong(), b"svc a@example.com", known);
    assert_eq!(
        denial.difference.as_deref(),
        Some("a `+` that was not sent as %2B reads as a space")
    );
}

fn request(target: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(
            HeaderName::from_bytes(name.as_bytes()).expect("a name"),
            HeaderValue::from_str(value).expect("a value"),
        );
    }
    Request::from(RequestParts {
        method: "POST".into(),
        target: target.into(),
        signed_target: target.into(),
        headers: map,
        lines: Vec::new(),
        params: Vec::new(),
        body: body.to_owned().into(),
        entry: EntryId(1),
        endpoint: "token".into(),
    })
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");

/// What is said of the members `names` that are read in `place`.
fn told(request: &Request, place: Place, names: &[&str]) -> (String, String) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut denial = Denial::new(DenialKind::Missing, "missing");
    misplaced::explain(request, place, &names, &mut denial);
    (
        denial.got.expect("it always says something"),
        denial.difference.unwrap_or_default(),
    )
}

#[test]
fn a_missing_member_is_found_elsewhere() {
    let grant = |target: &str, headers: &[(&str, &str)], body: &str| {
        told(&request(target, headers, body), Place::Form, &["client_id"])
    };
    let pair = |got: &str, difference: &str| (got.to_owned(), difference.to_owned());
    assert_eq!(
        grant("/t?client_id=a", &[FORM], "x=1"),
        pair(
            "client_id in the query",
            "`client_id` stands in the query, `client_id` is read from the form"
        )
    );
    assert_eq!(
        grant("/t", &[JSON], r#"{"client_id":"a"}"#),
        pair(
            "Content-Type application/json",
            "`client_id` stands in the JSON body, `client_id` is read from the form"
        )
    );
    assert_eq!(
        grant("/t", &[JSON], "client_id=a"),
        pair("Content-Type application/json", "")
    );
    assert_eq!(
        grant("/t", &[FORM], r#"{"client_id":"a"}"#).0,
        "client_id in the JSON body"
    );
    assert_eq!(
        grant("/t", &[], "client_id=a").0,
        "a body without a Content-Type"
    );
    for spelling in ["clientId", "Client-ID", "CLIENT_ID", "clientid"] {
        assert_eq!(
            grant("/t", &[FORM], &format!("{spelling}=a")),
            pair(
                &format!("{spelling} in the form"),
                &format!("spelled `{spelling}`, read as `client_id`")
            )
        );
    }
    assert_eq!(
        grant("/t", &[FORM], "client_id="),
        pair("an empty client_id in the form", "")
    );
    assert_eq!(
        grant("/t", &[FORM, ("x-client-id", "a")], "x=1").0,
        "x-client-id in a header"
    );
    assert_eq!(
        grant("/t", &[FORM, ("cookie", "a=b; client_id=c")], "x=1").0,
        "client_id in a cookie"
    );
    assert_eq!(
        grant("/t", &[FORM, ("authorization", "Basic YTpi")], "x=1").0,
        "client_id in Authorization: Basic"
    );
    let parts = "--B\r\nContent-Disposition: form-data; name=\"client_id\"\r\n\r\na\r\n--B--\r\n";
    let multipart = ("content-type", "multipart/form-data; boundary=B");
    assert_eq!(
        grant("/t", &[multipart], parts).0,
        "client_id in the multipart body"
    );
    assert_eq!(grant("/t", &[FORM], "").0, "neither a query nor a body");
    assert_eq!(
        grant("/t?a=1", &[FORM], "b=2").0,
        "2 other members, 3 bytes of body, Content-Type application/x-www-form-urlencoded"
    );
}

#[test]
fn json_is_searched_at_every_level() {
    let body = r#"{"USERNAME":"a","AuthParameters":{"password":"b"}}"#;
    let request = request("/", &[JSON], body);
    assert_eq!(
        told(&request, Place::Json, &["PASSWORD"]),
        (
            "AuthParameters.password in the JSON body".to_owned(),
            "spelled `AuthParameters.password`, read as `PASSWORD`".to_owned()
        )
    );
    assert_eq!(
        told(&request, Place::Json, &["USERNAME"]),
        (
            "USERNAME in the JSON body".to_owned(),
            "`USERNAME` is read at another level".to_owned()
        )
    );
}

#[test]
fn a_token_is_looked_for_under_its_other_names() {
    let got = |target: &str, headers: &[(&str, &str)], body: &str| {
        told(
            &request(target, headers, body),
            Place::Header,
            &["authorization"],
        )
        .0
    };
    assert_eq!(
        got("/a?access_token=x", &[], ""),
        "access_token in the query"
    );
    assert_eq!(got("/a?token=x", &[], ""), "token in the query");
    assert_eq!(
        got("/a", &[FORM], "access_token=x"),
        "access_token in the form"
    );
    assert_eq!(
        got("/a", &[("x-access-token", "x")], ""),
        "x-access-token in a header"
    );
    assert_eq!(
        got("/a", &[("authentication", "Bearer x")], ""),
        "authentication in a header"
    );
    assert_eq!(
        got("/a", &[("cookie", "access_token=x")], ""),
        "access_token in a cookie"
    );
}

proptest! {
    #[test]
    fn no_request_makes_it_panic_and_no_value_is_told(
        name in "[a-zA-Z_%+]{0,12}", value in "[0-9]{12}", json in any::<bool>(), query in any::<bool>(),
    ) {
        let body = if json { format!(r#"{{"{name}":"{value}"}}"#) } else { format!("{name}={value}") };
        let target = if query { format!("/t?client_id={value}") } else { "/t".to_owned() };
        let request = request(&target, &[if json { JSON } else { FORM }], &body);
        for place in [Place::Form, Place::Json, Place::Query, Place::Basic, Place::Header] {
            let (got, difference) = told(&request, place, &["client_id", "grant_type"]);
            prop_assert!(!got.contains(&value) && !difference.contains(&value));
        }
    }

    #[test]
    fn no_bytes_make_it_panic_and_the_right_value_is_never_a_slip(value in proptest::collection::vec(any::<u8>(), 0..40)) {
        prop_assert!(near_miss::slips(&value).iter().all(|(slip, _)| *slip != value));
    }

    #[test]
    fn no_difference_tells_the_secret(secret in "[A-Za-z0-9+/%]{8,24}", tail in "[\\r\\n \"']{1,2}") {
        let presented = format!("{secret}{tail}");
        let told = near_miss::of_secret(wrong(), &Secret::new(secret.clone()), presented.as_bytes());
        prop_assert!(told.difference.is_some());
        prop_assert!(!told.sentence().contains(&secret));
    }
}
