//! Whatever was seen, the file of a run gives it back, and the same verdicts with it.

use locum_core::requirement::Judge;
use locum_core::{
    Denial, DenialKind, Entry, Handshake, HandshakeResult, Outcome, RequirementId, Timestamp,
    TokenId,
};
use proptest::prelude::*;

use super::*;
use crate::catalogue::Supplied;
use crate::evidence::{
    CallVariation, ChangeVariation, Cut, LoginVariation, Message, Moment, Opcode, Operation, Other,
    RequestLine, Side, SignInVariation, SignedVariation, SocketVariation, Variation, WeakPassword,
};
use crate::measurement::{Answer, Measurement, Probe, Unit};
use crate::rules;
use crate::rules::testing::Log;
use crate::subject::{
    ClientCommand, ClientGone, ClientReply, ClockSelection, Departure, OutputStream,
};
use crate::testing::fixed;

fn one_of<T: Clone + std::fmt::Debug + 'static>(values: &[T]) -> impl Strategy<Value = T> + use<T> {
    proptest::sample::select(values.to_vec())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,12}",
        Just("{\"type\":\"request\"}".to_owned())
    ]
}

/// Numbers as the harness writes them: with no more digits than JSON carries through exactly.
fn number() -> impl Strategy<Value = f64> {
    (-1_000_000_000_i32..1_000_000_000).prop_map(|thousandths| f64::from(thousandths) / 1000.0)
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        number().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            object(inner).prop_map(Value::from),
        ]
    })
}

fn object(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    proptest::collection::vec((text(), values), 0..3).prop_map(|pairs| pairs.into_iter().collect())
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::vec((text(), text()), 0..3)
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000_000).prop_map(Timestamp::from_millis)
}

fn variation() -> impl Strategy<Value = Variation> {
    prop_oneof![
        Just(Variation::Documented),
        text().prop_map(|name| Variation::Login(LoginVariation::Without(name))),
        (text(), text())
            .prop_map(|(name, value)| Variation::Login(LoginVariation::With(name, value))),
        Just(Variation::Login(LoginVariation::SecretIn(Vec::new()))),
        Just(Variation::Call(CallVariation::NoToken)),
        (text(), text())
            .prop_map(|(name, value)| Variation::Call(CallVariation::Query(name, value))),
        one_of(SocketVariation::ALL).prop_map(Variation::Socket),
        one_of(SignInVariation::ALL).prop_map(Variation::SignIn),
        one_of(SignedVariation::ALL).prop_map(Variation::Signed),
        one_of(&Supplied::all().collect::<Vec<_>>()).prop_map(Variation::Account),
        one_of(&[Other::Client, Other::Tenant, Other::User]).prop_map(Variation::By),
        Just(Variation::ByOtherTenantNamingTheOwners),
        Just(Variation::Of(Other::Tenant)),
        Just(Variation::Again),
        Just(Variation::AfterRevocation),
        (
            any::<usize>(),
            one_of(&[Moment::Before, Moment::After, Moment::AsSession])
        )
            .prop_map(|(number, moment)| Variation::Token(number, moment)),
        Just(Variation::WrongPresentPassword),
        one_of(WeakPassword::ALL).prop_map(Variation::Weak),
        one_of(ChangeVariation::ALL).prop_map(Variation::Change),
    ]
}

fn request() -> impl Strategy<Value = Event> {
    let operation = one_of(&[
        Operation::Login,
        Operation::Call,
        Operation::SendForm,
        Operation::SignIn,
        Operation::OpenSocket,
        Operation::RevokeRefreshToken,
    ]);
    let endpoint = proptest::option::of(text());
    let line = (text(), text(), headers(), text());
    (operation, endpoint, variation(), line).prop_map(
        |(operation, endpoint, variation, (method, target, headers, body))| Event::Request {
            operation,
            endpoint,
            variation,
            request: RequestLine {
                method,
                target,
                headers,
                body,
            },
        },
    )
}

