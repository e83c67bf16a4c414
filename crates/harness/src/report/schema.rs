//! The JSON Schema of `results.json`, from the types that write it.

use schemars::generate::SchemaSettings;

use super::results::ResultsV1;

/// The schema's text (JSON Schema 2020-12).
pub fn text() -> String {
    let generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let schema = generator.into_root_schema_for::<ResultsV1>();
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::results;
    use crate::report::testing::report;

    /// A whole validator looks at real files in `just reports`; here the members are compared.
    #[test]
    fn each_member_of_the_file_is_described() {
        let schema: Value = serde_json::from_str(&text()).expect("JSON");
        let file: Value = serde_json::from_str(&results::text(&report())).expect("JSON");
        let check = |object: &Value, known: &Value, place: &str| {
            for name in object.as_object().expect("an object").keys() {
                assert!(!known["properties"][name].is_null(), "{place}.{name}");
            }
        };
        check(&file, &schema, "results");
        let verdict = &schema["$defs"]["VerdictV1"];
        check(&file["verdicts"][1], verdict, "verdict");
        check(&file["run"], &schema["$defs"]["RunV1"], "run");
        for required in ["id", "vendor", "judge", "verdict", "reason", "evidence"] {
            let names = verdict["required"].as_array().expect("a list");
            assert!(names.iter().any(|name| name == required), "{required}");
        }
    }
}
