//! The reply to a sign-in at a user pool, and facts of the tokens that a refresh gives.

use serde_json::Value;

use super::effect::{Step, concluded, control};
use crate::evidence::{Exchange, IdentityVariation, Operation, Variation};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("VEN-28", |view| concluded(facts_of_the_pool(view))),
    Rule::vendor("VEN-35", |view| concluded(reply_is_as_documented(view))),
];

/// How far `ExpiresIn` may be from what the access token says, in seconds.
const TOLERANCE_S: i64 = 5;

/// A claim of the token in `member` of the reply to `exchange`; `Null` when there is none.
fn claim(view: &View<'_>, exchange: &Exchange<'_>, member: &str, name: &str) -> Value {
    let mut jwts = view.evidence.jwts_of(exchange.seq);
    let jwt = jwts.find(|jwt| jwt.member == member);
    jwt.map(|jwt| jwt.claims[name].clone()).unwrap_or_default()
}

/// The members of the reply and `token_use` of its tokens are those of Amazon Cognito's documents.
fn reply_is_as_documented(view: &View<'_>) -> Step<Finding> {
    let login = control(view, Operation::SignIn, &Variation::Documented)?;
    let body = login.json();
    let result = &body["AuthenticationResult"];
    let mut wrong = Vec::new();
    for name in ["AccessToken", "IdToken", "RefreshToken"] {
        if result[name].as_str().is_none_or(str::is_empty) {
            wrong.push(format!("no {name}"));
        }
    }
    let kind = &result["TokenType"];
    if kind != "Bearer" {
        wrong.push(format!("TokenType {kind}"));
    }
    for (member, expected) in [("AccessToken", "access"), ("IdToken", "id")] {
        let use_of = claim(view, &login, member, "token_use");
        if use_of != expected {
            wrong.push(format!("token_use {use_of} in the {member}"));
        }
    }
    let client = claim(view, &login, "AccessToken", "client_id");
    let request: Value = serde_json::from_str(&login.request.body).unwrap_or_default();
    if client != request["ClientId"] {
        wrong.push(format!("client_id {client} in the AccessToken"));
    }
    let user = |member| claim(view, &login, member, "sub");
    if user("AccessToken") != user("IdToken") {
        wrong.push("another sub in the AccessToken than in the IdToken".to_owned());
    }
    if claim(view, &login, "AccessToken", "username")
        .as_str()
        .is_none_or(str::is_empty)
    {
        wrong.push("no username in the AccessToken".to_owned());
    }
    let name = claim(view, &login, "IdToken", "cognito:username");
    if name.as_str().is_none_or(str::is_empty) {
        wrong.push("no cognito:username in the IdToken".to_owned());
    }
    let verified = claim(view, &login, "IdToken", "email_verified");
    if !(verified.is_null() || verified.is_boolean()) {
        wrong.push(format!(
            "email_verified {verified} in the IdToken, not a boolean"
        ));
    }
    let time = |name| claim(view, &login, "AccessToken", name).as_i64();
    let lives = time("exp").zip(time("iat")).map(|(end, start)| end - start);
    let told = &result["ExpiresIn"];
    match (told.as_i64(), lives) {
        (Some(told), Some(lives)) if (told - lives).abs() <= TOLERANCE_S => {}
        (Some(_), None) => wrong.push("no exp and iat in the AccessToken".to_owned()),
        (_, lives) => {
            let lives =
                lives.map_or_else(String::new, |lives| format!(", the token lives {lives} s"));
            wrong.push(format!("ExpiresIn {told}{lives}"));
        }
    }
    if wrong.is_empty() {
        let by_a_trigger = changes_of_a_trigger(view, &login).join("; ");
        return Ok(match by_a_trigger.is_empty() {
            true => Finding::met("as Amazon Cognito documents it", login),
            false => Finding::fact(format!("{by_a_trigger}, as a trigger may have it"), login),
        });
    }
    let expected = "AccessToken, IdToken and RefreshToken as text, ExpiresIn as the access token lives, TokenType Bearer, token_use access and id, client_id of this client, one sub, a username in the access token, and cognito:username in the id token";
    Ok(Finding::broken(expected, wrong.join("; "), login))
}

