//! A form as multipart (RFC 7578).

/// The boundary; no field of ours has it in its value.
const BOUNDARY: &str = "locum-5d1f0e7a";

/// Content type and body of a form. A value `a file NAME` travels as a file of that name.
pub fn multipart(fields: &[(String, String)]) -> (String, String) {
    let parts: String = fields
        .iter()
        .map(|(name, value)| {
            let (more, value) = match value.strip_prefix("a file ") {
                Some(file) => (
                    format!("; filename=\"{file}\"\r\nContent-Type: audio/wav"),
                    "RIFF\0\0\0\0WAVE",
                ),
                None => (String::new(), value.as_str()),
            };
            format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{value}\r\n"
            )
        })
        .collect();
    (
        format!("multipart/form-data; boundary={BOUNDARY}"),
        format!("{parts}--{BOUNDARY}--\r\n"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_files_travel_in_parts() {
        let fields = [("ids", "7"), ("audio", "a file v.wav")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let (content_type, body) = multipart(&fields);
        assert_eq!(content_type, "multipart/form-data; boundary=locum-5d1f0e7a");
        assert_eq!(
            body,
            "--locum-5d1f0e7a\r\nContent-Disposition: form-data; name=\"ids\"\r\n\r\n7\r\n\
             --locum-5d1f0e7a\r\nContent-Disposition: form-data; name=\"audio\"; \
             filename=\"v.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF\0\0\0\0WAVE\r\n\
             --locum-5d1f0e7a--\r\n"
        );
    }
}
