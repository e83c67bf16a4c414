//! Logins that should succeed.

use locum_core::profile::Grant;
use serde_json::Value;

use super::refusal::login_of;
use super::{members, refused_login};
use crate::evidence::Exchange;
use crate::rules::{Rule, View, not_served, unobserved};
use crate::verdict::Finding;

pub(super) const RULES: &[Rule] = &[Rule::vendor("VEN-16", documented_login_is_served)];

/// The documented logins that gave a token.
pub(super) fn issued<'a>(view: &View<'a>) -> impl Iterator<Item = Exchange<'a>> + use<'a> {
    view.evidence
        .documented(login_of(view))
        .filter(Exchange::is_served)
}

/// The object of a token reply that holds the tokens.
pub(super) fn token_reply(view: &View<'_>, login: &Exchange<'_>) -> Value {
    let body = login.json();
    match view.profile.token.grant {
        Grant::Cognito => body["AuthenticationResult"].clone(),
        Grant::ClientCredentials | Grant::Password | Grant::AuthorizationCode => body,
    }
}

/// The documented login gives the tokens that it is for, at once. What a user supplied may be
/// wrong: that it was refused is no fault of the vendor.
fn documented_login_is_served(view: &View<'_>) -> Finding {
    let Some(login) = view.evidence.documented(login_of(view)).next() else {
        return unobserved(view, "no documented login was made");
    };
    let wanted: Vec<&str> = view.expected.members.keys().map(String::as_str).collect();
    let expected = format!(
        "{} with {}",
        view.expected.status.unwrap_or(200),
        wanted.join(", ")
    );
    let reply = token_reply(view, &login);
    if !login.is_served() {
        if let Some(finding) = refused_login::explained(view, &login, &expected) {
            return finding;
        }
        return match members::fault(&reply, &view.expected.members) {
            Some((_, observed)) if login.is_refused() && login.status() < 300 => {
                let seen = format!("{}: {observed}", login.sentence());
                Finding::broken(expected, seen, login)
            }
            _ => not_served(&login, &expected),
        };
    }
    if let Some((_, observed)) = members::fault(&reply, &view.expected.members) {
        let seen = format!("{}: {observed}", login.sentence());
        return Finding::broken(expected, seen, login);
    }
    let status = view.expected.status;
    if status.is_some_and(|status| login.status() != status) {
        return Finding::broken(expected, login.sentence(), login);
    }
    Finding::met(login.sentence(), login)
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const GOOD: &str = r#"{"access_token":"t-0123","token_type":"bearer"}"#;
    const TOKENS: &str =
        r#"{"AuthenticationResult":{"AccessToken":"a","IdToken":"i","RefreshToken":"r"}}"#;
    const DENIED: &str = r#"{"__type":"NotAuthorizedException","message":"m"}"#;

    fn log(status: u16, body: &str) -> Log {
        Log::new().exchange("login", "", status, body)
    }

    #[test]
    fn a_login_gives_a_token_or_not() {
        check(&log(200, GOOD), "VEN-16", Grade::Met);
        check(&log(200, "{}"), "VEN-16", Grade::Broken);
        check(&log(200, r#"{"access_token":""}"#), "VEN-16", Grade::Broken);
        check(&log(201, GOOD), "VEN-16", Grade::Broken);
        check(&log(401, "{}"), "VEN-16", Grade::Broken);
        check(&log(400, GOOD), "VEN-16", Grade::Broken);
        check(&log(429, "{}"), "VEN-16", Grade::Unobserved);
        check(&Log::new().cut("login", ""), "VEN-16", Grade::Gone);
    }

    #[test]
    fn a_sign_in_brings_three_tokens() {
        let log = |status, body| Log::of_a_user_pool().exchange("sign-in", "", status, body);
        let two = r#"{"AuthenticationResult":{"AccessToken":"b","IdToken":"j"}}"#;
        let challenge = r#"{"ChallengeName":"NEW_PASSWORD_REQUIRED","Session":"s"}"#;
        check(&log(200, TOKENS), "VEN-16@scribe", Grade::Met);
        check(&log(200, two), "VEN-16@scribe", Grade::Broken);
        check(&log(200, challenge), "VEN-16@scribe", Grade::Broken);
        check(&log(400, DENIED), "VEN-16@scribe", Grade::Broken);
        check(&log(400, TOKENS), "VEN-16@scribe", Grade::Broken);
    }

    #[test]
    fn a_failure_is_no_login() {
        for failure in FAILURES {
            let log = Log::new().failed("login", "", failure);
            let rule = crate::rules::find("VEN-16", locum_core::requirement::Judge::Vendor);
            let finding = log.judge(rule.expect("a rule"));
            assert_ne!(finding.grade(), Grade::Met, "{failure:?}: {finding:?}");
        }
    }

    /// A typo in the user's own password was a FAIL of the vendor.
    #[test]
    fn a_refused_account_of_the_user_says_nothing_of_the_vendor() {
        let supplied = || Log::new().supplied(&["LOCUM_CLIENT_ID", "LOCUM_CLIENT_SECRET"]);
        let refused = supplied().exchange("login", "", 401, "{}");
        check(&refused, "VEN-16", Grade::Unobserved);
        let rule = crate::rules::find("VEN-16", locum_core::requirement::Judge::Vendor);
        let finding = refused.judge(rule.expect("a rule"));
        assert!(
            finding.reason().contains("LOCUM_CLIENT_SECRET"),
            "{finding:?}"
        );
        let form = supplied().exchange("login", "", 422, "{}");
        check(&form, "VEN-16", Grade::Broken);
        let empty = supplied().exchange("login", "", 200, "{}");
        check(&empty, "VEN-16", Grade::Broken);
        let failed = supplied().exchange("login", "", 500, "{}");
        check(&failed, "VEN-16", Grade::Broken);
        // No account makes a form one that lacks its fields: this server takes JSON.
        let unread = supplied().exchange("login", "", 422, r#"{"detail":[]}"#);
        check(&unread, "VEN-16", Grade::Broken);
        check(
            &supplied().exchange("login", "", 200, GOOD),
            "VEN-16",
            Grade::Met,
        );
    }
}
