//! The visible cause of a refusal: what a person behind the client would see if they looked.
//!
//! A handler refuses and leaves a [`Clue`]; once the refusal stands, and only then, the reason is
//! completed here. The vendor's reply never shows any of it.
//!
//! # Layout
//!
//! - `misplaced`: a member that stands in another place of the same request
//! - `near_miss`: a secret, name or code that differs by its wrapping
//! - `issued`: what a value is among all that the stage issued

mod issued;
mod misplaced;
pub mod near_miss;
#[cfg(test)]
mod tests;

use locum_core::{Clue, Denial, DenialKind};

use crate::{Mock, Request};

/// Completes the reason of a refusal that stands.
pub(crate) async fn complete(mock: &Mock, request: &Request, denial: &mut Denial) {
    match denial.clue.take() {
        Some(Clue::Absent { place, names }) => {
            misplaced::explain(request, place, &names, denial);
        }
        Some(Clue::Presented {
            value,
            wanted,
            client,
        }) => {
            let presented = issued::Presented {
                value: value.expose(),
                wanted,
                client: client.as_deref(),
            };
            issued::explain(mock, &presented, denial).await;
        }
        None => {}
    }
    say_what_is_plain(request, denial);
}

/// What can be said of any refusal of its kind.
fn say_what_is_plain(request: &Request, denial: &mut Denial) {
    let expected = || {
        match denial.kind {
            DenialKind::Missing => "what this endpoint demands",
            DenialKind::Malformed => "a request that can be read",
            DenialKind::Repeated => "it once",
            DenialKind::UnknownPrincipal => "a name that this stage knows",
            DenialKind::BadSecret => "the right secret",
            DenialKind::Disabled => "an account that may log in",
            DenialKind::ChallengeRequired => "the answer to the challenge first",
            DenialKind::UnknownToken => "something that this stage issued",
            DenialKind::WrongToken => "a token for this use",
            DenialKind::Expired => "one whose time is not over",
            DenialKind::NotYetValid => "one whose time has come",
            DenialKind::Revoked => "one that was not revoked",
            DenialKind::WrongTenant => "the tenant's own token and name",
            DenialKind::BadSignature => "a signature by the right key",
            DenialKind::Forbidden => "somebody who may",
            DenialKind::Unsupported => "what this vendor and client can do",
            DenialKind::Invalid => "a value that the vendor takes",
            DenialKind::NotFound => "a path or an id that exists",
            DenialKind::WrongMethod => "a method of this path",
            DenialKind::Conflict => "something that does not exist yet",
            DenialKind::Limit => "less, or less often",
        }
        .to_owned()
    };
    if denial.expected.is_none() {
        denial.expected = Some(expected());
    }
    if denial.got.is_some() {
        return;
    }
    denial.got = Some(match denial.kind {
        DenialKind::WrongMethod => request.method.clone(),
        DenialKind::NotFound => format!("{} {}", request.method, request.path()),
        DenialKind::Missing => misplaced::summary(request),
        DenialKind::Malformed => misplaced::body_of(request),
        DenialKind::BadSecret => "another value".to_owned(),
        DenialKind::UnknownToken => "a value that was never issued here".to_owned(),
        _ => format!("{} {}", request.method, request.path()),
    });
}
