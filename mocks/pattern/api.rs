//! Groups: members, tasks, measurements.

use std::ops::RangeInclusive;
use std::time::Duration;

use locum_core::{Denial, DenialKind};
use locum_server::guard::bearer::{self, BearerPolicy};
use locum_server::{Admitted, Form, Mock, Reply, Request, principal};
use serde_json::{Map, Value, json};

use super::data::{GENDERS, STATUSES, TYPES, group_link, group_of, subgroup_link};
use super::page::{Window, invalid, one_of, text};
use super::{Client, State, token};

/// "The access_token value should be used as a Bearer token in Authorization headers for all
/// subsequent requests."
pub(super) async fn guard(mock: &Mock, request: &Request) -> Result<Admitted, Denial> {
    let policy = BearerPolicy {
        extra_spaces: true,
        ..BearerPolicy::default()
    }; // RFC 9110 section 11.4: 1*SP
    let form_token = request.is_form() && request.form().first("access_token").is_some();
    let elsewhere = form_token || request.query().first("access_token").is_some();
    if elsewhere && request.headers.contains_key("authorization") {
        return Err(Denial::new(DenialKind::Repeated, "token_twice")
            .expected("the token in the Authorization header alone"));
    }
    let admitted = bearer::admit(mock, request, policy, |_| Ok(())).await?;
    let state = mock.state::<State>();
    let (limit, minute) = (mock.setting_u64("rate_limit"), Duration::from_secs(60)); // the setting's own unit
    state
        .arrivals
        .admit(&admitted.token.principal, limit, minute, mock.now())
        .map_err(|wait| token::too_many(mock, wait))?;
    Ok(admitted)
}

/// "insufficient permissions can also result in a 404".
fn permitted(mock: &Mock, request: &Request, admitted: &Admitted) -> Result<(), Denial> {
    let state = mock.state::<State>();
    let group = request.param("group");
    let is_barred = |client: &Client| {
        let groups = client.groups.as_ref();
        groups.is_some_and(|groups| !groups.iter().any(|known| known == group))
    };
    let barred = state
        .with_client(&admitted.token.principal, is_barred)
        .unwrap_or(false);
    if barred {
        let reason = if mock.setting_u64("forbidden_as") == 404 {
            "not_found"
        } else {
            "forbidden"
        };
        let poor = Denial::new(DenialKind::Forbidden, reason);
        let poor = poor.expected("a client that may read this group");
        mock.refuse(&request.endpoint, poor)?;
    }
    if state.group == group || state.subgroup == group {
        Ok(())
    } else {
        Err(not_found("group"))
    }
}

/// What a list shows: the group's own items, and with `includeSubgroups` those of the group below,
/// also to a client that may not read that by itself; the pages do not say.
struct Belonging {
    group: String,
    below: Option<String>,
}

impl Belonging {
    fn read(mock: &Mock, request: &Request, query: &Form) -> Result<Self, Denial> {
        let state = mock.state::<State>();
        let group = request.param("group").to_owned();
        let included = boolean(query, "includeSubgroups")? && group == state.group;
        let below = included.then(|| state.subgroup.clone());
        Ok(Self { group, below })
    }

    fn holds(&self, item: &Value) -> bool {
        let group = group_of(item);
        group == self.group || self.below.as_deref() == Some(group)
    }
}

fn not_found(what: &str) -> Denial {
    Denial::new(DenialKind::NotFound, "not_found").expected(format!("a {what} of this stage"))
}

/// `GET …/members`.
pub(super) async fn members(
    mock: Mock,
    request: Request,
    admitted: Admitted,
) -> Result<Reply, Denial> {
    permitted(&mock, &request, &admitted)?;
    let query = request.query();
    let window = Window::read(&mock, &query)?;
    let belonging = Belonging::read(&mock, &request, &query)?;
    let wanted = Wanted::read(&mock, &query)?;
    let sort = Sort::read(
        &query,
        &[
            ("NAME", "/user/lastName"),
            ("LAST_NAME", "/user/lastName"),
            ("FIRST_NAME", "/user/firstName"),
            ("GENDER", "/user/gender"),
        ],
    )?;
    let state = mock.state::<State>();
    let data = state.data();
    let items = data.members();
    let items = items.filter(|item| belonging.holds(item) && wanted.takes(item));
    let items = sort.sorted(items.collect());
    Ok(Reply::json(200, &window.envelope(&mock, &request, items)))
}

