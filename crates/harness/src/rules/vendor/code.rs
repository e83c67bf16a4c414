//! Authorization codes: what they are exchanged for, by whom, and how often (RFC 6749 §4.1.3, RFC
//! 7636 §4.6).

use super::deviation::Deviations;
use super::effect::{Step, concluded, precondition, unseen};
use crate::evidence::{CodeVariation, Exchange, Operation, Reaction, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("BCP-09", |view| concluded(is_bound_to_its_challenge(view))),
    Rule::vendor("BCP-10", |view| concluded(works_once_for_its_client(view))),
    Rule::vendor("BCP-13", |view| {
        concluded(is_bound_to_its_redirect_uri(view))
    }),
    Rule::vendor("BCP-14", |view| concluded(ends_soon(view))),
    Rule::vendor("VEN-25", |view| concluded(what_spends_a_code(view))),
];

fn exchanged<'a>(view: &View<'a>, change: CodeVariation) -> Option<Exchange<'a>> {
    view.evidence
        .first(Operation::Redeem, &Variation::Code(change))
}

/// Each of these exchanges gave nothing, beside `controls`.
fn each_is_refused(
    view: &View<'_>,
    tried: &[Exchange<'_>],
    controls: impl FnOnce() -> Step<Proof>,
) -> Step<Finding> {
    let mut wrong = Deviations::default();
    for exchange in tried.iter().filter(|exchange| exchange.got_something()) {
        wrong.add(
            "no token",
            format!("{}: accepted", exchange.sentence()),
            exchange,
        );
    }
    if let Some(finding) = wrong.broken() {
        return Ok(match controls() {
            Ok(control) => finding.beside(control),
            Err(_) => finding,
        });
    }
    let control = controls()?;
    let odd = tried
        .iter()
        .find(|exchange| exchange.reaction() != Reaction::Refused);
    if let Some(odd) = odd {
        let what = format!(
            "not graded: {} ({})",
            odd.sentence(),
            odd.reaction().words()
        );
        let absent = || unobserved(view, &what).seen_in(odd);
        return Ok(gone(odd).unwrap_or_else(absent));
    }
    match Proof::all(tried) {
        Some(proof) => {
            let seen = format!("{} exchanges refused", tried.len());
            Ok(Finding::met(seen, proof).beside(control))
        }
        None => unseen(view, "no varied exchange of a code was made"),
    }
}

/// A code with a challenge is exchanged for its verifier only, and a verifier without a challenge is
/// refused; beside the right verifier, and where such codes are given out, beside neither.
fn is_bound_to_its_challenge(view: &View<'_>) -> Step<Finding> {
    let neither = exchanged(view, CodeVariation::NoChallenge);
    let stray = exchanged(view, CodeVariation::StrayVerifier);
    // A code that is no good without a challenge says nothing of the verifier.
    let neither = neither.filter(Exchange::is_served);
    let stray = stray.filter(|stray| neither.is_some() || stray.got_something());
    let bound = [CodeVariation::NoVerifier, CodeVariation::OtherVerifier];
    if bound
        .iter()
        .any(|change| exchanged(view, *change).is_none())
    {
        return unseen(view, "a missing and a wrong verifier were not both tried");
    }
    let near = [
        CodeVariation::EmptyVerifier,
        CodeVariation::VerifierInOtherCase,
        CodeVariation::ChallengeForVerifier,
    ];
    let tried = bound.iter().chain(&near);
    let tried = tried.filter_map(|change| exchanged(view, *change));
    let tried: Vec<Exchange<'_>> = tried.chain(stray).collect();
    each_is_refused(view, &tried, || {
        let right = precondition(view, Operation::Redeem, &Variation::Documented)?;
        let proof = Proof::from(right);
        Ok(match neither {
            Some(neither) => proof.and(neither),
            None => proof,
        })
    })
}

/// A code is good for one exchange by its own client; what it gave ends when it comes again.
fn works_once_for_its_client(view: &View<'_>) -> Step<Finding> {
    let (Some(again), Some(other)) = (
        exchanged(view, CodeVariation::Again),
        exchanged(view, CodeVariation::ByAnotherClient),
    ) else {
        return unseen(view, "a code was not shown again, and by another client");
    };
    let first = || precondition(view, Operation::Redeem, &Variation::Documented);
    let finding = each_is_refused(view, &[again, other], || first().map(Proof::from))?;
    if finding.grade() != Grade::Met {
        return Ok(finding);
    }
    let calls: Vec<Exchange<'_>> = view.evidence.documented(Operation::Call).collect();
    let before = calls
        .iter()
        .find(|call| call.seq < again.seq && call.is_served());
    let after = calls.iter().find(|call| call.seq > again.seq);
    Ok(match (before, after) {
        (Some(_), Some(after)) if after.is_served() => Finding::tolerated(
            "tokens of a code that comes again end",
            format!("{} after the code came again", after.sentence()),
            after,
        )
        .beside(first()?),
        _ => finding,
    })
}

/// RFC 6749 §4.1.3: the redirect URI of the authorization request comes again, and is the same.
fn is_bound_to_its_redirect_uri(view: &View<'_>) -> Step<Finding> {
    let Some(other) = exchanged(view, CodeVariation::OtherRedirectUri) else {
        return unseen(view, "no other redirect URI was shown");
    };
    let right = || precondition(view, Operation::Redeem, &Variation::Documented).map(Proof::from);
    let finding = each_is_refused(view, &[other], right)?;
    let missing = exchanged(view, CodeVariation::NoRedirectUri);
    match missing.filter(|_| finding.grade() == Grade::Met) {
        Some(missing) if missing.got_something() => {
            let seen = format!("{}: accepted", missing.sentence());
            Ok(Finding::tolerated("no token", seen, missing).beside(right()?))
        }
        Some(missing) => each_is_refused(view, &[other, missing], right),
        None => Ok(finding),
    }
}

/// A code that nobody exchanged in time is good for nothing.
fn ends_soon(view: &View<'_>) -> Step<Finding> {
    let Some(late) = exchanged(view, CodeVariation::Late) else {
        return unseen(view, "no code was shown after its end");
    };
    each_is_refused(view, &[late], || {
        precondition(view, Operation::Redeem, &Variation::Documented).map(Proof::from)
    })
}

/// What a code is still good for after an exchange that failed.
fn what_spends_a_code(view: &View<'_>) -> Step<Finding> {
    let pairs = [
        (
            CodeVariation::OtherRedirectUri,
            CodeVariation::AfterOtherRedirectUri,
            "another redirect URI",
        ),
        (
            CodeVariation::OtherVerifier,
            CodeVariation::AfterOtherVerifier,
            "another verifier",
        ),
        (
            CodeVariation::OtherSecret,
            CodeVariation::AfterOtherSecret,
            "failed authentication",
        ),
    ];
    let mut told = Vec::new();
    let mut seen: Option<Proof> = None;
    for (fault, right, words) in pairs {
        let (Some(fault), Some(right)) = (exchanged(view, fault), exchanged(view, right)) else {
            continue;
        };
        let both = Proof::from(fault).and(right);
        let what = match (fault.reaction(), right.reaction()) {
            (Reaction::Refused, Reaction::Served) => format!("still good after {words}"),
            (Reaction::Refused, Reaction::Refused) => format!("spent by {words}"),
            (Reaction::Served, _) => format!("not refused for {words}"),
            _ => continue,
        };
        told.push(what);
        seen = Some(match seen {
            Some(known) => known.and(both),
            None => both,
        });
    }
    match seen {
        Some(proof) => Ok(Finding::fact(
            format!("the code is {}", told.join(", ")),
            proof,
        )),
        None => unseen(view, "no code was shown after a failed exchange"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, Log, check};
    use crate::verdict::Grade;

    const TOKEN: &str = r#"{"access_token":"t-0123"}"#;
    const NO: &str = r#"{"error":"invalid_grant"}"#;

    fn redeemed(exchanges: &[(&str, bool)]) -> Log {
        exchanges.iter().fold(Log::new(), |log, (phrase, works)| {
            let (status, body) = if *works { (200, TOKEN) } else { (400, NO) };
            log.exchange("redeem", phrase, status, body)
        })
    }

    fn challenged(none: bool, other: bool, stray: bool) -> Log {
        redeemed(&[
            ("", true),
            ("without the verifier", none),
            ("with another verifier", other),
            ("without challenge and verifier", true),
            ("with a verifier and no challenge", stray),
        ])
    }

    #[test]
    fn a_code_is_bound_to_its_challenge_or_not() {
        check(&challenged(false, false, false), "BCP-09", Grade::Met);
        check(&challenged(true, false, false), "BCP-09", Grade::Broken);
        check(&challenged(false, true, false), "BCP-09", Grade::Broken);
        check(&challenged(false, false, true), "BCP-09", Grade::Broken);
        let alone = [
            ("without the verifier", false),
            ("with another verifier", false),
        ];
        check(&redeemed(&alone), "BCP-09", Grade::Unobserved);
        check(&redeemed(&[("", true)]), "BCP-09", Grade::Unobserved);
        let failed = redeemed(&[("", true), ("without the verifier", false)]);
        let failed = failed.failed("redeem", "with another verifier", BadReply::ServerError);
        check(&failed, "BCP-09", Grade::Unobserved);
    }

    #[test]
    fn a_near_miss_of_a_verifier_is_none() {
        for near in [
            "with an empty verifier",
            "with the verifier in other letter case",
            "with the challenge for a verifier",
        ] {
            let log = |works| {
                redeemed(&[
                    ("", true),
                    ("without the verifier", false),
                    ("with another verifier", false),
                    (near, works),
                ])
            };
            check(&log(false), "BCP-09", Grade::Met);
            check(&log(true), "BCP-09", Grade::Broken);
        }
    }

    #[test]
    fn a_code_is_bound_to_its_redirect_uri_or_not() {
        let log = |other, none| {
            redeemed(&[
                ("", true),
                ("with another redirect URI", other),
                ("without the redirect URI", none),
            ])
        };
        check(&log(false, false), "BCP-13", Grade::Met);
        check(&log(true, false), "BCP-13", Grade::Broken);
        check(&log(true, true), "BCP-13", Grade::Broken);
        check(&log(false, true), "BCP-13", Grade::Tolerated);
        let alone = [("with another redirect URI", false)];
        check(&redeemed(&alone), "BCP-13", Grade::Unobserved);
        check(&redeemed(&[("", true)]), "BCP-13", Grade::Unobserved);
        for (failure, grade) in [
            (BadReply::ServerError, Grade::Unobserved),
            (BadReply::Closed, Grade::Gone),
        ] {
            let log = redeemed(&[("", true)]);
            let log = log.failed("redeem", "with another redirect URI", failure);
            check(&log, "BCP-13", grade);
        }
    }

    #[test]
    fn a_code_ends_or_not() {
        let log = |works| redeemed(&[("", true), ("after ten minutes", works)]);
        check(&log(false), "BCP-14", Grade::Met);
        check(&log(true), "BCP-14", Grade::Broken);
        let alone = redeemed(&[("after ten minutes", false)]);
        check(&alone, "BCP-14", Grade::Unobserved);
        check(&redeemed(&[("", true)]), "BCP-14", Grade::Unobserved);
    }

    fn shown_again(again: bool, other: bool, after: u16) -> Log {
        redeemed(&[("", true)])
            .exchange("call", "", 200, "{}")
            .exchange(
                "redeem",
                "again",
                if again { 200 } else { 400 },
                if again { TOKEN } else { NO },
            )
            .exchange("call", "", after, "{}")
            .exchange(
                "redeem",
                "by another client",
                if other { 200 } else { 400 },
                if other { TOKEN } else { NO },
            )
    }

    #[test]
    fn a_code_works_once_for_its_client_or_not() {
        check(&shown_again(false, false, 401), "BCP-10", Grade::Met);
        check(&shown_again(true, false, 401), "BCP-10", Grade::Broken);
        check(&shown_again(false, true, 401), "BCP-10", Grade::Broken);
        check(&shown_again(false, false, 200), "BCP-10", Grade::Tolerated);
        let alone = redeemed(&[("again", false), ("by another client", false)]);
        check(&alone, "BCP-10", Grade::Unobserved);
        check(&redeemed(&[("", true)]), "BCP-10", Grade::Unobserved);
        let failed = redeemed(&[("", true), ("again", false)]);
        let failed = failed.failed("redeem", "by another client", BadReply::Closed);
        check(&failed, "BCP-10", Grade::Gone);
    }

    #[test]
    fn what_spends_a_code_is_told() {
        let spent = redeemed(&[
            ("with another verifier", false),
            ("rightly, after another verifier", false),
        ]);
        check(&spent, "VEN-25", Grade::Fact);
        check(&redeemed(&[("", true)]), "VEN-25", Grade::Unobserved);
        let failed = redeemed(&[("with another verifier", false)]);
        let right = "rightly, after another verifier";
        let failed = failed.failed("redeem", right, BadReply::ServerError);
        check(&failed, "VEN-25", Grade::Unobserved);
    }
}
