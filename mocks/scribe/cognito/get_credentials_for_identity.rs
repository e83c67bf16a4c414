//! GetCredentialsForIdentity: temporary AWS credentials, the only ones that open API v1.

use locum_core::{Denial, DenialKind};
use locum_server::Reply;

use super::{Call, get_id, success};
use crate::scribe::{aws, token_checks};

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let identity = call.required("IdentityId")?;
    get_id::well_formed("identityId", identity)?;
    let Some(logins) = token_checks::logins(call) else {
        return Err(Denial::new(DenialKind::Missing, "no_logins")
            .expected("Logins with the id token")
            .param("identity", identity));
    };
    let login = token_checks::login(call, &logins).await?;
    let own = call.state.identity(&login.principal);
    let compared = match call.mock.effect_enabled("same_identity") {
        true => own.len(),
        false => own.len() - get_id::NODE,
    };
    if identity.get(..compared) != own.get(..compared) {
        call.refuse(match call.state.user_of_identity(identity) {
            Some(_) => Denial::new(DenialKind::WrongToken, "logins_do_not_match")
                .expected("the id token of the identity's own login")
                .got(login.name()),
            None => Denial::new(DenialKind::NotFound, "unknown_identity")
                .expected("an identity that GetId gave")
                .got(identity)
                .param("identity", identity),
        })?;
    }
    call.mock.note("identity", identity);
    Ok(success(&aws::issue(call, identity, &login).await))
}
