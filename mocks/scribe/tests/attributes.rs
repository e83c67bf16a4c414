//! Attributes: those that come with a new password, those of tokens, groups.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a payload");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}

fn attribute(answer: &Answer, name: &str) -> Value {
    let body = answer.json();
    let all = body["UserAttributes"].as_array().expect("attributes");
    let found = all.iter().find(|attribute| attribute["Name"] == name);
    found.map_or(Value::Null, |attribute| attribute["Value"].clone())
}

/// The answer to a NEW_PASSWORD_REQUIRED with these members besides.
async fn answer(server: &TestServer, session: &Value, further: &[(&str, &str)]) -> Answer {
    let mut responses =
        json!({"USERNAME": "scribe-temporary-user", "NEW_PASSWORD": "Abcdef12!xyz"});
    for (name, value) in further {
        responses[*name] = json!(value);
    }
    let body = json!({
        "ClientId": server.credential("client_id"), "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "Session": session, "ChallengeResponses": responses,
    });
    call(server, "RespondToAuthChallenge", body).await
}

/// Measured (aws-sdk-ios #2203, amplify-android #244, aws-saas-factory-bootcamp #67).
#[tokio::test]
async fn attributes_with_a_new_password_are_judged_and_kept() {
    let server = start().await;
    let challenge = password_login(&server, 2).await.json();
    assert_eq!(challenge["ChallengeParameters"]["requiredAttributes"], "[]");
    assert_eq!(
        challenge["ChallengeParameters"]["userAttributes"],
        r#"{"email":"scribe-temporary-user@example.com"}"#
    );
    let session = &challenge["Session"];
    let frozen = |name: &str| format!("Cannot modify the non-mutable attribute {name}");
    server.set("immutable_attributes", "name custom:frozen");
    let schema =
        "Attributes did not conform to the schema: nick: Attribute does not exist in the schema.";
    let rows = [
        (
            "email_verified",
            "InvalidParameterException",
            frozen("email_verified"),
        ),
        ("sub", "InvalidParameterException", frozen("sub")),
        ("nick", "InvalidParameterException", schema.to_owned()),
        (
            "email",
            "NotAuthorizedException",
            "Cannot modify an already provided email".to_owned(),
        ),
    ];
    for (name, kind, message) in rows {
        let member = format!("userAttributes.{name}");
        let refused = error(&answer(&server, session, &[(&member, "true")]).await);
        assert_eq!(refused, (400, kind.to_owned(), message));
        assert_eq!(last_denial(&server).got, Some(member));
    }
    // Refused as a whole: the Session still works; what has no value yet is written once.
    let given = tokens(
        &answer(
            &server,
            session,
            &[("userAttributes.name", "Ann"), ("odd", "x")],
        )
        .await,
    );
    let user = get_user(&server, &given.access).await;
    assert_eq!(attribute(&user, "name"), "Ann");
    assert_eq!(claims(&given.id)["name"], "Ann");
    assert!(claims(&given.access).get("name").is_none());
    let entries = server.stage.find(&locum_core::Filter::default());
    let ignored: Vec<&Value> = entries
        .iter()
        .filter_map(|entry| entry.notes.get("ignored"))
        .collect();
    assert_eq!(ignored, ["ChallengeResponses: odd"]);
}

#[tokio::test]
async fn what_is_required_and_lacking_is_asked_for() {
    let server = start().await;
    server.set("required_attributes", "email name");
    server.set("immutable_attributes", "email");
    let challenge = password_login(&server, 2).await.json();
    assert_eq!(
        challenge["ChallengeParameters"]["requiredAttributes"],
        r#"["userAttributes.name"]"#
    );
    let session = &challenge["Session"];
    let message = "Attributes did not conform to the schema: name: The attribute is required";
    assert_eq!(
        error(&answer(&server, session, &[]).await),
        (400, "InvalidParameterException".into(), message.into())
    );
    let frozen = error(&answer(&server, session, &[("userAttributes.email", "x@y")]).await);
    assert_eq!(frozen.2, "Cannot modify the non-mutable attribute email");
    let last = answer(&server, session, &[("userAttributes.name", "Ann")]).await;
    assert_eq!(last.status, 200);
}

#[tokio::test]
async fn a_users_attributes_and_groups_stand_in_the_tokens() {
    let server = start().await;
    let mut principals = server.document().principals;
    let user = &mut principals["users"][0];
    user["groups"] = json!(["admins", "clinic"]);
    user["attributes"] =
        json!({"custom:tenant": "t1", "phone_number": "+441", "phone_number_verified": "false"});
    server.change_principals(principals).expect("attributes");
    let given = login(&server).await;
    let (id, access) = (claims(&given.id), claims(&given.access));
    assert_eq!(id["custom:tenant"], "t1");
    assert_eq!(id["phone_number_verified"], false);
    assert_eq!(id["email_verified"], true);
    for claims in [&id, &access] {
        assert_eq!(claims["cognito:groups"], json!(["admins", "clinic"]));
    }
    assert!(access.get("custom:tenant").is_none());
    let user = get_user(&server, &given.access).await;
    assert_eq!(attribute(&user, "custom:tenant"), "t1");
    let renewed = tokens(&refresh(&server, &given.refresh).await);
    assert_eq!(claims(&renewed.id)["custom:tenant"], "t1");
    let other = tokens(&password_login(&server, 1).await);
    assert!(claims(&other.access).get("cognito:groups").is_none());
}

#[tokio::test]
async fn attributes_that_cannot_be_are_refused() {
    let server = start().await;
    for (attributes, expected) in [
        (json!({"nick": "x"}), "unknown attribute `nick`"),
        (json!({"sub": "x"}), "attribute sub of user scribe-user"),
        (json!({"email": "x"}), "attribute email of user scribe-user"),
        (json!({"name": 1}), "invalid type"),
    ] {
        let mut principals = server.document().principals;
        principals["users"][0]["attributes"] = attributes;
        let fault = server.change_principals(principals).expect_err("refused");
        assert!(fault.contains(expected), "{fault}");
    }
}
