//! Facts about a vendor that are reported and not judged.

use super::effect::{Step, concluded, precondition, unseen};
use crate::evidence::{Exchange, Operation, Other, Reaction, SocketVariation, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("BAS-13", methods_of_authentication),
    Rule::vendor("BCP-01", |view| concluded(password_grant_is_offered(view))),
    Rule::vendor("BCP-02", |view| {
        concluded(token_in_the_query_is_required(view))
    }),
    Rule::vendor("HTT-07", too_many_requests_tell_when_to_come_back).everywhere(),
    Rule::vendor("VEN-23", |view| concluded(order_of_faults(view))),
    Rule::vendor("JWT-16", |view| concluded(another_tenant_named(view))),
    Rule::vendor("VEN-13", |view| concluded(status_of_the_varied_call(view))),
    Rule::vendor("VEN-30", |view| concluded(metadata_says(view))),
];

/// How the vendor answers the call that departs from the documented one.
fn status_of_the_varied_call(view: &View<'_>) -> Step<Finding> {
    let Some(call) = view.evidence.varied(Operation::Call).next() else {
        return unseen(view, "no such call was made");
    };
    let control = precondition(view, Operation::Call, &Variation::Documented)?;
    match call.reaction() {
        Reaction::Served | Reaction::Refused => {
            Ok(Finding::fact(call.sentence(), call).beside(control))
        }
        reaction => {
            let what = format!("{} ({})", call.sentence(), reaction.words());
            let absent = || unobserved(view, &what).seen_in(call);
            Ok(gone(&call).unwrap_or_else(absent))
        }
    }
}

/// How the vendor answers a call with one tenant's token and another tenant's name, where both
/// tenants' own clients are admitted.
fn another_tenant_named(view: &View<'_>) -> Step<Finding> {
    let other = Variation::By(Other::Tenant);
    precondition(view, Operation::OtherCall, &other)?;
    status_of_the_varied_call(view)
}

/// What the metadata document (RFC 8414 §2) says as the expected member.
fn metadata_says(view: &View<'_>) -> Step<Finding> {
    let name = view.expected.member.as_deref().unwrap_or_default();
    let read = precondition(view, Operation::Metadata, &Variation::Documented)?;
    match &read.json()[name] {
        serde_json::Value::Null => unseen(view, &format!("the metadata names no {name}")),
        value => Ok(Finding::fact(format!("{name}: {value}"), read)),
    }
}

/// Which ways of client authentication the metadata document names; none where there is no document.
fn methods_of_authentication(view: &View<'_>) -> Finding {
    let name = view.expected.member.as_deref().unwrap_or_default();
    let mut read = view.evidence.documented(Operation::Metadata);
    let Some(read) = read.next() else {
        return unobserved(view, "no metadata document was asked for");
    };
    match read.reaction() {
        Reaction::Served => match &read.json()[name] {
            serde_json::Value::Null => Finding::fact(format!("the metadata names no {name}"), read),
            value => Finding::fact(format!("{name}: {value}"), read),
        },
        Reaction::Refused => Finding::fact("there is no metadata document", read),
        reaction => {
            let what = format!("{} ({})", read.sentence(), reaction.words());
            gone(&read).unwrap_or_else(|| unobserved(view, &what).seen_in(read))
        }
    }
}

/// A token for a name and a password (RFC 9700 §2.4).
fn password_grant_is_offered(view: &View<'_>) -> Step<Finding> {
    let login = precondition(view, Operation::Login, &Variation::Documented)?;
    Ok(Finding::deviation(
        Grade::Fact,
        "no password grant",
        "a token for a name and a password, as the vendor's page shows it",
        login,
    ))
}

/// A websocket that is opened by a token in its URL and by nothing else (RFC 9700 §4.3.2).
fn token_in_the_query_is_required(view: &View<'_>) -> Step<Finding> {
    let open = precondition(view, Operation::OpenSocket, &Variation::Documented)?;
    let bare = Variation::Socket(SocketVariation::NoToken);
    let bare = view.evidence.first(Operation::OpenSocket, &bare);
    let Some(bare) = bare.filter(|bare| !bare.is_served()) else {
        return unseen(
            view,
            "no websocket was refused for the lack of a token in its URL",
        );
    };
    let finding = Finding::deviation(
        Grade::Fact,
        "no access token in a URL",
        "a websocket is opened by a token in its URL, as the vendor's page shows it",
        bare,
    );
    Ok(finding.beside(open))
}

/// What a 429 says of when to come back (RFC 6585 §4).
fn too_many_requests_tell_when_to_come_back(view: &View<'_>) -> Finding {
    let mut limited = view.evidence.exchanges().filter_map(|exchange| {
        let reply = exchange.reply.filter(|reply| reply.status == 429)?;
        Some((exchange, reply))
    });
    match limited.next() {
        Some((exchange, reply)) => {
            let told = match reply.header("retry-after") {
                Some(value) => format!("429 with Retry-After: {value}"),
                None => "429 without Retry-After".to_owned(),
            };
            Finding::fact(told, exchange)
        }
        None => unobserved(view, "no 429 was received"),
    }
}

