//! Corti's evil twins.

mod interactions;
mod realm;
mod refresh;
mod socket;

use std::net::{SocketAddr, TcpStream};
use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use jsonwebtoken::{Algorithm, DecodingKey};
use locum_core::Denial;
use locum_server::twin::with_json;
use locum_server::{Mock, Reply, Request, Twin, jwt};
use serde_json::{Value, json};

use super::State;
use super::guard::realm_of;
use super::keys::RealmKeys;

/// All of them.
pub(super) static ALL: LazyLock<Vec<Twin>> = LazyLock::new(|| {
    [
        TWINS,
        interactions::TWINS,
        realm::TWINS,
        refresh::TWINS,
        socket::TWINS,
    ]
    .concat()
});

/// One thing wrong each.
const TWINS: &[Twin] = &[
    Twin {
        rewrite: |_, request, reply| {
            let is_tenant = |name: &str| name.eq_ignore_ascii_case("tenant-name");
            let mut lines = request.lines.iter();
            match lines.any(|(name, _)| is_tenant(name) && name != "Tenant-Name") {
                true => Reply::json(403, &json!({"detail": "The tenant is not named"})),
                false => reply,
            }
        },
        ..Twin::named(
            "tenant-header-case",
            "only the spelling Tenant-Name is found",
        )
    },
    Twin {
        rewrite: |_, _, reply| {
            opened_with(
                reply,
                "sec-websocket-accept",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            )
        },
        ..Twin::named("ws-wrong-accept", "Sec-WebSocket-Accept is wrong")
    },
    Twin {
        rewrite: |_, _, mut reply| {
            reply
                .headers
                .retain(|(name, _)| !name.eq_ignore_ascii_case("sec-websocket-version"));
            reply
        },
        ..Twin::named(
            "ws-version-silent",
            "a wrong version is refused without Sec-WebSocket-Version",
        )
    },
    Twin {
        rewrite: |_, _, reply| opened_with(reply, "sec-websocket-protocol", "chat"),
        ..Twin::named(
            "ws-forced-protocol",
            "a subprotocol is selected that was not offered",
        )
    },
    Twin {
        rewrite: |_, _, reply| opened_with(reply, "sec-websocket-extensions", "permessage-deflate"),
        ..Twin::named(
            "always-deflate",
            "the 101 names permessage-deflate whether offered or not",
        )
    },
    Twin {
        pardons: |_, denial| {
            denial.reason == "bad_socket_key" && denial.got.as_deref() != Some("none")
        },
        ..Twin::named("ws-any-key", "a key of 10 bytes gets 101")
    },
    Twin {
        rewrite: |_, request, reply| match lists_connection(request) {
            true => Reply::status(400),
            false => reply,
        },
        ..Twin::named(
            "connection-exact",
            "Connection must be the one word Upgrade",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "unknown_realm",
        ..Twin::named(
            "any-tenant",
            "every realm name behaves like the first tenant",
        )
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("token", 200) => in_milliseconds(reply),
            _ => reply,
        },
        ..Twin::named(
            "lifetime-in-ms",
            "expires_in is 300000, the token still lives 300 s",
        )
    },
    Twin {
        life_percent: 95,
        ..Twin::named(
            "token-ends-early",
            "an access token is refused after 95 percent of its life",
        )
    },
    Twin {
        pardons: |endpoint, denial| endpoint == "revoke" && denial.reason == "unmatching_clients",
        ..Twin::named(
            "revoke-foreign",
            "a client can revoke the tokens of another",
        )
    },
    Twin {
        rewrite: |_, _, reply| {
            with_json(reply, |body| {
                if let Some(url) = body["websocketUrl"].as_str() {
                    let (base, _) = url.split_once('?').unwrap_or((url, ""));
                    body["websocketUrl"] = base.into();
                }
            })
        },
        ..Twin::named(
            "url-without-tenant",
            "the returned websocket URL lacks tenant-name",
        )
    },
    Twin {
        skips: &["delete_interaction"],
        ..Twin::named(
            "delete-noop",
            "a DELETE is answered with 204 and deletes nothing",
        )
    },
    Twin {
        misreads: |request| {
            let target = request.target.replace("index=2", "index=1");
            request.changed(|parts| parts.target = target)
        },
        ..Twin::named(
            "first-page-always",
            "the second page of a list is the first",
        )
    },
    Twin {
        skips: &["own_interactions"],
        ..Twin::named(
            "shared-interactions",
            "an interaction can be read by other clients",
        )
    },
    Twin {
        pardons: |endpoint, denial| endpoint != "introspect" && denial.reason == "wrong_token",
        ..Twin::named("id-token-accepted", "the id token is accepted as bearer")
    },
    Twin {
        takes: |mock, token, _| is_signed_with_public_key(mock, token),
        ..Twin::named(
            "key-confusion",
            "HS256 with the public key as secret is accepted",
        )
    },
    Twin {
        takes: |_, token, _| {
            fetch_jku(token);
            false
        },
        ..Twin::named("fetches-jku", "the key is fetched from jku")
    },
    Twin {
        pardons: |_, denial| denial.reason == "wrong_issuer",
        ..Twin::named("issuer-unchecked", "iss is not compared")
    },
    Twin {
        pardons: |_, denial| denial.reason == "wrong_audience",
        ..Twin::named("audience-unchecked", "aud is not compared")
    },
    Twin {
        pardons: |endpoint, denial| endpoint == "introspect" && is_of_caller(denial),
        ..Twin::named("introspect-open", "introspection answers anonymous callers")
    },
    Twin {
        rewrite: |endpoint, _, reply| match is_inactive(endpoint, &reply) {
            true => with_body(reply, &json!({"active": true})),
            false => reply,
        },
        ..Twin::named(
            "always-active",
            "introspection says active for a dead token",
        )
    },
    Twin {
        rewrite: |endpoint, request, reply| match is_inactive(endpoint, &reply) {
            true => with_body(
                reply,
                &json!({"active": false, "client_id": asking(request)}),
            ),
            false => reply,
        },
        ..Twin::named(
            "dead-token-details",
            "introspection of a dead token shows its claims",
        )
    },
    Twin {
        rewrite: |endpoint, _, reply| match endpoint {
            "discovery" => Reply::status(404),
            _ => reply,
        },
        ..Twin::named("no-metadata", "no metadata document")
    },
    Twin {
        rewrite: |endpoint, _, reply| match endpoint {
            "discovery" => with_json(reply, |body| {
                let issuer = body["issuer"].as_str().unwrap_or_default();
                body["issuer"] = format!("{issuer}/").into();
            }),
            _ => reply,
        },
        ..Twin::named(
            "issuer-with-slash",
            "the issuer of the metadata ends in a slash that iss does not have",
        )
    },
    Twin {
        skips: &["audience_and_scope"],
        ..Twin::named("no-audience", "access tokens have neither aud nor scope")
    },
    Twin {
        rewrite: |endpoint, _, reply| match endpoint {
            "jwks" => with_json(reply, |body| body["keys"][0]["d"] = "AQAB".into()),
            _ => reply,
        },
        ..Twin::named("private-jwks", "the key set holds the private exponent")
    },
    Twin {
        skips: &["sign_with_published_key"],
        takes: |mock, token, _| {
            let parts = jwt::parse(token).ok();
            let keys = parts.as_ref().and_then(|parts| keys_of(mock, parts));
            keys.zip(parts)
                .is_some_and(|(keys, parts)| parts.verify_rs256(&keys.foreign().rsa).is_ok())
        },
        ..Twin::named(
            "kid-stays",
            "the signing key was changed, its kid and the key set were not",
        )
    },
    Twin {
        rewrite: |endpoint, _, reply| match endpoint {
            "jwks" => with_json(reply, add_short_key),
            _ => reply,
        },
        ..Twin::named("short-rsa", "the key set has a signing key of 1024 bits")
    },
    Twin {
        skips: &["hash_access_token"],
        ..Twin::named("wrong-at-hash", "at_hash is the hash of something else")
    },
    Twin {
        takes: |_, token, _| is_signed_by_its_jwk(token),
        ..Twin::named("trusts-jwk", "the key in the jwk header is used")
    },
];

