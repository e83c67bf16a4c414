//! How long tokens live.

use locum_core::{Finding, Grade};

use crate::evidence::Exchange;
use crate::rules::{View, gone, sentence, unobserved};

/// A vendor may be this late in ending a token.
const GRACE_S: f64 = 300.0;

/// A documented call, with the age of the token that it showed when it was made.
struct Aged<'a> {
    call: Exchange<'a>,
    /// Seconds since the token was issued.
    age: f64,
    /// Seconds that the vendor said it lives.
    lifetime: f64,
}

impl Aged<'_> {
    fn is_served(&self) -> bool {
        self.call.reply.is_some_and(|reply| reply.is_class(2))
    }

    fn words(&self) -> String {
        format!(
            "{} {} s after its issue, with a lifetime of {} s",
            sentence(&self.call),
            self.age,
            self.lifetime
        )
    }
}

/// Every documented call in order, with the age of its token. A token that was issued twice is as
/// old as its latest issue.
fn aged<'a>(view: &View<'a>) -> Vec<Aged<'a>> {
    let logins: Vec<_> = view
        .log
        .acts("login", "")
        .filter_map(|login| Some((login.seq, login.reply?.token()?, lifetime(view, &login))))
        .collect();
    let issue_of = |call: &Exchange<'_>| {
        logins
            .iter()
            .rfind(|(seq, token, _)| {
                *seq < call.seq && call.texts().any(|text| text.contains(token.as_str()))
            })
            .map(|(seq, _, lifetime)| (*seq, *lifetime))
    };
    view.log
        .acts("call", "")
        .filter_map(|call| {
            let (issue, lifetime) = issue_of(&call)?;
            let age = view.log.turned_before(call.seq) - view.log.turned_before(issue);
            Some(Aged {
                call,
                age,
                lifetime,
            })
        })
        .collect()
}

/// The lifetime that a token reply tells in the vendor's unit, else the documented one.
fn lifetime(view: &View<'_>, login: &Exchange<'_>) -> f64 {
    let facts = &view.profile.token;
    login
        .reply
        .and_then(|reply| reply.json()["expires_in"].as_u64())
        .and_then(|raw| facts.expires_in.from_wire(raw))
        .unwrap_or_else(|| facts.lifetime())
        .as_secs_f64()
}

/// An expired token is answered with `status`, beside the same token accepted before its end.
pub fn expired_is_answered_with(view: &View<'_>, status: u16) -> Finding {
    let calls = aged(view);
    if let Some(gone) = calls.iter().find_map(|aged| gone(&aged.call)) {
        return gone;
    }
    // A vendor that tells a wrong lifetime is judged for that elsewhere: here the documented one
    // has passed as well.
    let documented = view.profile.token.lifetime().as_secs_f64();
    let over = |aged: &&Aged<'_>| aged.age > aged.lifetime.max(documented) + GRACE_S;
    let Some(late) = calls.iter().find(over) else {
        return unobserved(view, "no expired token was at hand");
    };
    if late.call.reply.map(|reply| reply.status) != Some(status) {
        return Finding::new(Grade::Broken, late.words())
            .because(format!("{status} for an expired token"), late.words())
            .proved_by([late.call.seq]);
    }
    let twin = calls
        .iter()
        .find(|aged| aged.age < aged.lifetime && aged.is_served());
    match twin {
        None => unobserved(view, "the token was never accepted before its end"),
        Some(twin) => Finding::new(Grade::Met, late.words())
            .proved_by([late.call.seq])
            .beside([twin.call.seq]),
    }
}

