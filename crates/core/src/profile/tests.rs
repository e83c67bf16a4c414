use super::*;

const SMALL: &str = r#"
vendor = "acme"
title = "Acme"
[urls]
token = "/token"
[endpoints.token]
methods = ["POST"]
path = "/token"
[token]
grant = "client_credentials"
expires_in = "seconds"
lifetime_s = 60
[denials.default]
status = 400
"#;

#[test]
fn a_small_profile_is_enough() {
    let profile = Profile::parse("acme.toml", SMALL).expect("it parses");
    assert_eq!(profile.token.lifetime(), Duration::from_secs(60));
    assert_eq!(
        profile.endpoint("token").map(|endpoint| endpoint.max_body),
        Some(1 << 20)
    );
}

/// What is told of `SMALL` with `from` replaced by `to`, a line each.
fn check(from: &str, to: &str, expected: &str) {
    assert!(SMALL.contains(from), "{from}");
    let text = SMALL.replacen(from, to, 1);
    let told = Profile::parse("acme.toml", &text).expect_err("it is refused");
    assert_eq!(told.to_string(), expected, "{from} -> {to}");
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_known_key() {
    check(
        "lifetime_s = 60",
        "lifetime_s = 60\nlifetimes = 60",
        "acme.toml:13: unknown field `lifetimes`, expected one of `grant`, `sends_grant_type`, `secret_in`, `client_in`, `scope`, `accept`, `expires_in`, `lifetime_s`, `lifetime_settings`, `credentials_lifetime_setting`, `refresh_lifetime_s`, `token_type`, `format`, `headers`\n  hint: did you mean `lifetime_s`?",
    );
}

#[test]
fn all_missing_fields_are_named_at_once() {
    let told = Profile::parse(
        "acme.toml",
        "vendor = \"acme\"\n[token]\ngrant = \"password\"\n[endpoints.token]\n[denials.default]\n",
    );
    assert_eq!(
        told.expect_err("much is missing").to_string(),
        "acme.toml:1: missing fields: `title`, `urls`\n\
         acme.toml:2: missing fields in [token]: `expires_in`, `lifetime_s`\n\
         acme.toml:4: missing fields in [endpoints.token]: `methods`, `path`\n\
         acme.toml:5: missing field in [denials.default]: `status`"
    );
    let told = Profile::parse("acme.toml", "").expect_err("all is missing");
    assert_eq!(
        told.to_string(),
        "acme.toml:1: missing fields: `vendor`, `title`, `urls`, `endpoints`, `token`, `denials`"
    );
}

/// `SMALL` with each table that a profile may have.
fn full() -> toml::Table {
    let more = r#"
[socket]
token_parameter = "token"
token_prefix = ""
max_frame = 1
[signature]
region = "a"
service = "b"
[settings.one]
default = 1
values = [1, 2]
reason = "because"
[api]
proof = "bearer"
"#;
    format!("{SMALL}{more}").parse().expect("TOML")
}

/// The table of required keys and serde agree, whichever key is left out.
#[test]
fn what_is_required_is_what_cannot_be_read_without() {
    fn visit(table: &toml::Table, path: &mut Vec<String>) {
        let keys: Vec<String> = table.keys().cloned().collect();
        for key in keys {
            let mut bent = full();
            let place = path.iter().fold(&mut bent, |at, key| {
                at[key].as_table_mut().expect("a table")
            });
            place.remove(&key);
            let text = toml::to_string(&bent).expect("TOML");
            let pattern: Vec<&str> = path
                .iter()
                .enumerate()
                .map(|(at, key)| if at == 1 { "*" } else { key })
                .collect();
            let required = parse::REQUIRED
                .iter()
                .any(|(tables, keys)| *tables == pattern && keys.contains(&key.as_str()));
            let serde = toml::from_str::<Profile>(&text).err();
            assert_eq!(required, serde.is_some(), "{path:?} {key}: {serde:?}");
            if let Some(below) = table[&key].as_table() {
                path.push(key);
                visit(below, path);
                path.pop();
            }
        }
    }
    visit(&full(), &mut Vec::new());
}

#[test]
fn values_that_no_server_could_use_are_refused_with_their_lines() {
    check(
        "\"acme\"",
        "\"Acme Inc\"",
        "acme.toml:2: `Acme Inc` cannot be a vendor's slug\n  hint: it is a path segment: a lowercase letter, then lowercase letters, digits and `-`, at most 63",
    );
    check(
        "\"acme\"",
        "\"s\"",
        "acme.toml:2: the slug `s` is reserved\n  hint: take another: the server has this path for itself",
    );
    check(
        "[urls]",
        "hosts = [\"https://acme.example\"]\n[urls]",
        "acme.toml:4: `https://acme.example` is not a host name\n  hint: letters, digits, `-`, `_` and dots, without scheme, port and path",
    );
    check(
        "token = \"/token\"",
        "token = \"token\"",
        "acme.toml:5: `token` is not a path\n  hint: a path begins with `/`; the vendor's root is the empty text",
    );
    check(
        "[\"POST\"]",
        "[\"post\"]",
        "acme.toml:7: `post` is not a method\n  hint: methods are case-sensitive tokens, such as GET (RFC 9110 section 9.1)",
    );
    check(
        "path = \"/token\"",
        "path = \"/{token\"",
        "acme.toml:8: `/{token` is not a path\n  hint: a path begins with `/`, has no query, and `{name}` stands for a segment",
    );
    check(
        "lifetime_s = 60",
        "lifetime_s = 0",
        "acme.toml:12: the lifetime of a token is 0\n  hint: in seconds, at least 1",
    );
    check(
        "status = 400",
        "status = 40",
        "acme.toml:14: status 40 cannot be a final reply\n  hint: from 200 to 599 (RFC 9110 section 15)",
    );
    check(
        "status = 400",
        "status = 400\nheaders = { \"x y\" = \"a\" }",
        "acme.toml:15: `x y` is not a header name\n  hint: letters, digits and !#$%&'*+-.^_`|~ (RFC 9110 section 5.1)",
    );
    check(
        "status = 400",
        "status = 400\nheaders = { x = \"a\\nb\" }",
        "acme.toml:15: the value of header `x` cannot be sent\n  hint: visible characters, spaces and tabs, none of them at an end (RFC 9110 section 5.5)",
    );
    check(
        "status = 400",
        "status = 400\ninherits = \"defualt\"",
        "acme.toml:15: there is no [denials.defualt]\n  hint: did you mean `default`?",
    );
    check(
        "[denials.default]",
        "[denials.missing]",
        "acme.toml:13: there is no [denials.default]\n  hint: add it: a refusal that no other table is for looks so",
    );
    check(
        "[token]",
        "[settings.x]\ndefault = 3\nvalues = [1, 2]\nreason = \"\"\n[token]",
        "acme.toml:10: the default 3 is none of `values`\n  hint: list it among them",
    );
}

#[test]
fn all_wrong_values_are_told_at_once() {
    let text = SMALL
        .replace("\"acme\"", "\"Acme\"")
        .replace("status = 400", "status = 40");
    let told = Profile::parse("acme.toml", &text).expect_err("it is refused");
    let lines: Vec<usize> = told.faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [2, 14]);
}

#[test]
fn units_go_to_the_wire_and_back() {
    let hour = Duration::from_secs(3600);
    assert_eq!(ExpiresIn::Milliseconds.to_wire(hour), Some(3_600_000));
    assert_eq!(ExpiresIn::Seconds.to_wire(hour), Some(3600));
    assert_eq!(ExpiresIn::Absent.to_wire(hour), None);
    assert_eq!(
        ExpiresIn::Milliseconds.from_wire(u64::MAX),
        Some(Duration::from_millis(u64::MAX))
    );
}
