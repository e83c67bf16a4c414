//! What a vendor has to have for a scenario: `@needs:…`.

use locum_core::Profile;
use locum_core::profile::{ExpiresIn, Grant, Proof, SecretIn};

/// Whether a vendor has all that a scenario needs.
pub(super) fn offers_all(profile: &Profile, needs: &[String]) -> bool {
    needs.iter().all(|need| offers(profile, need) == Some(true))
}

/// Whether a vendor has what a scenario needs; `None` for a word that is not known.
pub(super) fn offers(profile: &Profile, need: &str) -> Option<bool> {
    let token = &profile.token;
    Some(match need {
        "login" => token.grant != Grant::AuthorizationCode,
        "client_credentials" => token.grant == Grant::ClientCredentials,
        "password" => token.grant == Grant::Password,
        "basic" => token.grant == Grant::ClientCredentials && token.secret_in == SecretIn::Basic,
        "secret_in_body" => {
            token.grant == Grant::ClientCredentials && token.secret_in == SecretIn::Body
        }
        "bearer" => profile.api.proof == Proof::Bearer,
        "sample" => profile.api.sample.is_some(),
        // The protocol has no words for a client's own secret beside a user's password, nor for
        // proofs of other forms.
        "client" => {
            token.grant != Grant::AuthorizationCode
                && token.client_in.is_none()
                && matches!(profile.api.proof, Proof::Bearer | Proof::Sigv4)
        }
        "several_parameters" => {
            let body = usize::from(token.secret_in == SecretIn::Body);
            let others = usize::from(token.sends_grant_type) + usize::from(token.scope.is_some());
            2 * body + others > 1
        }
        "seconds" => token.expires_in == ExpiresIn::Seconds,
        "milliseconds" => token.expires_in == ExpiresIn::Milliseconds,
        // A vendor whose refresh tokens never end says so by having no lifetime: not known here.
        "refresh" => token.grant == Grant::Password && token.refresh_lifetime_s.is_some(),
        "revoke" | "introspect" => profile.endpoints.contains_key(need),
        "discovery" => profile.urls.contains_key(need),
        _ => return None,
    })
}