/// What refers to a request: any record of the first few.
fn outcome() -> impl Strategy<Value = Event> {
    let id = || (1_u64..6).prop_map(RecordId::read);
    prop_oneof![
        (id(), any::<u16>(), headers(), text()).prop_map(|(request, status, headers, body)| {
            Event::Reply {
                request,
                reply: Message {
                    status,
                    headers,
                    body,
                },
            }
        }),
        (id(), text(), json(), json()).prop_map(|(request, member, header, claims)| Event::Jwt {
            request,
            member,
            header,
            claims,
        }),
        (
            id(),
            one_of(&[
                Cut::NoConnection,
                Cut::Closed,
                Cut::Timeout,
                Cut::NotHttp,
                Cut::NotSent
            ]),
            text()
        )
            .prop_map(|(request, kind, why)| Event::Cut { request, kind, why }),
        (
            id(),
            one_of(&[Side::Harness, Side::Vendor]),
            one_of(&[
                Opcode::Text,
                Opcode::Binary,
                Opcode::Close,
                Opcode::Eof,
                Opcode::Silence
            ]),
            text()
        )
            .prop_map(|(request, from, opcode, text)| Event::Frame {
                request,
                from,
                opcode,
                text
            }),
    ]
}

fn command() -> impl Strategy<Value = ClientCommand> {
    let limit = || proptest::option::of(any::<u64>());
    prop_oneof![
        (text(), text()).prop_map(|(proto, vendor)| ClientCommand::Hello { proto, vendor }),
        (text(), text(), object(json())).prop_map(|(client, vendor, config)| ClientCommand::New {
            client,
            vendor,
            config
        }),
        (
            text(),
            text(),
            headers(),
            proptest::option::of(text()),
            limit()
        )
            .prop_map(
                |(client, path, headers, body, timeout_ms)| ClientCommand::Call {
                    client,
                    method: "GET".to_owned(),
                    path,
                    headers: headers.into_iter().collect(),
                    body,
                    body_kind: None,
                    timeout_ms,
                }
            ),
        (text(), text(), limit()).prop_map(|(client, path, timeout_ms)| ClientCommand::List {
            client,
            path,
            timeout_ms
        }),
        text().prop_map(|client| ClientCommand::Revoke { client }),
        (text(), number()).prop_map(|(client, offset_s)| ClientCommand::Clock {
            client,
            offset_s,
            which: ClockSelection::Both,
        }),
        any::<u64>().prop_map(|target| ClientCommand::Cancel { target }),
        (text(), text(), limit()).prop_map(|(client, url, timeout_ms)| ClientCommand::WsOpen {
            client,
            url,
            timeout_ms
        }),
    ]
}

