//! All that is wrong with a file is told at once, with its line and what to do.

use crate::generic::Generic;

const GOOD: &str = r#"vendor = "acme"
title = "Acme"
[token]
path = "/token"
grants = ["client_credentials"]
expires_in = "seconds"
lifetime_s = 60
scopes = ["read"]
[resources.thing]
path = "/thing/{id}"
scope = "read"
body = "{id}"
[[principals.clients]]
client_id = "a"
"#;

fn told(text: &str) -> String {
    Generic::parse("f.toml", text).map_or_else(|error| error.to_string(), |_| String::new())
}

/// `from` replaced by `to` is told with each of `expected`.
fn check(from: &str, to: &str, expected: &[&str]) {
    assert!(GOOD.contains(from), "{from}");
    let told = told(&GOOD.replacen(from, to, 1));
    for part in expected {
        assert!(told.contains(part), "`{part}` is not in\n{told}");
    }
}

#[test]
fn a_good_file_has_no_fault() {
    assert_eq!(told(GOOD), "");
}

#[test]
fn every_fault_is_told_at_once_in_the_order_of_the_file() {
    let text = GOOD
        .replace("title = \"Acme\"", "titel = \"Acme\"")
        .replace("lifetime_s = 60", "lifetime_s = \"60\"")
        .replace("[\"client_credentials\"]", "[\"client_credential\", 7]")
        .replace("client_id = \"a\"", "client_ids = \"a\"");
    let expected = "\
f.toml:1: missing field: `title`
  hint: title: Its name for people.
f.toml:2: unknown key: `titel`
  hint: did you mean `title`?
f.toml:5: `token.grants 1` cannot be \"client_credential\"
  hint: did you mean \"client_credentials\"? It takes client_credentials, password, authorization_code, refresh_token
f.toml:5: `token.grants 2` is an integer, not a string
  hint: it takes client_credentials, password, authorization_code, refresh_token
f.toml:7: `token.lifetime_s` is a string, not an integer
  hint: How long an access token lives, in seconds.
f.toml:13: missing field in [principals.clients 1]: `client_id`
  hint: client_id: Its id.
f.toml:14: unknown key in [principals.clients 1]: `client_ids`
  hint: did you mean `client_id`?";
    assert_eq!(told(&text), expected);
}

#[test]
fn tables_that_contradict_each_other_are_told() {
    check(
        "grants = [\"client_credentials\"]",
        "grants = [\"authorization_code\", \"refresh_token\"]",
        &[
            "f.toml:5: authorization_code needs an authorization endpoint",
            "there is no user, and users have to log in",
        ],
    );
    check(
        "[\"client_credentials\"]",
        "[\"client_credentials\", \"refresh_token\"]",
        &["f.toml:5: no grant gives a first refresh token"],
    );
    check(
        "[resources.thing]",
        "[refresh]\nrotate = true\n[authorize]\npath = \"/a\"\n[resources.thing]",
        &[
            "f.toml:9: [refresh] is there and no client can refresh",
            "f.toml:11: [authorize] is there and its codes buy nothing",
        ],
    );
    check(
        "scopes = [\"read\"]",
        "scopes = [\"reed\"]\nclient_auth = [\"basic\"]\nsecret_in = \"body\"\ngrant = \"password\"\n[token.claims]\na = \"b\"",
        &[
            "`secret_in` and `client_auth` say the same",
            "`grant` and `grants` say the same",
            "an opaque token has no claims",
            "needs scope `read`, which does not exist",
            "did you mean `reed`?",
        ],
    );
    check(
        "[resources.thing]",
        "[api]\nproof = \"header\"\nparameter = \"t\"\n[resources.thing]",
        &[
            "f.toml:10: `api.header` is missing",
            "f.toml:11: `api.parameter` is there and `proof` is another",
        ],
    );
    check(
        "client_id = \"a\"",
        "client_id = \"a\"\nauth = \"private_key_jwt\"\nscopes = [\"write\"]\ngrants = [\"password\"]\nredirect_uris = [\"/cb\", \"http://h/#f\"]\n[[principals.clients]]\nclient_id = \"a\"\npublic = true\nclient_secret = \"s\"\njwks = [{ kty = \"RSA\" }]",
        &[
            "f.toml:13: client `a` proves itself by private_key_jwt and has no public key",
            "f.toml:16: client `a` may ask for scope `write`",
            "may use password, which the token endpoint does not take",
            "`/cb` is not a redirect URI",
            "`http://h/#f` is not a redirect URI",
            "client `a` is there twice",
            "client `a` is public and has a secret",
            "client `a` has a key that cannot be used",
        ],
    );
}

#[test]
fn resources_that_cannot_be_served_are_told() {
    check(
        "body = \"{id}\"",
        "body = \"{ids}\"\njson = 1\nstatus = 99",
        &[
            "f.toml:12: nothing is known for `{ids}`",
            "did you mean `{id}`?",
            "resource `thing` has two bodies",
            "status 99 cannot be a final reply",
        ],
    );
    check(
        "path = \"/thing/{id}\"",
        "path = \"/thing/x{id}\"",
        &["f.toml:10: `/thing/x{id}` is not a path of an endpoint"],
    );
    check(
        "[[principals",
        "[resources.again]\npath = \"/thing/{other}\"\n[resources.token]\npath = \"/token\"\nmethod = \"POST\"\n[[principals",
        &[
            "f.toml:10: `/thing/{id}` is the path of `again` too",
            "`token` names two endpoints",
            "`/token` is the path of `token` too",
        ],
    );
    check(
        "[[principals",
        "[denials.expired_tokens]\nstatus = 401\n[settings.access_ttl]\ndefault = 1\nreason = \"r\"\n[[principals",
        &[
            "no refusal is called `expired_tokens`",
            "did you mean `expired_token`?",
            "no setting `access_ttl`",
            "did you mean `access_ttl_s`?",
        ],
    );
    check(
        "vendor = \"acme\"",
        "vendor = \"Acme\"",
        &["f.toml:1: `Acme` cannot be a vendor's slug"],
    );
    check(
        "lifetime_s = 60",
        "lifetime_s = 0",
        &["f.toml:7: the lifetime of a token is 0"],
    );
    check(
        "lifetime_s = 60",
        "lifetime_s = -1",
        &["f.toml:7: `token.lifetime_s` cannot be -1"],
    );
}

#[test]
fn broken_syntax_is_told_with_each_of_its_lines() {
    let told = told("vendor = \"a\ntitle = \"T\"\n[token\npath = /x\n");
    assert!(
        told.contains("f.toml:1:") && told.contains("f.toml:3:"),
        "{told}"
    );
}
