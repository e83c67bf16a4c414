//! Whether the metadata document and the key set are what their standards ask for, and say what the
//! vendor does.

use locum_core::profile::SecretIn;
use serde_json::Value;

use super::deviation::Deviations;
use super::effect::{Step, concluded, precondition};
use super::issued_jwt::examined;
use super::key_set::keys;
use crate::evidence::{Exchange, LoginVariation, Operation, Variation};
use crate::http::Url;
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("BCP-19", |view| concluded(is_as_the_standard_has_it(view))),
    Rule::vendor("BCP-20", |view| concluded(lists_what_is_accepted(view))),
    Rule::vendor("JWT-31", |view| concluded(keys_say_what_they_are_for(view))),
];

/// OpenID Connect Discovery 1.0 §3: what is REQUIRED, but for the issuer.
const URLS: [&str; 3] = ["authorization_endpoint", "token_endpoint", "jwks_uri"];
const LISTS: [&str; 2] = ["response_types_supported", "subject_types_supported"];

/// The algorithm that each provider has to offer (OpenID Connect Discovery 1.0 §3).
const RS256: &str = "RS256";

/// The metadata document, answered with 200.
fn document<'a>(view: &View<'a>) -> Step<(Exchange<'a>, Value)> {
    let read = precondition(view, Operation::Metadata, &Variation::Documented)?;
    let body = read.json();
    match read.status() == 200 && body.is_object() {
        true => Ok((read, body)),
        false => Err(Box::new(unobserved(view, &read.sentence()).seen_in(read))),
    }
}

fn is_as_the_standard_has_it(view: &View<'_>) -> Step<Finding> {
    let (read, body) = document(view)?;
    let mut wrong = Deviations::default();
    let media_type = read
        .reply
        .and_then(|reply| reply.header("content-type"))
        .unwrap_or_default();
    let plain = media_type.split(';').next().unwrap_or_default().trim();
    if !plain.eq_ignore_ascii_case("application/json") {
        let seen = format!("Content-Type: {media_type}");
        wrong.add("Content-Type: application/json", seen, read);
    }
    let mut expect = |name: &str, is_good: bool, what: &str| {
        if !is_good {
            wrong.add(
                format!("{name}: {what}"),
                format!("{name}: {}", body[name]),
                read,
            );
        }
    };
    let url = |name: &str| body[name].as_str().filter(|text| Url::parse(text).is_ok());
    let issuer = url("issuer").is_some_and(|url| !url.contains(['?', '#']));
    expect("issuer", issuer, "a URL without query and fragment");
    for name in URLS {
        let is_good = url(name).is_some_and(|url| !url.contains('#'));
        expect(name, is_good, "a URL");
    }
    let list = |name: &str| body[name].as_array().filter(|list| !list.is_empty());
    for name in LISTS {
        expect(name, list(name).is_some(), "a list");
    }
    let name = "id_token_signing_alg_values_supported";
    let has_it = list(name).is_some_and(|list| list.contains(&RS256.into()));
    expect(name, has_it, "a list with RS256");
    Ok(wrong
        .broken()
        .unwrap_or_else(|| Finding::met("all that is required", read)))
}

/// Whether a list of the metadata holds `word`; one that is left out stands for `default`.
fn holds(body: &Value, name: &str, word: &str, default: &[&str]) -> bool {
    match &body[name] {
        Value::Array(list) => list.contains(&word.into()),
        Value::Null => default.contains(&word),
        _ => false,
    }
}

