//! What a client does with a challenge that a sign-in was answered with.

use serde_json::Value;

use super::attempts::count;
use super::commands::{GivenCommand, asked, call_follows, configured, is_asked};
use super::traffic::{Arrival, arrivals};
use super::{Fault, absent, each_has_the_form, gone, met, unobserved, worst};
use crate::rules::{Rule, View};
use crate::subject::Departure;
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("COG-01", answers_the_challenge_first),
    Rule::client("COG-08", tells_the_caller),
    Rule::client("COG-14", answers_as_described),
    Rule::client("COG-28", changes_with_its_access_token).everywhere(),
];

/// More sign-ins a call than these are a loop: each meets the challenge again.
const SIGN_INS: usize = 3;

const NO_CHALLENGE: &str = "no sign-in was answered with the challenge";

/// The Session of the challenge that this sign-in was answered with.
fn opened(view: &View<'_>, arrival: &Arrival<'_>) -> Option<Value> {
    let reply = arrival.answered();
    // By SRP the proof comes first, and its reply opens the challenge.
    let signs_in = matches!(
        arrival.operation(),
        Some("InitiateAuth" | "RespondToAuthChallenge")
    );
    let is_open = signs_in
        && arrival.is_served()
        && reply["ChallengeName"].as_str() == view.expected.challenge.as_deref();
    (is_open && reply["Session"].is_string()).then(|| reply["Session"].clone())
}

fn is_answer(arrival: &Arrival<'_>) -> bool {
    arrival.operation() == Some("RespondToAuthChallenge")
}

/// With a challenge open the client asks neither the identity pool nor the API for anything.
fn answers_the_challenge_first(view: &View<'_>) -> Finding {
    let mut open: Option<Value> = None;
    let mut first = None;
    let mut answer = None;
    let mut faults = Vec::new();
    for arrival in arrivals(view) {
        if let Some(session) = opened(view, &arrival) {
            first = first.or(Some(arrival));
            open = Some(session);
            continue;
        }
        let Some(session) = &open else { continue };
        let is_its_answer = is_answer(&arrival) && arrival.sent()["Session"] == *session;
        match arrival.operation() {
            _ if is_its_answer && arrival.is_served() => {
                answer = Some(arrival);
                open = None;
            }
            Some(name @ ("GetId" | "GetCredentialsForIdentity")) => {
                faults.push(Fault::broken(
                    arrival,
                    format!("{name} with the challenge open"),
                ));
            }
            None if arrival.is_api_request(view) => {
                faults.push(Fault::broken(
                    arrival,
                    "an API request with the challenge open",
                ));
            }
            _ => {}
        }
    }
    let Some(first) = first else {
        return unobserved(view, NO_CHALLENGE);
    };
    if let Some(finding) = worst(&faults, "an answer to the challenge") {
        return finding;
    }
    let opened: Vec<_> = arrivals(view)
        .filter(|arrival| opened(view, arrival).is_some())
        .collect();
    let calls = asked(view).into_iter();
    let calls = calls.filter(|asked| asked.command.op() == "call").count();
    // Traffic without a scenario tells of no calls, and an answer ends a loop.
    let is_loop = answer.is_none() && calls > 0 && opened.len() > SIGN_INS * calls;
    if is_loop && let Some(proof) = Proof::all(opened.iter().copied()) {
        let expected = "no further sign-in: it meets the same challenge";
        let seen = format!("{} sign-ins for {}", opened.len(), count(calls, "call"));
        return gone(view).unwrap_or_else(|| Finding::tolerated(expected, seen, proof));
    }
    match answer {
        Some(answer) => {
            let proof = Proof::from(first).and(answer);
            met(view, "the challenge was answered first", proof)
        }
        None if call_follows(view, first.seq) => {
            met(view, "nothing was asked for with the challenge open", first)
        }
        None => unobserved(view, "no call was asked for with the challenge open"),
    }
}

