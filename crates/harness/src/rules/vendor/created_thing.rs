//! What a creation and a change leave behind: the thing itself, as it was sent.

use serde_json::Value;

use super::deviation::Deviations;
use super::effect::{Step, concluded, precondition, settled, unseen};
use crate::evidence::{Exchange, Operation, Variation};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("VEN-48", |view| concluded(is_there(view))),
    Rule::vendor("VEN-49", |view| concluded(is_the_one_of_its_id(view))),
    Rule::vendor("VEN-50", |view| {
        concluded(changes_what_is_named_alone(view))
    }),
];

/// The member of what a creation answers that names it.
const ID: &str = "interactionId";

/// The creations that were served, each with the id that its reply tells.
fn created<'a>(view: &View<'a>) -> Vec<(Exchange<'a>, String)> {
    let served = view.evidence.documented(Operation::Create);
    let told = served.filter(Exchange::is_served).filter_map(|created| {
        let id = created.json()[ID].as_str()?.to_owned();
        Some((created, id))
    });
    told.collect()
}

/// The last segment of the path that was asked for.
fn asked<'e>(read: &'e Exchange<'_>) -> &'e str {
    let path = read.path().trim_end_matches('/');
    path.rsplit('/').next().unwrap_or_default()
}

/// The reads of the thing of this id, in order.
fn reads_of<'a>(view: &View<'a>, id: &str) -> Vec<Exchange<'a>> {
    let reads = view.evidence.documented(Operation::Read);
    reads
        .filter(|read| asked(read).eq_ignore_ascii_case(id))
        .collect()
}

/// Each thing whose creation was answered with success is there, or some seconds later.
fn is_there(view: &View<'_>) -> Step<Finding> {
    precondition(view, Operation::Create, &Variation::Documented)?;
    let (mut wrong, mut good, mut open) = (Deviations::default(), Vec::new(), None);
    let mut creations = view.evidence.documented(Operation::Create);
    if let Some(nameless) = creations.find(|one| one.is_served() && !one.json()[ID].is_string()) {
        let seen = format!("{} without {ID}", nameless.sentence());
        return Ok(Finding::broken(ID, seen, nameless));
    }
    let mut leave_open = |finding: Finding| {
        open.get_or_insert(finding);
    };
    for (creation, id) in created(view) {
        let reads = reads_of(view, &id);
        let Some(last) = reads.last() else {
            leave_open(unobserved(view, "what was created was not read"));
            continue;
        };
        if last.is_served() {
            good.push(*last);
        } else if let Err(finding) = settled(view, &reads) {
            leave_open(*finding);
        } else if last.status() == 401 {
            let what = "the token was refused after the creation";
            leave_open(unobserved(view, what).seen_in(last));
        } else if reads.len() == 1 {
            let what = "what was created was not asked for once more, some seconds later";
            leave_open(unobserved(view, what).seen_in(last));
        } else {
            let seen = format!("{}, after {}", last.sentence(), creation.sentence());
            wrong.add("what was created", seen, Proof::from(creation).and(*last));
        }
    }
    match (wrong.broken(), open, Proof::all(&good)) {
        (Some(broken), ..) => Ok(broken),
        (None, Some(open), _) => Err(Box::new(open)),
        (None, None, Some(proof)) => {
            let seen = format!("{} read after their creation", good.len());
            Ok(Finding::met(seen, proof))
        }
        (None, None, None) => unseen(view, "nothing was created that could be read"),
    }
}

