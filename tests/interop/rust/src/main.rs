//! Libraries for Rust as published, each with a refusal beside what is served. The argument names the step.

use openidconnect::core::{CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreTokenResponse};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient};
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    TokenResponse,
};
use reqwest::blocking::Client;
use serde_json::{Value, json};

struct Place {
    stage: Value,
    http: Client,
}

impl Place {
    fn new() -> Self {
        let control = std::env::var("CONTROL").expect("CONTROL is the control API's address");
        // A client that follows redirects can be sent anywhere by a provider.
        let policy = reqwest::redirect::Policy::none();
        let http = Client::builder().redirect(policy).build().expect("a client");
        let settings = json!({"listen": true, "settings": {"corti.iss": "{base}/realms/{tenant}"}});
        let reply = http.post(format!("{control}/stages")).json(&settings).send().expect("a reply");
        Self { stage: reply.json().expect("a stage document"), http }
    }

    fn text(&self, path: &str) -> String {
        let pointer = format!("/vendors/corti/{path}");
        let value = self.stage.pointer(&pointer).and_then(Value::as_str);
        value.unwrap_or_else(|| panic!("the stage document has {pointer}")).to_owned()
    }

    fn metadata(&self) -> CoreProviderMetadata {
        let issuer = IssuerUrl::new(self.text("urls/issuer")).expect("a URL");
        CoreProviderMetadata::discover(&issuer, &self.http).expect("a discovery document")
    }

    /// Logs in as a browser does, and gives the code that the redirect brings.
    fn login(&self, url: &str) -> String {
        let page = self.http.get(url).send().expect("the login page");
        assert_eq!(page.status(), 200);
        let cookies: Vec<_> = page.headers().get_all("set-cookie").iter().collect();
        let pair = |line: &&reqwest::header::HeaderValue| {
            line.to_str().expect("text").split(';').next().unwrap_or_default().to_owned()
        };
        let cookies = cookies.iter().map(pair).collect::<Vec<_>>().join("; ");
        let html = page.text().expect("a page");
        let action = html.split("action=\"").nth(1).and_then(|rest| rest.split('"').next());
        let action = action.expect("a form").replace("&amp;", "&");
        let user = |name| self.text(&format!("principals/realms/0/users/0/{name}"));
        let form = [("username", user("username")), ("password", user("password"))];
        let reply = self.http.post(action).header("cookie", cookies).form(&form).send();
        let reply = reply.expect("the login's answer");
        assert_eq!(reply.status(), 302);
        let place = reply.headers()["location"].to_str().expect("text").to_owned();
        let code = place.split(['?', '&']).find_map(|pair| pair.strip_prefix("code="));
        code.expect("a code").to_owned()
    }
}

/// oauth2 and openidconnect: client credentials, and a wrong secret.
fn client_credentials() {
    let place = Place::new();
    let grant = |secret: String| {
        let id = ClientId::new(place.text("credentials/client_id"));
        let client = CoreClient::from_provider_metadata(place.metadata(), id, Some(ClientSecret::new(secret)))
            .set_auth_type(AuthType::RequestBody);
        let request = client.exchange_client_credentials().expect("a token endpoint");
        request.request(&place.http)
    };
    let token: CoreTokenResponse = grant(place.text("credentials/client_secret")).expect("a token");
    assert_eq!(token.expires_in().map(|time| time.as_secs()), Some(300));
    let Err(RequestTokenError::ServerResponse(refused)) = grant("wrong".to_owned()) else {
        panic!("a wrong secret was taken");
    };
    assert_eq!(refused.error().to_string(), "unauthorized_client");
}

/// openidconnect: code with PKCE, the id token's signature, issuer and nonce; a wrong verifier.
fn code() {
    let place = Place::new();
    let id = ClientId::new(place.text("credentials/client_id"));
    let secret = ClientSecret::new(place.text("credentials/client_secret"));
    let redirect = RedirectUrl::new(place.text("principals/realms/0/clients/0/redirect_uris/0"));
    let client = CoreClient::from_provider_metadata(place.metadata(), id, Some(secret))
        .set_redirect_uri(redirect.expect("a URL"));
    let login = || {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let request = client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
        let request = request.add_scope(Scope::new("profile".to_owned())).set_pkce_challenge(challenge);
        let (url, _, nonce) = request.url();
        (place.login(url.as_str()), verifier, nonce)
    };
    let exchange = |code: String, verifier: PkceCodeVerifier| {
        let request = client.exchange_code(AuthorizationCode::new(code)).expect("a token endpoint");
        request.set_pkce_verifier(verifier).request(&place.http)
    };
    let (code, verifier, nonce) = login();
    let token = exchange(code, verifier).expect("a token");
    let verifier = client.id_token_verifier().set_allowed_algs([CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256]);
    let id_token = token.id_token().expect("an id token");
    id_token.claims(&verifier, &nonce).expect("claims that hold");
    id_token.claims(&verifier, &Nonce::new_random()).expect_err("another nonce");

    let (code, _, _) = login();
    let (_, wrong) = PkceCodeChallenge::new_random_sha256();
    let Err(RequestTokenError::ServerResponse(refused)) = exchange(code, wrong) else {
        panic!("a wrong verifier was taken");
    };
    assert_eq!(refused.error().to_string(), "invalid_grant");
}

/// tungstenite: a session at the socket to its end, and a token that is none.
fn websocket() {
    let place = Place::new();
    let form = [
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", place.text("credentials/client_id")),
        ("client_secret", place.text("credentials/client_secret")),
    ];
    let reply: Value = place.http.post(place.text("urls/token")).form(&form).send().expect("a reply").json().expect("JSON");
    let access = reply["access_token"].as_str().expect("a token");
    let url = |token: &str| {
        let tenant = place.text("credentials/tenant");
        format!("{}/transcribe?tenant-name={tenant}&token=Bearer%20{token}", place.text("urls/ws"))
    };
    match tungstenite::connect(url("nothing")) {
        Err(tungstenite::Error::Http(refused)) => assert_eq!(refused.status(), 401),
        other => panic!("a token that is none: {other:?}"),
    }
    let (mut socket, _) = tungstenite::connect(url(access)).expect("a socket");
    let config = json!({"type": "config", "configuration": {"primaryLanguage": "en"}});
    socket.send(config.to_string().into()).expect("sent");
    let mut seen = Vec::new();
    while let Ok(message) = socket.read() {
        let Ok(text) = message.to_text() else { continue };
        let Ok(message) = serde_json::from_str::<Value>(text) else { continue };
        let kind = message["type"].as_str().unwrap_or_default().to_owned();
        if kind == "CONFIG_ACCEPTED" {
            for _ in 0..4 {
                socket.send(vec![0_u8; 8000].into()).expect("sent");
            }
            socket.send(json!({"type": "end"}).to_string().into()).expect("sent");
        }
        seen.push(kind);
    }
    for kind in ["CONFIG_ACCEPTED", "transcript", "usage", "ended"] {
        assert!(seen.iter().any(|have| have == kind), "{kind} in {seen:?}");
    }
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("client_credentials") => client_credentials(),
        Some("code") => code(),
        Some("websocket") => websocket(),
        other => panic!("no step {other:?}"),
    }
}
