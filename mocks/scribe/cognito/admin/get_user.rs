//! AdminGetUser: a user with its state.

use locum_core::Denial;
use locum_server::Reply;
use serde_json::json;

use super::super::{Call, success};

pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let user = super::user(call)?;
    let mut shown = call.state.show_user(&user, "UserAttributes");
    if user.totp_secret.is_some() {
        shown.insert("PreferredMfaSetting".into(), "SOFTWARE_TOKEN_MFA".into());
        shown.insert("UserMFASettingList".into(), json!(["SOFTWARE_TOKEN_MFA"]));
    }
    Ok(success(&shown.into()))
}