/// The keys of the realm that issued a token, by what it says.
fn keys_of(mock: &Mock, parts: &jwt::Parts) -> Option<std::sync::Arc<RealmKeys>> {
    let realm = realm_of(mock, parts)?;
    Some(mock.state::<State>().keys.of(&realm.name))
}

/// As a verifier sees it that takes the algorithm from the token and one text for both kinds of key.
fn is_signed_with_public_key(mock: &Mock, token: &str) -> bool {
    let Ok(parts) = jwt::parse(token) else {
        return false;
    };
    let Some(keys) = keys_of(mock, &parts) else {
        return false;
    };
    let secret = keys.signing().rsa.public_pem();
    is_signed(
        token,
        Algorithm::HS256,
        &DecodingKey::from_secret(secret.as_bytes()),
    )
}

fn is_signed_by_its_jwk(token: &str) -> bool {
    let Ok(parts) = jwt::parse(token) else {
        return false;
    };
    let text = |name: &str| parts.header.get("jwk")?.get(name)?.as_str();
    let (Some(n), Some(e)) = (text("n"), text("e")) else {
        return false;
    };
    DecodingKey::from_rsa_components(n, e).is_ok_and(|key| is_signed(token, Algorithm::RS256, &key))
}

fn is_signed(token: &str, algorithm: Algorithm, key: &DecodingKey) -> bool {
    let (message, signature) = token.rsplit_once('.').unwrap_or_default();
    jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, algorithm).unwrap_or(false)
}

