//! Operations of Amazon Cognito: one root, the operation in `X-Amz-Target`.

use serde_json::Value;

use crate::Error;
use crate::evidence::Operation;
use crate::http::{Request, Url};
use crate::target::Target;

/// The value of `X-Amz-Target`; `None` for what is not Cognito's.
const fn target_of(operation: Operation) -> Option<&'static str> {
    Some(match operation {
        Operation::SignIn | Operation::StartSrp | Operation::Refresh => {
            "AWSCognitoIdentityProviderService.InitiateAuth"
        }
        Operation::SignOut => "AWSCognitoIdentityProviderService.GlobalSignOut",
        Operation::AnswerChallenge => "AWSCognitoIdentityProviderService.RespondToAuthChallenge",
        Operation::UseAccessToken => "AWSCognitoIdentityProviderService.GetUser",
        Operation::RevokeRefreshToken => "AWSCognitoIdentityProviderService.RevokeToken",
        Operation::ChangePassword => "AWSCognitoIdentityProviderService.ChangePassword",
        Operation::UseIdToken | Operation::GetIdentity => "AWSCognitoIdentityService.GetId",
        Operation::GetCredentials => "AWSCognitoIdentityService.GetCredentialsForIdentity",
        _ => return None,
    })
}

/// The post that asks for `operation`.
pub(super) fn post(
    target: &Target,
    operation: Operation,
    body: &Value,
) -> Result<(Url, Request), Error> {
    // The second step of a sign-in is the answer to a challenge.
    let asked = match body["ChallengeName"].is_string() {
        true => Operation::AnswerChallenge,
        false => operation,
    };
    let name = target_of(asked)
        .ok_or_else(|| Error::Step(format!("a {operation} is no operation of Cognito")))?;
    let url = Url::parse(target.url("cognito")?).map_err(|error| Error::Step(error.to_string()))?;
    let request = Request::new("POST", &url.target)
        .header("X-Amz-Target", name)
        .header("Content-Type", "application/x-amz-json-1.1")
        .body(body.to_string());
    Ok((url, request))
}
