//! The wire, as Pattern Health's documents print it.

mod documented;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use locum_core::Profile;

use super::vendor;
use locum_testkit::{Answer, TestServer};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const GRANT: &str = "grant_type=client_credentials";

fn basic(id: &str, secret: &str) -> String {
    format!(
        "Authorization: Basic {}\r\n",
        STANDARD.encode(format!("{id}:{secret}"))
    )
}

fn right(server: &TestServer) -> String {
    basic(
        &server.credential("client_id"),
        &server.credential("client_secret"),
    )
}

async fn token(server: &TestServer) -> String {
    let answer = server
        .request(
            "POST /api/auth/token",
            &format!("{FORM}{}", right(server)),
            GRANT,
        )
        .await;
    answer.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned()
}

fn path(server: &TestServer, rest: &str) -> String {
    format!(
        "/api/v1/groups/{}{rest}",
        server.document().params["group"].as_str().expect("a group")
    )
}

async fn get(server: &TestServer, path: &str, token: &str) -> Answer {
    server
        .request(
            &format!("GET {path}"),
            &format!("Authorization: Bearer {token}\r\n"),
            "",
        )
        .await
}

#[test]
fn the_profile_parses() {
    Profile::parse("vendor.toml", include_str!("vendor.toml")).expect("it parses");
}

/// authentication: the sample request with the host and the credentials replaced, and the sample
/// reply with the token replaced.
#[tokio::test]
async fn the_documents_sample_passes_as_printed() {
    let server = TestServer::start(vendor()).await;
    let headers = format!("{FORM}Accept: application/json\r\n{}", right(&server));
    let answer = server
        .request("POST /api/auth/token", &headers, GRANT)
        .await;
    let value = answer.json()["access_token"]
        .as_str()
        .expect("a string")
        .to_owned();
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.text().replace(&value, "BEARER_TOKEN"),
        r#"{"access_token":"BEARER_TOKEN","expires_in":3600000,"token_type":"bearer"}"#
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
}

#[tokio::test]
async fn a_token_dies_after_its_milliseconds() {
    let server = TestServer::start(vendor()).await;
    server.set("token_ttl_ms", 2000);
    let token = token(&server).await;
    let members = path(&server, "/members");
    assert_eq!(get(&server, &members, &token).await.status, 200);
    server.advance(1.999);
    assert_eq!(get(&server, &members, &token).await.status, 200);
    server.advance(0.001);
    let dead = get(&server, &members, &token).await;
    assert_eq!(dead.status, 401);
    assert!(
        dead.header("www-authenticate")
            .is_some_and(|value| value.contains("error=\"invalid_token\""))
    );
}

