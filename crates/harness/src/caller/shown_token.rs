//! Shows other tokens in the place of the caller's: forged ones, minted ones, those of another kind.

use std::time::Duration;

use locum_core::Secret;
use locum_core::profile::Grant;
use serde_json::{Map, Value, json};

use super::forge::{Material, Template, own_certificate, own_key_set};
use super::own_listener::OwnListener;
use crate::Error;
use crate::caller::ApiRequest;
use crate::catalogue::Supplied;
use crate::evidence::{
    CallVariation, Evidence, FORGED, OWN_LISTENER, Operation, Other, ShownToken, Variation,
};
use crate::http::{self, Request, Trust, Url};
use crate::run::context::ScenarioContext;

/// How far ahead of now a token of ours begins or ends, in seconds.
const AHEAD_S: i64 = 500;

/// From when on after its end no leeway excuses a token, in seconds.
const LEEWAY_S: i64 = 301;

/// How long our own listener may take to answer ourselves.
const OWN_REPLY: Duration = Duration::from_secs(5);

/// Which of a vendor's tokens an operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Access,
    Id,
}

/// Where tokens are shown, and of which kind.
const AT_A_POOL: [(Operation, Kind); 3] = [
    (Operation::UseAccessToken, Kind::Access),
    (Operation::UseIdToken, Kind::Id),
    (Operation::GetCredentials, Kind::Id),
];
/// Those of them that need no identity first.
const WITHOUT_AN_IDENTITY: [(Operation, Kind); 2] = [AT_A_POOL[0], AT_A_POOL[1]];
const AT_AN_API: [(Operation, Kind); 1] = [(Operation::Call, Kind::Access)];

impl ScenarioContext {
    /// Gets tokens, and uses each of them once where it is to be used.
    pub async fn has_accepted_tokens(&mut self) -> Result<(), Error> {
        if self.profile.token.grant != Grant::Cognito {
            self.login(&Variation::Documented).await?;
            return self.call(&Variation::Documented).await;
        }
        self.sign_in(&Variation::Documented).await?;
        for (operation, kind) in AT_A_POOL {
            if let Some(token) = self.accepted(kind) {
                self.show_at(operation, &Variation::Documented, &token)
                    .await?;
            }
        }
        Ok(())
    }

    /// Reads the vendor's key set.
    pub async fn read_key_set(&mut self) -> Result<(), Error> {
        let url = self.target.url("jwks").map(str::to_owned);
        self.fetch_key_set(url.ok()).await
    }

    /// The same at an address that the metadata names.
    pub(crate) async fn fetch_key_set(&mut self, url: Option<String>) -> Result<(), Error> {
        let Some(reply) = self.read_document(Operation::KeySet, url).await? else {
            return Ok(());
        };
        self.key_set = reply.json();
        Ok(())
    }

    /// Starts a listener that the vendor can reach.
    pub async fn listen(&mut self) -> Result<(), Error> {
        let base = Url::parse(&self.target.base).map_err(|error| Error::Step(error.to_string()))?;
        if !is_loopback(&base.host) {
            return Err(self.lacks("no listener of ours can be reached from where the vendor is"));
        }
        let template = self.accepted(Kind::Access);
        let template = template.and_then(|token| Template::of(token.expose()));
        let alg = template.as_ref().map_or("RS256", Template::alg);
        let keys = own_key_set(alg, template.as_ref().and_then(Template::kid));
        let listener = OwnListener::start(keys.to_string(), own_certificate(alg)).await?;
        self.own_listener = Some(listener);
        Ok(())
    }

    /// Writes down who came to the listener. A request of our own goes last: connections are taken
    /// in their order, so that whoever came before it was seen.
    pub async fn end_listening(&mut self) -> Result<(), Error> {
        let Some(listener) = self.own_listener.take() else {
            self.log.limitation("nobody listened");
            return Ok(());
        };
        let url = Url::parse(&format!("http://{}/own", listener.authority()))
            .map_err(|error| Error::Step(error.to_string()))?;
        let own = http::send(
            &url,
            &Request::new("GET", &url.target),
            &Trust::default(),
            OWN_REPLY,
        )
        .await;
        let answers = own.is_ok_and(|reply| reply.status == 200);
        let mut visits = listener.visits();
        let last = visits.pop();
        let answers = answers && last.is_some();
        let body = json!({"answers": answers, "visits": visits});
        self.log.control(OWN_LISTENER, &body);
        Ok(())
    }

