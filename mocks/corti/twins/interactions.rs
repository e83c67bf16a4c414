//! Evil twins that are wrong with what the API keeps, and with its lists.

use locum_server::{Request, Twin};

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
        misreads: |request| with_query(request, |query| query.replace("direction=asc", "")),
        ..Twin::named("direction-ignored", "each list comes in direction desc")
    },
    Twin {
        misreads: |request| with_query(request, |query| query.replace("sort=assignedUserId", "")),
        ..Twin::named("sort-ignored", "each list is sorted by createdAt")
    },
    Twin {
        misreads: |request| with_query(request, |query| without(query, "encounterStatus")),
        ..Twin::named("status-ignored", "a list is not limited by encounterStatus")
    },
    Twin {
        misreads: |request| with_query(request, |query| without(query, "patient")),
        ..Twin::named("patient-ignored", "a list is not limited by patient")
    },
    Twin {
        misreads: |request| {
            with_query(request, |query| {
                let words = ["sort", "direction", "encounterStatus"];
                let known = words.iter().fold(query.to_owned(), |query, word| {
                    query.replace(&format!("{word}=locum"), "")
                });
                known.replace("pageSize=0", "").replace("index=0", "")
            })
        },
        ..Twin::named(
            "any-list-parameter",
            "a list is served with any value of its parameters",
        )
    },
];

/// `request` with another query.
fn with_query(request: Request, change: impl FnOnce(&str) -> String) -> Request {
    let Some((path, query)) = request.target.split_once('?') else {
        return request;
    };
    let target = format!("{path}?{}", change(query));
    request.changed(|parts| parts.target = target)
}

/// `query` without a parameter.
fn without(query: &str, name: &str) -> String {
    let pairs = query.split('&');
    let rest: Vec<&str> = pairs
        .filter(|pair| pair.split('=').next() != Some(name))
        .collect();
    rest.join("&")
}