/// Token requests that are refused, each beside what it answers.
#[tokio::test]
async fn refused_token_requests() {
    let server = TestServer::start(vendor()).await;
    let (id, secret, right) = (
        server.credential("client_id"),
        server.credential("client_secret"),
        right(&server),
    );
    let bearer = format!("Authorization: Bearer {}\r\n", token(&server).await);
    let barred = server.document().principals["clients"][2]["client_secret"]
        .as_str()
        .expect("text")
        .to_owned();
    let disabled = server.document().principals["clients"][3]["client_secret"]
        .as_str()
        .expect("text")
        .to_owned();
    let form_auth = format!("{GRANT}&client_id={id}&client_secret={secret}");
    let json = "Content-Type: application/json\r\n";
    let cases: Vec<(&str, String, String, u16, &str)> = vec![
        (
            "POST",
            format!("{json}{right}"),
            r#"{"grant_type":"client_credentials"}"#.into(),
            400,
            "invalid_request",
        ),
        ("POST", right.clone(), GRANT.into(), 400, "invalid_request"),
        (
            "POST",
            format!("{FORM}{right}"),
            format!("{GRANT}&{GRANT}"),
            400,
            "invalid_request",
        ),
        (
            "POST",
            format!("{FORM}{right}"),
            form_auth.clone(),
            400,
            "invalid_request",
        ),
        (
            "POST",
            format!("{FORM}{right}"),
            "x=1".into(),
            400,
            "invalid_request",
        ),
        (
            "POST",
            format!("{FORM}{right}"),
            "grant_type=".into(),
            400,
            "invalid_request",
        ),
        ("POST", FORM.into(), GRANT.into(), 401, "invalid_client"),
        ("POST", FORM.into(), form_auth, 401, "invalid_client"),
        (
            "POST",
            format!("{FORM}{bearer}"),
            GRANT.into(),
            401,
            "invalid_client",
        ),
        (
            "POST",
            format!("{FORM}{}", basic(&id, "wrong")),
            GRANT.into(),
            401,
            "invalid_client",
        ),
        (
            "POST",
            format!("{FORM}{}", basic(&id, "")),
            GRANT.into(),
            401,
            "invalid_client",
        ),
        (
            "POST",
            format!("{FORM}{}", basic("nobody", &secret)),
            GRANT.into(),
            401,
            "invalid_client",
        ),
        (
            "POST",
            format!("{FORM}{}", basic("pattern-disabled-client", &disabled)),
            GRANT.into(),
            401,
            "invalid_client",
        ),
        (
            "POST",
            format!("{FORM}Authorization: Basic !!\r\n"),
            GRANT.into(),
            401,
            "invalid_client",
        ),
        (
            "POST",
            format!("{FORM}Authorization: Basic YWJj\r\n"),
            GRANT.into(),
            401,
            "invalid_client",
        ),
        (
            "POST",
            format!("{FORM}{right}{right}"),
            GRANT.into(),
            400,
            "invalid_request",
        ),
        (
            "POST",
            format!("{FORM}{right}"),
            "grant_type=password".into(),
            400,
            "unsupported_grant_type",
        ),
        (
            "POST",
            format!("{FORM}{right}"),
            "grant_type=CLIENT_CREDENTIALS".into(),
            400,
            "unsupported_grant_type",
        ),
        (
            "POST",
            format!("{FORM}{}", basic("pattern-barred-client", &barred)),
            GRANT.into(),
            400,
            "unauthorized_client",
        ),
        ("GET", right.clone(), String::new(), 405, "invalid_request"),
        ("DELETE", right, String::new(), 405, "invalid_request"),
    ];
    for (method, headers, body, status, error) in cases {
        let answer = server
            .request(&format!("{method} /api/auth/token"), &headers, &body)
            .await;
        let shown = format!("{method} {headers:?} {body:?} -> {}", answer.text());
        assert_eq!(
            (answer.status, answer.json()["error"].as_str()),
            (status, Some(error)),
            "{shown}"
        );
        assert!(
            !answer.text().contains(&secret) && !answer.text().contains("access_token"),
            "{shown}"
        );
        assert_eq!(
            answer.header("www-authenticate").is_some(),
            status == 401,
            "{shown}"
        );
        assert_eq!(
            answer.header("allow"),
            (status == 405).then_some("POST"),
            "{shown}"
        );
    }
}

/// RFC 6749 §3.2 and §2.3.1, RFC 9110 §8.3.1: none of these makes a difference.
#[tokio::test]
async fn token_requests_that_are_as_good_as_the_sample() {
    let server = TestServer::start(vendor()).await;
    let (id, secret) = (
        server.credential("client_id"),
        server.credential("client_secret"),
    );
    let spelled = basic(&id, &secret).replace("Basic", "bASIC");
    let escaped: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for (headers, body) in [
        (
            format!("{FORM}{}", basic(&id, &secret)),
            format!("unknown=1&{GRANT}&x=%20"),
        ),
        (format!("{FORM}{spelled}"), GRANT.to_owned()),
        (format!("{FORM}{}", basic(&id, &escaped)), GRANT.to_owned()),
        (
            format!(
                "cOnTeNt-TyPe: Application/X-WWW-Form-Urlencoded; charset=UTF-8\r\n{}",
                basic(&id, &secret)
            ),
            GRANT.to_owned(),
        ),
    ] {
        let answer = server
            .request("POST /api/auth/token", &headers, &body)
            .await;
        assert_eq!(
            answer.status,
            200,
            "{headers:?} {body:?} -> {}",
            answer.text()
        );
    }
}

