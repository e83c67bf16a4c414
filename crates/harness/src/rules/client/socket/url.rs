//! How a client spells the URL of a websocket.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::super::commands::asked;
use super::super::traffic::{Arrival, arrivals};
use super::super::{Fault, each_has_the_form, unobserved};
use super::{token_parameter, tokens, upgrades};
use crate::evidence::{Exchange, Operation};
use crate::rules::{Rule, View};
use crate::subject::ClientCommand;
use crate::verdict::{Finding, Grade};

pub(in crate::rules::client) const RULES: &[Rule] = &[
    Rule::client("WSS-08", writes_the_space),
    Rule::client("WSS-09", shows_the_prefix),
    Rule::client("WSS-10", keeps_the_parameter),
    Rule::client("WSS-11", appends_the_token),
];

const NO_TOKEN: &str = "no upgrade with a token was looked at";
const NO_URL: &str = "no upgrade to a URL that the client was given was looked at";

/// The space behind the word of the token parameter travels as `%20` (RFC 3986 §2.1).
fn writes_the_space(view: &View<'_>) -> Finding {
    let word = view
        .profile
        .socket
        .as_ref()
        .map_or("", |facts| facts.token_prefix.trim());
    let spelled = tokens(view).filter_map(|(upgrade, token)| {
        let rest = token.strip_prefix(word)?;
        let fault = match rest.chars().next() {
            _ if rest.starts_with("%20") => None,
            Some('+') => {
                let seen = format!("{word}+, which only form rules decode");
                Some(Fault::new(upgrade, Grade::Tolerated, seen))
            }
            Some(' ') => Some(Fault::broken(upgrade, "a raw space")),
            _ => return None,
        };
        Some((upgrade, fault))
    });
    each_has_the_form(view, &format!("{word}%20"), NO_TOKEN, spelled)
}

/// The decoded value of the token parameter starts with the vendor's prefix.
fn shows_the_prefix(view: &View<'_>) -> Finding {
    let facts = view.profile.socket.as_ref();
    let prefix = facts.map_or("", |facts| facts.token_prefix.as_str());
    let word = prefix.trim();
    let shown = tokens(view).map(|(upgrade, token)| {
        let plain = token.replace('+', " ");
        let plain = percent_decode_str(&plain).decode_utf8_lossy();
        let rest = plain.strip_prefix(prefix);
        let fits = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(' '));
        let fault = (!fits).then(|| Fault::broken(upgrade, format!("a token without `{word}`")));
        (upgrade, fault)
    });
    each_has_the_form(view, &format!("`{word}` and the token"), NO_TOKEN, shown)
}

/// The URLs of websockets that the client was given: by its caller, or by the vendor.
fn given_urls(view: &View<'_>) -> Vec<String> {
    let asked = asked(view)
        .into_iter()
        .filter_map(|asked| match asked.command {
            ClientCommand::WsOpen { url, .. } => Some(url.clone()),
            _ => None,
        });
    let created = view.evidence.documented(Operation::Create);
    let replies = created
        .map(|create: Exchange<'_>| create.json())
        .chain(arrivals(view).map(|arrival| arrival.answered()));
    let told = replies.flat_map(|reply| match reply {
        Value::Object(members) => members.into_iter().map(|(_, value)| value).collect(),
        _ => Vec::new(),
    });
    let told = told.filter_map(|value| value.as_str().map(str::to_owned));
    asked
        .chain(told.filter(|url| url.starts_with("ws://") || url.starts_with("wss://")))
        .collect()
}

/// The upgrades to URLs that the client was given and that have a query, each with its URL.
fn upgrades_to_given<'a>(view: &View<'a>) -> Vec<(Arrival<'a>, String)> {
    let given = given_urls(view);
    let url_of = |upgrade: &Arrival<'_>| {
        let is_it = |url: &&String| {
            url.split_once('?')
                .is_some_and(|(base, _)| base.ends_with(upgrade.path()))
        };
        given.iter().find(is_it).cloned()
    };
    upgrades(view)
        .filter_map(|upgrade| Some((upgrade, url_of(&upgrade)?)))
        .collect()
}

/// The parameter of the URL that the client was given arrives once and unchanged.
fn keeps_the_parameter(view: &View<'_>) -> Finding {
    let Some(name) = view.expected.parameter.as_deref() else {
        return unobserved(view, "the requirement names no parameter");
    };
    let values = |target: &str| -> Vec<String> {
        let query = target.split_once('?').map_or("", |(_, query)| query);
        // A second `?` belongs to the value that it stands in (RFC 3986 §3.4).
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|(known, _)| *known == name)
            .map(|(_, value)| value.to_owned())
            .collect()
    };
    let given = upgrades_to_given(view).into_iter();
    let kept = given.filter_map(|(upgrade, url)| {
        let given = values(&url);
        let [_] = given[..] else { return None };
        let arrived = values(&upgrade.entry.target);
        let fault = (arrived != given).then(|| {
            let seen = match arrived.as_slice() {
                [] => format!("no {name}"),
                [_] => format!("another {name}"),
                several => format!("{name} {} times", several.len()),
            };
            Fault::broken(upgrade, seen)
        });
        Some((upgrade, fault))
    });
    each_has_the_form(view, &format!("{name} once and unchanged"), NO_URL, kept)
}

