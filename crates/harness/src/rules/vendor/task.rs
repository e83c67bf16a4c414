//! Tasks of an API that takes documents: created with an address for the document, read under their own
//! id and by their own customer, gone after their deletion.

use serde_json::Value;

use super::deviation::Deviations;
use super::effect::{Step, concluded, control, every, made, precondition, settled, unseen};
use crate::evidence::{Exchange, Operation, Other, SignedVariation, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("VEN-56", |view| concluded(creation_gives_an_address(view))),
    Rule::vendor("VEN-57", |view| concluded(a_task_has_its_own_id(view))),
    Rule::vendor("VEN-58", |view| concluded(nobody_has_an_unknown_task(view))),
    Rule::vendor("VEN-59", |view| concluded(a_deleted_task_is_gone(view))),
    Rule::vendor("VEN-60", |view| concluded(tasks_are_their_customers(view))),
    Rule::vendor("VEN-61", tasks_have_their_members),
];

fn id_of(task: &Value) -> Option<&str> {
    task["jobid"].as_str().filter(|id| !id.is_empty())
}

/// The reply to a creation has the id of the task, and a URL for its document.
fn creation_gives_an_address(view: &View<'_>) -> Step<Finding> {
    let created = precondition(view, Operation::Create, &Variation::Documented)?;
    let body = created.json();
    let url = body["url"].as_str().unwrap_or_default();
    let mut missing = Vec::new();
    if id_of(&body).is_none() {
        missing.push("jobid as text");
    }
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        missing.push("an absolute address as url");
    }
    let expected = "200 with jobid and url";
    if !missing.is_empty() {
        let seen = format!("{}: no {}", created.sentence(), missing.join(", no "));
        return Ok(Finding::broken(expected, seen, created));
    }
    if created.status() != 200 {
        return Ok(Finding::tolerated(expected, created.sentence(), created));
    }
    Ok(Finding::met("jobid and url", created))
}

/// The task that was created or listed is read under its id.
fn a_task_has_its_own_id(view: &View<'_>) -> Step<Finding> {
    let read = made(view, Operation::Read, &Variation::Documented)?;
    if !read.is_served() {
        is_lost(view)?;
        precondition(view, Operation::Read, &Variation::Documented)?;
    }
    let asked = read.path().rsplit('/').next().unwrap_or_default();
    let body = read.json();
    let expected = format!("jobid {asked}");
    match id_of(&body) {
        Some(id) if id == asked => Ok(Finding::met("the task that was asked for", read)),
        Some(id) => Ok(Finding::broken(expected, format!("jobid {id}"), read)),
        None => Ok(Finding::broken(expected, "no jobid", read)),
    }
}

/// Ends a rule where a task whose creation was served is not there, nor some seconds later.
fn is_lost(view: &View<'_>) -> Step<()> {
    let Ok(created) = precondition(view, Operation::Create, &Variation::Documented) else {
        return Ok(());
    };
    let reads = every(view, Operation::Read, &Variation::Documented);
    let (Some(last), Some(id)) = (reads.last(), id_of(&created.json()).map(str::to_owned)) else {
        return Ok(());
    };
    let is_absent = |read: &Exchange<'_>| read.status() == 404 && read.path().ends_with(&id);
    if reads.len() > 1 && reads.iter().all(is_absent) {
        let seen = format!("{}, after {}", last.sentence(), created.sentence());
        let proof = Proof::from(created).and(*last);
        return Err(Box::new(Finding::broken(
            "the task that was created",
            seen,
            proof,
        )));
    }
    Ok(())
}

/// An id that nobody has gives nothing, beside a call that is served.
fn nobody_has_an_unknown_task(view: &View<'_>) -> Step<Finding> {
    let unknown = Variation::Signed(SignedVariation::UnknownItem);
    let asked = made(view, Operation::Call, &unknown)?;
    if let Some(gone) = gone(&asked) {
        return Err(Box::new(gone));
    }
    if asked.is_served() {
        let seen = format!("{}: accepted", asked.sentence());
        return Ok(Finding::broken("404 for what does not exist", seen, asked));
    }
    settled(view, &[asked])?;
    let served = control(view, Operation::ListPage, &Variation::Documented)?;
    Ok(Finding::met(asked.sentence(), asked).beside(served))
}