/// "Using an expired token will result in a 401", "The bearer token is the access token needed for
/// all other API endpoints": refused presentations beside the accepted one.
#[tokio::test]
async fn refused_presentations_of_a_token() {
    let server = TestServer::start(vendor()).await;
    let (token, members) = (token(&server).await, path(&server, "/members"));
    assert_eq!(get(&server, &members, &token).await.status, 200);
    let good = format!("Authorization: Bearer {token}\r\n");
    for (target, headers, status) in [
        (members.clone(), String::new(), 401),
        (members.clone(), "Authorization:\r\n".to_owned(), 401),
        (members.clone(), format!("Authorization: {token}\r\n"), 401),
        (
            members.clone(),
            format!("Authorization: Basic {token}\r\n"),
            401,
        ),
        (members.clone(), "Authorization: Bearer\r\n".to_owned(), 401),
        (
            members.clone(),
            format!("Authorization: Bearer \"{token}\"\r\n"),
            401,
        ),
        (
            members.clone(),
            format!("Authorization: Bearer {token} x\r\n"),
            401,
        ),
        (
            members.clone(),
            format!("Authorization: Bearer\t{token}\r\n"),
            401,
        ),
        (
            members.clone(),
            "Authorization: Bearer unheard\r\n".to_owned(),
            401,
        ),
        (members.clone(), format!("{good}{good}"), 400),
        (
            format!("{members}?access_token={token}"),
            String::new(),
            401,
        ),
        (format!("{members}?access_token={token}"), good.clone(), 400),
        ("/api/v1/groups/none/members".to_owned(), String::new(), 401),
        ("/api/v1/groups/none/members".to_owned(), good.clone(), 404),
        ("/api/v1/nothing".to_owned(), good.clone(), 404),
        (path(&server, "/members/none"), good.clone(), 404),
    ] {
        let answer = server.request(&format!("GET {target}"), &headers, "").await;
        assert_eq!(
            answer.status,
            status,
            "GET {target} {headers:?} -> {}",
            answer.text()
        );
        assert!(!answer.text().contains(&token));
    }
    for accepted in [
        format!("Authorization: bearer {token}\r\n"),
        format!("aUTHORIZATION: BEARER  {token}\r\n"),
    ] {
        assert_eq!(
            server
                .request(&format!("GET {members}"), &accepted, "")
                .await
                .status,
            200,
            "{accepted}"
        );
    }
}

#[tokio::test]
async fn pages_hold_all_members_once() {
    let server = TestServer::start(vendor()).await;
    let token = token(&server).await;
    let mut next = Some(path(&server, "/members?limit=50&sortDirection=DESC"));
    let (mut seen, mut pages) = (std::collections::BTreeSet::new(), 0);
    while let Some(target) = next {
        let page = get(&server, &target, &token).await.json();
        assert_eq!(
            (page["totalCount"].as_u64(), page["limit"].as_u64()),
            (Some(202), Some(50))
        );
        assert_eq!(page.get("previousPage").is_some(), pages > 0);
        seen.extend(
            page["results"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|item| item["user"]["uuid"].to_string()),
        );
        let link = page
            .get("nextPage")
            .map(|link| link.as_str().expect("a link is text").to_owned());
        next = link.map(|link| {
            link.strip_prefix(&format!("http://{}", server.host()))
                .expect("the same host")
                .to_owned()
        });
        pages += 1;
    }
    assert_eq!((seen.len(), pages), (202, 5));
}

#[tokio::test]
async fn values_out_of_range_are_named() {
    let server = TestServer::start(vendor()).await;
    let token = token(&server).await;
    for (query, status) in [
        ("/members?limit=0", 422),
        ("/members?limit=x", 422),
        ("/members?offset=-1", 422),
        ("/members?gender=unknown", 422),
        ("/members?sortDirection=UP", 422),
        ("/members?enrollmentDate=2999-01-01", 422),
        ("/tasks?status=lost", 422),
        ("/tasks?type=lost", 422),
        ("/tasks?sortBy=GENDER", 422),
        (
            "/tasks?taskDateStart=2026-02-01&taskDateEnd=2026-01-01",
            422,
        ),
        ("/members?limit=500", 200),
        ("/tasks?status=completed", 200),
        ("/tasks?type=walkSteps", 200),
        ("/tasks?sortBy=NAME", 200),
        ("/measurements?sortBy=START", 200),
    ] {
        let answer = get(&server, &path(&server, query), &token).await;
        assert_eq!(answer.status, status, "{query} -> {}", answer.text());
        if status == 422 {
            assert!(
                answer.json()["message"]
                    .as_str()
                    .is_some_and(|message| message.len() > 10),
                "{query}"
            );
        }
    }
}

