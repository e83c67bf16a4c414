//! Discovery, keys, the realm: verbatim.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;

async fn get(server: &TestServer, path: &str, headers: &str) -> Answer {
    server.request(&format!("GET {path}"), headers, "").await
}

#[tokio::test]
async fn discovery_has_its_56_members_in_order() {
    let server = TestServer::start(vendor()).await;
    let issuer = "https://auth.beta-eu.corti.app/realms/copiloteu";
    let expected = include_str!("../discovery.json")
        .replace('\n', "")
        .replace("{issuer}", issuer)
        .replace("{base}", &format!("http://{}", server.host()))
        .replace("{realm}", "copiloteu");
    let path = "/realms/copiloteu/.well-known/openid-configuration";
    let answer = get(&server, path, "").await;
    assert_eq!(
        answer.json().as_object().map(serde_json::Map::len),
        Some(56)
    );
    assert_eq!((answer.status, answer.text()), (200, expected));
    assert_eq!(
        lines(&answer),
        set(&format!(
            "{H2}\nCache-Control: no-cache, must-revalidate, no-transform, no-store"
        ))
    );
    for same in [
        format!("{path}/"),
        format!("{path}?x=y"),
        "/realms/copiloteu/.well-known/oauth-authorization-server".to_owned(),
        "/.well-known/oauth-authorization-server/realms/copiloteu".to_owned(),
    ] {
        assert_eq!(
            get(&server, &same, "").await.text(),
            answer.text(),
            "{same}"
        );
    }
    assert_eq!(
        get(&server, path, "Accept: text/html\r\n").await.status,
        406
    );
    set_realm(&server, "enabled", false);
    assert_eq!(get(&server, path, "").await.status, 200);
    server.set("iss", "{base}/realms/{tenant}");
    let own = format!("http://{}/realms/copiloteu", server.host());
    assert_eq!(get(&server, path, "").await.json()["issuer"], *own);
}

#[tokio::test]
async fn the_key_set_names_its_keys_by_their_digests() {
    let server = TestServer::start(vendor()).await;
    let answer = get(&server, &format!("{OIDC}/certs"), "").await;
    assert_eq!(
        lines(&answer),
        set(&format!("{H2}\nCache-Control: no-cache"))
    );
    let keys = answer.json()["keys"].as_array().expect("keys").clone();
    let mut uses: Vec<(String, String)> = keys
        .iter()
        .map(|key| (text(key, "use"), text(key, "alg")))
        .collect();
    uses.sort();
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(uses, [pair("enc", "RSA-OAEP"), pair("sig", "RS256")]);
    for key in &keys {
        assert_eq!(names(key), "kid kty alg use x5c x5t x5t#S256 n e");
        let certificate = STANDARD
            .decode(key["x5c"][0].as_str().expect("a certificate"))
            .expect("base64");
        assert_eq!(
            text(key, "x5t#S256"),
            URL_SAFE_NO_PAD.encode(digest(&SHA256, &certificate))
        );
        // The certificate holds the public key that the kid is the digest of, and signs itself.
        let spki = certificate
            .windows(294)
            .find(|part| URL_SAFE_NO_PAD.encode(digest(&SHA256, part)) == text(key, "kid"));
        let spki = spki.expect("the public key stands in the certificate");
        let (head, signature) = certificate.split_at(certificate.len() - 256);
        // Outer SEQUENCE of 4 bytes; after the signed part an algorithm of 15 and 5 of a BIT STRING.
        let signed = &head[4..head.len() - 20];
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &spki[24..]);
        assert!(public.verify(signed, signature).is_ok());
    }
}

#[tokio::test]
async fn the_realm_shows_its_signing_key() {
    let server = TestServer::start(vendor()).await;
    let answer = get(&server, "/realms/copiloteu", "").await;
    let key = text(&answer.json(), "public_key");
    let base = format!("http://{}", server.host());
    assert_eq!(
        answer.text(),
        format!(
            r#"{{"realm":"copiloteu","public_key":"{key}","token-service":"{base}/realms/copiloteu/protocol/openid-connect","account-service":"{base}/realms/copiloteu/account","tokens-not-before":0}}"#
        )
    );
    assert_eq!(
        answer.header("content-type"),
        Some("application/json;charset=UTF-8")
    );
    let keys = get(&server, &format!("{OIDC}/certs"), "").await.json();
    let signing = keys["keys"]
        .as_array()
        .expect("keys")
        .iter()
        .find(|key| key["use"] == "sig")
        .expect("one")
        .clone();
    let der = STANDARD.decode(key).expect("base64");
    assert_eq!(
        text(&signing, "kid"),
        URL_SAFE_NO_PAD.encode(digest(&SHA256, &der))
    );
}

#[tokio::test]
async fn realms_have_keys_of_their_own() {
    let server = TestServer::start(vendor()).await;
    let kids = |realm: &str| {
        let path = format!("/realms/{realm}/protocol/openid-connect/certs");
        let server = &server;
        async move {
            let keys = get(server, &path, "").await.json();
            let keys = keys["keys"].as_array().expect("keys").clone();
            keys.iter().map(|key| text(key, "kid")).collect::<Vec<_>>()
        }
    };
    let (first, second) = (kids("copiloteu").await, kids("base").await);
    assert!(first.iter().all(|kid| !second.contains(kid)));
}
