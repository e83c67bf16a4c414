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