/// What was accepted stands in the lists.
fn lists_what_is_accepted(view: &View<'_>) -> Step<Finding> {
    let (read, body) = document(view)?;
    let login = precondition(view, Operation::Login, &Variation::Documented)?;
    let (mut wrong, mut good) = (Deviations::default(), Vec::new());
    let mut expect = |name: &str, word: &str, default: &[&str], shown: Proof| {
        if holds(&body, name, word, default) {
            good.push(word.to_owned());
        } else {
            let seen = match &body[name] {
                Value::Null => format!("no {name}, which stands for {}", default.join(" and ")),
                list => format!("{name}: {list}"),
            };
            wrong.add(
                format!("{word} in {name}, as it is accepted"),
                seen,
                shown.and(read),
            );
        }
    };
    let grants = ["authorization_code", "implicit"];
    expect(
        "grant_types_supported",
        "client_credentials",
        &grants,
        login.into(),
    );
    let methods = ["client_secret_basic"];
    let name = "token_endpoint_auth_methods_supported";
    expect(name, "client_secret_post", &methods, login.into());
    let basic = LoginVariation::SecretIn(vec![SecretIn::Basic]);
    let by_header = Variation::Login(basic);
    let by_basic = view.evidence.varied(Operation::Login).find(|login| {
        let is_basic = *login.variation == by_header;
        is_basic && login.is_served()
    });
    if let Some(by_basic) = by_basic {
        expect(name, "client_secret_basic", &methods, by_basic.into());
    }
    let mut tokens = view.evidence.jwts_of(login.seq);
    if let Some(token) = tokens.find(|token| token.member == "id_token") {
        let alg = token.header["alg"].as_str().unwrap_or_default();
        expect(
            "id_token_signing_alg_values_supported",
            alg,
            &[],
            (&token).into(),
        );
        expect("scopes_supported", "openid", &["openid"], (&token).into());
    }
    // What stands in front of the path may be a proxy's.
    let path = |target: &str| target.split('?').next().unwrap_or_default().to_owned();
    let served_at = path(&login.request.target);
    let named = body["token_endpoint"]
        .as_str()
        .and_then(|url| Url::parse(url).ok());
    if let Some(named) = named.map(|url| path(&url.target))
        && !(named.ends_with(&served_at) || served_at.ends_with(&named))
    {
        let expected = format!("token_endpoint at {served_at}, where the login was served");
        wrong.add(
            expected,
            format!("token_endpoint at {named}"),
            Proof::from(login).and(read),
        );
    }
    if let Some(broken) = wrong.broken() {
        return Ok(broken);
    }
    let seen = format!("{} listed", good.join(", "));
    Ok(Finding::met(seen, Proof::from(read).and(login)))
}

