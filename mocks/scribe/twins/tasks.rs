//! Evil twins that are wrong about tasks.

use locum_server::twin::with_json;
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
