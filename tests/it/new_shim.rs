//! `locum new shim`: a file for each language, and none that was there is touched.

const LANGUAGES: [(&str, &str); 6] = [
    ("python", "shim.py"),
    ("typescript", "shim.ts"),
    ("javascript", "shim.mjs"),
    ("java", "Shim.java"),
    ("go", "shim.go"),
    ("rust", "shim.rs"),
];

#[test]
fn a_shim_of_each_language_is_written_once() {
    let folder = super::folder("new-shim");
    for (language, file) in LANGUAGES {
        let made = |arguments: &[&str]| {
            let mut command = super::command(arguments);
            command.current_dir(&folder).output().expect("it runs")
        };
        let first = made(&["new", "shim", language]);
        let said = String::from_utf8_lossy(&first.stdout).into_owned();
        assert_eq!(first.status.code(), Some(0), "{language}");
        assert!(said.contains("locum drive pattern -- "), "{said}");
        let text = std::fs::read_to_string(folder.join(file)).expect("it is there");
        assert!(text.contains("your client here"), "{language}");

        std::fs::write(folder.join(file), "changed").expect("it is written");
        let again = made(&["new", "shim", language]);
        let told = String::from_utf8_lossy(&again.stderr).into_owned();
        assert_eq!(again.status.code(), Some(2), "{language}");
        assert!(told.contains("not overwritten"), "{told}");
        let kept = std::fs::read_to_string(folder.join(file)).expect("it is there");
        assert_eq!(kept, "changed", "{language}");

        let named = format!("mine-{file}");
        let third = made(&["new", "shim", language, &named]);
        assert_eq!(third.status.code(), Some(0), "{language}");
        let other = std::fs::read_to_string(folder.join(named)).expect("it is there");
        assert_eq!(other, text, "{language}");
    }
}

#[test]
fn a_language_without_a_shim_is_refused_by_the_names_of_those_with_one() {
    let told = super::locum(&["new", "shim", "cobol"]);
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert_eq!(told.status.code(), Some(2), "{said}");
    for (language, _) in LANGUAGES {
        assert!(said.contains(language), "{said}");
    }
}
