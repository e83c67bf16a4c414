//! Names that the vendors' code and their profiles share: a typo on either side would mean a
//! default, a refusal of the wrong shape, or an evil twin with nothing wrong.

use std::collections::BTreeSet;
use std::path::Path;

use locum::core::denial::{DenialKind, SHARED_REASONS};
use locum::core::{Profile, Settings};

/// The code of a folder without its tests, white space made one space.
fn code(folder: &str) -> String {
    let mut code = String::new();
    super::registry::visit(&super::registry::root().join(folder), &mut |path, text| {
        if !is_test(path) {
            let text = text
                .split("#[cfg(test)]\nmod tests {")
                .next()
                .unwrap_or(text);
            code.extend(text.split_whitespace().flat_map(|word| [word, " "]));
        }
    });
    code
}

fn is_test(path: &Path) -> bool {
    let named = |part: &str| part == "tests" || part == "tests.rs" || part == "suite.rs";
    path.iter().any(|part| named(&part.to_string_lossy()))
}

/// The literals that stand right behind each `call`.
fn literals<'a>(code: &'a str, call: &str) -> BTreeSet<&'a str> {
    code.split(call)
        .skip(1)
        .filter_map(|rest| rest.trim_start_matches(['(', ' ']).strip_prefix('"'))
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

/// The reasons that stand right behind a kind, as in `Denial::new(DenialKind::Expired, "expired")`.
fn reasons(code: &str) -> BTreeSet<&str> {
    code.split("DenialKind::")
        .skip(1)
        .filter_map(|rest| {
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
            rest.strip_prefix(", \"")?.split('"').next()
        })
        .collect()
}

fn each_vendor(check: impl Fn(&Profile, &str)) {
    for vendor in locum::mocks::vendors() {
        let profile = vendor.profile();
        check(profile, &code(&format!("mocks/{}", profile.vendor)));
    }
}

#[test]
fn each_setting_that_is_read_is_defined_with_that_type() {
    each_vendor(|profile, code| {
        let check = |call: &str, fits: fn(&serde_json::Value) -> bool| {
            for name in literals(code, call) {
                let setting = profile.settings.get(name);
                let setting = setting.unwrap_or_else(|| {
                    panic!(
                        "{call}\"{name}\") in mocks/{}: no such setting",
                        profile.vendor
                    )
                });
                assert!(fits(&setting.default), "{call}\"{name}\"): of another type");
            }
        };
        check(".setting(", |_| true);
        check(".setting_text(", serde_json::Value::is_string);
        check(".setting_is(", serde_json::Value::is_string);
        check(".setting_on(", serde_json::Value::is_boolean);
        check(".setting_u64(", serde_json::Value::is_u64);
    });
}

#[test]
fn each_setting_that_is_defined_is_read() {
    let shared = code("crates/server/src");
    each_vendor(|profile, code| {
        for name in profile.settings.keys() {
            let read = format!("\"{name}\"");
            assert!(
                code.contains(&read) || shared.contains(&format!("optional_setting({read})")),
                "nobody reads {}.{name}",
                profile.vendor
            );
        }
    });
}

#[test]
fn each_reason_in_the_code_is_known_to_the_profile() {
    each_vendor(|profile, code| {
        let raised = reasons(code);
        let compared = literals(code, "denial.reason == ");
        let strays: Vec<_> = raised
            .union(&compared)
            .filter(|reason| !profile.knows_reason(reason))
            .collect();
        assert!(strays.is_empty(), "{}: {strays:?}", profile.vendor);
    });
}

/// The families of headers that Corti's replies name by a letter are among these, too.
#[test]
fn each_denial_of_a_profile_is_one_that_the_code_can_name() {
    let kinds = DenialKind::ALL.map(DenialKind::as_str);
    each_vendor(|profile, code| {
        let inherited: BTreeSet<&str> = profile
            .denials
            .values()
            .filter_map(|template| template.inherits.as_deref())
            .collect();
        let names = |name: &str| {
            name == "default"
                || kinds.contains(&name)
                || SHARED_REASONS.contains(&name)
                || inherited.contains(name)
                || code.contains(&format!("\"{name}\""))
        };
        // A name may be put together: `format!("v2_{reason}")`, `reason.push_str("_403")`.
        let composed = |name: &str| {
            name.match_indices('_').any(|(at, _)| {
                let (before, after) = (&name[..=at], &name[at..]);
                let is_number = after[1..].bytes().all(|byte| byte.is_ascii_digit());
                (code.contains(&format!("\"{before}{{")) && (is_number || names(&after[1..])))
                    || (code.contains(&format!("\"{after}\"")) && names(&name[..at]))
                    || (code.contains(&format!("}}{after}\"")) && names(&name[..at]))
            })
        };
        let listed = profile.denials.keys().chain(&profile.reasons);
        let strays: Vec<_> = listed
            .filter(|name| !names(name) && !composed(name))
            .collect();
        assert!(strays.is_empty(), "{}: {strays:?}", profile.vendor);
    });
}

#[test]
fn the_shared_reasons_are_those_of_the_shared_code() {
    let code = code("crates/server/src");
    let raised: Vec<&str> = reasons(&code).into_iter().collect();
    assert_eq!(raised, SHARED_REASONS);
}

#[test]
fn each_endpoint_that_is_named_is_routed() {
    each_vendor(|profile, code| {
        for call in [".refuse(", "endpoint == ", "endpoint != "] {
            for name in literals(code, call) {
                assert!(
                    profile.endpoints.contains_key(name),
                    "{call}\"{name}\" in mocks/{}: no such endpoint",
                    profile.vendor
                );
            }
        }
    });
}

#[test]
fn what_a_twin_changes_exists() {
    for vendor in locum::mocks::vendors() {
        let profile = vendor.profile();
        // The chassis has effects that any vendor may lack.
        let code = ["crates/server/src", &format!("mocks/{}", profile.vendor)]
            .map(code)
            .concat();
        let effects = literals(&code, ".effect_enabled(");
        let mut settings = Settings::default();
        for (name, setting) in &profile.settings {
            settings.define(&profile.vendor, name, setting.clone());
        }
        for twin in vendor.twins() {
            for effect in twin.skips {
                assert!(
                    effects.contains(effect),
                    "{}: no effect `{effect}`",
                    twin.name
                );
            }
            for (name, value) in (twin.settings)() {
                let set = settings.set(name, value);
                assert_eq!(set, Ok(()), "{}", twin.name);
            }
        }
    }
}
