//! What a client prints.

use super::traffic::{Arrival, api_requests, token_requests};
use super::{met, unobserved};
use crate::evidence::RecordId;
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::client("LOG-01", prints_no_secret).everywhere()];

/// So many names of what was printed tell enough.
const SHOWN: usize = 3;

/// No secret or token stands in what the client prints. Secrets stand in the evidence as names, so
/// that a line with such a name held one.
fn prints_no_secret(view: &View<'_>) -> Finding {
    let mut names: Vec<&str> = Vec::new();
    let mut lines: Vec<RecordId> = Vec::new();
    for (seq, _, text) in view.evidence.output() {
        let found: Vec<&str> = secrets_in(text).collect();
        if !found.is_empty() {
            lines.push(seq);
            names.extend(found);
        }
    }
    names.sort_unstable();
    names.dedup();
    if let Some(proof) = Proof::all(lines) {
        let seen = match names.split_at_checked(SHOWN) {
            Some((first, more)) if !more.is_empty() => {
                format!("printed: {} and {} more", first.join(", "), more.len())
            }
            _ => format!("printed: {}", names.join(", ")),
        };
        return Finding::broken("no secret, password or token in the output", seen, proof);
    }
    // A mock alone does not hear what the client prints: somebody has to have started it.
    if !view.evidence.hears_output() {
        return unobserved(view, "what the client printed was not heard");
    }
    let login = token_requests(view).find(Arrival::is_served);
    let call = api_requests(view).find(Arrival::is_served);
    match (login, call) {
        (Some(login), Some(call)) => {
            let proof = Proof::from(login).and(call);
            met(view, "nothing of it in the output", proof)
        }
        _ => unobserved(view, "no login and call were served"),
    }
}

/// The names of secrets in a text of the evidence, but for what only looks like one.
fn secrets_in(text: &str) -> impl Iterator<Item = &str> {
    let names = text
        .split('«')
        .skip(1)
        .filter_map(|rest| rest.split_once('»'));
    names
        .map(|(name, _)| name)
        .filter(|name| !name.starts_with("unknown"))
}

#[cfg(test)]
mod tests {
    use locum_core::Outcome;

    use crate::rules::client::testing::check;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    fn served() -> Log {
        let log = Log::new().output_heard().grant(1);
        log.api(1, Outcome::Admitted)
    }

    #[test]
    fn a_secret_in_the_output_breaks_the_row() {
        check(&served(), "LOG-01@pattern", Grade::Met);
        let printed = |text: &str| served().printed("something").printed(text);
        check(&printed("all is well"), "LOG-01@pattern", Grade::Met);
        let finding = check(
            &printed("got «access token 1 of a»"),
            "LOG-01@pattern",
            Grade::Broken,
        );
        assert_eq!(finding.observed(), Some("printed: access token 1 of a"));
        assert_eq!(finding.evidence().len(), 1);
        check(
            &printed("id «unknown, 40 bytes»"),
            "LOG-01@pattern",
            Grade::Met,
        );
    }

    #[test]
    fn a_client_that_nobody_heard_is_not_quiet() {
        let log = Log::new().grant(1).api(1, Outcome::Admitted);
        check(&log, "LOG-01@pattern", Grade::Unobserved);
        check(&Log::new(), "LOG-01@pattern", Grade::Unobserved);
    }
}
