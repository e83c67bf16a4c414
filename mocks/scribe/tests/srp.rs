//! USER_SRP_AUTH and PASSWORD_VERIFIER on the wire.

use super::srp_client::SrpClient;
use super::*;

const TIME: &str = "Sun Nov 22 15:55:23 UTC 2026";

async fn initiate(server: &TestServer, client_id: &str, name: &str, public: &str) -> Answer {
    let body = json!({"ClientId": client_id, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": {"USERNAME": name, "SRP_A": public}});
    call(server, "InitiateAuth", body).await
}

async fn respond(server: &TestServer, client_id: &str, responses: Value) -> Answer {
    let body = json!({"ClientId": client_id, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses});
    call(server, "RespondToAuthChallenge", body).await
}

fn pool(server: &TestServer) -> String {
    let id = parameter(server, "user_pool_id");
    id.split_once('_').expect("a region").1.to_owned()
}

/// A login by SRP as libraries do it.
async fn srp_login(server: &TestServer, name: &str, password: &str) -> Answer {
    let client_id = server.credential("client_id");
    let client = SrpClient::new(name);
    let first = initiate(server, &client_id, name, &client.public()).await;
    if first.status != 200 {
        return first;
    }
    let parameters = first.json()["ChallengeParameters"].clone();
    let responses = client.answer(&parameters, &pool(server), password, TIME);
    respond(server, &client_id, responses).await
}

/// §3.1: the members of the challenge, and no Session.
#[tokio::test]
async fn a_login_without_the_password_on_the_wire() {
    let server = start().await;
    let (id, password) = (
        server.credential("client_id"),
        server.credential("password"),
    );
    let client = SrpClient::new("a");
    // The alias is typed; the hash goes over the pool's own name.
    let first = initiate(&server, &id, "scribe-user@example.com", &client.public()).await;
    let body = first.json();
    let names: Vec<&String> = body.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["ChallengeName", "ChallengeParameters"]);
    assert_eq!(body["ChallengeName"], "PASSWORD_VERIFIER");
    let parameters = &body["ChallengeParameters"];
    assert_eq!(parameters["USER_ID_FOR_SRP"], "scribe-user");
    assert_eq!(parameters["USERNAME"], "scribe-user");
    for name in ["SALT", "SRP_B"] {
        let hex = parameters[name].as_str().expect("text");
        let lower = |letter: char| matches!(letter, '0'..='9' | 'a'..='f');
        assert!(hex.chars().all(lower) && !hex.starts_with('0'), "{name}");
    }
    let right = client.answer(parameters, &pool(&server), &password, TIME);
    // The same challenge may be answered several times.
    for _ in 0..2 {
        let given = tokens(&respond(&server, &id, right.clone()).await);
        assert_eq!(get_user(&server, &given.access).await.status, 200);
    }
    let wrong = client.answer(parameters, &pool(&server), "Wrong-1x", TIME);
    assert_eq!(
        error(&respond(&server, &id, wrong).await),
        not_authorized("Incorrect username or password.")
    );
    assert_eq!(last_denial(&server).reason, "wrong_password");
    server.advance(180.0);
    assert_eq!(
        error(&respond(&server, &id, right).await),
        not_authorized("Incorrect username or password.")
    );
    assert_eq!(last_denial(&server).kind.as_str(), "expired");
}

/// No state check of the password flow is missing here.
#[tokio::test]
async fn each_state_of_a_user_stands_behind_the_proof() {
    let server = start().await;
    let of = |index: usize| {
        (
            member(&server, "users", index, "username"),
            member(&server, "users", index, "password"),
        )
    };
    let rows = [
        (3, "NotAuthorizedException", "User is disabled."),
        (5, "UserNotConfirmedException", "User is not confirmed."),
        (
            6,
            "PasswordResetRequiredException",
            "Password reset required for the user",
        ),
    ];
    for (index, kind, message) in rows {
        let (name, password) = of(index);
        let refused = error(&srp_login(&server, &name, &password).await);
        assert_eq!(refused, (400, kind.to_owned(), message.to_owned()));
    }
    let (name, _) = of(6);
    assert_eq!(
        error(&srp_login(&server, &name, "Wrong-1x").await),
        not_authorized("Incorrect username or password.")
    );
    for (index, challenge) in [(2, "NEW_PASSWORD_REQUIRED"), (4, "SOFTWARE_TOKEN_MFA")] {
        let (name, password) = of(index);
        let body = srp_login(&server, &name, &password).await.json();
        assert_eq!(body["ChallengeName"], challenge);
        assert!(body["Session"].as_str().is_some_and(|text| text.len() > 20));
    }
    let (name, password) = of(2);
    server.advance(7.0 * 86_400.0);
    let old = error(&srp_login(&server, &name, &password).await);
    assert!(old.2.starts_with("Temporary password has expired"));
    server.set("srp_state_check", "initiate");
    let client = SrpClient::new("a").public();
    let id = server.credential("client_id");
    let refused = initiate(&server, &id, "scribe-disabled-user", &client).await;
    assert_eq!(error(&refused), not_authorized("User is disabled."));
}

/// "Amazon Cognito returns a simulated response".
#[tokio::test]
async fn an_unknown_user_looks_like_a_wrong_password() {
    let server = start().await;
    let id = server.credential("client_id");
    let client = SrpClient::new("a");
    let shown = |answer: &Answer| answer.json()["ChallengeParameters"].clone();
    let mut seen = Vec::new();
    for name in ["nobody", "nobody", "someone"] {
        let answer = initiate(&server, &id, name, &client.public()).await;
        assert_eq!(answer.status, 200);
        seen.push(shown(&answer));
    }
    for member in ["SALT", "USER_ID_FOR_SRP"] {
        assert_eq!(seen[0][member], seen[1][member], "{member}");
        assert_ne!(seen[0][member], seen[2][member], "{member}");
    }
    assert_ne!(seen[0]["SRP_B"], seen[1]["SRP_B"]);
    let answer = client.answer(&seen[0], &pool(&server), "Wrong-1x", TIME);
    let refused = respond(&server, &id, answer).await;
    let known = srp_login(&server, "scribe-user", "Wrong-1x").await;
    assert_eq!(refused.text(), known.text());
    server.set("prevent_user_existence_errors", "legacy");
    let refused = error(&initiate(&server, &id, "nobody", &client.public()).await);
    assert_eq!(
        refused,
        (
            400,
            "UserNotFoundException".into(),
            "User does not exist.".into()
        )
    );
}

/// §4, the rows on SRP.
#[tokio::test]
async fn what_the_steps_refuse() {
    let server = start().await;
    let id = server.credential("client_id");
    let client = SrpClient::new("a");
    let invalid = |message: &str| {
        (
            400,
            "InvalidParameterException".to_owned(),
            message.to_owned(),
        )
    };
    let prime = include_str!("rfc3526-3072.txt").replace(char::is_whitespace, "");
    for public in ["0", "000", &prime, &format!("{prime}0")] {
        let refused = error(&initiate(&server, &id, "scribe-user", public).await);
        assert_eq!(refused, invalid("Invalid SRP_A value."));
    }
    let refused = error(&initiate(&server, &id, "scribe-user", "xyz").await);
    assert!(
        refused
            .2
            .contains("Member must satisfy regular expression pattern: ^[0-9a-fA-F]+$")
    );
    assert_eq!(
        error(&initiate(&server, &id, "scribe-user", "").await),
        invalid("Missing required parameter SRP_A")
    );

    let first = initiate(&server, &id, "scribe-user", &client.public()).await;
    let parameters = first.json()["ChallengeParameters"].clone();
    let password = server.credential("password");
    let at = |time: &str| client.answer(&parameters, &pool(&server), &password, time);
    let changed = |name: &str, value: &str| {
        let mut responses = at(TIME);
        responses[name] = json!(value);
        responses
    };
    let wrong = "Incorrect username or password.";
    let format = "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.";
    let rows = [
        (
            changed("USERNAME", ""),
            invalid("Missing required parameter USERNAME"),
        ),
        (
            changed("TIMESTAMP", ""),
            invalid("Missing required parameter TIMESTAMP"),
        ),
        (
            changed("PASSWORD_CLAIM_SIGNATURE", ""),
            invalid("Missing required parameter PASSWORD_CLAIM_SIGNATURE"),
        ),
        (
            changed("PASSWORD_CLAIM_SECRET_BLOCK", ""),
            invalid("Missing required parameter PASSWORD_CLAIM_SECRET_BLOCK"),
        ),
        (
            changed("TIMESTAMP", "2026-11-22T15:55:23Z"),
            invalid(format),
        ),
        (
            changed("PASSWORD_CLAIM_SIGNATURE", "*"),
            invalid("Invalid PASSWORD_CLAIM_SIGNATURE format. Must be a Base64 string."),
        ),
        (
            changed("PASSWORD_CLAIM_SIGNATURE", "AAAA"),
            not_authorized(wrong),
        ),
        (
            changed("PASSWORD_CLAIM_SECRET_BLOCK", "AAAA"),
            not_authorized(wrong),
        ),
        (
            changed("USERNAME", "scribe-second-user"),
            not_authorized(wrong),
        ),
        (at("Sat Sep 05 01:02:03 UTC 2026"), not_authorized(wrong)),
        (at("Mon Sep 5 01:02:03 UTC 2026"), not_authorized(wrong)),
    ];
    for (responses, expected) in rows {
        assert_eq!(error(&respond(&server, &id, responses).await), expected);
    }
    let other = member(&server, "clients", 1, "client_id");
    let refused = error(&respond(&server, &other, at(TIME)).await);
    assert_eq!(refused, not_authorized(wrong));
    let got = last_denial(&server).got.unwrap_or_default();
    assert!(got.contains(", which was given to client"), "{got}");
    assert_eq!(
        respond(&server, &id, at("sat SEP 5 01:02:03 UTC 2026"))
            .await
            .status,
        400
    );
    assert_eq!(
        respond(&server, &id, at("Sat Sep 5 01:02:03 UTC 2026"))
            .await
            .status,
        200
    );
}

/// The same seed gives the same salt; each login has its own secret block and B.
#[tokio::test]
async fn the_seed_repeats_the_salt() {
    let (one, other) = (start().await, start().await);
    let public = SrpClient::new("a").public();
    let mut seen = Vec::new();
    for server in [&one, &other] {
        let id = server.credential("client_id");
        let answer = initiate(server, &id, "scribe-user", &public).await;
        seen.push(answer.json()["ChallengeParameters"].clone());
    }
    assert_eq!(seen[0], seen[1]);
}
