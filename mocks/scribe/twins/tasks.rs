//! Evil twins that are wrong about tasks.

use http::StatusCode;
use locum_server::twin::{with_json, without_pairs};
use locum_server::{Reply, Twin};
use serde_json::json;

/// One thing wrong each.
pub(super) const TWINS: &[Twin] = &[
    Twin {
        rewrite: |endpoint, _, reply| match endpoint {
            "v1_submit" => with_json(reply, |body| {
                if let Some(members) = body.as_object_mut() {
                    members.remove("url");
                }
            }),
            _ => reply,
        },
        ..Twin::named("task-without-url", "a new task has no url")
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("v1_task", 200) => with_json(reply, |body| {
                body["jobid"] = "00000000-0000-4000-8000-0000000000aa".into();
            }),
            _ => reply,
        },
        ..Twin::named("another-task", "a task is answered with another one")
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("v1_task", 404) => Reply::json(200, &json!({})),
            _ => reply,
        },
        ..Twin::named("no-task-is-200", "an unknown task is answered with 200")
    },
    Twin {
        rewrite: |endpoint, request, reply| match endpoint {
            "v1_task" if request.method == "GET" && reply.status == 200 => {
                Reply::json(404, &json!({"message": "Not Found"}))
            }
            _ => reply,
        },
        ..Twin::named("task-is-lost", "a new task cannot be read")
    },
    Twin {
        misreads: |request| without_pairs(request, |pair| pair.starts_with("company=")),
        ..Twin::named("company-ignored", "a list is not limited by company")
    },
    Twin {
        rewrite: |endpoint, _, mut reply| {
            if endpoint == "upload" && reply.status == 200 {
                reply.status = StatusCode::NO_CONTENT;
            }
            reply
        },
        ..Twin::named("upload-204", "a document is taken with 204")
    },
    Twin {
        pardons: |endpoint, denial| endpoint == "upload" && denial.reason == "no_signature",
        ..Twin::named(
            "upload-by-anyone",
            "a document is taken without a signature",
        )
    },
    Twin {
        rewrite: |endpoint, request, reply| {
            let shown = request.header("authorization").ok().flatten();
            let is_jwt = shown.is_some_and(|shown| shown.split('.').count() == 3);
            match endpoint == "v2_tasks" && reply.status == 401 && is_jwt {
                true => Reply::json(200, &json!({"tasks": []})),
                false => reply,
            }
        },
        ..Twin::named("v2-any-signature", "API v2 does not verify its token")
    },
    Twin {
        skips: &["delete_task"],
        ..Twin::named("delete-noop", "DELETE answers 200 and deletes nothing")
    },
    Twin {
        skips: &["own_tasks_alone"],
        ..Twin::named("tasks-of-all", "each user reads the tasks of all")
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("v1_task", 200) => with_json(reply, |body| {
                if body["status"] != "DELETED" {
                    body["status"] = "DONE".into();
                }
            }),
            _ => reply,
        },
        ..Twin::named("task-is-done", "a task has a status of its own")
    },
];
