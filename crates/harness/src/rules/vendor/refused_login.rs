//! Why a documented login was refused, as far as that can be told: by its status, by where it was sent,
//! and by what the vendor made of the same account in other ways.

use super::refusal::login_of;
use crate::evidence::{
    BasicSpelling, Content, Exchange, FormSpelling, LoginVariation, Reaction, Variation,
};
use crate::http::Url;
use crate::rules::View;
use crate::verdict::{Finding, Proof};

/// What the refusal of the documented `login` comes to where it may not be the vendor's fault, or where
/// its cause is known; `None` where it is a deviation like any other.
pub(super) fn explained(view: &View<'_>, login: &Exchange<'_>, expected: &str) -> Option<Finding> {
    let seen = login.sentence();
    if let (Reaction::Redirected, Some(place)) = (login.reaction(), location(login)) {
        let observed = format!("{seen} (redirected to {place}: {CHECK_ADDRESS})");
        return Some(Finding::broken(expected, observed, login));
    }
    let variables = view.evidence.account_variables()?;
    let others: Vec<Exchange<'_>> = view.evidence.varied(login_of(view)).collect();
    if let Some(taken) = others.iter().find(|other| other.is_served()) {
        let observed = format!("{seen}, and {} gave a token", taken.words());
        if let Some(cause) = of_the_form(taken.variation) {
            let observed = format!("{observed}: the account is right, and {cause}");
            return Some(Finding::broken(expected, observed, login).beside(taken));
        }
        if is_json(taken.variation) || !login.denies_the_account() {
            return Some(Finding::broken(expected, observed, login).beside(taken));
        }
        let why = format!(
            "{observed}: the account is right, and {}",
            cause(taken.variation)
        );
        return Some(Finding::unobserved(why).seen_in(Proof::from(login).and(taken)));
    }
    if !login.denies_the_account() {
        return None;
    }
    let check = match login.status() {
        404 | 410 | 421 => format!("nothing takes a login there, {CHECK_ADDRESS}"),
        _ => format!(
            "the supplied account may be wrong, check {}",
            variables.join(", ")
        ),
    };
    let tried: Vec<String> = others.iter().map(Exchange::sentence).collect();
    let tried = match tried.as_slice() {
        [] => String::new(),
        tried => format!(" (tried besides: {})", tried.join(", ")),
    };
    let proof = others.iter().fold(Proof::from(login), Proof::and);
    Some(Finding::unobserved(format!("{seen}: {check}{tried}")).seen_in(proof))
}

/// What to look at where the address may be another's.
const CHECK_ADDRESS: &str = "check --url and LOCUM_TOKEN_URL";

/// Where a redirect leads: its host, since a path may hold secrets.
fn location(login: &Exchange<'_>) -> Option<String> {
    let place = login.reply?.header("location")?;
    Url::parse(place).ok().map(|url| {
        let scheme = if url.tls { "https" } else { "http" };
        format!("{scheme}://{}", url.authority())
    })
}

/// What a vendor does that takes the account in this way and not as documented.
fn cause(variation: &Variation) -> &'static str {
    match variation {
        Variation::Login(LoginVariation::BasicSpelling(BasicSpelling::FormEncoded)) => {
            "the vendor form-decodes id and secret in a Basic header (RFC 6749 §2.3.1), which changes a plus and a percent sign: try a secret of letters and digits"
        }
        _ => {
            "the vendor does not take it where its page has it, or not this secret there: a colon, a plus and a percent sign are the usual causes"
        }
    }
}

/// What a vendor does wrong that reads the form only where it is written in this way (RFC 6749
/// appendix B).
fn of_the_form(variation: &Variation) -> Option<&'static str> {
    let Variation::Login(LoginVariation::FormSpelling(spelling)) = variation else {
        return None;
    };
    match spelling {
        FormSpelling::Documented => None,
        FormSpelling::PercentSpaces => Some("a plus in the form is not read as a space"),
        FormSpelling::Latin1 => Some("the form is read as ISO 8859-1, not as UTF-8"),
        FormSpelling::Twice => {
            Some("the form is decoded twice, unless the account was supplied decoded")
        }
    }
}

