//! The description of the API (OpenAPI 3.1), made of the same rows as the router.

use serde_json::{Map, Value, json};

use super::call::ControlCall;
use super::calls;

/// The whole description.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for call in calls() {
        for path in call.paths() {
            let method = call.method().as_str().to_ascii_lowercase();
            let entry = paths.entry(&path).or_insert_with(|| json!({}));
            entry[method] = operation(call, &path);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "locum control API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Turns running mocks. Paths without `stages/{stage}` mean the stage `default`.",
        },
        "security": [{}, {"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Refusal": refusal()},
        },
    })
}

fn refusal() -> Value {
    json!({
        "type": "object",
        "required": ["error", "hint"],
        "properties": {"error": {"type": "string"}, "hint": {"type": "string"}},
    })
}

fn operation(call: &ControlCall, path: &str) -> Value {
    let media_type = match path {
        path if path.ends_with("/stream") => "text/event-stream",
        _ => "application/json",
    };
    let content = |schema: Value| json!({media_type: {"schema": schema}});
    let mut responses = Map::new();
    responses.insert(
        call.status.to_string(),
        json!({"description": call.does, "content": content(json!({}))}),
    );
    let refused = json!({"schema": {"$ref": "#/components/schemas/Refusal"}});
    responses.insert(
        "default".to_owned(),
        json!({"description": "why it was refused", "content": {"application/json": refused}}),
    );
    let mut operation = json!({
        "summary": call.does,
        "parameters": parameters(call, path),
        "responses": responses,
    });
    if let Some(example) = call.body {
        let example: Value = serde_json::from_str(example).expect("the tables' examples are JSON");
        operation["requestBody"] = json!({
            "content": {"application/json": {"schema": schema(&example), "example": example}},
        });
    }
    operation
}

fn parameters(call: &ControlCall, path: &str) -> Vec<Value> {
    let in_path = path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let in_path = in_path.map(|name| {
        let kind = if name == "id" { "integer" } else { "string" };
        json!({"name": name, "in": "path", "required": true, "schema": {"type": kind}})
    });
    let in_query = call.query.iter().map(|param| {
        let kind = if param.number { "number" } else { "string" };
        json!({"name": param.name, "in": "query", "schema": {"type": kind}})
    });
    in_path.chain(in_query).collect()
}

/// The schema that an example suggests: its members by name, each with its type, all optional.
fn schema(example: &Value) -> Value {
    match example {
        Value::Object(members) => {
            let members: Map<String, Value> = members
                .iter()
                .map(|(name, member)| (name.clone(), schema(member)))
                .collect();
            json!({"type": "object", "properties": members})
        }
        Value::Array(_) => json!({"type": "array"}),
        Value::Bool(_) => json!({"type": "boolean"}),
        Value::Number(_) => json!({"type": "number"}),
        _ => json!({"type": "string"}),
    }
}
