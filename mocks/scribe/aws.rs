//! Temporary AWS credentials of the identity pool.
//!
//! Secret and session token follow from the stage's seed and the access key id, so that nothing but
//! the record of their issue has to be kept; the record is found by the session token.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use locum_core::{Secret, Token, TokenKind};
use locum_server::guard::sigv4::{Credentials, Known};
use locum_server::keys::HmacKey;
use locum_server::{Mock, NewToken};
use rand::RngExt;
use serde_json::{Value, json};

use super::State;
use super::cognito::Call;

/// Issues credentials to the login that `login` proves.
pub(super) async fn issue(call: &Call<'_>, identity: &str, login: &Token) -> Value {
    let (mock, seed) = (call.mock, call.state.seed);
    let access_key_id = mock.rng(|rng| {
        // Sixteen letters of base32 after the prefix of temporary credentials.
        const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let letters: String = (0..16)
            .map(|_| char::from(LETTERS[rng.random_range(0..32)]))
            .collect();
        format!("ASIA{letters}")
    });
    let session_token = session_token(seed, &access_key_id);
    let lifetime = Duration::from_secs(mock.setting_u64("credentials_ttl_s"));
    let mut new = NewToken::new(
        TokenKind::Aws,
        login.principal.clone(),
        login.login,
        lifetime,
    );
    new.parent = Some(login.id);
    new.client.clone_from(&login.client);
    new.extra
        .insert("access_key_id".into(), access_key_id.clone().into());
    new.extra.insert("identity".into(), identity.into());
    let record = mock.issue(session_token.expose(), new).await;
    let secret_key = secret(seed, &access_key_id);
    mock.give_secret(&secret_key, record.name());
    // What the reply says, also where the setting `enforce_expiry` lets them live on.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any date fit")]
    let expiration = record.issued.plus(lifetime).as_millis() as f64 / 1000.0;
    json!({
        "Credentials": {
            "AccessKeyId": access_key_id,
            "Expiration": expiration,
            // GetCredentialsForIdentity says SecretKey where other services say SecretAccessKey.
            "SecretKey": secret_key.expose(),
            "SessionToken": session_token.expose(),
        },
        "IdentityId": identity,
    })
}

/// The credentials of an access key id, if they were issued on this stage.
pub(super) async fn lookup(mock: Mock, access_key_id: String) -> Option<Known> {
    let seed = mock.state::<State>().seed;
    let session_token = session_token(seed, &access_key_id);
    let token = mock.find(session_token.expose()).await?;
    let credentials = Credentials {
        secret: secret(seed, &access_key_id),
        session_token: Some(session_token),
        expires: token.expires,
        revoked: token.revoked,
    };
    Some(Known {
        credentials,
        token: Some(token),
    })
}

/// Forty characters.
pub(super) fn secret(seed: u64, access_key_id: &str) -> Secret {
    let key = HmacKey::derive(seed, &format!("scribe secret of {access_key_id}"));
    let text = STANDARD.encode(key.bytes());
    Secret::new(&text[..40])
}

fn session_token(seed: u64, access_key_id: &str) -> Secret {
    let parts = (0..10)
        .map(|part| HmacKey::derive(seed, &format!("scribe session {part} of {access_key_id}")));
    let bytes: Vec<u8> = parts.flat_map(|key| key.bytes().to_vec()).collect();
    // What the session tokens of AWS begin with.
    Secret::new(format!("IQoJb3JpZ2luX2Vj{}", STANDARD.encode(bytes)))
}
