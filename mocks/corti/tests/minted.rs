//! The tokens themselves: header, claims and their order.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

/// The first segment of a JWT as it stands, and its claims.
fn decoded(token: &str) -> (String, Value) {
    let segments: Vec<&str> = token.split('.').collect();
    let part = |at: usize| URL_SAFE_NO_PAD.decode(segments[at]).expect("base64url");
    let header = String::from_utf8(part(0)).expect("text");
    (header, serde_json::from_slice(&part(1)).expect("claims"))
}

/// A token of `reply` has a header of that algorithm, and these claims in this order.
fn check(reply: &Value, member: &str, algorithm: &str, order: &str) -> Value {
    let (header, claims) = decoded(&text(reply, member));
    let kid = text(&serde_json::from_str(&header).expect("JSON"), "kid");
    assert_eq!(
        header,
        format!(r#"{{"alg":"{algorithm}","typ" : "JWT","kid" : "{kid}"}}"#)
    );
    assert_eq!(names(&claims), order, "{member}");
    claims
}

const ROLES: &str = "acr allowed-origins realm_access resource_access scope";
const PROFILE: &str = "email_verified name preferred_username given_name family_name email";
const SERVICE: &str = "email_verified clientHost preferred_username clientAddress client_id";

#[tokio::test]
async fn client_credentials() {
    let server = TestServer::start(vendor()).await;
    let reply = tokens(&server, CLIENT_LOGIN).await;
    let access = check(
        &reply,
        "access_token",
        "RS256",
        &format!("exp iat jti iss aud sub typ azp {ROLES} {SERVICE}"),
    );
    assert_eq!(
        access["exp"]
            .as_i64()
            .zip(access["iat"].as_i64())
            .map(|(exp, iat)| exp - iat),
        Some(300)
    );
    assert_eq!(
        access["iss"],
        "https://auth.beta-eu.corti.app/realms/copiloteu"
    );
    assert_eq!(
        (&access["aud"], &access["typ"], &access["azp"]),
        (&"account".into(), &"Bearer".into(), &"locum-client".into())
    );
    assert_eq!(access["preferred_username"], "service-account-locum-client");
    assert_eq!(access["scope"], "openid email profile");
    assert_eq!(
        access["realm_access"]["roles"],
        serde_json::json!([
            "default-roles-copiloteu",
            "offline_access",
            "uma_authorization"
        ])
    );
    assert_eq!(
        access["resource_access"]["account"]["roles"],
        serde_json::json!(["manage-account", "manage-account-links", "view-profile"])
    );
    let jti = text(&access, "jti");
    assert!(jti.starts_with("trrtcc:") && jti.len() == 7 + 36, "{jti}");
    let id = check(
        &reply,
        "id_token",
        "RS256",
        &format!("exp iat jti iss aud sub typ azp at_hash acr {SERVICE}"),
    );
    assert_eq!(
        (&id["aud"], &id["typ"]),
        (&"locum-client".into(), &"ID".into())
    );
    assert_eq!(
        text(&id, "at_hash"),
        super::super::claims::at_hash(&text(&reply, "access_token"))
    );
    assert_eq!(text(&id, "at_hash").len(), 22);
    let again = tokens(&server, "grant_type=client_credentials&<locum-client>").await;
    let (_, next) = decoded(&text(&again, "access_token"));
    assert_eq!(next["sub"], access["sub"]);
    assert_ne!(next["jti"], access["jti"]);
}

#[tokio::test]
async fn client_credentials_with_refresh() {
    let server = TestServer::start(vendor()).await;
    server.set("refresh_for_cc", true);
    let reply = tokens(&server, CLIENT_LOGIN).await;
    let order = "access_token expires_in refresh_expires_in refresh_token token_type id_token not-before-policy session_state scope";
    assert_eq!(
        (names(&reply).as_str(), &reply["refresh_expires_in"]),
        (order, &1800.into())
    );
    let access = check(
        &reply,
        "access_token",
        "RS256",
        &format!("exp iat jti iss aud sub typ azp sid {ROLES} {SERVICE}"),
    );
    assert!(text(&access, "jti").starts_with("onrtcc:"));
    assert_eq!(
        (text(&access, "sid"), text(&access, "sid").len()),
        (text(&reply, "session_state"), 24)
    );
    let refresh = check(
        &reply,
        "refresh_token",
        "HS512",
        "exp iat jti iss aud sub typ azp sid scope aud_x prov",
    );
    assert_eq!(refresh["aud"], refresh["iss"]);
    assert_eq!(
        refresh["scope"],
        "openid acr service_account roles web-origins basic email profile"
    );
    assert_eq!(
        (&refresh["typ"], &refresh["aud_x"], &refresh["prov"]),
        (&"Refresh".into(), &"account".into(), &"default".into())
    );
}

#[tokio::test]
async fn password_and_offline() {
    let server = TestServer::start(vendor()).await;
    let reply = tokens(
        &server,
        "grant_type=password&client_id=locum-app&<ada>&scope=openid",
    )
    .await;
    let access = check(
        &reply,
        "access_token",
        "RS256",
        &format!("exp iat jti iss aud sub typ azp sid {ROLES} {PROFILE}"),
    );
    assert!(text(&access, "jti").starts_with("onrtro:"));
    check(
        &reply,
        "id_token",
        "RS256",
        &format!("exp iat jti iss aud sub typ azp sid at_hash acr {PROFILE}"),
    );
    let refresh = check(
        &reply,
        "refresh_token",
        "HS512",
        "exp iat jti iss aud sub typ azp sid scope aud_x prov",
    );
    assert_eq!(
        refresh["scope"],
        "openid acr roles web-origins basic email profile"
    );
    server.set("rotate_refresh", true);
    let reply = tokens(
        &server,
        "grant_type=password&client_id=locum-app&<ada>&scope=openid",
    )
    .await;
    check(
        &reply,
        "refresh_token",
        "HS512",
        "exp iat jti iss aud sub typ azp sid scope aud_x prov reuse_id",
    );
    server.set("rotate_refresh", false);
    let reply = tokens(
        &server,
        "grant_type=password&client_id=locum-app&<ada>&scope=openid%20offline_access",
    )
    .await;
    assert_eq!(reply["refresh_expires_in"], 0);
    let refresh = check(
        &reply,
        "refresh_token",
        "HS512",
        "iat jti iss aud sub typ azp sid scope aud_x prov",
    );
    assert_eq!(refresh["typ"], "Offline");
    assert!(text(&decoded(&text(&reply, "access_token")).1, "jti").starts_with("ofrtro:"));
}

#[tokio::test]
async fn an_audience_mapper_adds_clients() {
    let server = TestServer::start(vendor()).await;
    let reply = tokens(&server, "grant_type=client_credentials&<locum-audience>").await;
    let (_, claims) = decoded(&text(&reply, "access_token"));
    assert_eq!(
        claims["aud"],
        serde_json::json!(["locum-audience", "account"])
    );
}

/// The API's guard takes what the realm signed, and nothing that was changed.
#[tokio::test]
async fn the_guard_admits_access_tokens_alone() {
    use super::super::guard::bearer_value;
    let server = TestServer::start(vendor()).await;
    let reply = tokens(&server, CLIENT_LOGIN).await;
    let access = text(&reply, "access_token");
    let vendor = server.running.stages.vendor("corti").expect("it is there");
    let verdict = |value: String| {
        let mock = server.running.stages.mock(vendor, &server.stage);
        async move {
            bearer_value(&mock, "interactions", &value)
                .await
                .map(|admitted| admitted.token.tenant)
                .map_err(|denial| denial.reason)
        }
    };
    assert_eq!(
        verdict(access.clone()).await,
        Ok(Some("copiloteu".to_owned()))
    );
    assert_eq!(
        verdict(text(&reply, "id_token")).await,
        Err("wrong_token".to_owned())
    );
    assert_eq!(
        verdict(format!("{access}A")).await,
        Err("bad_signature".to_owned())
    );
    assert_eq!(
        verdict("a.b.c".to_owned()).await,
        Err("malformed_token".to_owned())
    );
    // The other tenant knows the same client with the same secret.
    let other = server
        .request(
            "POST /realms/base/protocol/openid-connect/token",
            FORM,
            filled(&server, "grant_type=client_credentials&<locum-client>"),
        )
        .await;
    assert_eq!(
        verdict(text(&other.json(), "access_token")).await,
        Ok(Some("base".to_owned()))
    );
    server.advance(300.0);
    assert_eq!(verdict(access).await, Err("expired_token".to_owned()));
}
