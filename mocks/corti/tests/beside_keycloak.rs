//! What `tests/parity/keycloak` found beside a Keycloak, held without one.

use super::authorize::{code_of, cookie, exchange, get, log_in, query};
use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const LOGIN_FORM: &str = "/realms/copiloteu/login-actions/authenticate";

/// Names of the cookies that an answer sets, in order; one that it takes back ends with `-`.
fn cookies(answer: &Answer) -> String {
    let names: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie")
        .map(|(_, line)| {
            let (name, value) = line.split_once('=').expect("a pair");
            let taken = if value.starts_with(';') { "-" } else { "" };
            format!("{name}{taken}")
        })
        .collect();
    names.join(" ")
}

fn cookie_header(pairs: &[String]) -> String {
    format!("Cookie: {}\r\n", pairs.join("; "))
}

fn refresh_body(client: &str, reply: &Value) -> String {
    let token = text(reply, "refresh_token");
    format!("grant_type=refresh_token&{client}&refresh_token={token}")
}

/// The claims of a JWT.
fn claims(token: &str) -> Value {
    let parts = locum_server::jwt::parse(token).expect("a JWT");
    serde_json::to_value(&parts.claims).expect("claims are JSON")
}

#[tokio::test]
async fn single_sign_on_takes_back_what_a_browser_holds() {
    let server = TestServer::start(vendor()).await;
    let answer = log_in(&server, &query(""), "<ada>").await;
    let known = cookie(&answer, "KEYCLOAK_IDENTITY");
    let restart = "KC_RESTART=x".to_owned();
    let new = "AUTH_SESSION_ID KC_AUTH_SESSION_HASH";
    let kept = "KEYCLOAK_IDENTITY KEYCLOAK_SESSION";
    for (more, held, between) in [
        ("", false, " KC_RESTART"),
        ("", true, " KC_RESTART-"),
        ("&prompt=none", false, ""),
        ("&prompt=none", true, " KC_RESTART-"),
    ] {
        let mut pairs = vec![known.clone()];
        pairs.extend(held.then(|| restart.clone()));
        let answer = get(&server, &query(more), &cookie_header(&pairs)).await;
        let expected = format!("{new}{between} {kept}");
        assert_eq!(
            (answer.status, cookies(&answer)),
            (302, expected),
            "{more} {held}"
        );
    }
    // Logged out: the cookies of the login are worth nothing any more.
    let reply = tokens(&server, &exchange(&code_of(&answer), "")).await;
    let token = text(&reply, "refresh_token");
    let body = format!("client_id=locum-app&refresh_token={token}");
    assert_eq!(post(&server, "logout", &body).await.status, 204);
    let over = "KEYCLOAK_IDENTITY- KEYCLOAK_SESSION-";
    let page = get(
        &server,
        &query(""),
        &cookie_header(std::slice::from_ref(&known)),
    )
    .await;
    assert_eq!(cookies(&page), format!("{over} {new} KC_RESTART"));
    let none = query("&prompt=none");
    let refused = get(&server, &none, &cookie_header(&[known, restart])).await;
    assert_eq!(cookies(&refused), format!("{over} {new} KC_RESTART-"));
    // A refusal without a page leaves the form that another tab shows.
    let asked = cookie(&page, "AUTH_SESSION_ID");
    let refused = get(&server, &none, &cookie_header(&[asked])).await;
    assert_eq!((refused.status, cookies(&refused).as_str()), (302, ""));
}

#[tokio::test]
async fn single_sign_on_makes_the_next_refresh_one_of_acr_0() {
    let server = TestServer::start(vendor()).await;
    let answer = log_in(&server, &query(""), "<ada>").await;
    let reply = tokens(&server, &exchange(&code_of(&answer), "")).await;
    let known = cookie_header(&[cookie(&answer, "KEYCLOAK_IDENTITY")]);
    for acr in ["1", "0"] {
        let reply = tokens(&server, &refresh_body("client_id=locum-app", &reply)).await;
        let claims = claims(&text(&reply, "access_token"));
        assert_eq!(claims["acr"], acr);
        assert_eq!(get(&server, &query(""), &known).await.status, 302);
    }
}

