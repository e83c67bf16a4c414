//! `POST /realms/{tenant}/protocol/openid-connect/token`: the order of its checks, and the grant.

use locum_core::{Denial, DenialKind};
use locum_server::{Mock, Reply, Request};

use super::form::Form;
use super::issue::{Grant, Occasion, answer, session_id};
use super::login::Login;
use super::realm::{Client, RealmRef};
use super::scope::Scope;
use super::{client, front};

/// A token request whose client is proven.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) mock: &'a Mock,
    pub(super) request: &'a Request,
    pub(super) realm: &'a RealmRef,
    pub(super) form: &'a Form,
    pub(super) client: &'a Client,
}

impl Asked<'_> {
    /// Refuses, unless a twin pardons it.
    ///
    /// # Errors
    /// The denial, as a rule.
    pub(super) fn refuse(&self, kind: DenialKind, reason: &str) -> Result<(), Denial> {
        let denial = Denial::new(kind, reason).got(self.client.client_id.clone());
        self.mock.refuse(&self.request.endpoint, denial)
    }
}

/// Answers a token request.
pub(super) async fn token(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let realm = front::realm(&mock, &request)?;
    granted(&mock, &request, &realm).await
}

/// "realm exists → TLS, realm enabled → grant_type missing → grant_type unknown → client
/// authentication → duplicated form key → grant-specific checks"; the first value of a duplicated
/// key is the one that the steps before it see.
async fn granted(mock: &Mock, request: &Request, realm: &RealmRef) -> Result<Reply, Denial> {
    let form = Form::read(mock, request).await?;
    front::must_be_enabled(mock, request, realm)?;
    let grant = form.first("grant_type").ok_or_else(|| {
        Denial::new(DenialKind::Missing, "missing_grant_type")
            .expected("grant_type=client_credentials in a form")
    })?;
    let unsupported = || {
        Denial::new(DenialKind::Unsupported, "unsupported_grant")
            .expected("client_credentials, password, refresh_token or authorization_code")
            .got(grant)
    };
    let client = match grant {
        "client_credentials" => client::authenticate(mock, request, realm, &form)?,
        _ => return Err(unsupported()),
    };
    if let Err(denial) = form.refuse_repeated() {
        mock.refuse(&request.endpoint, denial)?;
    }
    let asked = Asked { mock, request, realm, form: &form, client };
    client_credentials(&asked).await
}

/// RFC 6749 §4.4.
async fn client_credentials(asked: &Asked<'_>) -> Result<Reply, Denial> {
    let Asked { mock, client, .. } = asked;
    if client.is_public() {
        asked.refuse(DenialKind::Unsupported, "public_service_account")?;
    }
    if !client.service_account {
        asked.refuse(DenialKind::Unsupported, "no_service_account")?;
    }
    if !client.service_user_enabled {
        let denial = Denial::new(DenialKind::Disabled, "service_user_disabled")
            .param("user", client.service_user());
        mock.refuse(&asked.request.endpoint, denial)?;
    }
    let scope = Scope::read(asked.form.read_by_grant("scope"))?;
    let refresh = client.refresh_for_client_credentials || mock.setting_on("refresh_for_cc");
    let login = Login {
        number: mock.new_login(),
        session: refresh.then(|| session_id(mock)),
        client: client.client_id.clone(),
        scope: scope.clone(),
        ..Login::default()
    };
    let grant = Grant::ClientCredentials;
    Ok(answer(mock, &Occasion { realm: asked.realm, login: &login, grant, scope, parent: None, refresh }).await)
}
