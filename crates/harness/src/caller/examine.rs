//! What the text of an issued token shows: its form, and which key of the set verifies it. The text
//! itself is never written down.

use std::str::FromStr as _;

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};

use super::forge::Template;
use crate::evidence::{EXAMINED, Variation};
use crate::run::context::{ObtainedToken, ScenarioContext};

/// Octets of a modulus of 2048 bits.
const LONG_MODULUS: usize = 256;

impl ScenarioContext {
    /// Writes down what each token that was issued so far shows, beside the key set if it was read.
    pub fn examine_tokens(&mut self) {
        let issued = self.issued.clone();
        for (request, member, token) in &issued {
            let text = token.expose();
            let mut facts = json!({
                "request": request.number(), "member": member, "is_jwt": is_jwt(text),
            });
            let template = Template::of(text);
            if *member == "IdToken" {
                facts["issuer"] = self.pool_issuer().into();
            }
            if let Some(template) = &template
                && !self.key_set.is_null()
            {
                facts["keys"] = of_key_set(&self.key_set, template, text);
            }
            let access = issued.iter().find(|(of, member, _)| {
                of == request && matches!(*member, "access_token" | "AccessToken")
            });
            if let (Some(template), Some((_, _, access))) = (&template, access) {
                facts["at_hash"] = left_half(template.alg(), access.expose()).into();
            }
            self.log.control(EXAMINED, &facts);
        }
    }

    /// What the tokens of a user pool name as their issuer, wherever the pool is served.
    fn pool_issuer(&self) -> String {
        let [region, pool] = ["region", "user_pool_id"].map(|name| self.target.credential(name));
        format!("https://cognito-idp.{region}.amazonaws.com/{pool}")
    }

    /// Logs in once more for another token than the last one. What a real endpoint makes of the
    /// second alone needs a second.
    pub async fn login_for_another_token(&mut self) -> Result<(), crate::Error> {
        for is_last in [false, true] {
            let count = self.tokens.len();
            self.login(&Variation::Documented).await?;
            let before = count.checked_sub(1).and_then(|at| self.tokens.get(at));
            let same = |held: &ObtainedToken| {
                let last = self.tokens.last();
                last.is_some_and(|last| last.value.expose() == held.value.expose())
            };
            let is_same = self.tokens.len() > count && before.is_some_and(same);
            if !is_same || self.stage.is_some() {
                break;
            }
            if is_last {
                return Err(self.lacks("each login gave the same token"));
            }
            self.pass_a_moment().await?;
        }
        Ok(())
    }

    /// Ends the scenario where the access tokens are opaque.
    pub fn needs_readable_token(&mut self) -> Result<(), crate::Error> {
        let is_opaque = |(_, member, token): &(_, &str, locum_core::Secret)| {
            matches!(*member, "access_token" | "AccessToken")
                && Template::of(token.expose()).is_none()
        };
        match self.issued.iter().any(is_opaque) {
            true => Err(self.lacks("its access token is opaque: what it is for cannot be read")),
            false => Ok(()),
        }
    }

    /// Ends the scenario where no token says that it is one of its kind.
    pub fn needs_claim(&mut self, name: &str) -> Result<(), crate::Error> {
        let templates = self.issued.iter();
        let mut templates = templates.filter_map(|(_, _, token)| Template::of(token.expose()));
        match templates.any(|template| template.payload().contains_key(name)) {
            true => Ok(()),
            false => Err(self.lacks(format!("its tokens have no {name}"))),
        }
    }
}

/// RFC 7515 §2, §3.1: three parts of base64url without padding, none of them empty.
fn is_jwt(text: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && URL_SAFE_NO_PAD.decode(part).is_ok();
    text.split('.').count() == 3 && text.split('.').all(is_part)
}

/// What the key set has for a token.
fn of_key_set(set: &Value, template: &Template, text: &str) -> Value {
    let none = Vec::new();
    let keys = set["keys"].as_array().unwrap_or(&none);
    let signs = |key: &&Value| key["use"].is_null() || key["use"] == "sig";
    let signing: Vec<&Value> = keys.iter().filter(signs).collect();
    let named: Vec<&Value> = match template.kid() {
        Some(kid) => signing
            .iter()
            .copied()
            .filter(|key| key["kid"] == kid)
            .collect(),
        None => signing.clone(),
    };
    let twice = named.iter().enumerate().any(|(at, key)| {
        let others = &named[at + 1..];
        template.kid().is_some() && others.iter().any(|other| other["kty"] == key["kty"])
    });
    let (message, signature) = text.rsplit_once('.').unwrap_or_default();
    let verifies = |key: &&&Value| verifies(key, template.alg(), message, signature);
    json!({
        "kid": template.kid(),
        "signing": signing.len(),
        "named": named.len(),
        "same_kid": twice,
        "verified": named.iter().any(|key| verifies(&key)),
    })
}

fn verifies(key: &Value, alg: &str, message: &str, signature: &str) -> bool {
    let text = |name: &str| key[name].as_str().unwrap_or_default();
    let Ok(algorithm) = Algorithm::from_str(alg) else {
        return false;
    };
    let decoding = match text("kty") {
        "RSA" => {
            if let Some(verified) = by_short_key(key, alg, message, signature) {
                return verified;
            }
            DecodingKey::from_rsa_components(text("n"), text("e"))
        }
        "EC" => DecodingKey::from_ec_components(text("x"), text("y")),
        "OKP" => DecodingKey::from_ed_components(text("x")),
        _ => return false,
    };
    decoding.is_ok_and(|key| {
        jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, algorithm)
            .unwrap_or(false)
    })
}

/// A key of less than 2048 bits is a finding of its own; its signatures are verified all the same.
fn by_short_key(key: &Value, alg: &str, message: &str, signature: &str) -> Option<bool> {
    let number = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str()?).ok();
    let (n, e) = (number("n")?, number("e")?);
    if n.len() >= LONG_MODULUS {
        return None;
    }
    let parameters = match alg {
        "RS256" => &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        "RS512" => &RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        _ => return None,
    };
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let components = PublicKeyComponents { n, e };
    Some(
        components
            .verify(parameters, message.as_bytes(), &signature)
            .is_ok(),
    )
}

/// OpenID Connect Core §3.1.3.6: the left half of the hash that the id token's algorithm uses.
fn left_half(alg: &str, access: &str) -> String {
    let algorithm = match alg.get(2..) {
        Some("384") => &SHA384,
        Some("512") => &SHA512,
        _ => &SHA256,
    };
    let hash = digest::digest(algorithm, access.as_bytes());
    let half = &hash.as_ref()[..hash.as_ref().len() / 2];
    URL_SAFE_NO_PAD.encode(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_parts_of_base64url_are_a_jwt() {
        assert!(is_jwt("eyJh.e30.c2ln"));
        for text in [
            "",
            "opaque",
            "eyJh.e30",
            "eyJh.e30.",
            "eyJh.e30.c2ln=",
            "eyJh.e30.c2ln ",
            "a.b.c.d",
        ] {
            assert!(!is_jwt(text), "{text:?}");
        }
    }

    /// OpenID Connect Core 1.0, Appendix A.3 and A.4 (the example of `response_type=id_token token`).
    #[test]
    fn the_hash_is_that_of_the_specification() {
        assert_eq!(
            left_half("RS256", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
    }
}
