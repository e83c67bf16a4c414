//! Identities and AWS credentials of an identity pool.

use locum_core::Timestamp;
use serde_json::Value;

use super::effect::{Step, both, concluded, control, every, precondition, settled, unseen};
use super::refusal::refused_beside;
use crate::evidence::{Exchange, IdentityVariation, Operation, Variation};
use crate::http::is_uuid;
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("COG-18", takes_its_own_provider_alone),
    Rule::vendor("COG-19", |view| concluded(keeps_an_identity(view))),
    Rule::vendor("VEN-77", |view| concluded(identity_has_its_form(view))),
    Rule::vendor("COG-20", gives_credentials_to_the_login_alone),
    Rule::vendor("COG-21", |view| concluded(credentials_are_whole(view))),
];

/// The longest time that credentials may live, in seconds: a day.
const MAX_LIFETIME_S: f64 = 86_400.0;

/// Neither the id token under another provider's name nor a near miss of it nor the access token gives
/// an identity or credentials, nor does another identity pool.
fn takes_its_own_provider_alone(view: &View<'_>) -> Finding {
    let refused = |operation| {
        refused_as(view, operation, |variation| {
            matches!(
                variation,
                IdentityVariation::AnotherPool
                    | IdentityVariation::AnotherRegion
                    | IdentityVariation::LongerName
                    | IdentityVariation::NameWithATail
                    | IdentityVariation::AccessToken
                    | IdentityVariation::SignatureChanged
                    | IdentityVariation::UnknownToken
                    | IdentityVariation::AnotherIdentityPool
            )
        })
    };
    let others = both(
        refused(Operation::GetIdentity),
        refused(Operation::GetCredentials),
    );
    match guest(view) {
        Some(guest) => both(others, guest),
        None => others,
    }
}

/// What came of a request for an identity without a login: an identity alone opens nothing, and a pool
/// may be set to give one; AWS credentials sign calls.
fn guest(view: &View<'_>) -> Option<Finding> {
    let nobody = Variation::Identity(IdentityVariation::NoLogins);
    let asked = view.evidence.first(Operation::GetIdentity, &nobody)?;
    let given = view.evidence.first(Operation::GetCredentials, &nobody);
    let expected = "no identity without a login";
    if let Some(given) = given.filter(Exchange::got_something) {
        let seen = format!("{}: credentials", given.sentence());
        let proof = Proof::from(asked).and(given);
        return Some(Finding::broken(expected, seen, proof));
    }
    if asked.got_something() {
        let seen = format!("{}: accepted", asked.sentence());
        return Some(Finding::tolerated(expected, seen, asked));
    }
    let is_nobody = |exchange: &Exchange<'_>| *exchange.variation == nobody;
    let is_good = |exchange: &Exchange<'_>| exchange.is_documented();
    Some(refused_beside(
        view,
        Operation::GetIdentity,
        is_nobody,
        is_good,
    ))
}

/// Nobody gets credentials without a login, or of another identity.
fn gives_credentials_to_the_login_alone(view: &View<'_>) -> Finding {
    refused_as(view, Operation::GetCredentials, |variation| {
        matches!(
            variation,
            IdentityVariation::NoLogins
                | IdentityVariation::EmptyLogins
                | IdentityVariation::UnknownIdentity
                | IdentityVariation::ForeignIdentity
        )
    })
}

fn refused_as(
    view: &View<'_>,
    operation: Operation,
    is_bad: fn(IdentityVariation) -> bool,
) -> Finding {
    let bad = |exchange: &Exchange<'_>| matches!(exchange.variation, Variation::Identity(variation) if is_bad(*variation));
    let good = |exchange: &Exchange<'_>| exchange.is_documented();
    refused_beside(view, operation, bad, good)
}

/// Two logins of one account get one identity.
fn keeps_an_identity(view: &View<'_>) -> Step<Finding> {
    let asked = [Variation::Documented, Variation::Again]
        .map(|variation| every(view, Operation::GetIdentity, &variation));
    let all = asked.concat();
    let found: Vec<Exchange<'_>> = all.iter().copied().filter(Exchange::is_served).collect();
    let mut ids: Vec<String> = found
        .iter()
        .map(|exchange| exchange.json()["IdentityId"].to_string())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let Some(proof) = Proof::all(&found) else {
        return Err(Box::new(unobserved(view, "no identity was given")));
    };
    if ids.len() > 1 {
        let seen = format!("{} identities: {}", ids.len(), ids.join(", "));
        return Ok(Finding::broken("one identity for both logins", seen, proof));
    }
    settled(view, &all)?;
    for variation in [Variation::Documented, Variation::Again] {
        control(view, Operation::GetIdentity, &variation)?;
    }
    let seen = format!("{} logins, one identity", found.len());
    Ok(Finding::met(seen, proof))
}

