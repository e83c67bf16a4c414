//! Both APIs, and what presigned URLs lead to.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use locum_core::Clock;
use locum_server::store::{Change, TokenQuery};
use md5::{Digest, Md5};

use super::*;

/// Class and message of a refusal of API Gateway.
pub(super) fn refusal(answer: &Answer) -> (u16, String, String) {
    assert!(
        answer.header("x-amzn-requestid").is_some() && answer.header("x-amz-apigw-id").is_some()
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let message = answer.json()["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (
        answer.status,
        answer
            .header("x-amzn-errortype")
            .unwrap_or_default()
            .to_owned(),
        message,
    )
}

pub(super) async fn ready() -> (TestServer, Tokens, Aws) {
    let server = start().await;
    let tokens = login(&server).await;
    let aws = aws(&server, &tokens.id).await;
    (server, tokens, aws)
}

/// §2.2: the headers of the published client in their order.
#[tokio::test]
async fn the_published_clients_request_passes() {
    let (server, _, aws) = ready().await;
    let target = "/v1/tasks?includePresigned=True&company=Example%20Co%20%26%20S%C3%B6ns";
    let headers = signature(&server, &aws, "GET", target, &[], b"");
    let value = |name: &str| {
        headers
            .iter()
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.clone())
            .expect("signed")
    };
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let lines = format!(
        "User-Agent: python-requests/2.34.2\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\nAuthorization: {}\r\nx-amz-date: {}\r\nx-amz-content-sha256: {empty}\r\nX-Amz-Security-Token: {}\r\n",
        value("authorization"),
        value("x-amz-date"),
        value("x-amz-security-token"),
    );
    let answer = server.request(&format!("GET {target}"), &lines, "").await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (200, r#"{"tasks":[]}"#)
    );
    // requests spells the space as a plus, and signs it right when it knows that it is a space.
    let plus = target.replace("%20", "+");
    assert_eq!(
        server
            .request(&format!("GET {plus}"), &lines, "")
            .await
            .status,
        200
    );
    server.set("sigv4_plus", "literal");
    assert_eq!(
        server
            .request(&format!("GET {plus}"), &lines, "")
            .await
            .status,
        403
    );
}

