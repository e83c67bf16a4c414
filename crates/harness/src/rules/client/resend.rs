//! What is sent again when a request with a body was refused.

use super::attempts::End;
use super::commands::{GivenCommand, calls};
use super::traffic::{Arrival, api_requests};
use super::{absent, met, unobserved};
use crate::rules::{Rule, View};
use crate::subject::ClientCommand;
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("RET-07", resends_the_same_bytes),
    Rule::client("RET-08", resends_a_whole_stream),
];

/// A POST that was refused, with what came after it before its caller had an answer.
struct Refused<'a> {
    call: GivenCommand<'a>,
    body: &'a str,
    first: Arrival<'a>,
    resent: Vec<Arrival<'a>>,
}

/// The first POST whose body was given as `stream` or at once, and that was refused.
fn refused<'a>(view: &View<'a>, stream: bool) -> Option<Refused<'a>> {
    calls(view).into_iter().find_map(|call| {
        let ClientCommand::Call {
            body: Some(body),
            body_kind,
            ..
        } = call.command
        else {
            return None;
        };
        if stream != (body_kind.as_deref() == Some("stream")) {
            return None;
        }
        let answered = call.answer.map(|(seq, _)| seq);
        let mut requests = api_requests(view)
            .filter(|one| one.seq > call.seq)
            .filter(|one| answered.is_none_or(|answered| one.seq < answered));
        let first = requests.by_ref().find(|one| {
            let is_post = one.entry.method == "POST";
            is_post && one.status().is_some() && one.status() == view.expected.status
        })?;
        let rest: Vec<Arrival<'_>> = requests.collect();
        let is_post = |one: &Arrival<'_>| one.entry.method == "POST";
        let has_posts = rest.iter().any(is_post);
        // In another method only where no POST comes: its query may hold the token.
        let posts = rest.into_iter().filter(|one| match has_posts {
            true => is_post(one),
            false => one.path() == first.path(),
        });
        // What follows another answer than a refusal is no resend after one: ERR-17 counts it.
        let mut resent = Vec::new();
        for post in posts {
            resent.push(post);
            let failed = post.status().is_none_or(|status| status >= 400);
            if failed && post.status() != view.expected.status {
                break;
            }
        }
        Some(Refused {
            call,
            body,
            first,
            resent,
        })
    })
}

/// A buffered POST is sent again once, byte for byte.
fn resends_the_same_bytes(view: &View<'_>) -> Finding {
    let Some(refused) = refused(view, false) else {
        return unobserved(view, "no POST was refused");
    };
    let expected = "one resend with the same bytes";
    let first = refused.first;
    match &refused.resent[..] {
        [] => unobserved(view, "not graded: the POST was not sent again").seen_in(first),
        [again] if is_same(&first, again) => met(
            view,
            "sent again once, byte for byte",
            Proof::from(first).and(*again),
        ),
        [again] if again.entry.method != first.entry.method => {
            let seen = format!("sent again as {}", again.entry.method);
            Finding::broken(expected, seen, Proof::from(first).and(*again))
        }
        [again] => {
            let seen = format!(
                "{} bytes at first, {} in the resend{}",
                first.entry.body_length,
                again.entry.body_length,
                if again.entry.body_length == first.entry.body_length {
                    ", which differ"
                } else {
                    ""
                }
            );
            Finding::broken(expected, seen, Proof::from(first).and(*again))
        }
        many => {
            let seen = format!("sent again {} times", many.len());
            let proof = many
                .iter()
                .fold(Proof::from(first), |proof, one| proof.and(*one));
            Finding::broken(expected, seen, proof)
        }
    }
}

fn is_same(first: &Arrival<'_>, again: &Arrival<'_>) -> bool {
    first.entry.method == again.entry.method
        && first.entry.body == again.entry.body
        && first.entry.body_length == again.entry.body_length
        && first.header("content-length") == again.header("content-length")
}

