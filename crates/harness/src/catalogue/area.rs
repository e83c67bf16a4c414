//! The areas of the catalogue: what the letters before a row's number stand for.

/// Each area with its subject, in the order of the table.
const AREAS: [(&str, &str); 24] = [
    ("TOK", "token request"),
    ("BAS", "client authentication"),
    ("RSP", "token reply"),
    ("ERR", "refusals and error bodies"),
    ("BRR", "bearer tokens"),
    ("JWT", "JSON Web Tokens"),
    ("REF", "refresh tokens"),
    ("REV", "revocation"),
    ("INT", "introspection"),
    ("BCP", "best current practice"),
    ("HTT", "HTTP"),
    ("WSS", "websocket handshake"),
    ("WS", "websocket sessions"),
    ("CACHE", "reuse of tokens"),
    ("EXP", "lifetimes and clocks"),
    ("SF", "single flight"),
    ("RET", "retries"),
    ("CLI", "further rules for clients"),
    ("REQ", "shape of requests"),
    ("LOG", "leaks into output"),
    ("TLS", "TLS"),
    ("COG", "Amazon Cognito"),
    ("SIG", "AWS Signature Version 4"),
    ("VEN", "the vendor's own page"),
];

/// All areas with their subjects, in the order of the table.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    AREAS.into_iter()
}

/// The area of a row's id: `TOK` of `TOK-13`.
pub fn area_of(id: &str) -> &str {
    id.split('-').next().unwrap_or(id)
}

/// What an area is about; its letters where it is not known.
pub fn subject(area: &str) -> &str {
    let known = AREAS.iter().find(|(letters, _)| *letters == area);
    known.map_or(area, |(_, subject)| subject)
}

/// The place of an area in the table; behind all others where it is not known.
pub fn place(area: &str) -> usize {
    let place = AREAS.iter().position(|(letters, _)| *letters == area);
    place.unwrap_or(AREAS.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::catalogue;

    #[test]
    fn each_area_of_the_table_has_a_subject() {
        for row in catalogue().rows() {
            let area = area_of(&row.id.0);
            assert_ne!(subject(area), "", "{}", row.id);
            assert!(place(area) < AREAS.len(), "{}", row.id);
        }
        assert_eq!(subject(area_of("SF-01")), "single flight");
        assert_eq!(place("NONE"), AREAS.len());
    }
}
