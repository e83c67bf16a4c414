//! The description of the API (OpenAPI 3.1), made of the same rows as the router and of the types
//! that the calls read.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::call::{ControlCall, Param};
use super::calls;

/// Where the schemas of named types stand.
const SCHEMAS: &str = "/components/schemas";

/// What a refused call answers; some add members of their own.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Refusal")]
struct RefusalBody {
    /// What is wrong, a lowercase fragment.
    error: String,
    /// What to do next.
    hint: String,
}

/// The whole description.
pub(super) fn document() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = SCHEMAS.into();
            settings.meta_schema = None;
        })
        .into_generator();
    let refusal = json!(generator.subschema_for::<RefusalBody>());
    let mut paths = Map::new();
    for call in calls() {
        for path in call.paths() {
            let method = call.method().as_str().to_ascii_lowercase();
            let entry = paths.entry(&path).or_insert_with(|| json!({}));
            entry[&method] = operation(&mut generator, call, &path, &refusal);
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
            "schemas": generator.take_definitions(true),
        },
    })
}

fn operation(
    generator: &mut SchemaGenerator,
    call: &ControlCall,
    path: &str,
    refusal: &Value,
) -> Value {
    let media_type = match path {
        path if path.ends_with("/stream") => "text/event-stream",
        _ => "application/json",
    };
    let mut responses = Map::new();
    responses.insert(
        call.status.to_string(),
        json!({"description": call.does, "content": {media_type: {"schema": {}}}}),
    );
    responses.insert(
        "default".to_owned(),
        json!({
            "description": "why it was refused",
            "content": {"application/json": {"schema": refusal}},
        }),
    );
    let mut operation = json!({
        "operationId": operation_id(call, path),
        "summary": call.does,
        "parameters": parameters(generator, call, path),
        "responses": responses,
    });
    if let (Some(example), Some(schema)) = (call.body, call.body_schema) {
        let example: Value = serde_json::from_str(example).expect("the tables' examples are JSON");
        operation["requestBody"] = json!({
            "content": {"application/json": {"schema": schema(generator), "example": example}},
        });
    }
    operation
}

/// Method and path as one identifier, such as `get_stages_stage_journal_id`.
fn operation_id(call: &ControlCall, path: &str) -> String {
    let path = path.trim_start_matches("/_locum");
    let mut id = call.method().as_str().to_ascii_lowercase();
    for part in path.split(|letter: char| !letter.is_ascii_alphanumeric()) {
        if !part.is_empty() {
            id.push('_');
            id.push_str(part);
        }
    }
    id
}

fn parameters(generator: &mut SchemaGenerator, call: &ControlCall, path: &str) -> Vec<Value> {
    let in_path = path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = in_path
        .map(|name| {
            let kind = if name == "id" { "integer" } else { "string" };
            json!({"name": name, "in": "path", "required": true, "schema": {"type": kind}})
        })
        .collect();
    // A reference to the type, whose members are the parameters: they refer to other types by name.
    let members = call.query_schema.map(|schema| {
        let schema = json!(schema(generator));
        let named = schema["$ref"]
            .as_str()
            .and_then(|path| path.rsplit('/').next());
        let found = named.and_then(|name| generator.definitions().get(name));
        found.map_or(schema.clone(), Clone::clone)
    });
    for param in call.query {
        let schema = members
            .as_ref()
            .and_then(|members| members.pointer(&format!("/properties/{}", param.name)));
        parameters.push(json!({
            "name": param.name,
            "in": "query",
            "schema": schema.cloned().unwrap_or_else(|| untyped(*param)),
        }));
    }
    parameters
}

/// For a parameter that the call reads by itself.
fn untyped(param: Param) -> Value {
    json!({"type": if param.number { "number" } else { "string" }})
}
