//! Evil twins that are wrong at the realm: scopes, error codes, authorization codes, the login page.

use http::StatusCode;
use locum_core::DenialKind;
use locum_server::twin::{with_form, with_json};
use locum_server::{Reply, Request, Twin, jwt};
use serde_json::json;

/// The address that the built-in clients have registered.
const REGISTERED: &str = "http://localhost:9/cb";

/// A word that the realm does not know.
const UNKNOWN: &str = "locum-unknown";

/// One thing wrong each.
pub(super) const TWINS: &[Twin] = &[
    Twin {
        takes: |_, token, _| jwt::parse(token).is_ok_and(|parts| !parts.header.contains_key("kid")),
        ..Twin::named("kid-optional", "a token without a kid is not verified")
    },
    Twin {
        rewrite: |endpoint, request, reply| {
            let is_bare = matches!(request.header("authorization"), Ok(None));
            match endpoint == "get_interaction" && is_bare && reply.status == 401 {
                true => Reply::json(200, &json!({"encounter": {"status": "planned"}})),
                false => reply,
            }
        },
        ..Twin::named(
            "open-interaction",
            "an interaction is readable without a token",
        )
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("token", 200) => with_json(reply, |body| {
                body.as_object_mut().map(|members| members.remove("scope"));
            }),
            _ => reply,
        },
        ..Twin::named(
            "scope-hidden",
            "the reply lacks scope although more was granted",
        )
    },
    Twin {
        misreads: |request| match asks_for_unknown(&request) {
            true => with_form(request, |mut pairs| {
                let scopes = pairs.iter_mut().filter(|(name, _)| name == b"scope");
                for (_, value) in scopes {
                    let text = String::from_utf8_lossy(value).replace(UNKNOWN, "");
                    *value = text.trim().as_bytes().to_vec();
                }
                pairs
            }),
            false => request,
        },
        rewrite: |_, request, reply| match (asks_for_unknown(request), reply.status.as_u16()) {
            (true, 200) => with_json(reply, |body| {
                let scope = body["scope"].as_str().unwrap_or_default();
                body["scope"] = format!("{scope} {UNKNOWN}").into();
            }),
            _ => reply,
        },
        ..Twin::named("scope-pretended", "an unknown scope is echoed as granted")
    },
    Twin {
        pardons: |endpoint, denial| endpoint == "token" && denial.reason == "wrong_user",
        ..Twin::named(
            "any-person-password",
            "a person gets tokens with any password",
        )
    },
    Twin {
        pardons: |_, denial| {
            denial.reason == "login_wrong_user" && denial.kind == DenialKind::BadSecret
        },
        ..Twin::named(
            "any-password-at-page",
            "the login page lets a person in with any password",
        )
    },
    Twin {
        rewrite: |endpoint, _, mut reply| {
            if endpoint == "userinfo" && reply.status == StatusCode::FORBIDDEN {
                reply.status = StatusCode::UNAUTHORIZED;
            }
            reply
        },
        ..Twin::named(
            "scope-as-401",
            "userinfo answers 401 to a token without openid",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "out_of_scope",
        ..Twin::named(
            "limited-token-everywhere",
            "a token for transcribe works on REST and streams",
        )
    },
    Twin {
        rewrite: |endpoint, _, reply| {
            let is_api = endpoint.ends_with("interactions") || endpoint.ends_with("interaction");
            match (is_api, reply.status.as_u16()) {
                (true, 401) => {
                    let reply = reply
                        .set_header("www-authenticate", "Bearer realm=\"corti\"")
                        .set_header("content-type", "application/json");
                    Reply {
                        body: json!({"message": "Unauthorized"}).to_string().into(),
                        ..reply
                    }
                }
                _ => reply,
            }
        },
        ..Twin::named(
            "json-401",
            "401 of the API has a JSON body and no error in the challenge",
        )
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("token", 401) => with_json(reply, |body| body["error"] = "invalid_client".into()),
            _ => reply,
        },
        ..Twin::named(
            "one-code-for-both",
            "wrong client id and wrong secret both give invalid_client",
        )
    },
    Twin {
        misreads: |request| match named_redirect(&request) {
            Some(named) if request.endpoint == "authorize" && named.starts_with(REGISTERED) => {
                let target = request
                    .target
                    .replace(&encoded(&named), &encoded(REGISTERED));
                request.changed(|parts| parts.target = target)
            }
            _ => request,
        },
        rewrite: |endpoint, request, reply| {
            let location = reply.headers.iter();
            let location = location
                .filter(|(name, _)| name.eq_ignore_ascii_case("location"))
                .find_map(|(_, value)| value.strip_prefix(REGISTERED));
            match (endpoint, named_redirect(request), location) {
                ("authorize", Some(named), Some(rest)) => {
                    let location = format!("{named}{rest}");
                    reply.set_header("location", location)
                }
                _ => reply,
            }
        },
        ..Twin::named("redirect-by-prefix", "redirect_uri is compared as a prefix")
    },
    Twin {
        pardons: |_, denial| denial.reason == "no_verifier",
        ..Twin::named(
            "pkce-if-sent",
            "the verifier is checked only when one is sent",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "invalid_code" && denial.kind == DenialKind::Revoked,
        ..Twin::named("code-twice", "an authorization code works twice")
    },
    Twin {
        pardons: |_, denial| denial.reason == "invalid_code" && denial.kind == DenialKind::Expired,
        ..Twin::named("code-without-end", "an authorization code never ends")
    },
    Twin {
        pardons: |_, denial| denial.reason == "wrong_redirect_uri",
        ..Twin::named(
            "redirect-uri-forgotten",
            "the redirect_uri of an authorization code is not compared",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "foreign_code",
        ..Twin::named(
            "code-for-anyone",
            "the client of an authorization code is not compared",
        )
    },
    Twin {
        rewrite: |endpoint, _, mut reply| {
            if endpoint == "authorize" && reply.status == StatusCode::OK {
                reply.headers.retain(|(name, _)| {
                    let framing = ["x-frame-options", "content-security-policy"];
                    !framing.iter().any(|known| name.eq_ignore_ascii_case(known))
                });
            }
            reply
        },
        ..Twin::named(
            "login-in-a-frame",
            "the login page has neither frame header",
        )
    },
    Twin {
        rewrite: |endpoint, request, reply| {
            let origin = request.headers.get("origin");
            let origin = origin.and_then(|value| value.to_str().ok());
            match (endpoint, origin) {
                ("authorize", Some(origin)) => {
                    reply.set_header("access-control-allow-origin", origin)
                }
                _ => reply,
            }
        },
        ..Twin::named(
            "cors-at-authorize",
            "the authorization endpoint reflects any Origin",
        )
    },
];

fn asks_for_unknown(request: &Request) -> bool {
    let scope = request.form().text("scope");
    request.endpoint == "token" && scope.is_some_and(|scope| scope.contains(UNKNOWN))
}

fn named_redirect(request: &Request) -> Option<String> {
    request.query().text("redirect_uri")
}

/// As a form encodes it.
fn encoded(text: &str) -> String {
    const PLAIN: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    percent_encoding::utf8_percent_encode(text, PLAIN).to_string()
}
