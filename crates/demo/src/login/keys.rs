//! Verifying a token with the wrong key: the first one of the set.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::client::Client;
use crate::failure::Failure;
use crate::http::{Request, Url};

/// Fetches the key set and verifies with its first key, whatever its kid and use.
pub(super) async fn verify_with_first(client: &Client, token: &str) -> Result<(), Failure> {
    let unverified = || Failure::other("the access token's signature does not verify");
    let url = client.config().token_url.replace("/token", "/certs");
    let request = Request::new("GET", Url::parse(&url)?);
    let reply = client.http.send(&request, None).await;
    let reply = reply.map_err(|fault| super::fault_failure(&fault))?;
    let set: Value = serde_json::from_slice(&reply.body).map_err(|_| unverified())?;
    let part = |name: &str| {
        let text = set["keys"][0][name].as_str().unwrap_or_default();
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
