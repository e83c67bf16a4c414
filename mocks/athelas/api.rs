//! Scribes and transcriptions: made from audio or text, then polled.

use locum_core::{Denial, DenialKind, Place, Timestamp};
use locum_server::{Admitted, Mock, Reply, Request};
use serde_json::{Value, json};

use super::State;
use super::faults::Faults;
use super::fields::Fields;
use super::jobs::{Job, Kind};
use super::model::Model;
use super::scalars::{Integer, integer};

/// `POST …/scribe`: a scribe from audio or a transcript.
pub(super) async fn create(
    mock: Mock,
    request: Request,
    admitted: Admitted,
) -> Result<Reply, Denial> {
    let fields = Fields::read(&mock, &request)?;
    let mut faults = Faults::default();
    let templates = fields.integers("template_ids", &mut faults);
    fields.files("audio_files", false, &mut faults);
    let transcripts = fields.texts("transcripts", &mut faults);
    fields.text("patient_name", true, &mut faults);
    fields.date(
        "date_of_service",
        Model::of(&mock).empty_is_absent(),
        &mut faults,
    );
    fields.text("additional_context", true, &mut faults);
    faults.refuse()?;
    check_content(&mock, fields.has_file("audio_files") || transcripts > 0)?;
    check_size(&mock, &fields)?;
    check_templates(&mock, &admitted, &templates)?;
    let mut job = Job::start(&mock, Kind::Scribe);
    let status = first_state(&mut job, &mock);
    let submitted_at = seconds(job.submitted);
    let scribe_id = mock.state::<State>().jobs().add(Kind::Scribe, job);
    let body = json!({"scribe_id": scribe_id, "status": status, "submitted_at": submitted_at});
    Ok(accepted(&body))
}

/// `GET …/scribe/{scribe_id}`. No page shows the body: the members are those of the creation.
pub(super) async fn scribe(
    mock: Mock,
    request: Request,
    _admitted: Admitted,
) -> Result<Reply, Denial> {
    let id = id_of(&request, "scribe_id")?;
    let state = mock.state::<State>();
    let mut jobs = state.jobs();
    let job = jobs
        .get(Kind::Scribe, id)
        .ok_or_else(|| not_found("scribe_not_found"))?;
    let (status, _) = job.look(mock.now());
    let submitted_at = seconds(job.submitted);
    let body = json!({"scribe_id": id, "status": status, "submitted_at": submitted_at});
    Ok(Reply::json(200, &body))
}

/// `POST …/scribe/{scribe_id}/regenerate/audio`: the scribe starts anew.
pub(super) async fn regenerate(
    mock: Mock,
    request: Request,
    _admitted: Admitted,
) -> Result<Reply, Denial> {
    let fields = Fields::read(&mock, &request)?;
    let mut faults = Faults::default();
    let id = path_id(&request, "scribe_id", &mut faults);
    fields.files("audio_files", true, &mut faults);
    faults.refuse()?;
    check_size(&mock, &fields)?;
    let mut anew = Job::start(&mock, Kind::Scribe);
    let status = first_state(&mut anew, &mock);
    let state = mock.state::<State>();
    let mut jobs = state.jobs();
    let job = jobs
        .get(Kind::Scribe, id)
        .ok_or_else(|| not_found("scribe_not_found"))?;
    *job = anew;
    Ok(accepted(&json!({"scribe_id": id, "status": status})))
}

/// `POST …/transcribe`.
pub(super) async fn transcribe(
    mock: Mock,
    request: Request,
    _admitted: Admitted,
) -> Result<Reply, Denial> {
    let fields = Fields::read(&mock, &request)?;
    let mut faults = Faults::default();
    let empty_is_absent = Model::of(&mock).empty_is_absent();
    fields.file("audio_file", empty_is_absent, &mut faults);
    fields.text("patient_name", true, &mut faults);
    fields.text("additional_context", true, &mut faults);
    fields.date("date_of_service", empty_is_absent, &mut faults);
    faults.refuse()?;
    check_size(&mock, &fields)?;
    let job = Job::start(&mock, Kind::Transcription);
    let submitted_at = seconds(job.submitted);
    let id = mock.state::<State>().jobs().add(Kind::Transcription, job);
    Ok(accepted(
        &json!({"transcription_id": id, "submitted_at": submitted_at}),
    ))
}

