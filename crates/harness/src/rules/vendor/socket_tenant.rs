//! Websockets that are opened without the name of the tenant.

use super::effect::{Step, concluded, unseen};
use crate::evidence::{Exchange, Operation, Reaction, SocketVariation, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::Finding;

pub(super) const RULES: &[Rule] = &[Rule::vendor("WSS-40", |view| {
    concluded(names_a_tenant(view))
})];

const NAMELESS: Variation = Variation::Socket(SocketVariation::NoTenant);

/// A websocket without `tenant-name` serves nobody, beside the same one with it, which does.
fn names_a_tenant(view: &View<'_>) -> Step<Finding> {
    let mut varied = view.evidence.varied(Operation::OpenSocket);
    let Some(open) = varied.find(|open| *open.variation == NAMELESS) else {
        return unseen(
            view,
            "no websocket was opened without the name of the tenant",
        );
    };
    let mut documented = view.evidence.documented(Operation::OpenSocket);
    let Some(named) = documented.find(Exchange::is_served) else {
        return unseen(
            view,
            "the websocket did not serve with the name of the tenant",
        );
    };
    if open.got_something() {
        let seen = format!("{}, then CONFIG_ACCEPTED", open.sentence());
        return Ok(Finding::broken("no service", seen, open).beside(named));
    }
    if matches!(open.reaction(), Reaction::Refused) {
        return Ok(Finding::met(open.sentence(), open).beside(named));
    }
    let what = format!(
        "not graded: {} ({})",
        open.sentence(),
        open.reaction().words()
    );
    let unseen = || unobserved(view, &what).seen_in(open);
    Err(Box::new(gone(&open).unwrap_or_else(unseen)))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Frames, Log, check, check_failures_behind};
    use crate::verdict::Grade;

    const NAMELESS: &str = "without the tenant's name";
    const ACCEPTED: Frames<'_> = &[("text", r#"{"type":"CONFIG_ACCEPTED"}"#)];
    const DENIED: Frames<'_> = &[("close", "1008")];

    #[test]
    fn a_websocket_without_a_tenant_serves_nobody() {
        let named = || Log::new().opened("", 101, "", ACCEPTED);
        let check = |log: Log, grade| check(&log, "WSS-40", grade);
        check(named().opened(NAMELESS, 403, "", &[]), Grade::Met);
        check(named().opened(NAMELESS, 101, "", DENIED), Grade::Met);
        check(named().opened(NAMELESS, 101, "", ACCEPTED), Grade::Broken);
        let unnamed = Log::new().opened("", 101, "", DENIED);
        check(unnamed.opened(NAMELESS, 403, "", &[]), Grade::Unobserved);
        check(named(), Grade::Unobserved);
        check_failures_behind(named, "WSS-40", "open", NAMELESS);
    }
}
