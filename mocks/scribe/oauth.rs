//! The pool's token endpoint, `/oauth2/token`: client credentials and refresh (AWS developer guide, "The
//! token issuer endpoint"). Nobody logs in at this pool's domain, so there is no authorization code.

use std::time::Duration;

use locum_core::{Denial, DenialKind, Place, TokenKind};
use locum_server::grant::client_auth::{self, ClientAuth, RegisteredClient};
use locum_server::{Form, Mock, NewToken, Reply, Request, jwt};
use serde_json::{Map, Value, json};

use super::clients::Client;
use super::cognito::Call;
use super::refresh::{self, By};
use super::{State, common_headers};

/// `POST /oauth2/token`
pub(super) async fn token(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let reply = match answer(&mock, &request).await {
        Ok(body) => Reply::status(200).body(body.to_string()),
        Err(denial) => denied(&mock, denial),
    };
    Ok(common_headers::with_common_headers(
        &mock,
        "frame_oauth",
        reply,
    ))
}

async fn answer(mock: &Mock, request: &Request) -> Result<Value, Denial> {
    // "Content-Type: Must always be 'application/x-www-form-urlencoded'."
    if !request.is_form() {
        return Err(Denial::new(DenialKind::Malformed, "wrong_media_type")
            .expected("application/x-www-form-urlencoded")
            .got(request.media_type()));
    }
    let form = request.form();
    if let Some(name) = form.repeated() {
        let twice = Denial::new(DenialKind::Repeated, "repeated_parameter");
        mock.refuse(&request.endpoint, twice.got(name))?;
    }
    let grant = required(&form, "grant_type")?;
    mock.note("grant", grant.clone());
    if !["client_credentials", "refresh_token", "authorization_code"].contains(&grant.as_str()) {
        return Err(Denial::new(DenialKind::Unsupported, "unsupported_grant")
            .expected("client_credentials, refresh_token or authorization_code")
            .got(grant));
    }
    let client = client(mock, request, &form)?;
    let state = mock.state::<State>();
    match grant.as_str() {
        "client_credentials" => client_credentials(mock, request, &form, &client).await,
        "refresh_token" => {
            let value = required(&form, "refresh_token")?;
            may(
                mock,
                request,
                client.allows("REFRESH_TOKEN_AUTH"),
                &client,
                &grant,
            )?;
            let call = Call {
                mock,
                request,
                state,
                body: Map::new(),
            };
            let tokens = refresh::refresh(&call, &client, &value, By::TokenEndpoint).await?;
            Ok(in_oauths_words(&tokens["AuthenticationResult"]))
        }
        // "Client is not allowed for code grant flow"
        _ => {
            may(mock, request, client.may_use("code"), &client, &grant)?;
            required(&form, "code")?;
            Err(Denial::new(DenialKind::UnknownToken, "unknown_code")
                .expected("a code of the pool's login page, which this pool does not have")
                .got("another code"))
        }
    }
}

fn required(form: &Form, name: &str) -> Result<String, Denial> {
    form.text(name).ok_or_else(|| {
        Denial::new(DenialKind::Missing, "missing_form_parameter")
            .expected(name)
            .absent(Place::Form, [name])
    })
}

/// The client that the request proves: by Basic, in the body, or, where it has no secret, by its id.
fn client(mock: &Mock, request: &Request, form: &Form) -> Result<Client, Denial> {
    let state = mock.state::<State>();
    let find = |id: &str| {
        let client = state.client(id)?;
        let ways = match client.client_secret {
            Some(_) => vec![ClientAuth::Basic, ClientAuth::Body],
            None => vec![ClientAuth::None],
        };
        Some(RegisteredClient {
            id: client.client_id,
            secret: client.client_secret,
            keys: Vec::new(),
            enabled: true,
            ways,
        })
    };
    let proven = client_auth::authenticate(mock, request, form, &[], find)?;
    state.client(&proven.id).ok_or_else(|| {
        Denial::new(DenialKind::UnknownPrincipal, "unknown_oauth_client")
            .expected("a client of this pool")
            .got(proven.id)
    })
}

fn may(
    mock: &Mock,
    request: &Request,
    allowed: bool,
    client: &Client,
    grant: &str,
) -> Result<(), Denial> {
    if allowed {
        return Ok(());
    }
    let barred = Denial::new(DenialKind::Unsupported, "unauthorized_client")
        .expected(format!("a client that may use {grant}"))
        .got(client.client_id.clone());
    mock.refuse(&request.endpoint, barred)
}

