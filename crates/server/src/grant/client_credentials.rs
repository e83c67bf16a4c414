//! Client credentials (RFC 6749 §4.4), with the checks in the order that §5.2 suggests: content
//! type, repetitions, `grant_type`, client, grant.

use std::time::Duration;

use locum_core::profile::{SecretIn, TokenFormat};
use locum_core::{Denial, DenialKind, Place, Secret, TokenKind};
use serde_json::{Map, Value};

use crate::reason::near_miss;
use crate::request::{Basic, basic};
use crate::{Form, Mock, NewToken, Reply, Request};

/// A client as the grant sees it.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: Secret,
    /// Whether it may log in.
    pub enabled: bool,
    /// Whether it may use this grant.
    pub allowed: bool,
}

/// What a vendor decides about the grant.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Where id and secret are read from.
    pub secret_in: SecretIn,
    /// Whether the other place is read too.
    pub either_place: bool,
    /// Whether the halves of Basic are taken as they are.
    pub basic_raw: bool,
    /// Whether the halves of Basic are taken after form decoding (RFC 6749 §2.3.1).
    pub basic_form: bool,
    /// Whether a parameter that occurs twice is refused (RFC 6749 §3.2).
    pub refuse_repeated: bool,
    /// How long the token lives.
    pub lifetime: Duration,
    /// The value of `expires_in`, in the vendor's unit; `None` leaves it out.
    pub expires_in: Option<Value>,
}

/// Answers a token request; `find` looks a client up by its id.
///
/// # Errors
/// The denial that the profile words: `wrong_media_type`, `repeated_parameter`, `two_methods`,
/// `missing_grant_type`, `no_client`, `malformed_basic`, `unknown_client`, `wrong_secret`,
/// `disabled_client`, `unsupported_grant`, `unauthorized_client`.
pub async fn grant(
    mock: &Mock,
    request: &Request,
    policy: &Policy,
    find: impl Fn(&str) -> Option<Client> + Send + Sync,
) -> Result<Reply, Denial> {
    if !request.is_form() {
        return Err(Denial::new(DenialKind::Malformed, "wrong_media_type")
            .expected("application/x-www-form-urlencoded")
            .got(request.media_type()));
    }
    let form = request.form();
    if let Some(name) = form.repeated().filter(|_| policy.refuse_repeated) {
        mock.refuse(
            &request.endpoint,
            Denial::new(DenialKind::Repeated, "repeated_parameter").got(name),
        )?;
    }
    let shown = shown(request, &form, policy)?;
    let grant = form.text("grant_type").ok_or_else(|| {
        Denial::new(DenialKind::Missing, "missing_grant_type")
            .expected("grant_type=client_credentials")
            .absent(Place::Form, ["grant_type"])
    })?;
    let client = authenticate(mock, &request.endpoint, shown, find)?;
    if grant != "client_credentials" {
        return Err(Denial::new(DenialKind::Unsupported, "unsupported_grant")
            .expected("client_credentials")
            .got(grant));
    }
    if !client.allowed {
        let barred =
            Denial::new(DenialKind::Unsupported, "unauthorized_client").got(client.id.clone());
        mock.refuse(&request.endpoint, barred)?;
    }
    Ok(granted(mock, &client, policy).await)
}

/// Id and secret in one spelling.
struct Presented {
    id: Vec<u8>,
    secret: Vec<u8>,
    /// The secret as it stood before it was form-decoded.
    raw_secret: Vec<u8>,
}

impl From<Basic> for Presented {
    fn from(basic: Basic) -> Self {
        Self {
            id: basic.id,
            raw_secret: basic.secret.clone(),
            secret: basic.secret,
        }
    }
}

/// Id and secret as the request shows them, spelled in one or two ways.
fn shown(request: &Request, form: &Form, policy: &Policy) -> Result<Vec<Presented>, Denial> {
    let header = request
        .header("authorization")?
        .map(basic)
        .transpose()?
        .flatten();
    let body = match (form.first("client_id"), form.first("client_secret")) {
        (Some(id), Some(secret)) => Some(Basic {
            id: id.to_vec(),
            secret: secret.to_vec(),
        }),
        _ => None,
    };
    if header.is_some() && form.first("client_secret").is_some() {
        return Err(Denial::new(DenialKind::Repeated, "two_methods")
            .expected("Basic or body credentials, not both"));
    }
    let none = || {
        let (expected, place) = match policy.secret_in {
            SecretIn::Basic => ("Authorization: Basic", Place::Basic),
            SecretIn::Body => ("client_id and client_secret in the form", Place::Form),
        };
        Denial::new(DenialKind::Missing, "no_client")
            .expected(expected)
            .absent(place, ["client_id", "client_secret"])
    };
    let spelled = |basic: Basic| {
        let decoded = Presented {
            raw_secret: basic.secret.clone(),
            ..Presented::from(basic.form_decoded())
        };
        let mut ways = Vec::new();
        ways.extend(policy.basic_raw.then(|| Presented::from(basic)));
        ways.extend(policy.basic_form.then_some(decoded));
        ways
    };
    let body = body.map(Presented::from);
    match policy.secret_in {
        SecretIn::Basic if header.is_some() => Ok(header.map(spelled).unwrap_or_default()),
        SecretIn::Body if body.is_some() => Ok(body.into_iter().collect()),
        SecretIn::Basic if policy.either_place => body.map(|body| vec![body]).ok_or_else(none),
        SecretIn::Body if policy.either_place => header.map(spelled).ok_or_else(none),
        _ => Err(none()),
    }
}

