//! A sample of the mutant matrix; `just mutants` runs the whole.

#[path = "mutants/matrix.rs"]
mod matrix;

use std::path::Path;

use matrix::{Driven, compare, drive, folder, side_by_side};

/// One of each kind that costs no long wait: lifetime, login, API request, Cognito, signature,
/// websocket, webhook.
const SAMPLE: [&str; 7] = [
    "needs-expires-in",
    "no-client-id",
    "no-tenant",
    "access-token-in-logins",
    "wrong-service",
    "ws-plus",
    "webhook-once",
];

#[test]
fn mutants_of_the_sample_turn_exactly_their_rows() {
    let locum = Path::new(env!("CARGO_BIN_EXE_locum"));
    let wrong = side_by_side(&SAMPLE, |name| {
        let mutant = locum_demo::mutant(name).expect("it is in the table");
        let ids: Vec<&str> = mutant.fail.iter().chain(&mutant.warn).copied().collect();
        let ids = [&ids[..], &["CLI-29"]].concat();
        // Mutants of one vendor run side by side, each beside an honest run of its own rows.
        let folder = folder().join(name);
        let honest = drive(locum, &folder, mutant.vendor, Driven::Honest, &ids);
        let bent = drive(locum, &folder, mutant.vendor, Driven::Mutant(name), &ids);
        let comparison = compare(&mutant, &honest, &bent);
        let blamed = honest.iter().filter(|(_, (verdict, _))| verdict != "PASS");
        let blamed = blamed.map(|(id, (verdict, _))| format!("honest: {id} is {verdict}"));
        let uncovered = comparison
            .uncovered
            .iter()
            .map(|id| format!("nothing covers {id}"));
        let wrong: Vec<String> = comparison
            .wrong
            .iter()
            .cloned()
            .chain(blamed)
            .chain(uncovered)
            .collect();
        (*name, wrong)
    });
    for (name, wrong) in wrong {
        assert_eq!(wrong, Vec::<String>::new(), "{name}");
    }
}
