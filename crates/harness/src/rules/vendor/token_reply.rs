//! What token replies say.

use super::deviation::Deviations;
use super::jwt::{Told, told_lifetime};
use super::login::{issued, token_reply};
use super::members;
use super::refusal::login_of;
use crate::evidence::{Exchange, LoginVariation, Reaction, Variation};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("RSP-13", is_as_described),
    Rule::vendor("VEN-01", is_the_sample),
    Rule::vendor("VEN-07", tells_a_span),
    Rule::vendor("VEN-12", is_as_described),
    Rule::vendor("VEN-15", has_the_members_that_were_asked_for),
];

const TEN_YEARS_S: i64 = 315_576_000;

/// Each token reply has the members that the requirement names, of their kinds, and none that it
/// forbids.
fn is_as_described(view: &View<'_>) -> Finding {
    described(view, &issued(view).collect::<Vec<_>>())
}

fn described(view: &View<'_>, logins: &[Exchange<'_>]) -> Finding {
    let mut wrong = Deviations::default();
    for login in logins {
        let reply = token_reply(view, login);
        if let Some((expected, observed)) = members::fault(&reply, &view.expected.members) {
            wrong.add(expected, observed, login);
        }
        refuse_members(view, login, &mut wrong);
    }
    met_unless(view, wrong, logins)
}

/// Adds the members of the reply that the requirement forbids.
fn refuse_members(view: &View<'_>, login: &Exchange<'_>, wrong: &mut Deviations) {
    let reply = token_reply(view, login);
    for name in &view.expected.absent_members {
        if reply.get(name).is_some_and(|value| !value.is_null()) {
            let observed = format!("{}: a {name}", login.sentence());
            wrong.add(format!("no {name}"), observed, login);
        }
    }
}

fn met_unless(view: &View<'_>, wrong: Deviations, logins: &[Exchange<'_>]) -> Finding {
    let grade = match view.expected.deviation_documented {
        true => Grade::Fact,
        false => Grade::Broken,
    };
    match (wrong.finding(grade), Proof::all(logins)) {
        (Some(broken), _) => broken,
        (None, None) => unobserved(view, "no token reply was received"),
        (None, Some(proof)) => Finding::met("the token reply is as described", proof),
    }
}

/// The reply has the members of the sample; an `expires_in`, which the sample does not have, agrees
/// with the token's own claims. Further members are reported.
fn is_the_sample(view: &View<'_>) -> Finding {
    let logins: Vec<_> = issued(view).collect();
    let finding = described(view, &logins);
    if finding.grade() != Grade::Met {
        return finding;
    }
    let (mut wrong, mut more) = (Deviations::default(), Deviations::default());
    for login in &logins {
        match told_lifetime(view, login) {
            Told::Differs(seen) => wrong.add("expires_in equal to exp minus iat", seen, login),
            Told::Incomparable => {
                let what = "there is an expires_in, and no exp and iat to compare it with";
                return unobserved(view, what).seen_in(login);
            }
            Told::Nothing | Told::Agrees(_) => {}
        }
        let reply = token_reply(view, login);
        let names = reply
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name);
        let strange: Vec<&str> = names
            .filter(|name| !view.expected.only_members.contains(name))
            .map(String::as_str)
            .collect();
        if !strange.is_empty() {
            let expected = view.expected.only_members.join(", ");
            more.add(expected, format!("besides {}", strange.join(", ")), login);
        }
    }
    wrong
        .broken()
        .or_else(|| more.finding(Grade::Fact))
        .unwrap_or(finding)
}

/// The reply has its members, and `expires_in` is a span: no value within ten years of now in epoch
/// seconds or milliseconds.
fn tells_a_span(view: &View<'_>) -> Finding {
    let logins: Vec<_> = issued(view).collect();
    let finding = described(view, &logins);
    let Some(now) = view
        .evidence
        .started()
        .filter(|_| finding.grade() == Grade::Met)
    else {
        return finding;
    };
    let near = |seconds: i64| (seconds - now.as_seconds()).abs() < TEN_YEARS_S;
    let mut wrong = Deviations::default();
    for login in &logins {
        let raw = token_reply(view, login)["expires_in"].as_i64();
        if let Some(raw) = raw.filter(|raw| near(*raw) || near(raw / 1000)) {
            wrong.add(
                "a span",
                format!("expires_in {raw}, which is a date"),
                login,
            );
        }
    }
    wrong.broken().unwrap_or(finding)
}

/// The reply to the documented login has its members; one to a login that did not ask for `openid`
/// lacks those that only come with it.
fn has_the_members_that_were_asked_for(view: &View<'_>) -> Finding {
    let (mut wrong, mut seen) = (Deviations::default(), Vec::new());
    for login in issued(view) {
        let reply = token_reply(view, &login);
        let mut members = view.expected.members.clone();
        // Where there is a refresh token, its lifetime is no longer 0.
        if reply["refresh_token"].is_string()
            && let Some(kind) = members.get_mut("refresh_expires_in")
        {
            "integer".clone_into(kind);
        }
        if let Some((expected, observed)) = members::fault(&reply, &members) {
            wrong.add(expected, observed, login);
        }
        seen.push(login);
    }
    let mut unanswered = None;
    let varied = view.evidence.varied(login_of(view));
    for login in varied.filter(|login| !asks_for_openid(login.variation)) {
        match login.reaction() {
            Reaction::Served => refuse_members(view, &login, &mut wrong),
            Reaction::Gone(_) => unanswered = Some(Finding::gone(login.sentence(), login)),
            _ => unanswered = Some(unobserved(view, &login.sentence()).seen_in(login)),
        }
        seen.push(login);
    }
    match wrong.broken().or(unanswered) {
        Some(finding) => finding,
        None => met_unless(view, Deviations::default(), &seen),
    }
}

