//! The form of a client's requests, from the mock's journal.

use locum_core::{Entry, Finding, Grade};

use super::tokens::{is_api_request, is_token_request};
use crate::rules::{View, unobserved};

/// Each token request carries id and secret in its body; Basic instead is a warning.
pub fn credentials_in_the_body(view: &View<'_>) -> Finding {
    let requests: Vec<(u64, &Entry)> = view
        .log
        .entries()
        .filter(|(_, entry)| is_token_request(entry))
        .collect();
    for (seq, entry) in &requests {
        let body = entry.body.as_deref().unwrap_or_default();
        let carries = |name: &str| {
            let mut pairs = body.split('&').filter_map(|pair| pair.split_once('='));
            pairs.any(|(known, value)| known == name && !value.is_empty())
        };
        if carries("client_id") && carries("client_secret") {
            continue;
        }
        let basic = entry.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("authorization") && value.starts_with("Basic ")
        });
        let (grade, seen) = if basic {
            (Grade::Tolerated, "Basic instead")
        } else {
            (Grade::Broken, "neither body nor Basic has both")
        };
        return Finding::new(grade, seen)
            .because("client_id and client_secret in the body", seen)
            .proved_by([*seq]);
    }
    if requests.is_empty() {
        return unobserved(view, "no token request arrived");
    }
    Finding::new(Grade::Met, "both in the body").proved_by(requests.iter().map(|(seq, _)| *seq))
}

/// Each API request has one tenant header, with the tenant that the token request's path names.
pub fn names_the_tenant(view: &View<'_>) -> Finding {
    let (Some(header), Some(path)) = (
        view.profile.api.tenant_header.as_deref(),
        view.profile.urls.get("token"),
    ) else {
        return unobserved(view, "the vendor has no tenants");
    };
    let (before, behind) = path.split_once("{tenant}").unwrap_or((path, ""));
    let tenant = view.log.entries().find_map(|(_, entry)| {
        let target = entry.target.split('?').next()?;
        target.strip_prefix(before)?.strip_suffix(behind)
    });
    let Some(tenant) = tenant else {
        return unobserved(view, "no token request named a tenant");
    };
    let mut right = Vec::new();
    for (seq, entry) in view.log.entries() {
        if !is_api_request(entry) {
            continue;
        }
        let named: Vec<&str> = entry
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(header))
            .map(|(_, value)| value.as_str())
            .collect();
        if named != [tenant] {
            let seen = match named.as_slice() {
                [] => format!("no {header}"),
                list => format!("{header}: {}", list.join(", ")),
            };
            return Finding::new(Grade::Broken, seen.clone())
                .because(format!("{header}: {tenant}"), seen)
                .proved_by([seq]);
        }
        right.push(seq);
    }
    if right.is_empty() {
        return unobserved(view, "no API request arrived");
    }
    Finding::new(Grade::Met, format!("{header}: {tenant}")).proved_by(right)
}

/// An upgrade request that arrived: its number, its query as spelled, and the value of its token.
struct Upgrade<'a> {
    seq: u64,
    target: &'a str,
    token: Option<&'a str>,
}

/// The pairs of a target's query, behind a second `?` too.
fn pairs(target: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    query
        .split(['&', '?'])
        .filter_map(|pair| pair.split_once('='))
}

fn upgrades<'a>(view: &View<'a>) -> Vec<Upgrade<'a>> {
    let parameter = token_parameter(view);
    let is_upgrade = |entry: &Entry| {
        entry.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("upgrade") && value.eq_ignore_ascii_case("websocket")
        })
    };
    view.log
        .entries()
        .filter(|(_, entry)| is_upgrade(entry))
        .map(|(seq, entry)| {
            let target = entry.target.as_str();
            let mut pairs = pairs(target);
            let token = pairs.find(|(name, _)| *name == parameter);
            Upgrade {
                seq,
                target,
                token: token.map(|(_, value)| value),
            }
        })
        .collect()
}

