//! Requests that the vendor should refuse.

use locum_core::{Finding, Grade};

use super::login::is_issued;
use crate::evidence::Exchange;
use crate::rules::{View, gone, sentence, unobserved};

/// How a refusal is to look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// One of these statuses, or 4 for any 4xx. When empty, any 4xx is a refusal and all else is
    /// not graded.
    pub statuses: Vec<u16>,
    /// The OAuth error code of the body.
    pub error: Option<String>,
    /// What is said of another refusal: how it counts, and its status where only one does.
    pub otherwise: Option<(Grade, Option<u16>)>,
}

impl Refusal {
    fn words(&self) -> String {
        let word = |status: &u16| match status {
            4 => "4xx".to_owned(),
            status => status.to_string(),
        };
        let statuses: Vec<String> = self.statuses.iter().map(word).collect();
        let status = match statuses.as_slice() {
            [] => "a refusal".to_owned(),
            list => list.join(" or "),
        };
        match &self.error {
            Some(error) => format!("{status} {error}"),
            None => status,
        }
    }

    fn allows(&self, status: u16) -> bool {
        let fits = |wanted: &u16| *wanted == status || (*wanted == 4 && status / 100 == 4);
        self.statuses.is_empty() || self.statuses.iter().any(fits)
    }

    /// How a refusal counts that is not the wanted one.
    fn another(&self, status: u16) -> Grade {
        match self.otherwise {
            Some((grade, Some(known))) if known == status => grade,
            Some((grade, None)) if status / 100 == 4 => grade,
            _ => Grade::Broken,
        }
    }
}

/// None of the altered requests of `act` (`login` or `call`) is served, and each is refused as
/// `wanted` says.
pub fn each_is_refused(view: &View<'_>, act: &str, wanted: &Refusal) -> Finding {
    let altered = |exchange: &Exchange<'_>| exchange.act == act && !exchange.how.is_empty();
    let mut refused = Vec::new();
    let mut another = None;
    for exchange in view.log.exchanges().filter(altered) {
        if let Some(finding) = gone(&exchange) {
            return finding;
        }
        if let Some(finding) = fault(&exchange, wanted) {
            if !matches!(finding.grade, Grade::Fact | Grade::Tolerated) {
                return finding;
            }
            // What is allowed after all speaks only when nothing worse does.
            another.get_or_insert(finding);
        }
        refused.push(exchange.seq);
    }
    let twin = view
        .log
        .acts(act, "")
        .find(|exchange| is_served(exchange, act));
    match (refused.is_empty(), twin) {
        (true, _) => unobserved(view, "no such request was made"),
        (false, None) => unobserved(view, "refused, but its accepted twin was never seen"),
        (false, Some(twin)) => another
            .unwrap_or_else(|| {
                Finding::new(Grade::Met, format!("{} refused", refused.len())).proved_by(refused)
            })
            .beside([twin.seq]),
    }
}

/// Whether the request did what it was for.
fn is_served(exchange: &Exchange<'_>, act: &str) -> bool {
    if act == "login" {
        return is_issued(exchange);
    }
    exchange.reply.is_some_and(|reply| reply.is_class(2))
}

