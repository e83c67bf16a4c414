//! Seeded people, tasks and measurements of one group: invented, and the same for one seed.

use std::sync::Arc;
use std::time::Duration;

use locum_core::{Timestamp, weight};
use locum_server::memory::{Account, Bounded, Charge};
use locum_server::principal::uuid;
use rand::RngExt;
use serde_json::{Value, json};

/// How many there are: more than one page of 200.
const MEMBERS: usize = 202;
const TASKS: usize = 60;
const MEASUREMENTS: usize = 60;

/// How many bytes of members a stage keeps; the oldest fall out first.
const MAX_MEMBER_BYTES: usize = 4 << 20;

/// The data of a stage.
#[derive(Debug)]
pub(super) struct Data {
    /// Users as the member pages show them.
    pub(super) members: Bounded<usize, Value>,
    added: usize,
    /// Tasks as the task pages show them.
    pub(super) tasks: Vec<Value>,
    /// Measurements as the list shows them.
    pub(super) measurements: Vec<Value>,
    _charge: Charge,
}

const FIRST: [&str; 8] = [
    "Ada", "Ben", "Chloé", "Deniz", "Elif", "Femi", "Grete", "Hugo",
];
const LAST: [&str; 8] = [
    "Acheampong",
    "Brandt",
    "Castillo",
    "Dubois",
    "Eriksen",
    "Fujita",
    "García",
    "Haas",
];
/// get_group_members: the values of `gender`.
pub(super) const GENDERS: [&str; 4] = ["male", "female", "other", "preferNotToSay"];
/// get_tasks: the values of `status`.
pub(super) const STATUSES: [&str; 6] = [
    "notStarted",
    "inProgress",
    "failed",
    "completed",
    "refused",
    "expired",
];

impl Data {
    /// Draws the data.
    pub(super) fn seeded(rng: &mut dyn rand::Rng, now: Timestamp, memory: &Arc<Account>) -> Self {
        let group = uuid(rng);
        let seeded: Vec<Value> = (0..MEMBERS).map(|at| member(rng, &group, at)).collect();
        let tasks: Vec<Value> = (0..TASKS)
            .map(|at| task(rng, &group, &seeded[at % MEMBERS], now, at))
            .collect();
        let measurements: Vec<Value> = (0..MEASUREMENTS)
            .map(|at| measurement(&tasks[at % TASKS], now, at))
            .collect();
        let lists = tasks.iter().chain(&measurements).map(weight::json);
        let mut charge = Charge::on(memory);
        charge.set(lists.sum());
        let mut data = Self {
            members: Bounded::new(MAX_MEMBER_BYTES, memory),
            added: 0,
            tasks,
            measurements,
            _charge: charge,
        };
        for member in seeded {
            data.register(member);
        }
        data
    }

    /// Adds a member.
    pub(super) fn register(&mut self, member: Value) {
        let heap = weight::json(&member);
        self.members.insert(self.added, member, heap);
        self.added += 1;
    }
}

fn pick<'a>(rng: &mut dyn rand::Rng, from: &[&'a str]) -> &'a str {
    from[rng.random_range(0..from.len())]
}

fn member(rng: &mut dyn rand::Rng, group: &str, at: usize) -> Value {
    let (first, last) = (pick(rng, &FIRST), pick(rng, &LAST));
    let id = uuid(rng);
    json!({
        "href": format!("/api/v1/groups/{group}/members/{id}"),
        "group": group_link(group),
        "user": {
            "birthDate": format!("19{:02}-0{}-1{}", 40 + at % 60, 1 + at % 9, at % 10),
            "email": format!("member{at}@example.com"),
            "firstName": first,
            "lastName": last,
            "gender": pick(rng, &GENDERS),
            "locale": "en-US",
            "mobileNumber": format!("+1919555{at:04}"),
            "timeZone": "America/New_York",
            "uuid": id,
        },
        "plan": {"href": "/api/v1/plans/1", "title": "Recovery plan"},
        "planSettings": {},
        "attributes": {"site": if at.is_multiple_of(2) { "north" } else { "south" }},
        "tags": [if at.is_multiple_of(3) { "cohort-a" } else { "cohort-b" }],
        "enrollmentDate": format!("2026-0{}-1{}", 1 + at % 9, at % 10),
    })
}

fn group_link(group: &str) -> Value {
    json!({"href": format!("/api/v1/groups/{group}"), "title": "Cardiac recovery"})
}

fn member_link(member: &Value) -> Value {
    let name = |part: &str| member["user"][part].as_str().unwrap_or_default().to_owned();
    json!({"href": member["href"], "title": format!("{} {}", name("firstName"), name("lastName"))})
}

fn task(rng: &mut dyn rand::Rng, group: &str, member: &Value, now: Timestamp, at: usize) -> Value {
    let id = uuid(rng);
    let start = now.minus(Duration::from_secs(86_400 * (at as u64 + 1)));
    json!({
        "uuid": id,
        "href": format!("/api/v1/groups/{group}/tasks/{id}"),
        "activityUuid": uuid(rng),
        "group": group_link(group),
        "member": member_link(member),
        "startTime": start.rfc3339(),
        "endTime": start.plus(Duration::from_secs(3600)).rfc3339(),
        "adHoc": false,
        "status": STATUSES[at % STATUSES.len()],
        "type": if at.is_multiple_of(2) { "checkBG" } else { "walkSteps" },
        "progress": f64::from(u32::try_from(at % 5).unwrap_or(0)) / 4.0,
        "title": "Daily task",
        "taskDate": &start.rfc3339()[..10],
        "measurements": [],
    })
}

/// A value, or each fifth time the answer to a question of a survey.
fn measurement(task: &Value, now: Timestamp, at: usize) -> Value {
    let start = now.minus(Duration::from_secs(3600 * (at as u64 + 1)));
    if at % 5 == 4 {
        return json!({
            "startTime": start.rfc3339(),
            "endTime": start.rfc3339(),
            "type": "surveyAnswer",
            "member": task["member"],
            "sourceName": "survey",
            "value": "{\"answer\":1}",
            "json": true,
            "surveyQuestionId": format!("q{}", at % 3),
            "survey": {"href": "/api/v1/surveys/1", "title": "Weekly questions"},
            "taskUuid": task["uuid"],
        });
    }
    json!({
        "startTime": start.rfc3339(),
        "endTime": start.rfc3339(),
        "type": if at.is_multiple_of(2) { "bloodGlucose" } else { "steps" },
        "member": task["member"],
        "sourceName": "device",
        "value": 100 + at,
        "unit": if at.is_multiple_of(2) { "mg/dL" } else { "count" },
        "taskUuid": task["uuid"],
    })
}