/// A token is refused from its `exp` on (RFC 7519 §4.1.4), beside the same token accepted before.
/// A few minutes of leeway are allowed and reported.
pub fn refused_from_its_exp(view: &View<'_>) -> Finding {
    let calls = aged(view);
    if let Some(gone) = calls.iter().find_map(|aged| gone(&aged.call)) {
        return gone;
    }
    let mut logins = view.log.acts("login", "");
    let Some(end) = logins.find_map(|login| super::jwt::lifetime(view, &login)) else {
        return unobserved(view, "the token has no exp");
    };
    let after = |aged: &&Aged<'_>| aged.age >= end;
    let served = |from: f64| {
        let mut late = calls.iter().filter(after).filter(|aged| aged.is_served());
        late.find(|aged| aged.age >= end + from)
    };
    if let Some(late) = served(GRACE_S) {
        return Finding::new(Grade::Broken, late.words())
            .because("the token refused on and after its exp", late.words())
            .proved_by([late.call.seq]);
    }
    let refused = calls
        .iter()
        .rfind(|aged| aged.age >= end && !aged.is_served());
    let twin = calls.iter().find(|aged| aged.age < end && aged.is_served());
    match (refused, twin, served(0.0)) {
        (None, ..) => unobserved(view, "no expired token was at hand"),
        (_, None, _) => unobserved(view, "the token was never accepted before its exp"),
        (Some(_), Some(twin), Some(late)) => Finding::new(Grade::Fact, late.words())
            .because("the token refused at its exp", "some leeway")
            .proved_by([late.call.seq])
            .beside([twin.call.seq]),
        (Some(refused), Some(twin), None) => Finding::new(Grade::Met, refused.words())
            .proved_by([refused.call.seq])
            .beside([twin.call.seq]),
    }
}

/// A token is accepted at 90 percent of its lifetime, and refused at its end plus the smaller of
/// five minutes and five lifetimes.
pub fn lives_as_long_as_told(view: &View<'_>) -> Finding {
    let calls = aged(view);
    if let Some(gone) = calls.iter().find_map(|aged| gone(&aged.call)) {
        return gone;
    }
    let broken = |aged: &Aged<'_>, expected: &str| {
        Finding::new(Grade::Broken, aged.words())
            .because(expected, aged.words())
            .proved_by([aged.call.seq])
    };
    let within = |aged: &&Aged<'_>| aged.age >= aged.lifetime * 0.9 && aged.age < aged.lifetime;
    let over = |aged: &&Aged<'_>| aged.age >= aged.lifetime + GRACE_S.min(aged.lifetime * 5.0);
    let (young, old) = (calls.iter().find(within), calls.iter().find(over));
    if let Some(young) = young.filter(|aged| !aged.is_served()) {
        return broken(young, "the token accepted until its end");
    }
    if let Some(old) = old.filter(|aged| aged.is_served()) {
        return broken(old, "the token refused after its end");
    }
    match (young, old) {
        (Some(young), Some(old)) => Finding::new(Grade::Met, old.words())
            .proved_by([old.call.seq])
            .beside([young.call.seq]),
        _ => unobserved(view, "the token's lifetime did not pass"),
    }
}

