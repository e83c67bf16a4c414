//! What belongs to one client and is asked for by others.

use super::effect::{Step, all_refused, concluded, control, every, precondition, settled, unseen};
use crate::evidence::{Exchange, Operation, Other, Variation};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("VEN-32", |view| concluded(others_denied(view))),
    Rule::vendor("VEN-45", |view| concluded(lists_are_apart(view))),
    Rule::vendor("VEN-55", |view| concluded(others_change_nothing(view))),
];

/// Nobody but its owner reads what was created: each other reader, who is served elsewhere, is
/// refused.
fn others_denied(view: &View<'_>) -> Step<Finding> {
    let others: Vec<Exchange<'_>> = view.evidence.varied(Operation::Read).collect();
    if others.is_empty() {
        return unseen(view, "nobody else asked for it");
    }
    let proof = all_refused(view, &others)?;
    let mut controls = vec![precondition(view, Operation::Read, &Variation::Documented)?];
    for read in &others {
        let reader = match read.variation {
            Variation::By(other) => *other,
            _ => Other::Tenant,
        };
        let elsewhere = Variation::By(reader);
        controls.push(precondition(view, Operation::OtherCall, &elsewhere)?);
    }
    match Proof::all(&controls) {
        Some(control) => {
            Ok(Finding::met(format!("{} refused", others.len()), proof).beside(control))
        }
        None => unseen(view, "nobody was served"),
    }
}

/// What others sent to change and delete it left it as its owner had read it before.
fn others_change_nothing(view: &View<'_>) -> Step<Finding> {
    let tried: Vec<Exchange<'_>> = [Operation::Update, Operation::Delete]
        .into_iter()
        .flat_map(|operation| view.evidence.varied(operation))
        .collect();
    let reads = every(view, Operation::Read, &Variation::Documented);
    let Some(first) = tried.iter().map(|one| one.seq).min() else {
        return unseen(view, "nobody else tried to change it");
    };
    let mut before = reads.iter().filter(|read| read.seq < first);
    let Some(before) = before.find(|read| read.is_served()) else {
        return unseen(view, "its owner had not read it before");
    };
    let after: Vec<&Exchange<'_>> = reads.iter().filter(|read| read.seq > first).collect();
    let is_other = |read: &&&Exchange<'_>| {
        let gone = read.is_refused() && read.status() != 401;
        gone || read.is_served() && read.json() != before.json()
    };
    if let Some(changed) = after.iter().find(is_other) {
        let done = tried.iter().filter(|one| one.seq < changed.seq);
        let said: Vec<String> = done.clone().map(Exchange::sentence).collect();
        let seen = match changed.is_served() {
            true => format!("{}; then it is another", said.join(", ")),
            false => format!("{}; then {}", said.join(", "), changed.sentence()),
        };
        let proof = Proof::from(**changed);
        let proof = done.fold(proof, |proof, one| proof.and(*one));
        return Ok(Finding::broken("it is as its owner left it", seen, proof).beside(*before));
    }
    settled(view, &tried)?;
    let read: Vec<Exchange<'_>> = after.into_iter().copied().collect();
    settled(view, &read)?;
    let Some(last) = read.iter().rfind(|read| read.is_served()) else {
        return unseen(view, "its owner did not read it afterwards");
    };
    let mut controls = vec![*before, *last];
    for one in &tried {
        controls.push(precondition(view, Operation::OtherCall, one.variation)?);
    }
    match (Proof::all(&tried), Proof::all(&controls)) {
        (Some(proof), Some(control)) => {
            let seen = format!("{} changed nothing", tried.len());
            Ok(Finding::met(seen, proof).beside(control))
        }
        _ => unseen(view, "nobody else tried to change it"),
    }
}

/// What the caller created stands in no list but its own.
fn lists_are_apart(view: &View<'_>) -> Step<Finding> {
    let created = precondition(view, Operation::Create, &Variation::Documented)?;
    let id = created.json()[ID].as_str().map(str::to_owned);
    let Some(id) = id.filter(|id| !id.is_empty()) else {
        return unseen(view, "what was created has no id");
    };
    let holds = |list: &Exchange<'_>| {
        let reply = list.reply.filter(|_| list.is_served());
        reply.is_some_and(|reply| reply.body.contains(&id))
    };
    let all = view.evidence.varied(Operation::ListPage);
    let others: Vec<Exchange<'_>> = all.filter(|list| list.seq > created.seq).collect();
    let wrong = others.iter().filter(|list| holds(list));
    let seen: Vec<String> = wrong.clone().map(Exchange::words).collect();
    if let Some(proof) = Proof::all(wrong) {
        let seen = format!("{}: it is there", seen.join("; "));
        let expected = "a list without what another created";
        return Ok(Finding::broken(expected, seen, proof).beside(created));
    }
    settled(view, &others)?;
    let own = control(view, Operation::ListPage, &Variation::Documented)?;
    if !holds(&own) {
        let absent = unobserved(view, "the list of its owner does not hold it");
        return Err(Box::new(absent.seen_in(own)));
    }
    match Proof::all(&others) {
        Some(proof) => {
            let seen = format!("in none of {} other lists", others.len());
            Ok(Finding::met(seen, proof).beside(own))
        }
        None => unseen(view, "nobody else read the list"),
    }
}