/// What was read before its deletion is not there after it, or shown as deleted.
fn a_deleted_task_is_gone(view: &View<'_>) -> Step<Finding> {
    let deletion = precondition(view, Operation::Delete, &Variation::Documented)?;
    let reads = every(view, Operation::Read, &Variation::Documented);
    let (before, after): (Vec<Exchange<'_>>, Vec<Exchange<'_>>) =
        reads.into_iter().partition(|read| read.seq < deletion.seq);
    let Some(before) = before.iter().find(|read| read.is_served()) else {
        return unseen(view, "what was deleted had not been read before");
    };
    let Some(last) = after.last() else {
        return unseen(view, "what was deleted was not asked for again");
    };
    settled(view, &after)?;
    let proof = Proof::from(deletion).and(*last);
    if last.shows_what_is_there() {
        if after.len() == 1 {
            let what = "what was deleted was not asked for once more, some seconds later";
            return unseen(view, what);
        }
        let seen = format!("{}, after {}", last.sentence(), deletion.sentence());
        let expected = "404, or status DELETED";
        return Ok(Finding::broken(expected, seen, proof).beside(*before));
    }
    let seen = match last.is_served() {
        true => format!("{}, and shown as deleted", last.sentence()),
        false => last.sentence(),
    };
    Ok(Finding::met(seen, proof).beside(*before))
}

/// Nobody else's user reads or lists the task. Whose they are the vendor itself says, in `client` of what
/// each of them created.
fn tasks_are_their_customers(view: &View<'_>) -> Step<Finding> {
    let theirs = Variation::By(Other::User);
    let created = |variation| {
        let created = precondition(view, Operation::Create, variation)?;
        match id_of(&created.json()) {
            Some(id) => Ok(id.to_owned()),
            None => unseen(view, "a creation told no jobid"),
        }
    };
    let (own_id, their_id) = (created(&Variation::Documented)?, created(&theirs)?);
    let own_list = precondition(view, Operation::ListPage, &Variation::Documented)?;
    let their_list = precondition(view, Operation::ListPage, &theirs)?;
    let read = made(view, Operation::Read, &theirs)?;
    let own_read = precondition(view, Operation::Read, &Variation::Documented)?;
    let in_list = |list: &Exchange<'_>, id: &str| {
        let body = list.json();
        let tasks = body["tasks"].as_array().cloned().unwrap_or_default();
        tasks.into_iter().find(|task| id_of(task) == Some(id))
    };
    let is_seen = in_list(&their_list, &own_id).is_some();
    let client = |task: Option<Value>| {
        let client = task?["client"].as_str()?.to_owned();
        (!client.is_empty()).then_some(client)
    };
    let own = client(Some(own_read.json()));
    let their = client(in_list(&their_list, &their_id));
    let is_read = read.is_served() && id_of(&read.json()) == Some(&own_id);
    if is_read || is_seen {
        let proof = Proof::from(own_read).and(their_list).and(read);
        return match (own, their) {
            (Some(own), Some(their)) if own != their => {
                let seen = format!("a user of {their} sees a task of {own}");
                Ok(Finding::broken(
                    "tasks of the own client alone",
                    seen,
                    proof,
                ))
            }
            (Some(own), Some(_)) => {
                let seen = format!("both users are of {own}, and see each other's tasks");
                Ok(Finding::fact(seen, proof))
            }
            _ => unseen(view, "the tasks do not tell whose client they are"),
        };
    }
    settled(view, &[read])?;
    let proof = Proof::from(read).and(their_list);
    let seen = "the other user neither reads nor lists the task";
    Ok(Finding::met(seen, proof).beside(Proof::from(own_read).and(own_list)))
}

