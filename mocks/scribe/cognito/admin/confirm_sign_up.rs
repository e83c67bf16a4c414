//! AdminConfirmSignUp: confirms a registration without its code.

use locum_core::Denial;
use locum_server::Reply;

use super::super::{Call, confirm_sign_up, done};

pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let user = super::user(call)?;
    confirm_sign_up::confirm(call, &user)?;
    Ok(done())
}