#[tokio::test]
async fn registering_a_member_twice_is_a_conflict() {
    let server = TestServer::start(vendor()).await;
    let headers = format!(
        "Authorization: Bearer {}\r\nContent-Type: application/json\r\n",
        token(&server).await
    );
    let body = r#"{"inviteCode":"i","groupMember":{"user":{"email":"new@example.com","firstName":"N"},"tags":[]}}"#;
    let line = format!("POST {}", path(&server, "/members"));
    let first = server.request(&line, &headers, body).await;
    assert_eq!(first.status, 200);
    let href = first.json()["href"].as_str().expect("a link").to_owned();
    assert_eq!(
        server
            .request(&format!("GET {href}"), &headers, "")
            .await
            .status,
        200
    );
    assert_eq!(server.request(&line, &headers, body).await.status, 409);
    assert_eq!(server.request(&line, &headers, "{}").await.status, 422);
    assert_eq!(server.request(&line, &headers, "no json").await.status, 422);
}

/// "Rate limit exceeded. Wait a few seconds and retry": only where the setting asks for a limit, and
/// with the header that another setting asks for.
#[tokio::test]
async fn a_rate_limit_is_kept_and_passes() {
    let server = TestServer::start(vendor()).await;
    let (token, members) = (token(&server).await, path(&server, "/members"));
    for _ in 0..3 {
        assert_eq!(get(&server, &members, &token).await.status, 200);
    }
    server.set("rate_limit", 1);
    assert_eq!(get(&server, &members, &token).await.status, 200);
    server.advance(20.0);
    for (headers, retry_after) in [
        ("none", false),
        ("retry_after_s", true),
        ("retry_after_date", true),
    ] {
        server.set("rate_limit_headers", headers);
        let refused = get(&server, &members, &token).await;
        assert_eq!(refused.status, 429, "{headers}");
        assert_eq!(
            refused.header("retry-after").is_some(),
            retry_after,
            "{headers}"
        );
        if headers == "retry_after_s" {
            assert_eq!(refused.header("retry-after"), Some("40"));
        }
    }
    server.advance(40.0);
    assert_eq!(get(&server, &members, &token).await.status, 200);
}

/// A client that may read no group.
#[tokio::test]
async fn a_poor_client_is_forbidden() {
    let server = TestServer::start(vendor()).await;
    let secret = server.document().principals["clients"][4]["client_secret"]
        .as_str()
        .expect("text")
        .to_owned();
    let headers = format!("{FORM}{}", basic("pattern-poor-client", &secret));
    let token = server
        .request("POST /api/auth/token", &headers, GRANT)
        .await
        .json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    assert_eq!(
        get(&server, &path(&server, "/members"), &token)
            .await
            .status,
        403
    );
}

/// What a framework would answer in its own words is answered in the vendor's.
#[tokio::test]
async fn broken_requests_get_the_vendors_own_shape() {
    let server = TestServer::start(vendor()).await;
    let raw = [
        "GET /api/auth token HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: x\r\nAccept : y\r\n\r\n".to_owned(),
        format!(
            "POST /api/auth/token HTTP/1.1\r\nHost: x\r\n{}\r\n",
            "A: b\r\n".repeat(101)
        ),
    ];
    for bytes in raw {
        let answer = server.send(&bytes).await;
        assert_eq!(
            (answer.status, answer.json()["error"].as_str()),
            (400, Some("invalid_request")),
            "{bytes:?}"
        );
    }
    let huge = "POST /api/auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n";
    assert_eq!(server.send(huge).await.status, 413);
    assert_eq!(server.send([0x16, 3, 1, 0, 0]).await.status, 400);
}