/// Each task that was shown has what the page's own libraries read of one.
fn tasks_have_their_members(view: &View<'_>) -> Finding {
    let shown = [Operation::Read, Operation::ListPage].map(|operation| {
        let exchanges = view.evidence.documented(operation);
        exchanges.filter(Exchange::is_served).collect::<Vec<_>>()
    });
    let shown = shown.concat();
    let (mut wrong, mut tasks) = (Deviations::default(), 0);
    for exchange in &shown {
        let body = exchange.json();
        let listed = match (exchange.operation, body["tasks"].as_array()) {
            (Operation::ListPage, Some(tasks)) => tasks.clone(),
            (Operation::ListPage, None) => {
                let seen = format!("{}: no list of tasks", exchange.sentence());
                wrong.add("a list called tasks", seen, *exchange);
                continue;
            }
            _ => vec![body],
        };
        for task in &listed {
            tasks += 1;
            if let Some(name) = wrong_member(view, task) {
                let seen = format!("{}: {name} {}", exchange.sentence(), task[name]);
                wrong.add(format!("{name} as a task has it"), seen, *exchange);
            }
        }
    }
    if let Some(finding) = wrong.broken() {
        return finding;
    }
    match Proof::all(&shown) {
        Some(proof) if tasks > 0 => Finding::met(format!("{tasks} tasks shown"), proof),
        _ => unobserved(view, "no task was shown"),
    }
}

