//! Whether a value has the shape that a call's schema names, and what the call takes in a person's
//! words: `` `reset` takes `"before"` or `{"byte": n}`, not `0` ``. The schema is the one of the
//! description, so that neither can promise what the other refuses.

use locum_core::setting::nearest;
use schemars::SchemaGenerator;
use serde_json::{Map, Value};

use super::call::SchemaOf;
use super::refusal::Refusal;

/// An object of more members than this is told by their names, one of fewer is shown.
const MAX_SHOWN: usize = 3;

/// A schema with the named schemas that it refers to.
#[derive(Debug)]
pub(super) struct Shape {
    root: Value,
    named: Map<String, Value>,
}

/// The first place where a value is not as the schema says.
#[derive(Debug)]
struct Fault {
    /// The members that lead to it, the outermost first.
    path: Vec<String>,
    what: What,
}

#[derive(Debug)]
enum What {
    /// Something else is taken there.
    Takes(String, Value),
    /// The object has no member of this name; these it has.
    Unknown(String, Vec<String>),
    /// The object has to have a member of this name.
    Missing(String),
}

impl Shape {
    /// The shape of what is read as `schema` names it.
    pub(super) fn of(schema: SchemaOf) -> Self {
        Self::by(SchemaGenerator::default(), schema)
    }

    /// The shape of what is written as `schema` names it.
    #[cfg(test)]
    pub(super) fn of_answer(schema: SchemaOf) -> Self {
        let settings = schemars::generate::SchemaSettings::default().for_serialize();
        Self::by(settings.into_generator(), schema)
    }

    fn by(mut generator: SchemaGenerator, schema: SchemaOf) -> Self {
        let root = Value::from(schema(&mut generator));
        Self {
            root,
            named: generator.take_definitions(true),
        }
    }

    /// Refuses a body that is not of this shape, by the name of the member that is not.
    pub(super) fn check(&self, body: &Value) -> Result<(), Refusal> {
        self.fault(&self.root, body).map_err(Fault::refusal)
    }

    /// The same for the parameter `name` of a query, where the shape knows it.
    pub(super) fn check_member(&self, name: &str, value: &Value) -> Result<(), Refusal> {
        match self.resolved(&self.root).get("properties") {
            Some(members) => match members.get(name) {
                Some(schema) => self
                    .fault(schema, value)
                    .map_err(|fault| fault.below(name).refusal()),
                None => Ok(()),
            },
            None => Ok(()),
        }
    }

    /// Panics over a member of an answer that the schema does not describe.
    #[cfg(test)]
    pub(super) fn expect_described(&self, answer: &Value) {
        self.described(&self.root, answer, "the answer");
    }

    #[cfg(test)]
    fn described(&self, schema: &Value, value: &Value, at: &str) {
        let schema = self.resolved(schema);
        for (name, inner) in value.as_object().into_iter().flatten() {
            let known = schema["properties"].get(name);
            let known = known.or_else(|| schema.get("additionalProperties"));
            let at = format!("{at}.{name}");
            match known {
                Some(known) => self.described(known, inner, &at),
                None => assert!(is_free(schema), "{at} is not described: {schema}"),
            }
        }
        for item in value.as_array().into_iter().flatten() {
            self.described(&schema["items"], item, at);
        }
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema["$ref"].as_str().and_then(|to| to.rsplit('/').next());
        name.and_then(|name| self.named.get(name)).unwrap_or(schema)
    }

    fn fault(&self, schema: &Value, value: &Value) -> Result<(), Fault> {
        let schema = self.resolved(schema);
        if let Some(alternatives) = alternatives(schema) {
            return self.choose(schema, alternatives, value);
        }
        if !is_of_type(schema, value) || !is_listed(schema, value) || !in_range(schema, value) {
            return Err(self.takes(schema, value));
        }
        match value {
            Value::Object(members) => self.members(schema, members),
            Value::Array(items) => items.iter().enumerate().try_for_each(|(at, item)| {
                self.fault(&schema["items"], item)
                    .map_err(|fault| fault.below(&format!("[{at}]")))
            }),
            _ => Ok(()),
        }
    }

