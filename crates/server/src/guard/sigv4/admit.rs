//! The guard: admits whom the signature proves.

use std::future::Future;

use locum_core::{Denial, Token, TokenId, TokenKind};

use super::claim::Claim;
use super::{Credentials, Policy, Signed, Verified, verify};
use crate::{Admitted, Mock, Request};

/// Credentials with the record of their issue.
#[derive(Clone, Debug)]
pub struct Known {
    /// What verifies.
    pub credentials: Credentials,
    /// What was issued, unless they are the vendor's own.
    pub token: Option<Token>,
}

/// Admits a request whose signature, in its header or query, verifies with credentials that
/// `lookup` knows; the second of the pair is what was signed.
///
/// # Errors
/// As for [`verify`].
pub async fn admit<F, Fut>(
    mock: &Mock,
    request: &Request,
    policy: &Policy,
    lookup: F,
) -> Result<(Admitted, Option<Verified>), Denial>
where
    F: FnOnce(String) -> Fut,
    Fut: Future<Output = Option<Known>>,
{
    let signed = Signed {
        method: &request.method,
        target: &request.signed_target,
        lines: &request.lines,
        body: &request.body,
    };
    let claim = match Claim::read(&signed) {
        Ok(claim) => claim,
        Err(denial) => {
            mock.refuse(&request.endpoint, denial)?;
            return Ok((Admitted::by(nobody(mock)), None));
        }
    };
    let known = lookup(claim.access_key_id).await;
    let token = known.as_ref().and_then(|known| known.token.clone());
    if let Some(token) = &token {
        mock.note_presented_token(token).await;
    }
    let credentials = known.as_ref().map(|known| known.credentials.clone());
    let refuse = |denial| mock.refuse(&request.endpoint, denial);
    let verified = verify(&signed, |_| credentials, mock.now(), policy, &refuse)?;
    mock.note("signed_headers", verified.signed_headers.join(";"));
    Ok((
        Admitted::by(token.unwrap_or_else(|| nobody(mock))),
        Some(verified),
    ))
}

/// Who it is when no issued credentials signed: the vendor itself, or whom an evil twin admits.
fn nobody(mock: &Mock) -> Token {
    Token {
        id: TokenId(0),
        kind: TokenKind::Aws,
        vendor: mock.profile().vendor.clone(),
        tenant: None,
        client: None,
        principal: "nobody".to_owned(),
        login: 0,
        parent: None,
        entry: None,
        scope: String::new(),
        issued: mock.now(),
        expires: None,
        revoked: false,
        spent: false,
        uses: 0,
        last_used: None,
        extra: serde_json::Map::new(),
    }
}
