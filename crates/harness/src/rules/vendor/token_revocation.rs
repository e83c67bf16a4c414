//! What a revocation or a logout ends (RFC 7009 §2.1), by what is shown afterwards.

use super::effect::{Step, concluded, control, every, settled, unseen};
use crate::evidence::{Exchange, Moment, Operation, RecordId, RevocationVariation, Variation};
use crate::rules::{Rule, View, worst_not_served};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("REV-02", |view| concluded(ignores_the_hint(view))),
    Rule::vendor("REV-13", |view| concluded(ends_access_tokens_too(view))),
    Rule::vendor("REV-14", |view| concluded(logout_ends_one_login(view))),
];

/// Where an access token is shown: first where its issuer looks at it.
const PLACES: [Operation; 2] = [Operation::UserInfo, Operation::Call];

const WRONG_HINT: Variation = Variation::Revocation(RevocationVariation::WrongHint);
const UNKNOWN_HINT: Variation = Variation::Revocation(RevocationVariation::UnknownHint);

/// A token was shown before and after something happened, at the first place that took it before.
fn shown_around<'a>(
    view: &View<'a>,
    (from, at, to): (Option<RecordId>, RecordId, Option<RecordId>),
) -> Option<(Exchange<'a>, Vec<Exchange<'a>>)> {
    PLACES.iter().find_map(|place| {
        let all = || view.evidence.documented(*place);
        let before = all()
            .filter(|shown| shown.seq < at && from.is_none_or(|from| shown.seq > from))
            .find(Exchange::is_served)?;
        let after = all().filter(|shown| shown.seq > at && to.is_none_or(|to| shown.seq < to));
        Some((before, after.collect()))
    })
}

/// A token is ended without a hint and with one that names another kind, or with one that names
/// nothing (RFC 7009 §2.2: an invalid hint is ignored).
fn ignores_the_hint(view: &View<'_>) -> Step<Finding> {
    let all = view.evidence.exchanges_for(Operation::Revoke);
    let revocations: Vec<Exchange<'_>> = all
        .filter(|exchange| {
            let hints = [&WRONG_HINT, &UNKNOWN_HINT];
            exchange.is_documented() || hints.contains(&exchange.variation)
        })
        .collect();
    let mut ended: Vec<Proof> = Vec::new();
    let mut controls: Vec<Proof> = Vec::new();
    let mut open: Vec<Finding> = Vec::new();
    for (place, revocation) in revocations.iter().enumerate() {
        let neighbour = |at: Option<usize>| at.and_then(|at| revocations.get(at));
        let from = neighbour(place.checked_sub(1)).map(|one| one.seq);
        // From the next login on another token is shown.
        let next = neighbour(place.checked_add(1)).map(|one| one.seq);
        let mut logins = view.evidence.documented(Operation::Login);
        let login = logins.find(|login| login.seq > revocation.seq);
        let to = login.map(|login| login.seq).or(next);
        let Some((before, after)) = shown_around(view, (from, revocation.seq, to)) else {
            let what = format!(
                "{}: its token was taken nowhere before",
                revocation.sentence()
            );
            open.push(crate::rules::unobserved(view, &what).seen_in(revocation));
            continue;
        };
        let expected = "200, and an end of the token";
        let proof = || {
            let shown = Proof::all(&after);
            shown.map_or_else(
                || revocation.into(),
                |shown| Proof::from(revocation).and(shown),
            )
        };
        if after.iter().any(Exchange::is_served) {
            let seen = format!("{}; the token is taken afterwards", revocation.sentence());
            return Ok(Finding::broken(expected, seen, proof()).beside(before));
        }
        if let Err(finding) = settled(view, &after) {
            open.push(*finding);
        } else if after.is_empty() {
            let what = format!(
                "{}: its token was not shown afterwards",
                revocation.sentence()
            );
            open.push(crate::rules::unobserved(view, &what).seen_in(revocation));
        } else {
            ended.push(proof());
            controls.push((&before).into());
        }
    }
    let status = revocations
        .iter()
        .find(|one| one.is_refused() || one.is_served() && one.status() != 200);
    if let Some(refused) = status {
        return Ok(Finding::broken("200", refused.sentence(), refused));
    }
    if let Some(finding) = worst_not_served(&revocations, "200, and an end of the token") {
        return Ok(finding);
    }
    if let Some(finding) = open.into_iter().next() {
        return Err(Box::new(finding));
    }
    let is_unknown = |one: &Exchange<'_>| *one.variation == UNKNOWN_HINT;
    let wanted: &[&Variation] = match revocations.iter().any(is_unknown) {
        true => &[&UNKNOWN_HINT],
        false => &[&Variation::Documented, &WRONG_HINT],
    };
    for wanted in wanted.iter().copied() {
        if !revocations.iter().any(|one| one.variation == wanted) {
            return unseen(view, &format!("no revocation {wanted} was made"));
        }
    }
    match (Proof::all(ended), Proof::all(controls)) {
        (Some(proof), Some(before)) => {
            let seen = format!("{} revocations ended their tokens", revocations.len());
            Ok(Finding::met(seen, proof).beside(before))
        }
        _ => unseen(view, "no token was revoked"),
    }
}

