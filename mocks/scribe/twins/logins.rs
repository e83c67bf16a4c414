//! Evil twins that are wrong between a password and its tokens.

use locum_server::twin::with_json;
use locum_server::{Reply, Twin};
use serde_json::{Value, json};

/// One thing wrong each.
pub(super) const TWINS: &[Twin] = &[
    Twin {
        skips: &["ask_for_a_code"],
        ..Twin::named(
            "no-second-factor",
            "the password of an account with an authenticator gives tokens at once",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "wrong_totp",
        ..Twin::named("any-code", "any code of an authenticator gives tokens")
    },
    Twin {
        settings: || vec![("scribe.mfa_reuse", "accept".into())],
        ..Twin::named("code-twice", "a code of an authenticator is taken twice")
    },
    Twin {
        rewrite: |_, _, reply| {
            with_json(reply, |body| {
                if body["__type"] == "CodeMismatchException" {
                    body["__type"] = "NotAuthorizedException".into();
                }
            })
        },
        ..Twin::named(
            "code-not-authorized",
            "a wrong code is answered with NotAuthorizedException",
        )
    },
    Twin {
        rewrite: |_, request, reply| match request.json() {
            Ok(body)
                if body
                    .get("AuthFlow")
                    .is_some_and(|flow| flow == "REFRESH_TOKEN") =>
            {
                let refused = json!({"__type": "InvalidParameterException", "message": ""});
                Reply::json(400, &refused).set_header("content-type", "application/x-amz-json-1.1")
            }
            _ => reply,
        },
        ..Twin::named("one-flow-name", "REFRESH_TOKEN is no name of a flow")
    },
    Twin {
        rewrite: |_, _, reply| {
            with_json(reply, |body| {
                let parameters = body.get_mut("ChallengeParameters");
                if let Some(parameters) = parameters.and_then(Value::as_object_mut) {
                    parameters.remove("USER_ID_FOR_SRP");
                }
            })
        },
        ..Twin::named("no-user-id-for-srp", "challenges have no USER_ID_FOR_SRP")
    },
];
