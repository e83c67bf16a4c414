//! `locum mcp` as an assistant speaks to it: JSON-RPC, a message a line (Model Context Protocol,
//! stdio transport).

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use super::command;
use super::served::{Served, send};

struct Assistant {
    program: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    id: u64,
}

impl Assistant {
    fn of(url: &str) -> Self {
        let mut program = command(&["mcp"])
            .env("LOCUM_URL", url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let stdin = program.stdin.take().expect("a pipe");
        let stdout = BufReader::new(program.stdout.take().expect("a pipe"));
        let mut assistant = Self {
            program,
            stdin,
            stdout,
            id: 0,
        };
        let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "a test", "version": "1"}});
        let answer = assistant.ask("initialize", &hello);
        assert_eq!(answer["result"]["serverInfo"]["name"], "locum", "{answer}");
        assistant.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        assistant
    }

    fn say(&mut self, message: &Value) {
        writeln!(self.stdin, "{message}").expect("it reads");
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.id += 1;
        let id = self.id;
        self.say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("it answers");
        let answer: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// What a tool answers, and whether that is an error.
    fn call(&mut self, name: &str, arguments: &Value) -> (String, bool) {
        let params = json!({"name": name, "arguments": arguments});
        let answer = self.ask("tools/call", &params);
        let result = &answer["result"];
        let text = result["content"][0]["text"].as_str();
        let text = text.unwrap_or_else(|| panic!("{answer}")).to_owned();
        (text, result["isError"] == true)
    }

    fn end(self) -> Option<i32> {
        drop(self.stdin);
        let mut program = self.program;
        program.wait().expect("it ends").code()
    }
}

#[test]
fn an_assistant_sees_what_a_client_does_wrong() {
    let served = Served::start(&[]);
    let mut assistant = Assistant::of(&format!("http://{}", served.address));
    let listed = assistant.ask("tools/list", &json!({}));
    let tools = listed["result"]["tools"].as_array().expect("a list");
    for tool in tools {
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
        assert!(tool["description"].is_string(), "{tool}");
    }
    let (nothing, _) = assistant.call("exchanges", &json!({}));
    assert_eq!(nothing, "no request has arrived yet\n");
    let line = "GET /pattern/api/v1/groups/none/members";
    let reply = send(&served.address, line, "Authorization: Bearer wrong\r\n", "");
    assert!(reply.starts_with("HTTP/1.1 401"), "{reply}");
    let (lines, is_error) = assistant.call("exchanges", &json!({"refused": true}));
    assert!(!is_error && lines.contains("401 pattern"), "{lines}");
    let (whole, is_error) = assistant.call("exchange", &json!({"id": 1}));
    assert!(!is_error && whole.contains("\"denied\""), "{whole}");
    let (token, is_error) = assistant.call("mint_token", &json!({"vendor": "pattern"}));
    let token: Value = serde_json::from_str(&token).expect("JSON");
    assert!(!is_error && token["value"].is_string(), "{token}");
    let (clock, is_error) = assistant.call("turn_clock", &json!({"advance_s": 60}));
    assert!(!is_error && clock.contains("now"), "{clock}");
    let (sentence, _) = assistant.call("explain", &json!({"id": "EXP-03"}));
    assert!(sentence.starts_with("EXP-03"), "{sentence}");
    let (environment, is_error) = assistant.call(
        "environment",
        &json!({"vendor": "pattern", "format": "dotenv"}),
    );
    assert!(
        !is_error && environment.contains("LOCUM_TOKEN_URL="),
        "{environment}"
    );
    let (verdicts, is_error) = assistant.call("verdicts", &json!({"vendor": "pattern"}));
    assert!(!is_error && verdicts.contains("pattern"), "{verdicts}");
    assert_eq!(assistant.end(), Some(0));
}

#[test]
fn what_cannot_be_done_is_told_to_the_assistant() {
    let served = Served::start(&[]);
    let mut assistant = Assistant::of(&format!("http://{}", served.address));
    for (tool, arguments, why) in [
        ("exchange", json!({"id": "x"}), "`id` is a number"),
        ("exchange", json!({"id": 7}), "no entry"),
        ("clock", json!({"advance_s": 1}), "takes no `advance_s`"),
        (
            "turn_clock",
            json!({"advance": 1}),
            "did you mean `advance_s`",
        ),
        ("explain", json!({"id": "EXP-99"}), "no requirement"),
        (
            "exchanges",
            json!({"vendors": "x"}),
            "unknown field `vendors`",
        ),
    ] {
        let (text, is_error) = assistant.call(tool, &arguments);
        assert!(is_error && text.contains(why), "{tool} {arguments}: {text}");
    }
    let params = json!({"name": "nothing", "arguments": {}});
    let answer = assistant.ask("tools/call", &params);
    assert!(answer["error"]["message"].is_string(), "{answer}");
    assert_eq!(served.terminate().code(), Some(0));
    let (text, is_error) = assistant.call("vendors", &json!({}));
    assert!(
        is_error && text.contains("start one with `locum serve`"),
        "{text}"
    );
    assert_eq!(assistant.end(), Some(0));
}