/// With a refresh token that is refused from then on the access token of its login ends, too.
fn ends_access_tokens_too(view: &View<'_>) -> Step<Finding> {
    let revocation = Variation::Revocation(RevocationVariation::RefreshToken);
    let (before, after) = (
        Variation::Token(1, Moment::Before),
        Variation::Token(1, Moment::After),
    );
    let renewals = every(view, Operation::Renew, &Variation::AfterRevocation);
    settled(view, &renewals)?;
    let refused = renewals.iter().filter(|renewal| renewal.is_refused());
    let Some(refused) = Proof::all(refused).filter(|_| !renewals.iter().any(Exchange::is_served))
    else {
        return unseen(view, "the refresh token was not refused afterwards");
    };
    let control = control(view, Operation::UserInfo, &before)?;
    let shown = every(view, Operation::UserInfo, &after);
    if let Some(proof) = Proof::all(shown.iter().filter(|shown| shown.is_served())) {
        let seen = "userinfo takes the access token after its refresh token was revoked";
        let finding = Finding::broken("an end of the access token", seen, proof);
        return Ok(finding.beside(control));
    }
    settled(view, &shown)?;
    super::effect::made(view, Operation::Revoke, &revocation)?;
    match Proof::all(&shown) {
        Some(proof) => {
            let seen = "the access token ended with its refresh token";
            Ok(Finding::met(seen, proof.and(refused)).beside(control))
        }
        None => unseen(view, "the access token was not shown afterwards"),
    }
}

