//! The file that `locum new` writes: it serves at once, and each table says what it is for.

/// The grants that a new file can have, in the order in which they are written.
pub const GRANTS: &[&str] = &[
    "client_credentials",
    "password",
    "authorization_code",
    "refresh_token",
];

const HEAD: &str = r#"# A vendor made of this file alone. `locum serve {file}` runs its mock,
# `locum check {file}` judges it. Everything that has a default may be removed.
vendor = "{slug}"                 # the first path segment: http://127.0.0.1:4700/{slug}/…
title = "{title}"

[token]
path = "/oauth/token"
grants = [{grants}]
client_auth = [{ways}]   # any of basic, body, private_key_jwt, client_secret_jwt, none
format = "{format}"               # opaque, hs256 or rs256
expires_in = "seconds"            # seconds, milliseconds or absent
lifetime_s = 3600
scopes = [{scopes}]
# issuer = "{base}"               # the value of iss
# [token.claims]                  # claims of a JWT; texts are templates
# aud = "https://api.example"
# org = "{client:org}"            # from `claims` of the client
"#;

const REFRESH: &str = r"
[refresh]
lifetime_s = 1209600              # two weeks; for ever without this line
rotate = true                     # each use gives a new refresh token and ends the old one
reuse_ends_login = true           # an old one that comes again ends all tokens of its login
for_client_credentials = {alone}    # RFC 6749 section 4.4.3 advises against it
";

const AUTHORIZE: &str = r#"
[authorize]
path = "/oauth/authorize"
login = "page"                    # page shows a form; auto takes the user of login_hint, or the first
consent = false                   # whether the page asks the user to agree to the scope
code_lifetime_s = 60
pkce_required = true              # a public client needs PKCE anyway
pkce_plain = false                # S256 alone

[openid]                          # id tokens and user info; remove the table for plain OAuth
userinfo = "/oauth/userinfo"

[discovery]                       # /.well-known/openid-configuration and its neighbours
jwks = "/.well-known/jwks.json"
"#;

const NEIGHBOURS: &str = r#"
[introspection]                   # RFC 7662; remove the table for none
path = "/oauth/introspect"

[revocation]                      # RFC 7009; remove the table for none
path = "/oauth/revoke"

[api]
proof = "bearer"                  # bearer, raw, header (and `header = "X-Api-Token"`) or query
                                  # (and `parameter = "access_token"`)

# What stands behind a token: as many tables as the vendor has endpoints. Templates know the names in
# the path, {sub} {client_id} {username} {scope} {now} {date} {uuid} {base}, {query:name},
# {header:name}, {client:name} and {user:name}.
[resources.things]
path = "/v1/things"
scope = "{scope}"
json = { items = [{ id = "1", owner = "{sub}" }], total = 1 }

[resources.thing]
path = "/v1/things/{id}"
scope = "{scope}"
json = { id = "{id}", owner = "{sub}", at = "{date}" }

[resources.create]
method = "POST"
path = "/v1/things"
scope = "{scope}"
status = 201
headers = { "content-type" = "application/json", "location" = "{base}/v1/things/2" }
body = '{"id":"2"}'

# How refusals look is what the RFCs say; a table here changes one of them.
# [denials.expired_token]
# status = 401
# headers = { "content-type" = "application/json" }
# body = '{"message":"Token expired"}'
"#;

const CLIENTS: &str = r#"
# Who may log in. A secret or password that is left out is made from the stage's seed; `curl
# localhost:4700/_locum/stages/default` shows it.
[[principals.clients]]
client_id = "{slug}-client"
{redirects}
[[principals.clients]]
client_id = "{slug}-second-client"

[[principals.clients]]
client_id = "{slug}-disabled-client"
enabled = false
"#;

const REDIRECTS: &str = r#"redirect_uris = ["http://127.0.0.1:3000/callback"]   # compared letter by letter
"#;

const PUBLIC: &str = r#"
[[principals.clients]]
client_id = "{slug}-app"
public = true                     # no secret: an app or a page
redirect_uris = ["http://127.0.0.1:3000/callback"]
"#;

const USERS: &str = r#"
[[principals.users]]
username = "ada"
claims = { name = "Ada Lovelace", email = "ada@example.com", email_verified = true }

[[principals.users]]
username = "bob"
enabled = false
"#;

/// A file for a vendor called `slug` that has `grants`, all of [`GRANTS`]' words; `file` is what the
/// person calls it.
pub fn text(file: &str, slug: &str, grants: &[&str]) -> String {
    let has = |grant: &str| grants.contains(&grant);
    let by_code = has("authorization_code");
    let by_user = by_code || has("password");
    let quoted = |words: &[&str]| {
        let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
        quoted.join(", ")
    };
    let mut text = HEAD.to_owned();
    if has("refresh_token") {
        text += REFRESH;
    }
    if by_code {
        text += AUTHORIZE;
    }
    text += NEIGHBOURS;
    text += CLIENTS;
    if by_code {
        text += PUBLIC;
    }
    if by_user {
        text += USERS;
    }
    let scopes: &[&str] = if by_code {
        &["openid", "profile", "email", "things"]
    } else {
        &["things"]
    };
    for (name, value) in [
        ("{file}", file.to_owned()),
        ("{slug}", slug.to_owned()),
        ("{title}", title(slug)),
        ("{grants}", quoted(grants)),
        (
            "{ways}",
            quoted(if by_code {
                &["basic", "body", "none"]
            } else {
                &["basic", "body"]
            }),
        ),
        (
            "{format}",
            if by_code { "rs256" } else { "opaque" }.to_owned(),
        ),
        ("{scopes}", quoted(scopes)),
        ("{alone}", (!by_user).to_string()),
        ("scope = \"{scope}\"", "scope = \"things\"".to_owned()),
        (
            "{redirects}",
            if by_code { REDIRECTS } else { "" }.to_owned(),
        ),
    ] {
        text = text.replace(name, &value);
    }
    text
}

/// `acme-health` as `Acme Health`.
fn title(slug: &str) -> String {
    let words = slug.split('-').filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string());
        first.unwrap_or_default() + letters.as_str()
    };
    words.map(capital).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generic::Generic;

    /// Each set of grants that makes sense gives a file without a fault.
    #[test]
    fn each_file_that_is_written_is_read() {
        let sets: &[&[&str]] = &[
            &["client_credentials"],
            &["password"],
            &["authorization_code"],
            &["client_credentials", "refresh_token"],
            &["password", "refresh_token"],
            GRANTS,
        ];
        for grants in sets {
            let text = text("mine.toml", "acme-health", grants);
            let read = Generic::parse("mine.toml", &text);
            assert!(
                read.is_ok(),
                "{grants:?}: {}",
                read.err().map_or_else(String::new, |e| e.to_string())
            );
            assert!(
                text.contains("Acme Health") && !text.contains("{slug}"),
                "{text}"
            );
        }
    }
}