/// An identity is named by the region of its pool, a colon and a UUID.
fn identity_has_its_form(view: &View<'_>) -> Step<Finding> {
    let asked = control(view, Operation::GetIdentity, &Variation::Documented)?;
    let request: Value = serde_json::from_str(&asked.request.body).unwrap_or_default();
    let pool = request["IdentityPoolId"].as_str().unwrap_or_default();
    let region = pool.split(':').next().unwrap_or_default();
    let expected = format!("{region}:UUID");
    let told = asked.json();
    let id = told["IdentityId"].as_str().unwrap_or_default();
    match id.split_once(':') {
        Some((found, uuid)) if found == region && is_uuid(uuid) => Ok(Finding::met(id, asked)),
        _ => Ok(Finding::broken(expected, format!("IdentityId {id}"), asked)),
    }
}

/// The credentials have their three parts and an `Expiration` that, read as epoch seconds, lies ahead
/// of the reply's date, and at most a day.
fn credentials_are_whole(view: &View<'_>) -> Step<Finding> {
    let mut all = every(view, Operation::GetCredentials, &Variation::Documented).into_iter();
    let has_credentials = |exchange: &Exchange<'_>| {
        let is_ok = exchange.reply.is_some_and(|reply| reply.is_class(2));
        is_ok && exchange.json()["Credentials"].is_object()
    };
    let Some(given) = all.find(has_credentials) else {
        // Who gave the login an identity takes the login: credentials are due to both.
        let asked = every(view, Operation::GetCredentials, &Variation::Documented);
        let known = every(view, Operation::GetIdentity, &Variation::Documented);
        let identity = known.iter().find(|known| known.is_served());
        if let (Some(identity), Some(refused)) = (identity, asked.iter().find(|it| it.is_refused()))
        {
            let expected = "credentials for the identity that the login was given";
            let finding = Finding::broken(expected, refused.sentence(), refused);
            return Ok(finding.beside(identity));
        }
        precondition(view, Operation::GetCredentials, &Variation::Documented)?;
        return unseen(view, "no credentials were given");
    };
    let body = given.json();
    let is_text = |name: &&str| {
        let text = body["Credentials"][*name].as_str();
        text.is_some_and(|text| !text.is_empty())
    };
    let missing: Vec<&str> = ["AccessKeyId", "SecretKey", "SessionToken"]
        .into_iter()
        .filter(|name| !is_text(name))
        .collect();
    if !missing.is_empty() {
        let expected = "AccessKeyId, SecretKey and SessionToken as text";
        let seen = format!("no {}", missing.join(", no "));
        return Ok(Finding::broken(expected, seen, given));
    }
    let expected = "a number of epoch seconds, ahead and at most a day";
    let told = &body["Credentials"]["Expiration"];
    let broken = |seen: String| Ok(Finding::broken(expected, seen, given));
    let Some(end) = told.as_f64() else {
        return broken(format!("Expiration {told}"));
    };
    let date = given.reply.and_then(|reply| reply.header("date"));
    let date = date.and_then(Timestamp::parse_http_date);
    let Some(now) = date.or_else(|| view.evidence.started()) else {
        return unseen(view, "the reply has no Date");
    };
    #[expect(clippy::cast_precision_loss, reason = "seconds of any date fit")]
    let ahead = end - now.as_seconds() as f64;
    if ahead <= 0.0 || ahead > MAX_LIFETIME_S {
        return broken(format!("Expiration {told}, {ahead} s ahead of {now}"));
    }
    Ok(Finding::met(format!("{ahead:.0} s ahead"), given))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const IDENTITY: &str = r#"{"IdentityId":"r:1"}"#;
    const OTHER: &str = r#"{"IdentityId":"r:2"}"#;
    const DENIED: &str = r#"{"__type":"NotAuthorizedException","message":"m"}"#;
    const DATE: &str = "Tue, 24 Nov 2026 10:00:00 GMT";

    fn credentials(expiration: &str) -> String {
        format!(
            r#"{{"IdentityId":"r:1","Credentials":{{"AccessKeyId":"a","SecretKey":"s","SessionToken":"t","Expiration":{expiration}}}}}"#
        )
    }

    fn pair() -> Log {
        Log::of_a_user_pool()
            .exchange("identity", "", 200, IDENTITY)
            .exchange("credentials", "", 200, &credentials("1"))
    }

    fn failed(failure: BadReply) -> Grade {
        match failure {
            BadReply::Closed => Grade::Gone,
            _ => Grade::Broken,
        }
    }

    #[test]
    fn an_id_token_counts_for_its_own_provider() {
        let log = |identity: (u16, &str), given: (u16, &str)| {
            pair()
                .exchange("identity", "under another region", identity.0, identity.1)
                .exchange("credentials", "under another region", given.0, given.1)
        };
        let (no, given) = ((400, DENIED), credentials("1"));
        check(&log(no, no), "COG-18", Grade::Met);
        check(&log((200, OTHER), no), "COG-18", Grade::Broken);
        check(&log(no, (200, &given)), "COG-18", Grade::Broken);
        check(&log(no, (500, "")), "COG-18", Grade::Broken);
        check(&log(no, (429, "")), "COG-18", Grade::Unobserved);
        for phrase in [
            "under a name that ends with its own",
            "under a name that begins with its own",
            "with the access token",
        ] {
            let log = |identity: (u16, &str), given: (u16, &str)| {
                pair()
                    .exchange("identity", phrase, identity.0, identity.1)
                    .exchange("credentials", phrase, given.0, given.1)
            };
            check(&log(no, no), "COG-18", Grade::Met);
            check(&log((200, IDENTITY), no), "COG-18", Grade::Broken);
            check(&log(no, (200, &given)), "COG-18", Grade::Broken);
        }
        let other_pool = |status, body| {
            let refused = pair()
                .exchange("identity", "under another region", 400, DENIED)
                .exchange("credentials", "under another region", 400, DENIED);
            refused.exchange("identity", "of another identity pool", status, body)
        };
        check(&other_pool(400, DENIED), "COG-18", Grade::Met);
        check(&other_pool(200, IDENTITY), "COG-18", Grade::Broken);
        let alone = Log::of_a_user_pool()
            .exchange("identity", "under another region", 400, DENIED)
            .exchange("credentials", "under another region", 400, DENIED);
        check(&alone, "COG-18", Grade::Unobserved);
    }

    #[test]
    fn nobody_is_given_an_identity() {
        const NOBODY: &str = "without Logins";
        let log = |identity: (u16, &str)| {
            let refused = pair()
                .exchange("identity", "under another region", 400, DENIED)
                .exchange("credentials", "under another region", 400, DENIED);
            refused.exchange("identity", NOBODY, identity.0, identity.1)
        };
        let given = |status, body: &str| {
            let guest = log((200, OTHER));
            guest.exchange("credentials", NOBODY, status, body)
        };
        check(&log((400, DENIED)), "COG-18", Grade::Met);
        check(&log((500, "")), "COG-18", Grade::Broken);
        check(&log((429, "")), "COG-18", Grade::Unobserved);
        check(&given(400, DENIED), "COG-18", Grade::Tolerated);
        check(&given(200, &credentials("1")), "COG-18", Grade::Broken);
    }

    #[test]
    fn credentials_are_given_to_the_login_alone() {
        for phrase in [
            "without Logins",
            "with empty Logins",
            "for an identity that does not exist",
            "for another user's identity",
        ] {
            let log = |status, body: &str| pair().exchange("credentials", phrase, status, body);
            check(&log(400, DENIED), "COG-20", Grade::Met);
            check(&log(200, &credentials("1")), "COG-20", Grade::Broken);
            for failure in FAILURES {
                let log = pair().failed("credentials", phrase, failure);
                check(&log, "COG-20", failed(failure));
            }
        }
        check(&pair(), "COG-20", Grade::Unobserved);
    }

    #[test]
    fn an_account_has_one_identity() {
        let log = |status, body| pair().exchange("identity", "again", status, body);
        check(&log(200, IDENTITY), "COG-19", Grade::Met);
        check(&log(200, OTHER), "COG-19", Grade::Broken);
        check(&log(400, DENIED), "COG-19", Grade::Unobserved);
        check(&pair(), "COG-19", Grade::Unobserved);
        for failure in FAILURES {
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            let log = pair().failed("identity", "again", failure);
            check(&log, "COG-19", grade);
        }
    }

    #[test]
    fn an_end_is_ahead_in_seconds() {
        let log = |expiration: &str| {
            let headers = [("Date", DATE)];
            let body = credentials(expiration);
            Log::of_a_user_pool().headed("credentials", "", 200, &headers, &body)
        };
        let hour = 1_795_514_400 + 3600;
        check(&log(&hour.to_string()), "COG-21", Grade::Met);
        check(&log(&format!("{hour}.25")), "COG-21", Grade::Met);
        check(&log("1.795518E9"), "COG-21", Grade::Met);
        check(&log(&format!("{hour}000")), "COG-21", Grade::Broken);
        check(&log(&format!("\"{hour}\"")), "COG-21", Grade::Broken);
        check(&log("3600"), "COG-21", Grade::Broken);
        check(&log("null"), "COG-21", Grade::Broken);
        let refused = Log::of_a_user_pool().exchange("credentials", "", 400, DENIED);
        check(&refused, "COG-21", Grade::Unobserved);
        let known = Log::of_a_user_pool().exchange("identity", "", 200, IDENTITY);
        let refused = known.exchange("credentials", "", 400, DENIED);
        check(&refused, "COG-21", Grade::Broken);
        check(&Log::of_a_user_pool(), "COG-21", Grade::Unobserved);
        for failure in FAILURES {
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            let log = Log::of_a_user_pool().failed("credentials", "", failure);
            check(&log, "COG-21", grade);
        }
    }

    #[test]
    fn credentials_have_three_parts() {
        let log = |part: &str| {
            let hour = 1_795_514_400 + 3600;
            let body = credentials(&hour.to_string()).replace(part, "Other");
            Log::of_a_user_pool().headed("credentials", "", 200, &[("Date", DATE)], &body)
        };
        check(&log("no such part"), "COG-21", Grade::Met);
        for part in ["AccessKeyId", "SecretKey", "SessionToken"] {
            check(&log(part), "COG-21", Grade::Broken);
        }
    }
}