    fn choose(&self, schema: &Value, all: &[Value], value: &Value) -> Result<(), Fault> {
        if all.iter().any(|one| self.fault(one, value).is_ok()) {
            return Ok(());
        }
        // An object with a member of one of them was meant as that one.
        if let Value::Object(members) = value {
            let meant = all
                .iter()
                .find(|one| members.keys().any(|name| self.has_member(one, name)));
            if let Some(meant) = meant {
                return self.fault(meant, value);
            }
        }
        Err(self.takes(schema, value))
    }

    fn has_member(&self, schema: &Value, name: &str) -> bool {
        let schema = self.resolved(schema);
        let mut all = alternatives(schema).into_iter().flatten();
        schema["properties"].get(name).is_some() || all.any(|one| self.has_member(one, name))
    }

    fn members(&self, schema: &Value, members: &Map<String, Value>) -> Result<(), Fault> {
        let known = schema["properties"].as_object();
        for (name, value) in members {
            let inner = known.and_then(|known| known.get(name));
            let inner = inner.unwrap_or(&schema["additionalProperties"]);
            if *inner == Value::Bool(false) {
                let known = known.into_iter().flat_map(Map::keys).cloned().collect();
                return Err(What::Unknown(name.clone(), known).into());
            }
            self.fault(inner, value)
                .map_err(|fault| fault.below(name))?;
        }
        let required = schema["required"].as_array().into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            if !members.contains_key(name) {
                return Err(What::Missing(name.to_owned()).into());
            }
        }
        let most = schema["maxProperties"].as_u64().unwrap_or(u64::MAX);
        let least = schema["minProperties"].as_u64().unwrap_or(0);
        if !(least..=most).contains(&(members.len() as u64)) {
            return Err(self.takes(schema, &Value::Object(members.clone())));
        }
        Ok(())
    }

    fn takes(&self, schema: &Value, value: &Value) -> Fault {
        What::Takes(self.words(schema), value.clone()).into()
    }

    /// What `schema` takes, in words.
    fn words(&self, schema: &Value) -> String {
        let schema = self.resolved(schema);
        if let Some(all) = alternatives(schema) {
            let words = all.iter().filter(|one| one["type"] != "null");
            return either(words.map(|one| self.words(one)));
        }
        let listed = schema["enum"].as_array().cloned().unwrap_or_default();
        let listed = listed.iter().chain(schema.get("const"));
        let listed: Vec<String> = listed.map(|value| format!("`{value}`")).collect();
        if !listed.is_empty() {
            return either(listed.into_iter());
        }
        let words = types(schema).filter(|kind| *kind != "null");
        either(words.map(|kind| self.type_words(kind, schema)))
    }

    fn type_words(&self, kind: &str, schema: &Value) -> String {
        match kind {
            "string" if schema["format"] == "date-time" => {
                "a date of RFC 3339, such as `\"2026-11-24T10:00:00Z\"`".to_owned()
            }
            "string" => "text".to_owned(),
            "boolean" => "true or false".to_owned(),
            "integer" | "number" => {
                let whole = if kind == "integer" { "whole " } else { "" };
                let bound = |bound: &Value, word: &str| match bound {
                    Value::Null => String::new(),
                    bound => format!(" {word} {bound}"),
                };
                let (least, most) = (
                    bound(&schema["minimum"], "from"),
                    bound(&most(schema), "to"),
                );
                format!("a {whole}number{least}{most}")
            }
            "array" => "a list".to_owned(),
            "object" => self.object_words(schema),
            other => other.to_owned(),
        }
    }

    fn object_words(&self, schema: &Value) -> String {
        let Some(members) = schema["properties"].as_object() else {
            return "an object".to_owned();
        };
        let one_of_them = schema["maxProperties"] == 1;
        if one_of_them {
            let each = members.iter().map(|(name, inner)| {
                let sample = self.sample(inner);
                format!("`{{\"{name}\": {sample}}}`")
            });
            return either(each);
        }
        if members.len() > MAX_SHOWN {
            let names: Vec<String> = members.keys().map(|name| format!("`{name}`")).collect();
            return format!("an object of {}", names.join(", "));
        }
        let each: Vec<String> = members
            .iter()
            .map(|(name, inner)| format!("\"{name}\": {}", self.sample(inner)))
            .collect();
        format!("`{{{}}}`", each.join(", "))
    }

    /// What stands for a value in an object that is shown.
    fn sample(&self, schema: &Value) -> &'static str {
        let schema = self.resolved(schema);
        if let Some(all) = alternatives(schema) {
            let first = all.iter().find(|one| one["type"] != "null");
            return first.map_or("…", |one| self.sample(one));
        }
        match types(schema).find(|kind| *kind != "null") {
            Some("string") => "\"…\"",
            Some("integer") => "n",
            Some("number") => "x",
            Some("boolean") => "true",
            Some("array") => "[…]",
            Some("object") => "{…}",
            // A word out of a list.
            _ => "\"…\"",
        }
    }
}

