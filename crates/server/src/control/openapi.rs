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

/// Where schemas come from: what is read may leave out what has a default, what is written does not.
struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Schemas {
    /// The named schemas that `paths` refer to. Bodies stand in full where they are read, so that
    /// those which parameters refer to are words and numbers, and the same either way.
    fn named(&mut self, paths: &Map<String, Value>) -> Map<String, Value> {
        let mut all = self.read.take_definitions(true);
        all.extend(self.written.take_definitions(true));
        let mut named = Map::new();
        let mut left = vec![json!(paths)];
        while let Some(value) = left.pop() {
            let name = value["$ref"]
                .as_str()
                .and_then(|path| path.rsplit('/').next());
            if let Some((name, schema)) = name.and_then(|name| all.remove_entry(name)) {
                left.push(schema.clone());
                named.insert(name, schema);
            }
            match value {
                Value::Object(members) => left.extend(members.into_iter().map(|(_, inner)| inner)),
                Value::Array(items) => left.extend(items),
                _ => {}
            }
        }
        named
    }
}

/// The whole description.
pub(super) fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = SCHEMAS.into();
        settings.meta_schema = None;
    });
    let mut schemas = Schemas {
        read: settings.clone().into_generator(),
        written: settings.for_serialize().into_generator(),
    };
    let refusal = json!(schemas.written.subschema_for::<RefusalBody>());
    let mut paths = Map::new();
    for call in calls() {
        for path in call.paths() {
            let method = call.method().as_str().to_ascii_lowercase();
            let entry = paths.entry(&path).or_insert_with(|| json!({}));
            entry[&method] = operation(&mut schemas, call, &path, &refusal);
        }
    }
    let mut document = json!({
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
            "schemas": schemas.named(&paths),
        },
    });
    simplify(&mut document);
    document
}

/// Writes schemas in the way that generators of clients know, where JSON Schema has several: `{}` for
/// `true`, and one list of words for one schema a word.
fn simplify(value: &mut Value) {
    let any = |schema: &mut Value| {
        if *schema == Value::Bool(true) {
            *schema = json!({});
        }
    };
    match value {
        Value::Object(members) => {
            list_words(members);
            for (name, inner) in members {
                match (name.as_str(), &mut *inner) {
                    ("items" | "additionalProperties", schema) => any(schema),
                    ("properties", Value::Object(schemas)) => schemas.values_mut().for_each(any),
                    _ => {}
                }
                simplify(inner);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(simplify),
        _ => {}
    }
}

/// Turns a choice of words, each with its description, into a list of words with one.
fn list_words(schema: &mut Map<String, Value>) {
    let Some(Value::Array(each)) = schema.get("oneOf") else {
        return;
    };
    let words: Vec<Value> = each
        .iter()
        .filter_map(|one| one.get("const"))
        .cloned()
        .collect();
    if words.len() < each.len() || words.iter().any(|word| !word.is_string()) {
        return;
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut described = schema.get("description").map(text).unwrap_or_default();
    for one in each {
        let (word, meaning) = (text(&one["const"]), text(&one["description"]));
        described.push_str(&format!("\n- `{word}`: {meaning}"));
    }
    schema.shift_remove("oneOf");
    schema.insert("type".into(), "string".into());
    schema.insert("enum".into(), words.into());
    schema.insert("description".into(), described.trim_start().into());
}

fn operation(schemas: &mut Schemas, call: &ControlCall, path: &str, refusal: &Value) -> Value {
    let answer = call.answer_schema.expect("each call says what it answers");
    let answer = answer(&mut schemas.written);
    let mut responses = Map::new();
    responses.insert(
        call.status.to_string(),
        json!({"description": call.does, "content": {call.media_type: {"schema": answer}}}),
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
        "tags": [tag(path)],
        "parameters": parameters(&mut schemas.read, call, path),
        "responses": responses,
    });
    if let (Some(example), Some(schema)) = (call.body, call.body_schema) {
        let example: Value = serde_json::from_str(example).expect("the tables' examples are JSON");
        let schema = schema(&mut schemas.read);
        let schema = in_full(&schemas.read, schema.into());
        operation["requestBody"] = json!({
            "required": schema.get("required").is_some(),
            "content": {"application/json": {"schema": schema, "example": example}},
        });
    }
    operation
}

/// A schema with what it refers to in its place: a reader finds each member of a body, down to the
/// last, where the call stands.
fn in_full(generator: &SchemaGenerator, schema: Value) -> Value {
    match schema {
        Value::Object(mut members) => {
            if let Some(Value::String(path)) = members.remove("$ref") {
                let name = path.rsplit('/').next().unwrap_or_default();
                let named = generator.definitions().get(name).cloned();
                let mut named = in_full(generator, named.unwrap_or_default());
                // What is said of the member goes before what is said of its type.
                for (name, value) in members {
                    named[name] = value;
                }
                return named;
            }
            let each = members.into_iter();
            let each = each.map(|(name, inner)| (name, in_full(generator, inner)));
            Value::Object(each.collect())
        }
        Value::Array(items) => {
            let each = items.into_iter().map(|item| in_full(generator, item));
            Value::Array(each.collect())
        }
        other => other,
    }
}

/// The section that a path belongs to, such as `faults`.
fn tag(path: &str) -> &str {
    let below = path
        .trim_start_matches("/_locum")
        .trim_start_matches("/stages/{stage}");
    let first = below.split(['/', '.']).find(|part| !part.is_empty());
    match first {
        Some(
            part @ ("stages" | "principals" | "clock" | "journal" | "tokens" | "keys" | "faults"
            | "barriers" | "settings" | "twins" | "verdicts"),
        ) => part,
        Some("twin") => "twins",
        Some("reset" | "state") | None => "stages",
        Some(_) => "server",
    }
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
