//! How long tokens live and how often a refresh token works: the client says it, else the realm,
//! else the stage's settings.

use locum_server::Mock;

use super::realm::{Client, Realm};

/// Seconds that an access token lives.
pub(super) fn access_s(mock: &Mock, realm: &Realm, client: &Client) -> u64 {
    let own = client.access_ttl_s.or(realm.access_ttl_s);
    own.unwrap_or_else(|| mock.setting_u64("access_ttl_s"))
}

/// Seconds that a refresh token lives that is no offline token.
pub(super) fn refresh_s(mock: &Mock, realm: &Realm, client: &Client) -> u64 {
    let own = client.refresh_ttl_s.or(realm.refresh_ttl_s);
    own.unwrap_or_else(|| mock.setting_u64("refresh_ttl_s"))
}

/// Whether refresh tokens rotate ("Revoke Refresh Token").
pub(super) fn rotates(mock: &Mock, realm: &Realm) -> bool {
    let own = realm.rotate_refresh;
    own.unwrap_or_else(|| mock.setting_on("rotate_refresh"))
}

/// How often a refresh token works again where they rotate ("Refresh Token Max Reuse").
pub(super) fn max_reuse(mock: &Mock, realm: &Realm) -> u64 {
    let own = realm.refresh_max_reuse;
    own.unwrap_or_else(|| mock.setting_u64("refresh_max_reuse"))
}
