//! URLs that hold the grant themselves.

use super::*;

#[test]
fn presigned_urls_live_for_their_seconds() {
    let url = presign(&Presign {
        method: "PUT",
        url: "http://127.0.0.1:18443/uploads/a%20b",
        access_key_id: KEY,
        secret: &SECRET.into(),
        region: "eu-west-2",
        now: now(),
        lifetime: Duration::from_secs(900),
        headers: &[("content-md5", "abc=")],
    });
    let target = url
        .strip_prefix("http://127.0.0.1:18443")
        .expect("its own host");
    let s3 = Policy {
        service: "s3".into(),
        spelling: Spelling {
            normalize: false,
            double_encode: false,
            plus_is_space: true,
        },
        payload: Payload::Never,
        ..policy()
    };
    let lines = vec![
        ("Host".to_owned(), HOST.to_owned()),
        ("Content-MD5".to_owned(), "abc=".to_owned()),
    ];
    let received = Received {
        method: "PUT".into(),
        target: target.into(),
        lines,
        body: b"anything".to_vec(),
    };
    let without_token = || {
        Some(Credentials {
            session_token: None,
            ..credentials()
        })
    };
    let reason = |received: &Received, seconds: u64| {
        let signed = received.view();
        let now = now().plus(Duration::from_secs(seconds));
        verify(&signed, |_| without_token(), now, &s3, &Err)
            .map_or_else(|denial| denial.reason, |_| "admitted".into())
    };
    assert_eq!(reason(&received, 0), "admitted");
    assert_eq!(reason(&received, 899), "admitted");
    assert_eq!(reason(&received, 900), "presigned_expired");
    assert_eq!(
        reason(&received.with(|received| received.method = "GET".into()), 0),
        "wrong_signature_echoed"
    );
    assert_eq!(
        reason(
            &received
                .with(|received| received.target =
                    received.target.replace("Expires=900", "Expires=901")),
            0
        ),
        "wrong_signature_echoed"
    );
    assert_eq!(
        reason(
            &received.with(|received| received.target =
                received.target.replace("Expires=900", "Expires=604801")),
            0
        ),
        "incomplete_signature"
    );
    assert_eq!(
        reason(&received.without("content-md5"), 0),
        "wrong_signature_echoed"
    );
    assert_eq!(
        reason(
            &received.with(|received| received.target =
                received.target.replace("&X-Amz-Date=20261122T154812Z", "")),
            0
        ),
        "incomplete_signature"
    );
}
