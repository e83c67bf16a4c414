//! GlobalSignOut: "Invalidates the identity, access, and refresh tokens that Amazon Cognito issued to
//! a user."

use locum_core::{Denial, Outcome, TokenKind};
use locum_server::Reply;
use locum_server::store::TokenQuery;

use super::{Call, done};
use crate::scribe::token_checks;

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let token = token_checks::access(call, call.required("AccessToken")?).await?;
    let all = call.mock.effect_enabled("sign_out_everywhere");
    let of_user = TokenQuery {
        principal: Some(token.principal),
        kinds: Some(vec![TokenKind::Access, TokenKind::Id, TokenKind::Refresh]),
        login: (!all).then_some(token.login),
        ..TokenQuery::default()
    };
    call.mock.revoke(of_user).await;
    Ok(done().outcome(Outcome::Revoked))
}
