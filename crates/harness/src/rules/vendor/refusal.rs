//! Requests that the vendor should refuse.

#[cfg(test)]
mod tests;

use locum_core::profile::Grant;

use crate::catalogue::{Acceptance, Others, RefusalExpectation};
use crate::evidence::{
    Exchange, Failure, LoginVariation, Operation, Reaction, SignInVariation, Variation,
};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("REF-02", renewals),
    Rule::vendor("REF-12", renewals),
    Rule::vendor("REF-13", renewals),
    Rule::vendor("REF-20", renewals),
    Rule::vendor("BAS-04", logins),
    Rule::vendor("BAS-06", logins),
    Rule::vendor("BAS-08", logins),
    Rule::vendor("BAS-14", logins),
    Rule::vendor("BRR-03", calls),
    Rule::vendor("BRR-08", calls),
    Rule::vendor("BRR-15", calls),
    Rule::vendor("BRR-20", calls),
    Rule::vendor("ERR-06", logins),
    Rule::vendor("ERR-07", logins_of_people),
    Rule::vendor("SIG-10", calls),
    Rule::vendor("SIG-12", calls),
    Rule::vendor("SIG-13", calls),
    Rule::vendor("SIG-16", presigned),
    Rule::vendor("SIG-17", calls),
    Rule::vendor("REF-11", challenges),
    Rule::vendor("TOK-02", logins),
    Rule::vendor("TOK-04", logins),
    Rule::vendor("TOK-08", logins),
    Rule::vendor("TOK-10", logins),
    Rule::vendor("TOK-11", logins),
    Rule::vendor("TOK-13", logins),
    Rule::vendor("TOK-18", logins),
    Rule::vendor("TOK-29", logins),
    Rule::vendor("VEN-04", logins),
    Rule::vendor("VEN-17", logins),
    Rule::vendor("VEN-18", calls),
    Rule::vendor("VEN-19", logins),
    Rule::vendor("VEN-22", logins),
    Rule::vendor("VEN-33", logins),
    Rule::vendor("VEN-41", calls),
    Rule::vendor("VEN-44", calls),
];

/// Each varied login is refused, beside the documented one that is not: another user's own login is
/// as good.
fn logins(view: &View<'_>) -> Finding {
    const SECOND_USER: Variation = Variation::SignIn(SignInVariation::SecondUser);
    let is_good =
        |exchange: &Exchange<'_>| exchange.is_documented() || *exchange.variation == SECOND_USER;
    refused_beside(view, login_of(view), |exchange| !is_good(exchange), is_good)
}

/// Each login with a wrong password is refused, beside a right one: of a person where clients log in
/// by themselves.
fn logins_of_people(view: &View<'_>) -> Finding {
    let mut people = view.evidence.exchanges_for(Operation::PersonLogin);
    if people.next().is_none() {
        return logins(view);
    }
    let is_wrong = |login: &Exchange<'_>| matches!(login.variation, Variation::Login(_));
    refused_beside(view, Operation::PersonLogin, is_wrong, |login| {
        !is_wrong(login)
    })
}

/// Each varied renewal is refused, beside the documented one that is not.
fn renewals(view: &View<'_>) -> Finding {
    each_is_refused(view, renewal_of(view))
}

/// Each answer to a challenge with a wrong Session is refused, beside the documented one that is not.
fn challenges(view: &View<'_>) -> Finding {
    let is_wrong = |answer: &Exchange<'_>| matches!(answer.variation, Variation::Challenge(_));
    let is_good = |answer: &Exchange<'_>| answer.is_documented();
    refused_beside(view, Operation::AnswerChallenge, is_wrong, is_good)
}

/// Each varied use of a presigned URL is refused, beside the documented one that is not.
fn presigned(view: &View<'_>) -> Finding {
    each_is_refused(view, Operation::UsePresigned)
}

/// Each varied call is refused, beside the documented one that is not.
fn calls(view: &View<'_>) -> Finding {
    each_is_refused(view, Operation::Call)
}

/// How one logs in at this vendor.
pub(super) fn login_of(view: &View<'_>) -> Operation {
    match view.profile.token.grant {
        Grant::Cognito => Operation::SignIn,
        Grant::ClientCredentials | Grant::Password | Grant::AuthorizationCode => Operation::Login,
    }
}

/// How one shows a refresh token at this vendor.
pub(super) fn renewal_of(view: &View<'_>) -> Operation {
    match view.profile.token.grant {
        Grant::Cognito => Operation::Refresh,
        Grant::ClientCredentials | Grant::Password | Grant::AuthorizationCode => Operation::Renew,
    }
}

/// None of the varied requests of `operation` gets what it asks for, and each is refused as the
/// requirement says; beside a documented request of the same operation that was served.
pub(super) fn each_is_refused(view: &View<'_>, operation: Operation) -> Finding {
    let is_documented = |exchange: &Exchange<'_>| exchange.is_documented();
    refused_beside(
        view,
        operation,
        |exchange| !is_documented(exchange),
        is_documented,
    )
}