/// The need for a new password reaches the caller as an error of its own, and the client lives.
fn tells_the_caller(view: &View<'_>) -> Finding {
    let Some(sign_in) = arrivals(view).find(|arrival| opened(view, arrival).is_some()) else {
        return unobserved(view, NO_CHALLENGE);
    };
    let expected = "the error `challenge`";
    let answer = asked(view)
        .into_iter()
        // A client that signs in while it is made is made all the same: the calls tell.
        .filter(|asked| !(asked.command.op() == "new" && was_done(asked)))
        .filter_map(|asked| asked.answer)
        .find(|(at, _)| *at > sign_in.seq);
    let Some((at, reply)) = answer else {
        // To say nothing for long is no answer; to crash is a wrong one.
        return match view.evidence.client_gone() {
            Some((seq, gone)) if seq > sign_in.seq && gone.kind == Departure::Crashed => {
                Finding::broken(expected, gone.to_string(), Proof::from(sign_in).and(seq))
            }
            _ => unobserved(view, "nobody was answered after the challenge").seen_in(sign_in),
        };
    };
    let proof = Proof::from(sign_in).and(at);
    match reply.error.as_deref() {
        _ if reply.succeeded() => Finding::broken(expected, "success", proof),
        Some("challenge") => met(view, "the caller was told of the challenge", proof),
        Some(other) => Finding::broken(expected, format!("the error `{other}`"), proof),
        None => Finding::broken(expected, "an error without a kind", proof),
    }
}

fn was_done(asked: &GivenCommand<'_>) -> bool {
    asked.answer.is_some_and(|(_, reply)| reply.succeeded())
}

/// Whether an answer sets the password that the sign-in was made with; a sign-in by SRP shows none.
fn is_the_old_password(sign_in: &Arrival<'_>, answer: &Value) -> bool {
    let old = &sign_in.sent()["AuthParameters"]["PASSWORD"];
    let new = &answer["ChallengeResponses"]["NEW_PASSWORD"];
    is_known(old) && old == new
}

/// Whether this is the name of a password that the vendor has.
fn is_known(password: &Value) -> bool {
    let is_name = |name: &str| name.starts_with('«') && !name.starts_with("«unknown");
    password.as_str().is_some_and(is_name)
}