/// The target of each upgrade has one `?`, and the token is a parameter of its own.
fn appends_the_token(view: &View<'_>) -> Finding {
    let parameter = token_parameter(view);
    let own = [format!("?{parameter}="), format!("&{parameter}=")];
    let given = upgrades_to_given(view).into_iter();
    let appended = given.map(|(upgrade, _)| {
        let target = upgrade.entry.target.as_str();
        let marks = target.matches('?').count();
        let is_own = own.iter().any(|start| target.contains(start.as_str()));
        let fault = match (is_own, marks) {
            (true, 1) => None,
            (true, _) => Some(format!("{marks} question marks")),
            (false, _) => Some(format!("no parameter {parameter}")),
        };
        (upgrade, fault.map(|seen| Fault::broken(upgrade, seen)))
    });
    let expected = format!("&{parameter}= in the one query");
    each_has_the_form(view, &expected, NO_URL, appended)
}

#[cfg(test)]
mod tests {
    use crate::rules::client::testing::check;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    const URL: &str = "wss://h/s?tenant-name=t";
    const UPGRADE: &[(&str, &str)] = &[("Upgrade", "websocket")];

    fn arrived(log: Log, query: &str) -> Log {
        log.arrival("streams", &format!("/s{query}"), UPGRADE, "")
    }

    fn upgrade(id: &str, query: &str, expected: Grade) {
        let log = Log::with_tenants().asked_to_open(URL);
        check(&arrived(log, query), id, expected);
        let created = format!(r#"{{"url":"{URL}"}}"#);
        let log = Log::with_tenants().exchange("create", "", 201, &created);
        check(&arrived(log, query), id, expected);
    }

    #[test]
    fn the_token_is_spelled_as_documented() {
        upgrade("WSS-08", "?tenant-name=t&token=Bearer%20«t»", Grade::Met);
        upgrade("WSS-08", "?token=Bearer+«t»", Grade::Tolerated);
        upgrade("WSS-08", "?token=Bearer «t»", Grade::Broken);
        upgrade("WSS-08", "?token=«t»", Grade::Unobserved);
        upgrade("WSS-09", "?token=Bearer%20«t»", Grade::Met);
        upgrade("WSS-09", "?token=Bearer+«t»", Grade::Met);
        upgrade("WSS-09", "?token=«t»", Grade::Broken);
        upgrade("WSS-09", "", Grade::Unobserved);
    }

    #[test]
    fn the_url_is_kept_and_the_token_appended() {
        upgrade("WSS-10", "?tenant-name=t&token=x", Grade::Met);
        upgrade("WSS-10", "?token=x", Grade::Broken);
        upgrade("WSS-10", "?tenant-name=u&token=x", Grade::Broken);
        upgrade(
            "WSS-10",
            "?tenant-name=t&tenant-name=t&token=x",
            Grade::Broken,
        );
        upgrade("WSS-10", "?tenant-name=t?token=x", Grade::Broken);
        upgrade("WSS-11", "?tenant-name=t&token=x", Grade::Met);
        upgrade("WSS-11", "?tenant-name=t?token=x", Grade::Broken);
        upgrade("WSS-11", "?tenant-name=t", Grade::Broken);
    }

    /// A client that opened a URL of its own was blamed for what that URL lacks.
    #[test]
    fn a_url_that_nobody_gave_says_nothing() {
        for id in ["WSS-10", "WSS-11"] {
            let none = arrived(Log::with_tenants(), "?token=x");
            check(&none, id, Grade::Unobserved);
            let other = Log::with_tenants().asked_to_open("wss://h/other?tenant-name=t");
            check(&arrived(other, "?token=x"), id, Grade::Unobserved);
        }
        // What the client was told by the vendor's own reply is known without any command.
        let told = Log::with_tenants().created(URL);
        check(
            &arrived(told, "?tenant-name=t&token=x"),
            "WSS-10",
            Grade::Met,
        );
    }

    #[test]
    fn all_upgrades_that_depart_are_named() {
        let log = Log::with_tenants().asked_to_open(URL);
        let log = arrived(
            arrived(arrived(log, "?token=x"), "?token=y"),
            "?tenant-name=t&token=z",
        );
        let finding = check(&log, "WSS-10", Grade::Broken);
        assert_eq!(finding.evidence().len(), 2);
    }
}
