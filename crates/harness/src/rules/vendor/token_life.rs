//! Whether tokens work until they end.

use locum_core::profile::Grant;

use super::deviation::Deviations;
use super::jwt::seconds_to_exp;
use super::token_age::{aged_calls, lifetime};
use crate::evidence::{Exchange, Operation, Reaction, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::Finding;

/// From this share of its life on, a token that works has been seen until its end; of a short life, from
/// so many seconds before its end, or from its half.
const LATE: f64 = 0.95;
const LATE_S: f64 = 1.5;

/// So long before its end a refusal is not blamed: ends are rounded, and requests take their time.
const MARGIN_S: f64 = 1.0;
const MARGIN: f64 = 0.01;

pub(super) const RULES: &[Rule] = &[Rule::vendor("BRR-26", works_until_its_end)];

/// Where tokens of a pool are used, and which.
const AT_A_POOL: [(Operation, &str); 2] = [
    (Operation::UseAccessToken, "AccessToken"),
    (Operation::UseIdToken, "IdToken"),
];

/// A token that was used.
#[derive(Clone, Copy)]
struct Use<'a> {
    used: Exchange<'a>,
    /// What issued it.
    login: Exchange<'a>,
    /// Seconds from then to this use.
    age: f64,
    /// Seconds from then to the end that was told, or is documented.
    end: f64,
}

impl Use<'_> {
    /// Whether the answer came before the end.
    fn is_early(&self, view: &View<'_>) -> bool {
        let answered = view
            .evidence
            .seconds_between(self.login.seq, self.used.answered);
        answered < self.end - MARGIN_S.max(self.end * MARGIN)
    }

    /// Whether it was shortly before the end.
    fn is_late(&self) -> bool {
        let left = LATE_S.min(self.end / 2.0).max(self.end * (1.0 - LATE));
        self.age < self.end && self.age >= self.end - left
    }

    fn words(&self) -> String {
        format!(
            "{} {} s after its token's issue, with a lifetime of {} s",
            self.used.sentence(),
            self.age,
            self.end
        )
    }
}

/// Between issue and end a token is accepted, as long as nothing but its use happened; a refusal
/// counts beside the same token accepted before and a new one accepted after it.
fn works_until_its_end(view: &View<'_>) -> Finding {
    if view.profile.token.grant != Grant::Cognito {
        return accepted_until_its_end(view, &uses_of_an_api(view));
    }
    let findings = AT_A_POOL.map(|(operation, member)| {
        let uses = uses_at_a_pool(view, operation, member);
        accepted_until_its_end(view, &uses)
    });
    let [access, id] = findings;
    match id.grade() > access.grade() {
        true => id,
        false => access,
    }
}

fn accepted_until_its_end(view: &View<'_>, uses: &[Use<'_>]) -> Finding {
    let mut wrong = Deviations::default();
    let (mut late, mut unanswered) = (None, None);
    let mut control = None;
    for (place, use_) in uses.iter().enumerate() {
        let (before, after) = (&uses[..place], &uses[place + 1..]);
        match use_.used.reaction() {
            Reaction::Refused if use_.is_early(view) && is_left_alone(view, use_) => {
                let same = |other: &&Use<'_>| other.login.seq == use_.login.seq;
                let worked = before
                    .iter()
                    .find(|other| same(other) && other.used.is_served());
                let fresh = after.iter().find(|other| !same(other));
                match (worked, fresh) {
                    (Some(worked), Some(fresh)) if fresh.used.is_served() => {
                        wrong.add("the token accepted until its end", use_.words(), use_.used);
                        control = Some((worked.used, fresh.used));
                    }
                    _ => unanswered = Some(unobserved(view, &use_.words()).seen_in(use_.used)),
                }
            }
            Reaction::Served if use_.is_late() => {
                late = Some(use_);
            }
            Reaction::Served | Reaction::Refused => {}
            Reaction::Gone(_) => unanswered = gone(&use_.used),
            _ => unanswered = Some(unobserved(view, &use_.words()).seen_in(use_.used)),
        }
    }
    if let (Some(finding), Some((worked, fresh))) = (wrong.broken(), control) {
        return finding.beside(worked).beside(fresh);
    }
    match (unanswered, late) {
        (Some(finding), _) => finding,
        (None, Some(late)) => Finding::met(late.words(), late.used),
        (None, None) => unobserved(view, "no token was used until shortly before its end"),
    }
}

