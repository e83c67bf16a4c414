//! Evil twins that are wrong about lists, and about what their entries are.

use http::StatusCode;
use locum_server::twin::with_json;
use locum_server::{Reply, Request, Twin};
use serde_json::{Value, json};

/// One thing wrong each.
pub(super) const TWINS: &[Twin] = &[
    Twin {
        rewrite: |_, _, reply| with_list(reply, |body| body["offset"] = 0.into()),
        ..Twin::named("offset-always-0", "a list says that its page starts at 0")
    },
    Twin {
        rewrite: |endpoint, _, reply| match endpoint {
            "tasks" => with_list(reply, |body| {
                let other = "/api/v1/groups/6f1c2d4e-0000-4000-8000-000000000000";
                body["results"][0]["group"]["href"] = other.into();
            }),
            _ => reply,
        },
        ..Twin::named(
            "task-of-another-group",
            "a list of tasks holds one of another group",
        )
    },
    Twin {
        misreads: |request| {
            with_query(request, |pair| {
                (!pair.starts_with("tagValue=")).then(|| pair.to_owned())
            })
        },
        ..Twin::named("tag-ignored", "the filter tagValue is not read")
    },
    Twin {
        misreads: |request| {
            with_query(request, |pair| {
                (pair != "sortDirection=DESC").then(|| pair.to_owned())
            })
        },
        ..Twin::named(
            "always-ascending",
            "lists are sorted upwards whatever was asked for",
        )
    },
    Twin {
        rewrite: |_, _, reply| {
            with_list(reply, |body| {
                for entry in body["results"].as_array_mut().into_iter().flatten() {
                    if let Some(progress) = entry.get_mut("progress") {
                        *progress = progress.to_string().into();
                    }
                }
            })
        },
        ..Twin::named("progress-as-text", "progress of a task is text")
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("member" | "task", 404) => with_status(reply, StatusCode::OK, &json!({})),
            _ => reply,
        },
        ..Twin::named(
            "nothing-is-200",
            "an unknown member or task is an empty object",
        )
    },
    Twin {
        rewrite: |endpoint, request, reply| match endpoint {
            "tasks" => with_list(reply, |body| {
                for entry in body["results"].as_array_mut().into_iter().flatten() {
                    let path = request.path().trim_start_matches('/');
                    entry["href"] = format!(
                        "/{path}/{}",
                        entry["activityUuid"].as_str().unwrap_or_default()
                    )
                    .into();
                }
            }),
            _ => reply,
        },
        ..Twin::named(
            "href-of-the-activity",
            "the href of a task holds the id of its activity",
        )
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("tasks", 422) => with_status(
                reply,
                StatusCode::OK,
                &json!({"totalCount": 0, "limit": 200, "offset": 0, "results": []}),
            ),
            _ => reply,
        },
        ..Twin::named(
            "bad-filter-is-empty",
            "a bad value of a filter of tasks gives an empty list",
        )
    },
];

/// A list with its envelope changed.
fn with_list(reply: Reply, change: impl FnOnce(&mut Value)) -> Reply {
    with_json(reply, |body| {
        if body["results"].is_array() {
            change(body);
        }
    })
}

/// The request with each pair of its query changed, or left out.
fn with_query(request: Request, change: impl Fn(&str) -> Option<String>) -> Request {
    let query = request.raw_query();
    let pairs: Vec<String> = query.split('&').filter_map(change).collect();
    let target = format!("{}?{}", request.path(), pairs.join("&"));
    request.changed(|parts| parts.target = target)
}

fn with_status(reply: Reply, status: StatusCode, body: &Value) -> Reply {
    Reply {
        status,
        body: body.to_string().into(),
        ..reply
    }
}