/// Each thing that is read is the one of its id, as it was sent; an id that nobody has leads to none.
fn is_the_one_of_its_id(view: &View<'_>) -> Step<Finding> {
    let all = created(view);
    let (mut wrong, mut good) = (Deviations::default(), Vec::new());
    let reads: Vec<Exchange<'_>> = view.evidence.documented(Operation::Read).collect();
    for read in reads.iter().filter(|read| read.is_served()) {
        let id = asked(read);
        let Some((creation, _)) = all.iter().find(|(_, known)| known.eq_ignore_ascii_case(id))
        else {
            let seen = format!("{}, of an id that nobody has", read.sentence());
            wrong.add("404", seen, *read);
            continue;
        };
        let told = read.json();
        let is_own = told["id"]
            .as_str()
            .is_some_and(|told| told.eq_ignore_ascii_case(id));
        let proof = Proof::from(*creation).and(*read);
        if !is_own {
            let seen = format!("{}, and the id {}", read.sentence(), told["id"]);
            wrong.add("the id that was asked for", seen, proof);
            continue;
        }
        match other_member(view, &sent(creation), &told) {
            Some(place) => {
                let seen = format!("{}: another {place}", read.sentence());
                wrong.add("the interaction as it was created", seen, proof);
            }
            None => good.push(*read),
        }
    }
    if let Some(broken) = wrong.broken() {
        return Ok(broken);
    }
    settled(view, &reads)?;
    match Proof::all(&good) {
        Some(proof) if good.len() > 1 => {
            let seen = format!("{} read as they were created", good.len());
            Ok(Finding::met(seen, proof))
        }
        _ => unseen(view, "fewer than two were read that had been created"),
    }
}

/// What the request said.
fn sent(request: &Exchange<'_>) -> Value {
    serde_json::from_str(&request.request.body).unwrap_or_default()
}

/// The first member that `sent` has and that is another in `told`.
fn other_member<'v>(view: &View<'v>, sent: &Value, told: &Value) -> Option<&'v str> {
    let mut places = view.expected.identity.iter();
    let is_other = |place: &&String| {
        let sent = sent.pointer(place);
        sent.is_some() && sent != told.pointer(place)
    };
    places.find(is_other).map(String::as_str)
}

