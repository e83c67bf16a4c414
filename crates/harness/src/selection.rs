//! Which rows a person asks for: one expression over ids, areas, levels, vendors and sides.
//!
//! Its text is all that there is of it: a saved run keeps the text, and reading it gives the same
//! rows again.

mod atom;
mod parse;

use std::fmt;

use locum_core::requirement::Judge;
use locum_core::{Requirement, RequirementId};

use atom::Atom;
pub use parse::SelectionError;

/// The rows that are asked for; all by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    text: String,
    expression: Option<Expression>,
}

/// What `not`, `and` and `or` make of atoms.
#[derive(Clone, Debug, PartialEq)]
enum Expression {
    Atom(Atom),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

impl Selection {
    /// Reads an expression; `vendors` are the names that a run knows besides those of the catalogue.
    /// An empty text selects all rows.
    ///
    /// # Errors
    /// What is wrong with it, with the nearest word that is known.
    pub fn parse(text: &str, vendors: &[String]) -> Result<Self, SelectionError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::default());
        }
        Ok(Self {
            text: text.to_owned(),
            expression: Some(parse::expression(text, vendors)?),
        })
    }

    /// These rows, at each vendor.
    pub fn of_ids(ids: &[RequirementId]) -> Self {
        let ids: Vec<&str> = ids.iter().map(|id| id.0.as_str()).collect();
        Self::of_rows(&ids)
    }

    /// These rows, by `ID` or `ID@vendor`.
    pub fn of_rows<T: AsRef<str>>(rows: &[T]) -> Self {
        let words: Vec<&str> = rows.iter().map(AsRef::as_ref).collect();
        let atoms = words.iter().map(|word| Expression::Atom(Atom::id(word)));
        Self {
            text: words.join(" or "),
            expression: atoms.reduce(|all, one| Expression::Or(Box::new(all), Box::new(one))),
        }
    }

    /// The part `index` of `of` alike parts of the catalogue, counted from 1.
    pub fn shard(index: usize, of: usize) -> Self {
        let atom = Atom::Shard { index, of };
        Self {
            text: atom.to_string(),
            expression: Some(Expression::Atom(atom)),
        }
    }

    /// What both select.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self.expression, other.expression) {
            (None, expression) => Self {
                text: other.text,
                expression,
            },
            (expression, None) => Self {
                text: self.text,
                expression,
            },
            (Some(one), Some(two)) => Self {
                text: format!("({}) and ({})", self.text, other.text),
                expression: Some(Expression::And(Box::new(one), Box::new(two))),
            },
        }
    }

    /// Whether nothing is left out.
    pub const fn is_all(&self) -> bool {
        self.expression.is_none()
    }

    /// Whether the row is asked for at this vendor and side.
    pub fn wants(&self, row: &Requirement, vendor: &str, judge: Judge) -> bool {
        let expression = self.expression.as_ref();
        expression.is_none_or(|expression| expression.holds(row, vendor, judge))
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Expression {
    fn holds(&self, row: &Requirement, vendor: &str, judge: Judge) -> bool {
        match self {
            Self::Atom(atom) => atom.holds(row, vendor, judge),
            Self::Not(inner) => !inner.holds(row, vendor, judge),
            Self::And(one, two) => one.holds(row, vendor, judge) && two.holds(row, vendor, judge),
            Self::Or(one, two) => one.holds(row, vendor, judge) || two.holds(row, vendor, judge),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::catalogue;

    /// The ids that an expression selects of a vendor's rows.
    fn select(text: &str, vendor: &str, judge: Judge) -> Vec<&'static str> {
        let selection = Selection::parse(text, &[]).expect(text);
        let again = Selection::parse(&selection.to_string(), &[]).expect("its own text");
        assert_eq!(again, selection);
        let rows = catalogue().rows().iter();
        let mine = rows.filter(|row| row.judges.contains(&judge));
        let mine = mine.filter(|row| row.vendors.iter().any(|known| known == vendor));
        mine.filter(|row| selection.wants(row, vendor, judge))
            .map(|row| row.id.0.as_str())
            .collect()
    }

    #[test]
    fn not_binds_before_and_and_and_before_or() {
        let ids = select("ven-26 or ven-16 and not ven-16", "pattern", Judge::Vendor);
        assert_eq!(ids, ["VEN-26"]);
        let ids = select(
            "(ven-26 or ven-16) and not VEN-16",
            "pattern",
            Judge::Vendor,
        );
        assert_eq!(ids, ["VEN-26"]);
        let ids = select("not not ven-26", "pattern", Judge::Vendor);
        assert_eq!(ids, ["VEN-26"]);
    }

    #[test]
    fn each_atom_selects_by_what_it_names() {
        let all = select("", "pattern", Judge::Vendor).len();
        let must = select("must", "pattern", Judge::Vendor).len();
        let others = select("should or may", "pattern", Judge::Vendor).len();
        assert_eq!(must + others, all);
        assert!(
            select("ret-*", "pattern", Judge::Client)
                .iter()
                .all(|id| id.starts_with("RET-"))
        );
        assert_eq!(
            select("ret", "pattern", Judge::Client),
            select("RET-*", "pattern", Judge::Client)
        );
        assert_eq!(select("VEN-26@corti", "pattern", Judge::Vendor), [""; 0]);
        assert_eq!(
            select("VEN-26@pattern", "pattern", Judge::Vendor),
            ["VEN-26"]
        );
        assert_eq!(select("corti", "pattern", Judge::Vendor), [""; 0]);
        assert_eq!(select("client", "pattern", Judge::Vendor), [""; 0]);
        assert_eq!(select("vendor", "pattern", Judge::Vendor).len(), all);
        assert!(!select("rfc and watch", "pattern", Judge::Client).is_empty());
    }

    #[test]
    fn shards_are_alike_and_miss_nothing() {
        let all = select("", "corti", Judge::Vendor);
        let mut parts = Vec::new();
        for index in 1..=3 {
            let part = select(&format!("shard:{index}/3"), "corti", Judge::Vendor);
            assert!(part.len() > all.len() / 5, "{index}: {}", part.len());
            parts.extend(part);
        }
        parts.sort_by_key(|id| all.iter().position(|one| one == id));
        assert_eq!(parts, all);
    }

    #[test]
    fn what_both_select_is_told_in_one_text() {
        let one = Selection::of_rows(&["VEN-26@pattern", "VEN-16"]);
        assert_eq!(one.to_string(), "VEN-26@pattern or VEN-16");
        let both = one.clone().and(Selection::shard(1, 2));
        assert_eq!(
            both.to_string(),
            "(VEN-26@pattern or VEN-16) and (shard:1/2)"
        );
        assert_eq!(one.clone().and(Selection::default()), one);
        assert_eq!(Selection::default().and(one.clone()), one);
        assert!(Selection::of_ids(&[]).is_all());
    }

    #[test]
    fn an_unknown_word_is_answered_with_the_nearest() {
        for (text, part) in [
            ("ven-99", "no requirement"),
            ("VEN-27 or patern", "did you mean `pattern`"),
            ("mus", "did you mean `must`"),
            ("must and", "ends where"),
            ("(must", "`)`"),
            ("must should", "`should`"),
            (")", "`)`"),
            ("shard:0/2", "shard"),
            ("shard:3/2", "shard"),
        ] {
            let error = Selection::parse(text, &[]).expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        let own = ["acme".to_owned()];
        assert!(Selection::parse("acme and VEN-16@acme", &own).is_ok());
    }
}
