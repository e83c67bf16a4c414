//! TLS with the vendor: which certificates it shows, what it still takes, and whether it gives tokens
//! without it.

use crate::Error;
use crate::caller::TokenRequest;
use crate::caller::cognito_request::post;
use crate::evidence::{Operation, TlsAnswer, TlsOffer, Variation};
use crate::http::{self, HttpError, Request, Trust, Url};
use crate::run::context::ScenarioContext;
use locum_core::profile::Grant;
use serde_json::json;

/// What stands for each credential in the clear, where the vendor is not on this machine.
const MADE_UP: &str = "locum-made-up";

/// The addresses that clients send credentials and tokens to; others, such as an issuer, may be
/// nothing but names.
const CALLED: [&str; 5] = ["token", "cognito", "identity", "api", "ws"];

impl ScenarioContext {
    /// From now on the vendor is called by its addresses over TLS.
    ///
    /// # Errors
    /// When there are none: the scenario does not apply.
    pub async fn call_over_tls(&mut self) -> Result<(), Error> {
        if let Some(stage) = self.stage.clone() {
            let pem = stage.authority_pem().await?;
            self.target = stage.target_over_tls(&self.profile.vendor)?;
            self.target.trust = Trust::with_authorities(pem.as_bytes()).map_err(Error::Control)?;
        }
        match self.tls_hosts().is_empty() {
            true => Err(self.lacks("no address of the vendor is an https one")),
            false => Ok(()),
        }
    }

    /// An address at each host of the vendor's that speaks TLS.
    fn tls_hosts(&self) -> Vec<Url> {
        let mut hosts: Vec<Url> = Vec::new();
        for name in CALLED {
            if let Some(text) = self.target.urls.get(name)
                && let Ok(url) = Url::parse(text)
                && url.tls
                && !hosts.iter().any(|known| known.same_origin(&url))
            {
                hosts.push(url);
            }
        }
        hosts
    }

    /// Makes this offer to each host of the vendor's, and writes down what became of it.
    pub async fn greet(&mut self, offer: TlsOffer) -> Result<(), Error> {
        for url in self.tls_hosts() {
            let Ok(_turn) = self.turn(false).await else {
                return Ok(());
            };
            let answer = match offer {
                TlsOffer::Modern => told(http::connect(&url, &self.target.trust).await.map(drop)),
                old if self.target.trust.allows(&url) => http::greet(&url, old).await,
                _ => TlsAnswer::Unknown("a rehearsal stays on this machine".to_owned()),
            };
            self.log.tls_hello(&url.authority(), offer, answer);
        }
        Ok(())
    }

    /// Sends the documented login in the clear: to the port of TLS, or to that of http where the
    /// other is that of https. On another machine nobody's credentials travel like that: made-up
    /// ones do.
    pub async fn login_in_the_clear(&mut self) -> Result<(), Error> {
        let is_pool = self.profile.token.grant == Grant::Cognito;
        let (name, mut target) = match is_pool {
            true => ("cognito", self.target.clone()),
            false => ("token", self.target.clone()),
        };
        let url = self.target.url(name)?;
        let url = Url::parse(url).map_err(|error| Error::Step(error.to_string()))?;
        if !url.tls {
            return Err(self.lacks("the address of the login is no https one"));
        }
        if !url.is_here() {
            for name in ["client_id", "client_secret", "username", "password"] {
                if target.credentials.contains_key(name) {
                    target.credentials.insert(name.to_owned(), MADE_UP.into());
                }
            }
        }
        let (mut url, request) = if is_pool {
            pool_login(&target)?
        } else {
            let login = TokenRequest::documented(&self.profile, &target)?;
            let request = login.request();
            (login.url, request)
        };
        url.tls = false;
        if url.port == 443 {
            url.port = 80;
        }
        let operation = Operation::PlainLogin;
        let how = Variation::Documented;
        self.exchange(operation, None, &how, &url, &request).await;
        Ok(())
    }
}

fn pool_login(target: &crate::target::Target) -> Result<(Url, Request), Error> {
    let credential = |name: &str| target.credential(name);
    let body = json!({
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": credential("client_id"),
        "AuthParameters": {"USERNAME": credential("username"), "PASSWORD": credential("password")},
    });
    post(target, Operation::SignIn, &body)
}

fn told(connected: Result<(), HttpError>) -> TlsAnswer {
    match connected {
        Ok(()) => TlsAnswer::Taken,
        Err(HttpError::Certificate(reason)) => TlsAnswer::Certificate(reason),
        Err(HttpError::Tls(reason)) => TlsAnswer::Refused(reason),
        Err(error) => TlsAnswer::Unknown(error.to_string()),
    }
}
