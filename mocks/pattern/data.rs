//! Seeded people, tasks and measurements of one group and of another below it: invented, and the same for one seed.

use std::collections::HashMap;
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
/// How many of each the subgroup has besides.
const BELOW: usize = 6;

/// How many bytes of members a stage keeps; the oldest fall out first.
const MAX_MEMBER_BYTES: usize = 4 << 20;

/// Where groups hang.
const GROUPS: &str = "/api/v1/groups/";

/// The data of a stage.
#[derive(Debug)]
pub(super) struct Data {
    /// Users as the member pages show them.
    members: Bounded<usize, Value>,
    /// Their places, by their UUIDs.
    places: HashMap<String, usize>,
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

/// get_tasks: the values of `type`.
pub(super) const TYPES: [&str; 28] = [
    "checkBG",
    "checkBP",
    "checkHR",
    "checkSpO2",
    "checkTacrolimusLevel",
    "checkWeight",
    "completeChecklist",
    "completeMission",
    "doMultipleExercises",
    "exercise",
    "logAfibEpisode",
    "logFeeding",
    "logFood",
    "meditate",
    "recordFluidIntake",
    "recordJournalEntry",
    "recordSleep",
    "register",
    "setUpPayment",
    "signDocument",
    "takeECG",
    "takeMeds",
    "takeMultipleMeds",
    "takeSurvey",
    "takeTemperature",
    "verifyPhoneNumber",
    "viewContent",
    "walkSteps",
];

impl Data {
    /// Draws the data.
    pub(super) fn seeded(
        rng: &mut dyn rand::Rng,
        subgroup: &str,
        now: Timestamp,
        memory: &Arc<Account>,
    ) -> Self {
        let group = group_link(&uuid(rng));
        let mut seeded: Vec<Value> = (0..MEMBERS).map(|at| member(rng, &group, at)).collect();
        let mut tasks: Vec<Value> = (0..TASKS)
            .map(|at| task(rng, &group, &seeded[at % MEMBERS], now, at))
            .collect();
        let mut measurements: Vec<Value> = (0..MEASUREMENTS)
            .map(|at| measurement(&tasks[at % TASKS], now, at))
            .collect();
        let below = subgroup_link(subgroup);
        for at in 0..BELOW {
            let member = member(rng, &below, MEMBERS + at);
            let task = task(rng, &below, &member, now, at);
            measurements.push(measurement(&task, now, at));
            tasks.push(task);
            seeded.push(member);
        }
        let lists = tasks.iter().chain(&measurements).map(weight::json);
        let mut charge = Charge::on(memory);
        charge.set(lists.sum());
        let mut data = Self {
            members: Bounded::new(MAX_MEMBER_BYTES, memory),
            places: HashMap::new(),
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

    /// The members in order of registration.
    pub(super) fn members(&self) -> impl Iterator<Item = &Value> {
        self.members.values()
    }

    /// The member with this UUID.
    pub(super) fn member(&self, uuid: &str) -> Option<&Value> {
        self.members.get(self.places.get(uuid)?)
    }

    /// Adds a member.
    pub(super) fn register(&mut self, member: Value) {
        let place = weight::text(uuid_of(&member)) + 2 * size_of::<(String, usize)>();
        let heap = weight::json(&member) + place;
        self.places.insert(uuid_of(&member).to_owned(), self.added);
        for gone in self.members.insert(self.added, member, heap) {
            self.places.remove(uuid_of(&gone));
        }
        self.added += 1;
    }
}

fn uuid_of(member: &Value) -> &str {
    member["user"]["uuid"].as_str().unwrap_or_default()
}

fn pick<'a>(rng: &mut dyn rand::Rng, from: &[&'a str]) -> &'a str {
    from[rng.random_range(0..from.len())]
}

fn member(rng: &mut dyn rand::Rng, group: &Value, at: usize) -> Value {
    let (first, last) = (pick(rng, &FIRST), pick(rng, &LAST));
    let id = uuid(rng);
    json!({
        "href": below(group, "members", &id),
        "group": group,
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

/// The link to the group.
pub(super) fn group_link(group: &str) -> Value {
    json!({"href": format!("{GROUPS}{group}"), "title": "Cardiac recovery"})
}

/// The link to the group below it.
pub(super) fn subgroup_link(group: &str) -> Value {
    json!({"href": format!("{GROUPS}{group}"), "title": "Cardiac recovery, walking"})
}

/// The path of one item of a list below a group.
fn below(group: &Value, list: &str, id: &str) -> String {
    format!("{}/{list}/{id}", group["href"].as_str().unwrap_or_default())
}

/// The UUID of the group that a member, a task or a measurement belongs to.
pub(super) fn group_of(item: &Value) -> &str {
    let link = item.get("group").or_else(|| item.get("member"));
    let href = link.and_then(|link| link["href"].as_str());
    let below = href.and_then(|href| href.strip_prefix(GROUPS));
    let group = below.and_then(|below| below.split('/').next());
    group.unwrap_or_default()
}

fn member_link(member: &Value) -> Value {
    let name = |part: &str| member["user"][part].as_str().unwrap_or_default().to_owned();
    json!({"href": member["href"], "title": format!("{} {}", name("firstName"), name("lastName"))})
}

fn task(
    rng: &mut dyn rand::Rng,
    group: &Value,
    member: &Value,
    now: Timestamp,
    at: usize,
) -> Value {
    let id = uuid(rng);
    let start = now.minus(Duration::from_secs(86_400 * (at as u64 + 1)));
    json!({
        "uuid": id,
        "href": below(group, "tasks", &id),
        "activityUuid": uuid(rng),
        "group": group,
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
