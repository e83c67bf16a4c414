//! Tools that answer what people read in a terminal: exchanges, verdicts, a requirement explained.

use locum_core::{Entry, Filter};
use locum_harness::report::terminal::{self, Look};
use rmcp::model::{JsonObject, Tool};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::command::remote::RemoteStage;
use crate::command::{Failure, explain, line, verdicts};

/// How many exchanges are told when nothing is said.
const EXCHANGES: usize = 20;

/// One of these tools.
#[derive(Clone, Copy, Debug)]
pub(super) enum TextTool {
    Exchanges,
    Verdicts,
    Explain,
}

/// Arguments of `exchanges`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Exchanges {
    /// Only of this vendor.
    vendor: Option<String>,
    /// Only those that were refused.
    #[serde(default)]
    refused: bool,
    /// The last so many; 20 when nothing is said.
    last: Option<usize>,
}

/// Arguments of `verdicts`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Verdicts {
    /// Only of this vendor.
    vendor: Option<String>,
}

/// Arguments of `explain`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Explain {
    /// The requirement, such as EXP-03.
    id: String,
}

/// How each is told of.
pub(super) fn all() -> impl Iterator<Item = Tool> {
    let all = [TextTool::Verdicts, TextTool::Exchanges, TextTool::Explain];
    all.into_iter().map(TextTool::tool)
}

/// The tool of this name.
pub(super) fn find(name: &str) -> Option<TextTool> {
    match name {
        "exchanges" => Some(TextTool::Exchanges),
        "verdicts" => Some(TextTool::Verdicts),
        "explain" => Some(TextTool::Explain),
        _ => None,
    }
}

impl TextTool {
    fn tool(self) -> Tool {
        let (name, does, schema) = match self {
            Self::Exchanges => (
                "exchanges",
                "tells the last exchanges, a line each: id, status, vendor, endpoint, method, path, who, and why it was refused; `exchange` shows one whole",
                schema::<Exchanges>(),
            ),
            Self::Verdicts => (
                "verdicts",
                "judges what clients have sent so far, requirement by requirement: what is wrong, what was expected, the likely mistake",
                schema::<Verdicts>(),
            ),
            Self::Explain => (
                "explain",
                "explains one requirement: its sentence, its source, how it is judged",
                schema::<Explain>(),
            ),
        };
        super::tool(name, does.to_owned(), schema, true)
    }

    /// Its text.
    pub(super) async fn run(
        self,
        stage: &RemoteStage,
        arguments: JsonObject,
    ) -> Result<String, Failure> {
        match self {
            Self::Exchanges => exchanges(stage, read(arguments)?).await,
            Self::Verdicts => {
                let Verdicts { vendor } = read(arguments)?;
                let vendors: Vec<String> = vendor.into_iter().collect();
                let look = Look {
                    width: None,
                    color: false,
                };
                let (report, _) = verdicts::report_of(stage, &vendors, false).await?;
                if report.scenarios.is_empty() {
                    return Ok("no request has arrived yet\n".to_owned());
                }
                Ok(terminal::text(&report, look))
            }
            Self::Explain => {
                let Explain { id } = read(arguments)?;
                Ok(explain::worded(explain::find(&id)?))
            }
        }
    }
}

async fn exchanges(stage: &RemoteStage, wanted: Exchanges) -> Result<String, Failure> {
    let filter = Filter {
        vendor: wanted.vendor,
        outcome: wanted.refused.then_some(locum_core::Outcome::Denied),
        ..Filter::default()
    };
    let filter = serde_json::to_value(filter).unwrap_or_default();
    let found = stage.post("/journal/find", &filter).await?;
    let entries: Vec<Entry> = serde_json::from_value(found["entries"].clone())
        .map_err(|error| verdicts::unreadable(&error))?;
    let from = entries
        .len()
        .saturating_sub(wanted.last.unwrap_or(EXCHANGES));
    let mut text = String::new();
    for entry in &entries[from..] {
        let line = line::of(stage.name(), entry, false);
        text.push_str(&format!("{:>5}  {line}\n", entry.id.0));
    }
    if text.is_empty() {
        text.push_str("no request has arrived yet\n");
    }
    Ok(text)
}

fn schema<T: JsonSchema>() -> JsonObject {
    let schema = SchemaGenerator::default().into_root_schema_for::<T>();
    match schema.to_value() {
        Value::Object(members) => members,
        _ => JsonObject::new(),
    }
}

fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, Failure> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|error| Failure::usage(format!("these arguments do not fit: {error}")))
}