/// The member of what a creation answers that names it.
const ID: &str = "interactionId";

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const OTHER: &str = "as another client";

    fn log(owner: u16, control: u16, other: u16) -> Log {
        Log::new()
            .exchange("read", "", owner, "{}")
            .exchange("other call", OTHER, control, "[]")
            .exchange("read", OTHER, other, "{}")
    }

    #[test]
    fn others_get_nothing_beside_an_owner_who_does() {
        check(&log(200, 200, 403), "VEN-32", Grade::Met);
        check(&log(200, 200, 404), "VEN-32", Grade::Met);
        check(&log(200, 200, 200), "VEN-32", Grade::Broken);
        check(&log(404, 200, 403), "VEN-32", Grade::Unobserved);
        check(&log(200, 401, 401), "VEN-32", Grade::Unobserved);
        let alone = Log::new().exchange("read", "", 200, "{}");
        check(&alone, "VEN-32", Grade::Unobserved);
    }

    #[test]
    fn a_list_holds_what_is_its_owners_or_more() {
        let created = || Log::new().exchange("create", "", 201, r#"{"interactionId":"i-0123"}"#);
        let list = |own: &str, status, other: &str| {
            created()
                .exchange("page", "", 200, own)
                .exchange("page", OTHER, status, other)
        };
        let (with, without) = (
            r#"{"interactions":[{"id":"i-0123"}]}"#,
            r#"{"interactions":[]}"#,
        );
        check(&list(with, 200, without), "VEN-45", Grade::Met);
        check(&list(with, 403, "{}"), "VEN-45", Grade::Met);
        check(&list(with, 200, with), "VEN-45", Grade::Broken);
        check(&list(without, 200, without), "VEN-45", Grade::Unobserved);
        check(
            &created().exchange("page", "", 200, with),
            "VEN-45",
            Grade::Unobserved,
        );
        let alone = Log::new().exchange("page", OTHER, 200, with);
        check(&alone, "VEN-45", Grade::Unobserved);
        for failure in FAILURES {
            let log = created().exchange("page", "", 200, with);
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            check(&log.failed("page", OTHER, failure), "VEN-45", grade);
        }
    }

    #[test]
    fn others_leave_it_as_it_was() {
        const WHO: &str = "by another client";
        const THERE: &str = r#"{"id":"i-1","assignedUserId":"a"}"#;
        const CHANGED: &str = r#"{"id":"i-1","assignedUserId":"b"}"#;
        let log = |(status, first): (u16, &str), (last, second): (u16, &str)| {
            Log::new()
                .exchange("read", "", 200, THERE)
                .exchange("other call", OTHER, 200, "[]")
                .exchange("update", WHO, status, "{}")
                .exchange("read", "", 200, first)
                .exchange("delete", WHO, status, "")
                .exchange("read", "", last, second)
        };
        check(&log((403, THERE), (200, THERE)), "VEN-55", Grade::Met);
        check(&log((200, THERE), (200, THERE)), "VEN-55", Grade::Met);
        check(
            &log((200, CHANGED), (200, CHANGED)),
            "VEN-55",
            Grade::Broken,
        );
        check(&log((403, THERE), (404, "{}")), "VEN-55", Grade::Broken);
        check(
            &log((500, THERE), (200, THERE)),
            "VEN-55",
            Grade::Unobserved,
        );
        check(&log((403, THERE), (401, "{}")), "VEN-55", Grade::Met);
        check(&log((403, THERE), (503, "{}")), "VEN-55", Grade::Unobserved);
        let alone = Log::new().exchange("read", "", 200, THERE);
        check(&alone, "VEN-55", Grade::Unobserved);
        let refused = Log::new()
            .exchange("read", "", 200, THERE)
            .exchange("update", WHO, 403, "{}")
            .exchange("read", "", 200, THERE);
        check(&refused, "VEN-55", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::new()
                .exchange("read", "", 200, THERE)
                .exchange("other call", OTHER, 200, "[]")
                .failed("update", WHO, failure)
                .exchange("read", "", 200, THERE);
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            // A page or a body that nobody can read is a 200 that changed nothing.
            let rule = crate::rules::find("VEN-55", locum_core::requirement::Judge::Vendor);
            let seen = log.judge(rule.expect("a rule")).grade();
            assert!(seen == grade, "{failure:?}: {seen:?}");
        }
    }

    #[test]
    fn each_reader_is_served_elsewhere() {
        let tenant = "as a client of another tenant";
        let naming = "as a client of another tenant with the owner's tenant";
        let log = |control| {
            log(200, 200, 403)
                .exchange("other call", tenant, control, "[]")
                .exchange("read", tenant, 404, "{}")
                .exchange("read", naming, 403, "{}")
        };
        check(&log(200), "VEN-32", Grade::Met);
        check(&log(401), "VEN-32", Grade::Unobserved);
    }

    #[test]
    fn a_failure_keeps_nothing_back() {
        for failure in FAILURES {
            let log = Log::new()
                .exchange("read", "", 200, "{}")
                .exchange("other call", OTHER, 200, "[]")
                .failed("read", OTHER, failure);
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            check(&log, "VEN-32", grade);
        }
    }
}
