use serde_json::{Value, json};

use crate::rules::testing::{FAILURES, Log, check};
use crate::verdict::Grade;

fn set(keys: &Value) -> Log {
    Log::new().exchange("key set", "", 200, &json!({ "keys": keys }).to_string())
}

/// A modulus of so many bits.
fn modulus(bits: usize) -> String {
    use base64::Engine as _;
    let mut bytes = vec![0xFF; bits.div_ceil(8)];
    if !bits.is_multiple_of(8) {
        bytes[0] = 0xFF >> (8 - bits % 8);
    }
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[test]
fn keys_show_public_members_alone() {
    let key = json!({"kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB"});
    check(&set(&json!([key])), "JWT-24", Grade::Met);
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        let mut private = key.clone();
        private[name] = "AQAB".into();
        check(&set(&json!([key, private])), "JWT-24", Grade::Broken);
    }
    check(&set(&json!([])), "JWT-24", Grade::Unobserved);
    for failure in FAILURES {
        let finding = Log::new().failed("key set", "", failure);
        let rule = crate::rules::find("JWT-24", locum_core::requirement::Judge::Vendor);
        assert_ne!(finding.judge(rule.expect("a rule")).grade(), Grade::Met);
    }
}

#[test]
fn a_modulus_has_2048_bits() {
    let key =
        |bits, usage: &str| json!({"kty": "RSA", "use": usage, "n": modulus(bits), "e": "AQAB"});
    check(&set(&json!([key(2048, "sig")])), "JWT-26", Grade::Met);
    check(&set(&json!([key(2047, "sig")])), "JWT-26", Grade::Broken);
    check(
        &set(&json!([key(4096, "sig"), key(1024, "sig")])),
        "JWT-26",
        Grade::Broken,
    );
    check(
        &set(&json!([key(2048, "sig"), key(1024, "enc")])),
        "JWT-26",
        Grade::Met,
    );
    let curve = json!([{"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}]);
    check(&set(&curve), "JWT-26", Grade::Unobserved);
}

#[test]
fn each_token_has_a_key() {
    let log = |keys: Value| {
        let log = Log::new().jwt("", "", &json!({"iss": "i"}));
        let facts = json!({
            "request": log.last_request(), "member": "access_token", "is_jwt": true, "keys": keys,
        });
        log.control("examined token", &facts)
    };
    let keys = |kid: Value, signing: u8, named: u8, same_kid: bool, verified: bool| {
        log(json!({
            "kid": kid, "signing": signing, "named": named, "same_kid": same_kid,
            "verified": verified,
        }))
    };
    check(&keys(json!("a"), 2, 1, false, true), "JWT-25", Grade::Met);
    // One key needs no name.
    check(&keys(Value::Null, 1, 1, false, true), "JWT-25", Grade::Met);
    check(
        &keys(Value::Null, 2, 2, false, true),
        "JWT-25",
        Grade::Broken,
    );
    check(
        &keys(json!("a"), 2, 0, false, false),
        "JWT-25",
        Grade::Broken,
    );
    check(
        &keys(json!("a"), 2, 1, false, false),
        "JWT-25",
        Grade::Broken,
    );
    check(
        &keys(json!("a"), 2, 2, true, true),
        "JWT-25",
        Grade::Tolerated,
    );
    check(&Log::new(), "JWT-25", Grade::Unobserved);
}

const METADATA: &str = r#"{"issuer":"https://a.example/r","jwks_uri":"https://a.example/k"}"#;

#[test]
fn metadata_is_there_with_its_key_set() {
    let log = |status, body: &str, keys| {
        Log::new().exchange("metadata", "", status, body).exchange(
            "key set",
            "",
            keys,
            r#"{"keys":[]}"#,
        )
    };
    check(&log(200, METADATA, 200), "BCP-05", Grade::Met);
    check(&log(404, "{}", 200), "BCP-05", Grade::Broken);
    check(&log(200, r#"{"issuer":"i"}"#, 200), "BCP-05", Grade::Broken);
    check(&log(200, METADATA, 404), "BCP-05", Grade::Broken);
    check(&log(200, METADATA, 429), "BCP-05", Grade::Unobserved);
    check(&log(429, "{}", 200), "BCP-05", Grade::Unobserved);
    let alone = Log::new().exchange("metadata", "", 200, METADATA);
    check(&alone, "BCP-05", Grade::Unobserved);
    for failure in FAILURES {
        let log = Log::new().failed("metadata", "", failure);
        let rule = crate::rules::find("BCP-05", locum_core::requirement::Judge::Vendor);
        assert_ne!(
            log.judge(rule.expect("a rule")).grade(),
            Grade::Met,
            "{failure:?}"
        );
    }
}

#[test]
fn the_issuer_is_one() {
    let log = |iss: &str, issuer: &str| {
        let body = json!({ "issuer": issuer }).to_string();
        Log::new()
            .exchange("metadata", "", 200, &body)
            .jwt("", "", &json!({ "iss": iss }))
    };
    check(
        &log("https://a.example/r", "https://a.example/r"),
        "BCP-07",
        Grade::Met,
    );
    check(
        &log("https://a.example/r", "https://a.example/r/"),
        "BCP-07",
        Grade::Broken,
    );
    let silent = Log::new().exchange("metadata", "", 200, METADATA);
    check(&silent, "BCP-07", Grade::Unobserved);
    let none = Log::new().exchange("metadata", "", 200, "{}");
    check(
        &none.jwt("", "", &json!({"iss": "i"})),
        "BCP-07",
        Grade::Unobserved,
    );
}

/// These documents are read at `/` of the host `h`.
#[test]
fn an_issuer_on_the_host_that_was_asked_is_its_address() {
    let log = |issuer: &str| {
        let body = json!({ "issuer": issuer }).to_string();
        Log::new()
            .exchange("metadata", "", 200, &body)
            .jwt("", "", &json!({ "iss": issuer }))
    };
    check(&log("http://h/"), "BCP-07", Grade::Met);
    check(&log("http://h/realms/r"), "BCP-07", Grade::Broken);
    check(&log("http://hundred.example/r"), "BCP-07", Grade::Met);
}
