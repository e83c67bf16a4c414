//! The body of a request as fields: a form or multipart, by its media type; anything else is read
//! as no fields at all, which is what FastAPI does with JSON where it wants a form.

use locum_core::{Denial, DenialKind};
use locum_server::{Form, Mock, Request};
use serde_json::{Value, json};

use super::faults::Faults;
use super::model::Model;
use super::multipart::{self, Fault, Part};
use super::scalars::{self, Integer};

/// Fields in order, repetitions kept.
#[derive(Debug, Default)]
pub(super) struct Fields {
    fields: Vec<(String, Field)>,
    /// Whether a file without name and content counts as absent: what a browser sends for a form's
    /// field in which nobody chose a file.
    empty_file_is_absent: bool,
    /// Whether an escape of a form could not be decoded.
    pub(super) broken_escape: bool,
}

/// What a field is.
#[derive(Debug)]
pub(super) enum Field {
    /// A text.
    Text(String),
    /// A file; its content is not kept.
    File(Upload),
}

/// A file that was uploaded.
#[derive(Debug)]
pub(super) struct Upload {
    filename: String,
    headers: Vec<(String, String)>,
    /// Whether the model's own object has its limit among its members.
    keeps_limit: bool,
    /// In bytes.
    pub(super) length: usize,
}

impl Fields {
    /// Reads the body.
    ///
    /// # Errors
    /// `missing_boundary` or `malformed_multipart`.
    pub(super) fn read(mock: &Mock, request: &Request) -> Result<Self, Denial> {
        match request.media_type().as_str() {
            // The two media types are HTML's own (RFC 7578, the URL standard).
            "application/x-www-form-urlencoded" => {
                let body = Model::of(mock).form_body(&request.body);
                let form = Form::parse(latin1(&body).as_bytes());
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let pairs = form.pairs.iter();
                Ok(Self {
                    fields: pairs
                        .map(|(name, value)| (text(name), Field::Text(text(value))))
                        .collect(),
                    empty_file_is_absent: false,
                    broken_escape: form.broken_escape,
                })
            }
            "multipart/form-data" => of_parts(mock, request),
            _ => Ok(Self::default()),
        }
    }

    /// The last field of this name; an empty text counts as absent if `empty_is_absent`.
    fn last(&self, name: &str, empty_is_absent: bool) -> Option<&Field> {
        let fields = self.fields.iter().rev();
        let mut named = fields.filter(|(have, _)| have == name);
        named
            .next()
            .map(|(_, field)| field)
            .filter(|field| match field {
                Field::Text(text) => !(empty_is_absent && text.is_empty()),
                Field::File(upload) => !(self.empty_file_is_absent && upload.is_empty()),
            })
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Field> {
        let fields = self.fields.iter();
        fields
            .filter(move |(have, _)| have == name)
            .map(|(_, field)| field)
            .filter(|field| match field {
                Field::Text(_) => true,
                Field::File(upload) => !(self.empty_file_is_absent && upload.is_empty()),
            })
    }

    /// A text field, `None` when it is absent. A file in its place is a fault.
    pub(super) fn text(
        &self,
        name: &str,
        empty_is_absent: bool,
        faults: &mut Faults,
    ) -> Option<&str> {
        match self.last(name, empty_is_absent)? {
            Field::Text(text) => Some(text),
            Field::File(upload) => {
                faults.no_string(json!(["body", name]), upload.to_json());
                None
            }
        }
    }

    /// As [`text`](Self::text), for a field that must be there.
    pub(super) fn required(
        &self,
        name: &str,
        empty_is_absent: bool,
        faults: &mut Faults,
    ) -> Option<&str> {
        if self.last(name, empty_is_absent).is_none() {
            faults.missing(name);
        }
        self.text(name, empty_is_absent, faults)
    }

    /// The first name that occurs twice.
    pub(super) fn repeated(&self) -> Option<&str> {
        let mut names = self.fields.iter().enumerate();
        let is_second = |(at, (name, _)): &(usize, &(String, Field))| {
            self.fields[..*at].iter().any(|(have, _)| have == name)
        };
        names.find(is_second).map(|(_, (name, _))| name.as_str())
    }

    /// A required list of whole numbers: the field repeated, once for each.
    pub(super) fn integers(&self, name: &str, faults: &mut Faults) -> Vec<i64> {
        let mut numbers = Vec::new();
        let mut count = 0;
        for field in self.all(name) {
            let place = json!(["body", name, count]);
            match field {
                Field::Text(text) => match scalars::integer(text) {
                    Integer::Number(number) => numbers.push(number),
                    fault => faults.no_integer(place, text, fault),
                },
                Field::File(upload) => faults.no_integer_at_all(place, upload.to_json()),
            }
            count += 1;
        }
        if count == 0 {
            faults.missing(name);
        }
        numbers
    }

    /// An optional list of texts; how many there are that say something.
    pub(super) fn texts(&self, name: &str, faults: &mut Faults) -> usize {
        let mut count = 0;
        for (at, field) in self.all(name).enumerate() {
            match field {
                Field::Text(text) => count += usize::from(!text.is_empty()),
                Field::File(upload) => {
                    faults.no_string(json!(["body", name, at]), upload.to_json());
                }
            }
        }
        count
    }

    /// An optional date and time.
    pub(super) fn date(&self, name: &str, empty_is_absent: bool, faults: &mut Faults) {
        match self.last(name, empty_is_absent) {
            Some(Field::Text(text)) => {
                if let Err(fault) = scalars::check_date(text) {
                    faults.no_date(name, &fault, text);
                }
            }
            Some(Field::File(upload)) => faults.no_date_at_all(name, upload.to_json()),
            None => {}
        }
    }

    /// A required file.
    pub(super) fn file(&self, name: &str, empty_is_absent: bool, faults: &mut Faults) {
        match self.last(name, empty_is_absent) {
            Some(Field::File(_)) => {}
            Some(Field::Text(text)) => faults.no_file(json!(["body", name]), text),
            None => faults.missing(name),
        }
    }

    /// A list of files.
    pub(super) fn files(&self, name: &str, required: bool, faults: &mut Faults) {
        let mut count = 0;
        for field in self.all(name) {
            if let Field::Text(text) = field {
                faults.no_file(json!(["body", name, count]), text);
            }
            count += 1;
        }
        if required && count == 0 {
            faults.missing(name);
        }
    }

    /// Whether there is a file under `name`.
    pub(super) fn has_file(&self, name: &str) -> bool {
        self.all(name).any(|field| matches!(field, Field::File(_)))
    }

    /// All files.
    pub(super) fn uploads(&self) -> impl Iterator<Item = &Upload> {
        self.fields.iter().filter_map(|(_, field)| match field {
            Field::File(upload) => Some(upload),
            Field::Text(_) => None,
        })
    }
}

impl Upload {
    fn is_empty(&self) -> bool {
        self.filename.is_empty() && self.length == 0
    }

