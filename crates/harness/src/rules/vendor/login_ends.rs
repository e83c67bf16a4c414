//! Several logins of one account: which of them end, and which go on.

use super::effect::{Step, all_refused, concluded, control, every, made, settled, unseen};
use crate::evidence::{Exchange, Moment, Operation, Other, Variation};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("REV-10", |view| concluded(other_logins_go_on(view))),
    Rule::vendor("REV-15", |view| concluded(every_login_ends(view))),
    Rule::vendor("COG-34", |view| {
        concluded(another_client_ends_nothing(view))
    }),
];

/// Where a login shows that it goes on: its access token is taken, its refresh token gives tokens.
const SHOWN: [Operation; 5] = [
    Operation::UseAccessToken,
    Operation::Call,
    Operation::Refresh,
    Operation::UserInfo,
    Operation::Renew,
];

/// What came of the login of this number at this moment, everywhere.
fn shown<'a>(view: &View<'a>, number: usize, moment: Moment) -> Vec<Exchange<'a>> {
    let variation = Variation::Token(number, moment);
    let of = |operation: &Operation| every(view, *operation, &variation);
    SHOWN.iter().flat_map(of).collect()
}

/// The positive control of each of `exchanges`: the same before, served.
fn served_before(view: &View<'_>, exchanges: &[Exchange<'_>]) -> Step<Proof> {
    let mut proof: Option<Proof> = None;
    for exchange in exchanges {
        let Variation::Token(number, _) = exchange.variation else {
            continue;
        };
        let before = Variation::Token(*number, Moment::Before);
        let before = Proof::from(control(view, exchange.operation, &before)?);
        proof = Some(match proof.take() {
            Some(known) => known.and(before),
            None => before,
        });
    }
    match proof {
        Some(proof) => Ok(proof),
        None => unseen(view, "no login was used before"),
    }
}

/// The first login was ended, and the second one goes on.
fn other_logins_go_on(view: &View<'_>) -> Step<Finding> {
    let (ended, alive) = (shown(view, 1, Moment::After), shown(view, 2, Moment::After));
    let worked = |exchange: &&Exchange<'_>| served_before(view, &[**exchange]).is_ok();
    let dead: Vec<&Exchange<'_>> = alive
        .iter()
        .filter(|exchange| exchange.is_refused())
        .filter(worked)
        .collect();
    if let Some(proof) = Proof::all(dead.iter().copied()) {
        let seen: Vec<String> = dead.iter().map(|exchange| exchange.sentence()).collect();
        let grade = match view.expected.deviation_tolerated {
            true => Grade::Tolerated,
            false => Grade::Broken,
        };
        let expected = "the second login goes on";
        return Ok(Finding::deviation(grade, expected, seen.join("; "), proof));
    }
    settled(view, &ended)?;
    settled(view, &alive)?;
    if !ended.iter().any(Exchange::is_refused) {
        return unseen(view, "the revocation ended nothing");
    }
    let before = served_before(view, &[ended.clone(), alive.clone()].concat())?;
    let absent = || unobserved(view, "the second login was not used afterwards");
    match Proof::all(&alive) {
        Some(proof) => Ok(Finding::met("the second login goes on", proof).beside(before)),
        None => Err(Box::new(absent())),
    }
}

/// The login goes on after another client asked for its end, and its own client can end it.
fn another_client_ends_nothing(view: &View<'_>) -> Step<Finding> {
    let by_another = Variation::By(Other::Client);
    let asked = made(view, Operation::RevokeRefreshToken, &by_another)?;
    let after = shown(view, 1, Moment::After);
    let worked = |exchange: &&Exchange<'_>| served_before(view, &[**exchange]).is_ok();
    let dead: Vec<&Exchange<'_>> = after
        .iter()
        .filter(|exchange| exchange.is_refused())
        .filter(worked)
        .collect();
    if let Some(proof) = Proof::all(dead.iter().copied()) {
        let seen: Vec<String> = dead.iter().map(|exchange| exchange.sentence()).collect();
        let seen = format!("after a {}: {}", asked.sentence(), seen.join("; "));
        return Ok(Finding::broken("the login goes on", seen, proof.and(asked)));
    }
    settled(view, &[asked])?;
    settled(view, &after)?;
    let before = served_before(view, &after)?;
    let own = control(view, Operation::RevokeRefreshToken, &Variation::Documented)?;
    match Proof::all(&after) {
        Some(proof) => {
            let proof = proof.and(asked);
            Ok(Finding::met("the login goes on", proof).beside(before.and(own)))
        }
        None => unseen(view, "the login was not used afterwards"),
    }
}

