//! Sentences of the vendor's pages that no other test holds.

use serde_json::Value;

use super::*;

/// The results of a list below the group.
async fn listed(server: &TestServer, query: &str) -> Vec<Value> {
    let token = token(server).await;
    let answer = get(server, &path(server, query), &token).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json()["results"].as_array().expect("a list").clone()
}

fn names(value: &Value) -> Vec<&str> {
    let members = value.as_object().expect("an object");
    members.keys().map(String::as_str).collect()
}

/// get_group_members: each filter keeps some and drops some; what is kept fits.
#[tokio::test]
async fn members_are_filtered_and_sorted() {
    let server = TestServer::start(vendor()).await;
    for (query, pointer, expected) in [
        ("gender=female", "/user/gender", "female"),
        ("tagValue=cohort-a", "/tags/0", "cohort-a"),
        ("attribute=site:north", "/attributes/site", "north"),
    ] {
        let found = listed(&server, &format!("/members?includeSubgroups=false&{query}")).await;
        assert!((1..200).contains(&found.len()), "{query}: {}", found.len());
        for item in &found {
            assert_eq!(item.pointer(pointer), Some(&expected.into()), "{query}");
        }
    }
    // "who enrolled on or after that date"
    let found = listed(&server, "/members?enrollmentDate=2026-05-10").await;
    let dates = found
        .iter()
        .map(|item| item["enrollmentDate"].as_str().unwrap_or_default());
    assert!((1..200).contains(&found.len()), "{}", found.len());
    assert!(dates.clone().all(|date| date >= "2026-05-10"));
    assert!(dates.clone().any(|date| date > "2026-05-10"));
    for (sort, pointer) in [
        ("LAST_NAME", "/user/lastName"),
        ("FIRST_NAME", "/user/firstName"),
        ("GENDER", "/user/gender"),
    ] {
        for (direction, rising) in [("ASC", true), ("DESC", false)] {
            let query = format!("/members?sortBy={sort}&sortDirection={direction}");
            let found = listed(&server, &query).await;
            let of = |item: &Value| {
                item.pointer(pointer)
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            };
            let order: Vec<Option<String>> = found.iter().map(of).collect();
            assert!(
                order.is_sorted_by(|one, next| if rising { one <= next } else { one >= next }),
                "{query}"
            );
        }
    }
}

/// get_tasks and get_measurements_group: both ends of a span are in it.
#[tokio::test]
async fn tasks_and_measurements_are_filtered() {
    let server = TestServer::start(vendor()).await;
    for (list, from, to, pointer) in [
        ("tasks", "taskDateStart", "taskDateEnd", "/taskDate"),
        ("measurements", "startDate", "endDate", "/startTime"),
    ] {
        let all = listed(&server, &format!("/{list}?includeSubgroups=true")).await;
        let date = |item: &Value| {
            item.pointer(pointer)
                .and_then(Value::as_str)
                .expect("a date")[..10]
                .to_owned()
        };
        let day = date(&all[all.len() / 2]);
        let found = listed(&server, &format!("/{list}?{from}={day}&{to}={day}")).await;
        assert!(!found.is_empty() && found.len() < all.len(), "{list}");
        assert!(found.iter().all(|item| date(item) == day), "{list}");
    }
    for (query, pointer, expected) in [
        ("status=completed", "/status", "completed"),
        ("type=walkSteps", "/type", "walkSteps"),
    ] {
        let found = listed(&server, &format!("/tasks?{query}")).await;
        assert!((1..60).contains(&found.len()), "{query}: {}", found.len());
        assert!(
            found
                .iter()
                .all(|item| item.pointer(pointer) == Some(&expected.into())),
            "{query}"
        );
    }
    let some = listed(&server, "/tasks?progress=0.23:0.9").await;
    assert!(!some.is_empty());
    for item in &some {
        let done = item["progress"].as_f64().expect("a number");
        assert!((0.23..=0.9).contains(&done), "{item}");
    }
    let token = token(&server).await;
    for bad in ["1", "x:1", "0.9:0.2", "0:2"] {
        let query = path(&server, &format!("/tasks?progress={bad}"));
        assert_eq!(get(&server, &query, &token).await.status, 422, "{bad}");
    }
    let answers = listed(&server, "/measurements").await;
    let answer = answers.iter().find(|item| item["type"] == "surveyAnswer");
    let answer = answer.expect("an answer to a survey");
    assert_eq!(answer["json"], true);
    assert!(answer["surveyQuestionId"].is_string());
    assert_eq!(names(&answer["survey"]), ["href", "title"]);
    let sorted = listed(&server, "/measurements?sortBy=START").await;
    let measurement = sorted.iter().find(|item| item["type"] != "surveyAnswer");
    let measurement = measurement.expect("a measurement that is no answer");
    for name in [
        "startTime",
        "endTime",
        "type",
        "member",
        "sourceName",
        "value",
        "unit",
        "taskUuid",
    ] {
        assert!(measurement.get(name).is_some(), "{name}: {measurement}");
    }
}