/// Asked for a new password, the client answers the challenge as the API reference of
/// `RespondToAuthChallenge` describes it.
fn answers_as_described(view: &View<'_>) -> Finding {
    let mut open = arrivals(view)
        .filter_map(|arrival| Some((opened(view, &arrival)?, arrival)))
        .peekable();
    if open.peek().is_none() {
        return unobserved(view, NO_CHALLENGE);
    }
    let opened: Vec<(Value, Arrival<'_>)> = open.collect();
    let answers: Vec<Arrival<'_>> = arrivals(view).filter(is_answer).collect();
    let mut faults = Vec::new();
    for answer in &answers {
        let challenge = opened.iter().rev().find(|(_, it)| it.seq < answer.seq);
        let Some((session, sign_in)) = challenge else {
            continue;
        };
        let client_id = sign_in.sent()["ClientId"].clone();
        let client_id = configured(view, "client_id").map_or(client_id, Value::from);
        let body = answer.sent();
        let is_missing = |key: &&str| {
            let value = body["ChallengeResponses"][*key].as_str();
            value.is_none_or(str::is_empty)
        };
        if let Some(key) = ["USERNAME", "NEW_PASSWORD"].into_iter().find(is_missing) {
            faults.push(Fault::broken(*answer, format!("no {key} in the answer")));
        } else if body["Session"] != *session {
            faults.push(Fault::broken(*answer, "another Session in the answer"));
        } else if body["ClientId"] != client_id {
            faults.push(Fault::broken(*answer, "another ClientId in the answer"));
        } else if is_the_old_password(sign_in, &body) {
            faults.push(Fault::broken(*answer, "the old password as NEW_PASSWORD"));
        }
    }
    let expected = "USERNAME, NEW_PASSWORD, the challenge's Session and the ClientId";
    if let Some(finding) = worst(&faults, expected) {
        return finding;
    }
    let (_, challenged) = &opened[0];
    match answers.iter().find(|answer| answer.is_served()) {
        Some(answer) => {
            let proof = Proof::from(*challenged).and(*answer);
            met(view, "the challenge was answered as described", proof)
        }
        None if !answers.is_empty() => unobserved(view, "no answer to the challenge was served"),
        None if is_asked(view, "change_password") => {
            absent(view, expected, "no answer to the challenge", *challenged)
        }
        None => unobserved(view, "no new password was asked for"),
    }
}

/// A user who may stay changes the password with the access token of the sign-in.
fn changes_with_its_access_token(view: &View<'_>) -> Finding {
    let changes = arrivals(view).filter(|arrival| arrival.operation() == Some("ChangePassword"));
    let changes = changes.filter_map(|change| {
        let sent = change.sent();
        let shown = sent["AccessToken"].as_str().unwrap_or_default();
        let seen = match shown {
            "" => "no AccessToken".to_owned(),
            known if known.starts_with("«access token") => {
                let (old, new) = (&sent["PreviousPassword"], &sent["ProposedPassword"]);
                let fault = (is_known(old) && old == new)
                    .then(|| Fault::broken(change, "the old password as ProposedPassword"));
                return Some((change, fault));
            }
            other if other.starts_with("«id token") => "the id token".to_owned(),
            other if other.starts_with("«refresh token") => "the refresh token".to_owned(),
            _ => return None,
        };
        Some((change, Some(Fault::broken(change, seen))))
    });
    let what = "no password was changed with a token that was issued";
    changes_temporary_ones_alone(view)
        .unwrap_or_else(|| each_has_the_form(view, "the access token", what, changes))
}

/// That the client was asked for a new password with no challenge open, and said that it sent none: it
/// may be made for challenges alone.
fn changes_temporary_ones_alone(view: &View<'_>) -> Option<Finding> {
    let mut all = arrivals(view);
    if all.any(|one| one.operation() == Some("ChangePassword") || opened(view, &one).is_some()) {
        return None;
    }
    let mut asked = asked(view).into_iter();
    let change = asked.rfind(|asked| asked.command.op() == "change_password")?;
    let (at, _) = change.answer.filter(|(_, reply)| !reply.succeeded())?;
    let why = "the client changes temporary passwords alone";
    Some(Finding::not_applicable(why, at))
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use crate::rules::client::testing::{check, password, tokens};
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    const SESSION: &str = "«session 1 of u»";

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("COG-08", |log| log.fails_as("challenge", challenge)),
        ("COG-28", |log| changed(log, "«access token 1 of u»")),
    ];

    fn changed(log: Log, token: &str) -> Log {
        let sent = json!({"PreviousPassword": "«password»", "AccessToken": token});
        log.operation("ChangePassword", &sent, &json!({}))
    }

    fn challenge(log: Log) -> Log {
        let reply = json!({"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": SESSION});
        log.operation("InitiateAuth", &password(), &reply)
    }

    fn challenged() -> Log {
        challenge(Log::new())
    }

    fn keys() -> Value {
        json!({"USERNAME": "u", "NEW_PASSWORD": "«unknown»"})
    }

    fn answer(log: Log, session: &str, keys: &Value) -> Log {
        let sent = json!({"ClientId": "c", "Session": session, "ChallengeResponses": keys});
        log.operation("RespondToAuthChallenge", &sent, &tokens(2))
    }

    fn api(log: Log) -> Log {
        log.signed("GET", &[], None)
    }

    fn get_id(log: Log) -> Log {
        log.operation("GetId", &json!({}), &json!({"IdentityId": "i"}))
    }

    #[test]
    fn nothing_comes_before_the_answer_to_a_challenge() {
        let asked = || challenged().asked_for_a_call();
        check(&asked(), "COG-01", Grade::Met);
        check(&challenged(), "COG-01", Grade::Unobserved);
        let answered = answer(challenged(), SESSION, &keys());
        check(&api(answered), "COG-01", Grade::Met);
        check(&api(asked()), "COG-01", Grade::Broken);
        check(&get_id(asked()), "COG-01", Grade::Broken);
        let other = answer(challenged(), "«session 9 of u»", &keys());
        check(&api(other), "COG-01", Grade::Broken);
        check(&Log::new(), "COG-01", Grade::Unobserved);
        let signs_in = |times: usize| {
            let asked = Log::new().asked_for_a_call();
            (0..times)
                .fold(asked, |log, _| challenge(log))
                .asked_for_a_call()
        };
        check(&signs_in(6), "COG-01", Grade::Met);
        check(&signs_in(7), "COG-01", Grade::Tolerated);
        // Without a scenario nobody knows how many calls there were, and an answer ends a loop.
        let unasked = (0..7).fold(Log::new(), |log, _| challenge(log));
        check(&unasked, "COG-01", Grade::Unobserved);
        let answered = answer(signs_in(7), SESSION, &keys());
        check(&answered, "COG-01", Grade::Met);
    }

    #[test]
    fn the_caller_hears_of_a_challenge() {
        let told = |error: &str| Log::new().fails_as(error, challenge);
        check(&told("challenge"), "COG-08", Grade::Met);
        check(&told("auth"), "COG-08", Grade::Broken);
        check(&Log::new().call(200, challenge), "COG-08", Grade::Broken);
        // One that signs in while it is made.
        let eager = |error: &str| Log::new().made(challenge).fails_as(error, |log| log);
        check(&eager("challenge"), "COG-08", Grade::Met);
        check(&eager("auth"), "COG-08", Grade::Broken);
        let asked = || challenge(Log::new().asked_for_a_call());
        check(&asked().client_gone(), "COG-08", Grade::Broken);
        check(&asked().client_hangs(), "COG-08", Grade::Gone);
        check(&asked(), "COG-08", Grade::Unobserved);
        check(&Log::new(), "COG-08", Grade::Unobserved);
    }

    /// An answer that the vendor did not take leaves the challenge open.
    #[test]
    fn an_answer_that_failed_is_none() {
        let sent = json!({"ClientId": "c", "Session": SESSION, "ChallengeResponses": keys()});
        let failed = || challenged().failed_operation("RespondToAuthChallenge", &sent, 500);
        check(&get_id(failed()), "COG-01", Grade::Broken);
        check(&failed(), "COG-14", Grade::Unobserved);
    }

    /// A second sign-in opens the challenge with a Session of its own.
    #[test]
    fn the_latest_challenge_is_the_one_to_answer() {
        let second =
            json!({"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "«session 2 of u»"});
        let again = || challenged().operation("InitiateAuth", &password(), &second);
        let answered = answer(again(), "«session 2 of u»", &keys());
        check(&api(answered), "COG-01", Grade::Met);
        let answered = answer(again(), "«session 2 of u»", &keys());
        check(&answered, "COG-14", Grade::Met);
    }

    #[test]
    fn the_answer_to_a_challenge_has_its_keys() {
        check(
            &answer(challenged(), SESSION, &keys()),
            "COG-14",
            Grade::Met,
        );
        let wrong = json!({"username": "u", "newPassword": "«unknown»"});
        check(
            &answer(challenged(), SESSION, &wrong),
            "COG-14",
            Grade::Broken,
        );
        check(&answer(challenged(), "x", &keys()), "COG-14", Grade::Broken);
        let mut sent = password();
        sent["AuthParameters"]["PASSWORD"] = "«secret of u»".into();
        let opens = json!({"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": SESSION});
        let named = || Log::new().operation("InitiateAuth", &sent, &opens);
        let old = json!({"USERNAME": "u", "NEW_PASSWORD": "«secret of u»"});
        check(&answer(named(), SESSION, &old), "COG-14", Grade::Broken);
        check(&answer(named(), SESSION, &keys()), "COG-14", Grade::Met);
        let configured = Log::new().configured_as("another");
        let reply = json!({"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": SESSION});
        let configured = configured.operation("InitiateAuth", &password(), &reply);
        check(
            &answer(configured, SESSION, &keys()),
            "COG-14",
            Grade::Broken,
        );
        check(
            &challenged().asked_for_a_new_password(),
            "COG-14",
            Grade::Broken,
        );
        check(&challenged(), "COG-14", Grade::Unobserved);
        check(&Log::new(), "COG-14", Grade::Unobserved);
        let crashed = challenged().asked_for_a_new_password().client_gone();
        check(&crashed, "COG-14", Grade::Gone);
    }

    #[test]
    fn a_password_is_changed_with_the_access_token() {
        let change = |token: &str| changed(Log::new(), token);
        check(&change("«access token 1 of u»"), "COG-28", Grade::Met);
        check(&change("«id token 1 of u»"), "COG-28", Grade::Broken);
        check(&change("«refresh token 1 of u»"), "COG-28", Grade::Broken);
        check(&change(""), "COG-28", Grade::Broken);
        check(&change("«unknown»"), "COG-28", Grade::Unobserved);
        let proposes = |new: &str| {
            let sent = json!({"PreviousPassword": "«secret of u»", "ProposedPassword": new,
                "AccessToken": "«access token 1 of u»"});
            Log::new().operation("ChangePassword", &sent, &json!({}))
        };
        check(&proposes("«unknown, 15 bytes»"), "COG-28", Grade::Met);
        check(&proposes("«secret of u»"), "COG-28", Grade::Broken);
        let sent = json!({"AccessToken": "«access token 1 of u»"});
        let failed = Log::new().failed_operation("ChangePassword", &sent, 500);
        check(&failed, "COG-28", Grade::Unobserved);
        // A client that changes temporary passwords alone says so.
        let none = || Log::new().password_change_fails();
        check(&none(), "COG-28", Grade::NotApplicable);
        let ends = Log::new().asked_for_a_new_password().client_gone();
        check(&ends, "COG-28", Grade::Gone);
        let challenged = challenge(Log::new()).password_change_fails();
        check(&challenged, "COG-28", Grade::Unobserved);
        check(&Log::new(), "COG-28", Grade::Unobserved);
    }
}
