//! What a client makes of the token URL that it was given (RFC 6749 §3.2).

use super::commands::asked;
use super::traffic::{Arrival, token_requests};
use super::{Fault, each_has_the_form, unobserved};
use crate::evidence::RecordId;
use crate::rules::{Rule, View};
use crate::subject::ClientCommand;
use crate::verdict::Finding;

pub(super) const RULES: &[Rule] = &[Rule::client("TOK-16", keeps_the_query)];

/// The token URL of the latest instance that the client agreed to make, and the record of its
/// answer.
fn agreed<'a>(view: &View<'a>) -> Option<(RecordId, &'a str)> {
    asked(view).into_iter().rev().find_map(|asked| {
        let ClientCommand::New { config, .. } = asked.command else {
            return None;
        };
        let (answered, reply) = asked.answer?;
        let url = config.get("token_url")?.as_str()?;
        (reply.ok == Some(true)).then_some((answered, url))
    })
}

/// The query of the configured URL "MUST be retained when adding additional query parameters", its
/// fragment is not sent. A client may refuse a URL with a fragment, which no endpoint has.
fn keeps_the_query(view: &View<'_>) -> Finding {
    let Some((made, (_, rest))) =
        agreed(view).and_then(|(made, url)| Some((made, url.split_once('?')?)))
    else {
        return unobserved(view, "the client was given no token URL with a query");
    };
    let (query, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let fault = |login: &Arrival<'_>| {
        let target = login.entry.target.as_str();
        let (_, sent) = target.split_once('?').unwrap_or_default();
        let has_fragment =
            target.contains('#') || !fragment.is_empty() && target.contains(fragment);
        match () {
            () if has_fragment => Some("the fragment was sent"),
            () if !query
                .split('&')
                .all(|pair| sent.split('&').any(|sent| sent == pair)) =>
            {
                Some("the query was lost or changed")
            }
            () => None,
        }
    };
    let expected = format!("the query {query}, and no fragment");
    let later = token_requests(view).filter(|login| login.seq > made);
    let judged = later.map(|login| {
        let seen = fault(&login);
        (login, seen.map(|seen| Fault::broken(login, seen)))
    });
    each_has_the_form(view, &expected, "no token request was looked at", judged)
}

#[cfg(test)]
pub(super) mod tests {
    use crate::rules::client::testing::check;
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[("TOK-16", |log| {
        made(log, URL).granted_at("/token?api-version=2", 1)
    })];

    const URL: &str = "http://h/token?api-version=2#part";

    fn made(log: Log, url: &str) -> Log {
        log.configured_with("token_url", url, true)
    }

    #[test]
    fn the_query_stays_and_the_fragment_goes() {
        let sent = |target| made(Log::new(), URL).granted_at(target, 1);
        check(&sent("/token?api-version=2"), "TOK-16", Grade::Met);
        check(&sent("/token"), "TOK-16", Grade::Broken);
        check(&sent("/token?a=b&api-version=2"), "TOK-16", Grade::Met);
        check(&sent("/token?api-version=3"), "TOK-16", Grade::Broken);
        check(&sent("/token?api-version=2#part"), "TOK-16", Grade::Broken);
        check(
            &sent("/token?api-version=2%23part"),
            "TOK-16",
            Grade::Broken,
        );
        let plain = made(Log::new(), "http://h/token");
        check(&plain.granted_at("/token", 1), "TOK-16", Grade::Unobserved);
        check(&Log::new().grant(1), "TOK-16", Grade::Unobserved);
    }

    /// Such a client went on with the instance that it had before, and was blamed for that.
    #[test]
    fn a_client_may_refuse_a_fragment() {
        let refused = |log: Log| log.configured_with("token_url", URL, false);
        let old = refused(made(Log::new(), "http://h/token")).granted_at("/token", 1);
        check(&old, "TOK-16", Grade::Unobserved);
        let without = || made(refused(Log::new()), "http://h/token?api-version=2");
        let kept = without().granted_at("/token?api-version=2", 1);
        check(&kept, "TOK-16", Grade::Met);
        check(&without().granted_at("/token", 1), "TOK-16", Grade::Broken);
    }
}
