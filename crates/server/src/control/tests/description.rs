//! The description and the handlers agree.

use serde_json::Value;

use super::super::call::ControlCall;
use super::super::calls;
use super::super::shape::Shape;
use super::bench::Bench;

/// The body to send: the table's own may name vendors that this bench has not.
fn example(call: &ControlCall) -> &'static str {
    match call.line {
        "POST …/faults" => r#"{"then": {"hold": {"name": "b"}}}"#,
        "PATCH …/settings" => r#"{"acme.pace": 1}"#,
        "PUT …/principals" | "PATCH …/principals" => r#"{"acme": {"clients": []}}"#,
        "PUT …/twin" => r#"{"name": "acme/any-secret"}"#,
        "POST …/tokens/expire" | "POST …/tokens/revoke" => r#"{"all": true}"#,
        "POST …/tokens" | "POST …/keys/rotate" => r#"{"vendor": "acme"}"#,
        "POST …/journal/find" | "POST …/journal/count" => r#"{"vendor": "acme"}"#,
        _ => call.body.unwrap_or_default(),
    }
}

#[tokio::test]
async fn each_call_of_the_description_succeeds_with_the_status_it_names() {
    let description = {
        let bench = Bench::start().await;
        bench.done("GET /openapi.json", "", 200).await
    };
    let mut count = 0;
    for call in calls().filter(|call| !call.line.ends_with("/stream")) {
        for path in call.paths() {
            let method = call.method();
            let word = method.as_str().to_ascii_lowercase();
            let operation = &description["paths"][&path][&word];
            let promised = &operation["responses"][call.status.to_string()];
            assert!(promised.is_object(), "{method} {path} is not described");
            // A world of its own for each: some of the calls destroy things.
            let bench = Bench::with_all_options().await;
            bench.token("/acme").await;
            bench
                .done("POST /faults", r#"{"then": {"hold": {"name": "b"}}}"#, 201)
                .await;
            let stage = match path.ends_with("/handshakes") {
                true => {
                    let own = r#"{"name": "own", "listen": true}"#;
                    bench.done("POST /stages", own, 201).await;
                    "own"
                }
                false => "default",
            };
            let filled = path
                .replace("{stage}", stage)
                .replace("{id}", "1")
                .replace("{name}", "b");
            let answer = bench
                .raw(&format!("{method} {filled}"), "", example(call))
                .await;
            assert_eq!(
                answer.status, call.status,
                "{method} {filled}: {}",
                answer.body
            );
            if call.media_type == "application/json" {
                let shape = Shape::of_answer(call.answer_schema.expect("each answer has a type"));
                let fault = shape.check(&answer.json()).err();
                assert!(fault.is_none(), "{method} {filled}: {fault:?}");
                shape.expect_described(&answer.json());
            }
            count += 1;
        }
    }
    assert!(count >= 60, "{count} calls");
}

#[tokio::test]
async fn nothing_is_described_that_is_not_in_the_table() {
    let bench = Bench::start().await;
    let description = bench.done("GET /openapi.json", "", 200).await;
    let described: usize = description["paths"]
        .as_object()
        .into_iter()
        .flat_map(|paths| paths.values())
        .filter_map(Value::as_object)
        .map(serde_json::Map::len)
        .sum();
    let known: usize = calls().map(|call| call.paths().len()).sum();
    assert_eq!(described, known);
    assert_eq!(description["openapi"], "3.1.0");
}

#[test]
fn the_examples_of_the_table_are_what_the_calls_take() {
    let mut count = 0;
    for body in calls().filter_map(|call| call.body) {
        let example: Value = serde_json::from_str(body).expect("JSON");
        assert!(example.is_object(), "{body}");
        count += 1;
    }
    assert!(count >= 9, "{count} bodies");
}

#[tokio::test]
async fn the_description_is_made_of_the_types_that_are_read() {
    let bench = Bench::start().await;
    let description = bench.done("GET /openapi.json", "", 200).await;
    let schema = |name: &str| &description["components"]["schemas"][name];
    // Every kind of fault, where the call stands.
    let body = &description["paths"]["/_locum/faults"]["post"]["requestBody"];
    let members = &body["content"]["application/json"]["schema"]["properties"];
    let names = |part: &str| -> Vec<&str> {
        let members = members[part]["properties"].as_object().expect("members");
        for (name, member) in members {
            let is_typed = ["type", "oneOf", "anyOf"]
                .iter()
                .any(|key| member.get(key).is_some());
            assert!(is_typed, "{part}.{name}: {member}");
        }
        members.keys().map(String::as_str).collect()
    };
    let whens = ["first", "after", "every", "once", "probability", "always"];
    assert_eq!(names("when"), whens);
    assert_eq!(
        names("match"),
        [
            "vendor",
            "endpoint",
            "method",
            "path",
            "client",
            "operations"
        ]
    );
    assert_eq!(
        names("then"),
        [
            "status",
            "headers",
            "body",
            "delay_ms",
            "reset",
            "empty",
            "truncate",
            "malformed",
            "close",
            "edit",
            "lose_reply",
            "slow_body",
            "clock",
            "framing",
            "coding",
            "redirect",
            "answer",
            "fragments",
            "bad_frame",
            "interleave",
            "close_ws",
            "drop_ws",
            "after_messages",
            "unprompted",
            "hold",
        ]
    );
    // Enums by their values, also behind a query's parameter.
    let text = description.to_string();
    for value in ["granted", "unrouted", "probability", "frozen", "lose_reply"] {
        assert!(text.contains(&format!("\"{value}\"")), "{value}");
    }
    let parameters = &description["paths"]["/_locum/journal"]["get"]["parameters"];
    let outcome = parameters
        .as_array()
        .and_then(|all| all.iter().find(|one| one["name"] == "outcome"));
    let outcome = outcome.expect("a parameter").to_string();
    assert!(
        outcome.contains("#/components/schemas/Outcome"),
        "{outcome}"
    );
    // Each reference leads to a schema.
    for part in text.split("\"#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap_or_default();
        assert!(schema(name).is_object(), "{name}");
    }
}

#[tokio::test]
async fn each_operation_has_an_id_of_its_own() {
    let bench = Bench::start().await;
    let description = bench.done("GET /openapi.json", "", 200).await;
    let paths = description["paths"].as_object().expect("paths");
    let operations = paths.values().filter_map(Value::as_object).flatten();
    let ids: Vec<&str> = operations
        .map(|(_, operation)| operation["operationId"].as_str().expect("an id"))
        .collect();
    let unique: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len());
    assert!(unique.contains("get_stages_stage_journal_id"), "{ids:?}");
}
