//! Tools that are calls of the control API: their words and arguments are those of its description,
//! so that neither can say what the other does not.

use locum_server::control;
use rmcp::model::{JsonObject, Tool};
use serde_json::{Map, Value, json};

use crate::command::Failure;
use crate::command::remote::RemoteStage;

/// Name, method and path below a stage.
const CALLS: &[(&str, &str, &str)] = &[
    ("vendors", "GET", "/vendors"),
    ("environment", "GET", "/env"),
    ("exchange", "GET", "/journal/{id}"),
    ("empty_journal", "DELETE", "/journal"),
    ("tokens", "GET", "/tokens"),
    ("mint_token", "POST", "/tokens"),
    ("expire_tokens", "POST", "/tokens/expire"),
    ("revoke_tokens", "POST", "/tokens/revoke"),
    ("rotate_keys", "POST", "/keys/rotate"),
    ("clock", "GET", "/clock"),
    ("turn_clock", "POST", "/clock"),
    ("reset_clock", "POST", "/clock/reset"),
    ("faults", "GET", "/faults"),
    ("add_fault", "POST", "/faults"),
    ("remove_faults", "DELETE", "/faults"),
    ("settings", "GET", "/settings"),
    ("change_settings", "PATCH", "/settings"),
    ("reset_stage", "POST", "/reset"),
];

/// Where the calls of a stage stand in the description.
const STAGE: &str = "/_locum/stages/{stage}";

/// One call.
#[derive(Clone, Debug)]
pub(super) struct CallTool {
    /// The tool's name.
    pub(super) name: &'static str,
    method: &'static str,
    path: &'static str,
    does: String,
    schema: JsonObject,
    query: Vec<String>,
    takes_body: bool,
}

/// All calls.
pub(super) fn all() -> Vec<CallTool> {
    let description = control::description();
    let each = CALLS.iter();
    each.map(|(name, method, path)| CallTool::new(&description, name, method, path))
        .collect()
}

impl CallTool {
    fn new(
        description: &Value,
        name: &'static str,
        method: &'static str,
        path: &'static str,
    ) -> Self {
        let operation =
            &description["paths"][format!("{STAGE}{path}")][method.to_ascii_lowercase()];
        let body = &operation["requestBody"]["content"]["application/json"];
        let mut schema = match &body["schema"] {
            Value::Object(schema) => schema.clone(),
            _ => Map::new(),
        };
        schema.insert("type".to_owned(), "object".into());
        let (mut query, mut required) = (Vec::new(), Vec::new());
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["name"] != "stage") {
            let of = parameter["name"].as_str().unwrap_or_default().to_owned();
            let properties = schema.entry("properties").or_insert_with(|| json!({}));
            properties[&of] = resolved(description, &parameter["schema"]);
            if parameter["in"] == "query" {
                query.push(of);
            } else {
                required.push(Value::String(of));
            }
        }
        if !required.is_empty() {
            schema.insert("required".to_owned(), required.into());
        }
        let summary = operation["summary"].as_str().unwrap_or_default();
        let does = match &body["example"] {
            Value::Null => summary.to_owned(),
            example => format!("{summary}. For example {example}"),
        };
        Self {
            name,
            method,
            path,
            does,
            schema,
            query,
            takes_body: !body.is_null(),
        }
    }

    /// How it is told of.
    pub(super) fn tool(&self) -> Tool {
        super::tool(
            self.name,
            self.does.clone(),
            self.schema.clone(),
            self.method == "GET",
        )
    }

    /// Calls the server; its answer as it came.
    pub(super) async fn run(
        &self,
        stage: &RemoteStage,
        mut arguments: JsonObject,
    ) -> Result<String, Failure> {
        let path = self.path_with(&mut arguments)?;
        if !self.takes_body && !arguments.is_empty() {
            let names: Vec<String> = arguments.keys().map(|name| format!("`{name}`")).collect();
            let what = format!("`{}` takes no {}", self.name, names.join(", "));
            return Err(Failure::usage(what));
        }
        let body = match self.takes_body {
            true => Value::Object(arguments),
            false => Value::Null,
        };
        stage.text(self.method, &path, &body).await
    }

    /// The path with its id and query, which are taken out of the arguments.
    fn path_with(&self, arguments: &mut JsonObject) -> Result<String, Failure> {
        let mut path = self.path.to_owned();
        if path.contains("{id}") {
            let id = arguments.remove("id").and_then(|id| id.as_u64());
            let id = id.ok_or_else(|| Failure::usage("`id` is a number"))?;
            path = path.replace("{id}", &id.to_string());
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        for name in &self.query {
            match arguments.remove(name) {
                None | Some(Value::Null) => {}
                Some(Value::String(value)) => {
                    query.append_pair(name, &value);
                }
                Some(value) => {
                    query.append_pair(name, &value.to_string());
                }
            }
        }
        let query = query.finish();
        Ok(match query.is_empty() {
            true => path,
            false => format!("{path}?{query}"),
        })
    }
}

/// A schema with the named ones that it refers to in their place.
fn resolved(description: &Value, schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let mut all = Map::new();
            let place = members.get("$ref").and_then(Value::as_str);
            let place = place.and_then(|place| description.pointer(place.trim_start_matches('#')));
            if let Some(Value::Object(named)) = place.map(|named| resolved(description, named)) {
                all.extend(named);
            }
            let others = members.iter().filter(|(name, _)| *name != "$ref");
            all.extend(others.map(|(name, inner)| (name.clone(), resolved(description, inner))));
            Value::Object(all)
        }
        Value::Array(items) => items
            .iter()
            .map(|item| resolved(description, item))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_is_one_of_the_description() {
        for tool in all() {
            assert!(!tool.does.is_empty(), "{}", tool.name);
            assert!(
                !tool.takes_body || tool.query.is_empty(),
                "{} has both",
                tool.name
            );
            let schema = Value::Object(tool.schema.clone()).to_string();
            assert!(!schema.contains("$ref"), "{}: {schema}", tool.name);
        }
    }

    #[test]
    fn arguments_are_those_of_the_call() {
        let all = all();
        let of = |name: &str| all.iter().find(|tool| tool.name == name).expect("a tool");
        assert_eq!(of("exchange").schema["required"], json!(["id"]));
        let fault = &of("add_fault").schema["properties"];
        assert!(fault["match"].is_object() && fault["then"].is_object());
        let tokens = &of("tokens").schema["properties"];
        assert!(tokens["vendor"].is_object(), "{tokens}");
    }
}