fn of_a_client() -> impl Strategy<Value = Event> {
    let reply = (
        proptest::option::of(any::<bool>()),
        proptest::option::of(any::<u16>()),
        proptest::option::of(text()),
        proptest::option::of(text()),
    )
        .prop_map(|(ok, status, error, ws)| ClientReply {
            ok,
            status,
            error,
            ws,
            ..ClientReply::default()
        });
    let departures = [
        Departure::NotStarted,
        Departure::Crashed,
        Departure::HungUp,
        Departure::NoReply,
        Departure::Ended,
    ];
    prop_oneof![
        (any::<u64>(), command()).prop_map(|(id, message)| Event::Ask { id, message }),
        (any::<u64>(), reply).prop_map(|(id, message)| Event::Answer { id, message }),
        (any::<u64>(), one_of(&departures), text()).prop_map(|(id, kind, why)| Event::Gone {
            id,
            gone: ClientGone { kind, why },
        }),
        entry().prop_map(|entry| Event::Entry {
            entry: Box::new(entry)
        }),
        (text(), entry()).prop_map(|(place, entry)| Event::Elsewhere {
            place,
            entry: Box::new(entry)
        }),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    let outcome = proptest::option::of(one_of(&[
        Outcome::Granted,
        Outcome::Admitted,
        Outcome::Denied,
        Outcome::Faulted,
    ]));
    (
        text(),
        headers(),
        time(),
        outcome,
        proptest::option::of(text()),
        object(json()),
    )
        .prop_map(|(target, headers, arrived, outcome, body, notes)| {
            let mut entry: Entry = serde_json::from_value(json!({
                "id": 7, "connection": 1, "vendor": VENDOR, "endpoint": "token",
                "arrived": arrived, "method": "POST", "target": target, "headers": headers
            }))
            .expect("an entry");
            entry.denial = body
                .as_ref()
                .map(|_| Denial::new(DenialKind::Expired, "expired"));
            entry.body = body;
            entry.presented = outcome.map(|_| TokenId(3));
            entry.outcome = outcome;
            entry.notes = notes;
            entry
        })
}

fn event() -> impl Strategy<Value = Event> {
    let streams = [OutputStream::Stdout, OutputStream::Stderr];
    prop_oneof![
        3 => request(),
        3 => outcome(),
        3 => of_a_client(),
        1 => (text(), json()).prop_map(|(call, body)| Event::Control { call, body }),
        1 => text().prop_map(|what| Event::Limitation { what }),
        1 => proptest::collection::vec(text(), 0..3)
            .prop_map(|variables| Event::Account { variables }),
        1 => (one_of(&streams), text()).prop_map(|(stream, text)| Event::Output { stream, text }),
        1 => time().prop_map(|at| Event::Started { at }),
        1 => (any::<[u32; 3]>(), any::<bool>(), 0..9_usize).prop_map(|(n, flag, count)| Event::Probe {
            probe: Probe {
                raw: n[0].into(),
                wait_ms: n[1].into(),
                settle_ms: n[2].into(),
                turned_s: n[2].into(),
                brief_credentials: flag,
            },
            answer: Answer {
                token_requests: count,
                gap_ms: n[2].into(),
            },
        }),
        1 => (any::<[bool; 3]>(), any::<[u32; 3]>(), one_of(&UNITS), text()).prop_map(
            |(flags, n, unit, note)| Event::Measurement {
                measurement: Measurement {
                    cached: flags[0],
                    unit,
                    lo: n[0].into(),
                    hi: n[1].into(),
                    share: flags[1].then_some((0.25, 0.5)),
                    background: flags[2],
                    note: flags[1].then_some(note),
                    assumed_s: None,
                    kept_lives: flags[2].then_some(2.5),
                    longest: n[2].into(),
                },
            },
        ),
        1 => Just(Event::OutputHeard),
        1 => (any::<u64>(), time(), text(), any::<bool>()).prop_map(|(id, ended, text, flag)| {
            let handshake = Box::new(Handshake {
                id,
                ended,
                certificate: text.clone(),
                server_name: flag.then(|| text.clone()),
                result: match flag {
                    true => HandshakeResult::Ok,
                    false => HandshakeResult::WentOn,
                },
                detail: (!flag).then_some(text),
                requests: id,
            });
            Event::Tls { handshake }
        }),
    ]
}

fn evidence() -> impl Strategy<Value = Evidence> {
    proptest::collection::vec((any::<u64>(), event()), 0..9).prop_map(|events| {
        let mut evidence = Evidence::default();
        for (t_ms, event) in events {
            evidence.push(t_ms, event);
        }
        evidence
    })
}

/// A vendor for whom the catalogue has rows of both sides.
const VENDOR: &str = "corti";

const UNITS: [Unit; 4] = [Unit::Ms, Unit::S, Unit::None, Unit::Unknown];

fn scenario() -> impl Strategy<Value = Scenario> {
    let ending = prop_oneof![
        Just(Ending::Ran),
        text().prop_map(Ending::NotApplicable),
        text().prop_map(Ending::Broken),
        Just(Ending::NotReached),
        text().prop_map(Ending::LeftOut),
        text().prop_map(Ending::GivenUp),
    ];
    let judge = one_of(&[Judge::Vendor, Judge::Client]);
    (text(), judge, any::<u64>(), ending, headers(), evidence()).prop_map(
        |(title, judge, seed, ending, urls, evidence)| Scenario {
            key: String::new(),
            title,
            vendor: VENDOR.to_owned(),
            judge,
            ids: rules::all()
                .filter(|rule| rule.side == judge)
                .map(|rule| RequirementId(rule.id.to_owned()))
                .collect(),
            seed,
            urls: urls.into_iter().collect(),
            ending,
            evidence,
        },
    )
}

proptest! {
    #![proptest_config(fixed(24))]

    #[test]
    fn what_was_written_is_read_back_and_judged_the_same(
        mut scenarios in proptest::collection::vec(scenario(), 0..4)
    ) {
        for (at, scenario) in scenarios.iter_mut().enumerate() {
            scenario.key = format!("scenario-{at}");
        }
        let mut run = crate::report::testing::report().run;
        run.vendors = vec![VENDOR.to_owned()];
        run.judges = vec![Judge::Vendor, Judge::Client];
        let mut profile = Log::with_tenants().profile().clone();
        profile.vendor = VENDOR.to_owned();
        let first = Report::judge(run, &[profile.clone()], scenarios);
        prop_assert!(first.verdicts.len() > 50);
        let written = super::text(&first);
        let (run, scenarios) = read(&written).expect("it was written by us");
        prop_assert_eq!(&run, &first.run);
        prop_assert_eq!(&scenarios, &first.scenarios);
        let second = Report::judge(run, &[profile], scenarios);
        prop_assert_eq!(&second.verdicts, &first.verdicts);
        prop_assert_eq!(second.exit_code, first.exit_code);
        prop_assert_eq!(super::text(&second), written);
    }
}