/// None of the requests of `operation` that are `bad` gets what it asks for, and each is refused as
/// the requirement says; beside a `good` one of the same operation that was served.
pub(super) fn refused_beside(
    view: &View<'_>,
    operation: Operation,
    bad: impl Fn(&Exchange<'_>) -> bool,
    good: impl Fn(&Exchange<'_>) -> bool,
) -> Finding {
    let any = RefusalExpectation::default();
    let mut refused: Vec<Exchange<'_>> = Vec::new();
    let mut worst: Option<Finding> = None;
    let mut was_accepted = false;
    for exchange in view.evidence.exchanges_for(operation).filter(&bad) {
        let wanted = expectation(view, &exchange).unwrap_or(&any);
        if wanted.others() == Others::LeftOut && is_in_front(&exchange) {
            continue;
        }
        match graded(&exchange, wanted) {
            None => refused.push(exchange),
            Some(finding) => {
                let heavier = worst
                    .as_ref()
                    .is_none_or(|known| finding.grade() > known.grade());
                if heavier {
                    was_accepted = exchange.got_something();
                    worst = Some(finding);
                }
            }
        }
    }
    let control = view
        .evidence
        .exchanges_for(operation)
        .find(|exchange| good(exchange) && exchange.is_served());
    if let Some(finding) = worst {
        // What got something beside a good one is wrong whatever else is known of the vendor.
        return match control {
            Some(control) if was_accepted => finding.beside(control),
            _ => finding,
        };
    }
    let Some(proof) = Proof::all(&refused) else {
        return unobserved(view, &format!("no varied {operation} was made"));
    };
    if let Some(control) = control {
        Finding::met(format!("{} refused", refused.len()), proof).beside(control)
    } else {
        let what = format!("refused, but no good {operation} was served beside it");
        unobserved(view, &what).seen_in(proof)
    }
}

/// Whether something in front of the vendor may have answered, or a part of the server that does not
/// know such a request: with a 5xx or a redirect.
fn is_in_front(exchange: &Exchange<'_>) -> bool {
    matches!(
        exchange.reaction(),
        Reaction::Failed(Failure::ServerError) | Reaction::Redirected
    )
}

/// The expectation for this request: the first that is for its variation and its changed field, or
/// for any.
fn expectation<'a>(view: &View<'a>, exchange: &Exchange<'_>) -> Option<&'a RefusalExpectation> {
    let changed = match exchange.variation {
        // Its form may be refused before anybody looks at what it says.
        Variation::SignIn(change) if change.has_no_such_password() => return None,
        Variation::Login(
            LoginVariation::Field(_, name) | LoginVariation::FieldInBasic(_, name),
        ) => Some(name),
        _ => None,
    };
    let phrase = exchange.variation.to_string();
    view.expected.refused.iter().find(|wanted| {
        let is_meant = wanted.phrases.is_empty() || wanted.phrases.contains(&phrase);
        is_meant
            && wanted
                .field
                .as_ref()
                .is_none_or(|field| Some(field) == changed)
    })
}

/// What is to be said of one request that should be refused; `None` when it is as wanted.
fn graded(exchange: &Exchange<'_>, wanted: &RefusalExpectation) -> Option<Finding> {
    if exchange.got_something() {
        let grade = match wanted.acceptance {
            Acceptance::Documented => Grade::Fact,
            Acceptance::Tolerated => Grade::Tolerated,
            Acceptance::Broken => Grade::Broken,
            Acceptance::Severe => Grade::Severe,
        };
        let seen = format!("{}: accepted", exchange.sentence());
        return Some(Finding::deviation(grade, wanted.words(), seen, exchange));
    }
    let reaction = exchange.reaction();
    let status = exchange.status();
    let fits_status = wanted.status.is_empty() || wanted.status.contains(&status);
    let error = exchange.reply.and_then(crate::evidence::Message::error);
    let fits_error = wanted.error.is_none() || error == wanted.error;
    let mut seen = exchange.sentence();
    if let (Some(_), Some(error)) = (&wanted.error, &error) {
        seen = format!("{seen} {error}");
    }
    let deviates = |grade| {
        Some(Finding::deviation(
            grade,
            wanted.words(),
            seen.clone(),
            exchange,
        ))
    };
    match reaction {
        Reaction::Refused if fits_status && fits_error => None,
        Reaction::Refused if wanted.documented.contains(&status) => deviates(Grade::Fact),
        Reaction::Refused if wanted.any_tolerated || wanted.tolerated.contains(&status) => {
            deviates(Grade::Tolerated)
        }
        Reaction::Gone(_) => Some(Finding::gone(seen, exchange)),
        Reaction::Throttled if status != 429 || !wanted.status.contains(&status) => {
            Some(Finding::unobserved(seen).seen_in(exchange))
        }
        other => match (wanted.others(), other) {
            (Others::Broken, _) => deviates(Grade::Broken),
            (Others::Tolerated, _) => deviates(Grade::Tolerated),
            (_, other) => {
                let reason = format!("not graded: {seen} ({})", other.words());
                Some(Finding::unobserved(reason).seen_in(exchange))
            }
        },
    }
}
