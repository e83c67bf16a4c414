//! What a client says in its answers.

use super::commands::asked;
use super::traffic::{Arrival, token_requests};
use super::{met, unobserved};
use crate::evidence::Message;
use crate::rules::{Rule, View};
use crate::subject::{ClientCommand, ClientReply};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::client("LOG-02", tells_no_secret).everywhere()];

/// No field of an answer holds a secret. Whether a client takes care shows where the vendor repeats
/// one in its error.
fn tells_no_secret(view: &View<'_>) -> Finding {
    let answers: Vec<_> = asked(view)
        .into_iter()
        .filter_map(|asked| {
            let (seq, reply) = asked.answer?;
            Some((seq, reply, is_of_a_socket(asked.command)))
        })
        .collect();
    let telling: Vec<_> = answers
        .iter()
        .filter_map(|(seq, reply, of_socket)| Some((*seq, secret_in(reply, *of_socket)?)))
        .collect();
    if let Some(proof) = Proof::all(telling.iter().map(|(seq, _)| *seq)) {
        let (_, (field, secret)) = telling[0];
        let seen = format!("the {field} of an answer holds {secret}");
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
        .find(|(_, reply, _)| !reply.succeeded() && reply.unsupported.is_none());
    match (login, failed) {
        (Some(login), Some((answer, ..))) => {
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

/// Whether the command opens or uses a websocket.
fn is_of_a_socket(command: &ClientCommand) -> bool {
    matches!(
        command,
        ClientCommand::WsOpen { .. } | ClientCommand::WsSend { .. } | ClientCommand::WsClose { .. }
    )
}

/// The field of an answer that holds a secret, and the name of it. The token in the URL of a
/// websocket is a row of its own, WS-04, so that one fault is told once.
fn secret_in(reply: &ClientReply, of_socket: bool) -> Option<(&'static str, &str)> {
    let fields = [
        ("error", &reply.error),
        ("message", &reply.message),
        ("ws", &reply.ws),
        ("unsupported", &reply.unsupported),
    ];
    fields.into_iter().find_map(|(field, text)| {
        let rests = text.as_ref()?.split('«').skip(1);
        let mut names = rests.map(|rest| rest.split_once('»').map_or("a secret", |(name, _)| name));
        let name = names.find(|name| !(of_socket && name.starts_with("access token")))?;
        Some((field, name))
    })
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
        // The token in a websocket's URL is WS-04's.
        let opened = |message: &str| Log::new().fails_to_open("ws://h/s", message, |log| log);
        let url = opened("ws://h/s?token=Bearer%20«access token 1 of c»");
        check(&url, "LOG-02", Grade::Unobserved);
        check(&opened("«secret of c»"), "LOG-02", Grade::Broken);
        let served = Log::new().call(200, |log| log.login_refused_with(REPEATS));
        check(&served, "LOG-02", Grade::Unobserved);
        check(&Log::new(), "LOG-02", Grade::Unobserved);
    }
}