/// "Machine-to-machine (M2M) sessions": an access token for the client itself, no id and no refresh token.
async fn client_credentials(
    mock: &Mock,
    request: &Request,
    form: &Form,
    client: &Client,
) -> Result<Value, Denial> {
    let allowed = client.client_secret.is_some() && client.may_use("client_credentials");
    may(mock, request, allowed, client, "client_credentials")?;
    let scope = scope(mock, request, form, client)?;
    let state = mock.state::<State>();
    let [_, key] = state.keys();
    let (now, ttl) = (mock.now().as_seconds(), mock.setting_u64("access_ttl_s"));
    let claims = json!({
        "sub": client.client_id,
        "token_use": "access",
        "scope": scope,
        "auth_time": now,
        "iss": state.issuer(mock),
        "exp": now.saturating_add_unsigned(ttl),
        "iat": now,
        "version": 2,
        "jti": mock.uuid(),
        "client_id": client.client_id,
    });
    let header = json!({"kid": key.kid, "alg": "RS256"}).to_string();
    let claims = claims.as_object().expect("claims are an object");
    let value = jwt::mint_rs256(&key, &header, claims);
    let mut new = NewToken::new(
        TokenKind::Access,
        client.client_id.clone(),
        mock.new_login(),
        Duration::from_secs(ttl),
    );
    new.client = Some(client.client_id.clone());
    new.scope.clone_from(&scope);
    mock.issue(&value, new).await;
    Ok(json!({"access_token": value, "token_type": "Bearer", "expires_in": ttl}))
}

/// "If the client doesn't request any scopes, the authentication server uses all custom scopes
/// associated with the client."
fn scope(mock: &Mock, request: &Request, form: &Form, client: &Client) -> Result<String, Denial> {
    let Some(asked) = form.text("scope") else {
        return Ok(client.oauth_scopes.join(" "));
    };
    let is_foreign = |scope: &&str| client.oauth_scopes.iter().all(|have| have != scope);
    let mut names = asked.split(' ').filter(|scope| !scope.is_empty());
    if let Some(foreign) = names.find(is_foreign) {
        let invalid = Denial::new(DenialKind::Forbidden, "invalid_scope")
            .expected(client.oauth_scopes.join(" "))
            .got(foreign);
        mock.refuse(&request.endpoint, invalid)?;
    }
    Ok(asked)
}

/// `AuthenticationResult` with the members' names of RFC 6749.
fn in_oauths_words(result: &Value) -> Value {
    let names = [
        ("id_token", "IdToken"),
        ("access_token", "AccessToken"),
        ("refresh_token", "RefreshToken"),
        ("token_type", "TokenType"),
        ("expires_in", "ExpiresIn"),
    ];
    let members = names.into_iter().filter_map(|(name, theirs)| {
        let value = result.get(theirs)?;
        Some((name.to_owned(), value.clone()))
    });
    Value::Object(members.collect())
}

/// The refusal as one of the documented codes; the journal keeps the reason.
fn denied(mock: &Mock, denial: Denial) -> Reply {
    let code = match denial.reason.as_str() {
        "unsupported_grant" => "oauth_unsupported_grant_type",
        "unauthorized_client" => "oauth_unauthorized_client",
        "invalid_scope" => "oauth_invalid_scope",
        // "Client authentication failed."
        "no_client"
        | "malformed_basic"
        | "unknown_client"
        | "unknown_oauth_client"
        | "wrong_secret"
        | "wrong_auth_method"
        | "client_mismatch"
        | "disabled_client" => "oauth_invalid_client",
        // "Refresh token has been revoked."
        _ if is_about_a_grant(denial.kind) => "oauth_invalid_grant",
        _ => "oauth_invalid_request",
    };
    let shown = Denial {
        reason: code.to_owned(),
        ..denial.clone()
    };
    let mut reply = Reply::denied(mock.profile(), shown);
    reply.denial = Some(denial);
    reply
}

fn is_about_a_grant(kind: DenialKind) -> bool {
    matches!(
        kind,
        DenialKind::UnknownToken
            | DenialKind::WrongToken
            | DenialKind::Expired
            | DenialKind::Revoked
            | DenialKind::Disabled
    )
}
