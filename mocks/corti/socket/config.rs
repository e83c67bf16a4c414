//! The configuration: the first message of a client, and what makes it one.

use serde_json::{Map, Value};

use super::Kind;

/// A configuration that was taken.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Config {
    /// What the client sent, to be repeated.
    pub(super) sent: Value,
    /// Whether facts are wanted.
    pub(super) facts: bool,
    /// Whether speakers are told apart.
    pub(super) diarized: bool,
    /// Whether interim results are wanted.
    pub(super) interim: bool,
    /// The channel of the first participant.
    pub(super) channel: i64,
}

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A member is missing, of the wrong type, or none of the words it may be.
    Member(String),
    /// The audio format is not an audio media type; the pages disagree on what that gets.
    AudioFormat,
}

impl Fault {
    /// The sentence for the client.
    pub(super) fn reason(&self) -> &str {
        match self {
            Self::Member(reason) => reason,
            Self::AudioFormat => "audioFormat is not supported",
        }
    }
}

/// Roles of a participant.
const ROLES: [&str; 3] = ["doctor", "patient", "multiple"];

/// What /streams makes of the sound.
const MODES: [&str; 2] = ["facts", "transcription"];

/// Retention policies.
const POLICIES: [&str; 2] = ["retain", "none"];

impl Config {
    /// Reads the member `configuration` of a config message. Unknown members are let pass.
    ///
    /// # Errors
    /// The first member that is invalid.
    pub(super) fn read(kind: Kind, message: &Map<String, Value>) -> Result<Self, Fault> {
        let configuration = object(message, "configuration", "configuration")?;
        let config = match kind {
            Kind::Streams => streams(configuration)?,
            Kind::Transcribe => transcribe(configuration)?,
        };
        shared(configuration)?;
        Ok(Self {
            sent: Value::Object(configuration.clone()),
            ..config
        })
    }
}

const PLAIN: Config = Config {
    sent: Value::Null,
    facts: false,
    diarized: false,
    interim: false,
    channel: 0,
};

fn streams(configuration: &Map<String, Value>) -> Result<Config, Fault> {
    let transcription = object(configuration, "transcription", "transcription")?;
    language(transcription, "transcription.primaryLanguage")?;
    let switches = [
        flag(transcription, "diarize")?,
        flag(transcription, "isDiarization")?,
    ];
    flag(transcription, "isMultichannel")?;
    let channel = participants(transcription)?;
    let mode = object(configuration, "mode", "mode")?;
    let kind = one_of(mode, "type", "mode.type", &MODES)?;
    typed(
        mode,
        "outputLocale",
        "mode.outputLocale",
        "a text",
        Value::is_string,
    )?;
    typed(
        mode,
        "factGenerationInterval",
        "mode.factGenerationInterval",
        "a number",
        Value::is_number,
    )?;
    if configuration.contains_key("retentionPolicy") {
        one_of(
            configuration,
            "retentionPolicy",
            "retentionPolicy",
            &POLICIES,
        )?;
    }
    Ok(Config {
        facts: kind == "facts",
        diarized: switches.contains(&true),
        channel,
        ..PLAIN
    })
}

fn transcribe(configuration: &Map<String, Value>) -> Result<Config, Fault> {
    language(configuration, "primaryLanguage")?;
    flag(configuration, "spokenPunctuation")?;
    flag(configuration, "automaticPunctuation")?;
    typed(
        configuration,
        "commands",
        "commands",
        "a list",
        Value::is_array,
    )?;
    typed(
        configuration,
        "formatting",
        "formatting",
        "an object",
        Value::is_object,
    )?;
    let interim = flag(configuration, "interimResults")?;
    Ok(Config { interim, ..PLAIN })
}

/// What both sockets know.
fn shared(configuration: &Map<String, Value>) -> Result<(), Fault> {
    typed(
        configuration,
        "audioEvents",
        "audioEvents",
        "an object",
        Value::is_object,
    )?;
    typed(
        configuration,
        "replacements",
        "replacements",
        "a list",
        Value::is_array,
    )?;
    let is_list = |value: &Value| value.is_object() || value.is_array();
    typed(configuration, "keyterms", "keyterms", "an object", is_list)?;
    match configuration.get("audioFormat") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(format)) if is_sound(format) => Ok(()),
        Some(_) => Err(Fault::AudioFormat),
    }
}

/// Whether it is a media type of sound, or of a film with sound; the vendor's own list is not known.
fn is_sound(format: &str) -> bool {
    let media_type = format.split(';').next().unwrap_or_default().trim();
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-.+_".contains(&byte))
    };
    media_type
        .split_once('/')
        .is_some_and(|(kind, of)| ["audio", "video"].contains(&kind) && is_word(of))
}

/// The channel of the first participant.
fn participants(transcription: &Map<String, Value>) -> Result<i64, Fault> {
    let member = |rest: &str| Fault::Member(format!("transcription.participants {rest}"));
    let Some(Value::Array(list)) = transcription.get("participants") else {
        return Err(member("must be a list"));
    };
    let mut channels = Vec::with_capacity(list.len());
    for participant in list {
        let participant = participant
            .as_object()
            .ok_or_else(|| member("must hold objects"))?;
        let channel = participant.get("channel").and_then(Value::as_i64);
        channels.push(channel.ok_or_else(|| member("need a channel, a whole number"))?);
        one_of(
            participant,
            "role",
            "transcription.participants.role",
            &ROLES,
        )?;
    }
    channels
        .first()
        .copied()
        .ok_or_else(|| member("must not be empty"))
}