/// Whether nothing but uses lies between the issue of a token and this one: a login, a logout or a
/// revocation may end what is older.
fn is_left_alone(view: &View<'_>, use_: &Use<'_>) -> bool {
    let is_use = |operation| {
        matches!(
            operation,
            Operation::Call
                | Operation::UseAccessToken
                | Operation::UseIdToken
                | Operation::GetCredentials
        )
    };
    let between = |seq| seq > use_.login.seq && seq < use_.used.seq;
    let mut exchanges = view.evidence.exchanges();
    exchanges.all(|exchange| !between(exchange.seq) || is_use(exchange.operation))
}

fn uses_of_an_api<'a>(view: &View<'a>) -> Vec<Use<'a>> {
    let aged = aged_calls(view).into_iter().map(|aged| {
        let told = lifetime(view, &aged.login);
        Use {
            used: aged.call,
            login: aged.login,
            age: aged.age,
            end: seconds_to_exp(view, &aged.login).map_or(told, |end| end.min(told)),
        }
    });
    aged.collect()
}

fn uses_at_a_pool<'a>(view: &View<'a>, operation: Operation, member: &str) -> Vec<Use<'a>> {
    let logins = view.evidence.exchanges_for(Operation::SignIn);
    let logins: Vec<Exchange<'a>> = logins.filter(Exchange::is_served).collect();
    let end_of = |login: &Exchange<'_>| {
        let mut jwts = view.evidence.jwts_of(login.seq);
        let claims = jwts.find(|jwt| jwt.member == member)?.claims;
        Some(claims["exp"].as_f64()? - claims["iat"].as_f64()?)
    };
    let is_own =
        |used: &Exchange<'_>| matches!(*used.variation, Variation::Documented | Variation::Again);
    let uses = view.evidence.exchanges_for(operation).filter(is_own);
    uses.filter_map(|used| {
        let login = *logins.iter().rfind(|login| login.seq < used.seq)?;
        Some(Use {
            used,
            login,
            age: view.evidence.seconds_between(login.seq, used.seq),
            end: end_of(&login)?,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    /// A login that tells an hour, and then another one.
    fn login(log: Log, token: &str) -> Log {
        let body = format!(r#"{{"access_token":"{token}","expires_in":3600}}"#);
        log.hide(token, token).exchange("login", "", 200, &body)
    }

    /// The first token used at these ages, then another one that is answered with this.
    fn log(uses: &[(f64, u16)], fresh: u16) -> Log {
        let log = login(Log::new(), "t-0123");
        let mut now = 0.0;
        let log = uses.iter().fold(log, |log, (age, status)| {
            let log = log.advance(age - now);
            now = *age;
            log.sent("call", "", "«t-0123»", *status, "{}")
        });
        login(log, "t-4567").sent("call", "", "«t-4567»", fresh, "{}")
    }

    #[test]
    fn a_token_works_until_its_end() {
        let check = |uses: &[(f64, u16)], fresh: u16, expected: Grade| {
            check(&log(uses, fresh), "BRR-26", expected);
        };
        check(&[(0.0, 200), (3528.0, 200)], 200, Grade::Met);
        check(&[(0.0, 200), (3528.0, 401)], 200, Grade::Broken);
        check(&[(0.0, 200), (0.0, 401)], 200, Grade::Broken);
        check(&[(0.0, 200), (4.0, 401)], 200, Grade::Broken);
        // Nothing was accepted beside it.
        check(&[(0.0, 200), (4.0, 401)], 401, Grade::Unobserved);
        check(&[(0.0, 200), (4.0, 401)], 500, Grade::Unobserved);
        check(&[(4.0, 401)], 200, Grade::Unobserved);
        // At the end itself it may be refused, and a few seconds are no life.
        check(&[(0.0, 200), (3599.5, 401)], 200, Grade::Unobserved);
        check(&[(0.0, 200), (4.0, 200)], 200, Grade::Unobserved);
        check(&[(0.0, 200), (3528.0, 500)], 200, Grade::Unobserved);
        check(&[(0.0, 200), (3528.0, 429)], 200, Grade::Unobserved);
        check(&[], 200, Grade::Unobserved);
    }

    /// That it ends what is older is what a vendor may have meant.
    #[test]
    fn another_login_in_between_explains_the_end() {
        let log = login(Log::new(), "t-0123").sent("call", "", "«t-0123»", 200, "{}");
        let log = login(log, "t-4567").sent("call", "", "«t-0123»", 401, "{}");
        let log = log.sent("call", "", "«t-4567»", 200, "{}");
        check(&log, "BRR-26", Grade::Unobserved);
    }

    /// What a JWT says of itself is announced as well, and what comes first ends it.
    #[test]
    fn the_exp_of_a_jwt_is_an_end() {
        let more = json!({"expires_in": 3600});
        let log = |age: f64, status| {
            let log = Log::new().issues_jwt("", &json!({"iat": 1, "exp": 301}), &more);
            let log = log.sent("call", "", "«access token 1»", 200, "{}");
            let log = log.advance(age);
            let log = log.sent("call", "", "«access token 1»", status, "{}");
            login(log, "t-4567").sent("call", "", "«t-4567»", 200, "{}")
        };
        check(&log(400.0, 401), "BRR-26", Grade::Unobserved);
        check(&log(200.0, 401), "BRR-26", Grade::Broken);
        check(&log(294.0, 200), "BRR-26", Grade::Met);
    }

    #[test]
    fn a_pools_tokens_work_until_their_end() {
        let tokens = r#"{"AuthenticationResult":{"AccessToken":"a","IdToken":"i"}}"#;
        let claims = json!({"iat": 1000, "exp": 2800});
        let refused = r#"{"__type":"NotAuthorizedException"}"#;
        let signed_in = |log: Log, phrase| {
            log.exchange("sign-in", phrase, 200, tokens)
                .holds_jwt("AccessToken", &claims)
                .holds_jwt("IdToken", &claims)
        };
        let used = |log: Log, phrase, access: u16, id: u16| {
            let body = |status, good| if status == 200 { good } else { refused };
            let user = body(access, r#"{"Username":"u"}"#);
            let identity = body(id, r#"{"IdentityId":"i"}"#);
            log.exchange("use access", phrase, access, user)
                .exchange("use id", phrase, id, identity)
        };
        let log = |access, id| {
            let log = used(signed_in(Log::of_a_user_pool(), ""), "", 200, 200);
            let log = used(log.advance(1764.0), "again", access, id);
            used(signed_in(log, "again"), "again", 200, 200)
        };
        check(&log(200, 200), "BRR-26@scribe", Grade::Met);
        check(&log(400, 200), "BRR-26@scribe", Grade::Broken);
        check(&log(200, 400), "BRR-26@scribe", Grade::Broken);
        check(&log(200, 500), "BRR-26@scribe", Grade::Unobserved);
        check(&Log::of_a_user_pool(), "BRR-26@scribe", Grade::Unobserved);
    }

    #[test]
    fn a_failure_is_no_end() {
        for failure in FAILURES {
            let log = login(Log::new(), "t-0123").sent("call", "", "«t-0123»", 200, "{}");
            let log = log.advance(3528.0).failed_with("call", "«t-0123»", failure);
            let log = login(log, "t-4567").sent("call", "", "«t-4567»", 200, "{}");
            let rule = crate::rules::find("BRR-26", locum_core::requirement::Judge::Vendor);
            let finding = log.judge(rule.expect("a rule"));
            let none = matches!(finding.grade(), Grade::Unobserved | Grade::Gone);
            assert!(none, "{failure:?}: {finding:?}");
        }
    }
}