/// get_group_member_details and get_task_details; a link is `href` and `title`.
#[tokio::test]
async fn one_of_each_list_is_shown_as_its_page_says() {
    let server = TestServer::start(vendor()).await;
    let token = token(&server).await;
    let documented: [(&str, &[&str], &[&str]); 2] = [
        (
            "members",
            &[
                "href",
                "group",
                "user",
                "plan",
                "planSettings",
                "attributes",
                "tags",
            ],
            &["/group", "/plan"],
        ),
        (
            "tasks",
            &[
                "uuid",
                "href",
                "activityUuid",
                "group",
                "member",
                "startTime",
                "endTime",
                "adHoc",
                "status",
                "type",
                "progress",
                "title",
                "taskDate",
                "measurements",
            ],
            &["/group", "/member"],
        ),
    ];
    for (list, members, links) in documented {
        let item = listed(&server, &format!("/{list}?limit=1")).await.remove(0);
        let href = item["href"].as_str().expect("a link").to_owned();
        let shown = get(&server, &href, &token).await.json();
        assert_eq!(shown, item, "{list}");
        for name in members {
            assert!(shown.get(*name).is_some(), "{list}: {name}");
        }
        for link in links {
            let link = shown.pointer(link).expect("a link");
            assert_eq!(names(link), ["href", "title"], "{list}");
            assert!(
                link["href"]
                    .as_str()
                    .is_some_and(|href| href.starts_with("/api/v1/"))
            );
        }
    }
    let member = listed(&server, "/members?limit=1").await.remove(0);
    for name in [
        "birthDate",
        "email",
        "firstName",
        "lastName",
        "gender",
        "locale",
        "mobileNumber",
        "timeZone",
        "uuid",
    ] {
        assert!(member["user"].get(name).is_some(), "{name}");
    }
}

/// paging: the defaults, the clamp, and ends without links.
#[tokio::test]
async fn a_page_says_what_it_holds() {
    let server = TestServer::start(vendor()).await;
    let token = token(&server).await;
    let page = async |query: &str| {
        get(&server, &path(&server, &format!("/members{query}")), &token)
            .await
            .json()
    };
    let plain = page("").await;
    assert_eq!(
        names(&plain),
        ["totalCount", "limit", "offset", "results", "nextPage"]
    );
    assert_eq!(
        (&plain["limit"], &plain["offset"]),
        (&200.into(), &0.into())
    );
    let middle = page("?limit=10&offset=10").await;
    assert_eq!(
        names(&middle),
        [
            "totalCount",
            "limit",
            "offset",
            "results",
            "nextPage",
            "previousPage"
        ]
    );
    let link = |page: &Value, name: &str| page[name].as_str().expect("a link").to_owned();
    assert!(link(&middle, "nextPage").ends_with("offset=20&limit=10"));
    assert!(link(&middle, "previousPage").ends_with("offset=0&limit=10"));
    let last = page("?limit=10&offset=200").await;
    assert_eq!(
        names(&last),
        ["totalCount", "limit", "offset", "results", "previousPage"]
    );
    assert_eq!(page("?limit=500").await["limit"], 200);
    server.set("limit_over_max", "422");
    let refused = get(&server, &path(&server, "/members?limit=500"), &token).await;
    assert_eq!(refused.status, 422);
}