fn object<'a>(
    of: &'a Map<String, Value>,
    name: &str,
    path: &str,
) -> Result<&'a Map<String, Value>, Fault> {
    let found = of.get(name).and_then(Value::as_object);
    found.ok_or_else(|| Fault::Member(format!("{path} must be an object")))
}

fn language(of: &Map<String, Value>, path: &str) -> Result<(), Fault> {
    let found = of.get("primaryLanguage").and_then(Value::as_str);
    match found {
        Some(text) if !text.is_empty() => Ok(()),
        _ => Err(Fault::Member(format!("{path} must be a language"))),
    }
}

fn one_of<'a>(
    of: &'a Map<String, Value>,
    name: &str,
    path: &str,
    words: &[&str],
) -> Result<&'a str, Fault> {
    let found = of.get(name).and_then(Value::as_str);
    found
        .filter(|word| words.contains(word))
        .ok_or_else(|| Fault::Member(format!("{path} must be one of {}", words.join(", "))))
}

fn flag(of: &Map<String, Value>, name: &str) -> Result<bool, Fault> {
    typed(of, name, name, "true or false", Value::is_boolean)?;
    Ok(of.get(name) == Some(&Value::Bool(true)))
}

/// Checks the type of a member that may be left out or null.
fn typed(
    of: &Map<String, Value>,
    name: &str,
    path: &str,
    what: &str,
    is: impl Fn(&Value) -> bool,
) -> Result<(), Fault> {
    match of.get(name) {
        Some(value) if !value.is_null() && !is(value) => {
            Err(Fault::Member(format!("{path} must be {what}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(kind: Kind, configuration: &Value) -> Result<Config, Fault> {
        let message = json!({ "type": "config", "configuration": configuration });
        Config::read(kind, message.as_object().expect("an object"))
    }

    fn stream() -> Value {
        json!({
            "transcription": {"primaryLanguage": "en", "participants": [{"channel": 1, "role": "doctor"}]},
            "mode": {"type": "facts"},
        })
    }

    /// Puts `value` at `path` of a good configuration and reads it.
    fn check(kind: Kind, path: &str, value: Value, fault: &str) {
        let mut configuration = match kind {
            Kind::Streams => stream(),
            Kind::Transcribe => json!({"primaryLanguage": "en"}),
        };
        *configuration.pointer_mut(path).unwrap_or(&mut Value::Null) = value.clone();
        if configuration.pointer(path) != Some(&value) {
            configuration[&path[1..]] = value;
        }
        let reason = read(kind, &configuration).map_err(|fault| fault.reason().to_owned());
        let reason = reason.err().unwrap_or_default();
        assert!(
            reason.starts_with(fault) && reason.is_empty() == fault.is_empty(),
            "{path}: {reason:?}"
        );
    }

    #[test]
    fn a_configuration_of_streams() {
        let good = read(Kind::Streams, &stream()).expect("it is good");
        assert_eq!((good.facts, good.channel, good.diarized), (true, 1, false));
        let s = Kind::Streams;
        check(s, "/mode/type", json!("transcription"), "");
        check(s, "/mode/type", json!("both"), "mode.type");
        check(s, "/mode", Value::Null, "mode must");
        check(s, "/transcription", json!([]), "transcription must");
        check(
            s,
            "/transcription/primaryLanguage",
            json!(""),
            "transcription.primaryLanguage",
        );
        check(
            s,
            "/transcription/participants",
            json!([]),
            "transcription.participants must not be empty",
        );
        check(
            s,
            "/transcription/participants",
            json!({}),
            "transcription.participants must be a list",
        );
        check(
            s,
            "/transcription/participants/0/role",
            json!("nurse"),
            "transcription.participants.role",
        );
        check(
            s,
            "/transcription/participants/0/channel",
            json!("0"),
            "transcription.participants need",
        );
        check(s, "/retentionPolicy", json!("none"), "");
        check(s, "/retentionPolicy", json!("forever"), "retentionPolicy");
        check(s, "/audioFormat", json!("audio/webm; codecs=opus"), "");
        check(s, "/audioFormat", json!("invalid"), "audioFormat");
        check(s, "/audioFormat", json!(1), "audioFormat");
        check(s, "/audioFormat", json!("text/plain"), "audioFormat");
        check(s, "/keyterms", json!(1), "keyterms");
        check(s, "/whatever", json!(1), "");
    }

    #[test]
    fn a_configuration_of_transcribe() {
        let t = Kind::Transcribe;
        check(t, "/primaryLanguage", json!("da"), "");
        check(t, "/primaryLanguage", json!(1), "primaryLanguage");
        check(t, "/interimResults", json!(true), "");
        check(t, "/interimResults", json!("true"), "interimResults");
        check(t, "/commands", json!({}), "commands");
        check(t, "/formatting", json!([]), "formatting");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn no_member_of_any_type_makes_it_panic(text in "(\\{|\\}|\\[|\\]|,|:|\"configuration\"|\"mode\"|\"type\"|1|null|true){0,30}") {
            if let Ok(Value::Object(message)) = serde_json::from_str(&text) {
                let _ = Config::read(Kind::Streams, &message);
                let _ = Config::read(Kind::Transcribe, &message);
            }
        }
    }
}