/// What only the pool's own trigger makes of an access token (Amazon Cognito developer guide, Pre token
/// generation): it may take the scope away, and add what an id token has.
fn changes_of_a_trigger(view: &View<'_>, login: &Exchange<'_>) -> Vec<String> {
    let has = |name: &str| !claim(view, login, "AccessToken", name).is_null();
    let foreign = ["aud", "email"].into_iter().filter(|name| has(name));
    let foreign = foreign.map(|name| format!("{name} in the AccessToken"));
    let missing = (!has("scope")).then(|| "no scope in the AccessToken".to_owned());
    missing.into_iter().chain(foreign).collect()
}

/// What is known of Amazon Cognito and stands on no page of the vendor.
fn facts_of_the_pool(view: &View<'_>) -> Step<Finding> {
    let unknown = Variation::Identity(IdentityVariation::UnknownIdentity);
    let mut asked = view.evidence.exchanges_for(Operation::GetCredentials);
    let asked = asked.find(|exchange| {
        *exchange.variation == unknown && (exchange.is_refused() || exchange.is_served())
    });
    if let Some(asked) = asked {
        let name = asked.reply.and_then(crate::evidence::Message::error);
        let gives = match asked.is_served() {
            true => "credentials".to_owned(),
            false => name.unwrap_or_else(|| asked.sentence()),
        };
        return Ok(Finding::fact(
            format!("an unknown identity gives {gives}"),
            asked,
        ));
    }
    let login = control(view, Operation::SignIn, &Variation::Documented)?;
    let refresh = control(view, Operation::Refresh, &Variation::Documented)?;
    let origin = |exchange| claim(view, exchange, "AccessToken", "origin_jti");
    let kept = match (origin(&login), origin(&refresh)) {
        (Value::Null, _) | (_, Value::Null) => "no origin_jti",
        (first, second) if first == second => "a refresh keeps origin_jti",
        _ => "a refresh changes origin_jti",
    };
    let body = refresh.json();
    let gives = match body["AuthenticationResult"]["RefreshToken"].is_string() {
        true => "a refresh gives a refresh token",
        false => "a refresh gives no refresh token",
    };
    let kid = |member: &str| {
        let mut jwts = view.evidence.jwts_of(login.seq);
        let jwt = jwts.find(|jwt| jwt.member == member)?;
        jwt.header["kid"].as_str()
    };
    let keys = match (kid("AccessToken"), kid("IdToken")) {
        (Some(access), Some(id)) if access != id => "access and id token have keys of their own",
        (Some(_), Some(_)) => "access and id token have one key",
        _ => "the tokens name no key",
    };
    let seen = [kept, gives, keys].join("; ");
    Ok(Finding::fact(seen, Proof::from(&login).and(refresh)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const DENIED: &str = r#"{"__type":"NotAuthorizedException","message":"m"}"#;

    fn result() -> Value {
        json!({"AccessToken": "a", "IdToken": "i", "RefreshToken": "r", "ExpiresIn": 1800,
            "TokenType": "Bearer"})
    }

    fn signed_in(result: &Value, access: &Value, id: &Value) -> Log {
        let body = json!({"AuthenticationResult": result}).to_string();
        Log::of_a_user_pool()
            .exchange("sign-in", "", 200, &body)
            .holds_jwt("AccessToken", access)
            .holds_jwt("IdToken", id)
    }

    fn access() -> Value {
        json!({"token_use": "access", "iat": 1000, "exp": 2800, "username": "u", "scope": "s"})
    }

    #[test]
    fn a_reply_is_as_documented_or_not() {
        let id = json!({"token_use": "id", "cognito:username": "u", "email_verified": true});
        let log = |result: &Value| signed_in(result, &access(), &id);
        check(&log(&result()), "VEN-35", Grade::Met);
        for (name, value) in [
            ("TokenType", Value::Null),
            ("TokenType", json!("bearer")),
            ("ExpiresIn", Value::Null),
            ("ExpiresIn", json!("1800")),
            ("ExpiresIn", json!(1794)),
            ("RefreshToken", json!("")),
        ] {
            let mut changed = result();
            changed[name] = value;
            check(&log(&changed), "VEN-35", Grade::Broken);
        }
        let mut near = result();
        near["ExpiresIn"] = json!(1796);
        check(&log(&near), "VEN-35", Grade::Met);
        let swapped = signed_in(&result(), &access(), &json!({"token_use": "access"}));
        check(&swapped, "VEN-35", Grade::Broken);
        for (name, value) in [
            ("cognito:username", Value::Null),
            ("email_verified", json!("true")),
        ] {
            let mut odd = id.clone();
            odd[name] = value;
            let odd = signed_in(&result(), &access(), &odd);
            check(&odd, "VEN-35", Grade::Broken);
        }
        let endless = signed_in(&result(), &json!({"token_use": "access"}), &id);
        check(&endless, "VEN-35", Grade::Broken);
        let refused = Log::of_a_user_pool().exchange("sign-in", "", 400, DENIED);
        check(&refused, "VEN-35", Grade::Unobserved);
        for failure in FAILURES {
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            check(
                &Log::of_a_user_pool().failed("sign-in", "", failure),
                "VEN-35",
                grade,
            );
        }
    }

    /// The tokens of another client, or of two users, were as good.
    #[test]
    fn the_tokens_are_of_this_client_and_one_user() {
        let log = |client: Value, user: &str| {
            let request = json!({"ClientId": "me"}).to_string();
            let body = json!({"AuthenticationResult": result()}).to_string();
            let mut access = access();
            access["client_id"] = client;
            access["sub"] = "u-1".into();
            Log::of_a_user_pool()
                .sent_body("sign-in", "", &request, 200, &body)
                .holds_jwt("AccessToken", &access)
                .holds_jwt(
                    "IdToken",
                    &json!({"token_use": "id", "sub": user, "cognito:username": "u"}),
                )
        };
        check(&log(json!("me"), "u-1"), "VEN-35", Grade::Met);
        check(&log(json!("other"), "u-1"), "VEN-35", Grade::Broken);
        check(&log(Value::Null, "u-1"), "VEN-35", Grade::Broken);
        check(&log(json!("me"), "u-2"), "VEN-35", Grade::Broken);
    }

    /// An access token that was an id token too was as good.
    #[test]
    fn an_access_token_is_no_id_token() {
        let log = |name: &str, value: Value| {
            let mut access = access();
            access[name] = value;
            let id = json!({"token_use": "id", "cognito:username": "u"});
            signed_in(&result(), &access, &id)
        };
        check(&log("jti", json!("j")), "VEN-35", Grade::Met);
        check(&log("aud", json!("me")), "VEN-35", Grade::Fact);
        check(&log("aud", json!(["me"])), "VEN-35", Grade::Fact);
        check(&log("email", json!("a@b")), "VEN-35", Grade::Fact);
        check(&log("username", Value::Null), "VEN-35", Grade::Broken);
        check(&log("username", json!("")), "VEN-35", Grade::Broken);
        check(&log("scope", Value::Null), "VEN-35", Grade::Fact);
    }

    #[test]
    fn facts_are_reported() {
        let refused = Log::of_a_user_pool().exchange(
            "credentials",
            "for an identity that does not exist",
            400,
            DENIED,
        );
        check(&refused, "VEN-28", Grade::Fact);
        let given = Log::of_a_user_pool().exchange(
            "credentials",
            "for an identity that does not exist",
            200,
            r#"{"Credentials":{"SecretKey":"s"}}"#,
        );
        check(&given, "VEN-28", Grade::Fact);
        let log = || signed_in(&result(), &access(), &access());
        check(&log(), "VEN-28", Grade::Unobserved);
        let body = json!({"AuthenticationResult": result()}).to_string();
        let refreshed = log().exchange("refresh", "", 200, &body);
        check(&refreshed, "VEN-28", Grade::Fact);
    }
}
