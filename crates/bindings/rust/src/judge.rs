//! What the client's journal says of it, in words for the test's author.

use serde_json::Value;

use crate::Locum;

/// The control row, left out: a test says itself whether its calls ought to succeed.
const CONTROL: &str = "CLI-29";

/// Why the client fails its test, or an empty text.
pub(crate) fn complaint(locum: &Locum, strict: bool) -> String {
    let judged = locum.call("GET", "verdicts", None);
    let rows = judged["verdicts"]
        .as_array()
        .expect("the control API lists them");
    let is = |row: &Value, words: &[&str]| words.iter().any(|word| row["verdict"] == *word);
    let bad: &[_] = if strict {
        &["FAIL", "ERROR", "WARN"]
    } else {
        &["FAIL", "ERROR"]
    };
    let mut parts = Vec::new();
    for row in rows
        .iter()
        .filter(|row| is(row, bad) && row["id"] != CONTROL)
    {
        let mut known = locum.ignored.iter().chain(&locum.expected);
        if !known.any(|id| row["id"] == **id) {
            parts.push(sentence(locum, row));
        }
    }
    let broken = |id: &str| {
        rows.iter()
            .any(|row| row["id"] == id && is(row, &["FAIL", "WARN"]))
    };
    for id in locum.expected.iter().filter(|id| !broken(id)) {
        parts.push(format!("{id} was expected to be broken, and is not"));
    }
    let dropped = &judged["dropped"];
    if *dropped != 0 {
        parts.push(format!(
            "{dropped} exchanges fell out of the journal unjudged: raise LOCUM_MEMORY_LIMIT"
        ));
    }
    if !parts.is_empty() {
        let (name, seed) = (&locum.document["name"], &locum.document["seed"]);
        parts.push(format!("stage {name}, seed {seed}"));
    }
    parts.join("\n")
}

fn sentence(locum: &Locum, row: &Value) -> String {
    let text = |name: &str| row[name].as_str().unwrap_or("-");
    let [id, level, vendor, verdict] = ["id", "level", "vendor", "verdict"].map(text);
    let [requirement, why, expected] = ["requirement", "why", "expected"].map(text);
    let mut text = format!(
        "{verdict} {id} ({level}, {vendor}): {requirement}\n  seen: {why}\n  expected: {expected}"
    );
    for entry in row["evidence"].as_array().into_iter().flatten().take(3) {
        let entry = locum.call("GET", &format!("journal/{entry}"), None);
        let [method, target] = ["method", "target"].map(|name| entry[name].as_str().unwrap_or("-"));
        text += &format!("\n  in: {method} {target}");
    }
    text + &format!(
        "\n  hint: `locum explain {id}` says more; if it is meant, name it by ignore or expect"
    )
}
