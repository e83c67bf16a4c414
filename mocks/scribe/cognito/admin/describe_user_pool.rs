//! DescribeUserPool: what the pool is set to, as far as test set-ups read it.

use locum_server::Reply;
use serde_json::{Value, json};

use super::super::{Call, success};
use crate::scribe::administrators::ACCOUNT;
use crate::scribe::directory::seconds;

pub(super) fn answer(call: &Call<'_>) -> Reply {
    let state = &call.state;
    let id = &state.user_pool_id;
    let opened = seconds(state.opened);
    let is_closed = !call.mock.setting_on("self_sign_up");
    success(&json!({"UserPool": {
        "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]},
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": is_closed},
        "Arn": format!("arn:aws:cognito-idp:{}:{ACCOUNT}:userpool/{id}", state.region),
        "AutoVerifiedAttributes": ["email"],
        "CreationDate": opened,
        "DeletionProtection": "INACTIVE",
        "EstimatedNumberOfUsers": state.principals().users.len(),
        "Id": id,
        "LambdaConfig": {},
        "LastModifiedDate": opened,
        "MfaConfiguration": "OPTIONAL",
        "Name": "locum",
        "Policies": {"PasswordPolicy": {
            "MinimumLength": 8,
            "RequireLowercase": true,
            "RequireNumbers": true,
            "RequireSymbols": true,
            "RequireUppercase": true,
            "TemporaryPasswordValidityDays": call.mock.setting_u64("temp_password_ttl_d"),
        }},
        "SchemaAttributes": schema(),
        "UsernameConfiguration": {"CaseSensitive": true},
        "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
    }}))
}

/// The two attributes that each user of this pool has.
fn schema() -> Value {
    let attribute = |name: &str, mutable: bool| {
        json!({
            "AttributeDataType": "String",
            "DeveloperOnlyAttribute": false,
            "Mutable": mutable,
            "Name": name,
            "Required": !mutable,
            "StringAttributeConstraints": {"MaxLength": "2048", "MinLength": if mutable { "0" } else { "1" }},
        })
    };
    json!([attribute("sub", false), attribute("email", true)])
}
