//! What is changed in a reply that the vendor gave: members, header lines, length.

use bytes::Bytes;
use locum_core::fault::ReplyEdit;
use serde_json::{Map, Value};

use crate::Reply;

/// The reply as the edit changes it.
///
/// # Errors
/// The reply untouched, when it is no success, or has no such object.
pub fn apply(edit: &ReplyEdit, mut reply: Reply) -> Result<Reply, Box<Reply>> {
    if !reply.status.is_success() {
        return Err(Box::new(reply));
    }
    if edit.has_members() {
        match members(edit, &reply.body) {
            Some(body) => reply.body = body.into(),
            None => return Err(Box::new(reply)),
        }
    }
    for (name, value) in &edit.headers {
        reply = reply.set_header(name, value);
    }
    if let Some(at) = edit.cut {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        reply.body = reply.body.slice(..at.min(reply.body.len()));
    }
    Ok(reply)
}

/// The body with other members; `None` when it has no such object.
fn members(edit: &ReplyEdit, body: &Bytes) -> Option<String> {
    let Value::Object(mut outer) = serde_json::from_slice(body).ok()? else {
        return None;
    };
    let Some(within) = &edit.within else {
        return Some(changed(edit, outer));
    };
    let Some(Value::Object(inner)) = outer.get_mut(within) else {
        return None;
    };
    let inner = changed(edit, std::mem::take(inner));
    let written = outer.iter().map(|(name, value)| match name == within {
        true => member(name, &inner),
        false => member(name, &value.to_string()),
    });
    Some(object(written))
}

/// The object as text: only so can a member stand there twice.
fn changed(edit: &ReplyEdit, mut members: Map<String, Value>) -> String {
    for name in &edit.remove {
        members.shift_remove(name);
    }
    members.extend(edit.set.clone());
    members.extend(edit.raw.keys().map(|name| (name.clone(), Value::Null)));
    let text = |name: &String, value: &Value| match edit.raw.get(name) {
        Some(raw) => member(name, raw),
        None => member(name, &value.to_string()),
    };
    let mut written: Vec<String> = members
        .iter()
        .map(|(name, value)| text(name, value))
        .collect();
    if edit.reverse {
        written.reverse();
    }
    let again = edit.repeat.iter().filter_map(|name| {
        let value = members.get(name)?;
        Some(text(name, value))
    });
    object(written.into_iter().chain(again))
}

fn member(name: &str, value: &str) -> String {
    format!("{}:{value}", Value::from(name))
}

fn object(members: impl Iterator<Item = String>) -> String {
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BODY: &str = r#"{"access_token":"t","expires_in":3600,"token_type":"bearer"}"#;
    const NESTED: &str = r#"{"AuthenticationResult":{"AccessToken":"t"},"ChallengeParameters":{}}"#;

    fn check(edit: &Value, body: &str, expected: &str) {
        let edit = serde_json::from_value(edit.clone()).expect("an edit");
        let reply = Reply::status(200).body(body.to_owned());
        let edited = apply(&edit, reply).expect("it is edited");
        assert_eq!(String::from_utf8_lossy(&edited.body), expected);
    }

    #[test]
    fn members_are_set_removed_reversed_and_repeated() {
        check(
            &json!({"set": {"token_type": "mac", "note": [1, {"a": null}]}}),
            BODY,
            r#"{"access_token":"t","expires_in":3600,"token_type":"mac","note":[1,{"a":null}]}"#,
        );
        check(
            &json!({"remove": ["access_token", "absent"], "set": {"error": "e"}}),
            BODY,
            r#"{"expires_in":3600,"token_type":"bearer","error":"e"}"#,
        );
        check(
            &json!({"reverse": true}),
            BODY,
            r#"{"token_type":"bearer","expires_in":3600,"access_token":"t"}"#,
        );
        check(
            &json!({"repeat": ["access_token", "absent"]}),
            BODY,
            r#"{"access_token":"t","expires_in":3600,"token_type":"bearer","access_token":"t"}"#,
        );
    }

    #[test]
    fn a_value_is_written_as_it_is_given() {
        check(
            &json!({"raw": {"expires_in": "1e400"}, "repeat": ["expires_in"]}),
            BODY,
            r#"{"access_token":"t","expires_in":1e400,"token_type":"bearer","expires_in":1e400}"#,
        );
    }

    #[test]
    fn an_object_within_is_edited_alone() {
        check(
            &json!({"within": "AuthenticationResult", "set": {"AccessToken": null}, "repeat": ["AccessToken"]}),
            NESTED,
            r#"{"AuthenticationResult":{"AccessToken":null,"AccessToken":null},"ChallengeParameters":{}}"#,
        );
    }

    #[test]
    fn a_body_is_cut_and_no_longer() {
        check(&json!({"cut": 18}), BODY, r#"{"access_token":"t"#);
        check(&json!({"cut": 9999}), BODY, BODY);
        check(&json!({"cut": 3}), "plain", "pla");
    }

    #[test]
    fn header_lines_are_replaced() {
        let edit = json!({"headers": {"Content-Type": "application/json; charset=utf-8"}});
        let edit = serde_json::from_value(edit).expect("an edit");
        let edited = apply(&edit, Reply::json(200, &json!({}))).expect("it is edited");
        let expected = "application/json; charset=utf-8".to_owned();
        assert_eq!(edited.headers, [("Content-Type".to_owned(), expected)]);
    }

    #[test]
    fn only_a_success_with_such_an_object_is_edited() {
        let edit = |edit: Value| serde_json::from_value(edit).expect("an edit");
        let set = edit(json!({"set": {"a": 1}}));
        let within = edit(json!({"within": "b", "set": {"a": 1}}));
        for (edit, status, body) in [
            (&set, 401, "{}"),
            (&set, 200, "[]"),
            (&set, 200, "<html>"),
            (&within, 200, r#"{"b":[]}"#),
        ] {
            let reply = Reply::status(status).body(body);
            let untouched = apply(edit, reply).expect_err("it is not edited");
            assert_eq!(untouched.body, body);
        }
    }
}