/// Which of two faults is reported, and how an unknown tenant is.
fn order_of_faults(view: &View<'_>) -> Step<Finding> {
    let control = precondition(view, Operation::Login, &Variation::Documented)?;
    let mut told = Vec::new();
    let mut proof: Option<Proof> = None;
    let faults = view.evidence.varied(Operation::Login);
    for login in faults.filter(Exchange::is_refused) {
        let error = login.reply.and_then(crate::evidence::Message::error);
        told.push(format!(
            "{} {}",
            login.sentence(),
            error.unwrap_or_default()
        ));
        proof = Some(match proof {
            Some(known) => known.and(login),
            None => login.into(),
        });
    }
    match proof {
        Some(proof) => Ok(Finding::fact(told.join("; "), proof).beside(control)),
        None => unseen(view, "no login with two faults was refused"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const VARIED: &str = "without the header Tenant";

    fn failed(failure: BadReply) -> Grade {
        match failure {
            BadReply::Closed => Grade::Gone,
            _ => Grade::Unobserved,
        }
    }

    #[test]
    fn a_status_is_a_fact_beside_its_control() {
        let varied = || Log::new().exchange("call", VARIED, 403, "");
        check(&varied(), "VEN-13", Grade::Unobserved);
        let pair = varied().exchange("call", "", 200, "[]");
        check(&pair, "VEN-13", Grade::Fact);
        let refused = varied().exchange("call", "", 401, "");
        check(&refused, "VEN-13", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::new()
                .exchange("call", "", 200, "[]")
                .failed("call", VARIED, failure);
            check(&log, "VEN-13", failed(failure));
        }
    }

    #[test]
    fn what_is_documented_is_told_and_not_judged() {
        let token = r#"{"access_token":"t-0123"}"#;
        let login = Log::new().exchange("login", "", 200, token);
        check(&login, "BCP-01", Grade::Fact);
        check(
            &Log::new().exchange("login", "", 401, "{}"),
            "BCP-01",
            Grade::Unobserved,
        );
        let twice = "without grant_type, and with another client secret";
        let faults = Log::new().exchange("login", "", 200, token).exchange(
            "login",
            twice,
            400,
            r#"{"error":"invalid_request"}"#,
        );
        check(&faults, "VEN-23", Grade::Fact);
        check(&login, "VEN-23", Grade::Unobserved);
        let limited = Log::new().headed("call", "", 429, &[("Retry-After", "3")], "{}");
        check(&limited, "HTT-07", Grade::Fact);
        check(&login, "HTT-07", Grade::Unobserved);
        let key = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
        let open = Log::new().opened("", 101, key, &[("text", r#"{"type":"CONFIG_ACCEPTED"}"#)]);
        check(&open, "BCP-02", Grade::Unobserved);
        let refused = open.opened("without a token", 401, "", &[]);
        check(&refused, "BCP-02", Grade::Fact);
        for failure in FAILURES {
            let log = Log::new().failed("login", "", failure);
            check(&log, "BCP-01", failed(failure));
        }
    }

    #[test]
    fn another_tenants_name_is_answered_beside_both_clients() {
        let call = |status| {
            Log::new().exchange("call", "", 200, "[]").exchange(
                "call",
                "naming another tenant",
                status,
                "",
            )
        };
        let other = |log: Log, status| {
            log.exchange("other call", "as a client of another tenant", status, "[]")
        };
        check(&other(call(403), 200), "JWT-16", Grade::Fact);
        check(&other(call(200), 200), "JWT-16", Grade::Fact);
        check(&other(call(500), 200), "JWT-16", Grade::Unobserved);
        check(&other(call(403), 401), "JWT-16", Grade::Unobserved);
        check(&call(403), "JWT-16", Grade::Unobserved);
    }

    #[test]
    fn metadata_is_reported_when_it_is_there() {
        let log = |status, body| Log::new().exchange("metadata", "", status, body);
        let body = r#"{"grant_types_supported":["a"]}"#;
        check(&log(200, body), "VEN-30", Grade::Fact);
        check(&log(200, "{}"), "VEN-30", Grade::Unobserved);
        check(&log(404, body), "VEN-30", Grade::Unobserved);
        let methods = r#"{"token_endpoint_auth_methods_supported":["private_key_jwt"]}"#;
        check(&log(200, methods), "BAS-13", Grade::Fact);
        check(&log(404, ""), "BAS-13", Grade::Fact);
        for failure in FAILURES {
            let log = Log::new().failed("metadata", "", failure);
            check(&log, "VEN-30", failed(failure));
            check(&log, "BAS-13", failed(failure));
        }
    }
}
