//! Tokens that are limited to one websocket.

use super::effect::{Step, all_refused, concluded, unseen};
use super::socket::refused_beside;
use super::token_age::shows_token_of;
use crate::evidence::{
    CallVariation, Exchange, LoginVariation, Operation, SocketVariation, Variation,
};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("VEN-21", |view| {
    concluded(limited_token_opens_its_own_socket_alone(view))
})];

/// A limited token is refused by the API and by each other socket, which an unlimited one opens;
/// and it opens its own, without which its refusal says nothing of its limits.
fn limited_token_opens_its_own_socket_alone(view: &View<'_>) -> Step<Finding> {
    let limited: Vec<Exchange<'_>> = view
        .evidence
        .varied(Operation::Login)
        .filter(|login| login.is_served() && is_limited(login.variation))
        .collect();
    let shows_limited = |exchange: &Exchange<'_>| {
        let shown = |login: &Exchange<'_>| shows_token_of(exchange, login);
        limited.iter().any(shown)
    };
    let tries: Vec<Exchange<'_>> = view
        .evidence
        .exchanges()
        .filter(|exchange| is_try(exchange) && shows_limited(exchange))
        .collect();
    if tries.is_empty() {
        return unseen(view, "no limited token was used where it has no place");
    }
    let proof = all_refused(view, &tries)?;
    let own = view
        .evidence
        .documented(Operation::OpenSocket)
        .find(|open| open.is_served() && shows_limited(open));
    let Some(own) = own else {
        return unseen(view, "the limited token did not open its own socket");
    };
    let mut control = Proof::from(&own);
    for exchange in &tries {
        let unlimited = |exchange: &Exchange<'_>| !shows_limited(exchange);
        let beside = match exchange.operation {
            Operation::OpenSocket => refused_beside(view, exchange, unlimited)?,
            _ => called_beside(view, exchange, unlimited)?,
        };
        control = control.and(beside);
    }
    Ok(Finding::met(format!("{} refused", tries.len()), proof).beside(control))
}

/// A login that asks for a scope of its own.
fn is_limited(variation: &Variation) -> bool {
    matches!(variation, Variation::Login(LoginVariation::With(name, _)) if name == "scope")
}

fn is_try(exchange: &Exchange<'_>) -> bool {
    matches!(
        exchange.variation,
        Variation::Call(CallVariation::LimitedToken)
            | Variation::Socket(SocketVariation::LimitedToken)
    )
}

/// The same call, served to another token.
fn called_beside<'a>(
    view: &View<'a>,
    refused: &Exchange<'_>,
    is_good: impl Fn(&Exchange<'_>) -> bool,
) -> Step<Exchange<'a>> {
    let same = |call: &Exchange<'_>| {
        call.request.method == refused.request.method
            && call.request.target == refused.request.target
    };
    let control = view
        .evidence
        .documented(Operation::Call)
        .find(|call| call.is_served() && same(call) && is_good(call));
    match control {
        Some(control) => Ok(control),
        None => unseen(view, "the same call was never served to another token"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const KEY: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    const ACCEPTED: (&str, &str) = ("text", r#"{"type":"CONFIG_ACCEPTED"}"#);
    const DENIED: (&str, &str) = ("text", r#"{"type":"CONFIG_DENIED"}"#);
    const CONFIG: (&str, &str) = ("sent", r#"{"configuration":{"a":1}}"#);
    const STREAM: (&str, &str) = ("sent", r#"{"configuration":{"b":2}}"#);
    const SCOPE: &str = "with scope openid transcribe";
    const LIMITED: &str = "with the limited token";

    fn target(path: &str, token: usize) -> String {
        format!("{path}?token=Bearer%20«access token {token}»")
    }

    fn token(number: usize) -> String {
        format!(r#"{{"access_token":"«access token {number}»"}}"#)
    }

    fn logged_in() -> Log {
        Log::new().exchange("login", "", 200, &token(1))
    }

    fn limited(log: Log, frames: &[(&'static str, &str)]) -> Log {
        log.exchange("login", SCOPE, 200, &token(2)).opened_at(
            &target("/own", 2),
            "",
            101,
            KEY,
            frames,
        )
    }

    fn rest(control: u16, own: &[(&'static str, &str)], status: u16) -> Log {
        let log = logged_in().sent("call", "", "Bearer «access token 1»", control, "[]");
        limited(log, own).sent("call", LIMITED, "Bearer «access token 2»", status, "[]")
    }

    #[test]
    fn a_limited_token_does_not_reach_the_api() {
        let own = [CONFIG, ACCEPTED];
        check(&rest(200, &own, 403), "VEN-21", Grade::Met);
        check(&rest(200, &own, 200), "VEN-21", Grade::Broken);
        check(&rest(200, &own, 500), "VEN-21", Grade::Unobserved);
        check(&rest(401, &own, 403), "VEN-21", Grade::Unobserved);
        // It did not open its own socket.
        check(
            &rest(200, &[CONFIG, DENIED], 403),
            "VEN-21",
            Grade::Unobserved,
        );
        let other = logged_in()
            .sent("call", "", "Bearer «access token 1»", 200, "[]")
            .opened_at(&target("/own", 1), "", 101, KEY, &own)
            .exchange("login", SCOPE, 200, &token(2))
            .sent("call", LIMITED, "Bearer «access token 2»", 403, "[]");
        check(&other, "VEN-21", Grade::Unobserved);
    }

    fn stream(
        control: &[(&'static str, &str)],
        status: u16,
        tried: &[(&'static str, &str)],
    ) -> Log {
        let log = logged_in().opened_at(&target("/stream", 1), "", 101, KEY, control);
        limited(log, &[CONFIG, ACCEPTED]).opened_at(
            &target("/stream", 2),
            LIMITED,
            status,
            KEY,
            tried,
        )
    }

    #[test]
    fn a_limited_token_does_not_open_another_socket() {
        let control = [STREAM, ACCEPTED];
        check(&stream(&control, 403, &[]), "VEN-21", Grade::Met);
        check(
            &stream(&control, 101, &[STREAM, DENIED]),
            "VEN-21",
            Grade::Met,
        );
        check(
            &stream(&control, 101, &[STREAM, ACCEPTED]),
            "VEN-21",
            Grade::Broken,
        );
        check(&stream(&control, 500, &[]), "VEN-21", Grade::Unobserved);
        check(
            &stream(&[STREAM, DENIED], 403, &[]),
            "VEN-21",
            Grade::Unobserved,
        );
    }

    /// It was PASS when the limited token got 101, and then CONFIG_DENIED for a configuration that
    /// was none of that socket.
    #[test]
    fn a_wrong_configuration_is_denied_to_any_token() {
        let log = stream(&[STREAM, ACCEPTED], 101, &[CONFIG, DENIED]);
        check(&log, "VEN-21", Grade::Unobserved);
        let log = stream(&[CONFIG, DENIED], 101, &[CONFIG, DENIED]);
        check(&log, "VEN-21", Grade::Unobserved);
    }

    #[test]
    fn a_failure_limits_nothing() {
        for failure in FAILURES {
            let log = logged_in().opened_at(&target("/stream", 1), "", 101, KEY, &[ACCEPTED]);
            let log = limited(log, &[CONFIG, ACCEPTED]).failed("open", LIMITED, failure);
            check(&log, "VEN-21", Grade::Unobserved);
            let log = rest(200, &[CONFIG, ACCEPTED], 403);
            let failed = log.failed_showing("call", LIMITED, "«access token 2»", failure);
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            check(&failed, "VEN-21", grade);
        }
    }
}
