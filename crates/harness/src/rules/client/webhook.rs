//! How a client's receiver takes webhooks.

use super::plan::controls;
use super::traffic::{Arrival, token_requests};
use super::{met, unobserved};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};
use crate::webhook::CALL;

pub(super) const RULES: &[Rule] = &[Rule::client("CLI-26", answers_both_deliveries)];

/// From here on an answer is late, in milliseconds.
const LATE_MS: u64 = 5000;

/// Both deliveries of one event get 200 or 201 with an empty body, quickly.
fn answers_both_deliveries(view: &View<'_>) -> Finding {
    let login = token_requests(view).find(Arrival::is_served);
    let deliveries: Vec<_> = controls(view, CALL).collect();
    let (Some(login), [_, _, ..]) = (login, &deliveries[..]) else {
        return unobserved(view, "no event was delivered twice after a login");
    };
    if let Some((seq, _)) = deliveries.iter().find(|(_, told)| told["reached"] != true) {
        return unobserved(view, "nobody listens at the receiver's address").seen_in(*seq);
    }
    let all = deliveries
        .iter()
        .fold(Proof::from(login), |proof, (seq, _)| proof.and(*seq));
    let expected = "200 or 201 with an empty body within five seconds, twice";
    for (number, (_, told)) in deliveries.iter().enumerate() {
        let bytes = told["body_bytes"].as_u64().unwrap_or_default();
        let elapsed = told["elapsed_ms"].as_u64().unwrap_or_default();
        let seen = match told["status"].as_u64() {
            None => "no answer".to_owned(),
            Some(status) if status != 200 && status != 201 => format!("status {status}"),
            Some(_) if bytes > 0 => format!("a body of {bytes} bytes"),
            Some(_) if elapsed >= LATE_MS => format!("an answer after {elapsed} ms"),
            Some(_) => continue,
        };
        let seen = format!("{seen} to delivery {}", number + 1);
        return Finding::broken(expected, seen, all);
    }
    met(view, "both deliveries were answered", all)
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use crate::rules::client::testing::check;
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] =
        &[("CLI-26", |log| delivered(log, &good()))];

    fn good() -> Value {
        json!({"reached": true, "status": 200, "body_bytes": 0, "elapsed_ms": 3})
    }

    /// A login, a good delivery and this one.
    fn delivered(log: Log, second: &Value) -> Log {
        log.grant(1)
            .control("webhook", &good())
            .control("webhook", second)
    }

    fn with(name: &str, value: impl Into<Value>) -> Log {
        let mut told = good();
        told[name] = value.into();
        delivered(Log::new(), &told)
    }

    #[test]
    fn the_same_delivery_twice_is_answered_twice() {
        check(&with("status", 201), "CLI-26", Grade::Met);
        check(&with("status", 500), "CLI-26", Grade::Broken);
        check(&with("status", 204), "CLI-26", Grade::Broken);
        check(&with("status", Value::Null), "CLI-26", Grade::Broken);
        check(&with("body_bytes", 2), "CLI-26", Grade::Broken);
        check(&with("elapsed_ms", 5000), "CLI-26", Grade::Broken);
        check(&with("reached", false), "CLI-26", Grade::Unobserved);
        check(
            &Log::new().grant(1).control("webhook", &good()),
            "CLI-26",
            Grade::Unobserved,
        );
        let without = Log::new()
            .control("webhook", &good())
            .control("webhook", &good());
        check(&without, "CLI-26", Grade::Unobserved);
        check(&with("status", 200).client_gone(), "CLI-26", Grade::Gone);
    }
}
