//! Servers that refuse the documented login of a right account, each for a reason of its own: the run
//! ends with 4 and says what it can tell of the cause.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::manners::row;
use super::{checked_as, listener};

const ID: &str = "acme-client";

/// A secret in which what one spelling changes stands.
const SECRET: &str = "s:e+cret%41-0123456789";

const FORM_ENCODED: &str = "s%3Ae%2Bcret%2541-0123456789";

/// Serves logins of whom `knows` knows, by the whole request; others get this status.
fn serve(status: u16, knows: impl Fn(&str) -> bool + Clone + Send + 'static) -> String {
    let address = listener::listen(move |mut stream| {
        let request = listener::request(&mut stream).unwrap_or_default();
        let (status, body) = match knows(&request) {
            true => (
                200,
                r#"{"access_token":"t-0123456789","token_type":"bearer"}"#,
            ),
            false => (status, r#"{"error":"invalid_client"}"#),
        };
        write!(
            stream,
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    });
    format!("http://{address}")
}

/// What stands in the Basic header of a request, decoded.
fn pair(request: &str) -> Option<String> {
    let (_, rest) = request.split_once("Authorization: Basic ")?;
    let value = STANDARD.decode(rest.lines().next()?.trim()).ok()?;
    String::from_utf8(value).ok()
}

/// The exit code and the reason of VEN-16, which the text tells, too.
fn check(
    name: &str,
    vendor: &str,
    (status, knows): (u16, fn(&str) -> bool),
    expected: (i32, &str),
) {
    let url = serve(status, knows);
    let account = [
        ("LOCUM_CLIENT_ID", ID),
        ("LOCUM_CLIENT_SECRET", SECRET),
        ("LOCUM_GROUP_ID", "1"),
        ("LOCUM_TENANT", "acme"),
    ];
    let arguments = [vendor, "--url", &url, "--id", "VEN-16,BRR-01"];
    let checked = checked_as(&format!("refused-{name}"), account, &arguments);
    let (_, reason) = row(&checked.results, "VEN-16");
    assert!(reason.contains(expected.1), "{name}: {reason}");
    assert_eq!(checked.code, expected.0, "{name}: {reason}");
    let text = &checked.told;
    assert!(text.contains(expected.1), "{name}: {text}");
    let is_told = |text: &str| text.contains(SECRET) || text.contains(FORM_ENCODED);
    assert!(!is_told(text) && !is_told(&reason), "{name}");
}

#[test]
fn a_server_that_takes_json_alone_is_told() {
    let knows = |request: &str| request.contains("application/json") && request.contains(SECRET);
    let told = "login as JSON gave a token";
    check("json", "corti", (401, knows), (1, told));
}

/// RFC 6749 §2.3.1 has it so, and few clients do it.
#[test]
fn a_server_that_form_decodes_the_header_is_told() {
    let knows =
        |request: &str| pair(request).is_some_and(|pair| pair == format!("{ID}:{FORM_ENCODED}"));
    let told = "login with a form-encoded Basic header gave a token: the account is right";
    check("decodes", "pattern", (401, knows), (4, told));
}

#[test]
fn a_server_that_splits_at_the_last_colon_is_told() {
    let knows = |request: &str| {
        let pair = pair(request);
        let split = pair.as_deref().and_then(|pair| pair.rsplit_once(':'));
        let in_body = request.contains(&format!("client_secret={FORM_ENCODED}"));
        split == Some((ID, SECRET)) || pair.is_none() && in_body
    };
    let told = "login with the credentials in the body gave a token: the account is right";
    check("last-colon", "pattern", (401, knows), (4, told));
}

#[test]
fn an_address_where_nothing_is_is_told() {
    let told = "nothing takes a login there, check --url and LOCUM_TOKEN_URL";
    check("nowhere", "pattern", (404, |_| false), (4, told));
}

#[test]
fn what_was_tried_in_vain_is_told() {
    let told = "(tried besides: login with a form-encoded Basic header was answered with 401, ";
    check("in-vain", "pattern", (401, |_| false), (4, told));
}

/// However many are played at once and however often, a refused account is tried once, and again in the
/// scenario about the login: as it is documented, in the body, and both as JSON.
#[test]
fn an_account_that_was_refused_is_left_alone() {
    for (name, more) in [
        ("one", ["-j", "1"]),
        ("eight", ["-j", "8"]),
        ("again", ["--repeat", "3"]),
    ] {
        let logins = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&logins);
        let url = serve(401, move |request| {
            counted.fetch_add(
                usize::from(request.starts_with("POST /api/auth/token")),
                Ordering::SeqCst,
            );
            false
        });
        let account = [
            ("LOCUM_CLIENT_ID", ID),
            ("LOCUM_CLIENT_SECRET", "secret-0123456789"),
            ("LOCUM_GROUP_ID", "1"),
        ];
        let arguments = [&["pattern", "--url", &url][..], &more].concat();
        let checked = checked_as(&format!("left-alone-{name}"), account, &arguments);
        assert_eq!(checked.code, 4, "{name}: {}", checked.told);
        assert_eq!(logins.load(Ordering::SeqCst), 5, "{name}");
        let said = "it was run once instead of 3 times: the documented login was refused";
        assert_eq!(
            checked.said.contains(said),
            name == "again",
            "{}",
            checked.said
        );
    }
}
