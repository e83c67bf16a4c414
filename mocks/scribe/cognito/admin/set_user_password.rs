//! AdminSetUserPassword: a permanent password, or a temporary one.

use locum_core::Denial;
use locum_server::Reply;
use serde_json::Value;

use super::super::{Call, done};
use crate::scribe::users::UserState;

pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let password = call.required("Password")?;
    let user = super::user(call)?;
    super::weak(call, password).map_or(Ok(()), |denial| call.refuse(denial))?;
    let permanent = call.body.get("Permanent").and_then(Value::as_bool);
    let state = match permanent {
        Some(true) => UserState::Confirmed,
        _ => UserState::Temporary,
    };
    let now = call.mock.now();
    call.state.replace_password(&user, password, state, now);
    Ok(done())
}
