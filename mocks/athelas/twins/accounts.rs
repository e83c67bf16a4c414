//! Evil twins that are wrong about who logs in, and in what they answer.

use http::StatusCode;
use locum_server::twin::{with_authorization, with_form, with_json};
use locum_server::{Form, Reply, Request, Twin};
use serde_json::json;

/// One thing wrong each.
pub(super) const TWINS: &[Twin] = &[
    Twin {
        routes_as: |method, path| match method {
            "GET" if path.ends_with("/auth/token") => "POST",
            _ => method,
        },
        ..Twin::named("token-by-get", "GET with a form body gives a token")
    },
    Twin {
        misreads: |request| match request.endpoint.as_str() {
            "token" => with_form(request, |mut pairs| {
                pairs.retain(|(name, _)| name != b"grant_type");
                pairs
            }),
            _ => request,
        },
        ..Twin::named("any-grant-type", "grant_type is not read")
    },
    Twin {
        pardons: |_, denial| denial.reason.starts_with("template_forbidden"),
        ..Twin::named("any-template", "a scribe is made of any template")
    },
    Twin {
        misreads: |request| match shown(&request) {
            Some(value) if value.starts_with("eyJ") => {
                with_authorization(request, Some(&format!("Bearer {value}")))
            }
            _ => request,
        },
        ..Twin::named(
            "bare-token",
            "a token without Bearer in front of it is accepted",
        )
    },
    Twin {
        misreads: |request| match shown(&request) {
            Some(value) if value.starts_with("Bearer ") && value[7..].find("eyJ") == Some(1) => {
                with_authorization(request, Some(&format!("Bearer {}", &value[8..])))
            }
            _ => request,
        },
        ..Twin::named(
            "letter-in-front-ok",
            "a letter in front of the token makes no difference",
        )
    },
    Twin {
        misreads: |request| {
            let query = request.query();
            let is_login = request.endpoint == "token" && query.first("password").is_some();
            match is_login && Form::first(&request.form(), "password").is_none() {
                true => with_form(request, |mut pairs| {
                    pairs.extend(query.pairs);
                    pairs
                }),
                false => request,
            }
        },
        ..Twin::named(
            "query-credentials",
            "POST with the credentials in the query gives a token",
        )
    },
    Twin {
        rewrite: |endpoint, request, reply| match endpoint == "transcription"
            && shows_nothing(request)
            && reply.status == 401
        {
            true => Reply::json(200, &json!({"id": 1, "task_status": "STT_COMPLETED"})),
            false => reply,
        },
        ..Twin::named(
            "open-transcription",
            "a transcription is shown without a token",
        )
    },
    Twin {
        rewrite: |_, _, reply| {
            let reason = reply.denial.as_ref().map(|denial| denial.reason.clone());
            match reason.as_deref() {
                Some("inactive_account") => {
                    with_status(reply, 403, &json!({"detail": "Inactive account"}))
                }
                _ => reply,
            }
        },
        ..Twin::named("inactive-403", "an inactive account is answered with 403")
    },
    Twin {
        misreads: |request| match shown(&request) {
            Some(value) if value.contains(OTHER_HEADER) => {
                with_authorization(request, Some(&value.replace(OTHER_HEADER, HEADER)))
            }
            _ => request,
        },
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("token", 200) => with_json(reply, |body| {
                if let Some(token) = body["access_token"].as_str() {
                    body["access_token"] = token.replace(HEADER, OTHER_HEADER).into();
                }
            }),
            _ => reply,
        },
        ..Twin::named(
            "other-header",
            "typ stands before alg in the token's header",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "inactive_account",
        ..Twin::named("inactive-account-ok", "an inactive account gets a token")
    },
    Twin {
        rewrite: |endpoint, request, reply| {
            let id = request.path().rsplit('/').next().unwrap_or_default();
            let is_known = id == "12345" || id.parse::<u32>().is_err();
            match endpoint == "scribe" && shows_nothing(request) && !is_known {
                true => with_status(reply, 404, &json!({"detail": "Scribe not found"})),
                false => reply,
            }
        },
        ..Twin::named(
            "not-found-first",
            "unknown ids give 404 to callers without a token",
        )
    },
    Twin {
        rewrite: |endpoint, request, reply| match endpoint {
            "" | "token" => reply,
            _ if reply.status == StatusCode::UNAUTHORIZED && shows_nothing(request) => {
                with_status(reply, 200, &json!({"scribe_id": 12345}))
            }
            _ => reply,
        },
        ..Twin::named(
            "no-header-no-check",
            "requests without an Authorization header are served",
        )
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("token", 200) => with_json(reply, |body| body["token_type"] = "mac".into()),
            _ => reply,
        },
        ..Twin::named("athelas-token-type-mac", "token_type is mac")
    },
    Twin {
        rewrite: |_, _, reply| match reply.status.as_u16() {
            404 => Reply {
                body: "Not Found".into(),
                ..reply.set_header("content-type", "text/plain; charset=utf-8")
            },
            _ => reply,
        },
        ..Twin::named("text-404", "404 is answered with text/plain")
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("transcription", 200) => with_json(reply, |body| body["task_status"] = "DONE".into()),
            _ => reply,
        },
        ..Twin::named(
            "state-of-its-own",
            "a transcription is in a state that the page does not have",
        )
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("transcription", 404) => with_status(reply, 200, &json!({})),
            _ => reply,
        },
        ..Twin::named(
            "no-transcription-is-200",
            "an unknown transcription is an empty object",
        )
    },
    Twin {
        rewrite: |endpoint, request, reply| match (endpoint, reply.status.as_u16()) {
            ("create", 422) if request.body.is_empty() => Reply::json(
                202,
                &json!({"scribe_id": 4, "status": "IN_PROGRESS", "submitted_at": "2026-01-01T00:00:00Z"}),
            ),
            _ => reply,
        },
        ..Twin::named(
            "scribe-of-nothing",
            "a scribe is made of a request without a body",
        )
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("create", 202) => Reply {
                status: StatusCode::OK,
                ..reply
            },
            _ => reply,
        },
        ..Twin::named("create-200", "a create request is answered with 200")
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("token", 200) => with_json(reply, |body| *body = json!({"data": body.take()})),
            _ => reply,
        },
        ..Twin::named("nested-reply", "the token reply stands under data")
    },
    Twin {
        // Without the time of its issue, which would tell the second login from the first.
        settings: || vec![("athelas.claims", json!(["sub", "exp"]))],
        skips: &["new_token"],
        ..Twin::named(
            "same-token-twice",
            "a second login returns the token of the first, which ends with it",
        )
    },
];

/// The first part of a token: alg and typ.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
/// The same with typ in front.
const OTHER_HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";

/// The value of `Authorization`.
fn shown(request: &Request) -> Option<String> {
    let value = request.headers.get("authorization")?.to_str().ok()?;
    Some(value.to_owned())
}

fn shows_nothing(request: &Request) -> bool {
    !request.headers.contains_key("authorization")
}

fn with_status(reply: Reply, status: u16, body: &serde_json::Value) -> Reply {
    Reply {
        status: StatusCode::from_u16(status).unwrap_or(reply.status),
        body: body.to_string().into(),
        ..reply
    }
}
