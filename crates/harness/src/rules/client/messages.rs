//! What a client says in its answers.

use super::commands::asked;
use super::traffic::{Arrival, token_requests};
use super::{met, unobserved};
use crate::evidence::Message;
use crate::rules::{Rule, View};
use crate::subject::ClientReply;
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::client("LOG-02", tells_no_secret).everywhere()];

/// No field of an answer holds a secret. Whether a client takes care shows where the vendor repeats
/// one in its error.
fn tells_no_secret(view: &View<'_>) -> Finding {
    let answers: Vec<_> = asked(view)
        .into_iter()
        .filter_map(|asked| asked.answer)
        .collect();
    let telling = answers.iter().filter(|(_, reply)| names_a_secret(reply));
    if let Some(proof) = Proof::all(telling.map(|(seq, _)| *seq)) {
        let seen = "an answer holds a secret";
        return Finding::broken("no secret in any answer", seen, proof);
    }
    let repeats = |login: &Arrival<'_>| {
        let reply = login.entry.reply.as_ref().map(|reply| Message {
            status: reply.status,
            headers: Vec::new(),
            body: reply.body.clone().unwrap_or_default(),
        });
        reply.is_some_and(|reply| reply.status >= 400 && reply.body.contains('«'))
    };
    let login = token_requests(view).find(repeats);
    let failed = answers
        .iter()
        .find(|(_, reply)| !reply.succeeded() && reply.unsupported.is_none());
    match (login, failed) {
        (Some(login), Some((answer, _))) => {
            let proof = Proof::from(login).and(*answer);
            met(
                view,
                "the vendor repeated a secret, and no answer holds it",
                proof,
            )
        }
        _ => unobserved(view, "the vendor repeated no secret to a call that failed"),
    }
}

fn names_a_secret(reply: &ClientReply) -> bool {
    let fields = [&reply.error, &reply.message, &reply.ws, &reply.unsupported];
    fields.into_iter().flatten().any(|text| text.contains('«'))
}

#[cfg(test)]
pub(super) mod tests {
    use crate::rules::client::testing::check;
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[("LOG-02", |log| {
        log.fails_with("refused", |log| log.login_refused_with(REPEATS))
    })];

    const REPEATS: &str = r#"{"error":"«client secret» is wrong"}"#;

    #[test]
    fn an_answer_holds_no_secret() {
        let told = |message: &str, body: &str| {
            Log::new().fails_with(message, |log| log.login_refused_with(body))
        };
        check(&told("refused", REPEATS), "LOG-02", Grade::Met);
        check(
            &told("«client secret» is wrong", REPEATS),
            "LOG-02",
            Grade::Broken,
        );
        check(
            &told("«client secret» is wrong", "{}"),
            "LOG-02",
            Grade::Broken,
        );
        check(&told("refused", "{}"), "LOG-02", Grade::Unobserved);
        let served = Log::new().call(200, |log| log.login_refused_with(REPEATS));
        check(&served, "LOG-02", Grade::Unobserved);
        check(&Log::new(), "LOG-02", Grade::Unobserved);
    }
}
