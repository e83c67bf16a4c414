//! Whether a page in a browser may call a user pool.

use super::effect::{Step, concluded, made, unseen};
use crate::evidence::{Message, Operation, Reaction, Variation};
use crate::rules::{Rule, View, gone};
use crate::verdict::Finding;

pub(super) const RULES: &[Rule] = &[Rule::vendor("COG-33", |view| {
    concluded(pages_may_call(view))
})];

/// The headers of an operation that are none of a simple request.
const NEEDED: [&str; 2] = ["content-type", "x-amz-target"];

/// The preflight is answered with 2xx, the origin and the headers that an operation needs.
fn pages_may_call(view: &View<'_>) -> Step<Finding> {
    let asked = made(view, Operation::Preflight, &Variation::Documented)?;
    if let Some(gone) = gone(&asked) {
        return Err(Box::new(gone));
    }
    if matches!(asked.reaction(), Reaction::Failed(_) | Reaction::Throttled) {
        let words = asked.reaction().words();
        return unseen(view, &format!("not graded: {} ({words})", asked.sentence()));
    }
    let missing = match asked.reply.filter(|reply| reply.is_class(2)) {
        Some(reply) => missing_in(reply),
        None => vec!["a 2xx".to_owned()],
    };
    if missing.is_empty() {
        return Ok(Finding::met("the page may send an operation", asked));
    }
    let seen = format!("{}, without {}", asked.sentence(), missing.join(", "));
    let expected = "2xx with the origin and the headers allowed";
    Ok(Finding::broken(expected, seen, asked))
}

/// What the reply does not allow.
fn missing_in(reply: &Message) -> Vec<String> {
    const ORIGIN: &str = "Access-Control-Allow-Origin";
    let mut missing = Vec::new();
    if reply.header(ORIGIN).is_none() {
        missing.push(ORIGIN.to_owned());
    }
    let allowed = reply.header("Access-Control-Allow-Headers");
    let allowed: Vec<String> = allowed
        .unwrap_or_default()
        .split(',')
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let is_missing = |name: &&&str| !allowed.iter().any(|known| known == "*" || known == **name);
    let headers = NEEDED.iter().filter(is_missing);
    missing.extend(headers.map(|name| format!("{name} in Access-Control-Allow-Headers")));
    missing
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    fn asked(status: u16, headers: &[(&str, &str)]) -> Log {
        Log::of_a_user_pool().headed("preflight", "", status, headers, "")
    }

    #[test]
    fn a_page_may_call_or_not() {
        let (origin, all) = (
            ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Allow-Headers", "*"),
        );
        let named = (
            "access-control-allow-headers",
            "Authorization, Content-Type, X-Amz-Target",
        );
        check(&asked(200, &[origin, all]), "COG-33", Grade::Met);
        check(&asked(204, &[origin, named]), "COG-33", Grade::Met);
        check(&asked(200, &[origin]), "COG-33", Grade::Broken);
        check(&asked(200, &[all]), "COG-33", Grade::Broken);
        check(&asked(403, &[origin, all]), "COG-33", Grade::Broken);
        check(&asked(307, &[origin, all]), "COG-33", Grade::Broken);
        check(&asked(429, &[]), "COG-33", Grade::Unobserved);
        check(&Log::of_a_user_pool(), "COG-33", Grade::Unobserved);
        for failure in FAILURES {
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                BadReply::Redirect => Grade::Broken,
                _ => Grade::Unobserved,
            };
            let log = Log::of_a_user_pool().failed("preflight", "", failure);
            check(&log, "COG-33", grade);
        }
    }
}
