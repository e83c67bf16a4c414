//! GetId: the identity of a login, the same each time.

use locum_core::{Denial, DenialKind};
use locum_server::Reply;
use serde_json::json;

use super::{Call, invalid, success};
use crate::scribe::token_checks;

/// The digits behind the last hyphen of a UUID.
pub(super) const NODE: usize = 12;

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let pool = call.required("IdentityPoolId")?;
    well_formed("identityPoolId", pool)?;
    if pool != call.state.identity_pool_id {
        call.refuse(
            Denial::new(DenialKind::NotFound, "unknown_identity_pool")
                .expected(call.state.identity_pool_id.clone())
                .got(pool)
                .param("pool", pool),
        )?;
    }
    let Some(logins) = token_checks::logins(call) else {
        return Err(Denial::new(DenialKind::Missing, "no_unauthenticated")
            .expected("Logins with the id token"));
    };
    let login = token_checks::login(call, &logins).await?;
    let mut identity = call.state.identity(&login.principal);
    if !call.mock.effect_enabled("same_identity") {
        // It is still known whose it is.
        let fresh = call.mock.uuid();
        let kept = identity.len() - NODE;
        identity.replace_range(kept.., &fresh[fresh.len() - NODE..]);
    }
    call.mock.note("identity", identity.clone());
    Ok(success(&json!({ "IdentityId": identity })))
}

/// `[\w-]+:[0-9a-f-]+`, at most 55 characters.
pub(super) fn well_formed(name: &str, id: &str) -> Result<(), Denial> {
    let is_region = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    let is_uuid =
        |letter: char| letter.is_ascii_digit() || ('a'..='f').contains(&letter) || letter == '-';
    let fits = id.split_once(':').is_some_and(|(region, uuid)| {
        !region.is_empty()
            && !uuid.is_empty()
            && region.chars().all(is_region)
            && uuid.chars().all(is_uuid)
    });
    if fits && id.len() <= 55 {
        return Ok(());
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{id}' at '{name}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w-]+:[0-9a-f-]+"
    )))
}