/// Every login gives a token that works for its full lifetime. Whether an older one stays valid
/// after a new login is not public: it is reported, and no more.
pub fn each_login_works(view: &View<'_>) -> Finding {
    let logins: Vec<_> = view.log.acts("login", "").collect();
    if let Some(gone) = logins.iter().find_map(gone) {
        return gone;
    }
    let refused = logins.iter().find(|login| !super::login::is_issued(login));
    if let Some(login) = refused {
        return Finding::new(Grade::Broken, format!("a further {}", sentence(login)))
            .because("a token for each login", sentence(login))
            .proved_by([login.seq]);
    }
    let token = |login: &Exchange<'_>| login.reply.and_then(crate::evidence::Message::token);
    let Some((last, earlier)) = logins.split_last().filter(|(_, rest)| !rest.is_empty()) else {
        return unobserved(view, "there were no two logins");
    };
    let shows = |call: &Exchange<'_>, login: &Exchange<'_>| {
        token(login).is_some_and(|token| call.texts().any(|text| text.contains(&token)))
    };
    let calls = aged(view);
    let with_last: Vec<_> = calls
        .iter()
        .filter(|aged| shows(&aged.call, last))
        .collect();
    if let Some(bad) = with_last
        .iter()
        .find(|aged| aged.age < aged.lifetime && !aged.is_served())
    {
        return Finding::new(Grade::Broken, bad.words())
            .because("the new token to work for its full lifetime", bad.words())
            .proved_by([bad.call.seq]);
    }
    let full = with_last
        .iter()
        .find(|aged| aged.age >= aged.lifetime * 0.9 && aged.is_served());
    let Some(full) = full else {
        return unobserved(view, "the new token's lifetime did not pass");
    };
    if earlier.iter().any(|login| token(login) == token(last)) {
        return Finding::new(
            Grade::Fact,
            "two logins gave one token, which goes on working",
        )
        .because("a new token", "the same text")
        .proved_by([last.seq, full.call.seq]);
    }
    Finding::new(
        Grade::Met,
        format!("{} logins, each with a working token", logins.len()),
    )
    .proved_by([last.seq, full.call.seq])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Log, check};

    const TOKEN: &str = r#"{"access_token":"t-0123","expires_in":3600}"#;

    /// A login, then a call of that status at each age of the token.
    fn log(calls: &[(f64, u16)]) -> Log {
        let log = Log::new()
            .hide("t-0123", "access token 1")
            .exchange("login", "", 200, TOKEN);
        let mut now = 0.0;
        calls.iter().fold(log, |log, (age, status)| {
            let log = log.advance(age - now);
            now = *age;
            log.sent("call", "", "t-0123", *status, "")
        })
    }

    #[test]
    fn an_expired_token_is_answered_with_401_or_not() {
        let rule = |view: &View<'_>| expired_is_answered_with(view, 401);
        check(&log(&[(0.0, 200), (3901.0, 401)]), rule, Grade::Met);
        check(&log(&[(0.0, 200), (3901.0, 403)]), rule, Grade::Broken);
        check(&log(&[(0.0, 200), (3901.0, 200)]), rule, Grade::Broken);
        check(&log(&[(3901.0, 401)]), rule, Grade::Unobserved);
        check(&log(&[(0.0, 200), (3800.0, 401)]), rule, Grade::Unobserved);
    }

    /// A JWT that ends after an hour, then a call of that status at each age of the token.
    fn jwt(calls: &[(f64, u16)], expected: Grade) {
        let claims = serde_json::json!({"exp": 1_795_518_000});
        let log = Log::new().jwt("", "Tue, 24 Nov 2026 10:00:00 GMT", &claims);
        let mut now = 0.0;
        let log = calls.iter().fold(log, |log, (age, status)| {
            let log = log.advance(age - now);
            now = *age;
            log.sent("call", "", "«access token 1»", *status, "")
        });
        check(&log, refused_from_its_exp, expected);
    }

    #[test]
    fn a_token_ends_at_its_exp() {
        let young = (0.0, 200);
        jwt(&[young, (3600.0, 401), (3901.0, 401)], Grade::Met);
        jwt(&[young, (3600.0, 403)], Grade::Met);
        jwt(&[young, (3600.0, 200), (3901.0, 401)], Grade::Fact);
        jwt(&[young, (3600.0, 401), (3901.0, 200)], Grade::Broken);
        jwt(&[young, (3600.0, 200)], Grade::Unobserved);
        jwt(&[young, (3599.0, 401)], Grade::Unobserved);
        jwt(&[(3600.0, 401)], Grade::Unobserved);
        let opaque = log(&[(0.0, 200), (3901.0, 401)]);
        check(&opaque, refused_from_its_exp, Grade::Unobserved);
    }

    #[test]
    fn a_lifetime_has_two_ends() {
        check(
            &log(&[(3240.0, 200), (3900.0, 401)]),
            lives_as_long_as_told,
            Grade::Met,
        );
        check(
            &log(&[(3240.0, 401), (3900.0, 401)]),
            lives_as_long_as_told,
            Grade::Broken,
        );
        check(
            &log(&[(3240.0, 200), (3900.0, 200)]),
            lives_as_long_as_told,
            Grade::Broken,
        );
        check(
            &log(&[(3240.0, 200)]),
            lives_as_long_as_told,
            Grade::Unobserved,
        );
        check(&log(&[]), lives_as_long_as_told, Grade::Unobserved);
    }

    #[test]
    fn a_second_login_gives_a_token_of_its_own_full_life() {
        let second = r#"{"access_token":"t-4567","expires_in":3600}"#;
        let two = |body: &str, shown: &str, status: u16| {
            log(&[(1800.0, 200)])
                .hide("t-4567", "access token 2")
                .exchange("login", "", 200, body)
                .advance(3240.0)
                .sent("call", "", shown, status, "")
        };
        check(&two(second, "t-4567", 200), each_login_works, Grade::Met);
        check(&two(second, "t-4567", 401), each_login_works, Grade::Broken);
        check(&two(TOKEN, "t-0123", 200), each_login_works, Grade::Fact);
        check(&two(TOKEN, "t-0123", 401), each_login_works, Grade::Broken);
        check(&log(&[(0.0, 200)]), each_login_works, Grade::Unobserved);
        let refused = log(&[]).exchange("login", "", 429, "");
        check(&refused, each_login_works, Grade::Broken);
    }
}
