//! The tasks of API v1 and v2: the same calls behind different guards.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use locum_core::{Denial, DenialKind, Outcome};
use locum_server::{Admitted, Mock, Reply, Request, Routes};
use serde_json::{Value, json};

use super::task::Task;
use super::{State, common_headers, guard, storage};

/// What `filetype` may be.
const FILETYPES: [&str; 8] = ["pdf", "xlsx", "xls", "xlsm", "doc", "docx", "ppt", "pptx"];

/// A generation of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// Behind Signature Version 4.
    V1,
    /// Behind the raw access token.
    V2,
}

/// An admitted call.
struct Call {
    mock: Mock,
    request: Request,
    admitted: Admitted,
    version: Version,
    state: Arc<State>,
}

/// Adds the five endpoints of a generation: list, submit, get, delete, consolidate.
pub(super) fn routes(routes: Routes, version: Version, names: [&str; 5]) -> Routes {
    let [tasks, submit, task, delete, portfolio] = names;
    let routes = guarded(routes, tasks, version, self::list);
    let routes = guarded(routes, submit, version, self::submit);
    let routes = guarded(routes, task, version, self::get);
    let routes = guarded(routes, delete, version, self::delete);
    guarded(routes, portfolio, version, self::consolidate)
}

/// As [`Routes::guarded`], with refusals and replies in the gateway's frame.
fn guarded<F, Fut>(routes: Routes, name: &str, version: Version, handler: F) -> Routes
where
    F: Fn(Call) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<Value, Denial>> + Send + 'static,
{
    routes.public(name, move |mock, request| async move {
        let reply = match answer(mock.clone(), request, version, handler).await {
            Ok(body) => Reply::json(200, &body).outcome(Outcome::Admitted),
            Err(denial) => denied(&mock, denial),
        };
        Ok(common_headers::with_common_headers(
            &mock,
            "frame_gateway",
            reply,
        ))
    })
}

async fn answer<F, Fut>(
    mock: Mock,
    request: Request,
    version: Version,
    handler: F,
) -> Result<Value, Denial>
where
    F: Fn(Call) -> Fut,
    Fut: Future<Output = Result<Value, Denial>>,
{
    let admitted = guard::admit(&mock, &request, version).await?;
    let state = mock.state::<State>();
    handler(Call {
        mock,
        request,
        admitted,
        version,
        state,
    })
    .await
}

fn denied(mock: &Mock, denial: Denial) -> Reply {
    let by_token = denial.reason.starts_with("v2_");
    let reply = Reply::denied(mock.profile(), denial);
    if by_token {
        common_headers::with_status(reply, mock.setting_u64("v2_error_status"))
    } else {
        reply
    }
}

/// `GET tasks?includePresigned=True&company=…`
async fn list(call: Call) -> Result<Value, Denial> {
    let query = call.request.query();
    let presigned = query
        .text("includePresigned")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let company = query.text("company");
    let tasks = call.state.tasks();
    let mine = tasks.of(&call.admitted.token.principal);
    let mine = mine.filter(|task| company.is_none() || task.company == company);
    let shown: Vec<Value> = mine.map(|task| call.show(task, presigned)).collect();
    Ok(json!({ "tasks": shown }))
}

/// `POST tasks`: the reply has a presigned URL for the document itself.
async fn submit(call: Call) -> Result<Value, Denial> {
    let body = call
        .request
        .json()
        .map_err(|_| call.invalid("The body is not a JSON object"))?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let filetype = text("filetype").ok_or_else(|| call.invalid("filetype is required"))?;
    if !FILETYPES.contains(&filetype.as_str()) {
        return Err(call.invalid("filetype is not supported"));
    }
    let task = Task {
        jobid: call.mock.uuid(),
        owner: call.admitted.token.principal.clone(),
        company: text("companyname"),
        filename: text("filename"),
        filetype,
        md5: text("md5checksum"),
        submitted: call.mock.now(),
        uploaded: None,
        deleted: false,
    };
    let url = storage::upload_url(&call.mock, &task);
    let jobid = task.jobid.clone();
    call.state.tasks().add(task);
    Ok(json!({"jobid": jobid, "url": url}))
}

/// `GET tasks/{jobid}`
async fn get(call: Call) -> Result<Value, Denial> {
    let task = call.mine(call.request.param("jobid"))?;
    Ok(call.show(&task, true))
}

/// `DELETE tasks/{jobid}`
async fn delete(call: Call) -> Result<Value, Denial> {
    let task = call.mine(call.request.param("jobid"))?;
    if call.mock.effect_enabled("delete_task")
        && let Some(task) = call.state.tasks().get(&task.jobid)
    {
        task.deleted = true;
    }
    Ok(call.show(
        &Task {
            deleted: true,
            ..task
        },
        false,
    ))
}

/// `GET fundportfolio?jobids=a;b`
async fn consolidate(call: Call) -> Result<Value, Denial> {
    let ids = call
        .request
        .query()
        .text("jobids")
        .ok_or_else(|| call.invalid("jobids is required"))?;
    let tasks: Result<Vec<Task>, Denial> = ids.split(';').map(|jobid| call.mine(jobid)).collect();
    let tables: Vec<Value> = tasks?
        .iter()
        .flat_map(|task| {
            task.model()["tables"]
                .as_array()
                .cloned()
                .unwrap_or_default()
        })
        .collect();
    Ok(json!({"model": {"date": &call.mock.now().rfc3339()[..10], "tables": tables}}))
}

impl Call {
    /// The caller's task of this id; another user's looks like none.
    fn mine(&self, jobid: &str) -> Result<Task, Denial> {
        let task = self.state.tasks().get(jobid).cloned();
        let mine = task.filter(|task| self.is_mine(task));
        mine.ok_or_else(|| {
            Denial::new(
                DenialKind::NotFound,
                self.reason_for_version("task_not_found"),
            )
            .expected("a task of the caller")
            .got(jobid)
        })
    }

    fn is_mine(&self, task: &Task) -> bool {
        task.owner == self.admitted.token.principal || !self.mock.effect_enabled("own_tasks_alone")
    }

    fn invalid(&self, message: &str) -> Denial {
        Denial::new(DenialKind::Invalid, self.reason_for_version("invalid_task"))
            .got(message)
            .param("message", message)
    }

    /// The reason, in the shape that errors of this generation have.
    fn reason_for_version(&self, reason: &str) -> String {
        let gateway =
            self.version == Version::V1 && self.mock.setting_is("v1_error_body", "apigateway");
        if gateway {
            reason.to_owned()
        } else {
            format!("{reason}_error_type")
        }
    }

    fn show(&self, task: &Task, presigned: bool) -> Value {
        let processing = Duration::from_secs(self.mock.setting_u64("processing_s"));
        let status = task.status(self.mock.now(), processing);
        let url = (presigned && status == "SUCCESS").then(|| storage::model_url(&self.mock, task));
        task.show(status, url)
    }
}