/// Two clients in one session: the refresh token of one is revoked, the other goes on.
#[tokio::test]
async fn revoking_ends_the_part_of_one_client() {
    let server = TestServer::start(vendor()).await;
    let answer = log_in(&server, &query(""), "<ada>").await;
    let known = cookie_header(&[cookie(&answer, "KEYCLOAK_IDENTITY")]);
    let first = tokens(&server, &exchange(&code_of(&answer), "")).await;
    let second = query("").replace("locum-app", "locum-client");
    let second = code_of(&get(&server, &second, &known).await);
    let token = text(&first, "refresh_token");
    let revoke = format!("client_id=locum-app&token={token}");
    assert_eq!(post(&server, "revoke", &revoke).await.status, 200);
    let body = exchange(&second, "").replace("client_id=locum-app", "<locum-client>");
    let second = tokens(&server, &body).await;
    let (status, _) = userinfo(&server, &text(&second, "access_token")).await;
    assert_eq!(status, 200);
    let gone = refresh_body("client_id=locum-app", &first);
    assert_eq!(post(&server, "token", &gone).await.status, 400);
}

/// An access token is revoked after its time, but not after its session.
#[tokio::test]
async fn revocation_looks_at_the_session_of_an_access_token() {
    let server = TestServer::start(vendor()).await;
    let login = "grant_type=password&client_id=locum-app&<ada>&scope=openid";
    for (logged_out, said) in [
        (false, String::new()),
        (true, error("invalid_token", "Invalid token")),
    ] {
        let reply = tokens(&server, login).await;
        if logged_out {
            let refresh = text(&reply, "refresh_token");
            let body = format!("client_id=locum-app&refresh_token={refresh}");
            assert_eq!(post(&server, "logout", &body).await.status, 204);
        } else {
            server.advance(301.0);
        }
        let token = text(&reply, "access_token");
        let answer = post(
            &server,
            "revoke",
            &format!("client_id=locum-app&token={token}"),
        )
        .await;
        assert_eq!((answer.status, answer.text()), (200, said));
    }
}

#[tokio::test]
async fn a_log_out_by_browser_leaves_what_has_no_session() {
    let server = TestServer::start(vendor()).await;
    let service = "grant_type=client_credentials&<locum-client>&scope=openid";
    let offline = "grant_type=password&client_id=locum-app&<ada>&scope=openid+offline_access";
    for (login, client) in [(service, "locum-client"), (offline, "locum-app")] {
        let reply = tokens(&server, login).await;
        let hint = text(&reply, "id_token");
        let line = format!("GET {OIDC}/logout?id_token_hint={hint}&client_id={client}");
        let answer = server.request(&line, "", "").await;
        assert!(
            answer.text().contains("You are logged out"),
            "{}",
            answer.text()
        );
        let (status, _) = userinfo(&server, &text(&reply, "access_token")).await;
        assert_eq!(status, 200, "{login}");
    }
}

/// In a form an empty parameter is one, in a query it is none.
#[tokio::test]
async fn empty_parameters_of_a_log_out_count_in_a_form() {
    let server = TestServer::start(vendor()).await;
    for (body, said) in [
        ("id_token_hint=", "Invalid parameter: id_token_hint"),
        (
            "client_id=&post_logout_redirect_uri=x",
            "Invalid redirect uri",
        ),
    ] {
        let answer = post(&server, "logout", body).await;
        assert!(
            answer.status == 400 && answer.text().contains(said),
            "{body}"
        );
    }
    let line = format!("GET {OIDC}/logout?id_token_hint=");
    let answer = server.request(&line, "", "").await;
    assert!(answer.status == 200 && answer.text().contains("Do you want to log out?"));
}

#[tokio::test]
async fn the_login_form_answers_each_method() {
    let server = TestServer::start(vendor()).await;
    for (method, status) in [("GET", 400), ("HEAD", 404), ("OPTIONS", 200), ("PUT", 405)] {
        let line = format!("{method} {LOGIN_FORM}");
        let answer = server.request(&line, "", "").await;
        let kept = answer.header("cache-control");
        let never = Some("no-store, must-revalidate, max-age=0");
        assert_eq!((answer.status, kept), (status, never), "{method}");
    }
}

#[tokio::test]
async fn unknown_names_answer_by_method() {
    let server = TestServer::start(vendor()).await;
    for (line, status) in [
        ("GET nix", 404),
        ("HEAD nix", 405),
        ("DELETE nix", 405),
        ("OPTIONS nix", 404),
        ("GET token/nix", 405),
        ("POST token/nix", 404),
        ("DELETE token/nix", 405),
    ] {
        let (method, path) = line.split_once(' ').expect("two words");
        let line = format!("{method} {OIDC}/{path}");
        assert_eq!(server.request(&line, "", "").await.status, status, "{line}");
    }
}

