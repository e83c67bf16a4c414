//! Which payload hash counts.

use super::*;

#[test]
fn unsigned_payload_follows_the_policy() {
    let signed = Received::signed(
        "POST",
        "/v1/tasks",
        &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")],
        b"body",
    );
    // AWS's signer hashes the body here, so the literal in the header must not be believed.
    assert!(
        signed
            .verdict_at(
                now(),
                &Policy {
                    payload: Payload::Body(Unsigned::Refuse),
                    ..policy()
                }
            )
            .is_ok()
    );
    assert_eq!(signed.reason(), "wrong_signature_echoed");
    let unsigned = post().with(|received| {
        received
            .lines
            .push(("x-amz-content-sha256".into(), "UNSIGNED-PAYLOAD".into()));
    });
    assert_eq!(unsigned.reason(), "admitted");
    let accept = Policy {
        payload: Payload::Body(Unsigned::Accept),
        ..policy()
    };
    assert!(unsigned.verdict_at(now(), &accept).is_err());
    let strict = Policy {
        unsigned_content_sha256: false,
        ..policy()
    };
    assert_eq!(
        unsigned
            .verdict_at(now(), &strict)
            .expect_err("not signed")
            .reason,
        "header_not_signed"
    );
}

#[test]
fn a_verifier_that_believes_the_header_misses_the_body() {
    let hash = canonical::sha256_hex(b"body");
    let signed = Received::signed(
        "POST",
        "/v1/tasks",
        &[("x-amz-content-sha256", &hash)],
        b"body",
    );
    let tampered = signed.with(|received| received.body = b"b0dy".to_vec());
    assert_eq!(tampered.reason(), "wrong_signature_echoed");
    assert!(
        tampered
            .verdict_at(
                now(),
                &Policy {
                    payload: Payload::Claimed,
                    ..policy()
                }
            )
            .is_ok()
    );
}
