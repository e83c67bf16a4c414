//! Form bodies (`application/x-www-form-urlencoded`) and client authentication.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use locum_core::Secret;
use locum_core::profile::SecretIn;

use crate::config::Credentials;

/// A form body under construction; the parameters keep their order, which is the vendor page's.
#[derive(Debug)]
pub(crate) struct Form(Secret);

impl Form {
    pub(crate) fn new() -> Self {
        Self(Secret::new(""))
    }

    /// Appends a parameter.
    #[must_use]
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        let mut form = form_urlencoded::Serializer::new(self.0.expose().to_owned());
        Self(Secret::new(form.append_pair(name, value).finish()))
    }

    /// Adds client id and secret to the form, or returns the `Authorization` header that carries
    /// them. Other credentials are not those of a client and change nothing.
    pub(crate) fn authenticated(
        self,
        credentials: &Credentials,
        secret_in: SecretIn,
    ) -> (Self, Option<HeaderValue>) {
        let Credentials::Client {
            client_id,
            client_secret,
        } = credentials
        else {
            return (self, None);
        };
        match secret_in {
            SecretIn::Basic => (self, Some(basic(client_id, client_secret))),
            SecretIn::Body => {
                let form = self
                    .with("client_id", client_id)
                    .with("client_secret", client_secret.expose());
                (form, None)
            }
        }
    }

    /// The encoded body.
    pub(crate) fn encoded(&self) -> &str {
        self.0.expose()
    }
}

/// `Authorization: Basic` with id and secret unencoded: the vendors' pages ask for "a base64
/// encoded copy of the client ID and client secret", not for the form encoding of RFC 6749 §2.3.1.
fn basic(client_id: &str, client_secret: &Secret) -> HeaderValue {
    let pair = Secret::new(format!("{client_id}:{}", client_secret.expose()));
    let value = Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())));
    let mut value = HeaderValue::from_str(value.expose()).expect("base64 is visible ASCII");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_keeps_its_order_and_encodes_its_values() {
        let form = Form::new()
            .with("username", "svc+a@example.com")
            .with("password", "p&= %ö");
        assert_eq!(
            form.encoded(),
            "username=svc%2Ba%40example.com&password=p%26%3D+%25%C3%B6"
        );
    }

    #[test]
    fn basic_leaves_id_and_secret_unencoded() {
        let value = basic("id", &Secret::new("a:b ö"));
        let expected = format!("Basic {}", STANDARD.encode("id:a:b ö"));
        assert_eq!(value.to_str().ok(), Some(&*expected));
        assert!(value.is_sensitive());
    }
}
