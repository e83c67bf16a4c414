//! The claims of Keycloak's tokens, in their order. Pure: who and when come in, JSON goes out.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::realm::{Client, User};

/// Claims in order.
pub(super) type Claims = Map<String, Value>;

/// The address that the claims `clientHost` and `clientAddress` name: the mock's callers come over
/// loopback.
const CALLER: &str = "127.0.0.1";

/// What all tokens of an answer have in common.
#[derive(Clone, Debug)]
pub(super) struct Common<'a> {
    /// The realm's name.
    pub(super) realm: &'a str,
    /// Whether it is the first realm, whose claims stand in the order of the vendor's sample.
    pub(super) first_realm: bool,
    /// `iss`.
    pub(super) issuer: String,
    /// `iat`, in seconds.
    pub(super) now: i64,
    /// `auth_time`.
    pub(super) auth_time: Option<i64>,
    /// `acr`: 0 where single sign-on spared the password.
    pub(super) acr: &'static str,
    /// `sub`.
    pub(super) subject: String,
    /// `sid`.
    pub(super) session: Option<&'a str>,
    /// The client.
    pub(super) client: &'a Client,
    /// The user, unless it is the client's service account.
    pub(super) user: Option<&'a User>,
}

impl Common<'_> {
    fn opened(&self, exp: Option<i64>, jti: String) -> Claims {
        let mut claims = Claims::new();
        put(&mut claims, "exp", exp);
        put(&mut claims, "iat", Some(self.now));
        put(&mut claims, "auth_time", self.auth_time);
        put(&mut claims, "jti", Some(jti));
        put(&mut claims, "iss", Some(self.issuer.clone()));
        claims
    }

    /// An access token; `aud` is what the audience resolves to.
    pub(super) fn access(&self, exp: i64, jti: String, aud: &[String], scope: &str) -> Claims {
        let mut claims = self.opened(Some(exp), jti);
        put(&mut claims, "aud", self.audience(aud));
        self.add_subject(&mut claims, "Bearer");
        put(&mut claims, "sid", self.session);
        put(&mut claims, "acr", Some(self.acr));
        self.add_roles(&mut claims);
        put(&mut claims, "scope", Some(scope));
        self.add_profile(&mut claims);
        self.add_microprofile(&mut claims, scope);
        claims
    }

    /// What the scope `microprofile-jwt` maps.
    fn add_microprofile(&self, claims: &mut Claims, scope: &str) {
        if !scope.split(' ').any(|word| word == "microprofile-jwt") {
            return;
        }
        let name = self.user.map_or_else(
            || self.client.service_user(),
            |user| user.username.to_lowercase(),
        );
        put(claims, "upn", Some(name));
        put(claims, "groups", Some(self.realm_roles()));
    }

    fn realm_roles(&self) -> Vec<String> {
        let default = format!("default-roles-{}", self.realm.to_lowercase());
        vec![
            default,
            "offline_access".to_owned(),
            "uma_authorization".to_owned(),
        ]
    }

    /// An id token.
    pub(super) fn id(
        &self,
        exp: i64,
        jti: String,
        nonce: Option<&str>,
        access: &str,
        scope: &str,
    ) -> Claims {
        let mut claims = self.opened(Some(exp), jti);
        put(&mut claims, "aud", Some(self.client.client_id.as_str()));
        self.add_subject(&mut claims, "ID");
        put(&mut claims, "nonce", nonce);
        put(&mut claims, "sid", self.session);
        put(&mut claims, "at_hash", Some(at_hash(access)));
        put(&mut claims, "acr", Some(self.acr));
        self.add_profile(&mut claims);
        self.add_microprofile(&mut claims, scope);
        claims
    }

    /// A refresh token; without `exp` it is an offline token.
    pub(super) fn refresh(
        &self,
        exp: Option<i64>,
        jti: String,
        scope: String,
        aud: &[String],
        reuse: Option<String>,
    ) -> Claims {
        let mut claims = self.opened(exp, jti);
        claims.shift_remove("auth_time");
        put(&mut claims, "aud", Some(self.issuer.clone()));
        self.add_subject(
            &mut claims,
            if exp.is_some() { "Refresh" } else { "Offline" },
        );
        put(&mut claims, "sid", self.session);
        put(&mut claims, "scope", Some(scope));
        put(&mut claims, "aud_x", self.audience(aud));
        put(&mut claims, "prov", Some("default"));
        put(&mut claims, "reuse_id", reuse);
        claims
    }

    /// `aud`; a client with consent has no roles, and so nothing to address to `account`.
    fn audience(&self, words: &[String]) -> Option<Value> {
        if self.client.consent_required {
            return audience(&self.client.audience);
        }
        audience(words)
    }

    fn add_subject(&self, claims: &mut Claims, typ: &str) {
        put(claims, "sub", Some(self.subject.clone()));
        put(claims, "typ", Some(typ));
        put(claims, "azp", Some(self.client.client_id.as_str()));
    }

    /// Origins and roles.
    pub(super) fn add_roles(&self, claims: &mut Claims) {
        if !self.client.web_origins.is_empty() {
            put(
                claims,
                "allowed-origins",
                Some(self.client.web_origins.clone()),
            );
        }
        // A client with consent is made without "full scope allowed".
        if self.client.consent_required {
            return;
        }
        let roles = json!({"roles": self.realm_roles()});
        put(claims, "realm_access", Some(roles));
        let account = json!({"roles": ["manage-account", "manage-account-links", "view-profile"]});
        put(
            claims,
            "resource_access",
            Some(json!({ "account": account })),
        );
    }

    /// What the scopes `profile` and `email` map, and for a service account who calls.
    pub(super) fn add_profile(&self, claims: &mut Claims) {
        if self.user.is_some() {
            claims.extend(self.profile());
            return;
        }
        if !self.first_realm {
            put(claims, "clientHost", Some(CALLER));
        }
        put(claims, "email_verified", Some(false));
        if self.first_realm {
            put(claims, "clientHost", Some(CALLER));
        }
        put(
            claims,
            "preferred_username",
            Some(self.client.service_user()),
        );
        put(claims, "clientAddress", Some(CALLER));
        put(claims, "client_id", Some(self.client.client_id.as_str()));
    }

    /// What userinfo says after `sub`; who calls is remembered with a session alone.
    pub(super) fn userinfo(&self) -> Claims {
        if self.user.is_some() || self.session.is_none() {
            return self.profile();
        }
        let mut claims = Claims::new();
        self.add_profile(&mut claims);
        claims
    }

    /// The profile alone.
    fn profile(&self) -> Claims {
        let mut claims = Claims::new();
        put(&mut claims, "email_verified", Some(false));
        let Some(user) = self.user else {
            put(
                &mut claims,
                "preferred_username",
                Some(self.client.service_user()),
            );
            return claims;
        };
        let (first, last) = user.names();
        put(&mut claims, "name", Some(format!("{first} {last}")));
        put(
            &mut claims,
            "preferred_username",
            Some(user.username.to_lowercase()),
        );
        put(&mut claims, "given_name", Some(first));
        put(&mut claims, "family_name", Some(last));
        put(&mut claims, "email", Some(user.email()));
        claims
    }
}

/// Adds a claim where there is a value.
pub(super) fn put(claims: &mut Claims, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        claims.insert(name.to_owned(), value.into());
    }
}

/// One word as text, several as a list (RFC 7519 §4.1.3).
fn audience(words: &[String]) -> Option<Value> {
    match words {
        [] => None,
        [one] => Some(one.clone().into()),
        several => Some(several.to_vec().into()),
    }
}

/// The left half of SHA-256 over the access token (OpenID Connect Core §3.1.3.6).
pub(super) fn at_hash(access: &str) -> String {
    URL_SAFE_NO_PAD.encode(&digest(&SHA256, access.as_bytes()).as_ref()[..16])
}
