//! Minted tokens: a good one is admitted, a forged one is refused for what is wrong with it.

use serde_json::json;

use super::*;

/// Mints and shows a token with each defect; `expected` names defects with the reasons of the
/// refusals.
async fn check(server: &TestServer, api: &Api, expected: &[(&str, &str)]) {
    let vendor = &server.vendor;
    let good = minted(server, &json!({ "vendor": vendor })).await;
    let status = api.show(server, &good).await.status;
    assert!(status < 400 || status == 404, "{vendor}: {status}");
    for (defect, reason) in expected {
        let body = json!({"vendor": vendor, "defect": defect});
        let forged = minted(server, &body).await;
        let answer = api.show(server, &forged).await;
        assert!(
            (400..500).contains(&answer.status),
            "{vendor} {defect}: {}",
            answer.status
        );
        let denial = last_denial(server).await;
        assert_eq!(denial["reason"], *reason, "{vendor} {defect}: {denial}");
        let difference = denial["difference"].as_str().unwrap_or_default();
        let named = format!("minted with the defect `{defect}`");
        assert!(difference.contains(&named), "{vendor} {defect}: {denial}");
        let journal = control(server, "GET /journal", &Value::Null).await.text();
        assert!(
            !journal.contains(&forged),
            "{vendor} {defect}: in the journal"
        );
    }
    let all = [
        "expired",
        "not_yet",
        "revoked",
        "unknown",
        "wrong_issuer",
        "wrong_audience",
        "wrong_type",
        "foreign_key",
        "unknown_kid",
        "bad_signature",
        "alg_none",
        "hs256_with_public_key",
    ];
    for defect in all {
        if expected.iter().any(|(known, _)| *known == defect) {
            continue;
        }
        let body = json!({"vendor": vendor, "defect": defect});
        let refused = control(server, "POST /tokens", &body).await;
        assert_eq!(refused.status, 400, "{vendor} {defect}");
        let shown = refused.json();
        let error = shown["error"].as_str().unwrap_or_default();
        assert!(
            error.contains(&format!("cannot have the defect `{defect}`")),
            "{error}"
        );
    }
}

async fn minted(server: &TestServer, body: &Value) -> String {
    let answer = control(server, "POST /tokens", body).await;
    assert_eq!(answer.status, 201, "{body}: {}", answer.text());
    let value = answer.json()["value"].as_str().map(str::to_owned);
    value.expect("a value")
}

#[tokio::test]
async fn corti_refuses_each_forged_token_for_what_is_wrong_with_it() {
    let server = start(crate::corti::vendor()).await;
    let expected = [
        ("expired", "expired_token"),
        ("not_yet", "not_yet_valid"),
        ("revoked", "revoked_token"),
        ("wrong_issuer", "wrong_issuer"),
        ("wrong_audience", "wrong_audience"),
        ("wrong_type", "wrong_token"),
        ("foreign_key", "bad_signature"),
        ("unknown_kid", "bad_signature"),
        ("bad_signature", "bad_signature"),
        ("alg_none", "bad_signature"),
        ("hs256_with_public_key", "bad_signature"),
    ];
    check(&server, &corti(), &expected).await;
}

#[tokio::test]
async fn scribe_refuses_each_forged_token_for_what_is_wrong_with_it() {
    let server = start(crate::scribe::vendor()).await;
    let expected = [
        ("expired", "v2_expired_token"),
        ("not_yet", "v2_not_yet_valid"),
        ("revoked", "v2_revoked_token"),
        ("wrong_issuer", "v2_wrong_token"),
        ("wrong_audience", "v2_wrong_token"),
        ("wrong_type", "v2_wrong_token"),
        ("foreign_key", "v2_bad_signature"),
        ("unknown_kid", "v2_bad_signature"),
        ("bad_signature", "v2_bad_signature"),
        ("alg_none", "v2_bad_signature"),
        ("hs256_with_public_key", "v2_bad_signature"),
    ];
    server.set("revocation", "api_enforced");
    check(&server, &scribe(), &expected).await;
}

#[tokio::test]
async fn athelas_refuses_each_forged_token_for_what_is_wrong_with_it() {
    let server = start(crate::athelas::vendor()).await;
    let expected = [
        ("expired", "expired_token"),
        ("not_yet", "not_yet_valid"),
        ("revoked", "revoked_token"),
        ("wrong_audience", "malformed_token"),
        ("foreign_key", "bad_signature"),
        ("bad_signature", "bad_signature"),
        ("alg_none", "bad_signature"),
    ];
    check(&server, &athelas(), &expected).await;
}

#[tokio::test]
async fn pattern_refuses_each_forged_token_for_what_is_wrong_with_it() {
    let server = start(crate::pattern::vendor()).await;
    let expected = [
        ("expired", "expired_token"),
        ("revoked", "revoked_token"),
        ("unknown", "unknown_token"),
    ];
    check(&server, &pattern(&server), &expected).await;
}

