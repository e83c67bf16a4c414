//! Query and body, read strictly: a typo must not pass silently.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::call::{ControlCall, Param, SchemaOf};
use super::refusal::Refusal;
use super::shape::Shape;

/// Checks a body against the schema of what is read: each member that is of another type is named.
pub(super) fn check(bytes: &[u8], schema: SchemaOf) -> Result<(), Refusal> {
    let value: Value = json(bytes)?;
    Shape::of(schema).check(&value)
}

/// A body as `T`, whatever content type it has (`curl -d` names a form); none is the same as `{}`.
pub(super) fn body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    json(bytes)
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let bytes = match bytes.trim_ascii() {
        b"" => b"{}",
        bytes => bytes,
    };
    serde_json::from_slice(bytes).map_err(|error| Refusal::json(&error))
}

/// The query's parameters, each in its kind; unknown and repeated ones are refused by name.
pub(super) fn query(text: &str, call: &ControlCall) -> Result<Map<String, Value>, Refusal> {
    let members = parameters(text, call.query)?;
    if let (Some(schema), false) = (call.query_schema, members.is_empty()) {
        let shape = Shape::of(schema);
        for (name, value) in &members {
            shape.check_member(name, value)?;
        }
    }
    Ok(members)
}

fn parameters(text: &str, known: &[Param]) -> Result<Map<String, Value>, Refusal> {
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let Some(param) = known.iter().find(|param| param.name == name) else {
            return Err(Refusal::bad(format!("unknown parameter `{name}`"))
                .near(&name, known.iter().map(|param| param.name)));
        };
        let value = if param.number {
            numeric(&name, &value)?
        } else {
            Value::from(value.into_owned())
        };
        if members.insert(name.clone().into_owned(), value).is_some() {
            return Err(Refusal::bad(format!("`{name}` is repeated")).hint("name it once"));
        }
    }
    Ok(members)
}

fn numeric(name: &str, text: &str) -> Result<Value, Refusal> {
    let whole = text.parse::<u64>().map(Value::from).ok();
    let number = whole.or_else(|| text.parse::<f64>().ok().map(Value::from));
    number.filter(Value::is_number).ok_or_else(|| {
        Refusal::bad(format!("`{name}` is not a number: `{text}`"))
            .hint(format!("such as {name}=1"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::call::{number, text};
    use super::*;

    const KNOWN: &[Param] = &[number("after"), text("vendor")];

    fn check(input: &str, expected: impl Into<Option<Value>>) {
        let read = parameters(input, KNOWN).ok().map(Value::Object);
        assert_eq!(read, expected.into(), "{input}");
    }

    #[test]
    fn parameters_are_read_in_their_kind() {
        check("", json!({}));
        check("after=3&vendor=3", json!({"after": 3, "vendor": "3"}));
        check("after=0.5", json!({"after": 0.5}));
        check("vendor=a+b%2F", json!({"vendor": "a b/"}));
        check("after=", None);
        check("after=NaN", None);
        check("after=inf", None);
        check("after=1&after=2", None);
        check("befor=1", None);
    }
}
