//! The vocabulary of the features. Given and When act, Then says what is expected.
//!
//! A step that returns an error is our fault: what a vendor or client does wrong is a finding.

mod account;
mod authorization;
mod caller;
mod client;
mod elsewhere;
mod faults;
mod instances;
mod lifetimes;
mod logins;
mod others;
mod people;
mod pool;
mod refusal;
mod second_factor;
mod signed_calls;
mod signing;
mod socket;
mod storage;
mod talk;
mod tasks;
mod time;
mod tls;
mod tokens;
mod verdict;
mod webhook;

use cucumber::gherkin::Step;

use crate::Error;
use crate::evidence::{Operation, Variation};

/// The first column of a step's table.
fn phrases(step: &Step) -> Result<Vec<String>, Error> {
    Ok(rows(step)?.into_iter().map(|row| row.concat()).collect())
}

/// The variation that `phrase` names.
fn variation(operation: Operation, phrase: &str) -> Result<Variation, Error> {
    Variation::parse(operation, phrase)
        .ok_or_else(|| Error::Step(format!("no {operation} is known `{phrase}`")))
}

/// The variations that the first column of a step's table names.
fn variations(operation: Operation, step: &Step) -> Result<Vec<Variation>, Error> {
    phrases(step)?
        .iter()
        .map(|phrase| variation(operation, phrase))
        .collect()
}

/// The first two columns of a step's table.
fn pairs(step: &Step) -> Result<Vec<(String, String)>, Error> {
    rows(step)?
        .into_iter()
        .map(|row| match row.as_slice() {
            [name, kind] => Ok((name.clone(), kind.clone())),
            _ => Err(Error::Step("its table needs two columns".to_owned())),
        })
        .collect()
}

fn rows(step: &Step) -> Result<Vec<Vec<String>>, Error> {
    let table = step.table.as_ref();
    table
        .map(|table| table.rows.clone())
        .ok_or_else(|| Error::Step("the step needs a table".to_owned()))
}
