//! What a vendor has to have for a scenario: `@needs:…`.

use locum_core::Profile;
use locum_core::profile::{ExpiresIn, Grant, Proof, SecretIn};

/// Whether a vendor has all that a scenario needs.
pub(super) fn offers_all(profile: &Profile, needs: &[String]) -> bool {
    needs.iter().all(|need| offers(profile, need) == Some(true))
}

/// Why a scenario is never played at a vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The vendor's documents rule it out.
    Vendor(&'static str),
    /// Neither our caller nor a driven client can do it, or they were not told how.
    Harness(&'static str),
}

impl Obstacle {
    /// The sentence, about the vendor.
    pub const fn why(self) -> &'static str {
        match self {
            Self::Vendor(why) | Self::Harness(why) => why,
        }
    }
}

/// What keeps a scenario with these needs from this vendor; `None` where it is played.
pub(super) fn obstacle(profile: &Profile, needs: &[String]) -> Option<Obstacle> {
    let missing = needs
        .iter()
        .filter(|need| offers(profile, need) == Some(false));
    let obstacles = missing.map(|need| match fact(need) {
        Some(why) => Obstacle::Vendor(why),
        None => Obstacle::Harness(match need.as_str() {
            "sample" => "no sample call is named for it (api.sample, or a resource that is read)",
            "login" => "a person logs in there, at a page",
            _ => {
                "drive knows no way to tell a client how to log in there, or how it shows its token"
            }
        }),
    });
    obstacles.max_by_key(|obstacle| matches!(obstacle, Obstacle::Vendor(_)))
}

fn fact(need: &str) -> Option<&'static str> {
    Some(match need {
        "client_credentials" => "its documented login is not by client credentials",
        "password" => "its documented login is not by a user's password",
        "basic" => "its documented login sends no secret by HTTP Basic",
        "secret_in_body" => "its documented login sends no secret in the form",
        "several_parameters" => "its documented login has a single parameter",
        "bearer" => "its API takes no bearer token",
        "seconds" => "its replies tell no lifetime in seconds",
        "milliseconds" => "its replies tell no lifetime in milliseconds",
        "refresh" => "its documented login gives no refresh token that ends",
        "revoke" => "it has no revocation endpoint",
        "introspect" => "it has no introspection endpoint",
        "discovery" => "it has no discovery document",
        _ => return None,
    })
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