fn fault(exchange: &Exchange<'_>, wanted: &Refusal) -> Option<Finding> {
    let reply = exchange.reply?;
    let finding = |grade, seen: String| {
        Some(
            Finding::new(grade, seen.clone())
                .because(wanted.words(), seen)
                .proved_by([exchange.seq]),
        )
    };
    // A token is a token whatever the status; data came back whenever the status is 2xx.
    let served = match exchange.act {
        "login" => reply.token().is_some(),
        _ => reply.is_class(2),
    };
    if served {
        return finding(Grade::Broken, format!("{}: accepted", sentence(exchange)));
    }
    let error = reply.json()["error"].as_str().map(str::to_owned);
    if !wanted.allows(reply.status) {
        return finding(wanted.another(reply.status), sentence(exchange));
    }
    if wanted.error.is_some() && error != wanted.error {
        let word = error.unwrap_or_else(|| "no error code".to_owned());
        return finding(Grade::Broken, format!("{} and {word}", sentence(exchange)));
    }
    if !reply.is_class(4) {
        return finding(
            Grade::Unobserved,
            format!("not graded: {}", sentence(exchange)),
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Log, check};

    const TOKEN: &str = r#"{"access_token":"t-0123"}"#;

    fn logins(statuses: &[u16], status: u16, body: &str, expected: Grade) {
        let wanted = Refusal {
            statuses: statuses.to_vec(),
            ..Refusal::default()
        };
        let rule = |view: &View<'_>| each_is_refused(view, "login", &wanted);
        let log = Log::new().exchange("login", "", 200, TOKEN).exchange(
            "login",
            "with another client secret",
            status,
            body,
        );
        check(&log, rule, expected);
    }

    #[test]
    fn a_login_is_refused_or_not() {
        logins(&[], 401, "{}", Grade::Met);
        logins(&[], 400, TOKEN, Grade::Broken);
        logins(&[], 200, TOKEN, Grade::Broken);
        logins(&[], 500, "{}", Grade::Unobserved);
        logins(&[401], 401, "{}", Grade::Met);
        logins(&[401], 400, "{}", Grade::Broken);
        logins(&[400, 401], 500, "{}", Grade::Broken);
        logins(&[4], 422, "{}", Grade::Met);
        logins(&[4], 500, "{}", Grade::Broken);
        logins(&[4], 200, TOKEN, Grade::Broken);
    }

    fn otherwise(grade: Grade, known: Option<u16>, replies: &[(u16, &str)], expected: Grade) {
        let wanted = Refusal {
            statuses: vec![400],
            error: Some("invalid_grant".to_owned()),
            otherwise: Some((grade, known)),
        };
        let log = Log::new().exchange("login", "", 200, TOKEN);
        let log = replies.iter().fold(log, |log, (status, body)| {
            log.exchange("login", "with another password", *status, body)
        });
        check(
            &log,
            |view| each_is_refused(view, "login", &wanted),
            expected,
        );
    }

    #[test]
    fn another_refusal_counts_as_is_said_of_it() {
        let good = (400, r#"{"error":"invalid_grant"}"#);
        otherwise(Grade::Fact, Some(401), &[good], Grade::Met);
        otherwise(Grade::Fact, Some(401), &[(401, "")], Grade::Fact);
        otherwise(Grade::Fact, Some(401), &[(403, "")], Grade::Broken);
        otherwise(
            Grade::Fact,
            Some(401),
            &[(401, ""), (200, TOKEN)],
            Grade::Broken,
        );
        otherwise(Grade::Tolerated, None, &[good, (403, "")], Grade::Tolerated);
        otherwise(Grade::Tolerated, None, &[(500, "")], Grade::Broken);
        otherwise(Grade::Tolerated, None, &[(401, TOKEN)], Grade::Broken);
    }

    #[test]
    fn the_error_code_counts_where_it_is_asked_for() {
        let wanted = Refusal {
            statuses: vec![400],
            error: Some("unsupported_grant_type".to_owned()),
            otherwise: None,
        };
        let rule = |view: &View<'_>| each_is_refused(view, "login", &wanted);
        for (body, grade) in [
            (r#"{"error":"unsupported_grant_type"}"#, Grade::Met),
            (r#"{"error":"bad_grant"}"#, Grade::Broken),
            ("", Grade::Broken),
        ] {
            let log = Log::new().exchange("login", "", 200, TOKEN).exchange(
                "login",
                "with grant_type x",
                400,
                body,
            );
            check(&log, rule, grade);
        }
    }

    #[test]
    fn a_refusal_without_its_accepted_twin_proves_nothing() {
        let rule = |view: &View<'_>| each_is_refused(view, "call", &Refusal::default());
        let refused = Log::new().exchange("call", "without a token", 401, "");
        check(&refused, rule, Grade::Unobserved);
        let served = Log::new().exchange("call", "without a token", 200, "[]");
        check(&served, rule, Grade::Broken);
        let pair = refused.exchange("call", "", 200, "[]");
        check(&pair, rule, Grade::Met);
        check(&Log::new(), rule, Grade::Unobserved);
    }
}