fn token_parameter<'a>(view: &View<'a>) -> &'a str {
    let facts = view.profile.socket.as_ref();
    facts.map_or("token", |facts| facts.token_parameter.as_str())
}

/// Judges each upgrade that shows a token; `fault` says how it departs.
fn on_tokens(
    view: &View<'_>,
    expected: &str,
    fault: impl Fn(&Upgrade<'_>, &str) -> Option<(Grade, String)>,
) -> Finding {
    let mut good = Vec::new();
    for upgrade in upgrades(view) {
        let Some(token) = upgrade.token else { continue };
        if let Some((grade, seen)) = fault(&upgrade, token) {
            return Finding::new(grade, seen.clone())
                .because(expected, seen)
                .proved_by([upgrade.seq]);
        }
        good.push(upgrade.seq);
    }
    if good.is_empty() {
        return unobserved(view, "no upgrade with a token arrived");
    }
    Finding::new(Grade::Met, expected).proved_by(good)
}

/// The space behind the word of the token parameter travels as `%20` (RFC 3986 §2.1).
pub fn writes_the_space(view: &View<'_>) -> Finding {
    on_tokens(view, "Bearer%20", |_, token| {
        if token.starts_with("Bearer%20") {
            return None;
        }
        Some(match token.strip_prefix("Bearer") {
            Some(rest) if rest.starts_with('+') => (
                Grade::Tolerated,
                "Bearer+, which only form rules decode".to_owned(),
            ),
            Some(rest) if rest.starts_with(' ') => (Grade::Broken, "a raw space".to_owned()),
            _ => (
                Grade::Unobserved,
                "the token does not begin with Bearer".to_owned(),
            ),
        })
    })
}

/// The decoded value of the token parameter starts with the vendor's prefix.
pub fn shows_the_prefix(view: &View<'_>) -> Finding {
    let facts = view.profile.socket.as_ref();
    let prefix = facts.map_or("", |facts| facts.token_prefix.as_str());
    on_tokens(view, prefix.trim(), |_, token| {
        let plain = token.replace('+', " ");
        let plain = percent_encoding::percent_decode_str(&plain).decode_utf8_lossy();
        let rest = plain.strip_prefix(prefix);
        let fits = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(' '));
        (!fits).then(|| {
            (
                Grade::Broken,
                format!("a token without `{}`", prefix.trim()),
            )
        })
    })
}

/// The parameter `name` of the URL that the client was given arrives once and unchanged.
pub fn keeps_the_parameter(view: &View<'_>, name: &str) -> Finding {
    let given = view.log.acts("create", "").find_map(|create| {
        let body = create.reply?.json();
        let mut urls = body
            .as_object()?
            .values()
            .filter_map(serde_json::Value::as_str);
        urls.find_map(|url| {
            let (_, query) = url.split_once('?')?;
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value.to_owned())
        })
    });
    let Some(given) = given else {
        return unobserved(view, "no URL was returned that the client could open");
    };
    let expected = format!("{name}={given} once");
    let mut good = Vec::new();
    for upgrade in upgrades(view) {
        let values: Vec<&str> = pairs(upgrade.target)
            .filter(|(known, _)| *known == name)
            .map(|(_, value)| value)
            .collect();
        if values != [given.as_str()] {
            let seen = format!("{} of {name}: {}", values.len(), values.join(", "));
            return Finding::new(Grade::Broken, seen.clone())
                .because(expected, seen)
                .proved_by([upgrade.seq]);
        }
        good.push(upgrade.seq);
    }
    if good.is_empty() {
        return unobserved(view, "no upgrade arrived");
    }
    Finding::new(Grade::Met, expected).proved_by(good)
}

