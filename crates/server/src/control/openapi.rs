//! The description of the API, made of the table that the router is made of (OpenAPI 3.1).

use serde_json::{Map, Value, json};

use super::call::Call;
use super::calls;

/// The document.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for call in calls() {
        for path in call.paths() {
            let item = paths.entry(path.clone()).or_insert_with(|| json!({}));
            item[call.method().as_str().to_ascii_lowercase()] = operation(call, &path);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "locum control API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "How a test, a person with curl, a page or a thin client turns a running mock. \
                Unknown members are refused by name; every error is {\"error\", \"hint\"}.",
        },
        "paths": paths,
        "components": {
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["error", "hint"],
                    "properties": {"error": {"type": "string"}, "hint": {"type": "string"}},
                },
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    })
}

fn operation(call: &Call, path: &str) -> Value {
    let mut operation = json!({
        "summary": call.does,
        "parameters": parameters(call, path),
        "responses": {
            call.status.to_string(): {"description": "done"},
            "default": {
                "description": "refused",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    });
    if let Some(example) = call.body {
        let example: Value = serde_json::from_str(example).unwrap_or(Value::Null);
        operation["requestBody"] = json!({
            "content": {"application/json": {"schema": {"type": "object"}, "example": example}},
        });
    }
    operation
}

fn parameters(call: &Call, path: &str) -> Vec<Value> {
    let named = path
        .split('{')
        .skip(1)
        .filter_map(|part| part.split('}').next());
    let in_path = named.map(
        |name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}),
    );
    let in_query = call.query.iter().map(|param| {
        let kind = if param.number { "number" } else { "string" };
        json!({"name": param.name, "in": "query", "schema": {"type": kind}})
    });
    in_path.chain(in_query).collect()
}
