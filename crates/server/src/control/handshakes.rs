//! TLS on the ports of one stage: what they show, and what clients made of it.

use super::call::{self, CallResult, ControlCall, ControlRequest, ready};
use super::refusal::Refusal;
use crate::tls::{CertificateKind, HandshakePlan, HandshakesView};

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new(
        "GET /stages/{stage}/handshakes",
        "returns what became of the latest attempts to speak TLS with the stage's own ports",
        |request| ready(list(&request)),
    )
    .returns::<HandshakesView>(),
    ControlCall::new(
        "PUT /stages/{stage}/handshakes",
        "lets the stage's own ports show a bad certificate, offer TLS 1.1 alone, or break off",
        |request| ready(plan(&request)),
    )
    .body::<HandshakePlan>(r#"{"certificate": "expired"}"#)
    .returns::<HandshakePlan>(),
];

fn list(request: &ControlRequest) -> CallResult {
    Ok(call::json(200, &request.stage()?.handshakes.view()))
}

/// 409 where the stage has no port that could do it, or the certificate is not ours to choose.
fn plan(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let plan: HandshakePlan = request.body()?;
    let Some(offer) = request.stages.tls.as_ref().filter(|_| stage.spec.listen) else {
        let error = "the stage has no ports of its own that speak TLS";
        let hint = "start the server with --tls and make the stage with \"listen\": true";
        return Err(Refusal::new(409, error).hint(hint));
    };
    if plan.certificate != CertificateKind::Good && !offer.tls.has_authority() {
        let error = "the certificate is the user's own, and no other can be shown";
        let hint = "start the server without --tls-cert";
        return Err(Refusal::new(409, error).hint(hint));
    }
    stage.handshakes.set_plan(plan);
    Ok(call::json(200, &plan))
}