/// A logout ends the login of its refresh token, and the other one goes on.
fn logout_ends_one_login(view: &View<'_>) -> Step<Finding> {
    let shown = |number, moment| {
        let variation = Variation::Token(number, moment);
        [Operation::UserInfo, Operation::Renew]
            .map(|operation| every(view, operation, &variation))
            .concat()
    };
    let logout = control(view, Operation::Logout, &Variation::Documented)?;
    let (ended, alive) = (shown(1, Moment::After), shown(2, Moment::After));
    let worked = |exchange: &Exchange<'_>| {
        let Variation::Token(number, _) = exchange.variation else {
            return false;
        };
        let before = Variation::Token(*number, Moment::Before);
        let before = every(view, exchange.operation, &before);
        before.iter().any(Exchange::is_served)
    };
    let mut wrong: Vec<(&Exchange<'_>, String)> = Vec::new();
    for exchange in ended.iter().filter(|exchange| exchange.got_something()) {
        wrong.push((
            exchange,
            format!("{}, of the login that was ended", exchange.sentence()),
        ));
    }
    for exchange in alive
        .iter()
        .filter(|exchange| exchange.is_refused() && worked(exchange))
    {
        wrong.push((
            exchange,
            format!("{}, of another login", exchange.sentence()),
        ));
    }
    if let Some(proof) = Proof::all(wrong.iter().map(|(exchange, _)| *exchange)) {
        let seen: Vec<String> = wrong.into_iter().map(|(_, seen)| seen).collect();
        let expected = "the login of the refresh token ends, and no other";
        return Ok(Finding::broken(
            expected,
            seen.join("; "),
            proof.and(logout),
        ));
    }
    let all = [ended.clone(), alive.clone()].concat();
    settled(view, &all)?;
    if ended.is_empty() || alive.is_empty() || !all.iter().all(worked) {
        return unseen(view, "not both logins were used before and afterwards");
    }
    match (Proof::all(&ended), Proof::all(&alive)) {
        (Some(proof), Some(other)) => {
            Ok(Finding::met("one login ended", proof.and(logout)).beside(other))
        }
        _ => unseen(view, "no login was used afterwards"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKEN: &str = r#"{"access_token":"t-0123"}"#;
    const SUBJECT: &str = r#"{"sub":"s"}"#;
    const GONE: &str = r#"{"error":"invalid_grant"}"#;

    fn shown(log: Log, status: u16) -> Log {
        log.exchange("userinfo", "", status, SUBJECT)
            .exchange("call", "", status, "[]")
    }

    /// A token is shown, revoked in this way, and shown again.
    fn revoked(log: Log, phrase: &str, status: u16, after: u16) -> Log {
        let log = shown(log.exchange("login", "", 200, TOKEN), 200);
        shown(log.exchange("revoke", phrase, status, ""), after)
    }

    #[test]
    fn a_revocation_needs_no_hint_and_bears_a_wrong_one() {
        let log = |plain: (u16, u16), hinted: (u16, u16)| {
            let log = revoked(Log::new(), "", plain.0, plain.1);
            revoked(log, "with a wrong hint", hinted.0, hinted.1)
        };
        check(&log((200, 401), (200, 401)), "REV-02", Grade::Met);
        check(&log((200, 200), (200, 401)), "REV-02", Grade::Broken);
        check(&log((200, 401), (200, 200)), "REV-02", Grade::Broken);
        check(&log((200, 401), (400, 200)), "REV-02", Grade::Broken);
        check(&log((200, 401), (400, 401)), "REV-02", Grade::Broken);
        check(&log((200, 401), (500, 401)), "REV-02", Grade::Broken);
        check(&log((200, 401), (200, 503)), "REV-02", Grade::Unobserved);
        let half = revoked(Log::new(), "", 200, 401);
        check(&half, "REV-02", Grade::Unobserved);
        let unused = Log::new().exchange("revoke", "", 200, "");
        check(&unused, "REV-02", Grade::Unobserved);
    }

    /// An API may look at signatures alone: what the issuer itself says counts.
    #[test]
    fn an_issuer_says_what_an_api_may_not_know() {
        let one = |phrase| {
            move |log: Log| {
                shown(log.exchange("login", "", 200, TOKEN), 200)
                    .exchange("revoke", phrase, 200, "")
                    .exchange("userinfo", "", 401, "")
                    .exchange("call", "", 200, "[]")
            }
        };
        let log = one("with a wrong hint")(one("")(Log::new()));
        check(&log, "REV-02", Grade::Met);
    }

    fn ended(renewal: u16, access: u16) -> Log {
        Log::new()
            .exchange("userinfo", "token 1 before", 200, SUBJECT)
            .exchange("revoke", "of the refresh token", 200, "")
            .exchange("renew", "after the revocation", renewal, GONE)
            .exchange("userinfo", "token 1 after", access, SUBJECT)
    }

    #[test]
    fn access_tokens_end_with_their_refresh_token() {
        check(&ended(400, 401), "REV-13", Grade::Met);
        check(&ended(400, 200), "REV-13", Grade::Broken);
        check(&ended(400, 503), "REV-13", Grade::Unobserved);
        check(&ended(500, 200), "REV-13", Grade::Unobserved);
        let alone = Log::new().exchange("userinfo", "token 1 after", 200, SUBJECT);
        check(&alone, "REV-13", Grade::Unobserved);
    }

    fn used(log: Log, moment: &str, works: [bool; 2]) -> Log {
        (1..).zip(works).fold(log, |log, (number, works)| {
            let phrase = format!("token {number} {moment}");
            let (renewal, access) = match works {
                true => ((200, TOKEN), (200, SUBJECT)),
                false => ((400, GONE), (401, "")),
            };
            log.exchange("userinfo", &phrase, access.0, access.1)
                .exchange("renew", &phrase, renewal.0, renewal.1)
        })
    }

    fn logged_out(works: [bool; 2]) -> Log {
        let log = used(Log::new(), "before", [true, true]);
        used(log.exchange("logout", "", 204, ""), "after", works)
    }

    #[test]
    fn a_logout_ends_one_login() {
        check(&logged_out([false, true]), "REV-14", Grade::Met);
        check(&logged_out([true, true]), "REV-14", Grade::Broken);
        check(&logged_out([false, false]), "REV-14", Grade::Broken);
        let unused = used(
            Log::new().exchange("logout", "", 204, ""),
            "after",
            [false, true],
        );
        check(&unused, "REV-14", Grade::Unobserved);
        for failure in FAILURES {
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            let log = logged_out([false, true]).failed("renew", "token 2 after", failure);
            check(&log, "REV-14", grade);
        }
    }
}