impl From<What> for Fault {
    fn from(what: What) -> Self {
        Self {
            path: Vec::new(),
            what,
        }
    }
}

impl Fault {
    fn below(mut self, name: &str) -> Self {
        self.path.insert(0, name.to_owned());
        self
    }

    fn refusal(self) -> Refusal {
        let path = self.path.join(".").replace(".[", "[");
        let whole = match self.path.len() {
            0 | 1 => String::new(),
            _ => format!("in `{path}`; "),
        };
        let hint = format!("{whole}GET /_locum/openapi.json shows what the call takes");
        match self.what {
            What::Takes(words, value) => {
                let hint = near(&words, &value).unwrap_or(hint);
                let named = self.path.iter().rev().find(|name| !name.starts_with('['));
                let named = named.map_or_else(|| "the body".to_owned(), |name| format!("`{name}`"));
                Refusal::bad(format!("{named} takes {words}, not `{value}`")).hint(hint)
            }
            What::Unknown(name, known) => Refusal::bad(format!("unknown member `{name}`"))
                .near(&name, known.iter().map(String::as_str)),
            What::Missing(name) => Refusal::bad(format!("missing member `{name}`")).hint(hint),
        }
    }
}

/// The word that was meant, where `words` lists some that look like `value`.
fn near(words: &str, value: &Value) -> Option<String> {
    let listed = words.split('`').skip(1).step_by(2);
    let listed = listed.filter_map(|word| word.strip_prefix('"')?.strip_suffix('"'));
    let near = nearest(value.as_str()?, listed)?;
    Some(format!("did you mean `{near}`?"))
}

fn alternatives(schema: &Value) -> Option<&[Value]> {
    let all = schema.get("oneOf").or_else(|| schema.get("anyOf"))?;
    all.as_array().map(Vec::as_slice)
}

/// The types that a schema names; none means any.
fn types(schema: &Value) -> impl Iterator<Item = &str> {
    let (one, several) = match &schema["type"] {
        Value::String(one) => (Some(one.as_str()), None),
        Value::Array(several) => (None, Some(several)),
        _ => (None, None),
    };
    let several = several.into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(several)
}

fn is_of_type(schema: &Value, value: &Value) -> bool {
    let mut types = types(schema).peekable();
    types.peek().is_none()
        || types.any(|kind| match value {
            Value::Null => kind == "null",
            Value::Bool(_) => kind == "boolean",
            Value::Number(number) => {
                kind == "number" || kind == "integer" && (number.is_u64() || number.is_i64())
            }
            Value::String(_) => kind == "string",
            Value::Array(_) => kind == "array",
            Value::Object(_) => kind == "object",
        })
}

fn is_listed(schema: &Value, value: &Value) -> bool {
    let listed = schema["enum"].as_array();
    listed.is_none_or(|listed| listed.contains(value))
        && schema.get("const").is_none_or(|only| only == value)
}

fn in_range(schema: &Value, value: &Value) -> bool {
    let Some(number) = value.as_f64() else {
        return true;
    };
    let least = schema["minimum"].as_f64();
    least.is_none_or(|least| number >= least)
        && most(schema).as_f64().is_none_or(|most| number <= most)
}

/// The largest number that `schema` takes; of 32-bit integers it tells the format alone.
fn most(schema: &Value) -> Value {
    match (&schema["maximum"], schema["format"].as_str()) {
        (Value::Null, Some("uint32")) => u32::MAX.into(),
        (Value::Null, Some("int32")) => i32::MAX.into(),
        (bound, _) => bound.clone(),
    }
}

/// Whether the schema leaves members open: it names none.
#[cfg(test)]
fn is_free(schema: &Value) -> bool {
    schema.get("properties").is_none()
}

/// `a`, `a or b`, `a, b or c`.
fn either(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    match &words[..] {
        [] => "anything".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}