    /// Shows this token wherever tokens of its kind are taken.
    pub async fn show(&mut self, shown: ShownToken) -> Result<(), Error> {
        let places: &[(Operation, Kind)] = match self.profile.token.grant {
            Grant::Cognito => &AT_A_POOL,
            _ => &AT_AN_API,
        };
        for &(operation, kind) in places {
            let is_of_another_kind =
                matches!(shown, ShownToken::IdToken | ShownToken::RefreshToken);
            if is_of_another_kind && kind != Kind::Access {
                continue;
            }
            if let Some(token) = self.made(shown, kind).await? {
                self.show_made(operation, shown, &token).await?;
            }
        }
        Ok(())
    }

    /// Calls the API with the caller's token and the name of another tenant, whose own client was
    /// admitted before.
    pub async fn name_another_tenant(&mut self) -> Result<(), Error> {
        let Some(header) = self.profile.api.tenant_header.clone() else {
            return Err(self.lacks("its calls name no tenant"));
        };
        self.supplied(Supplied::AnotherTenant)?;
        let Some((other, _)) = self.other(Other::Tenant).await? else {
            return Ok(());
        };
        let Some(token) = self.accepted(Kind::Access) else {
            self.log.limitation("there was no token to call with");
            return Ok(());
        };
        let mut call = ApiRequest::documented(&self.profile, &self.target, token.expose())?;
        for (name, value) in &mut call.headers {
            if *name == header {
                other.credential("tenant").clone_into(value);
            }
        }
        let variation = Variation::Call(CallVariation::OtherTenant);
        let request = call.request();
        self.exchange(Operation::Call, None, &variation, &call.url, &request)
            .await;
        Ok(())
    }

    /// Lets this share of the lifetime of the latest access token pass, and so many seconds more.
    pub(crate) async fn pass_lifetime(&mut self, share: f64, extra_s: f64) -> Result<(), Error> {
        if self.profile.token.grant != Grant::Cognito {
            return self.advance_to(share, extra_s).await;
        }
        let lifetime = self.profile.token.lifetime().as_secs_f64();
        self.advance((lifetime * share + extra_s - self.turned()).max(0.0))
            .await
    }