/// A member that is missing or of another kind.
fn wrong_member(view: &View<'_>, task: &Value) -> Option<&'static str> {
    let is_text = |name: &str| task[name].as_str().is_some_and(|text| !text.is_empty());
    let states = &view.expected.end_states;
    let is_state = |status: &Value| states.iter().any(|known| status == known.as_str());
    let checks = [
        ("jobid", is_text("jobid")),
        ("client", is_text("client")),
        ("status", is_state(&task["status"])),
        (
            "submitted",
            task["submitted"].as_u64().is_some_and(|at| at > 0),
        ),
    ];
    let mut wrong = checks.into_iter().filter(|(_, is_right)| !is_right);
    wrong.next().map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const NEW: &str = r#"{"jobid":"j-1","url":"https://b.example/j-1?X-Amz-Signature=0"}"#;
    const UNKNOWN: &str = "of an unknown item";

    fn task(id: &str, client: &str, status: &str) -> String {
        format!(r#"{{"jobid":"{id}","client":"{client}","status":"{status}","submitted":1}}"#)
    }

    fn list(tasks: &[String]) -> String {
        format!(r#"{{"tasks":[{}]}}"#, tasks.join(","))
    }

    fn read(log: Log, phrase: &str, status: u16, body: &str) -> Log {
        log.asked_at("read", phrase, "/v1/tasks/j-1", status, &[], body)
    }

    fn failed(failure: BadReply) -> Grade {
        match failure {
            BadReply::Closed => Grade::Gone,
            _ => Grade::Unobserved,
        }
    }

    #[test]
    fn a_new_task_has_an_id_and_an_address() {
        let log = |status, body: &str| Log::new().exchange("create", "", status, body);
        check(&log(200, NEW), "VEN-56", Grade::Met);
        check(&log(201, NEW), "VEN-56", Grade::Tolerated);
        check(&log(200, r#"{"jobid":"j-1"}"#), "VEN-56", Grade::Broken);
        let relative = r#"{"jobid":"j-1","url":"/upload"}"#;
        check(&log(200, relative), "VEN-56", Grade::Broken);
        check(&log(200, r#"{"url":"https://b"}"#), "VEN-56", Grade::Broken);
        check(&log(400, "{}"), "VEN-56", Grade::Unobserved);
        check(&Log::new(), "VEN-56", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::new().failed("create", "", failure);
            check(&log, "VEN-56", failed(failure));
        }
    }

    #[test]
    fn a_task_is_the_one_that_was_asked_for() {
        let log = |status, body: &str| read(Log::new(), "", status, body);
        check(
            &log(200, &task("j-1", "c", "SUCCESS")),
            "VEN-57",
            Grade::Met,
        );
        check(
            &log(200, &task("j-2", "c", "SUCCESS")),
            "VEN-57",
            Grade::Broken,
        );
        check(&log(200, "{}"), "VEN-57", Grade::Broken);
        check(&log(404, "{}"), "VEN-57", Grade::Unobserved);
        check(&Log::new(), "VEN-57", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::new().failed("read", "", failure);
            check(&log, "VEN-57", failed(failure));
        }
    }

    #[test]
    fn an_unknown_task_is_none() {
        let listed = || Log::new().exchange("page", "", 200, &list(&[]));
        let log = |status, body| listed().exchange("call", UNKNOWN, status, body);
        check(&log(404, "{}"), "VEN-58", Grade::Met);
        check(&log(403, "{}"), "VEN-58", Grade::Met);
        check(&log(200, "{}"), "VEN-58", Grade::Broken);
        check(&log(429, "{}"), "VEN-58", Grade::Unobserved);
        let alone = Log::new().exchange("call", UNKNOWN, 404, "{}");
        check(&alone, "VEN-58", Grade::Unobserved);
        check(&listed(), "VEN-58", Grade::Unobserved);
        for failure in FAILURES {
            let log = listed().failed("call", UNKNOWN, failure);
            check(&log, "VEN-58", failed(failure));
        }
    }

    #[test]
    fn a_deleted_task_is_not_there() {
        let there = task("j-1", "c", "PROCESSING");
        let deleted = |deletion| {
            let log = read(Log::new(), "", 200, &there);
            log.exchange("delete", "", deletion, "{}")
        };
        let once = |status, body: &str| read(deleted(200), "", status, body);
        check(&once(404, "{}"), "VEN-59", Grade::Met);
        let shown = task("j-1", "c", "DELETED");
        check(&once(200, &shown), "VEN-59", Grade::Met);
        check(&once(200, &there), "VEN-59", Grade::Unobserved);
        let twice = read(once(200, &there), "", 200, &there);
        check(&twice, "VEN-59", Grade::Broken);
        check(
            &read(once(200, &there), "", 404, "{}"),
            "VEN-59",
            Grade::Met,
        );
        check(
            &read(deleted(403), "", 200, &there),
            "VEN-59",
            Grade::Unobserved,
        );
        check(&deleted(200), "VEN-59", Grade::Unobserved);
        let unread = Log::new().exchange("delete", "", 200, "{}");
        check(&read(unread, "", 404, "{}"), "VEN-59", Grade::Unobserved);
        for failure in FAILURES {
            let log = deleted(200).failed("read", "", failure);
            check(&log, "VEN-59", failed(failure));
        }
    }

    #[test]
    fn a_task_is_its_clients() {
        const THEIRS: &str = "as another user";
        let log = |status: u16, lists_ours: bool, their_client: &str| {
            let ours = task("j-1", "c-1", "PROCESSING");
            let theirs = task("j-2", their_client, "PROCESSING");
            let mut listed = vec![theirs];
            listed.extend(lists_ours.then(|| ours.clone()));
            let log = Log::new().exchange("create", "", 200, NEW).exchange(
                "page",
                "",
                200,
                &list(std::slice::from_ref(&ours)),
            );
            let log = read(log, "", 200, &ours)
                .exchange("create", THEIRS, 200, r#"{"jobid":"j-2"}"#)
                .exchange("page", THEIRS, 200, &list(&listed));
            let body = if status == 200 { ours.as_str() } else { "{}" };
            read(log, THEIRS, status, body)
        };
        check(&log(404, false, "c-2"), "VEN-60", Grade::Met);
        check(&log(200, false, "c-2"), "VEN-60", Grade::Broken);
        check(&log(404, true, "c-2"), "VEN-60", Grade::Broken);
        check(&log(200, true, "c-1"), "VEN-60", Grade::Fact);
        check(&log(200, true, ""), "VEN-60", Grade::Unobserved);
        check(&log(500, false, "c-2"), "VEN-60", Grade::Unobserved);
        check(&Log::new(), "VEN-60", Grade::Unobserved);
    }

    #[test]
    fn tasks_are_as_the_libraries_read_them() {
        let good = task("j-1", "c", "SUCCESS");
        let log = |body: &str| Log::new().exchange("page", "", 200, body);
        check(
            &log(&list(std::slice::from_ref(&good))),
            "VEN-61",
            Grade::Met,
        );
        check(&read(Log::new(), "", 200, &good), "VEN-61", Grade::Met);
        check(&log("[]"), "VEN-61", Grade::Broken);
        for (part, other) in [
            ("\"j-1\"", "1"),
            ("\"c\"", "null"),
            ("SUCCESS", "DONE"),
            (":1}", ":\"1\"}"),
        ] {
            let bad = list(&[good.replace(part, other)]);
            check(&log(&bad), "VEN-61", Grade::Broken);
        }
        check(&log(&list(&[])), "VEN-61", Grade::Unobserved);
        check(&Log::new(), "VEN-61", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::new().failed("page", "", failure);
            check(&log, "VEN-61", Grade::Unobserved);
        }
    }
}