/// Asks where the header says; what comes is not used.
fn fetch_jku(token: &str) {
    let header = jwt::parse(token)
        .map(|parts| parts.header)
        .unwrap_or_default();
    let jku = header
        .get("jku")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let authority = jku
        .strip_prefix("http://")
        .and_then(|rest| rest.split('/').next());
    if let Some(address) = authority.and_then(|text| text.parse::<SocketAddr>().ok()) {
        // Whoever listens sees the connection, whatever becomes of it.
        drop(TcpStream::connect_timeout(&address, Duration::from_secs(1)));
    }
}

/// Whether a denial is about who asks, and not about the token.
fn is_of_caller(denial: &Denial) -> bool {
    let of_token = [
        "token_unverified",
        "user_session_not_found",
        "user_disabled",
        "client_disabled",
    ];
    !of_token.contains(&denial.reason.as_str())
}

fn is_inactive(endpoint: &str, reply: &Reply) -> bool {
    endpoint == "introspect" && reply.body == Bytes::from_static(br#"{"active":false}"#)
}

/// The client that asks.
fn asking(request: &Request) -> String {
    let form = request.form();
    let id = form.first("client_id").unwrap_or_default();
    String::from_utf8_lossy(id).into_owned()
}

/// A key that signs nothing, and is too short for it.
fn add_short_key(body: &mut Value) {
    let short = json!({
        "kid": "short", "kty": "RSA", "alg": "RS256", "use": "sig", "e": "AQAB",
        "n": URL_SAFE_NO_PAD.encode([0xC5; 128]),
    });
    if let Some(keys) = body["keys"].as_array_mut() {
        keys.push(short);
    }
}

fn with_body(mut reply: Reply, body: &Value) -> Reply {
    reply.body = Bytes::from(body.to_string());
    reply
}

fn in_milliseconds(mut reply: Reply) -> Reply {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body)
        && let Some(seconds) = body["expires_in"].as_u64()
    {
        body["expires_in"] = (seconds * 1000).into();
        reply.body = Bytes::from(body.to_string());
    }
    reply
}

/// A 101 with this header besides, or in place of its own.
fn opened_with(reply: Reply, name: &str, value: &str) -> Reply {
    match reply.status.as_u16() {
        101 => reply.set_header(name, value),
        _ => reply,
    }
}

/// Whether an upgrade is asked for by more than one word.
fn lists_connection(request: &Request) -> bool {
    let mut lines = request.lines.iter();
    lines.any(|(name, value)| {
        name.eq_ignore_ascii_case("connection")
            && value.contains(',')
            && value.to_ascii_lowercase().contains("upgrade")
    })
}
