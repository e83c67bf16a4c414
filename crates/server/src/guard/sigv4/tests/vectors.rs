//! Vectors of botocore's: what it signs is admitted, and the canonical request is its own.

use super::*;

/// What botocore signs for the same requests.
#[test]
fn the_vectors_of_botocore_verify() {
    for received in [get(), post(), spaced()] {
        assert_eq!(received.reason(), "admitted", "{}", received.target);
    }
}

#[test]
fn the_canonical_request_is_botocores() {
    let received = get();
    let signed = received.view();
    let claim = claim::Claim::read(&signed).expect("a claim");
    let parts = canonical::Parts::of(
        &signed,
        &claim,
        policy().spelling,
        canonical::sha256_hex(b""),
        &[],
    );
    assert_eq!(
        parts.query,
        "company=Example%20Co%20%26%20S%C3%B6ns&includePresigned=True"
    );
    assert_eq!(
        canonical::sha256_hex(parts.canonical().as_bytes()),
        "b8c794fe3adc27e693ac27d9d5624bd434c01d7f30f118e23a4596e23ce6d9c1"
    );
    assert_eq!(
        canonical::path("/v1/tasks/a%20b", policy().spelling),
        "/v1/tasks/a%2520b"
    );
}

#[test]
fn a_plus_is_a_space_by_setting() {
    let plus = get().with(|received| received.target = received.target.replace("%20", "+"));
    assert_eq!(plus.reason(), "admitted");
    let literal = Policy {
        spelling: Spelling {
            plus_is_space: false,
            ..policy().spelling
        },
        ..policy()
    };
    let denial = plus
        .verdict_at(now(), &literal)
        .expect_err("a plus as it stands");
    assert_eq!(
        denial.difference.as_deref(),
        Some("the query: one side takes a `+` for a space, the other as it stands")
    );
}
