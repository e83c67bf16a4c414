//! The two websockets: what has to be right before the upgrade.
//!
//! "To authenticate when opening a websocket, the access_token needs to be passed in as URL
//! parameter in addition to the Tenant-Name already part of the url returned upon creating an
//! interaction". Authentication comes first, then tenant, scope and interaction, and what RFC 6455
//! asks of an upgrade last: a caller without a token learns nothing else.

mod config;
mod frame;
mod presented;
mod session;
mod speech;

use locum_core::{Denial, DenialKind};
use locum_server::socket::{SocketHandler, accept};
use locum_server::{Admitted, Mock, Reply, Request, Routes};

use super::problem::Refusal;
use super::{access, api, guard};
use presented::PresentedCredentials;
use session::Session;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `/interactions/{id}/streams`: a consultation, with facts.
    Streams,
    /// `/transcribe`: dictation.
    Transcribe,
}

impl Kind {
    /// The scope that opens this socket alone.
    const fn scope(self) -> &'static str {
        match self {
            Self::Streams => "streams",
            Self::Transcribe => "transcribe",
        }
    }
}

/// The sockets' endpoints.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .public("streams", |mock, request| {
            open(mock, request, Kind::Streams)
        })
        .public("transcribe", |mock, request| {
            open(mock, request, Kind::Transcribe)
        })
}

async fn open(mock: Mock, request: Request, kind: Kind) -> Result<Reply, Denial> {
    let presented = PresentedCredentials::read(&mock, &request);
    let upgraded = upgrade(&mock, &request, kind, &presented).await;
    Ok(upgraded.unwrap_or_else(|refusal| {
        let tenant = api::known_tenant(&mock, presented.tenant.as_deref());
        refusal.into_reply(&mock, request.path(), &tenant)
    }))
}

async fn upgrade(
    mock: &Mock,
    request: &Request,
    kind: Kind,
    presented: &PresentedCredentials,
) -> Result<Reply, Refusal> {
    let admitted = match admit(mock, request, presented).await {
        Ok(admitted) => admitted,
        Err(denial) => return bad_token(mock, request, kind, denial),
    };
    let (endpoint, token) = (&request.endpoint, &admitted.token);
    access::check_tenant(mock, endpoint, presented.tenant.as_deref(), token)?;
    access::check_scope(mock, endpoint, Some(kind.scope()), token)?;
    let interaction = match kind {
        Kind::Transcribe => None,
        Kind::Streams => match api::find(mock, request.param("id"), token) {
            Ok(found) => Some(found.id),
            Err(denial) => {
                let pardoned = mock.refuse(endpoint, denial);
                pardoned.map_err(|denial| no_interaction(mock, denial))?;
                None
            }
        },
    };
    let session = Session::new(mock.clone(), kind, interaction, admitted.token.id);
    let handler = SocketHandler::new(move |socket| session.run(socket));
    answer(mock, request, handler)
}

/// The bearer of the token that the upgrade shows.
async fn admit(
    mock: &Mock,
    request: &Request,
    presented: &PresentedCredentials,
) -> Result<Admitted, Denial> {
    let token = match presented.token.clone() {
        Ok(token) => token,
        Err(denial) => {
            mock.refuse(&request.endpoint, denial)?;
            // An evil twin lets in who shows none.
            String::new()
        }
    };
    if mock.setting_is("ws_header_url_disagree", "refuse")
        && presented
            .header
            .as_ref()
            .is_some_and(|header| *header != token)
    {
        let denial = Denial::new(DenialKind::Repeated, "tokens_disagree")
            .expected("the same token in the URL and in the Authorization header");
        mock.refuse(&request.endpoint, denial)?;
    }
    guard::bearer_value(mock, &request.endpoint, &token).await
}

/// What a missing, broken or dead token gets is documented nowhere: a setting.
fn bad_token(mock: &Mock, request: &Request, kind: Kind, denial: Denial) -> Result<Reply, Refusal> {
    let how = mock.setting_text("ws_bad_token");
    match how.as_str() {
        "close1008" | "error_frame" => {
            let by_frame = how == "error_frame";
            let mock_there = mock.clone();
            let handler = SocketHandler::new(move |socket| {
                session::turn_away(mock_there, socket, kind, by_frame)
            });
            let mut reply = answer(mock, request, handler)?;
            reply.denial = Some(denial);
            Ok(reply)
        }
        "http403" => Err(Refusal::from(denial).look("socket_forbidden")),
        _ => Err(Refusal::token(denial)),
    }
}

/// "error before the upgrade"; the status is a setting, and 403 where it is another client's.
fn no_interaction(mock: &Mock, denial: Denial) -> Refusal {
    let own = denial.kind == DenialKind::Forbidden;
    let status = u16::try_from(mock.setting_u64("ws_bad_interaction_status")).unwrap_or(404);
    let refusal = Refusal::from(denial);
    if own { refusal } else { refusal.status(status) }
}

/// 101 with `handler` behind it, or what RFC 6455 §4.2 asks for.
fn answer(mock: &Mock, request: &Request, handler: SocketHandler) -> Result<Reply, Refusal> {
    let max = usize::try_from(mock.setting_u64("ws_max_frame_bytes")).unwrap_or(usize::MAX);
    // Browsers fail the connection unless one of the subprotocols that they offer is selected.
    let select = mock.setting_on("ws_subprotocol");
    Ok(accept(mock, request, handler.max_frame(max), select)?)
}