    /// Uses a pool's tokens after the end that the access token tells, and where one works then, once
    /// more when no leeway is left. Where that may not be waited for, the one that was supplied.
    pub(crate) async fn use_after_the_told_end(&mut self) -> Result<(), Error> {
        let access = self.accepted(Kind::Access);
        let template = access.and_then(|token| Template::of(token.expose()));
        let end = template.and_then(|template| template.payload().get("exp")?.as_i64());
        let is_supplied = self.target.supplied(Supplied::ExpiredToken).is_some();
        let (Some(end), false) = (end, is_supplied) else {
            return self.show(ShownToken::Ended).await;
        };
        for leeway_s in [1, LEEWAY_S] {
            let left = (end + leeway_s - self.vendor_now().as_seconds()).max(0);
            let left = Duration::from_secs(left.unsigned_abs());
            if left > self.manners.wait {
                // It says what was seen so far, or which variable would help.
                return match leeway_s {
                    LEEWAY_S => Ok(()),
                    _ => self.show(ShownToken::Ended).await,
                };
            }
            self.advance(left.as_secs_f64()).await?;
            self.use_again().await?;
            if !takes_a_token(self.log.evidence()) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Uses the caller's own tokens once more.
    pub(crate) async fn use_again(&mut self) -> Result<(), Error> {
        if self.profile.token.grant != Grant::Cognito {
            return self.call(&Variation::Documented).await;
        }
        for (operation, kind) in WITHOUT_AN_IDENTITY {
            if let Some(token) = self.accepted(kind) {
                self.show_at(operation, &Variation::Again, &token).await?;
            }
        }
        Ok(())
    }

    async fn show_made(
        &mut self,
        operation: Operation,
        shown: ShownToken,
        token: &Secret,
    ) -> Result<(), Error> {
        self.named += 1;
        self.log
            .hide(token.expose(), &format!("shown token {}", self.named));
        let before = self.log.evidence().exchanges().count();
        self.show_at(operation, &Variation::Shown(shown), token)
            .await?;
        let request = self.log.evidence().exchanges().nth(before);
        if let Some(seq) = request.map(|exchange| exchange.seq) {
            self.log.jwt(seq, FORGED, token.expose());
        }
        Ok(())
    }

    /// Shows `token` to `operation`.
    async fn show_at(
        &mut self,
        operation: Operation,
        variation: &Variation,
        token: &Secret,
    ) -> Result<(), Error> {
        let body = match operation {
            Operation::UseAccessToken => json!({"AccessToken": token.expose()}),
            Operation::UseIdToken => self.identity_body(token),
            Operation::GetCredentials => {
                let known = self.log.evidence().documented(Operation::UseIdToken);
                let ids: Vec<Value> = known
                    .map(|exchange| exchange.json()["IdentityId"].clone())
                    .collect();
                let Some(id) = ids.into_iter().find(Value::is_string) else {
                    self.log.limitation("no identity is known");
                    return Ok(());
                };
                json!({"IdentityId": id, "Logins": self.identity_body(token)["Logins"]})
            }
            _ => {
                let call = ApiRequest::documented(&self.profile, &self.target, token.expose())?;
                let request = call.request();
                self.exchange(operation, None, variation, &call.url, &request)
                    .await;
                return Ok(());
            }
        };
        self.cognito(operation, variation, &body).await.map(drop)
    }

    /// The caller's own token of this kind.
    fn accepted(&self, kind: Kind) -> Option<Secret> {
        if self.profile.token.grant != Grant::Cognito {
            return self.tokens.last().map(|held| held.value.clone());
        }
        let (access, id) = self.sessions.last()?.pairs.last()?;
        Some(match kind {
            Kind::Access => access.clone(),
            Kind::Id => id.clone(),
        })
    }

    /// Makes the token that is to be shown; `None` where it cannot be made here.
    async fn made(&mut self, shown: ShownToken, kind: Kind) -> Result<Option<Secret>, Error> {
        let other = match shown {
            ShownToken::IdToken => Some(self.id_token()),
            ShownToken::RefreshToken => Some(self.any_refresh_token()),
            ShownToken::Ended => {
                let supplied = self.supplied(Supplied::ExpiredToken)?;
                let token = supplied.get("expired_token").and_then(Value::as_str);
                Some(token.map(Secret::new))
            }
            _ => None,
        };
        if let Some(other) = other {
            return Ok(other);
        }
        let Some(token) = self.accepted(kind) else {
            self.log.limitation("there was no token to forge");
            return Ok(None);
        };
        let Some(template) = Template::of(token.expose()) else {
            return Err(self.lacks("its tokens are no JWTs, so that there is none to forge"));
        };
        if shown.is_minted() {
            return self.minted(shown, kind, &template).await.map(Some);
        }
        let key = signing_key(&self.key_set, template.kid());
        let listener = self.own_listener.as_ref();
        let account_values = self.target.credentials.values();
        let account_values: Vec<String> = account_values
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect();
        let material = Material {
            key: key.as_ref(),
            listener: listener.map(OwnListener::authority),
            account_values: &account_values,
        };
        Ok(template.forged(shown, material).map(Secret::new))
    }

    fn id_token(&self) -> Option<Secret> {
        match self.sessions.last() {
            Some(session) => session.pairs.last().map(|(_, id)| id.clone()),
            None => self.id_token.clone(),
        }
    }

    fn any_refresh_token(&self) -> Option<Secret> {
        match self.sessions.last() {
            Some(session) => Some(session.refresh.clone()),
            None => self.refresh_token.clone(),
        }
    }

    /// Has the mock mint it with its own key.
    async fn minted(
        &mut self,
        shown: ShownToken,
        kind: Kind,
        template: &Template,
    ) -> Result<Secret, Error> {
        let now = self.vendor_now().as_seconds();
        let is_access_of_pool = self.profile.token.grant == Grant::Cognito && kind == Kind::Access;
        let wanted = wanted(shown, is_access_of_pool, template, now);
        let mut body = Map::new();
        body.insert("vendor".into(), self.profile.vendor.clone().into());
        let word = if kind == Kind::Id { "id" } else { "access" };
        body.insert("kind".into(), word.into());
        for (name, value) in wanted {
            body.insert(name.to_owned(), value);
        }
        let body = Value::Object(body);
        let value = self.mock()?.mint_token(&body).await?;
        self.log.control("tokens", &body);
        Ok(Secret::new(value))
    }

    /// A document that anybody may read. An address on another machine is read where the vendor's
    /// own is, if that is on loopback: a mock keeps the real vendor's names.
    pub(crate) async fn read_document(
        &mut self,
        operation: Operation,
        url: Option<String>,
    ) -> Result<Option<http::Reply>, Error> {
        let Some(url) = url.and_then(|url| self.reachable(&url)) else {
            self.log
                .limitation(&format!("no address of a {operation} is known"));
            return Ok(None);
        };
        let request = Request::new("GET", &url.target);
        let reply = self
            .exchange(operation, None, &Variation::Documented, &url, &request)
            .await;
        Ok(reply.filter(|reply| reply.status == 200))
    }

    /// The address that `url` has for us.
    pub(crate) fn reachable(&self, url: &str) -> Option<Url> {
        let mut url = Url::parse(url).ok()?;
        let base = Url::parse(&self.target.base).ok()?;
        if is_loopback(&base.host) && !is_loopback(&url.host) {
            (url.host, url.port, url.tls) = (base.host, base.port, base.tls);
        }
        Some(url)
    }
}

/// Whether the latest use of one of a pool's tokens was served.
fn takes_a_token(evidence: &Evidence) -> bool {
    WITHOUT_AN_IDENTITY.iter().any(|(operation, _)| {
        let latest = evidence.exchanges_for(*operation).last();
        latest.is_some_and(|used| used.is_served())
    })
}

/// What the mock is asked for.
fn wanted(
    shown: ShownToken,
    is_access_of_pool: bool,
    template: &Template,
    now: i64,
) -> Vec<(&'static str, Value)> {
    let ahead = now + AHEAD_S;
    let alg = template.alg();
    let claim = |claims: Value| vec![("claims", claims)];
    match shown {
        ShownToken::OtherAlgorithm => {
            let other = if alg.starts_with("HS") {
                "HS512"
            } else {
                "PS256"
            };
            vec![("header", json!({"alg": other}))]
        }
        ShownToken::SmallAlgorithm => vec![("header", json!({"alg": alg.to_ascii_lowercase()}))],
        ShownToken::UnknownCritical => {
            vec![("header", json!({"crit": ["x-locum"], "x-locum": true}))]
        }
        ShownToken::NotYet => claim(json!({"nbf": ahead})),
        ShownToken::FractionalEnd => {
            let text = format!("{ahead}.5");
            let end: Value = serde_json::from_str(&text).unwrap_or_default();
            claim(json!({ "exp": end }))
        }
        ShownToken::TextEnd => claim(json!({"exp": ahead.to_string()})),
        ShownToken::NoEnd => claim(json!({"exp": null})),
        ShownToken::OtherIssuer => claim(json!({"iss": "https://issuer.invalid"})),
        // Cognito's access tokens name their audience by the client.
        ShownToken::OtherAudience if is_access_of_pool => {
            claim(json!({"client_id": "somebodyelse"}))
        }
        ShownToken::OtherAudience => claim(json!({"aud": "somebody-else"})),
        ShownToken::EndsLast => vec![(
            "payload",
            template.ends_twice([now - AHEAD_S, ahead]).into(),
        )],
        ShownToken::EndsFirst => {
            vec![(
                "payload",
                template.ends_twice([ahead, now - AHEAD_S]).into(),
            )]
        }
        _ => Vec::new(),
    }
}

/// The key of a set that verifies tokens of this `kid`, or its only one that signs.
pub(crate) fn signing_key(set: &Value, kid: Option<&str>) -> Option<Value> {
    let keys = set["keys"].as_array()?;
    let signs = |key: &&Value| key["use"].is_null() || key["use"] == "sig";
    let mut signing = keys.iter().filter(signs);
    match kid {
        Some(kid) => signing.find(|key| key["kid"] == kid).cloned(),
        None => signing.next().cloned(),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::Log;

    /// Either of the two pools may give leeway alone.
    #[test]
    fn a_token_is_looked_at_again_where_either_pool_takes_it() {
        let refused = r#"{"__type":"NotAuthorizedException"}"#;
        let takes = |access, id| {
            let reply = |status, good| if status == 200 { good } else { refused };
            let log = Log::of_a_user_pool()
                .exchange("use access", "", 200, r#"{"Username":"u"}"#)
                .exchange("use id", "", 200, r#"{"IdentityId":"i"}"#)
                .exchange(
                    "use access",
                    "again",
                    access,
                    reply(access, r#"{"Username":"u"}"#),
                )
                .exchange("use id", "again", id, reply(id, r#"{"IdentityId":"i"}"#));
            takes_a_token(log.evidence())
        };
        assert!(takes(200, 200));
        assert!(takes(200, 400));
        assert!(takes(400, 200));
        assert!(!takes(400, 400));
    }
}
