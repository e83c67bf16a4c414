//! Evil twins that take what is nearly right.

use bytes::Bytes;
use locum_server::twin::with_json;
use locum_server::{Reply, Request, Twin};
use serde_json::{Value, json};

/// Hexadecimal digits of a whole signature.
const WHOLE: usize = 64;

/// One thing wrong each.
pub(super) const TWINS: &[Twin] = &[
    Twin {
        rewrite: |_, request, reply| match request.query().first("access_token").is_some() {
            true => served_at_v1(request, reply),
            false => reply,
        },
        ..Twin::named(
            "query-token-at-v1",
            "the access token in the query stands for a signature",
        )
    },
    Twin {
        misreads: with_trimmed_password,
        ..Twin::named("password-trimmed", "blanks around a password are dropped")
    },
    Twin {
        pardons: |_, denial| denial.reason == "no_audience",
        ..Twin::named(
            "access-token-login",
            "the identity pool takes the access token for an id token",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "spent_session",
        ..Twin::named("used-session", "a Session may be answered twice")
    },
    Twin {
        rewrite: |_, _, reply| {
            with_json(reply, |body| {
                if let Some(Value::Object(credentials)) = body.get_mut("Credentials")
                    && let Some(secret) = credentials.remove("SecretKey")
                {
                    credentials.insert("SecretAccessKey".to_owned(), secret);
                }
            })
        },
        ..Twin::named(
            "secret-access-key",
            "the secret of AWS credentials is called SecretAccessKey",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "weak_password",
        ..Twin::named("weak-password", "a new password of any form is set")
    },
    Twin {
        pardons: |_, denial| denial.reason == "signature_not_yet_current",
        ..Twin::named(
            "future-dates-ok",
            "signatures are accepted however far ahead they are dated",
        )
    },
    Twin {
        rewrite: |_, request, reply| match body_of(request) {
            body if is_of(request, "ChangePassword") && body["AccessToken"].is_null() => {
                cognito(&json!({}))
            }
            _ => reply,
        },
        ..Twin::named(
            "change-without-token",
            "ChangePassword without an access token is answered with success",
        )
    },
    Twin {
        pardons: |_, denial| matches!(denial.reason.as_str(), "wrong_code" | "no_code"),
        ..Twin::named(
            "any-reset-code",
            "ConfirmForgotPassword sets a password for any code",
        )
    },
    Twin {
        rewrite: |_, request, reply| match request.method.as_str() {
            "OPTIONS" => Reply::json(403, &json!({"message": "Forbidden"})),
            _ => reply,
        },
        ..Twin::named("preflight-403", "a browser's preflight is refused")
    },
    Twin {
        skips: &["revoke_own_client_alone"],
        ..Twin::named(
            "revoked-by-any-client",
            "RevokeToken with the id of another client ends the login",
        )
    },
    Twin {
        rewrite: |_, request, reply| match is_of(request, "GetId") && asks_as_a_guest(request) {
            true => cognito(&json!({"IdentityId": GUEST})),
            false => reply,
        },
        ..Twin::named("guests-known", "GetId without Logins gives an identity")
    },
    Twin {
        rewrite: |_, request, reply| {
            let is_guest = body_of(request)["IdentityId"] == GUEST && asks_as_a_guest(request);
            if is_of(request, "GetId") && asks_as_a_guest(request) {
                cognito(&json!({"IdentityId": GUEST}))
            } else if is_of(request, "GetCredentialsForIdentity") && is_guest {
                let credentials = json!({
                    "AccessKeyId": "ASIALOCUMGUEST000000",
                    "SecretKey": "locum-guest-secret",
                    "SessionToken": "locum-guest-session",
                    "Expiration": 1_795_514_400.0,
                });
                cognito(&json!({"IdentityId": GUEST, "Credentials": credentials}))
            } else {
                reply
            }
        },
        ..Twin::named("guest-credentials", "guests get AWS credentials")
    },
    Twin {
        rewrite: |_, request, reply| {
            let body = body_of(request);
            let is_invented = body["ChallengeResponses"]["SOFTWARE_TOKEN_MFA_CODE"] == "000000";
            match is_of(request, "RespondToAuthChallenge") && is_invented {
                true => cognito(&json!({"AuthenticationResult": {
                    "AccessToken": "locum-access", "IdToken": "locum-id",
                    "RefreshToken": "locum-refresh", "TokenType": "Bearer", "ExpiresIn": 1800,
                }, "ChallengeParameters": {}})),
                false => reply,
            }
        },
        ..Twin::named(
            "session-for-any-challenge",
            "the Session of a new password opens the login as one for a code",
        )
    },
    Twin {
        skips: &["one_salt_a_name"],
        ..Twin::named(
            "salt-of-the-moment",
            "a user name that nobody has gets another SALT each time",
        )
    },
    Twin {
        rewrite: |_, _, reply| {
            with_json(reply, |body| {
                for name in ["requiredAttributes", "userAttributes"] {
                    let text = body["ChallengeParameters"][name].as_str();
                    if let Some(value) = text.and_then(|text| serde_json::from_str(text).ok()) {
                        body["ChallengeParameters"][name] = value;
                    }
                }
            })
        },
        ..Twin::named(
            "attributes-unwrapped",
            "requiredAttributes is a list and userAttributes an object",
        )
    },
    Twin {
        rewrite: |_, request, reply| match authorization(request) {
            Some(value) if value.contains("eyJ") => served_at_v1(request, reply),
            _ => reply,
        },
        ..Twin::named(
            "token-for-signature",
            "API v1 takes a token in the place of a signature",
        )
    },
    Twin {
        rewrite: |_, request, reply| {
            let signature =
                authorization(request).and_then(|value| value.split("Signature=").nth(1));
            match signature {
                Some(signature) if signature.len() < WHOLE => served_at_v1(request, reply),
                _ => reply,
            }
        },
        ..Twin::named("short-signature", "a signature that is too short is taken")
    },
];

/// The identity of nobody.
const GUEST: &str = "eu-west-2:00000000-0000-4000-8000-00000000a000";

/// Whether a request asks the pools for this operation.
fn is_of(request: &Request, operation: &str) -> bool {
    let target = request.header("x-amz-target").ok().flatten();
    target.is_some_and(|target| target.rsplit('.').next() == Some(operation))
}

fn body_of(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap_or_default()
}

fn asks_as_a_guest(request: &Request) -> bool {
    body_of(request)["Logins"].is_null()
}

/// A success of the pools.
fn cognito(body: &Value) -> Reply {
    Reply::json(200, body).set_header("content-type", "application/x-amz-json-1.1")
}

fn authorization(request: &Request) -> Option<&str> {
    request.header("authorization").ok().flatten()
}

/// The list of no tasks where the guard of API v1 refused.
fn served_at_v1(request: &Request, reply: Reply) -> Reply {
    match request.endpoint == "v1_tasks" && reply.status == 403 {
        true => Reply::json(200, &json!({"tasks": []})),
        false => reply,
    }
}

fn with_trimmed_password(request: Request) -> Request {
    let Ok(mut body) = serde_json::from_slice::<Value>(&request.body) else {
        return request;
    };
    let Some(password) = body["AuthParameters"]["PASSWORD"].as_str() else {
        return request;
    };
    let trimmed = password.trim().to_owned();
    body["AuthParameters"]["PASSWORD"] = trimmed.into();
    request.changed(|parts| parts.body = Bytes::from(body.to_string()))
}