/// The client that one of the spellings proves.
fn authenticate(
    mock: &Mock,
    endpoint: &str,
    shown: Vec<Presented>,
    find: impl Fn(&str) -> Option<Client>,
) -> Result<Client, Denial> {
    let mut last = Denial::new(DenialKind::UnknownPrincipal, "unknown_client");
    for way in shown {
        let id = String::from_utf8_lossy(&way.id).into_owned();
        mock.note_principal(id.clone());
        let Some(client) = find(&id) else {
            let known = |name: &[u8]| find(&String::from_utf8_lossy(name)).is_some();
            last = Denial::new(DenialKind::UnknownPrincipal, "unknown_client")
                .expected("a client id of this stage")
                .got(id);
            last = near_miss::of_name(last, &way.id, known);
            continue;
        };
        if !client.secret.matches(&way.secret) {
            last = Denial::new(DenialKind::BadSecret, "wrong_secret")
                .expected(format!("the secret of `{id}`"));
            last = near_miss::of_form_decoded(last, &client.secret, &way.secret, &way.raw_secret);
            if way.secret.is_empty() || mock.refuse(endpoint, last.clone()).is_err() {
                continue;
            }
        }
        if !client.enabled {
            mock.refuse(
                endpoint,
                Denial::new(DenialKind::Disabled, "disabled_client").got(id),
            )?;
        }
        return Ok(client);
    }
    Err(last)
}

/// Issues the token and words the reply: `access_token`, `expires_in`, `token_type`.
async fn granted(mock: &Mock, client: &Client, policy: &Policy) -> Reply {
    let value = access_token(mock, client, policy.lifetime);
    let mut new = NewToken::new(
        TokenKind::Access,
        client.id.clone(),
        mock.new_login(),
        policy.lifetime,
    );
    new.client = Some(client.id.clone());
    mock.issue(&value, new).await;
    let mut body = Map::new();
    body.insert("access_token".into(), value.into());
    if let Some(expires_in) = &policy.expires_in {
        body.insert("expires_in".into(), expires_in.clone());
    }
    body.insert(
        "token_type".into(),
        mock.profile().token.token_type.clone().into(),
    );
    let mut reply = Reply::json(200, &Value::Object(body));
    for (name, value) in &mock.profile().token.headers {
        reply = reply.header(name, value);
    }
    reply
}

/// Most characters that a setting adds to a token.
const MAX_PADDING: usize = 64 << 10;

fn access_token(mock: &Mock, client: &Client, lifetime: Duration) -> String {
    let format = match mock.optional_setting("token_format") {
        Some(value) if value == "jwt" => TokenFormat::Jwt,
        Some(value) if value == "opaque" => TokenFormat::Opaque,
        _ => mock.profile().token.format,
    };
    let padding = mock.optional_setting("token_padding");
    let padding = padding.and_then(|value| value.as_u64()).unwrap_or(0);
    // Bounded, so that no setting makes a token that no header can carry.
    let padding = usize::try_from(padding).map_or(MAX_PADDING, |n| n.min(MAX_PADDING));
    match format {
        TokenFormat::Opaque => mock.random_alphanumeric(43 + padding),
        TokenFormat::Jwt => {
            let now = mock.now().as_seconds();
            let key = mock.stage.hmac_key(&mock.profile().vendor);
            let claims = serde_json::json!({
                "sub": client.id, "iat": now, "exp": now.saturating_add_unsigned(lifetime.as_secs()), "jti": mock.uuid(),
            });
            let mut claims = claims.as_object().cloned().unwrap_or_default();
            if padding > 0 {
                claims.insert("padding".into(), "x".repeat(padding).into());
            }
            crate::jwt::mint_hs256(&key, r#"{"alg":"HS256","typ":"JWT"}"#, &claims)
        }
    }
}
