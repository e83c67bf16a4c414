//! Tokens that the control API mints: opaque ones of a client.

use std::time::Duration;

use locum_core::TokenKind;
use locum_server::mint::{Defect, MintError, MintRequest, Minted};
use locum_server::{Mock, NewToken};

use super::State;

/// Letters of a token.
const LENGTH: usize = 43;

/// What can be wrong with an opaque token.
const DEFECTS: &[Defect] = &[Defect::Expired, Defect::Revoked, Defect::Unknown];

/// The token that `request` asks for.
pub(super) fn mint(mock: &Mock, request: &MintRequest) -> Result<Minted, MintError> {
    request.check(&[TokenKind::Access], DEFECTS)?;
    request.refuse(&["user", "tenant", "scope", "claims", "header", "payload"])?;
    let state = mock.state::<State>();
    let principals = state.principals.get();
    let mut clients = principals.clients.iter();
    let client = match &request.client {
        Some(id) => clients.find(|client| &client.client_id == id),
        None => clients.next(),
    };
    let client = client.ok_or_else(|| {
        let known = principals.clients.iter();
        let id = request.client.as_deref().unwrap_or_default();
        MintError::unknown("client", id, known.map(|client| client.client_id.as_str()))
    })?;
    let own = Duration::from_millis(mock.setting_u64("token_ttl_ms"));
    let lifetime = request.lifetime_s.map_or(own, Duration::from_secs);
    let mut token = NewToken::new(
        TokenKind::Access,
        &client.client_id,
        mock.new_login(),
        lifetime,
    );
    token.client = Some(client.client_id.clone());
    let value = mock.random_alphanumeric(LENGTH);
    Ok(Minted { value, token })
}