/// Each key has a `kty`, and a `use` where keys encrypt beside those that sign (OpenID Connect Discovery
/// 1.0 §3); the key of a token names no other algorithm than the token.
fn keys_say_what_they_are_for(view: &View<'_>) -> Step<Finding> {
    let (set, keys) = keys(view)?;
    let mut wrong = Deviations::default();
    let text = |key: &Value, name: &str| key[name].as_str().map(str::to_owned);
    let is_mixed = keys.iter().any(|key| key["use"] == "enc");
    for key in &keys {
        let name = text(key, "kid").unwrap_or_else(|| "without a kid".to_owned());
        if text(key, "kty").is_none() {
            wrong.add("a kty in each key", format!("the key {name} has none"), set);
        }
        if is_mixed && text(key, "use").is_none() {
            let expected = "a use in each key, as some keys encrypt";
            wrong.add(expected, format!("the key {name} has none"), set);
        }
    }
    for token in examined(view) {
        let jwts = view.evidence.jwts_of(token.login.seq);
        for jwt in jwts.filter(|jwt| jwt.member == token.member) {
            let is_named = |key: &&Value| !key["kid"].is_null() && key["kid"] == jwt.header["kid"];
            // Keys of one kid may differ in it (RFC 7517 §4.5): one of them has to be the token's.
            let named = keys
                .iter()
                .filter(is_named)
                .filter(|key| key["use"] != "enc");
            let named: Vec<&Value> = named.collect();
            let agrees = |key: &&Value| key["alg"].is_null() || key["alg"] == jwt.header["alg"];
            if let Some(key) = named.first()
                && !named.iter().any(agrees)
            {
                let expected = format!("alg {} in the key of the token", jwt.header["alg"]);
                wrong.add(
                    expected,
                    format!("alg {}", key["alg"]),
                    Proof::from(set).and(&jwt),
                );
            }
        }
    }
    let met = || Finding::met(format!("{} keys", keys.len()), set);
    Ok(wrong.broken().unwrap_or_else(met))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKEN: &str = r#"{"access_token":"t-0123"}"#;

    fn metadata() -> Value {
        json!({
            "issuer": "https://h/r",
            "authorization_endpoint": "https://h/r/auth",
            "token_endpoint": "https://h/r/token",
            "jwks_uri": "https://h/r/certs",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "scopes_supported": ["openid"],
        })
    }

    /// The metadata with this member instead; without it where that is null.
    fn with(name: &str, value: Value) -> String {
        let mut body = metadata();
        body[name] = value;
        if let Some(members) = body.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        body.to_string()
    }

    #[test]
    fn what_is_required_is_there() {
        let log = |body: &str| Log::new().exchange("metadata", "", 200, body);
        let check_with = |name: &str, value: Value, grade| {
            check(&log(&with(name, value)), "BCP-19", grade);
        };
        check_with("scopes_supported", Value::Null, Grade::Met);
        for name in [
            "issuer",
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "response_types_supported",
            "subject_types_supported",
            "id_token_signing_alg_values_supported",
        ] {
            check_with(name, Value::Null, Grade::Broken);
            check_with(name, json!(7), Grade::Broken);
            check_with(name, json!([]), Grade::Broken);
        }
        check_with("issuer", json!("https://h/r?a"), Grade::Broken);
        check_with("issuer", json!("https://h/r#a"), Grade::Broken);
        check_with("jwks_uri", json!("/certs"), Grade::Broken);
        let algs = "id_token_signing_alg_values_supported";
        check_with(algs, json!(["ES256"]), Grade::Broken);
        let body = metadata().to_string();
        let typed = |value| Log::new().typed("metadata", "", 200, value, &body);
        check(
            &typed("Application/JSON; charset=utf-8"),
            "BCP-19",
            Grade::Met,
        );
        check(&typed("text/plain"), "BCP-19", Grade::Broken);
        let missing = Log::new().exchange("metadata", "", 404, "{}");
        check(&missing, "BCP-19", Grade::Unobserved);
        for failure in FAILURES {
            let finding = Log::new().failed("metadata", "", failure);
            let rule = crate::rules::find("BCP-19", locum_core::requirement::Judge::Vendor);
            let grade = finding.judge(rule.expect("a rule")).grade();
            assert!(
                matches!(grade, Grade::Unobserved | Grade::Gone),
                "{failure:?}"
            );
        }
    }

    #[test]
    fn lists_hold_what_was_accepted() {
        let log = |body: &str| {
            Log::new()
                .asked_at("login", "", "/r/token", 200, &[], TOKEN)
                .holds_jwt("id_token", &json!({"sub": "s"}))
                .exchange(
                    "login",
                    "with the credentials in a Basic header",
                    200,
                    TOKEN,
                )
                .exchange("metadata", "", 200, body)
        };
        let check_with = |name: &str, value: Value, grade| {
            check(&log(&with(name, value)), "BCP-20", grade);
        };
        check(&log(&metadata().to_string()), "BCP-20", Grade::Met);
        check_with("grant_types_supported", json!(["password"]), Grade::Broken);
        check_with("grant_types_supported", Value::Null, Grade::Broken);
        let methods = "token_endpoint_auth_methods_supported";
        check_with(methods, json!(["client_secret_post"]), Grade::Broken);
        check_with(methods, json!(["client_secret_basic"]), Grade::Broken);
        check_with(methods, Value::Null, Grade::Broken);
        let algs = "id_token_signing_alg_values_supported";
        check_with(algs, json!(["ES256"]), Grade::Broken);
        check_with("scopes_supported", json!(["email"]), Grade::Broken);
        check_with("scopes_supported", Value::Null, Grade::Met);
        check_with("token_endpoint", json!("https://h/r/token2"), Grade::Broken);
        check_with("token_endpoint", json!("https://h/token"), Grade::Met);
        let refused = Log::new()
            .exchange("login", "", 401, "{}")
            .exchange("metadata", "", 200, "{}");
        check(&refused, "BCP-20", Grade::Unobserved);
    }

    #[test]
    fn keys_tell_their_use() {
        let log = |keys: Value| {
            let set = json!({"keys": keys}).to_string();
            Log::new().exchange("key set", "", 200, &set)
        };
        let rsa = json!({"kty": "RSA", "use": "sig", "alg": "RS256"});
        let encrypts = json!({"kty": "RSA", "use": "enc"});
        check(&log(json!([rsa, encrypts])), "JWT-31", Grade::Met);
        check(&log(json!([{"kty": "RSA"}])), "JWT-31", Grade::Met);
        check(&log(json!([{"use": "sig"}])), "JWT-31", Grade::Broken);
        check(
            &log(json!([{"kty": "RSA"}, encrypts])),
            "JWT-31",
            Grade::Broken,
        );
        check(&log(json!([])), "JWT-31", Grade::Unobserved);
    }
    /// Keys may share a kid: one of them has to be the token's.
    #[test]
    fn the_key_of_a_token_has_its_alg() {
        let log = |keys: Value| {
            let log = Log::new().exchange("login", "", 200, TOKEN);
            let log = log.holds_jwt("id_token", &json!({"sub": "s"}));
            let facts = json!({"member": "id_token", "request": log.last_request()});
            let set = json!({"keys": keys}).to_string();
            log.control("examined token", &facts)
                .exchange("key set", "", 200, &set)
        };
        let key =
            |kid: &str, alg: &str| json!({"kty": "RSA", "use": "sig", "kid": kid, "alg": alg});
        let silent = json!({"kty": "RSA", "kid": "k-1"});
        let (own, other) = (key("k-1", "RS256"), key("k-1", "RS512"));
        check(&log(json!([own])), "JWT-31", Grade::Met);
        check(&log(json!([silent])), "JWT-31", Grade::Met);
        check(&log(json!([other])), "JWT-31", Grade::Broken);
        check(&log(json!([other, own])), "JWT-31", Grade::Met);
        let of_another = key("k-2", "RS512");
        check(&log(json!([of_another])), "JWT-31", Grade::Met);
    }
}
