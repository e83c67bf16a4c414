//! Temporary passwords of a user pool, and changes of passwords.

use super::effect::{Step, all_refused, concluded, made, precondition, served, unseen};
use crate::catalogue::Supplied;
use crate::evidence::{Exchange, Moment, Operation, Reaction, SignInVariation, Variation};
use crate::rules::{Rule, View, not_served, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("REF-06", |view| {
        concluded(temporary_password_opens_nothing(view))
    }),
    Rule::vendor("VEN-29", |view| {
        concluded(chosen_password_replaces_the_temporary(view))
    }),
    Rule::vendor("VEN-34", |view| {
        concluded(password_changes_with_the_present_one(view))
    }),
];

const TEMPORARY: Variation = Variation::SignIn(SignInVariation::TemporaryPassword);

/// A temporary password gives the challenge and no token, and the challenge's Session is none:
/// each operation that takes a token refuses it, and has served a token.
fn temporary_password_opens_nothing(view: &View<'_>) -> Step<Finding> {
    let login = made(view, Operation::SignIn, &TEMPORARY)?;
    challenged(view, &login)?;
    let operations = [Operation::UseAccessToken, Operation::UseIdToken];
    let session = Variation::Token(1, Moment::AsSession);
    let tries = operations
        .iter()
        .map(|operation| made(view, *operation, &session))
        .collect::<Step<Vec<_>>>()?;
    let proof = all_refused(view, &tries)?;
    let mut controls = Vec::new();
    for operation in operations {
        let token = Variation::Token(1, Moment::Before);
        controls.push(precondition(view, operation, &token)?);
    }
    match Proof::all(&controls) {
        Some(control) => Ok(Finding::met(
            format!("{}, and its Session opens nothing", login.sentence()),
            proof.and(login),
        )
        .beside(control)),
        None => unseen(view, "no token was used"),
    }
}

/// The sign-in was answered with the expected challenge and no token.
fn challenged(view: &View<'_>, login: &Exchange<'_>) -> Step<()> {
    let expected = view.expected.challenge.as_deref().unwrap_or_default();
    let body = login.json();
    let tokens = ["AccessToken", "IdToken", "RefreshToken"]
        .iter()
        .any(|name| body["AuthenticationResult"][*name].is_string());
    let wanted = format!("the challenge {expected} without a token");
    if tokens {
        let seen = format!("{} and tokens", login.sentence());
        return Err(Box::new(Finding::broken(wanted, seen, login)));
    }
    let ok = login.reply.is_some_and(|reply| reply.is_class(2));
    match login.reaction() {
        Reaction::Refused if ok && body["ChallengeName"] == expected => Ok(()),
        // Whether the account's password is as temporary as the person says is not the vendor's fault.
        Reaction::Refused if !ok && view.evidence.account_variables().is_some() => {
            let names = Supplied::Temporary.variable_names();
            let what = format!("{}: check {names}", login.sentence());
            Err(Box::new(unobserved(view, &what).seen_in(login)))
        }
        _ => Err(Box::new(not_served(login, &wanted))),
    }
}

/// The challenge takes a new password, which signs in from then on; the temporary one does not.
fn chosen_password_replaces_the_temporary(view: &View<'_>) -> Step<Finding> {
    let login = made(view, Operation::SignIn, &TEMPORARY)?;
    // What it should have refused has changed the password.
    let mut wrong = view.evidence.varied(Operation::AnswerChallenge);
    if let Some(taken) = wrong.find(Exchange::got_something) {
        let what = format!("{}: the account was changed", taken.sentence());
        return Err(Box::new(unobserved(view, &what).seen_in(taken)));
    }
    if !login.json()["ChallengeName"].is_string() {
        if login.got_something() {
            let seen = format!("{}: tokens at once", login.sentence());
            return Ok(Finding::broken(
                "a challenge for a new password",
                seen,
                login,
            ));
        }
        let what = format!("{}: no challenge to answer", login.sentence());
        let absent = || unobserved(view, &what).seen_in(login);
        let gone = crate::rules::gone(&login);
        return Err(Box::new(gone.unwrap_or_else(absent)));
    }
    let by = |change| Variation::SignIn(change);
    let answer = served(
        view,
        Operation::AnswerChallenge,
        &Variation::Documented,
        "the new password is taken",
    )?;
    let chosen = served(
        view,
        Operation::SignIn,
        &by(SignInVariation::ChosenPassword),
        "the new password signs in",
    )?;
    let replaced = made(
        view,
        Operation::SignIn,
        &by(SignInVariation::ReplacedPassword),
    )?;
    let proof = all_refused(view, &[replaced])?;
    Ok(Finding::met(
        "the chosen password signs in and the temporary one does not",
        proof.and(answer),
    )
    .beside(chosen))
}

