//! Lists of tasks that are limited to a company.

use super::effect::{Step, concluded, precondition, unseen};
use crate::evidence::{Exchange, Operation, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::Finding;

pub(super) const RULES: &[Rule] = &[Rule::vendor("VEN-74", |view| {
    concluded(a_company_limits_the_list(view))
})];

/// The list of a company that nobody has named holds no task that tells another company or none, beside
/// a list of all that holds some.
fn a_company_limits_the_list(view: &View<'_>) -> Step<Finding> {
    let lists: Vec<Exchange<'_>> = view.evidence.documented(Operation::ListPage).collect();
    let asked = |list: &&Exchange<'_>| company(list).is_some();
    let all = precondition(view, Operation::ListPage, &Variation::Documented)?;
    let Some(list) = lists.iter().find(asked) else {
        return unseen(view, "no list of one company was asked for");
    };
    let count = |list: &Exchange<'_>| list.json()["tasks"].as_array().map(Vec::len);
    if company(&all).is_some() || count(&all).unwrap_or_default() == 0 {
        return unseen(view, "no list of all tasks held any");
    }
    if let Some(gone) = gone(list) {
        return Err(Box::new(gone));
    }
    let body = list.json();
    let Some(tasks) = body["tasks"].as_array().filter(|_| list.is_served()) else {
        let what = format!("not graded: {}", list.sentence());
        return Err(Box::new(unobserved(view, &what).seen_in(list)));
    };
    let own = |name: &str| company(list).as_deref() == Some(name);
    let others = tasks
        .iter()
        .filter(|task| !task["companyName"].as_str().is_some_and(own));
    match others.count() {
        0 => Ok(Finding::met("no task of another company", *list).beside(all)),
        count => {
            let seen = format!("{count} tasks of other companies, or of none");
            Ok(Finding::broken("tasks of the company alone", seen, *list).beside(all))
        }
    }
}

/// The company whose tasks were asked for.
fn company(list: &Exchange<'_>) -> Option<String> {
    let (_, query) = list.request.target.split_once('?')?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let found = pairs.find(|(name, _)| name == "company");
    found.map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Log, check};
    use crate::verdict::Grade;

    const ONE: &str = r#"{"tasks":[{"jobid":"t-1","companyName":"A"}]}"#;

    fn listed(log: Log, query: &str, status: u16, body: &str) -> Log {
        let target = format!("/v1/tasks?includePresigned=True{query}");
        log.asked_at("page", "", &target, status, &[], body)
    }

    #[test]
    fn a_company_has_its_own_tasks_alone() {
        let log = |all: &str, status, theirs: &str| {
            let log = listed(Log::new(), "", 200, all);
            listed(log, "&company=locum-nobody", status, theirs)
        };
        let check = |log: &Log, grade| check(log, "VEN-74", grade);
        check(&log(ONE, 200, r#"{"tasks":[]}"#), Grade::Met);
        check(&log(ONE, 200, ONE), Grade::Broken);
        let own = r#"{"tasks":[{"jobid":"t-2","companyName":"locum-nobody"}]}"#;
        check(&log(ONE, 200, own), Grade::Met);
        let nameless = r#"{"tasks":[{"jobid":"t-2"}]}"#;
        check(&log(ONE, 200, nameless), Grade::Broken);
        for (status, body) in [(200, "{}"), (404, "{}"), (500, "{}"), (200, "<html>")] {
            check(&log(ONE, status, body), Grade::Unobserved);
        }
        check(&log(r#"{"tasks":[]}"#, 200, ONE), Grade::Unobserved);
        check(&listed(Log::new(), "", 200, ONE), Grade::Unobserved);
    }
}