/// The target of each upgrade has one `?`, and the token is a parameter of its own.
pub fn appends_the_token(view: &View<'_>) -> Finding {
    let parameter = token_parameter(view);
    let mut good = Vec::new();
    for upgrade in upgrades(view) {
        let marks = upgrade.target.matches('?').count();
        let start = [format!("?{parameter}="), format!("&{parameter}=")];
        let own = start
            .iter()
            .any(|start| upgrade.target.contains(start.as_str()));
        if marks != 1 || !own {
            let seen = if own {
                format!("{marks} question marks")
            } else {
                format!("no parameter {parameter}")
            };
            return Finding::new(Grade::Broken, seen.clone())
                .because(format!("&{parameter}= in the one query"), seen)
                .proved_by([upgrade.seq]);
        }
        good.push(upgrade.seq);
    }
    if good.is_empty() {
        return unobserved(view, "no upgrade arrived");
    }
    Finding::new(Grade::Met, format!("{parameter} is one more parameter")).proved_by(good)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Log, check};

    fn token(headers: &[(&str, &str)], body: &str, expected: Grade) {
        let log = Log::new().arrival("token", "/realms/t/token", headers, body);
        check(&log, credentials_in_the_body, expected);
    }

    #[test]
    fn credentials_travel_in_the_body() {
        token(&[], "client_id=a&client_secret=«s»", Grade::Met);
        token(&[], "client_id=a", Grade::Broken);
        token(&[], "client_id=a&client_secret=", Grade::Broken);
        token(&[("Authorization", "Basic «s»")], "", Grade::Tolerated);
        check(&Log::new(), credentials_in_the_body, Grade::Unobserved);
    }

    fn tenant(headers: &[(&str, &str)], expected: Grade) {
        let log = Log::with_tenants()
            .arrival("token", "/realms/t/token", &[], "")
            .arrival("things", "/v2/things", headers, "");
        check(&log, names_the_tenant, expected);
    }

    #[test]
    fn the_header_names_the_tenant_of_the_token_request() {
        tenant(&[("tenant-name", "t")], Grade::Met);
        tenant(&[], Grade::Broken);
        tenant(&[("Tenant-Name", "")], Grade::Broken);
        tenant(&[("Tenant-Name", "u")], Grade::Broken);
        tenant(&[("Tenant-Name", "t"), ("Tenant-Name", "t")], Grade::Broken);
        check(&Log::with_tenants(), names_the_tenant, Grade::Unobserved);
    }

    type Rule = fn(&View<'_>) -> Finding;

    fn upgrade(rule: Rule, query: &str, expected: Grade) {
        let created = r#"{"url":"wss://h/s?tenant-name=t"}"#;
        let log = Log::with_tenants()
            .exchange("create", "", 201, created)
            .arrival(
                "streams",
                &format!("/s{query}"),
                &[("Upgrade", "websocket")],
                "",
            );
        check(&log, rule, expected);
    }

    #[test]
    fn the_token_is_spelled_as_documented() {
        upgrade(
            writes_the_space,
            "?tenant-name=t&token=Bearer%20«t»",
            Grade::Met,
        );
        upgrade(writes_the_space, "?token=Bearer+«t»", Grade::Tolerated);
        upgrade(writes_the_space, "?token=Bearer «t»", Grade::Broken);
        upgrade(writes_the_space, "?token=«t»", Grade::Unobserved);
        upgrade(shows_the_prefix, "?token=Bearer%20«t»", Grade::Met);
        upgrade(shows_the_prefix, "?token=Bearer+«t»", Grade::Met);
        upgrade(shows_the_prefix, "?token=«t»", Grade::Broken);
        upgrade(shows_the_prefix, "", Grade::Unobserved);
    }

    #[test]
    fn the_url_is_kept_and_the_token_appended() {
        let keeps: Rule = |view| keeps_the_parameter(view, "tenant-name");
        upgrade(keeps, "?tenant-name=t&token=x", Grade::Met);
        upgrade(keeps, "?token=x", Grade::Broken);
        upgrade(keeps, "?tenant-name=t&tenant-name=t&token=x", Grade::Broken);
        upgrade(appends_the_token, "?tenant-name=t&token=x", Grade::Met);
        upgrade(appends_the_token, "?tenant-name=t?token=x", Grade::Broken);
        upgrade(appends_the_token, "?tenant-name=t", Grade::Broken);
        check(&Log::with_tenants(), keeps, Grade::Unobserved);
    }
}
