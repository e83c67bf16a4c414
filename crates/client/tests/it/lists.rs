use locum_client::Error;
use serde_json::json;

use super::vendor::{CannedReply, Vendor, plain, token};

/// A list whose last page names `beyond` as the next one.
async fn list(beyond: Option<&'static str>) -> (Vendor, Result<Vec<serde_json::Value>, Error>) {
    let vendor = Vendor::new(move |n, seen| {
        let host = seen.header("host");
        let first = format!("http://{host}/api/members?offset=2");
        match seen.target.as_str() {
            "/token" => token(n),
            "/api/members" => {
                CannedReply::json(200, &json!({"results": [1, 2], "nextPage": first}))
            }
            _ => {
                let mut page = json!({"results": [3]});
                if let Some(beyond) = beyond {
                    page["nextPage"] = beyond.replace("SELF", &first).into();
                }
                CannedReply::json(200, &page)
            }
        }
    })
    .await;
    let items = vendor.client(&plain()).list("/members").await;
    (vendor, items)
}

#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let (_, items) = list(None).await;
    assert_eq!(items, Ok(vec![json!(1), json!(2), json!(3)]));
}

#[tokio::test]
async fn a_page_on_another_origin_is_not_asked_for() {
    for beyond in [
        "http://127.0.0.1:9/x",
        "https://evil.example/x",
        "//evil.example/x",
    ] {
        let (vendor, items) = list(Some(beyond)).await;
        assert!(matches!(items, Err(Error::Refused(_))), "{beyond}");
        assert_eq!(vendor.count("/api/members"), 2);
    }
}

#[tokio::test]
async fn a_list_that_names_a_page_twice_ends() {
    let (vendor, items) = list(Some("SELF")).await;
    assert!(matches!(items, Err(Error::Malformed(_))));
    assert_eq!(vendor.count("/api/members"), 2);
}

#[tokio::test]
async fn a_next_page_that_is_not_text_is_not_the_end() {
    let vendor = Vendor::new(|n, seen| match seen.target.as_str() {
        "/token" => token(n),
        _ => CannedReply::json(200, &json!({"results": [1], "nextPage": {"offset": 2}})),
    })
    .await;
    let items = vendor.client(&plain()).list("/members").await;
    assert!(matches!(items, Err(Error::Malformed(_))), "{items:?}");
}

#[tokio::test]
async fn a_list_is_bounded_in_bytes() {
    let vendor = Vendor::new(|n, seen| {
        if seen.target == "/token" {
            return token(n);
        }
        let next = format!("http://{}/api/members?page={n}", seen.header("host"));
        let padding = "x".repeat(33 << 20);
        CannedReply::json(200, &json!({"results": [padding], "nextPage": next}))
    })
    .await;
    let items = vendor.client(&plain()).list("/members").await;
    assert!(matches!(items, Err(Error::Malformed(_))));
    assert_eq!(vendor.count("/api/members"), 2);
}
