//! Whether a call shows the secret of its app client, where that has one, and shows none where it has
//! none.

use locum_core::{Denial, DenialKind, Place};
use locum_server::reason::near_miss;

use super::Call;
use crate::scribe::clients::{Client, secret_hash};
use crate::scribe::users::User;

impl Call<'_> {
    /// The app client of a call on behalf of `username`, which proves its secret by a hash over that
    /// name: `SECRET_HASH` of the object `inside`, or the member `SecretHash`.
    ///
    /// # Errors
    /// As of [`client`](Self::client), and as of [`shows_hash`](Self::shows_hash).
    pub(super) fn client_with_hash(
        &self,
        inside: Option<&str>,
        username: &str,
    ) -> Result<Client, Denial> {
        let client = self.client()?;
        self.shows_hash(&client, inside, username)?;
        Ok(client)
    }

    /// Judges the hash of the client's secret.
    ///
    /// # Errors
    /// `secret_of_public_client`, `no_secret_hash`, `wrong_secret_hash`.
    pub(super) fn shows_hash(
        &self,
        client: &Client,
        inside: Option<&str>,
        username: &str,
    ) -> Result<(), Denial> {
        let shown = match inside {
            Some(inside) => self.text_in(inside, "SECRET_HASH"),
            None => self.text("SecretHash"),
        };
        let Some(secret) = &client.client_secret else {
            return self.shows_no_secret(client, shown, "secret hash");
        };
        let Some(shown) = shown else {
            let missing = denial(DenialKind::Missing, "no_secret_hash", client);
            return self.refuse(
                missing
                    .expected("SECRET_HASH")
                    .absent(Place::Json, ["SECRET_HASH", "SecretHash"]),
            );
        };
        let right =
            |name: &str| secret_hash(secret, name, &client.client_id).matches(shown.as_bytes());
        if right(username) {
            return Ok(());
        }
        self.refuse(
            denial(DenialKind::BadSecret, "wrong_secret_hash", client)
                .expected(hash_over(username, client))
                .got(self.likely_hash(client, shown, username)),
        )
    }

    /// The same for a refresh, where the hash goes over the name that the pool gave the user, not
    /// over an alias (qiita.com/nori3tsu/items/7fa72c297f93efd0b3bb); AWS's Android SDK and the Dart
    /// library send the secret itself (amazon-cognito-identity-dart-2 #213).
    ///
    /// # Errors
    /// `secret_of_public_client`, `no_secret`, `wrong_refresh_hash`.
    pub(in crate::scribe) fn shows_refresh_hash(
        &self,
        client: &Client,
        user: Option<&User>,
    ) -> Result<(), Denial> {
        let shown = self.text_in("AuthParameters", "SECRET_HASH");
        let Some(secret) = &client.client_secret else {
            return self.shows_no_secret(client, shown, "secret hash");
        };
        let Some(shown) = shown else {
            let missing = denial(DenialKind::Missing, "no_secret", client);
            return self.refuse(
                missing
                    .expected("SECRET_HASH")
                    .absent(Place::Json, ["SECRET_HASH", "SecretHash"]),
            );
        };
        // Whose token it is has not been looked at yet.
        let Some(user) = user else {
            return Ok(());
        };
        let hash = secret_hash(secret, &user.username, &client.client_id);
        if hash.matches(shown.as_bytes()) || secret.matches(shown.as_bytes()) {
            return Ok(());
        }
        self.refuse(
            denial(DenialKind::BadSecret, "wrong_refresh_hash", client)
                .expected(hash_over(&user.username, client))
                .got(self.likely_hash(client, shown, &user.username)),
        )
    }

    /// Judges the member `ClientSecret`.
    ///
    /// # Errors
    /// `secret_of_public_client`, `no_secret`, `wrong_client_secret`.
    pub(super) fn shows_secret(&self, client: &Client) -> Result<(), Denial> {
        let shown = self.text("ClientSecret");
        let Some(secret) = &client.client_secret else {
            return self.shows_no_secret(client, shown, "secret");
        };
        let Some(shown) = shown else {
            let missing = denial(DenialKind::Missing, "no_secret", client);
            return self.refuse(
                missing
                    .expected("ClientSecret")
                    .absent(Place::Json, ["ClientSecret"]),
            );
        };
        if secret.matches(shown.as_bytes()) {
            return Ok(());
        }
        let wrong = denial(DenialKind::BadSecret, "wrong_client_secret", client)
            .expected(format!("the secret of client {}", client.client_id));
        self.refuse(near_miss::of_secret(wrong, secret, shown.as_bytes()))
    }

    fn shows_no_secret(
        &self,
        client: &Client,
        shown: Option<&str>,
        what: &str,
    ) -> Result<(), Denial> {
        if shown.is_none() {
            return Ok(());
        }
        self.refuse(
            denial(DenialKind::Invalid, "secret_of_public_client", client)
                .expected(format!("no {what}: the client is public"))
                .got(format!("a {what}"))
                .param("what", what),
        )
    }

    /// What a wrong hash was made of, as far as that can be seen.
    fn likely_hash(&self, client: &Client, shown: &str, username: &str) -> String {
        let Some(secret) = &client.client_secret else {
            return "another value".into();
        };
        let id = &client.client_id;
        let is = |name: &str, id: &str| secret_hash(secret, name, id).matches(shown.as_bytes());
        if secret.matches(shown.as_bytes()) {
            return "the client's secret itself".into();
        }
        if is(id, username) {
            return "a hash over client id and username, the other way round".into();
        }
        let user = self.state.user(username);
        let others = user.map(|user| {
            let sub = self.state.sub(&user.username);
            [user.username, user.email, sub]
        });
        let other = others.into_iter().flatten().find(|name| is(name, id));
        match other {
            Some(name) => format!("a hash over `{name}`"),
            None => "a hash with another secret or over another name".into(),
        }
    }
}

fn hash_over(username: &str, client: &Client) -> String {
    format!(
        "the base64 of HMAC-SHA256, key: the secret of client {id}, message: `{username}{id}`",
        id = client.client_id
    )
}

fn denial(kind: DenialKind, reason: &str, client: &Client) -> Denial {
    Denial::new(kind, reason).param("client", client.client_id.clone())
}
