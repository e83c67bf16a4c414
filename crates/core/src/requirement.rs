//! The catalogue's rows.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `AREA-NN`, such as `VEN-26`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RequirementId(pub String);

impl fmt::Display for RequirementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How much a requirement binds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Broken is FAIL.
    Must,
    /// Broken is WARN.
    Should,
    /// Broken is INFO.
    May,
}

impl Level {
    /// `MUST`, `SHOULD` or `MAY`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::May => "MAY",
        }
    }
}

/// Whom a row judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Judge {
    /// The client under test.
    Client,
    /// The vendor's endpoint.
    Vendor,
}

impl Judge {
    /// `client` or `vendor`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Vendor => "vendor",
        }
    }
}

/// One sentence with an id and a level: a row of `requirements.tsv`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Requirement {
    /// Its id.
    pub id: RequirementId,
    /// How much it binds.
    pub level: Level,
    /// `vendor-doc`, `rfc` or `practice`.
    pub source_kind: String,
    /// RFC and section, or the vendor's own sentence.
    pub source: String,
    /// Whom it judges: one, or both.
    pub judges: Vec<Judge>,
    /// The vendors it is for.
    pub vendors: Vec<String>,
    /// The sentence.
    pub requirement: String,
    /// What must have been seen for a verdict to count.
    pub precondition: String,
    /// What proves each outcome.
    pub observed: String,
    /// Where and how deviations are documented, tolerated or assumed.
    pub documented_deviation: String,
    /// Public evidence that the fault happens.
    pub real_bug: String,
}

impl Requirement {
    /// The rows that have to PASS before this one counts, for one side and one vendor: the
    /// `needs X=PASS` of its precondition.
    pub fn needs(&self, judge: Judge) -> Vec<RequirementId> {
        self.clauses(judge, "needs ", "=PASS")
    }

    /// As [`Self::needs`], with the row that takes another's place for `vendor`: the
    /// `(v: Y=PASS)` behind a need. A remark `(v: …)` that names no row lifts the need for that
    /// vendor.
    pub fn needs_at(&self, judge: Judge, vendor: &str) -> Vec<RequirementId> {
        let side = self.side(judge);
        let mine = format!("{vendor}: ");
        self.needs(judge)
            .into_iter()
            .filter_map(|id| {
                let need = format!("{id}=PASS (");
                let remark = side
                    .find(&need)
                    .and_then(|at| side[at + need.len()..].split_once(')'))
                    .and_then(|(remark, _)| remark.strip_prefix(&mine));
                match remark {
                    None => Some(id),
                    Some(text) => text
                        .strip_suffix("=PASS")
                        .map(|other| RequirementId(other.to_owned())),
                }
            })
            .collect()
    }

    /// The rows that must not FAIL: the `unless X=FAIL` of its precondition.
    pub fn unless(&self, judge: Judge) -> Vec<RequirementId> {
        self.clauses(judge, "unless ", "=FAIL")
    }

    fn clauses(&self, judge: Judge, word: &str, end: &str) -> Vec<RequirementId> {
        self.side(judge)
            .match_indices(word)
            .filter_map(|(at, _)| self.side(judge)[at + word.len()..].split_once(end))
            .map(|(id, _)| id)
            .filter(|id| id.len() <= 9 && id.contains('-') && !id.contains(' '))
            .map(|id| RequirementId(id.to_owned()))
            .collect()
    }

    /// The part of the precondition that speaks of `judge`.
    fn side(&self, judge: Judge) -> &str {
        let text = &self.precondition;
        if self.judges.len() < 2 {
            return text;
        }
        let (mine, other) = match judge {
            Judge::Client => ("client: ", "vendor: "),
            Judge::Vendor => ("vendor: ", "client: "),
        };
        let Some(from) = text.find(mine).map(|at| at + mine.len()) else {
            return text;
        };
        let rest = &text[from..];
        rest.find(other).map_or(rest, |to| &rest[..to])
    }
}

/// All rows, in the table's order.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    rows: Vec<Requirement>,
}

/// Why a table is no catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the catalogue: {fault}")]
pub struct CatalogueError {
    /// Counts from 1.
    pub line: usize,
    /// What is wrong there.
    pub fault: String,
}

impl Catalogue {
    /// Reads a table of eleven cells a line with a tab between, the first line being the header.
    pub fn parse(table: &str) -> Result<Self, CatalogueError> {
        let rows = table
            .lines()
            .enumerate()
            .skip(1)
            .map(|(at, line)| {
                row(line).map_err(|fault| CatalogueError {
                    line: at + 1,
                    fault,
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { rows })
    }

    /// The row `id`.
    pub fn get(&self, id: &str) -> Option<&Requirement> {
        self.rows
            .iter()
            .find(|row| row.id.0.eq_ignore_ascii_case(id))
    }

    /// All rows.
    pub fn rows(&self) -> &[Requirement] {
        &self.rows
    }
}

fn row(line: &str) -> Result<Requirement, String> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [
        id,
        level,
        source_kind,
        source,
        judges,
        vendors,
        requirement,
        precondition,
        observed,
        deviation,
        real_bug,
    ] = cells[..]
    else {
        return Err(format!("{} cells instead of 11", cells.len()));
    };
    let level = match level {
        "MUST" => Level::Must,
        "SHOULD" => Level::Should,
        "MAY" => Level::May,
        other => return Err(format!("unknown level `{other}`")),
    };
    let judges = match judges {
        "client" => vec![Judge::Client],
        "vendor" => vec![Judge::Vendor],
        "both" => vec![Judge::Client, Judge::Vendor],
        other => return Err(format!("unknown judge `{other}`")),
    };
    Ok(Requirement {
        id: RequirementId(id.to_owned()),
        level,
        source_kind: source_kind.to_owned(),
        source: source.to_owned(),
        judges,
        vendors: vendors.split(',').map(str::to_owned).collect(),
        requirement: requirement.to_owned(),
        precondition: precondition.to_owned(),
        observed: observed.to_owned(),
        documented_deviation: deviation.to_owned(),
        real_bug: real_bug.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(precondition: &str, vendor: &str, expected: &[&str]) {
        let cells = [
            "BRR-99",
            "MUST",
            "rfc",
            "-",
            "vendor",
            "a,b",
            "It works.",
            precondition,
            "-",
            "-",
            "-",
        ];
        let row = row(&cells.join("\t")).expect("eleven cells");
        let needs: Vec<_> = row.needs_at(Judge::Vendor, vendor);
        let needs: Vec<&str> = needs.iter().map(|id| id.0.as_str()).collect();
        assert_eq!(needs, expected, "{precondition} at {vendor}");
    }

    #[test]
    fn a_need_may_have_a_stand_in_for_one_vendor() {
        check("[any] needs BRR-01=PASS (b: SIG-01=PASS)", "a", &["BRR-01"]);
        check("[any] needs BRR-01=PASS (b: SIG-01=PASS)", "b", &["SIG-01"]);
        check("[any] needs BRR-01=PASS (b: an operation)", "b", &[]);
        check(
            "[any] needs BRR-01=PASS; needs VEN-16=PASS over https",
            "b",
            &["BRR-01", "VEN-16"],
        );
        check("[any] a reply was received", "a", &[]);
    }
}
