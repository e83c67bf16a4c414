//! How a client writes multipart bodies.

use locum_core::spelling::{FieldContent, FieldSpelling, MultipartSpelling};

use super::traffic::{Arrival, arrivals};
use super::{Fault, creates_nothing, each_has_the_form};
use crate::rules::{Rule, View};
use crate::verdict::Finding;

pub(super) const RULES: &[Rule] = &[
    Rule::client("CLI-23", repeats_the_field).everywhere(),
    Rule::client("CLI-24", names_the_boundary).everywhere(),
];

/// The field of the vendor's form that takes several ids.
const FIELD: &str = "template_ids";

fn multipart<'a>(view: &View<'a>) -> impl Iterator<Item = (Arrival<'a>, MultipartSpelling)> {
    arrivals(view).filter_map(|request| Some((request, request.spelling().multipart?)))
}

/// Several ids are several fields of one name, each an integer.
fn repeats_the_field(view: &View<'_>) -> Finding {
    let requests = multipart(view).filter_map(|(request, body)| {
        let is_ids = |field: &&FieldSpelling| {
            let name = field.name.split('[').next().unwrap_or_default();
            name == FIELD
        };
        let ids: Vec<&FieldSpelling> = body.fields.iter().filter(is_ids).collect();
        let seen = if ids.iter().any(|field| field.name != FIELD) {
            Some("template_ids[]")
        } else if ids.iter().any(|field| field.content == FieldContent::List) {
            Some("one field with commas")
        } else if ids.len() > 1
            && ids
                .iter()
                .any(|field| field.content != FieldContent::Integer)
        {
            Some("a field that is no integer")
        } else if ids.len() > 1 {
            None
        } else {
            return None;
        };
        Some((request, seen.map(|seen| Fault::broken(request, seen))))
    });
    let what = "no create request with more than one template id was looked at";
    each_has_the_form(view, "template_ids once for each id", what, requests)
        .or_not_applicable(|| creates_nothing(view))
}

/// Content-Type names the boundary that the body uses.
fn names_the_boundary(view: &View<'_>) -> Finding {
    let requests = multipart(view).map(|(request, body)| {
        let seen = match (body.has_boundary, body.is_used) {
            (false, _) => Some("no boundary"),
            (true, false) => Some("a boundary that the body does not have"),
            (true, true) => None,
        };
        (request, seen.map(|seen| Fault::broken(request, seen)))
    });
    let what = "no multipart request was looked at";
    each_has_the_form(view, "the boundary of the body", what, requests)
        .or_not_applicable(|| creates_nothing(view))
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use crate::rules::client::testing::{called, check};
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("CLI-23", |log| create(log, &ids(&["integer", "integer"]))),
        ("CLI-24", |log| create(log, &json!([]))),
    ];

    fn ids(contents: &[&str]) -> Value {
        let field = |content: &&str| json!({"name": "template_ids", "content": content});
        contents.iter().map(field).collect()
    }

    fn create(log: Log, fields: &Value) -> Log {
        let note = json!({"multipart": {"has_boundary": true, "is_used": true, "fields": fields}});
        called(
            log,
            "POST",
            "/things",
            &[],
            "«9 bytes of multipart/form-data»",
            &note,
        )
    }

    #[test]
    fn each_id_has_a_field() {
        let fields =
            |fields: &Value, expected| check(&create(Log::new(), fields), "CLI-23", expected);
        fields(&ids(&["list"]), Grade::Broken);
        fields(&ids(&["integer", "other"]), Grade::Broken);
        fields(
            &json!([{"name": "template_ids[]", "content": "integer"}]),
            Grade::Broken,
        );
        fields(&ids(&["integer"]), Grade::Unobserved);
        fields(
            &json!([{"name": "audio", "content": "list"}]),
            Grade::Unobserved,
        );
    }

    #[test]
    fn the_boundary_is_named() {
        let body = |has: bool, used: bool| {
            let note = json!({"multipart": {"has_boundary": has, "is_used": used}});
            called(Log::new(), "POST", "/things", &[], "", &note)
        };
        check(&body(false, false), "CLI-24", Grade::Broken);
        check(&body(true, false), "CLI-24", Grade::Broken);
        check(&Log::new(), "CLI-24", Grade::Unobserved);
    }
}
