//! What a token says of itself, when it is a JWT.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Header and claims of a JWT in compact form (RFC 7519 §3), with nothing verified: three segments
/// whose first decodes to an object with `alg`. Claims that are no JSON are `Null`.
pub(crate) fn read(token: &str) -> Option<(Value, Value)> {
    let segments: Vec<&str> = token.split('.').collect();
    let [header, claims, _] = segments[..] else {
        return None;
    };
    let decode = |segment: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(segment).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok()
    };
    let header = decode(header).filter(|header| header["alg"].is_string())?;
    Some((header, decode(claims).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(segments: &[&str], expected: Option<&(Value, Value)>) {
        let encoded: Vec<String> = segments
            .iter()
            .map(|text| URL_SAFE_NO_PAD.encode(text))
            .collect();
        assert_eq!(read(&encoded.join(".")).as_ref(), expected, "{segments:?}");
    }

    #[test]
    fn three_segments_with_alg_in_the_first_are_a_jwt() {
        let header = json!({"alg": "HS256"});
        check(
            &[r#"{"alg":"HS256"}"#, r#"{"exp":1}"#, "s"],
            Some(&(header.clone(), json!({"exp": 1}))),
        );
        check(
            &[r#"{"alg":"HS256"}"#, "no json", "s"],
            Some(&(header, Value::Null)),
        );
        check(&[r#"{"alg":"HS256"}"#, "{}"], None);
        check(&[r#"{"typ":"JWT"}"#, "{}", "s"], None);
        check(&["no json", "{}", "s"], None);
        assert_eq!(read("opaque"), None);
        assert_eq!(read("%.%.%"), None);
    }
}