/// A change that was answered with success is read from then on, and nothing else is another than
/// before.
fn changes_what_is_named_alone(view: &View<'_>) -> Step<Finding> {
    let change = precondition(view, Operation::Update, &Variation::Documented)?;
    let reads: Vec<Exchange<'_>> = view.evidence.documented(Operation::Read).collect();
    let (before, after): (Vec<Exchange<'_>>, Vec<Exchange<'_>>) =
        reads.iter().partition(|read| read.seq < change.seq);
    let Some(before) = before.iter().rfind(|read| read.is_served()) else {
        return unseen(view, "what was changed had not been read before");
    };
    settled(view, &after)?;
    let Some(last) = after.last().filter(|read| read.is_served()) else {
        return unseen(view, "what was changed was not read afterwards");
    };
    let (said, old, new) = (sent(&change), before.json(), last.json());
    let mut wrong = Deviations::default();
    let proof = || Proof::from(change).and(*last);
    for place in &view.expected.identity {
        let (named, kept) = (said.pointer(place), old.pointer(place));
        match (named, new.pointer(place)) {
            (Some(named), Some(told)) if named == told => {}
            (Some(named), told) => {
                let told = told.map_or_else(|| "none".to_owned(), Value::to_string);
                wrong.add(
                    format!("{place} {named}"),
                    format!("{place} {told}"),
                    proof(),
                );
            }
            (None, told) if kept.is_some() && kept != told => {
                let seen = format!("another {place}, which was not named");
                wrong.add("the rest as it was", seen, proof());
            }
            (None, _) => {}
        }
    }
    if let Some(broken) = wrong.broken() {
        return Ok(broken.beside(*before));
    }
    let seen = "what was named is changed, and nothing else";
    Ok(Finding::met(seen, proof()).beside(*before))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::{Log, check, check_failures, check_failures_behind};
    use crate::verdict::Grade;

    fn body(name: &str) -> String {
        json!({"encounter": {"identifier": name, "status": "planned"}}).to_string()
    }

    fn created(log: Log, id: &str, name: &str) -> Log {
        let told = json!({"interactionId": id}).to_string();
        log.sent_body("create", "", &body(name), 201, &told)
    }

    fn read(log: Log, asked: &str, status: u16, id: &str, name: &str) -> Log {
        let json = [("Content-Type", "application/json")];
        let told = json!({
            "id": id, "encounter": {"identifier": name, "status": "planned", "title": null},
        });
        let target = format!("/v2/interactions/{asked}");
        log.asked_at("read", "", &target, status, &json, &told.to_string())
    }

    #[test]
    fn what_was_created_is_there_or_not() {
        let log = |statuses: &[u16]| {
            let log = created(Log::new(), "i-1", "a");
            statuses
                .iter()
                .fold(log, |log, status| read(log, "i-1", *status, "i-1", "a"))
        };
        check(&log(&[200]), "VEN-48", Grade::Met);
        check(&log(&[404, 200]), "VEN-48", Grade::Met);
        check(&log(&[404, 404]), "VEN-48", Grade::Broken);
        check(&log(&[404]), "VEN-48", Grade::Unobserved);
        check(&log(&[404, 401]), "VEN-48", Grade::Unobserved);
        check(&log(&[404, 500]), "VEN-48", Grade::Unobserved);
        check(&log(&[]), "VEN-48", Grade::Unobserved);
        let nameless = Log::new().sent_body("create", "", &body("a"), 201, "{}");
        check(&nameless, "VEN-48", Grade::Broken);
        let refused = Log::new().sent_body("create", "", &body("a"), 403, "{}");
        check(&refused, "VEN-48", Grade::Unobserved);
        check_failures("VEN-48", "create", "");
        check_failures_behind(|| created(Log::new(), "i-1", "a"), "VEN-48", "read", "");
    }

    #[test]
    fn each_id_leads_to_its_own() {
        let both = || created(created(Log::new(), "i-1", "a"), "i-2", "b");
        let log = |(id, name): (&str, &str)| {
            let log = read(both(), "i-1", 200, "i-1", "a");
            read(log, "i-2", 200, id, name)
        };
        check(&log(("i-2", "b")), "VEN-49", Grade::Met);
        check(&log(("I-2", "b")), "VEN-49", Grade::Met);
        check(&log(("i-1", "a")), "VEN-49", Grade::Broken);
        check(&log(("i-2", "a")), "VEN-49", Grade::Broken);
        let unknown = |status| read(log(("i-2", "b")), "i-3", status, "i-3", "c");
        check(&unknown(404), "VEN-49", Grade::Met);
        check(&unknown(200), "VEN-49", Grade::Broken);
        check(&unknown(503), "VEN-49", Grade::Unobserved);
        let one = read(both(), "i-1", 200, "i-1", "a");
        check(&one, "VEN-49", Grade::Unobserved);
        check_failures_behind(|| log(("i-2", "b")), "VEN-49", "read", "");
    }

    #[test]
    fn a_change_changes_what_it_names() {
        let log = |status, name: &str| {
            let log = read(created(Log::new(), "i-1", "a"), "i-1", 200, "i-1", "a");
            let said = json!({"encounter": {"identifier": "b"}}).to_string();
            let log = log.sent_body("update", "", &said, status, "{}");
            read(log, "i-1", 200, "i-1", name)
        };
        check(&log(200, "b"), "VEN-50", Grade::Met);
        check(&log(200, "a"), "VEN-50", Grade::Broken);
        check(&log(403, "a"), "VEN-50", Grade::Unobserved);
        let other = |told: &str| {
            let log = read(created(Log::new(), "i-1", "a"), "i-1", 200, "i-1", "a");
            let said = json!({"encounter": {"identifier": "b"}}).to_string();
            let log = log.sent_body("update", "", &said, 200, "{}");
            log.exchange("read", "", 200, told)
        };
        let lost = r#"{"id":"i-1","encounter":{"identifier":"b"}}"#;
        check(&other(lost), "VEN-50", Grade::Broken);
        check_failures("VEN-50", "update", "");
        let before = || {
            let log = read(created(Log::new(), "i-1", "a"), "i-1", 200, "i-1", "a");
            log.sent_body("update", "", "{}", 200, "{}")
        };
        check_failures_behind(before, "VEN-50", "read", "");
        check(&before(), "VEN-50", Grade::Unobserved);
    }
}