/// §2.2: submit, upload, look, fetch, delete.
#[tokio::test]
async fn a_task_goes_its_way() {
    let (server, _, aws) = ready().await;
    let submitted = signed(
        &server,
        &aws,
        "POST",
        "/v1/tasks",
        r#"{"filetype": "pdf", "filename": "f.pdf", "companyname": "Example Co"}"#,
    )
    .await;
    let body = submitted.json();
    let names: Vec<&str> = body
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!((submitted.status, names), (200, vec!["jobid", "url"]));
    let jobid = body["jobid"].as_str().expect("text").to_owned();
    let path = format!("/v1/tasks/{jobid}");
    let status = async || {
        signed(&server, &aws, "GET", &path, "").await.json()["status"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    assert_eq!(status().await, "PENDING_UPLOAD");
    let url = body["url"]
        .as_str()
        .expect("text")
        .replace(&format!("http://{}", server.host()), "");
    let uploaded = server
        .request(&format!("PUT {url}"), "", "the document")
        .await;
    assert_eq!((uploaded.status, uploaded.text().as_str()), (200, ""));
    assert_eq!(status().await, "PROCESSING");
    server.advance(5.0);
    let task = signed(&server, &aws, "GET", &path, "").await.json();
    assert_eq!(
        (
            &task["status"],
            &task["companyName"],
            &task["clientFilename"]
        ),
        (&json!("SUCCESS"), &json!("Example Co"), &json!("f.pdf"))
    );
    assert!(task["submitted"].as_i64().is_some_and(|at| at > 0));
    let model = task["modelUrl"]
        .as_str()
        .expect("text")
        .replace(&format!("http://{}", server.host()), "");
    let fetched = server.request(&format!("GET {model}"), "", "").await;
    let digits: String = Md5::digest(&fetched.body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        (fetched.status, fetched.header("etag")),
        (200, Some(format!("\"{digits}\"").as_str()))
    );
    let listed = signed(
        &server,
        &aws,
        "GET",
        "/v1/tasks?company=Example%20Co&includePresigned=True",
        "",
    )
    .await
    .json();
    assert_eq!(listed["tasks"].as_array().map(Vec::len), Some(1));
    assert!(listed["tasks"][0]["modelUrl"].is_string());
    let other = signed(&server, &aws, "GET", "/v1/tasks?company=Other", "")
        .await
        .json();
    assert_eq!(other["tasks"], json!([]));
    let portfolio = signed(
        &server,
        &aws,
        "GET",
        &format!("/v1/fundportfolio?jobids={jobid}%3B{jobid}"),
        "",
    )
    .await
    .json();
    assert_eq!(
        portfolio["model"]["tables"].as_array().map(Vec::len),
        Some(2)
    );
    let deleted = signed(&server, &aws, "DELETE", &path, "").await;
    assert_eq!(
        (deleted.status, &deleted.json()["status"]),
        (200, &json!("DELETED"))
    );
    assert_eq!(
        signed(&server, &aws, "GET", "/v1/tasks", "").await.json()["tasks"],
        json!([])
    );
    // Another user's task looks like none.
    let stranger = tokens(&password_login(&server, 1).await);
    let stranger = super::aws(&server, &stranger.id).await;
    let hidden = signed(&server, &stranger, "GET", &path, "").await;
    assert_eq!(
        (hidden.status, hidden.text().as_str()),
        (404, r#"{"message":"Task not found"}"#)
    );
}

/// Presigned URLs: the query alone grants, for its method, its path and its time.
#[tokio::test]
async fn presigned_urls_grant_what_they_say() {
    let (server, _, aws) = ready().await;
    let checksum = STANDARD.encode(Md5::digest(b"the document"));
    let body = json!({"filetype": "pdf", "filename": "f.pdf", "md5checksum": checksum}).to_string();
    let submitted = signed(&server, &aws, "POST", "/v1/tasks", &body)
        .await
        .json();
    let url = submitted["url"]
        .as_str()
        .expect("text")
        .replace(&format!("http://{}", server.host()), "");
    let digest = format!("Content-MD5: {checksum}\r\n");
    let code = |answer: &Answer| {
        let text = answer.text();
        let inside = text
            .split_once("<Code>")
            .and_then(|(_, rest)| rest.split_once("</Code>"));
        (
            answer.status,
            inside.map(|(code, _)| code.to_owned()).unwrap_or_default(),
        )
    };
    let put = async |target: &str, headers: &str, body: &str| {
        code(
            &server
                .request(&format!("PUT {target}"), headers, body)
                .await,
        )
    };
    let wrong = (403, "SignatureDoesNotMatch".to_owned());
    assert_eq!(
        put(&url, "", "the document").await,
        wrong,
        "the checksum is signed"
    );
    assert_eq!(
        put(
            &url.replace("Expires=3600", "Expires=3601"),
            &digest,
            "the document"
        )
        .await,
        wrong
    );
    let bare = url.split_once('?').expect("a query").0;
    assert_eq!(
        put(bare, &digest, "the document").await,
        (403, "AccessDenied".to_owned())
    );
    assert_eq!(
        put(&url, &digest, "another document").await,
        (400, "BadDigest".to_owned())
    );
    assert_eq!(
        put(&url, &digest, "the document").await,
        (200, String::new())
    );
    server.advance(3600.0);
    let late = server
        .request(&format!("PUT {url}"), &digest, "the document")
        .await;
    assert_eq!(code(&late), (403, "AccessDenied".to_owned()));
    assert!(
        late.text()
            .contains("<Message>Request has expired</Message><X-Amz-Expires>3600</X-Amz-Expires>")
    );
    server.set("presigned_origin", "http://127.0.0.1:9");
    let aws = super::aws(&server, &login(&server).await.id).await;
    let elsewhere = signed(&server, &aws, "POST", "/v1/tasks", &body)
        .await
        .json();
    assert!(
        elsewhere["url"]
            .as_str()
            .is_some_and(|url| url.starts_with("http://127.0.0.1:9/uploads/"))
    );
}

/// §7.2, on the wire.
#[tokio::test]
async fn what_the_gateway_refuses() {
    let (server, tokens, aws) = ready().await;
    let missing = (
        403,
        "MissingAuthenticationTokenException".to_owned(),
        "Missing Authentication Token".to_owned(),
    );
    for line in [
        "GET /v1/tasks",
        "DELETE /v1/tasks/x",
        "GET /v1/nothing",
        "PATCH /v1/tasks",
        "GET /nothing",
    ] {
        assert_eq!(
            refusal(&server.request(line, "", "").await),
            missing,
            "{line}"
        );
    }
    let send = async |headers: &[(String, String)]| {
        refusal(&server.request("GET /v1/tasks", &lines(headers), "").await)
    };
    let good = signature(&server, &aws, "GET", "/v1/tasks", &[], b"");
    let changed = |name: &str, value: &str| {
        let mut headers = good.clone();
        headers.retain(|(have, _)| have != name);
        headers.push((name.to_owned(), value.to_owned()));
        headers
    };
    let invalid = "The security token included in the request is invalid.".to_owned();
    let (status, class, message) = send(&changed("authorization", &tokens.access)).await;
    assert_eq!(
        (status, class.as_str()),
        (403, "IncompleteSignatureException")
    );
    assert!(message.starts_with("Authorization header requires 'Credential' parameter. Authorization header requires 'Signature'"));
    assert_eq!(
        send(&changed("authorization", "Bearer x")).await,
        (403, "IncompleteSignatureException".into(), "'x' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer x'.".into())
    );
    assert_eq!(
        send(&changed("x-amz-security-token", "undefined")).await,
        (403, "UnrecognizedClientException".into(), invalid.clone())
    );
    let other = super::aws(&server, &login(&server).await.id).await;
    assert_eq!(
        send(&changed("x-amz-security-token", &other.token)).await,
        (403, "UnrecognizedClientException".into(), invalid)
    );
    let wrong_scope = signature_for(
        &server,
        &aws,
        ("us-east-1", "execute-api"),
        "GET",
        "/v1/tasks",
        &[],
        b"",
    );
    assert_eq!(
        send(&wrong_scope).await,
        (
            403,
            "InvalidSignatureException".into(),
            "Credential should be scoped to a valid region, not 'us-east-1'. ".into()
        )
    );
    let (_, class, message) =
        refusal(&server.request("GET /v1/tasks?a=1", &lines(&good), "").await);
    assert_eq!(class, "InvalidSignatureException");
    assert!(message.contains("\n\nThe Canonical String for this request should have been\n'GET\n/v1/tasks\na=1\nhost:"), "{message}");
    server.set("sigv4_echo_canonical", false);
    let (_, _, message) = refusal(&server.request("GET /v1/tasks?a=1", &lines(&good), "").await);
    assert!(message.ends_with("Consult the service documentation for details."));
    server.advance(301.0);
    let (_, class, message) = send(&good).await;
    assert_eq!(class, "InvalidSignatureException");
    assert!(
        message.starts_with("Signature expired: ") && message.ends_with(" - 5 min.)"),
        "{message}"
    );
    server.advance(3600.0);
    assert_eq!(
        send(&good).await,
        (
            403,
            "ExpiredTokenException".into(),
            "The security token included in the request is expired".into()
        )
    );
    server.set("unknown_route_status", 404);
    assert_eq!(server.request("GET /v1/nothing", "", "").await.status, 404);
}

/// The journal says which part of the two canonical requests differs.
#[tokio::test]
async fn the_journal_explains_a_wrong_signature() {
    let (server, _, aws) = ready().await;
    let headers = signature(&server, &aws, "POST", "/v1/tasks", &[], b"");
    assert_eq!(
        server
            .request("POST /v1/tasks", &lines(&headers), "{}")
            .await
            .status,
        403
    );
    let entries = server.stage.find(&locum_core::Filter::default());
    let denial = entries
        .last()
        .and_then(|entry| entry.denial.clone())
        .expect("a denial");
    assert_eq!(
        denial.difference.as_deref(),
        Some("the payload hash: the client signed an empty body")
    );
}

/// §7.1: UNSIGNED-PAYLOAD as the vendor's own library sends it, and the settings around it.
#[tokio::test]
async fn what_may_stay_unsigned_is_a_setting() {
    let (server, _, aws) = ready().await;
    let mut unsigned = signature(&server, &aws, "GET", "/v1/tasks", &[], b"");
    unsigned.push(("x-amz-content-sha256".into(), "0".repeat(64)));
    let send = async |headers: &[(String, String)]| {
        server
            .request("GET /v1/tasks", &lines(headers), "")
            .await
            .status
    };
    assert_eq!(send(&unsigned).await, 200);
    server.set("sigv4_unsigned_content_sha256", false);
    assert_eq!(send(&unsigned).await, 403);
    server.set("sigv4_unsigned_content_sha256", true);
    server.set("sigv4_unsigned_token", false);
    assert_eq!(send(&unsigned).await, 200, "this signer signs the token");
}

#[tokio::test]
async fn tasks_that_cannot_be_made_or_found() {
    let (server, tokens, aws) = ready().await;
    let v2 = format!("Authorization: {}\r\n", tokens.access);
    for (body, message) in [
        ("{}", "filetype is required"),
        ("[]", "The body is not a JSON object"),
        (r#"{"filetype":"exe"}"#, "filetype is not supported"),
    ] {
        let first = signed(&server, &aws, "POST", "/v1/tasks", body).await;
        assert_eq!(
            (first.status, first.json()),
            (400, json!({ "message": message }))
        );
        let second = server.request("POST /v2/tasks", &v2, body).await;
        assert_eq!(
            (second.status, second.json()),
            (
                400,
                json!({"errorType": "InvalidRequestException", "errorMessage": message})
            )
        );
    }
    let unknown = server.request("GET /v2/tasks/x", &v2, "").await;
    assert_eq!(
        (unknown.status, unknown.text().as_str()),
        (
            404,
            r#"{"errorType":"TaskNotFoundException","errorMessage":"Task not found"}"#
        )
    );
    server.set("v1_error_body", "errorType");
    assert_eq!(
        signed(&server, &aws, "GET", "/v1/tasks/x", "").await.json()["errorType"],
        "TaskNotFoundException"
    );
    assert_eq!(
        signed(&server, &aws, "GET", "/v1/fundportfolio?jobids=x", "")
            .await
            .status,
        404
    );
    assert_eq!(
        signed(&server, &aws, "GET", "/v1/fundportfolio", "")
            .await
            .status,
        400
    );
}

/// §2.3 and §5: the raw access token, and nothing else.
#[tokio::test]
async fn the_second_api_takes_the_raw_access_token() {
    let (server, tokens, aws) = ready().await;
    let get = async |value: &str| {
        server
            .request(
                "GET /v2/tasks?includePresigned=true",
                &format!("Authorization: {value}\r\n"),
                "",
            )
            .await
    };
    let good = get(&tokens.access).await;
    assert_eq!(
        (good.status, good.text().as_str()),
        (200, r#"{"tasks":[]}"#)
    );
    let expired_elsewhere = format!("{}x", tokens.access);
    let bearer = format!("Bearer {}", tokens.access);
    for value in [
        "",
        "junk",
        &tokens.id,
        &tokens.refresh,
        &bearer,
        &expired_elsewhere,
        &aws.token,
    ] {
        let refused = get(value).await;
        assert_eq!(
            (refused.status, &refused.json()["errorType"]),
            (401, &json!("UnauthorizedException")),
            "{value}"
        );
        assert!(refused.json()["errorMessage"].is_string());
    }
    server.set("v2_error_status", 403);
    assert_eq!(get("junk").await.status, 403);
    server.set("v2_bearer_prefix", "accept");
    assert_eq!(get(&bearer).await.status, 200);
    server.set("v2_id_token", "accept");
    assert_eq!(get(&tokens.id).await.status, 200);
    server.advance(1800.0);
    assert_eq!(
        get(&tokens.access).await.json()["errorMessage"],
        "Access token has expired"
    );
}

/// What the control API ends is ended: credentials look expired, tokens revoked.
#[tokio::test]
async fn the_vendor_may_end_what_it_issued() {
    let (server, tokens, aws) = ready().await;
    assert_eq!(
        signed(&server, &aws, "GET", "/v1/tasks", "").await.status,
        200
    );
    let all = server.stage.store.list(TokenQuery::default()).await;
    for token in all.expect("it answers") {
        let now = server.stage.clock.now();
        let changed = server.stage.store.change(token.id, Change::Revoke, now);
        changed.await.expect("it answers");
    }
    let (_, class, _) = refusal(&signed(&server, &aws, "GET", "/v1/tasks", "").await);
    assert_eq!(class, "ExpiredTokenException");
    assert_eq!(refresh(&server, &tokens.refresh).await.status, 400);
    assert_eq!(get_id(&server, &tokens.id).await.status, 400);
}