/// `GET …/transcribe/{transcription_id}`.
pub(super) async fn transcription(
    mock: Mock,
    request: Request,
    _admitted: Admitted,
) -> Result<Reply, Denial> {
    let id = id_of(&request, "transcription_id")?;
    let state = mock.state::<State>();
    let mut jobs = state.jobs();
    let job = jobs
        .get(Kind::Transcription, id)
        .ok_or_else(|| not_found("transcription_not_found"))?;
    let (status, since) = job.look(mock.now());
    let text = (status == "STT_COMPLETED").then_some("Patient reports no pain since Tuesday.");
    let error = (status == "STT_ERROR").then_some("Speech could not be recognised.");
    Ok(Reply::json(
        200,
        &json!({
            "id": id,
            "task_status": status,
            "raw_text": text,
            "created_at": seconds(job.submitted),
            "updated_at": seconds(since),
            "workflow_id": id,
            "error_message": error,
        }),
    ))
}

/// 202, for all that is polled later (api-reference). The outcome is the guard's.
fn accepted(body: &Value) -> Reply {
    Reply::json(202, body) // the pages' own number, the same in the three of them
}

/// What a reply says of a job at its start, without counting as a look at it.
fn first_state(job: &mut Job, mock: &Mock) -> String {
    job.clone().look(mock.now()).0
}

fn path_id(request: &Request, name: &str, faults: &mut Faults) -> i64 {
    let text = request.param(name);
    match integer(text) {
        Integer::Number(id) => id,
        fault => {
            faults.no_integer(json!(["path", name]), text, fault);
            0
        }
    }
}

fn id_of(request: &Request, name: &str) -> Result<i64, Denial> {
    let mut faults = Faults::default();
    let id = path_id(request, name, &mut faults);
    faults.refuse().map(|()| id)
}

fn not_found(reason: &str) -> Denial {
    Denial::new(DenialKind::NotFound, reason).expected("an id of this stage")
}

fn check_content(mock: &Mock, has_content: bool) -> Result<(), Denial> {
    if has_content || !mock.setting_on("require_content") {
        return Ok(());
    }
    Err(Denial::new(DenialKind::Missing, "no_content")
        .expected("audio_files or transcripts")
        .absent(Place::Multipart, ["audio_files", "transcripts"]))
}

fn check_size(mock: &Mock, fields: &Fields) -> Result<(), Denial> {
    let megabytes = mock.setting_u64("max_upload_mb");
    let limit = usize::try_from(megabytes.saturating_mul(1_000_000)).unwrap_or(usize::MAX);
    match fields.uploads().find(|upload| upload.length > limit) {
        Some(upload) if limit > 0 => Err(Denial::new(DenialKind::Limit, "upload_too_large")
            .expected(format!("at most {limit} bytes"))
            .got(format!("{} bytes", upload.length))),
        _ => Ok(()),
    }
}

/// "You do not have access to these template_ids [234234]".
fn check_templates(mock: &Mock, admitted: &Admitted, ids: &[i64]) -> Result<(), Denial> {
    let user = mock
        .state::<State>()
        .user(admitted.token.principal.as_bytes());
    let barred = user.map_or_else(Vec::new, |user| user.barred_from(ids));
    if barred.is_empty() {
        return Ok(());
    }
    let list = barred.iter().map(i64::to_string).collect::<Vec<_>>();
    let look = format!(
        "template_forbidden_{}",
        mock.setting_u64("template_forbidden_status")
    );
    let denial = Denial::new(DenialKind::Forbidden, look).param("ids", list.join(", "));
    mock.refuse("create", denial)
}

/// "2023-11-07T05:31:56Z": whole seconds.
fn seconds(at: Timestamp) -> String {
    Timestamp::from_seconds(at.as_seconds()).rfc3339()
}