/// By which of its members a list is sorted: the text there, as a JSON pointer.
struct Sort(Option<&'static str>);

impl Sort {
    /// Reads `sortBy`, one of the words of `known`. "sortBy (default NAME)": a list whose page knows
    /// no NAME stays as it is without one.
    fn read(query: &Form, known: &[(&str, &'static str)]) -> Result<Self, Denial> {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        let word = one_of(query, "sortBy", &words)?;
        let word = word.as_deref().unwrap_or("NAME");
        let found = known.iter().find(|(known, _)| *known == word);
        Ok(Self(found.map(|(_, pointer)| *pointer)))
    }

    /// `items` in that order, upwards; times of one zone and form sort as text.
    fn sorted<'a>(&self, mut items: Vec<&'a Value>) -> Vec<&'a Value> {
        if let Some(pointer) = self.0 {
            let text = |item: &&'a Value| item.pointer(pointer).and_then(Value::as_str);
            items.sort_by_cached_key(text);
        }
        items
    }
}

/// What `GET …/members` is asked for.
struct Wanted {
    gender: Option<String>,
    tag: Option<String>,
    attribute: Option<(String, String)>,
    enrolled: Option<String>,
}

impl Wanted {
    fn read(mock: &Mock, query: &Form) -> Result<Self, Denial> {
        let enrolled = text(query, "enrollmentDate");
        if let Some(date) = &enrolled {
            let now = mock.now().rfc3339();
            if !is_date(date) || date.as_str() > &now[..10] {
                return Err(invalid(
                    "enrollmentDate must be a date that is not in the future, as yyyy-MM-dd",
                ));
            }
        }
        let attribute = text(query, "attribute")
            .map(|pair| {
                let (name, value) = pair
                    .split_once(':')
                    .ok_or_else(|| invalid("attribute must be NAME:VALUE"))?;
                Ok((name.to_owned(), value.to_owned()))
            })
            .transpose()?;
        Ok(Self {
            gender: one_of(query, "gender", &GENDERS)?,
            tag: text(query, "tagValue"),
            attribute,
            enrolled,
        })
    }

    fn takes(&self, item: &Value) -> bool {
        let has_tag = |tag: &String| {
            item["tags"]
                .as_array()
                .is_some_and(|tags| tags.iter().any(|have| have == tag))
        };
        self.gender
            .as_ref()
            .is_none_or(|gender| &item["user"]["gender"] == gender)
            && self.tag.as_ref().is_none_or(has_tag)
            && self
                .attribute
                .as_ref()
                .is_none_or(|(name, value)| &item["attributes"][name] == value)
            && self
                .enrolled
                .as_ref()
                .is_none_or(|date| item["enrollmentDate"].as_str() >= Some(date.as_str()))
    }
}

fn boolean(query: &Form, name: &str) -> Result<bool, Denial> {
    Ok(one_of(query, name, &["true", "false"])?.as_deref() == Some("true"))
}

fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && locum_core::Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")).is_some()
}

/// `GET …/members/{USER_UUID}`.
pub(super) async fn member(
    mock: Mock,
    request: Request,
    admitted: Admitted,
) -> Result<Reply, Denial> {
    permitted(&mock, &request, &admitted)?;
    let state = mock.state::<State>();
    let data = state.data();
    let found = data.member(request.param("user"));
    shown(
        found.filter(|item| is_of_group(&mock, &request, item)),
        "member",
    )
}

/// Whether a member or a task is of the group of the path: "using a task UUID that does not match a
/// given group UUID results in a 404".
fn is_of_group(mock: &Mock, request: &Request, item: &Value) -> bool {
    !mock.effect_enabled("compare_group") || group_of(item) == request.param("group")
}

fn shown(found: Option<&Value>, what: &str) -> Result<Reply, Denial> {
    found
        .map(|item| Reply::json(200, item))
        .ok_or_else(|| not_found(what))
}

/// `POST …/members`: "user and inviteCode mandatory"; the e-mail must be unregistered.
pub(super) async fn register(
    mock: Mock,
    request: Request,
    admitted: Admitted,
) -> Result<Reply, Denial> {
    permitted(&mock, &request, &admitted)?;
    let body = request.json()?;
    if !body.get("inviteCode").is_some_and(Value::is_string) {
        return Err(invalid("inviteCode is mandatory"));
    }
    let member = body.get("groupMember").and_then(Value::as_object);
    let Some(user) = member
        .and_then(|member| member.get("user"))
        .and_then(Value::as_object)
    else {
        return Err(invalid("groupMember.user is mandatory"));
    };
    let email = user
        .get("email")
        .and_then(Value::as_str)
        .filter(|email| email.contains('@'));
    let email = email.ok_or_else(|| invalid("groupMember.user.email must be an e-mail address"))?;
    let state = mock.state::<State>();
    if state
        .data()
        .members()
        .any(|item| item["user"]["email"] == email)
    {
        let message = "A user with this e-mail address is registered already";
        return Err(Denial::new(DenialKind::Conflict, "conflict").param("message", message));
    }
    let group = request.param("group");
    let id = mock.rng(principal::uuid);
    let href = format!("/api/v1/groups/{group}/members/{id}");
    let link = if state.group == group {
        group_link(group)
    } else {
        subgroup_link(group)
    };
    let mut user = user.clone();
    user.insert("uuid".into(), id.into());
    let empty = || Value::Object(Map::new());
    let part = |name: &str, otherwise: Value| {
        member
            .and_then(|member| member.get(name))
            .cloned()
            .unwrap_or(otherwise)
    };
    let item = json!({
        "href": href,
        "group": link,
        "user": user,
        "planSettings": part("planSettings", empty()),
        "attributes": part("attributes", empty()),
        "tags": part("tags", json!([])),
        "enrollmentDate": &mock.now().rfc3339()[..10],
    });
    state.data().register(item.clone());
    Ok(Reply::json(200, &item)) // neither 201 nor 204 is documented
}

