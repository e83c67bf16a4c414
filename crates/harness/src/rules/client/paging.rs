//! How a client follows the pages of a list.

use super::commands::{GivenCommand, asked};
use super::plan::{Bent, bent};
use super::traffic::{api_requests, arrivals_at};
use super::{met, unobserved};
use crate::rules::{Rule, View};
use crate::run::elsewhere::ANOTHER_ORIGIN;
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::client("CLI-18", stays_on_its_origin)];

/// More requests than this are a list without end.
const MAX_REQUESTS: usize = 5;

/// `nextPage` is followed on the API's own origin alone, and the list ends.
fn stays_on_its_origin(view: &View<'_>) -> Finding {
    let list = asked(view)
        .into_iter()
        .find(|asked| asked.command.op() == "list");
    let Some(list) = list else {
        return unobserved(view, "no list was asked for");
    };
    let pages: Vec<_> = api_requests(view)
        .filter(|page| page.seq > list.seq)
        .collect();
    let elsewhere: Vec<_> = arrivals_at(view, ANOTHER_ORIGIN).collect();
    let there = Proof::all(elsewhere.iter().copied());
    let Some(proof) = Proof::all(pages.iter().copied()) else {
        return unobserved(view, "no page of a list was asked for");
    };
    let expected = "nextPage followed on the API's own origin alone, to the end of the list";
    if let Some(there) = there {
        let seen = format!("{} requests to another origin", elsewhere.len());
        return Finding::broken(expected, seen, proof.and(there));
    }
    // A long page is not kept whole: the fault says what it named.
    let names = |page: &Bent<'_>| page.action.edit.as_ref()?.set.get("nextPage").cloned();
    let named: Vec<_> = bent(view)
        .into_iter()
        .filter(|page| names(page).is_some() && page.arrival.is_served())
        .collect();
    let is_told_read = list.answer.is_some_and(|(_, reply)| reply.succeeded());
    if let ([first], 1, true) = (&named[..], pages.len(), is_told_read) {
        let seen = "the list was reported as read after its first page, which names a second";
        return Finding::tolerated(expected, seen, first.arrival);
    }
    let [_, second] = &named[..] else {
        let what = "the client did not read the page that names another origin";
        return unobserved(view, what).seen_in(proof);
    };
    if pages.len() > MAX_REQUESTS {
        return Finding::broken(expected, format!("{} requests", pages.len()), proof);
    }
    match ends(&list) {
        true => met(view, "the list ended on its own origin", proof),
        false => unobserved(view, "the list did not end").seen_in(second.arrival),
    }
}

/// Whether the client said that it is done, well or not.
fn ends(list: &GivenCommand<'_>) -> bool {
    list.answer.is_some()
}

#[cfg(test)]
pub(super) mod tests {
    use locum_core::{FaultId, Outcome};
    use serde_json::json;

    use super::ANOTHER_ORIGIN;
    use crate::rules::client::testing::{check, reply};
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] =
        &[("CLI-18", |log| listed(named(log), two))];

    const HERE: &str = "http://a/things?offset=1";
    const THERE: &str = "http://b/things?offset=2";

    fn named(log: Log) -> Log {
        let edit = |url: &str| json!({"edit": {"set": {"nextPage": url}}});
        log.fault(1, &edit(HERE)).fault(2, &edit(THERE))
    }

    fn page(log: Log, number: Option<u64>) -> Log {
        log.entered("things", |entry| {
            entry.outcome = Some(Outcome::Admitted);
            entry.fault = number.map(FaultId);
            entry.reply = Some(reply(200, r#"{"results":[]}"#));
        })
    }

    fn two(log: Log) -> Log {
        page(page(log, Some(1)), Some(2))
    }

    fn listed(log: Log, seen: fn(Log) -> Log) -> Log {
        log.lists(seen)
    }

    #[test]
    fn a_list_stays_on_its_origin_and_ends() {
        let good = || named(Log::new());
        let strays = |log| page(two(log).at(ANOTHER_ORIGIN), None).at("");
        check(&listed(good(), strays), "CLI-18", Grade::Broken);
        let endless = |log| (0..4).fold(two(log), |log, _| page(log, None));
        check(&listed(good(), endless), "CLI-18", Grade::Broken);
        let first_alone = listed(good(), |log| page(log, Some(1)));
        check(&first_alone, "CLI-18", Grade::Tolerated);
        check(&good(), "CLI-18", Grade::Unobserved);
        check(&listed(Log::new(), |log| log), "CLI-18", Grade::Unobserved);
    }
}
