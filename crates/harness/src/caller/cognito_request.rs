//! Operations of Amazon Cognito: one root, the operation in `X-Amz-Target`.

use serde_json::Value;

use crate::Error;
use crate::http::{Request, Url};
use crate::target::Target;

/// Which of the two services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// User pools.
    UserPool,
    /// Identity pools.
    IdentityPool,
}

impl Service {
    /// The word before the operation in `X-Amz-Target`.
    const fn word(self) -> &'static str {
        match self {
            Self::UserPool => "AWSCognitoIdentityProviderService",
            Self::IdentityPool => "AWSCognitoIdentityService",
        }
    }
}

/// The post that asks `service` for `operation`.
pub(super) fn post(
    target: &Target,
    service: Service,
    operation: &str,
    body: &Value,
) -> Result<(Url, Request), Error> {
    let url = Url::parse(target.url("cognito")?).map_err(|error| Error::Step(error.to_string()))?;
    let request = Request::new("POST", &url.target)
        .header("X-Amz-Target", &format!("{}.{operation}", service.word()))
        .header("Content-Type", "application/x-amz-json-1.1")
        .body(body.to_string());
    Ok((url, request))
}
