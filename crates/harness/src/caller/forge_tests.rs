use super::*;
use crate::evidence::ShownToken as S;

/// An RS256 token of ours, so that its signature can be checked.
fn template() -> Template {
    let own = OwnKey::like("RS256").expect("our key");
    let header = json!({"alg": "RS256", "kid": "k1", "typ": "JWT"});
    let payload = json!({"sub": "a", "exp": 100, "iat": 1});
    let blank = Template {
        header: header.as_object().cloned().expect("an object"),
        header_text: URL_SAFE_NO_PAD.encode(header.to_string()),
        payload: payload.as_object().cloned().expect("an object"),
        payload_text: URL_SAFE_NO_PAD.encode(payload.to_string()),
        message: String::new(),
        signature: String::new(),
    };
    let token = blank
        .signed(&blank.header, Algorithm::RS256, &own.key)
        .expect("signed");
    Template::of(&token).expect("a JWT")
}

fn parts(token: &str) -> (Value, Value, String) {
    let segments: Vec<&str> = token.split('.').collect();
    let json = |at: usize| {
        let bytes = URL_SAFE_NO_PAD.decode(segments[at]).expect("base64url");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    let signature = segments.get(2).copied().unwrap_or_default();
    (json(0), json(1), signature.to_owned())
}

fn is_signed(token: &str, algorithm: Algorithm, key: &jsonwebtoken::DecodingKey) -> bool {
    let (message, signature) = token.rsplit_once('.').expect("a signature");
    jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, algorithm).unwrap_or(false)
}

fn own_public() -> (Value, jsonwebtoken::DecodingKey) {
    let own = OwnKey::like("RS256").expect("our key");
    let text = |name: &str| own.jwk[name].as_str().expect("text").to_owned();
    let key = jsonwebtoken::DecodingKey::from_rsa_components(&text("n"), &text("e"));
    (own.jwk, key.expect("a key"))
}

#[test]
fn one_thing_is_changed() {
    let template = template();
    let (jwk, public) = own_public();
    let material = Material {
        key: Some(&jwk),
        listener: Some("127.0.0.1:9"),
        ..Material::default()
    };
    let original = template.with_signature(&template.signature);
    assert!(is_signed(&original, Algorithm::RS256, &public));
    let forged = |shown| template.forged(shown, material).expect("it can be made");
    for (shown, alg) in [
        (S::Unsecured, "none"),
        (S::UnsecuredTitle, "None"),
        (S::UnsecuredCapitals, "NONE"),
        (S::UnsecuredMixed, "nONE"),
    ] {
        let (header, payload, signature) = parts(&forged(shown));
        assert_eq!(
            (header["alg"].as_str(), signature.as_str()),
            (Some(alg), "")
        );
        assert_eq!(payload["sub"], "a");
    }
    assert!(parts(&forged(S::UnsecuredSigned)).2.len() > 300);
    for shown in [S::OtherSubject, S::LaterEnd, S::MoreClaims] {
        let (header, payload, signature) = parts(&forged(shown));
        assert_eq!(
            (header["alg"].as_str(), signature),
            (Some("RS256"), template.signature.clone())
        );
        assert_ne!(
            payload,
            Value::Object(template.payload.clone()),
            "{shown:?}"
        );
    }
    for shown in [
        S::FirstLetter,
        S::MiddleLetter,
        S::LastLetter,
        S::HalfSignature,
        S::EmptySignature,
    ] {
        let token = forged(shown);
        assert_eq!(parts(&token).1, Value::Object(template.payload.clone()));
        assert!(!is_signed(&token, Algorithm::RS256, &public), "{shown:?}");
    }
    assert_eq!(forged(S::NoSignature).split('.').count(), 2);
}

