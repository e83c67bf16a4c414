//! AdminEnableUser: the user may log in again, in the state that it had before.

use locum_core::Denial;
use locum_server::Reply;

use super::super::{Call, done};

pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let user = super::user(call)?;
    call.state.set_enabled(&user, true, call.mock.now());
    Ok(done())
}