/// A streamed POST is sent again whole, or reported as not sent again.
fn resends_a_whole_stream(view: &View<'_>) -> Finding {
    let Some(refused) = refused(view, true) else {
        return unobserved(view, "no streamed POST was refused");
    };
    let first = refused.first;
    let expected = "the whole body once more, or an error";
    let is_whole = |again: &Arrival<'_>| {
        again.entry.body.as_deref() == Some(refused.body)
            && usize::try_from(again.entry.body_length) == Ok(refused.body.len())
    };
    match (refused.resent.first(), refused.call.end()) {
        (Some(again), _) if is_whole(again) => {
            met(view, "sent again whole", Proof::from(first).and(*again))
        }
        (Some(again), _) => {
            let (had, has) = (refused.body.len(), again.entry.body_length);
            let seen = format!("{has} bytes in the resend of {had}");
            Finding::broken(expected, seen, Proof::from(first).and(*again))
        }
        (None, End::Failed(answer)) => {
            let proof = Proof::from(first).and(answer);
            met(view, "not sent again, and reported as failed", proof)
        }
        (None, End::Succeeded(answer)) => {
            let seen = "not sent again, and reported as a success";
            absent(view, expected, seen, Proof::from(first).and(answer))
        }
        (None, End::Unanswered) => unobserved(view, "the call was not answered").seen_in(first),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use crate::rules::client::testing::{check, reply};
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("RET-07", |log| posts(log, "text", &[BODY], 200)),
        ("RET-08", |log| posts(log, "stream", &[BODY], 200)),
    ];

    const BODY: &str = r#"{"note":"long"}"#;

    /// A POST that is refused, and resends with these bodies.
    fn posts(log: Log, kind: &str, resends: &[&str], status: u16) -> Log {
        log.post(kind, BODY, status, |log| {
            let log = log.grant(1).posted(1, 401, BODY).grant(2);
            resends
                .iter()
                .fold(log, |log, body| log.posted(2, 200, body))
        })
    }

    #[test]
    fn a_post_is_sent_again_once_as_it_was() {
        let all = |resends| posts(Log::new(), "text", resends, 200);
        check(&all(&[BODY]), "RET-07", Grade::Met);
        check(&all(&[""]), "RET-07", Grade::Broken);
        check(&all(&[r#"{"note":"gone"}"#]), "RET-07", Grade::Broken);
        check(&all(&[BODY, BODY]), "RET-07", Grade::Broken);
        let read = Log::new().post("text", BODY, 200, |log| {
            log.grant(1)
                .posted(1, 401, BODY)
                .grant(2)
                .entered("things", |entry| {
                    "/things".clone_into(&mut entry.target);
                    entry.outcome = Some(locum_core::Outcome::Admitted);
                    entry.reply = Some(reply(200, "[]"));
                })
        });
        check(&read, "RET-07", Grade::Broken);
        // The resend met another error, and that is what was sent again.
        let unprocessable = Log::new().post("text", BODY, 422, |log| {
            let log = log.grant(1).posted(1, 401, BODY).grant(2);
            log.posted(2, 422, BODY).posted(2, 422, BODY)
        });
        check(&unprocessable, "RET-07", Grade::Met);
        check(&all(&[]), "RET-07", Grade::Unobserved);
        check(&all(&[BODY]), "RET-08", Grade::Unobserved);
        check(&Log::new(), "RET-07", Grade::Unobserved);
        check(&all(&[BODY]).client_gone(), "RET-07", Grade::Gone);
    }

    #[test]
    fn a_stream_is_sent_again_whole_or_not_at_all() {
        let all = |resends, status| posts(Log::new(), "stream", resends, status);
        check(&all(&[BODY], 200), "RET-08", Grade::Met);
        check(&all(&[], 401), "RET-08", Grade::Met);
        check(&all(&[], 200), "RET-08", Grade::Broken);
        check(&all(&[""], 200), "RET-08", Grade::Broken);
        check(&all(&[r#"{"note""#], 401), "RET-08", Grade::Broken);
        check(&all(&[BODY], 200), "RET-07", Grade::Unobserved);
    }
}