/// Each twin does the one thing that its name says, and its honest original does not.
#[tokio::test]
async fn twins_are_wrong_in_one_thing() {
    let server = TestServer::start(vendor()).await;
    let wrong = format!("{FORM}{}", basic(&server.credential("client_id"), "wrong"));
    let login = async || {
        let answer = server.request("POST /api/auth/token", &wrong, GRANT).await;
        answer.status
    };
    assert_eq!(login().await, 401);
    server.twin("any-secret");
    assert_eq!(login().await, 200);
    server.twin("never-expires");
    assert_eq!(login().await, 401);
    let token = token(&server).await;
    server.advance(1e6);
    assert_eq!(
        get(&server, &path(&server, "/members"), &token)
            .await
            .status,
        200
    );
    let token = self::token(&server).await;
    let tasks = get(&server, &path(&server, "/tasks?limit=1"), &token).await;
    let href = tasks.json()["results"][0]["href"]
        .as_str()
        .map(str::to_owned);
    let params = server.document().params;
    let group = |name: &str| params[name].as_str().expect("a group").to_owned();
    let below = href
        .expect("a link")
        .replace(&group("group"), &group("subgroup"));
    assert_eq!(get(&server, &below, &token).await.status, 404);
    server.twin("any-group");
    assert_eq!(get(&server, &below, &token).await.status, 200);
    server.twin("task-of-another-group");
    let none = path(&server, "/tasks?taskDateStart=2999-01-01");
    let empty = get(&server, &none, &token).await;
    assert_eq!(empty.json()["results"], serde_json::json!([]), "no panic");
}

mod properties {
    use proptest::prelude::*;

    use super::{GRANT, TestServer, basic, vendor};

    /// A name in any letter case.
    fn cased(name: &'static str) -> impl Strategy<Value = String> {
        proptest::collection::vec(any::<bool>(), name.len()).prop_map(move |upper| {
            let letters = name.chars().zip(upper);
            letters
                .map(|(letter, upper)| {
                    if upper {
                        letter.to_ascii_uppercase()
                    } else {
                        letter.to_ascii_lowercase()
                    }
                })
                .collect()
        })
    }

    /// `text` with some of its bytes percent-encoded.
    fn encoded(text: &'static str) -> impl Strategy<Value = String> {
        proptest::collection::vec(0..4u8, text.len()).prop_map(move |ways| {
            let byte = |(byte, way): (u8, u8)| match way {
                0 => format!("%{byte:02X}"),
                1 => format!("%{byte:02x}"),
                _ => char::from(byte).to_string(),
            };
            text.bytes().zip(ways).map(byte).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// RFC 6749 §3.2 and appendix B, RFC 9110 §5.1 and §8.3.1: order, letter case of names and
        /// the spelling of a form make no difference.
        #[test]
        fn spelling_makes_no_difference(
            (type_name, auth_name, scheme) in (cased("content-type"), cased("authorization"), cased("basic")),
            media in cased("application/x-www-form-urlencoded"),
            (name, value) in (encoded("grant_type"), encoded("client_credentials")),
            (before, after) in ("[a-z]{0,5}", "[a-z]{0,5}"),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let (status, body) = runtime.block_on(async {
                let server = TestServer::start(vendor()).await;
                let right = basic(&server.credential("client_id"), &server.credential("client_secret"));
                let right = right.replace("Authorization", &auth_name).replace("Basic", &scheme);
                let body = format!("x{before}=1&{name}={value}&y{after}");
                let answer = server.request("POST /api/auth/token", &format!("{type_name}: {media}\r\n{right}"), body).await;
                (answer.status, answer.json())
            });
            prop_assert_eq!((status, body["expires_in"].as_u64()), (200, Some(3_600_000)), "{} in place of {}", body, GRANT);
        }
    }
}

/// get_measurements_group, paging: `sortBy`=START, in both directions.
#[tokio::test]
async fn tasks_and_measurements_are_sorted_by_their_start() {
    let server = TestServer::start(vendor()).await;
    let token = token(&server).await;
    for (query, ascending) in [
        ("/measurements?sortBy=START", true),
        ("/measurements?sortBy=START&sortDirection=DESC", false),
        ("/tasks?sortBy=START", true),
        ("/tasks?sortBy=START&sortDirection=DESC", false),
    ] {
        let results = get(&server, &path(&server, query), &token).await.json()["results"].clone();
        let starts = results.as_array().expect("a list").iter();
        let mut starts: Vec<&str> = starts
            .filter_map(|item| item["startTime"].as_str())
            .collect();
        if !ascending {
            starts.reverse();
        }
        assert!(
            starts.len() > 1 && starts.is_sorted(),
            "{query}: {starts:?}"
        );
    }
}
