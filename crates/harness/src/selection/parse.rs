//! Reading a selection: `or` of `and` of `not` of words and parentheses.

use locum_core::requirement::Judge;
use locum_core::setting::nearest;

use super::Expression;
use super::atom::{Atom, matches};
use crate::catalogue::{area, catalogue};

/// Why a text is no selection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// A word that stands for nothing.
    #[error("`{word}` selects nothing: {hint}")]
    Word {
        /// As it stands there.
        word: String,
        /// What to write instead.
        hint: String,
    },
    /// Words in an order that says nothing.
    #[error("{0}")]
    Syntax(String),
}

/// What may stand in a selection.
const WORDS: &str = "write ids (VEN-26, ret-*, EXP-03@pattern), areas (tok), must, should, may, vendors, client, vendor, vendor-doc, rfc, practice, watch, exec, stdio, pull, with not, and, or and parentheses";

pub(super) fn expression(text: &str, vendors: &[String]) -> Result<Expression, SelectionError> {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let mut words = Words {
        left: spaced.split_whitespace().rev().collect(),
        vendors,
    };
    let expression = words.any()?;
    match words.left.pop() {
        None => Ok(expression),
        Some(word) => Err(SelectionError::Syntax(format!(
            "`{word}` stands where `and` or `or` should"
        ))),
    }
}

/// The words that are left, the next one last.
struct Words<'a> {
    left: Vec<&'a str>,
    vendors: &'a [String],
}

impl Words<'_> {
    fn takes(&mut self, wanted: &str) -> bool {
        let is_next = self
            .left
            .last()
            .is_some_and(|word| word.eq_ignore_ascii_case(wanted));
        if is_next {
            self.left.pop();
        }
        is_next
    }

    fn any(&mut self) -> Result<Expression, SelectionError> {
        let mut all = self.both()?;
        while self.takes("or") {
            all = Expression::Or(Box::new(all), Box::new(self.both()?));
        }
        Ok(all)
    }

    fn both(&mut self) -> Result<Expression, SelectionError> {
        let mut all = self.one()?;
        while self.takes("and") {
            all = Expression::And(Box::new(all), Box::new(self.one()?));
        }
        Ok(all)
    }

    fn one(&mut self) -> Result<Expression, SelectionError> {
        if self.takes("not") {
            return Ok(Expression::Not(Box::new(self.one()?)));
        }
        if self.takes("(") {
            let inner = self.any()?;
            return match self.takes(")") {
                true => Ok(inner),
                false => Err(SelectionError::Syntax("a `(` has no `)`".to_owned())),
            };
        }
        match self.left.pop() {
            Some(word @ (")" | "and" | "or")) => Err(SelectionError::Syntax(format!(
                "`{word}` stands where an id or another word should"
            ))),
            Some(word) => atom(word, self.vendors).map(Expression::Atom),
            None => Err(SelectionError::Syntax(
                "it ends where an id or another word should stand".to_owned(),
            )),
        }
    }
}

fn atom(word: &str, vendors: &[String]) -> Result<Atom, SelectionError> {
    let wrong = |hint: String| SelectionError::Word {
        word: word.to_owned(),
        hint,
    };
    let lower = word.to_ascii_lowercase();
    if let Some(shard) = lower.strip_prefix("shard:") {
        let atom = shard.split_once('/').and_then(|(index, of)| {
            let (index, of) = (index.parse().ok()?, of.parse().ok()?);
            (1..=of)
                .contains(&index)
                .then_some(Atom::Shard { index, of })
        });
        return atom.ok_or_else(|| wrong("a shard is one of them, such as shard:1/3".to_owned()));
    }
    let rows = catalogue().rows();
    let is_vendor = |name: &str| {
        vendors.iter().any(|known| known == name)
            || rows
                .iter()
                .any(|row| row.vendors.iter().any(|known| known == name))
    };
    match lower.as_str() {
        "client" => return Ok(Atom::Judge(Judge::Client)),
        "vendor" => return Ok(Atom::Judge(Judge::Vendor)),
        "must" | "should" | "may" => return Ok(Atom::Level(lower.to_ascii_uppercase())),
        "vendor-doc" | "rfc" | "practice" => return Ok(Atom::SourceKind(lower)),
        "watch" | "exec" | "stdio" | "pull" => return Ok(Atom::Adoption(lower)),
        name if is_vendor(name) => return Ok(Atom::Vendor(lower)),
        _ => {}
    }
    let upper = lower.to_ascii_uppercase();
    if area::all().any(|(letters, _)| letters == upper) {
        return Ok(Atom::Area(upper));
    }
    let (id, at) = upper.split_once('@').unwrap_or((&upper, ""));
    if !at.is_empty() && !is_vendor(&at.to_ascii_lowercase()) {
        return Err(wrong(format!(
            "no vendor is called {}",
            at.to_ascii_lowercase()
        )));
    }
    if rows
        .iter()
        .any(|row| matches(id.as_bytes(), row.id.0.as_bytes()))
    {
        return Ok(Atom::id(word));
    }
    if id.contains(['-', '*']) {
        return Err(wrong(
            "no requirement has such an id; `locum list` shows all".to_owned(),
        ));
    }
    let known = [
        "must",
        "should",
        "may",
        "client",
        "vendor",
        "vendor-doc",
        "rfc",
        "practice",
    ];
    let of_rows = rows
        .iter()
        .flat_map(|row| row.vendors.iter().map(String::as_str));
    let known = known
        .into_iter()
        .chain(of_rows)
        .chain(vendors.iter().map(String::as_str));
    Err(wrong(match nearest(&lower, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => WORDS.to_owned(),
    }))
}