#[tokio::test]
async fn the_realm_is_told_to_any_origin() {
    let server = TestServer::start(vendor()).await;
    let evil = "Origin: https://evil.example\r\n";
    for method in ["GET", "OPTIONS"] {
        let answer = server
            .request(&format!("{method} /realms/copiloteu"), evil, "")
            .await;
        let allowed = answer.header("access-control-allow-origin");
        assert_eq!(
            (answer.status, allowed),
            (200, Some("https://evil.example"))
        );
    }
}

#[tokio::test]
async fn control_characters_of_a_query_are_blocked() {
    let server = TestServer::start(vendor()).await;
    for (query, status) in [
        ("a=b%00", 400),
        ("a=%1f", 400),
        ("a=%0a", 200),
        ("a%00=b", 200),
    ] {
        let line = format!("GET {OIDC}/certs?{query}");
        assert_eq!(
            server.request(&line, "", "").await.status,
            status,
            "{query}"
        );
    }
}

/// The secret of Basic without an id is the one of the id in the form.
#[tokio::test]
async fn basic_without_an_id_brings_a_secret() {
    let server = TestServer::start(vendor()).await;
    let secret = client_secret(&server, "locum-client");
    for (shown, status) in [(format!(":{secret}"), 200), (":wrong".to_owned(), 401)] {
        let headers = format!("{FORM}Authorization: Basic {}\r\n", STANDARD.encode(&shown));
        let body = "grant_type=client_credentials&client_id=locum-client";
        let line = format!("POST {OIDC}/token");
        assert_eq!(server.request(&line, &headers, body).await.status, status);
    }
}

#[tokio::test]
async fn nameless_parameters_count() {
    let server = TestServer::start(vendor()).await;
    let twice = error("invalid_request", "duplicated parameter");
    for (more, refused) in [
        ("&&", false),
        ("&&&", true),
        ("&=x&&", true),
        ("&=x&", false),
    ] {
        let body = format!("grant_type=client_credentials&<locum-client>{more}");
        let answer = post(&server, "token", &body).await;
        assert_eq!(answer.text() == twice, refused, "{more}: {}", answer.text());
    }
}

/// A name that is empty is not the one of a user without an e-mail address.
#[tokio::test]
async fn an_empty_username_is_nobody() {
    let server = TestServer::start(vendor()).await;
    set_user(&server, "ada", "email", "");
    let password = password(&server, "ada");
    let body = format!("grant_type=password&client_id=locum-app&username=&password={password}");
    let answer = post(&server, "token", &body).await;
    assert_eq!(
        answer.text(),
        error("invalid_grant", "Invalid user credentials")
    );
}

#[tokio::test]
async fn characters_beyond_the_basic_plane_are_escaped() {
    let server = TestServer::start(vendor()).await;
    let body = "grant_type=client_credentials&<locum-client>&scope=%C3%A9%F0%9D%84%9E";
    let answer = post(&server, "token", body).await;
    let refused = error("invalid_scope", "Invalid scopes: é\\uD834\\uDD1E");
    assert_eq!(answer.text(), refused);
}

/// What a form of another type gets at each endpoint: a media type that is none, parts that are
/// none, and two types in a line.
#[tokio::test]
async fn forms_of_other_types_are_refused_by_each_endpoint() {
    let server = TestServer::start(vendor()).await;
    let (parts, two) = (
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded, text/plain",
    );
    for (endpoint, content_type, status) in [
        ("token", "application/", 500),
        ("token", parts, 500),
        ("token", two, 500),
        ("revoke", "application/", 400),
        ("revoke", parts, 500),
        ("token/introspect", "application/", 400),
        ("ext/ciba/auth", "application/", 401),
        ("auth/device", "application/", 500),
        ("auth/device", two, 500),
        ("userinfo", two, 500),
        ("logout", "application/", 500),
        ("logout", two, 500),
    ] {
        let headers = format!("Content-Type: {content_type}\r\n");
        let line = format!("POST {OIDC}/{endpoint}");
        let answer = server.request(&line, &headers, "a=b").await;
        assert_eq!(answer.status, status, "{endpoint}, {content_type}");
    }
    let line = "POST /realms/copiloteu/clients-registrations/openid-connect";
    let json = "Content-Type: application/json\r\n";
    assert_eq!(server.request(line, json, "").await.status, 500);
    assert_eq!(server.request(line, json, "nix").await.status, 400);
}
