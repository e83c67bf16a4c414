//! DescribeUserPoolClient: what an app client is set to.

use locum_core::Denial;
use locum_server::Reply;
use serde_json::json;

use super::super::{Call, success};
use crate::scribe::directory::seconds;

pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let client = call.client()?;
    let (mock, state) = (call.mock, &call.state);
    let opened = seconds(state.opened);
    let flows: Vec<String> = client
        .flows
        .iter()
        .map(|flow| format!("ALLOW_{flow}"))
        .collect();
    let existence = match mock.setting_text("prevent_user_existence_errors").as_str() {
        "legacy" => "LEGACY",
        _ => "ENABLED",
    };
    let mut shown = json!({
        "AccessTokenValidity": mock.setting_u64("access_ttl_s"),
        "AllowedOAuthFlowsUserPoolClient": !client.oauth_flows.is_empty(),
        "AuthSessionValidity": mock.setting_u64("session_ttl_s") / 60,
        "ClientId": client.client_id,
        "ClientName": client.client_id,
        "CreationDate": opened,
        "EnableTokenRevocation": true,
        "ExplicitAuthFlows": flows,
        "IdTokenValidity": mock.setting_u64("id_ttl_s"),
        "LastModifiedDate": opened,
        "PreventUserExistenceErrors": existence,
        "RefreshTokenValidity": mock.setting_u64("refresh_ttl_s"),
        "TokenValidityUnits": {"AccessToken": "seconds", "IdToken": "seconds", "RefreshToken": "seconds"},
        "UserPoolId": state.user_pool_id,
    });
    if let Some(secret) = &client.client_secret {
        shown["ClientSecret"] = secret.expose().into();
    }
    if !client.oauth_flows.is_empty() {
        shown["AllowedOAuthFlows"] = client.oauth_flows.into();
        shown["AllowedOAuthScopes"] = client.oauth_scopes.into();
    }
    if mock.setting_on("rotate_refresh") {
        let grace = mock.setting_u64("rotation_grace_s");
        shown["RefreshTokenRotation"] =
            json!({"Feature": "ENABLED", "RetryGracePeriodSeconds": grace});
    }
    Ok(success(&json!({ "UserPoolClient": shown })))
}
