//! The guards of both APIs: a signature with the identity pool's credentials, or the raw access token.

use std::time::Duration;

use locum_core::{Denial, DenialKind, Place};
use locum_server::guard::bearer::{self, BearerPolicy};
use locum_server::guard::sigv4::{self, Payload, Policy, Spelling, Unsigned};
use locum_server::{Admitted, Mock, Request, jwt};

use super::api::Version;
use super::{State, aws, token_checks};

/// Admits a request to an API.
///
/// # Errors
/// As for [`sigv4::verify`]; v2 as for [`bearer::check`], each reason with `v2_` in front.
pub(super) async fn admit(
    mock: &Mock,
    request: &Request,
    version: Version,
) -> Result<Admitted, Denial> {
    match version {
        Version::V1 => {
            let lookup = |id| aws::lookup(mock.clone(), id);
            let (admitted, _) = sigv4::admit(mock, request, &policy(mock)?, lookup).await?;
            Ok(admitted)
        }
        Version::V2 => raw(mock, request).await.map_err(|denial| Denial {
            reason: format!("v2_{}", denial.reason),
            ..denial
        }),
    }
}

/// "API requests need to be authenticated using AWS sigv4."
fn policy(mock: &Mock) -> Result<Policy, Denial> {
    let facts = mock.profile().signature.clone();
    let facts = facts.ok_or_else(|| Denial::new(DenialKind::Unsupported, "not_found"))?;
    let unsigned = match mock.setting_text("sigv4_unsigned_payload").as_str() {
        "accept" => Unsigned::Accept,
        "refuse" => Unsigned::Refuse,
        _ => Unsigned::IfSigned,
    };
    let payload = if mock.effect_enabled("hash_body") {
        Payload::Body(unsigned)
    } else {
        Payload::Claimed
    };
    Ok(Policy {
        region: facts.region,
        service: facts.service,
        skew: Duration::from_secs(mock.setting_u64("sigv4_skew_s")),
        spelling: Spelling {
            normalize: true,
            double_encode: true,
            plus_is_space: mock.setting_is("sigv4_plus", "space"),
        },
        payload,
        unsigned_token: mock.setting_on("sigv4_unsigned_token"),
        unsigned_content_sha256: mock.setting_on("sigv4_unsigned_content_sha256"),
        unsigned_amz_headers: mock.setting_on("sigv4_unsigned_amz_headers"),
        refuse_absent_header: mock.setting_is("sigv4_absent_header", "incomplete"),
        refuse_malformed_list: mock.setting_is("sigv4_malformed_list", "incomplete"),
        echo_canonical: mock.setting_on("sigv4_echo_canonical"),
    })
}

/// `Authorization` is the access token itself.
async fn raw(mock: &Mock, request: &Request) -> Result<Admitted, Denial> {
    let value = request
        .header("authorization")?
        .filter(|value| !value.is_empty());
    let value = value.ok_or_else(|| {
        Denial::new(DenialKind::Missing, "no_token")
            .expected("Authorization with the access token and nothing else")
            .absent(Place::Header, ["authorization"])
    })?;
    let value = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            if !mock.setting_is("v2_bearer_prefix", "accept") {
                mock.refuse(
                    &request.endpoint,
                    Denial::new(DenialKind::Malformed, "bearer_prefix")
                        .expected("the access token and nothing else")
                        .got("Bearer before it"),
                )?;
            }
            token
        }
        _ => value,
    };
    let policy = BearerPolicy {
        revoked: mock.setting_is("revocation", "cognito_only"),
        id_token: mock.setting_is("v2_id_token", "accept"),
        ..BearerPolicy::default()
    };
    let state = mock.state::<State>();
    let now = mock.now();
    let checked = bearer::check(mock, &request.endpoint, value, policy, |value| {
        let parts = jwt::parse(value)?;
        let kid = parts.header.get("kid").and_then(serde_json::Value::as_str);
        let [id_key, access_key] = state.keys_for(kid, now)?;
        // An id token has a good signature too: it is refused for what it is.
        let is_id = kid == Some(&id_key.kid);
        let key = if is_id { id_key } else { access_key };
        if !is_id && kid != Some(&key.kid) {
            return Err(Denial::new(DenialKind::BadSignature, "bad_signature")
                .expected(format!("kid {}", key.kid))
                .got(format!("kid {}", kid.unwrap_or("missing"))));
        }
        parts.verify_rs256(&key)?;
        if mock.enforces_expiry() {
            parts.check_times(now)?;
        }
        let client = parts.claim("client_id").unwrap_or_default();
        let is_client = is_id || state.client(client).is_some();
        let issuer = state.issuer(mock);
        for (name, expected, is_right) in [
            ("iss", issuer.as_str(), parts.claim("iss") == Some(&issuer)),
            (
                "token_use",
                "access",
                is_id || parts.claim("token_use") == Some("access"),
            ),
            ("client_id", "a client of the pool", is_client),
        ] {
            if !is_right {
                let shown = parts.claim(name).unwrap_or("none");
                return Err(Denial::new(DenialKind::WrongToken, "wrong_token")
                    .expected(format!("{name} {expected}"))
                    .got(format!("{name} {shown}")));
            }
        }
        Ok(())
    });
    let admitted = checked.await?;
    if !token_checks::is_of_a_user(&admitted.token) {
        let wrong = Denial::new(DenialKind::WrongToken, "wrong_token");
        let wrong = wrong.expected("an access token that a user logged in for");
        mock.refuse(&request.endpoint, wrong.got(admitted.token.name()))?;
    }
    Ok(admitted)
}