    /// As the model prints it where it wanted something else: its own object, as it stands in memory.
    fn to_json(&self) -> Value {
        let headers: serde_json::Map<String, Value> = self
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.clone().into()))
            .collect();
        let mut json = json!({
            "filename": self.filename,
            "file": {
                "_file": {},
                "_max_size": SPOOL,
                "_rolled": self.length > SPOOL,
                "_TemporaryFileArgs": {
                    "mode": "w+b", "buffering": -1, "suffix": null, "prefix": null,
                    "encoding": null, "newline": null, "dir": null, "errors": null,
                },
            },
            "size": self.length,
            "headers": headers,
        });
        if self.keeps_limit {
            json["_max_mem_size"] = SPOOL.into();
        }
        json
    }
}

/// How much of a file the model keeps in memory.
const SPOOL: usize = 1 << 20;

/// FastAPI reads a form's bytes as Latin-1 before it decodes the escapes, so that what was not
/// escaped and is not ASCII comes out as something else.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn of_parts(mock: &Mock, request: &Request) -> Result<Fields, Denial> {
    let content_type = request.headers.get(http::header::CONTENT_TYPE);
    let content_type = content_type.map(|value| multipart::text(value.as_bytes()));
    let boundary = multipart::parameter(&content_type.unwrap_or_default(), "boundary");
    let boundary = boundary.ok_or_else(|| {
        Denial::new(DenialKind::Malformed, "missing_boundary")
            .expected("multipart/form-data with the boundary that the body uses")
            .got("multipart/form-data without a boundary")
    })?;
    let parts = multipart::parts(&request.body, &boundary)
        .map_err(|fault| malformed(Model::of(mock), fault))?;
    let keeps_limit = Model::of(mock).upload_keeps_limit();
    let field = |part: Part| {
        let field = match part.filename {
            Some(filename) => Field::File(Upload {
                filename,
                headers: part.headers,
                keeps_limit,
                length: part.content.len(),
            }),
            None => Field::Text(multipart::text(&part.content)),
        };
        (part.name, field)
    };
    Ok(Fields {
        fields: parts.into_iter().map(field).collect(),
        empty_file_is_absent: Model::of(mock).empty_is_absent(),
        broken_escape: false,
    })
}

fn malformed(model: Model, fault: Fault) -> Denial {
    let message = match fault {
        Fault::Grammar => model.malformed_multipart().to_owned(),
        Fault::NoName => {
            r#"The Content-Disposition header field "name" must be provided."#.to_owned()
        }
        Fault::LargeText => "Part exceeded maximum size of 1024KB.".to_owned(),
        Fault::TooMany(what) => {
            format!("Too many {what}. Maximum number of {what} is 1000.")
        }
    };
    Denial::new(DenialKind::Malformed, "malformed_multipart")
        .expected("parts between lines of `--` and the boundary, each with a name")
        .got(message.clone())
        .param("message", message)
}