/// `GET …/tasks`.
pub(super) async fn tasks(
    mock: Mock,
    request: Request,
    admitted: Admitted,
) -> Result<Reply, Denial> {
    permitted(&mock, &request, &admitted)?;
    let query = request.query();
    let window = Window::read(&mock, &query)?;
    let belonging = Belonging::read(&mock, &request, &query)?;
    let status = one_of(&query, "status", &STATUSES)?;
    let kind = one_of(&query, "type", &TYPES)?;
    let sort = Sort::read(&query, &[("NAME", "/title"), ("START", "/startTime")])?;
    let progress = progress(&query)?;
    let span = Span::read(&query, "taskDateStart", "taskDateEnd")?;
    let fits = |item: &&Value| {
        let date = item["taskDate"].as_str().unwrap_or_default();
        status
            .as_ref()
            .is_none_or(|status| &item["status"] == status)
            && kind.as_ref().is_none_or(|kind| &item["type"] == kind)
            && item["progress"]
                .as_f64()
                .is_some_and(|done| progress.contains(&done))
            && span.holds(date)
            && belonging.holds(item)
    };
    let state = mock.state::<State>();
    let data = state.data();
    let items = sort.sorted(data.tasks.iter().filter(fits).collect());
    Ok(Reply::json(200, &window.envelope(&mock, &request, items)))
}

/// `progress=0.23:0.9`, both ends included; without it every progress.
fn progress(query: &Form) -> Result<RangeInclusive<f64>, Denial> {
    let Some(span) = text(query, "progress") else {
        return Ok(f64::NEG_INFINITY..=f64::INFINITY);
    };
    let ends = span.split_once(':').and_then(|(from, to)| {
        let number = |text: &str| {
            text.parse::<f64>()
                .ok()
                .filter(|end| (0.0..=1.0).contains(end))
        };
        number(from).zip(number(to))
    });
    match ends {
        Some((from, to)) if from <= to => Ok(from..=to),
        _ => Err(invalid(
            "progress must be two numbers from 0 to 1, as 0.23:0.9",
        )),
    }
}

/// `GET …/tasks/{TASK_UUID}`.
pub(super) async fn task(
    mock: Mock,
    request: Request,
    admitted: Admitted,
) -> Result<Reply, Denial> {
    permitted(&mock, &request, &admitted)?;
    let state = mock.state::<State>();
    let data = state.data();
    let mut tasks = data.tasks.iter();
    let found = tasks
        .find(|item| item["uuid"] == request.param("task") && is_of_group(&mock, &request, item));
    shown(found, "task")
}

/// `GET …/measurements`.
pub(super) async fn measurements(
    mock: Mock,
    request: Request,
    admitted: Admitted,
) -> Result<Reply, Denial> {
    permitted(&mock, &request, &admitted)?;
    let query = request.query();
    let window = Window::read(&mock, &query)?;
    let belonging = Belonging::read(&mock, &request, &query)?;
    let sort = Sort::read(&query, &[("START", "/startTime")])?;
    let span = Span::read(&query, "startDate", "endDate")?;
    let fits = |item: &&Value| {
        let date = &item["startTime"].as_str().unwrap_or_default()[..10];
        span.holds(date) && belonging.holds(item)
    };
    let state = mock.state::<State>();
    let data = state.data();
    let items = sort.sorted(data.measurements.iter().filter(fits).collect());
    Ok(Reply::json(200, &window.envelope(&mock, &request, items)))
}

/// The dates from the first to the last of two, both included; open where one is absent.
struct Span {
    first: Option<String>,
    last: Option<String>,
}

impl Span {
    /// Reads the two, of which the first must not lie after the last.
    fn read(query: &Form, from: &str, to: &str) -> Result<Self, Denial> {
        let date = |name: &str| match text(query, name) {
            Some(date) if !is_date(&date) => {
                Err(invalid(format!("{name} must be a date as yyyy-MM-dd")))
            }
            date => Ok(date),
        };
        let (first, last) = (date(from)?, date(to)?);
        match (&first, &last) {
            (Some(start), Some(end)) if start > end => {
                Err(invalid(format!("{to} must not lie before {from}")))
            }
            _ => Ok(Self { first, last }),
        }
    }

    fn holds(&self, date: &str) -> bool {
        self.first.as_deref().is_none_or(|first| date >= first)
            && self.last.as_deref().is_none_or(|last| date <= last)
    }
}
