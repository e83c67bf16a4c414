//! Evil twins that are wrong about lists, and about what their entries are.

use locum_server::twin::{with_json, with_query, without_pairs};
use locum_server::{Reply, Twin};
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
                if let Some(href) = body.pointer_mut("/results/0/group/href") {
                    *href = "/api/v1/groups/6f1c2d4e-0000-4000-8000-000000000000".into();
                }
            }),
            _ => reply,
        },
        ..Twin::named(
            "task-of-another-group",
            "a list of tasks holds one of another group",
        )
    },
    Twin {
        misreads: |request| without_pairs(request, |pair| pair.starts_with("tagValue=")),
        ..Twin::named("tag-ignored", "the filter tagValue is not read")
    },
    Twin {
        misreads: |request| without_pairs(request, |pair| pair.starts_with("attribute=")),
        ..Twin::named("attribute-ignored", "the filter attribute is not read")
    },
    Twin {
        misreads: |request| without_pairs(request, |pair| pair.starts_with("progress=")),
        ..Twin::named("progress-ignored", "the filter progress is not read")
    },
    Twin {
        misreads: |request| without_pairs(request, |pair| pair.starts_with("startDate=")),
        ..Twin::named(
            "start-date-ignored",
            "the first day that measurements are asked for is not read",
        )
    },
    Twin {
        misreads: |request| without_pairs(request, |pair| pair.starts_with("endDate=")),
        ..Twin::named(
            "end-date-ignored",
            "the last day that measurements are asked for is not read",
        )
    },
    Twin {
        misreads: |request| without_pairs(request, |pair| pair == "sortDirection=DESC"),
        ..Twin::named(
            "always-ascending",
            "lists are sorted upwards whatever was asked for",
        )
    },
    Twin {
        misreads: |request| without_pairs(request, |pair| pair.starts_with("sortBy=")),
        ..Twin::named("sort-ignored", "sortBy is not read")
    },
    Twin {
        misreads: |request| without_pairs(request, |pair| pair.starts_with("includeSubgroups=t")),
        ..Twin::named("groups-below-never", "includeSubgroups is not read")
    },
    Twin {
        misreads: |request| {
            with_query(request, |pair| match pair {
                "limit=200" => Some("limit=100"),
                pair => Some(pair),
            })
        },
        ..Twin::named("limit-100", "a page has 100 entries at most")
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
            ("member" | "task", 404) => Reply::json(200, &json!({})),
            _ => reply,
        },
        ..Twin::named(
            "nothing-is-200",
            "an unknown member or task is an empty object",
        )
    },
    Twin {
        skips: &["compare_group"],
        ..Twin::named(
            "any-group",
            "a member or a task is shown under the id of any group",
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
            ("tasks", 422) => Reply::json(
                200,
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
