//! ChangePassword: with the access token and the previous password, which is looked at before the
//! policy.

use locum_core::{Denial, DenialKind};
use locum_server::Reply;
use locum_server::reason::near_miss;

use super::attempts::{self, Attempt};
use super::{Call, done, missing, weak};
use crate::scribe::token_checks;

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let access = call.required("AccessToken")?;
    let proposed = call.required("ProposedPassword")?;
    // The service names the parameter differently from its own model.
    let previous = call
        .text("PreviousPassword")
        .ok_or_else(|| missing("OldPassword"))?;
    let token = token_checks::access(call, access).await?;
    let user = call.user(&token.principal)?;
    attempts::open(call, &user, Attempt::ChangePassword)?;
    if !user.password.matches(previous.as_bytes()) {
        attempts::count(call, &user, Attempt::ChangePassword);
        let wrong = Denial::new(DenialKind::BadSecret, "wrong_password")
            .expected(format!("the password of `{}`", user.username))
            .param("name", "PreviousPassword");
        call.refuse(near_miss::of_secret(
            wrong,
            &user.password,
            previous.as_bytes(),
        ))?;
    }
    weak(call, proposed).map_or(Ok(()), |denial| call.refuse(denial))?;
    if call.mock.effect_enabled("change_password") {
        call.state.set_password(&user.username, proposed);
    }
    Ok(done())
}
