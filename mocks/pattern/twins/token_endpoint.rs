//! Evil twins that are wrong at the token endpoint.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use locum_core::DenialKind;
use locum_server::twin::{with_authorization, with_form, with_json};
use locum_server::{Reply, Request, Twin};

/// One thing wrong each.
pub(super) const TWINS: &[Twin] = &[
    Twin {
        misreads: |request| match pair_of(&request) {
            Some(pair) if pair.matches(':').count() > 1 => {
                let (id, secret) = pair.rsplit_once(':').unwrap_or_default();
                let id = id.replace(':', "%3A");
                with_basic(request, &format!("{id}:{secret}"))
            }
            _ => request,
        },
        ..Twin::named("last-colon", "id and secret are split at the last colon")
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("token", 200) => with_json(reply, |body| {
                body["expires_in"] = body["expires_in"].to_string().into();
            }),
            _ => reply,
        },
        ..Twin::named("lifetime-as-text", "expires_in is the text 3600000")
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("token", 200) => with_json(reply, |body| body["token_type"] = "mac".into()),
            _ => reply,
        },
        ..Twin::named("token-type-mac", "token_type is mac")
    },
    Twin {
        rewrite: |_, _, reply| match reason(&reply) {
            "malformed_basic" => with_status(reply, 500),
            _ => reply,
        },
        ..Twin::named("bad-base64-500", "a broken Basic value gives 500")
    },
    Twin {
        misreads: |request| match is_bearer(&request) && request.endpoint == "token" {
            true => with_basic(request, "pattern-poor-client:a Bearer token"),
            false => request,
        },
        pardons: |_, denial| is_wrong_secret_of(denial, "pattern-poor-client"),
        ..Twin::named(
            "bearer-as-client",
            "a valid Bearer token is taken as client authentication",
        )
    },
    Twin {
        misreads: |request| match (pair_of(&request), in_form(&request, "client_id")) {
            (Some(pair), Some(id)) => {
                let (_, secret) = pair.split_once(':').unwrap_or_default();
                let pair = format!("{id}:{secret}");
                with_basic(request, &pair)
            }
            _ => request,
        },
        pardons: |_, denial| is_wrong_secret_of(denial, "pattern-second-client"),
        ..Twin::named(
            "form-client-wins",
            "Basic of one client and client_id of another give a token of the other",
        )
    },
    Twin {
        settings: || vec![("pattern.body_credentials", "accept".into())],
        misreads: |request| match request.endpoint == "token" {
            true => with_authorization(request, None),
            false => request,
        },
        ..Twin::named(
            "body-credentials-only",
            "Basic is refused, credentials are read from the body",
        )
    },
    Twin {
        misreads: |request| match (pair_of(&request), in_form(&request, "client_secret")) {
            (Some(_), Some(_)) => without(request, &["client_id", "client_secret"]),
            _ => request,
        },
        ..Twin::named(
            "both-methods-ok",
            "Basic and body credentials together give a token",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "unauthorized_client",
        ..Twin::named(
            "barred-client-served",
            "a client that may not use the grant gets a token",
        )
    },
    Twin {
        pardons: |endpoint, denial| endpoint == "token" && denial.kind == DenialKind::Limit,
        ..Twin::named(
            "no-brake",
            "any number of wrong secrets is answered at once",
        )
    },
    Twin {
        misreads: |request| {
            let form = request.form();
            let first = form.pairs.first().map(|(name, _)| name.as_slice());
            match first {
                Some(name) if request.endpoint == "token" && name != b"grant_type" => {
                    without(request, &["grant_type"])
                }
                _ => request,
            }
        },
        ..Twin::named("order-matters", "grant_type has to be the first parameter")
    },
    Twin {
        misreads: |request| match in_form(&request, "grant_type") {
            None if request.endpoint == "token" => with_form(request, |mut pairs| {
                pairs.retain(|(name, _)| name != b"grant_type");
                pairs.push((b"grant_type".to_vec(), b"client_credentials".to_vec()));
                pairs
            }),
            _ => request,
        },
        ..Twin::named(
            "grant-optional",
            "a request without grant_type counts as client_credentials",
        )
    },
    Twin {
        misreads: |request| match request.json() {
            Ok(object) if request.endpoint == "token" => with_form(request, |_| {
                let text = |value: &serde_json::Value| {
                    value.as_str().map(str::as_bytes).map(<[u8]>::to_vec)
                };
                let pairs = object.iter();
                pairs
                    .filter_map(|(name, value)| Some((name.as_bytes().to_vec(), text(value)?)))
                    .collect()
            }),
            _ => request,
        },
        ..Twin::named("json-accepted", "a JSON body is accepted")
    },
    Twin {
        rewrite: |endpoint, request, reply| {
            let known = ["grant_type", "client_id", "client_secret", "scope"];
            let form = request.form();
            let mut names = form.pairs.iter();
            let is_unknown = |name: &[u8]| !known.iter().any(|known| known.as_bytes() == name);
            match endpoint == "token" && names.any(|(name, _)| is_unknown(name)) {
                true => refused(reply, 400, "invalid_request"),
                false => reply,
            }
        },
        ..Twin::named("strict-parameters", "an unknown parameter is refused")
    },
    Twin {
        rewrite: |endpoint, request, reply| {
            let kind = request.headers.get("content-type");
            let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
            match endpoint == "token" && kind.contains("charset") {
                true => refused(reply, 415, "invalid_request"),
                false => reply,
            }
        },
        ..Twin::named(
            "charset-refused",
            "a charset parameter on the content type gives 415",
        )
    },
    Twin {
        rewrite: |_, _, reply| match reason(&reply) {
            "unsupported_grant" => refused(reply, 400, "bad_grant"),
            _ => reply,
        },
        ..Twin::named(
            "own-error-code",
            "an unknown grant is answered with 400 and error bad_grant",
        )
    },
    Twin {
        rewrite: |_, _, reply| match reason(&reply) {
            "unsupported_grant" => with_status(reply, 422),
            _ => reply,
        },
        ..Twin::named(
            "grant-422",
            "an unknown grant is answered with 422 and the right error code",
        )
    },
    Twin {
        rewrite: |endpoint, request, reply| {
            let grant = request.form();
            match (endpoint, grant.first("grant_type")) {
                ("token", Some([])) => refused(reply, 400, "unsupported_grant_type"),
                _ => reply,
            }
        },
        ..Twin::named(
            "empty-is-value",
            "an empty grant_type is answered otherwise than a missing one",
        )
    },
    Twin {
        rewrite: |_, request, reply| match (reason(&reply), in_form(request, "client_secret")) {
            ("no_client", Some(secret)) => with_json(reply, |body| {
                body["error_description"] = format!("no client has the secret {secret}").into();
            }),
            _ => reply,
        },
        ..Twin::named("secret-echo", "error_description repeats the client secret")
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("token", 401) => reply.set_header("www-authenticate", "Bearer realm=\"pattern\""),
            _ => reply,
        },
        ..Twin::named(
            "wrong-challenge",
            "a wrong secret gives 401 with a Bearer challenge",
        )
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("token", 200) => with_json(reply, |body| {
                body["refresh_token"] = "made-up-refresh-token-0123456789".into();
            }),
            _ => reply,
        },
        ..Twin::named(
            "refresh-for-cc",
            "the client credentials reply carries a refresh_token",
        )
    },
];

