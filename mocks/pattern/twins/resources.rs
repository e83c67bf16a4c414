//! Evil twins that are wrong at the API.

use bytes::Bytes;
use locum_core::DenialKind;
use locum_server::twin::{with_authorization, with_json};
use locum_server::{Reply, Twin};
use serde_json::Value;

use super::token_endpoint::{reason, with_status};

/// One thing wrong each.
pub(super) const TWINS: &[Twin] = &[
    Twin {
        misreads: |request| {
            let query = request.query();
            let token = query.text("access_token");
            match token.filter(|_| !request.headers.contains_key("authorization")) {
                Some(token) if request.endpoint != "token" => {
                    let path = request.path().to_owned();
                    let request = request.changed(|parts| parts.target = path);
                    with_authorization(request, Some(&format!("Bearer {token}")))
                }
                _ => request,
            }
        },
        ..Twin::named("query-token", "?access_token= is accepted")
    },
    Twin {
        misreads: |request| {
            let first = request.headers.get("authorization");
            let first = first
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned);
            match first {
                Some(first) => with_authorization(request, Some(&first)),
                None => request,
            }
        },
        ..Twin::named(
            "two-headers-first-wins",
            "of two Authorization headers the first is used",
        )
    },
    Twin {
        pardons: |_, denial| denial.kind == DenialKind::Forbidden,
        ..Twin::named("poor-served", "a permission is not asked for")
    },
    Twin {
        rewrite: |_, _, reply| match reason(&reply) {
            "forbidden" => with_status(reply, 401).set_header(
                "www-authenticate",
                "Bearer realm=\"pattern\", error=\"invalid_token\"",
            ),
            _ => reply,
        },
        ..Twin::named("poor-is-unknown", "missing permission gives 401")
    },
    Twin {
        rewrite: |endpoint, _, reply| {
            let kind = reply.denial.as_ref().map(|denial| denial.kind);
            match kind == Some(DenialKind::Expired) && endpoint != "token" {
                true => with_status(reply, 403),
                false => reply,
            }
        },
        ..Twin::named("expired-403", "an expired token gives 403")
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("token", _) => reply,
            (_, 200..=299) => with_status(reply, 401).set_header(
                "www-authenticate",
                "Bearer realm=\"pattern\", error=\"invalid_token\"",
            ),
            _ => reply,
        },
        ..Twin::named("api-refuses-all", "the API answers 401 to good tokens")
    },
    Twin {
        rewrite: |_, _, reply| {
            with_json(reply, |body| {
                if body["results"].is_array() && body["nextPage"].is_null() {
                    body["nextPage"] = Value::Null;
                }
            })
        },
        ..Twin::named("null-links", "nextPage is null on the last page")
    },
    Twin {
        misreads: |request| {
            let body = serde_json::from_slice(&request.body).unwrap_or_default();
            match (request.endpoint.as_str(), body) {
                ("register", Value::Object(mut body)) => {
                    body.entry("inviteCode").or_insert_with(|| "any".into());
                    let body = Bytes::from(Value::Object(body).to_string());
                    request.changed(|parts| parts.body = body)
                }
                _ => request,
            }
        },
        ..Twin::named("invite-optional", "nobody needs an inviteCode to register")
    },
    Twin {
        rewrite: |_, _, reply| match reply.status.as_u16() {
            422 => Reply {
                body: Bytes::new(),
                ..reply
            },
            _ => reply,
        },
        ..Twin::named("empty-422", "422 has an empty body")
    },
];
