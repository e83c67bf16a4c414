//! Verifying a token by a key that may be the wrong one. Mutants only: a client has no need to.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::client::Client;
use crate::failure::Failure;
use crate::http::{Request, Url};

/// Fetches the key set, once, and verifies with its first signing key, whatever the kid.
pub(super) async fn verify_with_first(client: &Client, token: &str) -> Result<(), Failure> {
    let unverified = || Failure::other("the access token's signature does not verify");
    let key = match client.verifying_key() {
        Some(key) => key,
        None => fetch(client).await?,
    };
    let part = |name: &str| {
        let text = key[name].as_str().unwrap_or_default();
        URL_SAFE_NO_PAD.decode(text).unwrap_or_default()
    };
    let (signed, signature) = token.rsplit_once('.').ok_or_else(unverified)?;
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| unverified())?;
    let (n, e) = (part("n"), part("e"));
    RsaPublicKeyComponents { n: &n, e: &e }
        .verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature)
        .map_err(|_| unverified())
}

async fn fetch(client: &Client) -> Result<Value, Failure> {
    let url = client.config().token_url.replace("/token", "/certs");
    let request = Request::new("GET", Url::parse(&url)?);
    let reply = client.http.send(&request, None).await;
    let reply = reply.map_err(|fault| super::fault_failure(&fault))?;
    let set: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let keys = set["keys"].as_array().cloned().unwrap_or_default();
    let key = keys.into_iter().find(|key| key["use"] == "sig");
    let key = key.ok_or_else(|| Failure::other("the key set has no signing key"))?;
    client.set_verifying_key(key.clone());
    Ok(key)
}
