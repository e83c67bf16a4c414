//! Evil twins that are wrong with what the API keeps, and with its lists.

use locum_server::Twin;
use locum_server::twin::{with_query, without_pairs};

/// One thing wrong each.
pub(super) const TWINS: &[Twin] = &[
    Twin {
        skips: &["create_interaction"],
        ..Twin::named(
            "create-noop",
            "a POST is answered with 201 and keeps nothing",
        )
    },
    Twin {
        skips: &["read_by_id"],
        ..Twin::named(
            "read-other",
            "each interaction is read as the first of its client",
        )
    },
    Twin {
        skips: &["keep_unnamed"],
        ..Twin::named(
            "update-overwrites",
            "a PATCH takes away what it does not name",
        )
    },
    Twin {
        pardons: |endpoint, denial| {
            let denied = ["not_own_interaction", "unknown_interaction"];
            endpoint == "delete_interaction" && denied.contains(&denial.reason.as_str())
        },
        ..Twin::named(
            "deleted-by-anyone",
            "an interaction can be deleted by other clients and tenants",
        )
    },
    Twin {
        pardons: |endpoint, denial| {
            endpoint == "update_interaction" && denial.reason == "not_own_interaction"
        },
        ..Twin::named(
            "changed-by-anyone",
            "an interaction can be changed by other clients",
        )
    },
    Twin {
        skips: &["whole_pages"],
        ..Twin::named(
            "pages-overlap",
            "a page of a list begins with the last entry of the page before",
        )
    },
    Twin {
        misreads: |request| {
            let target = request.target.replace("index=100000", "index=1");
            request.changed(|parts| parts.target = target)
        },
        ..Twin::named(
            "pages-without-end",
            "a page behind the end of a list is the first",
        )
    },
    Twin {
        misreads: |request| match request.raw_query() {
            "index=1" => with_query(request, |_| Some("pageSize=100&index=1")),
            _ => request,
        },
        ..Twin::named(
            "whole-list-by-default",
            "a list without pageSize has a hundred entries",
        )
    },
    Twin {
        misreads: |request| without_pairs(request, |pair| pair == "direction=asc"),
        ..Twin::named("direction-ignored", "each list comes in direction desc")
    },
    Twin {
        misreads: |request| without_pairs(request, |pair| pair == "sort=assignedUserId"),
        ..Twin::named("sort-ignored", "each list is sorted by createdAt")
    },
    Twin {
        misreads: |request| without_pairs(request, |pair| pair.starts_with("encounterStatus=")),
        ..Twin::named("status-ignored", "a list is not limited by encounterStatus")
    },
    Twin {
        misreads: |request| without_pairs(request, |pair| pair.starts_with("patient=")),
        ..Twin::named("patient-ignored", "a list is not limited by patient")
    },
    Twin {
        misreads: |request| {
            without_pairs(request, |pair| {
                pair.ends_with("=locum") || matches!(pair, "pageSize=0" | "index=0")
            })
        },
        ..Twin::named(
            "any-list-parameter",
            "a list is served with any value of its parameters",
        )
    },
];
