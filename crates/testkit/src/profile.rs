//! The smallest vendor that grants a token and guards an API.

/// A `vendor.toml`: client credentials of `client-a` at `/oauth/token`, a resource at
/// `/api/thing`. Tests append what they need: it ends within its principals.
pub const ACME: &str = r#"
vendor = "acme"
title = "Acme"
[urls]
token = "/oauth/token"
api = "/api"
ws = "/socket"
[endpoints.token]
methods = ["POST"]
path = "/oauth/token"
[endpoints.thing]
methods = ["GET"]
path = "/api/thing"
[token]
grant = "client_credentials"
expires_in = "seconds"
lifetime_s = 60
[api]
sample = "/thing"
[denials.default]
status = 400
headers = { "content-type" = "application/json" }
body = '{"error":"invalid_request"}'
[denials.wrong_secret]
status = 401
body = '{"error":"invalid_client"}'
[denials.no_token]
status = 401
[denials.unknown_token]
status = 401
[denials.expired_token]
status = 401
body = '{"error":"expired"}'
[denials.revoked_token]
status = 401
body = '{"error":"revoked"}'
[settings.token_format]
default = "opaque"
values = ["opaque", "jwt"]
reason = "undocumented"
assumed = true
[settings.pace]
default = 7
reason = "measured"
source = "measured"
[[principals.clients]]
client_id = "client-a"
client_secret = "canary-secret-of-client-a"
[[principals.clients]]
client_id = "client-b"
"#;
