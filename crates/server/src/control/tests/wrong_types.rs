//! A member of another type than the call takes is refused by its name, in a person's words.

use serde_json::{Map, Value, json};

use super::super::call::ControlCall;
use super::super::calls;
use super::bench::Bench;

/// Words of the program, of its language and of its libraries: none is for a caller.
const FOREIGN: &[&str] = &[
    "struct",
    "enum",
    "variant",
    "invalid type",
    "sequence",
    "tuple",
    "Option",
    "u8",
    "u16",
    "u32",
    "u64",
    "i64",
    "f64",
    "usize",
    "String",
    "Fault",
    "Hold",
    "ResetAt",
    "TokenId",
    "TokenKind",
    "EntryId",
    "StageSpec",
    "ClockSpec",
    "Timestamp",
    "line 1",
];

/// One value of each JSON type.
fn each_type() -> [Value; 8] {
    [
        Value::Null,
        true.into(),
        3.into(),
        (-3).into(),
        1.5.into(),
        "@".into(),
        json!([]),
        json!({"@": 1}),
    ]
}

/// Whether a member of this schema takes `value`, by what JSON Schema says of its keywords.
fn takes(schema: &Value, value: &Value) -> bool {
    for key in ["oneOf", "anyOf"] {
        if let Some(all) = schema[key].as_array() {
            return all.iter().any(|one| takes(one, value));
        }
    }
    if let Some(only) = schema.get("const") {
        return only == value;
    }
    if let Some(listed) = schema["enum"].as_array() {
        return listed.contains(value);
    }
    let kinds = match &schema["type"] {
        Value::Null => return true,
        Value::Array(kinds) => kinds.clone(),
        kind => vec![kind.clone()],
    };
    let is = |kind: &str| kinds.iter().any(|have| have == kind);
    match value {
        Value::Null => is("null"),
        Value::Bool(_) => is("boolean"),
        Value::Number(number) if number.is_f64() => is("number"),
        Value::Number(number) => {
            let allowed = schema["minimum"]
                .as_f64()
                .is_none_or(|least| number.as_f64().expect("a small number") >= least);
            (is("integer") && allowed) || is("number")
        }
        Value::String(_) => is("string"),
        Value::Array(_) => is("array"),
        // Any object is of the type; whether its members are known is asked elsewhere.
        Value::Object(_) => is("object"),
    }
}

/// Each member of a schema, with the path to it.
fn members(schema: &Value, path: &[String], found: &mut Vec<(Vec<String>, Value)>) {
    for key in ["oneOf", "anyOf"] {
        for one in schema[key].as_array().into_iter().flatten() {
            members(one, path, found);
        }
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let mut path = path.to_vec();
        path.push(name.clone());
        members(member, &path, found);
        found.push((path, member.clone()));
    }
}

fn with_member(mut body: Value, path: &[String], value: &Value) -> Value {
    let mut at = &mut body;
    for (depth, name) in path.iter().enumerate() {
        let siblings = &at[name];
        let last = depth + 1 == path.len();
        if !last && !siblings.is_object() {
            at[name] = Value::Object(Map::new());
        }
        // Of the members of `when` one is given.
        if !last && name == "when" {
            at[name] = Value::Object(Map::new());
        }
        at = &mut at[name];
    }
    *at = value.clone();
    body
}

#[tokio::test]
async fn each_member_of_another_type_is_refused_by_name() {
    let bench = Bench::start().await;
    let description = bench.done("GET /openapi.json", "", 200).await;
    let mut count = 0;
    for call in calls().filter(|call: &&ControlCall| call.body.is_some()) {
        let path = &call.paths()[0];
        let word = call.method().as_str().to_ascii_lowercase();
        let body = &description["paths"][path][&word]["requestBody"]["content"];
        let body = &body["application/json"];
        let mut found = Vec::new();
        members(&body["schema"], &[], &mut found);
        let line = format!(
            "{} {}",
            call.method(),
            path.replace("/_locum", "").replace("{stage}", "default")
        );
        for (at, schema) in found {
            for value in each_type().iter().filter(|value| !takes(&schema, value)) {
                let sent = with_member(body["example"].clone(), &at, value).to_string();
                let answer = bench.call(&line, &sent).await;
                let shown = answer.json();
                let error = shown["error"].as_str().unwrap_or_default();
                let name = at.last().expect("a name");
                let named = format!("`{name}` takes ");
                assert_eq!(answer.status, 400, "{line} {sent}: {error}");
                assert!(error.contains(&named), "{line} {sent}: {error}");
                for foreign in FOREIGN {
                    let text = answer.body.replace(&at.join("."), "");
                    assert!(!text.contains(foreign), "{line} {sent}: {error}");
                }
                count += 1;
            }
        }
        for value in [json!([]), json!("x"), json!(3), Value::Null] {
            let answer = bench.call(&line, &value.to_string()).await;
            let shown = answer.json();
            let error = shown["error"].as_str().unwrap_or_default().to_owned();
            assert_eq!(answer.status, 400, "{line} {value}: {error}");
            assert!(
                error.starts_with("the body takes ") && !error.contains("anything"),
                "{line} {value}: {error}"
            );
        }
    }
    assert!(count > 200, "{count} mistakes");
}

#[tokio::test]
async fn what_is_taken_is_said_in_words() {
    let bench = Bench::start().await;
    let check = async |then: &str, expected: &str| {
        let body = format!(r#"{{"when": {{"once": true}}, "then": {then}}}"#);
        let refused = bench.done("POST /faults", &body, 400).await;
        assert_eq!(refused["error"], expected);
    };
    check(
        r#"{"reset": 0}"#,
        r#"`reset` takes `"before"` or `{"byte": n}`, not `0`"#,
    )
    .await;
    check(
        r#"{"reset": {"byte": "x"}}"#,
        r#"`byte` takes a whole number from 0, not `"x"`"#,
    )
    .await;
    check(
        r#"{"hold": "b"}"#,
        r#"`hold` takes `{"name": "…", "n": n}`, not `"b"`"#,
    )
    .await;
    check(
        r#"{"status": 70000}"#,
        "`status` takes a whole number from 0 to 65535, not `70000`",
    )
    .await;
    let two = r#"{"when": {"first": 1, "once": true}, "then": {"empty": true}}"#;
    let refused = bench.done("POST /faults", two, 400).await;
    let error = refused["error"].as_str().expect("an error");
    assert!(
        error.starts_with(r#"`when` takes `{"first": n}`, "#),
        "{error}"
    );
    assert!(error.contains(r#" or `{"always": true}`, not "#), "{error}");
    let twice = r#"{"advance_s": 1, "advance_s": 2}"#;
    let refused = bench.done("POST /clock", twice, 400).await;
    assert_eq!(refused["error"], "repeated member `advance_s`");
}

#[tokio::test]
async fn a_setting_that_counts_takes_no_negative_number() {
    let bench = Bench::start().await;
    let refused = bench
        .done("PATCH /settings", r#"{"acme.pace": -1}"#, 400)
        .await;
    assert_eq!(
        refused["error"],
        "setting `acme.pace` does not take -1; it takes whole numbers from 0, such as 7"
    );
}