/// Every login that worked before is ended.
fn every_login_ends(view: &View<'_>) -> Step<Finding> {
    let after = [shown(view, 1, Moment::After), shown(view, 2, Moment::After)];
    let proof = all_refused(view, &after.concat())?;
    for (number, shown) in after.iter().enumerate() {
        if shown.is_empty() {
            let what = format!("login {} was not used afterwards", number + 1);
            return unseen(view, &what);
        }
    }
    let before = served_before(view, &after.concat())?;
    let ids = [1, 2].map(|number| {
        every(
            view,
            Operation::UseIdToken,
            &Variation::Token(number, Moment::After),
        )
    });
    let taken = ids.concat().iter().any(Exchange::is_served);
    let of_ids = match taken {
        true => "the identity pool still takes an id token",
        false => "the identity pool takes no id token either",
    };
    let seen = format!("both logins ended; {of_ids}");
    Ok(Finding::met(seen, proof).beside(before))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKENS: &str =
        r#"{"AuthenticationResult":{"AccessToken":"a","IdToken":"i","RefreshToken":"r"}}"#;
    const USER: &str = r#"{"Username":"u"}"#;
    const DENIED: &str = r#"{"__type":"NotAuthorizedException","message":"m"}"#;

    /// Both logins are used; `works` says of which the tokens work.
    fn used(log: Log, moment: &str, works: [bool; 2]) -> Log {
        (1..).zip(works).fold(log, |log, (number, works)| {
            let phrase = format!("token {number} {moment}");
            let reply = |body| if works { (200, body) } else { (400, DENIED) };
            let (access, refresh) = (reply(USER), reply(TOKENS));
            log.exchange("use access", &phrase, access.0, access.1)
                .exchange("refresh", &phrase, refresh.0, refresh.1)
        })
    }

    fn before() -> Log {
        used(Log::of_a_user_pool(), "before", [true, true])
    }

    #[test]
    fn one_login_ends_and_the_other_goes_on() {
        check(
            &used(before(), "after", [false, true]),
            "REV-10",
            Grade::Met,
        );
        check(
            &used(before(), "after", [false, false]),
            "REV-10",
            Grade::Broken,
        );
        let both_ended = used(before(), "after", [false, false]);
        check(&both_ended, "REV-10@corti", Grade::Tolerated);
        check(
            &used(before(), "after", [true, true]),
            "REV-10",
            Grade::Unobserved,
        );
        let unused = used(Log::of_a_user_pool(), "after", [false, true]);
        check(&unused, "REV-10", Grade::Unobserved);
        check(&before(), "REV-10", Grade::Unobserved);
    }

    #[test]
    fn another_client_ends_no_login() {
        let asked = |works, status| {
            let log = used(Log::of_a_user_pool(), "before", [true, true]);
            let log = log.exchange("revoke refresh", "by another client", status, "{}");
            used(log, "after", [works, true]).exchange("revoke refresh", "", 200, "")
        };
        check(&asked(true, 200), "COG-34", Grade::Met);
        check(&asked(true, 400), "COG-34", Grade::Met);
        check(&asked(false, 200), "COG-34", Grade::Broken);
        check(&asked(true, 500), "COG-34", Grade::Unobserved);
        check(&before(), "COG-34", Grade::Unobserved);
        let unused = before().exchange("revoke refresh", "by another client", 200, "{}");
        check(&unused, "COG-34", Grade::Unobserved);
        for failure in FAILURES {
            let log = asked(true, 200).failed("refresh", "token 1 after", failure);
            let grade = match failure {
                crate::rules::testing::BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            check(&log, "COG-34", grade);
        }
    }

    #[test]
    fn all_logins_end() {
        check(
            &used(before(), "after", [false, false]),
            "REV-15",
            Grade::Met,
        );
        check(
            &used(before(), "after", [false, true]),
            "REV-15",
            Grade::Broken,
        );
        check(
            &used(before(), "after", [true, true]),
            "REV-15",
            Grade::Broken,
        );
        let unused = used(Log::of_a_user_pool(), "after", [false, false]);
        check(&unused, "REV-15", Grade::Unobserved);
        check(&before(), "REV-15", Grade::Unobserved);
    }

    #[test]
    fn a_vendor_that_fails_has_ended_nothing() {
        for failure in FAILURES {
            let log =
                used(before(), "after", [false, false]).failed("refresh", "token 2 after", failure);
            let grade = match failure {
                crate::rules::testing::BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            check(&log, "REV-15", grade);
            let log =
                used(before(), "after", [false, true]).failed("refresh", "token 2 after", failure);
            check(&log, "REV-10", grade);
        }
    }
}