/// rate_limiting: "Rate limit exceeded. Wait a few seconds and retry".
#[tokio::test]
async fn too_many_requests_are_told_to_wait() {
    let server = TestServer::start(vendor()).await;
    server.set("rate_limit", 1);
    let (token, members) = (token(&server).await, path(&server, "/members"));
    assert_eq!(get(&server, &members, &token).await.status, 200);
    let refused = get(&server, &members, &token).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, None));
    let told = refused.text();
    assert!(told.contains("Wait a few seconds and retry"), "{told}");
}

/// response_codes: "insufficient permissions can also result in a 404".
#[tokio::test]
async fn too_little_permission_may_look_like_absence() {
    let server = TestServer::start(vendor()).await;
    server.set("forbidden_as", 404);
    let clients = server.document().principals["clients"].clone();
    let secret = clients[4]["client_secret"].as_str().expect("text");
    let headers = format!("{FORM}{}", basic("pattern-poor-client", secret));
    let answer = server
        .request("POST /api/auth/token", &headers, GRANT)
        .await
        .json();
    let token = answer["access_token"].as_str().expect("a token");
    assert_eq!(
        get(&server, &path(&server, "/members"), token).await.status,
        404
    );
}

/// "Required headers: Accept: application/json"; what its absence does is a setting.
#[tokio::test]
async fn accept_is_listed_as_required() {
    let server = TestServer::start(vendor()).await;
    let bare = format!("{FORM}{}", right(&server));
    let with = format!("{bare}Accept: application/json\r\n");
    let ask = async |headers: &str| {
        server
            .request("POST /api/auth/token", headers, GRANT)
            .await
            .status
    };
    assert_eq!((ask(&bare).await, ask(&with).await), (200, 200));
    server.set("require_accept", "406");
    assert_eq!((ask(&bare).await, ask(&with).await), (406, 200));
}

/// "(integer) The number of milliseconds after which the token expires", and the traps beside it.
#[tokio::test]
async fn expires_in_takes_the_forms_of_its_settings() {
    let server = TestServer::start(vendor()).await;
    let headers = format!("{FORM}{}", right(&server));
    let reply = async || {
        server
            .request("POST /api/auth/token", &headers, GRANT)
            .await
            .json()
    };
    for (form, expected) in [
        ("integer", Some("3600000")),
        ("string", Some("\"3600000\"")),
        ("float", Some("3600000.5")),
        ("null", Some("null")),
        ("absent", None),
    ] {
        server.set("expires_in_form", form);
        let found = reply().await.get("expires_in").map(ToString::to_string);
        assert_eq!(found.as_deref(), expected, "{form}");
    }
    server.set("expires_in_form", "integer");
    server.set("expires_in_unit", "s");
    assert_eq!(reply().await["expires_in"], 3600);
}

/// get_group_members, get_tasks, get_measurements_group: `includeSubgroups`, false by default, adds
/// what belongs to the groups below; each group shows its own by itself.
#[tokio::test]
async fn subgroups_are_included_where_that_is_asked_for() {
    let server = TestServer::start(vendor()).await;
    let token = token(&server).await;
    let document = server.document();
    let of = |name: &str| document.params[name].as_str().expect("a group").to_owned();
    let (group, subgroup) = (of("group"), of("subgroup"));
    for list in ["members", "tasks", "measurements"] {
        let get = async |path: String| get(&server, &path, &token).await;
        let page = async |group: &str, query: &str| {
            let path = format!("/api/v1/groups/{group}/{list}?limit=1{query}");
            get(path).await.json()
        };
        let count =
            async |group: &str, query: &str| page(group, query).await["totalCount"].as_u64();
        let own = count(&group, "").await.expect("a count");
        let below = count(&subgroup, "").await.expect("a count");
        assert!(own > 0 && below > 0, "{list}: {own}, {below}");
        assert_eq!(count(&group, "&includeSubgroups=false").await, Some(own));
        let both = count(&group, "&includeSubgroups=true").await;
        assert_eq!(both, Some(own + below), "{list}");
        let none_below = count(&subgroup, "&includeSubgroups=true").await;
        assert_eq!(none_below, Some(below), "{list}");
        let item = &page(&subgroup, "").await["results"][0];
        let Some(href) = item["href"].as_str() else {
            continue; // a measurement has no path of its own
        };
        assert_eq!(get(href.to_owned()).await.status, 200, "{href}");
        let elsewhere = href.replace(&subgroup, &group);
        assert_eq!(get(elsewhere).await.status, 404, "{href}");
    }
}
