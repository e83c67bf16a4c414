//! Who may administer the user pool: long-term AWS credentials that sign its operations.

use std::time::Duration;

use locum_core::{Denial, DenialKind, Secret};
use locum_server::guard::sigv4::{self, Credentials, Known, Payload, Policy, Spelling, Unsigned};
use locum_server::principal::expose;
use locum_server::{Mock, Request};
use serde::{Deserialize, Serialize};

use super::{State, aws};

/// The account that the ARNs of refusals name; AWS's own examples use it.
pub(super) const ACCOUNT: &str = "123456789012";

/// An IAM user of the pool's account, who may call each of its operations.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Administrator {
    /// `AKIA` and sixteen letters and digits, as long-term keys have it.
    pub(super) access_key_id: String,
    /// Left out, one that the seed repeats.
    #[serde(default = "drawn", serialize_with = "expose")]
    pub(super) secret_access_key: Secret,
}

fn drawn() -> Secret {
    Secret::new("")
}

impl Administrator {
    /// Gives it the secret of the stage's seed, where none is given.
    pub(super) fn complete(&mut self, seed: u64) {
        if self.secret_access_key.expose().is_empty() {
            self.secret_access_key = aws::secret(seed, &self.access_key_id);
        }
    }
}

/// Admits a call of `operation` that an administrator signed.
///
/// # Errors
/// As for [`sigv4::verify`], each reason with `cognito_` in front, and `cognito_access_denied`.
pub(super) async fn admit(mock: &Mock, request: &Request, operation: &str) -> Result<(), Denial> {
    let state = mock.state::<State>();
    let known = state.principals().administrators;
    let is_known = |id: &str| known.iter().find(|have| have.access_key_id == id).cloned();
    let lookup = |id: String| {
        let (administrator, mock) = (is_known(&id), mock.clone());
        async move {
            match administrator {
                Some(administrator) => Some(Known {
                    credentials: Credentials {
                        secret: administrator.secret_access_key,
                        session_token: None,
                        expires: None,
                        revoked: false,
                    },
                    token: None,
                }),
                None => aws::lookup(mock, id).await,
            }
        }
    };
    let admitted = sigv4::admit(mock, request, &policy(mock, &state), lookup).await;
    let (_, verified) = admitted.map_err(in_cognitos_words)?;
    let signer = verified.map(|verified| verified.access_key_id);
    match signer.filter(|id| is_known(id).is_none()) {
        None => Ok(()),
        Some(id) => mock.refuse(&request.endpoint, denied(&state, operation, &id)),
    }
}

/// The user pool's operations are signed for `cognito-idp`, with the hash of their body.
fn policy(mock: &Mock, state: &State) -> Policy {
    Policy {
        region: state.region.clone(),
        service: "cognito-idp".to_owned(),
        skew: Duration::from_secs(mock.setting_u64("sigv4_skew_s")),
        spelling: Spelling {
            normalize: true,
            double_encode: true,
            plus_is_space: true,
        },
        payload: Payload::Body(Unsigned::Refuse),
        unsigned_token: mock.setting_on("sigv4_unsigned_token"),
        unsigned_content_sha256: mock.setting_on("sigv4_unsigned_content_sha256"),
        unsigned_amz_headers: mock.setting_on("sigv4_unsigned_amz_headers"),
        refuse_absent_header: mock.setting_is("sigv4_absent_header", "incomplete"),
        refuse_malformed_list: mock.setting_is("sigv4_malformed_list", "incomplete"),
        echo_canonical: mock.setting_on("sigv4_echo_canonical"),
    }
}

/// The same refusal as API Gateway's, in the frame of the JSON protocol.
fn in_cognitos_words(denial: Denial) -> Denial {
    Denial {
        reason: format!("cognito_{}", denial.reason),
        ..denial
    }
}

/// Credentials of the identity pool are good credentials, of a role that may not administer.
fn denied(state: &State, operation: &str, id: &str) -> Denial {
    Denial::new(DenialKind::Forbidden, "cognito_access_denied")
        .expected("the access key of an administrator of the stage document")
        .got(format!("{id}, credentials of the identity pool"))
        .param("account", ACCOUNT)
        .param("region", state.region.clone())
        .param("operation", operation)
        .param("pool", state.user_pool_id.clone())
}
