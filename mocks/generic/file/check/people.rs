//! Clients and users that contradict the rest of the file.

use std::collections::BTreeSet;

use locum_core::setting::nearest;
use locum_server::grant::client_auth::ClientAuth;

use super::Check;
use super::syntax::is_redirect_uri;
use crate::generic::file::Grant;

impl Check<'_> {
    pub(super) fn client_auth(&mut self) {
        let ways = self.file.client_auth();
        for (at, client) in self.file.principals.clients.iter().enumerate() {
            let at = at.to_string();
            let place = ["principals", "clients", at.as_str()];
            let id = &client.client_id;
            if let Some(way) = client.auth {
                self.unless(
                    self.file.token.client_auth.is_empty() || ways.contains(&way),
                    &[&place[..], &["auth"]].concat(),
                    format!(
                        "client `{id}` proves itself by a way that the token endpoint does not take"
                    ),
                    "add it to `token.client_auth`",
                );
                self.unless(
                    !client.public || way == ClientAuth::None,
                    &[&place[..], &["auth"]].concat(),
                    format!("client `{id}` is public and has nothing to prove itself with"),
                    "remove `public` or `auth`",
                );
                self.unless(
                    way != ClientAuth::None || client.public,
                    &[&place[..], &["auth"]].concat(),
                    format!("client `{id}` proves itself by nothing and is not public"),
                    "set `public = true`",
                );
            }
            self.unless(
                !client.public || client.client_secret.is_none(),
                &[&place[..], &["client_secret"]].concat(),
                format!("client `{id}` is public and has a secret"),
                "remove one of the two",
            );
            self.unless(
                client.auth != Some(ClientAuth::PrivateKeyJwt) || !client.jwks.is_empty(),
                &place,
                format!("client `{id}` proves itself by private_key_jwt and has no public key"),
                "add `jwks = [{ kty = \"RSA\", n = \"…\", e = \"AQAB\" }]`",
            );
            self.unless(
                client.keys().len() == client.jwks.len(),
                &[&place[..], &["jwks"]].concat(),
                format!("client `{id}` has a key that cannot be used"),
                "a JWK with kty RSA (n, e) or EC (crv P-256, x, y), public members only",
            );
        }
        let clients = &self.file.principals.clients;
        let has_keys = clients.iter().any(|client| !client.jwks.is_empty());
        let by_key = self
            .file
            .token
            .client_auth
            .contains(&ClientAuth::PrivateKeyJwt);
        self.unless(
            !by_key || has_keys,
            &["token", "client_auth"],
            "private_key_jwt is taken and no client has a key",
            "add `jwks` to a client of [[principals.clients]]",
        );
        let by_nothing = self.file.token.client_auth.contains(&ClientAuth::None);
        self.unless(
            !by_nothing || clients.iter().any(|client| client.public),
            &["token", "client_auth"],
            "none is taken and no client is public",
            "set `public = true` at a client of [[principals.clients]]",
        );
    }

    pub(super) fn principals(&mut self) {
        let people = &self.file.principals;
        self.unless(
            !people.clients.is_empty(),
            &["principals"],
            "there is no client, so nobody can log in",
            "add a table [[principals.clients]] with `client_id = \"my-client\"`; a secret is made for it",
        );
        let needs_users = self.file.has(Grant::Password) || self.file.has(Grant::AuthorizationCode);
        self.unless(
            !needs_users || !people.users.is_empty(),
            &["principals"],
            "there is no user, and users have to log in",
            "add a table [[principals.users]] with `username = \"ada\"`; a password is made for it",
        );
        let known = self.file.scopes();
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
        for (at, client) in people.clients.iter().enumerate() {
            let at = at.to_string();
            let place = ["principals", "clients", at.as_str()];
            let id = client.client_id.as_str();
            self.unless(
                seen.insert(("client", id)),
                &[&place[..], &["client_id"]].concat(),
                format!("client `{id}` is there twice"),
                "give it another client_id",
            );
            self.unless(
                !id.is_empty() && id.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
                &[&place[..], &["client_id"]].concat(),
                format!("`{id}` is not a client id"),
                "visible ASCII characters (RFC 6749 appendix A.1)",
            );
            for grant in client.grants.iter().flatten() {
                self.unless(
                    self.file.has(*grant),
                    &[&place[..], &["grants"]].concat(),
                    format!(
                        "client `{id}` may use {}, which the token endpoint does not take",
                        grant.word()
                    ),
                    "add it to `token.grants`",
                );
            }
            for scope in client.scopes.iter().flatten() {
                let near = nearest(scope, known.iter().map(String::as_str));
                let hint = near.map_or_else(
                    || "add it to `token.scopes`".to_owned(),
                    |near| format!("did you mean `{near}`? Or add it to `token.scopes`"),
                );
                self.unless(
                    known.contains(scope),
                    &[&place[..], &["scopes"]].concat(),
                    format!("client `{id}` may ask for scope `{scope}`, which does not exist"),
                    &hint,
                );
            }
            for uri in &client.redirect_uris {
                self.unless(
                    is_redirect_uri(uri),
                    &[&place[..], &["redirect_uris"]].concat(),
                    format!("`{uri}` is not a redirect URI"),
                    "an absolute URI without a fragment, such as http://127.0.0.1:3000/callback (RFC 6749 section 3.1.2)",
                );
            }
        }
        for (at, user) in people.users.iter().enumerate() {
            let at = at.to_string();
            let name = user.username.as_str();
            self.unless(
                seen.insert(("user", name)),
                &["principals", "users", &at, "username"],
                format!("user `{name}` is there twice"),
                "give it another username",
            );
        }
    }
}