#[tokio::test]
async fn a_forged_id_token_gets_no_identity() {
    let server = start(crate::scribe::vendor()).await;
    for (defect, reason) in [
        ("foreign_key", "bad_login_signature"),
        ("wrong_issuer", "wrong_issuer"),
        ("wrong_audience", "wrong_audience"),
        ("alg_none", "bad_login_signature"),
    ] {
        let body = json!({"vendor": "scribe", "kind": "id", "defect": defect});
        let forged = minted(&server, &body).await;
        let state = server.document().credentials;
        let text = |name: &str| state[name].as_str().expect("text").to_owned();
        let provider = format!(
            "cognito-idp.{}.amazonaws.com/{}",
            text("region"),
            text("user_pool_id")
        );
        let body =
            json!({"IdentityPoolId": text("identity_pool_id"), "Logins": {provider: forged}});
        let headers = "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: AWSCognitoIdentityService.GetId\r\n";
        let answer = server.request("POST /", headers, body.to_string()).await;
        assert_eq!(answer.status, 400, "{defect}: {}", answer.text());
        let denial = last_denial(&server).await;
        assert_eq!(denial["reason"], reason, "{defect}: {denial}");
    }
}

#[tokio::test]
async fn claims_and_lifetime_are_the_callers() {
    let server = start(crate::corti::vendor()).await;
    let body = json!({
        "vendor": "corti", "client": "locum-second", "lifetime_s": 60,
        "claims": {"patient": "p-1", "azp": null, "scope": "openid transcribe"},
    });
    let answer = control(&server, "POST /tokens", &body).await;
    let shown = answer.json();
    let token = shown["value"].as_str().expect("a value");
    let parts = locum_server::jwt::parse(token).expect("a JWT");
    assert_eq!(parts.claim("patient"), Some("p-1"));
    assert_eq!(parts.claim("azp"), None);
    assert_eq!(parts.claim("scope"), Some("openid transcribe"));
    assert_eq!(shown["client"], "locum-second");
    assert_eq!(shown["entry"], Value::Null, "no request made it");
    // A limited scope opens its websocket alone.
    assert_eq!(corti().show(&server, token).await.status, 403);
    let plain = json!({"vendor": "corti", "lifetime_s": 60});
    let plain = minted(&server, &plain).await;
    assert_eq!(corti().show(&server, &plain).await.status, 200);
    server.advance(60.0);
    assert_eq!(corti().show(&server, &plain).await.status, 401);
}

#[tokio::test]
async fn what_a_vendor_does_not_mint_is_refused_by_name() {
    let server = start(crate::pattern::vendor()).await;
    let check = async |body: Value, error: &str| {
        let refused = control(&server, "POST /tokens", &body).await;
        let shown = refused.json();
        assert_eq!(refused.status, 400, "{body}: {shown}");
        assert_eq!(shown["error"], error);
        assert_ne!(shown["hint"], "", "{body}");
    };
    let vendor = "pattern";
    check(json!({}), "missing member `vendor`").await;
    check(json!({"vendor": "x"}), "no vendor called `x`").await;
    check(
        json!({"vendor": vendor, "kind": "id"}),
        "`pattern` mints no id token",
    )
    .await;
    check(
        json!({"vendor": vendor, "client": "x"}),
        "no client called `x`",
    )
    .await;
    check(
        json!({"vendor": vendor, "claims": {"a": 1}}),
        "`claims` means nothing to a token of `pattern`",
    )
    .await;
    check(json!({"vendor": vendor, "x": 1}), "unknown member `x`").await;
}

/// A minted token has what a login gives, in its order.
#[tokio::test]
async fn a_minted_token_looks_like_one_of_a_login() {
    let server = start(crate::scribe::vendor()).await;
    let credentials = server.document().credentials;
    let text = |name: &str| credentials[name].as_str().expect("text").to_owned();
    let body = json!({
        "AuthFlow": "USER_PASSWORD_AUTH", "ClientId": text("client_id"),
        "AuthParameters": {"USERNAME": text("username"), "PASSWORD": text("password")},
    });
    let headers = "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth\r\n";
    let answer = server.request("POST /", headers, body.to_string()).await;
    let result = answer.json()["AuthenticationResult"].clone();
    let names = |token: &str| -> Vec<String> {
        let parts = locum_server::jwt::parse(token).expect("a JWT");
        parts.claims.keys().cloned().collect()
    };
    for (kind, member) in [("access", "AccessToken"), ("id", "IdToken")] {
        let minted = minted(&server, &json!({"vendor": "scribe", "kind": kind})).await;
        let given = result[member].as_str().expect("a token");
        assert_eq!(names(&minted), names(given), "{kind}");
    }
}