/// Why a reply refuses; empty when it does not.
pub(super) fn reason(reply: &Reply) -> &str {
    reply
        .denial
        .as_ref()
        .map_or("", |denial| denial.reason.as_str())
}

pub(super) fn with_status(reply: Reply, status: u16) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(reply.status);
    Reply { status, ..reply }
}

/// A refusal by this code in place of `reply`.
fn refused(reply: Reply, status: u16, code: &str) -> Reply {
    let reply = with_status(reply, status);
    let body = serde_json::json!({"error": code}).to_string();
    let reply = Reply {
        body: body.into(),
        ..reply
    };
    reply.set_header("content-type", "application/json")
}

/// The value of `Authorization` behind this scheme.
fn credentials<'a>(request: &'a Request, scheme: &str) -> Option<&'a str> {
    let value = request.headers.get("authorization")?.to_str().ok()?;
    let (word, rest) = value.split_once(' ')?;
    word.eq_ignore_ascii_case(scheme).then_some(rest)
}

fn is_bearer(request: &Request) -> bool {
    credentials(request, "bearer").is_some()
}

/// Id and secret as they stand inside the base64 of Basic.
fn pair_of(request: &Request) -> Option<String> {
    let bytes = STANDARD.decode(credentials(request, "basic")?).ok()?;
    String::from_utf8(bytes).ok()
}

fn with_basic(request: Request, pair: &str) -> Request {
    let value = format!("Basic {}", STANDARD.encode(pair));
    with_authorization(request, Some(&value))
}

fn in_form(request: &Request, name: &str) -> Option<String> {
    request.form().text(name)
}

fn without(request: Request, names: &[&str]) -> Request {
    let is_out = |name: &[u8]| names.iter().any(|out| out.as_bytes() == name);
    with_form(request, |mut pairs| {
        pairs.retain(|(name, _)| !is_out(name));
        pairs
    })
}

fn is_wrong_secret_of(denial: &locum_core::Denial, client: &str) -> bool {
    let expected = denial.expected.as_deref().unwrap_or_default();
    denial.kind == DenialKind::BadSecret && expected.contains(client)
}