fn is_json(variation: &Variation) -> bool {
    fn of(change: &LoginVariation) -> bool {
        match change {
            LoginVariation::As(content) => *content == Content::Json,
            LoginVariation::Both(one, other) => of(one) || of(other),
            _ => false,
        }
    }
    matches!(variation, Variation::Login(change) if of(change))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Log, check};
    use crate::verdict::Grade;

    const GOOD: &str = r#"{"access_token":"t-0123","token_type":"bearer"}"#;
    const ENCODED: &str = "with a form-encoded Basic header";

    fn refused(status: u16) -> Log {
        Log::new()
            .supplied(&["LOCUM_CLIENT_SECRET"])
            .exchange("login", "", status, "{}")
    }

    fn check_reason(log: &Log, parts: &[&str]) {
        let rule = crate::rules::find("VEN-16", locum_core::requirement::Judge::Vendor);
        let finding = log.judge(rule.expect("a rule"));
        let told = format!("{} {:?}", finding.reason(), finding.observed());
        for part in parts {
            assert!(told.contains(part), "{part}: {told}");
        }
    }

    #[test]
    fn what_is_taken_instead_tells_the_cause() {
        let json = refused(401).exchange("login", "as JSON", 200, GOOD);
        check(&json, "VEN-16", Grade::Broken);
        check_reason(&json, &["login as JSON gave a token"]);
        let encoded = refused(401).exchange("login", ENCODED, 200, GOOD);
        check(&encoded, "VEN-16", Grade::Unobserved);
        check_reason(&encoded, &["the account is right", "form-decodes"]);
        let body = refused(401).exchange("login", "with the credentials in the body", 200, GOOD);
        check(&body, "VEN-16", Grade::Unobserved);
        check_reason(&body, &["the account is right", "a colon"]);
    }

    /// The same account in another spelling of the form: the form is read wrongly.
    #[test]
    fn a_form_that_is_read_wrongly_is_broken() {
        for (way, cause) in [
            ("with a form that has spaces as %20", "not read as a space"),
            ("with a form in ISO 8859-1", "as ISO 8859-1"),
            (
                "with credentials that are form-encoded twice",
                "decoded twice",
            ),
        ] {
            let log = refused(401).exchange("login", way, 200, GOOD);
            check(&log, "VEN-16", Grade::Broken);
            check_reason(&log, &["the account is right", cause]);
            let in_vain = refused(401).exchange("login", way, 401, "{}");
            check(&in_vain, "VEN-16", Grade::Unobserved);
        }
    }

    #[test]
    fn what_was_tried_in_vain_is_told() {
        let log = refused(401).exchange("login", ENCODED, 401, "{}");
        check(&log, "VEN-16", Grade::Unobserved);
        let tried = "(tried besides: login with a form-encoded Basic header was answered with 401)";
        check_reason(&log, &["check LOCUM_CLIENT_SECRET", tried]);
        check_reason(
            &refused(404),
            &["nothing takes a login there", "LOCUM_TOKEN_URL"],
        );
        check(&refused(404), "VEN-16", Grade::Unobserved);
    }
    #[test]
    fn a_redirect_is_followed_by_nobody() {
        let target = "https://u:p@h/login?code=s-0123";
        let moved = Log::new().supplied(&["LOCUM_CLIENT_SECRET"]).headed(
            "login",
            "",
            302,
            &[("Location", target)],
            "",
        );
        check(&moved, "VEN-16", Grade::Broken);
        check_reason(&moved, &["redirected to https://h: check --url"]);
    }

    /// What fails in one form and works in another is no matter of the account.
    #[test]
    fn a_login_that_fails_is_explained_by_no_account() {
        let failed = refused(500).exchange("login", ENCODED, 200, GOOD);
        check(&failed, "VEN-16", Grade::Broken);
    }
}
