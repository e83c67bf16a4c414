//! The types of the claims that RFC 7519 §4.1 registers.

use serde_json::Value;

use super::deviation::Deviations;
use super::issued_jwt::jwts;
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("JWT-30", claims_have_their_types)];

/// Each registered claim of each issued token has its type, where it is there.
fn claims_have_their_types(view: &View<'_>) -> Finding {
    let (mut wrong, mut good) = (Deviations::default(), Vec::new());
    for jwt in jwts(view) {
        let Some(claims) = jwt.claims.as_object() else {
            let seen = format!("the {} holds no JSON object", jwt.member);
            wrong.add("claims in a JSON object", seen, &jwt);
            continue;
        };
        for (name, value) in claims {
            if let Some(kind) = kind_of(name).filter(|(_, fits)| !fits(value)) {
                let seen = format!("{name} {value} of the {}", jwt.member);
                wrong.add(format!("{name} as {}", kind.0), seen, &jwt);
            }
        }
        good.push(jwt.seq);
    }
    match (wrong.broken(), Proof::all(good)) {
        (Some(broken), _) => broken,
        (None, Some(proof)) => Finding::met("each registered claim has its type", proof),
        (None, None) => unobserved(view, "no JWT was issued"),
    }
}

/// A type in words, and whether a value has it.
type Kind = (&'static str, fn(&Value) -> bool);

/// The type of a registered claim.
fn kind_of(name: &str) -> Option<Kind> {
    Some(match name {
        "iss" | "sub" | "jti" => ("text", Value::is_string),
        "aud" => ("text or a list of texts", |value| match value {
            Value::Array(list) => list.iter().all(Value::is_string),
            one => one.is_string(),
        }),
        "exp" | "nbf" | "iat" => ("a number", Value::is_number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{Log, check};
    use crate::verdict::Grade;

    #[test]
    fn registered_claims_have_their_types_or_not() {
        let log = |name: &str, value: Value| {
            let mut claims = json!({"sub": "u", "exp": 1_795_518_000, "aud": "a"});
            claims[name] = value;
            Log::new().jwt("", "Tue, 24 Nov 2026 10:00:00 GMT", &claims)
        };
        for (name, value) in [
            ("jti", json!("1")),
            ("aud", json!(["a", "b"])),
            ("nbf", json!(1_795_514_400.5)),
            ("locum", json!([])),
        ] {
            check(&log(name, value), "JWT-30", Grade::Met);
        }
        for (name, value) in [
            ("sub", json!(7)),
            ("iss", json!(["i"])),
            ("jti", json!(1)),
            ("aud", json!(["a", 1])),
            ("aud", json!({"a": 1})),
            ("exp", json!("1795518000")),
            ("iat", json!(true)),
            ("nbf", Value::Null),
        ] {
            check(&log(name, value), "JWT-30", Grade::Broken);
        }
        let bare = Log::new().jwt("", "Tue, 24 Nov 2026 10:00:00 GMT", &json!([]));
        check(&bare, "JWT-30", Grade::Broken);
        check(&Log::new(), "JWT-30", Grade::Unobserved);
    }
}
