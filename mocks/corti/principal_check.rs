//! What a JSON shape cannot say of principals: no member may be without effect.

use jsonwebtoken::jwk::Jwk;
use locum_server::grant::assertion::is_usable;
use serde_json::Value;

use super::assertion::PUBLIC;
use super::realm::{Client, ClientAuth, Principals, Realm};

/// The members of a JWK that only a private or symmetric key has (RFC 7518 §6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Checks all realms.
///
/// # Errors
/// A sentence for the caller that names realm, client or user, and member.
pub(super) fn check(principals: &Principals) -> Result<(), String> {
    for (at, realm) in principals.realms.iter().enumerate() {
        of_realm(realm).map_err(|fault| format!("realm `{}`: {fault}", realm.name))?;
        for client in &realm.clients {
            let first = &principals.realms[0];
            let lender = (at > 0).then(|| first.client(&client.client_id)).flatten();
            let checked = match lender {
                None if client.shared => {
                    Err("shared has no effect: the first realm has no other such client".to_owned())
                }
                _ => of_client(client),
            };
            checked.map_err(|fault| {
                let (realm, client) = (&realm.name, &client.client_id);
                format!("client `{client}` of realm `{realm}`: {fault}")
            })?;
        }
    }
    Ok(())
}

fn of_realm(realm: &Realm) -> Result<(), String> {
    lifetimes(realm.access_ttl_s, realm.refresh_ttl_s)?;
    if realm.rotate_refresh == Some(false) && realm.refresh_max_reuse.is_some() {
        return Err("refresh_max_reuse has no effect while rotate_refresh is false".to_owned());
    }
    let ids = realm.clients.iter().map(|client| client.client_id.as_str());
    if let Some(id) = twice(ids) {
        return Err(format!("client `{id}` is there twice"));
    }
    let names = realm.users.iter().map(|user| user.username.as_str());
    twice(names).map_or(Ok(()), |name| Err(format!("user `{name}` is there twice")))
}

fn twice<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}

fn lifetimes(access: Option<u64>, refresh: Option<u64>) -> Result<(), String> {
    for (name, value) in [("access_ttl_s", access), ("refresh_ttl_s", refresh)] {
        if value == Some(0) {
            return Err(format!("{name} has to be at least 1 second"));
        }
    }
    Ok(())
}

fn of_client(client: &Client) -> Result<(), String> {
    lifetimes(client.access_ttl_s, client.refresh_ttl_s)?;
    if let Some(method) = client.pkce.as_deref()
        && !["S256", "plain"].contains(&method)
    {
        return Err(format!("pkce is S256 or plain, not `{method}`"));
    }
    let without_effect = |member: &str, beside: &str| {
        Err(format!(
            "{member} has no effect beside {beside}; remove one of them"
        ))
    };
    if client.bearer_only {
        let flags = [
            ("public", client.public),
            ("direct_access", client.direct_access),
            ("standard_flow", client.standard_flow),
            ("auth", client.auth != ClientAuth::ClientSecret),
        ];
        if let Some((member, _)) = flags.iter().find(|(_, on)| *on) {
            return without_effect(member, "bearer_only");
        }
    }
    if client.public && client.auth != ClientAuth::ClientSecret {
        return without_effect("auth", "public");
    }
    match client.auth {
        ClientAuth::PrivateKeyJwt if client.jwks.is_empty() => {
            return Err("auth private_key_jwt needs jwks, a list of JWKs".to_owned());
        }
        ClientAuth::PrivateKeyJwt if client.client_secret.is_some() => {
            return without_effect("client_secret", "auth private_key_jwt");
        }
        ClientAuth::ClientSecretJwt if client.client_secret.is_none() => {
            return Err("auth client_secret_jwt needs a client_secret".to_owned());
        }
        ClientAuth::ClientSecret | ClientAuth::ClientSecretJwt if !client.jwks.is_empty() => {
            return Err("jwks has no effect without auth private_key_jwt".to_owned());
        }
        _ => {}
    }
    client.jwks.iter().try_for_each(of_key)
}

fn of_key(value: &Value) -> Result<(), String> {
    if let Some(member) = PRIVATE.iter().find(|name| value.get(**name).is_some()) {
        return Err(format!(
            "a key of jwks has `{member}`: give its public part alone"
        ));
    }
    let key: Jwk = serde_json::from_value(value.clone())
        .map_err(|error| format!("a key of jwks is no JWK: {error}"))?;
    if is_usable(&key, &PUBLIC) {
        Ok(())
    } else {
        let kinds = "an RSA key, or one on P-256, P-384 or Ed25519";
        Err(format!(
            "a key of jwks cannot be used: it has to be {kinds}"
        ))
    }
}