/// What a vendor calls a signature may be any text.
#[test]
fn a_signature_that_is_no_base64_is_halved_between_its_characters() {
    let token = format!("{}.e30.éé", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#));
    let odd = Template::of(&token).expect("a JWT");
    let half = odd.forged(S::HalfSignature, Material::default());
    assert!(half.expect("it can be made").ends_with(".e30.é"));
}

#[test]
fn own_keys_sign_and_the_header_leads_to_them() {
    let template = template();
    let (_, public) = own_public();
    let material = Material {
        key: None,
        listener: Some("127.0.0.1:9"),
        ..Material::default()
    };
    for (shown, member, starts) in [
        (S::Jku, "jku", "\"http://127.0.0.1:9/"),
        (S::JkuOverTls, "jku", "\"https://127.0.0.1:9/"),
        (S::X5u, "x5u", "\"http://127.0.0.1:9/"),
        (S::KidAddress, "kid", "\"http://127.0.0.1:9/"),
        (S::KidSql, "kid", "\"x'"),
        (S::OwnJwk, "jwk", "{"),
        (S::OwnJwkAndKid, "jwk", "{"),
        (S::OwnCertificate, "x5c", "["),
    ] {
        let token = template.forged(shown, material).expect("it can be made");
        let (header, ..) = parts(&token);
        assert!(
            header[member].to_string().starts_with(starts),
            "{shown:?} {header}"
        );
        assert!(is_signed(&token, Algorithm::RS256, &public), "{shown:?}");
    }
    let nowhere = Material::default();
    assert!(template.forged(S::Jku, nowhere).is_none());
}

#[test]
fn what_is_published_is_a_secret_in_each_spelling() {
    let template = template();
    let (mut jwk, _) = own_public();
    jwk["x5c"] = json!([STANDARD.encode(RSA_CERTIFICATE)]);
    let material = Material {
        key: Some(&jwk),
        listener: None,
        ..Material::default()
    };
    let mut seen = std::collections::BTreeSet::new();
    for shown in [
        S::PublicPem,
        S::PublicPemCut,
        S::Pkcs1Pem,
        S::Pkcs1PemCut,
        S::PublicDer,
        S::Pkcs1Der,
        S::Modulus,
        S::KeyAsJson,
        S::Certificate,
    ] {
        let secret = public_text(shown, &jwk).expect("it can be spelt");
        let token = template.forged(shown, material).expect("it can be made");
        let key = jsonwebtoken::DecodingKey::from_secret(&secret);
        assert!(is_signed(&token, Algorithm::HS256, &key), "{shown:?}");
        assert!(seen.insert(secret), "{shown:?} twice");
    }
    let curve = json!({"kty": "EC"});
    let material = Material {
        key: Some(&curve),
        listener: None,
        ..Material::default()
    };
    assert!(template.forged(S::PublicPem, material).is_none());
}

/// RFC 7468 §13, and the lines of `openssl rsa -pubout`.
#[test]
fn a_public_key_is_spelt_as_programs_hold_it() {
    let (jwk, _) = own_public();
    let text = String::from_utf8(public_text(S::PublicPem, &jwk).expect("PEM")).expect("text");
    assert!(
        text.starts_with(
            "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"
        )
    );
    assert!(text.ends_with("-----END PUBLIC KEY-----\n"));
    assert!(text.lines().all(|line| line.len() <= 64));
    let inner = String::from_utf8(public_text(S::Pkcs1Pem, &jwk).expect("PEM")).expect("text");
    assert!(inner.starts_with("-----BEGIN RSA PUBLIC KEY-----\nMIIBCgKCAQEA"));
}

#[test]
fn a_key_of_the_vendors_own_kind_signs() {
    let mut of_curve = template();
    of_curve.header["alg"] = "ES256".into();
    let token = of_curve
        .forged(S::OwnJwk, Material::default())
        .expect("it can be made");
    let (header, ..) = parts(&token);
    assert_eq!(
        (header["alg"].as_str(), header["jwk"]["kty"].as_str()),
        (Some("ES256"), Some("EC"))
    );
    let text = |name: &str| header["jwk"][name].as_str().expect("text").to_owned();
    let key = jsonwebtoken::DecodingKey::from_ec_components(&text("x"), &text("y"));
    assert!(is_signed(&token, Algorithm::ES256, &key.expect("a key")));
}

/// A program that took its own password for a key.
#[test]
fn a_word_of_the_account_is_guessed() {
    let signed_by = |secret: &str| {
        let mut own = template();
        own.header["alg"] = "HS256".into();
        let key = EncodingKey::from_secret(secret.as_bytes());
        let header = own.header.clone();
        let token = own.signed(&header, Algorithm::HS256, &key);
        Template::of(&token.expect("it can be signed")).expect("a JWT")
    };
    let words = ["client-1".to_owned(), "pass-1".to_owned()];
    for (secret, guessed) in [
        ("pass-1", "pass-1"),
        ("secret", "secret"),
        ("9d2f", "secret"),
    ] {
        assert_eq!(signed_by(secret).guessed_secret(&words), guessed);
    }
}

#[test]
fn a_payload_ends_twice() {
    let text = template().ends_twice([1, 2]);
    assert!(text.ends_with(r#","exp":1,"exp":2}"#), "{text}");
    let read: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(read["exp"], 2);
}

#[test]
fn what_is_no_jwt_is_no_template() {
    for text in ["", "opaque", "a.b", "a.b.c", "e30.e30.c2ln"] {
        assert!(Template::of(text).is_none(), "{text:?}");
    }
}
