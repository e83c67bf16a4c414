//! Whether a file has the shape of its tables: all unknown keys, absent keys and wrong types at
//! once, each at its place. The shape is the JSON Schema of the Rust types, so that the two cannot
//! disagree.

use locum_core::setting::nearest;
use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

/// One fault of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::generic) struct Fault {
    /// The byte where it is.
    pub(in crate::generic) at: usize,
    /// What is wrong there.
    pub(in crate::generic) fault: String,
    /// What to do about it.
    pub(in crate::generic) hint: Option<String>,
}

/// What is wrong with `table`, which should look as `schema` says.
pub(in crate::generic) fn faults(schema: &Value, table: &DeTable<'_>) -> Vec<Fault> {
    let mut walk = Walk {
        definitions: schema["$defs"].as_object().cloned().unwrap_or_default(),
        place: Vec::new(),
        faults: Vec::new(),
    };
    walk.table(schema, table, 0);
    walk.faults
}

struct Walk {
    definitions: Map<String, Value>,
    place: Vec<String>,
    faults: Vec<Fault>,
}

impl Walk {
    fn say(&mut self, at: usize, fault: String, hint: Option<String>) {
        self.faults.push(Fault { at, fault, hint });
    }

    /// ` in [a.b]`; nothing at the top.
    fn place(&self) -> String {
        match self.place.as_slice() {
            [] => String::new(),
            place => format!(" in [{}]", place.join(".")),
        }
    }

    /// The schema behind references and options.
    fn resolved(&self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        loop {
            if let Some(name) = schema["$ref"].as_str() {
                let name = name.rsplit('/').next().unwrap_or_default();
                schema = self
                    .definitions
                    .get(name)
                    .cloned()
                    .unwrap_or(Value::Bool(true));
            } else if let Some(choice) = schema["anyOf"].as_array() {
                let given = choice.iter().find(|one| one["type"] != "null");
                schema = given.cloned().unwrap_or(Value::Bool(true));
            } else {
                return schema;
            }
        }
    }

    fn table(&mut self, schema: &Value, table: &DeTable<'_>, at: usize) {
        let none = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&none);
        let absent: Vec<&str> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter(|key| !table.contains_key(*key))
            .collect();
        if !absent.is_empty() {
            let noun = if absent.len() == 1 { "field" } else { "fields" };
            let names: Vec<String> = absent.iter().map(|key| format!("`{key}`")).collect();
            let cures: Vec<String> = absent
                .iter()
                .filter_map(|key| Some(format!("{key}: {}", described(&properties[*key])?)))
                .collect();
            let fault = format!("missing {noun}{}: {}", self.place(), names.join(", "));
            let hint = (!cures.is_empty()).then(|| cures.join(" "));
            self.say(at, fault, hint);
        }
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let below = match properties.get(name) {
                Some(schema) => schema.clone(),
                None if schema["additionalProperties"] == Value::Bool(false) => {
                    let known: Vec<&str> = properties.keys().map(String::as_str).collect();
                    let hint = nearest(name, known.iter().copied()).map_or_else(
                        || format!("known here: {}", known.join(", ")),
                        |near| format!("did you mean `{near}`?"),
                    );
                    let fault = format!("unknown key{}: `{name}`", self.place());
                    self.say(key.span().start, fault, Some(hint));
                    continue;
                }
                None => schema["additionalProperties"].clone(),
            };
            self.place.push(name.to_owned());
            self.value(&below, value.get_ref(), key.span().start);
            self.place.pop();
        }
    }

    fn value(&mut self, described_schema: &Value, value: &DeValue<'_>, at: usize) {
        let schema = self.resolved(described_schema);
        let words = words(&schema);
        if !words.is_empty() {
            return self.word(&words, value, at);
        }
        let kind = kind(&schema);
        let fits = match (kind, value) {
            ("any", _) | ("string", DeValue::String(_)) | ("boolean", DeValue::Boolean(_)) => true,
            ("number", DeValue::Integer(_) | DeValue::Float(_)) => true,
            ("integer", DeValue::Integer(number)) => return self.integer(&schema, number, at),
            ("array", DeValue::Array(items)) => {
                for (nth, item) in items.iter().enumerate() {
                    let last = self.place.len().saturating_sub(1);
                    let name = self.place.get(last).cloned().unwrap_or_default();
                    if let Some(place) = self.place.get_mut(last) {
                        *place = format!("{name} {}", nth + 1);
                    }
                    let place = match item.get_ref() {
                        DeValue::Table(_) => item.span().start,
                        _ => item.span().start.max(at),
                    };
                    self.value(&schema["items"], item.get_ref(), place);
                    if let Some(place) = self.place.get_mut(last) {
                        *place = name;
                    }
                }
                true
            }
            ("object", DeValue::Table(table)) => {
                self.table(&schema, table, at);
                true
            }
            _ => false,
        };
        if !fits {
            let name = self.place.join(".");
            let fault = format!(
                "`{name}` is {}, not {}",
                article(value.type_str()),
                article(match kind {
                    "object" => "table",
                    other => other,
                })
            );
            self.say(at, fault, described(described_schema).map(str::to_owned));
        }
    }

    fn word(&mut self, words: &[String], value: &DeValue<'_>, at: usize) {
        let given = value.as_str();
        if given.is_some_and(|given| words.iter().any(|word| word == given)) {
            return;
        }
        let name = self.place.join(".");
        let fault = match given {
            Some(given) => format!("`{name}` cannot be \"{given}\""),
            None => format!("`{name}` is {}, not a string", article(value.type_str())),
        };
        let near = given.and_then(|given| nearest(given, words.iter().map(String::as_str)));
        let hint = match near {
            Some(near) => format!("did you mean \"{near}\"? It takes {}", words.join(", ")),
            None => format!("it takes {}", words.join(", ")),
        };
        self.say(at, fault, Some(hint));
    }

    fn integer(&mut self, schema: &Value, number: &toml::de::DeInteger<'_>, at: usize) {
        let value = i128::from_str_radix(number.as_str(), number.radix()).unwrap_or(i128::MAX);
        let bound = |key: &str, unbounded: i128| schema[key].as_i64().map_or(unbounded, i128::from);
        // TOML's own integers have 64 bits with a sign.
        let (least, most) = (
            bound("minimum", i128::from(i64::MIN)),
            bound("maximum", i128::from(i64::MAX)),
        );
        if (least..=most).contains(&value) {
            return;
        }
        let name = self.place.join(".");
        let hint = Some(format!("from {least} to {most}"));
        self.say(at, format!("`{name}` cannot be {}", number.as_str()), hint);
    }
}

/// The one type of a schema: `any` where it takes everything.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(one) => one,
        Value::Array(several) => several
            .iter()
            .filter_map(Value::as_str)
            .find(|one| *one != "null")
            .unwrap_or("any"),
        _ => "any",
    }
}

/// The words of an enumeration; none for anything else.
fn words(schema: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(list) = schema["enum"].as_array() {
        return list.iter().filter_map(text).collect();
    }
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    choices
        .flat_map(|one| match text(&one["const"]) {
            Some(word) => vec![word],
            None => words(one),
        })
        .collect()
}

/// What the key is for, on one line.
fn described(schema: &Value) -> Option<&str> {
    schema["description"].as_str()
}

fn article(word: &str) -> String {
    let vowel = word.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {word}", if vowel { "an" } else { "a" })
}
