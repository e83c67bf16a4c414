//! `locum doctor`: what would keep clients from the mocks on this machine, and the cure.

mod container;
mod proxies;
mod server;
mod trust;

use locum_harness::report::terminal::Look;
use serde::Serialize;
use serde_json::json;

use super::remote::RemoteStage;
use super::{Failure, args, report};

/// The exit code where something would go wrong.
const TROUBLE: u8 = 1;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum State {
    /// As it should be.
    Ok,
    /// It may surprise somebody.
    Warn,
    /// It will go wrong.
    Fail,
}

/// What came of one look.
#[derive(Debug, Serialize)]
struct Finding {
    /// What was looked at.
    name: &'static str,
    state: State,
    /// One sentence.
    what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cure: Option<String>,
}

impl Finding {
    fn ok(name: &'static str, what: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Ok,
            what: what.into(),
            cure: None,
        }
    }

    fn warn(name: &'static str, what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Warn,
            what: what.into(),
            cure: Some(cure.into()),
        }
    }

    fn fail(name: &'static str, what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            state: State::Fail,
            ..Self::warn(name, what, cure)
        }
    }
}

/// Looks at all, and tells.
pub(super) fn run(args: &args::Doctor) -> Result<u8, Failure> {
    let stage = RemoteStage::new(&args.server)?;
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut findings = super::block_on(server::findings(&stage))?;
    findings.push(server::localhost());
    findings.extend(proxies::findings(variable));
    findings.extend(trust::findings(variable));
    findings.push(container::finding());
    let look = report::look();
    let text = match args.json {
        true => format!("{}\n", json!({ "checks": findings })),
        false => findings.iter().map(|one| as_text(one, look)).collect(),
    };
    super::say(&text);
    let is_fail = |finding: &Finding| finding.state == State::Fail;
    Ok(if findings.iter().any(is_fail) {
        TROUBLE
    } else {
        0
    })
}

fn as_text(finding: &Finding, look: Look) -> String {
    let (word, color) = match finding.state {
        State::Ok => ("ok  ", 32),
        State::Warn => ("WARN", 33),
        State::Fail => ("FAIL", 31),
    };
    let word = match look.color {
        true => format!("\x1b[{color}m{word}\x1b[0m"),
        false => word.to_owned(),
    };
    let mut text = format!("{word}  {:<10}{}\n", finding.name, finding.what);
    if let Some(cure) = &finding.cure {
        text += &format!("{:16}cure: {cure}\n", "");
    }
    text
}
