//! The URL of a websocket that creating something returns.

use super::effect::{Step, concluded, served};
use crate::evidence::{Operation, Variation};
use crate::rules::{Rule, View};
use crate::verdict::Finding;

pub(super) const RULES: &[Rule] = &[Rule::vendor("VEN-27", |view| {
    concluded(url_names_the_tenant(view))
})];

/// The expected member of what was created is the URL of a websocket: with the caller's tenant as
/// the expected parameter, and without a token.
fn url_names_the_tenant(view: &View<'_>) -> Step<Finding> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (member, parameter) = (text(&view.expected.member), text(&view.expected.parameter));
    let expected = format!("{member} is a websocket's URL with {parameter} and no token");
    let create = served(view, Operation::Create, &Variation::Documented, &expected)?;
    let header = text(&view.profile.api.tenant_header);
    let mut headers = create.request.headers.iter();
    let tenant = headers.find(|(name, _)| name.eq_ignore_ascii_case(&header));
    let tenant = tenant.map(|(_, value)| value.as_str()).unwrap_or_default();
    let facts = view.profile.socket.as_ref();
    let token = facts.map_or("token", |facts| facts.token_parameter.as_str());
    let fault = match create.json()[&member].as_str() {
        None => Some(format!("no {member}")),
        Some(url) => fault_of_url(url, (&parameter, tenant), token),
    };
    Ok(match fault {
        None => Finding::met(create.sentence(), create),
        Some(fault) => {
            let seen = format!("{}, with {fault}", create.sentence());
            Finding::broken(expected, seen, create)
        }
    })
}

fn fault_of_url(url: &str, (parameter, tenant): (&str, &str), token: &str) -> Option<String> {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let values = |name: &str| -> Vec<String> {
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .filter(|(known, _)| *known == name)
            .map(|(_, value)| {
                percent_encoding::percent_decode_str(value)
                    .decode_utf8_lossy()
                    .into_owned()
            })
            .collect()
    };
    if !(address.starts_with("ws://") || address.starts_with("wss://")) {
        return Some("a URL that is not a websocket's".to_owned());
    }
    if !values(token).is_empty() {
        return Some("a URL with a token in it".to_owned());
    }
    match values(parameter).as_slice() {
        [one] if !tenant.is_empty() && one == tenant => None,
        [] => Some(format!("a URL without {parameter}")),
        _ => Some(format!("a URL with another {parameter}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    fn url(url: &str, expected: Option<&str>) {
        let fault = fault_of_url(url, ("tenant-name", "t"), "token");
        assert_eq!(fault.as_deref(), expected, "{url}");
    }

    #[test]
    fn a_url_names_the_tenant_and_shows_no_token() {
        url("wss://h/s?tenant-name=t", None);
        url("ws://h/s?a=b&tenant-name=t", None);
        let web = "https://h/s?tenant-name=t";
        url(web, Some("a URL that is not a websocket's"));
        url("wss://h/s", Some("a URL without tenant-name"));
        let other = "wss://h/s?tenant-name=u";
        url(other, Some("a URL with another tenant-name"));
        let shown = "wss://h/s?tenant-name=t&token=x";
        url(shown, Some("a URL with a token in it"));
    }

    #[test]
    fn what_is_not_created_has_no_url() {
        let log = |status, body| Log::with_tenants().exchange("create", "", status, body);
        check(&log(201, "{}"), "VEN-27", Grade::Broken);
        check(&log(403, "{}"), "VEN-27", Grade::Broken);
        for failure in FAILURES {
            let log = Log::with_tenants().failed("create", "", failure);
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Broken,
            };
            check(&log, "VEN-27", grade);
        }
    }
}