/// The present password changes the password, and a wrong one does not.
fn password_changes_with_the_present_one(view: &View<'_>) -> Step<Finding> {
    let change = |variation| view.evidence.first(Operation::ChangePassword, &variation);
    let wrong = [
        Variation::WrongPresentPassword,
        Variation::NoPresentPassword,
    ];
    let wrong: Vec<Exchange<'_>> = wrong.into_iter().filter_map(change).collect();
    let mut proof = None;
    if !wrong.is_empty() {
        let refused = all_refused(view, &wrong)?;
        let old = signs_in(view, SignInVariation::OldPasswordAfterwards)?;
        proof = Some(refused.and(old));
    }
    let right = served(
        view,
        Operation::ChangePassword,
        &Variation::Documented,
        "the password is changed",
    )?;
    let new = signs_in(view, SignInVariation::NewPasswordAtTheEnd)?;
    let old = Variation::SignIn(SignInVariation::OldPasswordAtTheEnd);
    let old = made(view, Operation::SignIn, &old)?;
    let refused = all_refused(view, &[old])?.and(right);
    let proof = match proof {
        Some(known) => known.and(refused),
        None => refused,
    };
    let words = "the password changed only with the present one";
    Ok(Finding::met(words, proof).beside(new))
}

fn signs_in<'a>(view: &View<'a>, change: SignInVariation) -> Step<Exchange<'a>> {
    let variation = Variation::SignIn(change);
    served(view, Operation::SignIn, &variation, "it signs in")
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKENS: &str =
        r#"{"AuthenticationResult":{"AccessToken":"a","IdToken":"i","RefreshToken":"r"}}"#;
    const CHALLENGE: &str = r#"{"ChallengeName":"NEW_PASSWORD_REQUIRED","Session":"s"}"#;
    const DENIED: &str = r#"{"__type":"NotAuthorizedException","message":"m"}"#;
    const USER: &str = r#"{"Username":"u"}"#;
    const IDENTITY: &str = r#"{"IdentityId":"x"}"#;

    fn used(log: Log) -> Log {
        log.exchange("use access", "token 1 before", 200, USER)
            .exchange("use id", "token 1 before", 200, IDENTITY)
    }

    fn temporary(log: Log, status: u16, reply: &str) -> Log {
        log.exchange("sign-in", "with a temporary password", status, reply)
    }

    fn session(log: Log, access: u16, id: u16) -> Log {
        let body = |status, good| if status == 200 { good } else { DENIED };
        log.exchange(
            "use access",
            "token 1 as a Session",
            access,
            body(access, USER),
        )
        .exchange("use id", "token 1 as a Session", id, body(id, IDENTITY))
    }

    #[test]
    fn a_temporary_password_gives_a_challenge_and_nothing_else() {
        let log = |reply| session(temporary(used(Log::new()), 200, reply), 400, 400);
        check(&log(CHALLENGE), "REF-06", Grade::Met);
        check(&log(TOKENS), "REF-06", Grade::Broken);
        check(
            &log(r#"{"ChallengeName":"SMS_MFA"}"#),
            "REF-06",
            Grade::Broken,
        );
        check(&log("{}"), "REF-06", Grade::Broken);
        let denied = session(temporary(used(Log::new()), 400, CHALLENGE), 400, 400);
        check(&denied, "REF-06", Grade::Broken);
        let own = session(temporary(used(Log::new()), 400, CHALLENGE), 400, 400);
        check(
            &own.supplied(&["LOCUM_USERNAME"]),
            "REF-06",
            Grade::Unobserved,
        );
        let opens = session(temporary(used(Log::new()), 200, CHALLENGE), 400, 200);
        check(&opens, "REF-06", Grade::Broken);
        let unused = session(temporary(Log::new(), 200, CHALLENGE), 400, 400);
        check(&unused, "REF-06", Grade::Unobserved);
    }

    /// `tokens_died` took a closed connection for a refusal, and one token for all kinds.
    #[test]
    fn a_session_is_refused_only_where_a_token_was_served() {
        for failure in FAILURES {
            let log = temporary(used(Log::new()), 200, CHALLENGE)
                .exchange("use access", "token 1 as a Session", 400, DENIED)
                .failed("use id", "token 1 as a Session", failure);
            let grade = match failure {
                crate::rules::testing::BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            check(&log, "REF-06", grade);
        }
        let one_kind = Log::new().exchange("use access", "token 1 before", 200, USER);
        let log = session(temporary(one_kind, 200, CHALLENGE), 400, 400);
        check(&log, "REF-06", Grade::Unobserved);
    }

    fn chosen(answer: u16, chosen: u16, replaced: u16) -> Log {
        let reply = |status| if status == 200 { TOKENS } else { DENIED };
        temporary(Log::new(), 200, CHALLENGE)
            .exchange("challenge", "", answer, reply(answer))
            .exchange("sign-in", "with the chosen password", chosen, reply(chosen))
            .exchange(
                "sign-in",
                "with the replaced password",
                replaced,
                reply(replaced),
            )
    }

    #[test]
    fn a_chosen_password_takes_the_place_of_the_temporary_one() {
        check(&chosen(200, 200, 400), "VEN-29", Grade::Met);
        check(&chosen(400, 200, 400), "VEN-29", Grade::Broken);
        check(&chosen(200, 400, 400), "VEN-29", Grade::Broken);
        check(&chosen(200, 200, 200), "VEN-29", Grade::Broken);
        check(&chosen(200, 200, 500), "VEN-29", Grade::Unobserved);
        let unchallenged = temporary(Log::new(), 500, "");
        check(&unchallenged, "VEN-29", Grade::Unobserved);
    }

    /// One accepted request of any kind served as the control of all: a refused change needs a
    /// change that is served.
    #[test]
    fn a_wrong_present_password_changes_nothing() {
        let log = |wrong: u16, old: u16, right: u16| {
            let reply = |status| if status == 200 { TOKENS } else { DENIED };
            let done = |status| if status == 200 { "{}" } else { DENIED };
            let wrong_one = "naming a wrong present one";
            Log::new()
                .exchange("sign-in", "", 200, TOKENS)
                .exchange("change", wrong_one, wrong, done(wrong))
                .exchange(
                    "sign-in",
                    "with the old password afterwards",
                    old,
                    reply(old),
                )
                .exchange("change", "", right, done(right))
                .exchange("sign-in", "with the new password at the end", 200, TOKENS)
                .exchange("sign-in", "with the old password at the end", 400, DENIED)
        };
        check(&log(400, 200, 200), "VEN-34", Grade::Met);
        check(&log(200, 200, 200), "VEN-34", Grade::Broken);
        check(&log(400, 400, 200), "VEN-34", Grade::Broken);
        check(&log(400, 200, 400), "VEN-34", Grade::Broken);
        check(&log(500, 200, 200), "VEN-34", Grade::Unobserved);
        let none = |status, body| {
            let none = "naming no present one";
            log(400, 200, 200).exchange("change", none, status, body)
        };
        check(&none(400, DENIED), "VEN-34", Grade::Met);
        check(&none(200, "{}"), "VEN-34", Grade::Broken);
    }

    #[test]
    fn the_right_present_password_sets_the_new_one() {
        let log = |right: u16, new: u16, old: u16| {
            let reply = |status| if status == 200 { TOKENS } else { DENIED };
            let done = if right == 200 { "{}" } else { DENIED };
            Log::new()
                .exchange("change", "", right, done)
                .exchange(
                    "sign-in",
                    "with the new password at the end",
                    new,
                    reply(new),
                )
                .exchange(
                    "sign-in",
                    "with the old password at the end",
                    old,
                    reply(old),
                )
        };
        check(&log(200, 200, 400), "VEN-34", Grade::Met);
        check(&log(400, 200, 400), "VEN-34", Grade::Broken);
        check(&log(200, 400, 400), "VEN-34", Grade::Broken);
        check(&log(200, 200, 200), "VEN-34", Grade::Broken);
        check(&log(200, 200, 503), "VEN-34", Grade::Unobserved);
    }
}
