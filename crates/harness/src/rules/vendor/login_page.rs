//! Whom the login page lets in (RFC 6749 §3.1).

use super::effect::{Step, concluded, unseen};
use crate::evidence::{Exchange, Operation, Reaction};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("BCP-21", |view| {
    concluded(lets_nobody_else_in(view))
})];

/// Whether a reply leads back to the client with a code.
fn gives_a_code(view: &View<'_>, page: &Exchange<'_>) -> bool {
    let location = page.reply.and_then(|reply| reply.header("location"));
    let location = location.filter(|_| page.reaction() == Reaction::Redirected);
    let Some((place, query)) = location.and_then(|location| location.split_once(['?', '#'])) else {
        return false;
    };
    let is_back = view.evidence.documented(Operation::Authorize).any(|asked| {
        let (_, query) = asked.request.target.split_once('?').unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.any(|(name, uri)| {
            let bare = uri.split(['?', '#']).next().unwrap_or_default();
            name == "redirect_uri" && place == bare
        })
    });
    is_back && query.split('&').any(|pair| pair.starts_with("code="))
}

/// A page that is sent with a wrong password gives no code, beside one with the right password that
/// does.
fn lets_nobody_else_in(view: &View<'_>) -> Step<Finding> {
    let wrong: Vec<Exchange<'_>> = view.evidence.varied(Operation::SubmitLogin).collect();
    let mut right = view.evidence.documented(Operation::SubmitLogin);
    let control = right.find(|page| gives_a_code(view, page));
    let let_in = wrong.iter().filter(|page| gives_a_code(view, page));
    if let Some(proof) = Proof::all(let_in.clone()) {
        let seen: Vec<String> = let_in
            .map(|page| format!("{}, with a code", page.sentence()))
            .collect();
        let broken = Finding::broken("the page again, or a refusal", seen.join("; "), proof);
        return Ok(match control {
            Some(control) => broken.beside(control),
            None => broken,
        });
    }
    for page in &wrong {
        if let Some(gone) = gone(page) {
            return Err(Box::new(gone));
        }
        let is_answer = matches!(
            page.reaction(),
            Reaction::Served | Reaction::Refused | Reaction::Redirected
        );
        if !is_answer {
            let words = page.reaction().words();
            let what = format!("not graded: {} ({words})", page.sentence());
            return Err(Box::new(unobserved(view, &what).seen_in(page)));
        }
    }
    match (control, Proof::all(&wrong)) {
        (Some(control), Some(proof)) => {
            let seen = format!("{} wrong passwords gave no code", wrong.len());
            Ok(Finding::met(seen, proof).beside(control))
        }
        (None, _) => unseen(view, "the right password gave no code at the page"),
        (_, None) => unseen(view, "no wrong password was sent to the page"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const WRONG: &str = "with another password";
    const BACK: &[(&str, &str)] = &[("Location", "http://app/cb?state=s&code=c-0123")];
    const AGAIN: &[(&str, &str)] = &[("Location", "http://h/login?session_code=c-0123")];

    fn asked() -> Log {
        let target = "/auth?client_id=a&redirect_uri=http%3A%2F%2Fapp%2Fcb&state=s";
        Log::new().asked_at("authorize", "", target, 200, &[], "<html>")
    }

    fn sent(log: Log, phrase: &str, (status, headers): (u16, &[(&str, &str)])) -> Log {
        log.headed("page of login", phrase, status, headers, "")
    }

    #[test]
    fn a_wrong_password_gives_no_code() {
        let log = |wrong, right| sent(sent(asked(), WRONG, wrong), "", right);
        let (form, back): ((u16, &[(&str, &str)]), _) = ((200, &[]), (302, BACK));
        check(&log(form, back), "BCP-21", Grade::Met);
        check(&log((401, &[]), back), "BCP-21", Grade::Met);
        check(&log((302, AGAIN), back), "BCP-21", Grade::Met);
        check(&log(back, back), "BCP-21", Grade::Broken);
        check(&log(back, form), "BCP-21", Grade::Broken);
        check(&log(form, form), "BCP-21", Grade::Unobserved);
        check(&log(form, (302, AGAIN)), "BCP-21", Grade::Unobserved);
        check(&log((429, &[]), back), "BCP-21", Grade::Unobserved);
        check(&sent(asked(), "", back), "BCP-21", Grade::Unobserved);
        for failure in FAILURES {
            let log = sent(asked(), "", back).failed("page of login", WRONG, failure);
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                // A page and a redirect are what a browser gets.
                BadReply::Html | BadReply::Redirect => Grade::Met,
                _ => Grade::Unobserved,
            };
            check(&log, "BCP-21", grade);
        }
    }
}
