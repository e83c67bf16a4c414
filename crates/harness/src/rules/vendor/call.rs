//! API calls that the vendor should serve, and what it says of bad values.

use locum_core::{Finding, Grade};

use crate::rules::{View, gone, sentence, unobserved};

/// Every documented call with a token is served: neither 401 nor 403.
pub fn accepted(view: &View<'_>) -> Finding {
    let mut served = Vec::new();
    for call in view.log.acts("call", "") {
        if let Some(gone) = gone(&call) {
            return gone;
        }
        if call
            .reply
            .is_some_and(|reply| matches!(reply.status, 401 | 403))
        {
            return Finding::new(Grade::Broken, sentence(&call))
                .because("the token to be accepted", sentence(&call))
                .proved_by([call.seq]);
        }
        served.push(call.seq);
    }
    if served.is_empty() {
        return unobserved(view, "no call was made");
    }
    Finding::new(Grade::Met, format!("{} served", served.len())).proved_by(served)
}

/// A bad value is answered with `status` and a message of its own, not only the status text.
pub fn says_what_is_wrong(view: &View<'_>, status: u16) -> Finding {
    let mut calls = view.log.exchanges();
    let Some(call) = calls.find(|exchange| exchange.act == "call" && !exchange.how.is_empty())
    else {
        return unobserved(view, "no bad value was sent");
    };
    if let Some(gone) = gone(&call) {
        return gone;
    }
    let Some(reply) = call.reply else {
        return unobserved(view, "no bad value was answered");
    };
    let body = reply.body.trim();
    let specific = !body.is_empty() && !is_status_text(body, reply.status);
    if reply.status == status && specific {
        return Finding::new(Grade::Met, sentence(&call)).proved_by([call.seq]);
    }
    let seen = if specific {
        sentence(&call)
    } else {
        format!("{} and no message", sentence(&call))
    };
    Finding::new(Grade::Broken, seen.clone())
        .because(format!("{status} with a specific message"), seen)
        .proved_by([call.seq])
}

/// The form sent to the endpoint `name` is answered with `status` and these members: name, and
/// `text` or `integer`.
pub fn form_is_answered_with(
    view: &View<'_>,
    name: &str,
    status: u16,
    members: &[(String, String)],
) -> Finding {
    let Some(form) = view.log.acts("form", name).next() else {
        return unobserved(view, "no such form was sent");
    };
    if let Some(gone) = gone(&form) {
        return gone;
    }
    let Some(reply) = form.reply else {
        return unobserved(view, "no such form was answered");
    };
    let body = reply.json();
    let missing = members.iter().find(|(name, kind)| {
        let value = &body[name.as_str()];
        match kind.as_str() {
            "integer" => !(value.is_i64() || value.is_u64()),
            _ => value.as_str().is_none_or(str::is_empty),
        }
    });
    let seen = match missing {
        None if reply.status == status => {
            return Finding::new(Grade::Met, sentence(&form)).proved_by([form.seq]);
        }
        Some((name, kind)) if reply.status == status => format!("{name} is not {kind}"),
        _ => sentence(&form),
    };
    Finding::new(Grade::Broken, seen.clone())
        .because(format!("{status} with the documented members"), seen)
        .proved_by([form.seq])
}

/// Whether a body says no more than the status line does.
fn is_status_text(body: &str, status: u16) -> bool {
    let reason = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default();
    let bare = |text: &str| {
        let text = text.trim().trim_matches('"').to_ascii_lowercase();
        let number = status.to_string();
        let text = text.strip_prefix(&number).unwrap_or(&text).trim();
        text.is_empty() || text == reason.to_ascii_lowercase()
    };
    match serde_json::from_str(body) {
        Ok(serde_json::Value::Object(members)) => members
            .values()
            .all(|value| value.is_number() || value.as_str().is_some_and(bare)),
        _ => bare(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Log, check};

    fn calls(status: u16, expected: Grade) {
        check(
            &Log::new().exchange("call", "", status, "[]"),
            accepted,
            expected,
        );
    }

    #[test]
    fn a_call_is_served_unless_the_token_is_refused() {
        calls(200, Grade::Met);
        calls(404, Grade::Met);
        calls(401, Grade::Broken);
        calls(403, Grade::Broken);
        check(&Log::new(), accepted, Grade::Unobserved);
    }

    fn form(status: u16, body: &str, expected: Grade) {
        let members = [("id", "integer"), ("state", "text")]
            .map(|(name, kind)| (name.to_owned(), kind.to_owned()));
        let log = Log::new().exchange("form", "create", status, body);
        let rule = |view: &View<'_>| form_is_answered_with(view, "create", 202, &members);
        check(&log, rule, expected);
    }

    #[test]
    fn a_form_is_answered_with_its_status_and_members() {
        form(202, r#"{"id":1,"state":"new"}"#, Grade::Met);
        form(200, r#"{"id":1,"state":"new"}"#, Grade::Broken);
        form(202, r#"{"id":"1","state":"new"}"#, Grade::Broken);
        form(202, r#"{"id":1}"#, Grade::Broken);
        let rule = |view: &View<'_>| form_is_answered_with(view, "create", 202, &[]);
        check(&Log::new(), rule, Grade::Unobserved);
    }

    fn bad(status: u16, body: &str, expected: Grade) {
        let log = Log::new().exchange("call", "with limit=0", status, body);
        check(&log, |view| says_what_is_wrong(view, 422), expected);
    }

    #[test]
    fn a_message_says_more_than_the_status() {
        bad(422, r#"{"message":"limit must be at least 1"}"#, Grade::Met);
        bad(422, "limit is too small", Grade::Met);
        bad(422, "", Grade::Broken);
        bad(422, "Unprocessable Entity", Grade::Broken);
        bad(422, "422 unprocessable entity", Grade::Broken);
        bad(
            422,
            r#"{"status":422,"error":"Unprocessable Entity"}"#,
            Grade::Broken,
        );
        bad(400, "limit is too small", Grade::Broken);
    }
}