/// Whether a login with this variation asks for the scope `openid`, if the documented one does.
fn asks_for_openid(variation: &Variation) -> bool {
    match variation {
        Variation::Login(LoginVariation::Without(name)) => name != "scope",
        Variation::Login(LoginVariation::With(name, value)) if name == "scope" => {
            value.split(' ').any(|word| word == "openid")
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const GOOD: &str = r#"{"access_token":"t-0123","expires_in":3600000,"token_type":"bearer"}"#;
    const SAMPLE: &str = r#"{"access_token":"t-0123","token_type":"Bearer"}"#;

    fn log(status: u16, body: &str) -> Log {
        Log::new().exchange("login", "", status, body)
    }

    #[test]
    fn members_have_their_types() {
        check(&log(200, GOOD), "VEN-07", Grade::Met);
        for (from, to) in [
            ("3600000", "\"3600000\""),
            ("3600000", "3600.5"),
            ("bearer", "mac"),
            ("token_type", "type"),
        ] {
            check(&log(200, &GOOD.replace(from, to)), "VEN-07", Grade::Broken);
        }
        check(&log(401, GOOD), "VEN-07", Grade::Unobserved);
    }

    #[test]
    fn a_date_is_no_span() {
        for date in ["1795514400", "1795514400000"] {
            let body = GOOD.replace("3600000", date);
            check(&log(200, &body), "VEN-07", Grade::Broken);
        }
    }

    #[test]
    fn five_minutes_are_300_seconds_or_just_less() {
        let told = |number: &str| log(200, &GOOD.replace("3600000", number));
        check(&told("300"), "VEN-12", Grade::Met);
        check(&told("299"), "VEN-12", Grade::Met);
        check(&told("300000"), "VEN-12", Grade::Broken);
    }

    /// What the reply has besides was reported without the reply that has it.
    #[test]
    fn further_members_are_reported_with_their_proof() {
        check(&log(200, SAMPLE), "VEN-01", Grade::Met);
        let more = log(200, &SAMPLE.replace('{', r#"{"more":1,"#));
        check(&more, "VEN-01", Grade::Fact);
        let rule = crate::rules::find("VEN-01", locum_core::requirement::Judge::Vendor);
        let finding = more.judge(rule.expect("a rule"));
        assert_eq!(finding.evidence().len(), 1, "{finding:?}");
        assert_eq!(finding.observed(), Some("besides more"));
    }

    /// A lifetime that could not be compared with anything was said to agree.
    #[test]
    fn an_expires_in_agrees_only_beside_claims() {
        let opaque = log(200, &SAMPLE.replace('{', r#"{"expires_in":3600,"#));
        check(&opaque, "VEN-01", Grade::Unobserved);
        let claimed = |told: u64| {
            let more = json!({"token_type": "bearer", "expires_in": told});
            Log::new().issues_jwt("", &json!({"iat": 1, "exp": 3601}), &more)
        };
        check(&claimed(3605), "VEN-01", Grade::Fact);
        check(&claimed(3607), "VEN-01", Grade::Broken);
    }

    #[test]
    fn a_refresh_token_is_seen() {
        check(&log(200, GOOD), "RSP-13", Grade::Met);
        let with = GOOD.replace('{', r#"{"refresh_token":"r-0123","#);
        check(&log(200, &with), "RSP-13", Grade::Broken);
    }

    #[test]
    fn an_id_token_comes_with_openid_alone() {
        let whole = json!({
            "access_token": "t-0123", "expires_in": 300, "refresh_expires_in": 0,
            "token_type": "Bearer", "id_token": "i-0123", "not-before-policy": 0,
            "scope": "email openid profile",
        })
        .to_string();
        check(&log(200, &whole), "VEN-15", Grade::Met);
        check(
            &log(200, &whole.replace("profile", "")),
            "VEN-15",
            Grade::Broken,
        );
        let without =
            |status, body: &str| log(200, &whole).exchange("login", "without scope", status, body);
        check(&without(200, GOOD), "VEN-15", Grade::Met);
        check(&without(200, &whole), "VEN-15", Grade::Broken);
        check(&without(400, "{}"), "VEN-15", Grade::Unobserved);
        for failure in FAILURES {
            let log = log(200, &whole).failed("login", "without scope", failure);
            let rule = crate::rules::find("VEN-15", locum_core::requirement::Judge::Vendor);
            let finding = log.judge(rule.expect("a rule"));
            assert_ne!(finding.grade(), Grade::Met, "{failure:?}");
        }
    }

    #[test]
    fn a_failure_is_no_token_reply() {
        for failure in FAILURES {
            let log = Log::new().failed("login", "", failure);
            for id in ["RSP-13", "VEN-01", "VEN-07", "VEN-12", "VEN-15"] {
                check(&log, id, Grade::Unobserved);
            }
        }
    }
}
