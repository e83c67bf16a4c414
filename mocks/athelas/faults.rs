//! FastAPI's 422: all faults of a request in one list under `detail`, each with its place.
//!
//! `input` repeats what the client sent, so no fault is ever made of a password's value.

use locum_core::{Denial, DenialKind};
use serde_json::{Value, json};

use super::scalars::{DateFault, Integer};

/// The faults found so far, in the order of the server's parameters.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Value>);

impl Faults {
    /// A required field is not there.
    pub(super) fn missing(&mut self, field: &str) {
        self.push(
            "missing",
            json!(["body", field]),
            "Field required",
            Value::Null,
        );
    }

    /// A text stands where a whole number should.
    pub(super) fn no_integer(&mut self, place: Value, input: &str, fault: Integer) {
        let (kind, message) = match fault {
            Integer::TooLong => (
                "int_parsing_size",
                "Unable to parse input string as an integer, exceeded maximum size",
            ),
            Integer::Number(_) | Integer::Malformed => (
                "int_parsing",
                "Input should be a valid integer, unable to parse string as an integer",
            ),
        };
        self.push(kind, place, message, input.into());
    }

    /// A file stands where a whole number should.
    pub(super) fn no_integer_at_all(&mut self, place: Value, input: Value) {
        self.push("int_type", place, "Input should be a valid integer", input);
    }

    /// A file stands where a text should.
    pub(super) fn no_string(&mut self, place: Value, input: Value) {
        self.push(
            "string_type",
            place,
            "Input should be a valid string",
            input,
        );
    }

    /// A text stands where a date should.
    pub(super) fn no_date(&mut self, field: &str, fault: &DateFault, input: &str) {
        let (kind, message, cause) = match fault {
            DateFault::Parsing(cause) => (
                "datetime_from_date_parsing",
                "Input should be a valid datetime or date",
                cause,
            ),
            DateFault::Range(cause) => (
                "datetime_parsing",
                "Input should be a valid datetime",
                cause,
            ),
        };
        let place = json!(["body", field]);
        self.push(kind, place, &format!("{message}, {cause}"), input.into());
        self.context(json!({ "error": cause }));
    }

    /// A file stands where a date should.
    pub(super) fn no_date_at_all(&mut self, field: &str, input: Value) {
        let place = json!(["body", field]);
        self.push(
            "datetime_type",
            place,
            "Input should be a valid datetime",
            input,
        );
    }

    /// A text stands where a file should.
    pub(super) fn no_file(&mut self, place: Value, input: &str) {
        let message = "Value error, Expected UploadFile, received: <class 'str'>";
        self.push("value_error", place, message, input.into());
        self.context(json!({ "error": {} }));
    }

    /// A text does not meet its pattern.
    pub(super) fn no_match(&mut self, field: &str, pattern: &str, input: &str) {
        let message = format!("String should match pattern '{pattern}'");
        let place = json!(["body", field]);
        self.push("string_pattern_mismatch", place, &message, input.into());
        self.context(json!({ "pattern": pattern }));
    }

    fn push(&mut self, kind: &str, place: Value, message: &str, input: Value) {
        // The model's order of members.
        let members = [
            ("type", kind.into()),
            ("loc", place),
            ("msg", message.into()),
            ("input", input),
        ];
        let fault = members.map(|(name, value)| (name.to_owned(), value));
        self.0.push(Value::Object(fault.into_iter().collect()));
    }

    /// Adds `ctx` to the last fault.
    fn context(&mut self, context: Value) {
        if let Some(fault) = self.0.last_mut() {
            fault["ctx"] = context;
        }
    }

    /// Whether there is none.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts the list into a denial.
    pub(super) fn into_denial(self, kind: DenialKind, reason: &str) -> Denial {
        let places: Vec<String> = self
            .0
            .iter()
            .map(|fault| fault["loc"].to_string())
            .collect();
        let list = Value::Array(self.0).to_string();
        Denial::new(kind, reason)
            .difference(places.join(", "))
            .param("faults", list)
    }

    /// Refuses, if there is any fault.
    ///
    /// # Errors
    /// `invalid_request` with the list.
    pub(super) fn refuse(self) -> Result<(), Denial> {
        if self.is_empty() {
            return Ok(());
        }
        Err(self.into_denial(DenialKind::Invalid, "invalid_request"))
    }
}
