//! Who may end a token (RFC 7009).

use locum_core::{Finding, Grade};

use crate::evidence::Exchange;
use crate::rules::{View, gone, sentence, unobserved};

/// A revocation by another client leaves the token alive; one by its own client ends it, without
/// which the vendor may not notice revocations at all (RFC 7009 §2.1).
pub fn is_for_ones_own(view: &View<'_>) -> Finding {
    let revocations: Vec<_> = view
        .log
        .exchanges()
        .filter(|exchange| exchange.act == "revoke")
        .collect();
    if let Some(gone) = revocations.iter().find_map(gone) {
        return gone;
    }
    let foreign = revocations.iter().find(|revoke| !revoke.how.is_empty());
    let own = revocations.iter().find(|revoke| revoke.how.is_empty());
    let Some(foreign) = foreign else {
        return unobserved(view, "no other client revoked the token");
    };
    let end = own.map_or(u64::MAX, |own| own.seq);
    let before = call_between(view, 0, foreign.seq);
    let after = call_between(view, foreign.seq, end);
    let last = own.and_then(|own| call_between(view, own.seq, u64::MAX));
    if !before.is_some_and(|call| is_served(&call)) {
        return unobserved(view, "the token was never accepted");
    }
    let Some(after) = after else {
        return unobserved(view, "the token was not shown after the revocation");
    };
    if after
        .reply
        .is_some_and(|reply| matches!(reply.status, 401 | 403))
    {
        let seen = format!("{}; then {}", sentence(foreign), sentence(&after));
        return Finding::new(Grade::Broken, "another client ended the token")
            .because("the token alive", seen)
            .proved_by([foreign.seq, after.seq]);
    }
    match (own, last) {
        (Some(own), Some(last)) if is_served(&after) && !is_served(&last) => {
            Finding::new(Grade::Met, sentence(foreign))
                .proved_by([foreign.seq, after.seq])
                .beside([own.seq, last.seq])
        }
        _ => unobserved(view, "its own client's revocation did not end the token"),
    }
}

fn call_between<'a>(view: &View<'a>, from: u64, to: u64) -> Option<Exchange<'a>> {
    view.log
        .acts("call", "")
        .find(|call| call.seq > from && call.seq < to)
}

fn is_served(call: &Exchange<'_>) -> bool {
    call.reply.is_some_and(|reply| reply.is_class(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Log, check};

    /// A call, a foreign revocation, a call, a revocation of one's own, a call.
    fn log(foreign: u16, calls: [u16; 3]) -> Log {
        let call = |log: Log, status| log.exchange("call", "", status, "");
        let log = call(Log::new(), calls[0]);
        let log = log.exchange("revoke", "by another client", foreign, "");
        let log = call(log, calls[1]).exchange("revoke", "", 200, "");
        call(log, calls[2])
    }

    #[test]
    fn another_client_may_not_end_a_token() {
        check(&log(400, [200, 200, 401]), is_for_ones_own, Grade::Met);
        check(&log(200, [200, 200, 401]), is_for_ones_own, Grade::Met);
        check(&log(200, [200, 401, 401]), is_for_ones_own, Grade::Broken);
        check(&log(400, [200, 401, 401]), is_for_ones_own, Grade::Broken);
    }

    #[test]
    fn a_revocation_that_ends_nothing_proves_nothing() {
        let rule = is_for_ones_own;
        check(&log(400, [200, 200, 200]), rule, Grade::Unobserved);
        check(&log(400, [401, 401, 401]), rule, Grade::Unobserved);
        check(&log(400, [200, 503, 401]), rule, Grade::Unobserved);
        check(&Log::new(), rule, Grade::Unobserved);
    }
}
