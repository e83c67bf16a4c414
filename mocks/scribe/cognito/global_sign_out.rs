//! GlobalSignOut: "Invalidates the identity, access, and refresh tokens that Amazon Cognito issued to
//! a user."

use locum_core::{Denial, Outcome, TokenKind};
use locum_server::Reply;
use locum_server::store::Change;

use super::{Call, done};
use crate::scribe::examine;

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let token = examine::access(call, call.required("AccessToken")?).await?;
    let all = call.mock.effect_enabled("sign_out_everywhere");
    let kinds = [TokenKind::Access, TokenKind::Id, TokenKind::Refresh];
    let of_user = call.mock.tokens(|have| {
        have.principal == token.principal
            && kinds.contains(&have.kind)
            && (all || have.login == token.login)
    });
    for have in of_user.await {
        call.mock.change(have.id, Change::Revoke).await;
    }
    Ok(done().outcome(Outcome::Revoked))
}
