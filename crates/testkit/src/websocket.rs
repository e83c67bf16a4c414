//! Websocket frames in raw bytes (RFC 6455 section 5.2).

use tokio::io::{AsyncRead, AsyncReadExt};

/// A masked frame of a client (RFC 6455 §5.2); `first` is its first byte.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..=125 => bytes.push(0x80 | u8::try_from(length).expect("it is small")),
        length => {
            bytes.push(0x80 | 0x7e);
            bytes.extend(
                u16::try_from(length)
                    .expect("frames of tests are small")
                    .to_be_bytes(),
            );
        }
    }
    let mask = [1, 2, 3, 4];
    bytes.extend(mask);
    bytes.extend(
        payload
            .iter()
            .enumerate()
            .map(|(at, byte)| byte ^ mask[at % 4]),
    );
    bytes
}

/// Everything until the server ends the connection, as `opcode:payload`; a reset is an error.
pub async fn frames(stream: &mut (impl AsyncRead + Unpin)) -> Vec<String> {
    let mut bytes = Vec::new();
    stream
        .read_to_end(&mut bytes)
        .await
        .expect("a clean end, no reset");
    let mut seen = Vec::new();
    let mut rest = bytes.as_slice();
    while let [first, length, tail @ ..] = rest {
        let (payload, after) = tail.split_at(usize::from(*length));
        seen.push(match first & 0x0f {
            8 => format!(
                "8:{}",
                payload
                    .first_chunk()
                    .map_or(1005, |code| u16::from_be_bytes(*code))
            ),
            opcode => format!("{opcode}:{}", String::from_utf8_lossy(payload)),
        });
        rest = after;
    }
    seen
}
