//! Operations of Amazon Cognito: one root, the operation in `X-Amz-Target`.

use serde_json::Value;

use crate::Error;
use crate::evidence::{Operation, SignInVariation};
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
        Operation::AskForCode => "AWSCognitoIdentityProviderService.ForgotPassword",
        Operation::ResetPassword => "AWSCognitoIdentityProviderService.ConfirmForgotPassword",
        Operation::UseIdToken | Operation::GetIdentity => "AWSCognitoIdentityService.GetId",
        Operation::GetCredentials => "AWSCognitoIdentityService.GetCredentialsForIdentity",
        _ => return None,
    })
}

/// Makes the post of a sign-in with this `body` one that is no request of the protocol.
pub(super) fn bend(change: SignInVariation, request: &mut Request, url: &Url, mut body: Value) {
    let is_target = |name: &str| name == "X-Amz-Target";
    match change {
        SignInVariation::UnknownOperation => {
            for (name, value) in &mut request.headers {
                if is_target(name) {
                    "AWSCognitoIdentityProviderService.LocumKnowsIt".clone_into(value);
                }
            }
        }
        SignInVariation::NoOperation => request.headers.retain(|(name, _)| !is_target(name)),
        SignInVariation::BrokenJson => {
            request.body.pop();
        }
        SignInVariation::ListForBody => request.body = b"[]".to_vec(),
        SignInVariation::NumberForClient => {
            body["ClientId"] = 7.into();
            request.body = body.to_string().into_bytes();
        }
        SignInVariation::SpaceBeforeColon => {
            request
                .headers
                .push(("X-Locum ".to_owned(), "1".to_owned()));
        }
        SignInVariation::NoHost => request.omits.push("Host"),
        // One is written for each request.
        SignInVariation::TwoHosts => {
            request.headers.push(("Host".to_owned(), url.authority()));
        }
        // They are requests of the protocol.
        SignInVariation::AnotherPassword
        | SignInVariation::PasswordInOtherCase
        | SignInVariation::PasswordWithoutItsLastCharacter
        | SignInVariation::PasswordWithABlankBehind
        | SignInVariation::NoPassword
        | SignInVariation::UnknownUser
        | SignInVariation::UnknownClient
        | SignInVariation::ClientInOtherCase
        | SignInVariation::ClientWithoutItsLastCharacter
        | SignInVariation::TemporaryPassword
        | SignInVariation::ChosenPassword
        | SignInVariation::ReplacedPassword
        | SignInVariation::OldPasswordAfterwards
        | SignInVariation::NewPasswordAtTheEnd
        | SignInVariation::OldPasswordAtTheEnd
        | SignInVariation::WrongTemporaryPassword
        | SignInVariation::TemporaryPasswordAgain
        | SignInVariation::SrpWithoutProof
        | SignInVariation::SrpMultipleOfN
        | SignInVariation::SrpUnknownUser
        | SignInVariation::SrpZero
        | SignInVariation::SecondFactor
        | SignInVariation::SecondFactorWrongPassword
        | SignInVariation::AnotherClient
        | SignInVariation::SecondUser
        | SignInVariation::SecondUserFirstLetter
        | SignInVariation::SecondUserLastLetter
        | SignInVariation::SecondUserNameAsPassword
        | SignInVariation::SecondUserForeignPassword
        | SignInVariation::SecondUserEmptyPassword => {}
    }
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
