//! What presigned URLs lead to: the upload of a document and the download of a model, as S3 serves
//! them. The query holds the grant; nothing else is asked for.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use locum_core::{Denial, DenialKind, Outcome, Secret};
use locum_server::guard::sigv4::{
    self, Credentials, Known, Payload, Policy, Presign, Spelling, presign,
};
use locum_server::{Mock, Reply, Request};
use md5::{Digest, Md5};

use super::task::{Task, Tasks};
use super::{State, aws, common_headers};

/// The key that signs the vendor's own URLs; no client has it.
const ACCESS_KEY_ID: &str = "ASIALOCUMSTORAGE0001";

/// Where a task's document goes; a checksum that the client named has to come with it.
pub(super) fn upload_url(mock: &Mock, task: &Task) -> String {
    let md5 = task.md5.as_deref().unwrap_or_default();
    let headers = [("content-md5", md5)];
    let headers = if md5.is_empty() {
        &headers[..0]
    } else {
        &headers[..]
    };
    signed(mock, "upload", "PUT", &task.jobid, headers)
}

/// Where a task's model is.
pub(super) fn model_url(mock: &Mock, task: &Task) -> String {
    signed(mock, "model", "GET", &task.jobid, &[])
}

fn signed(
    mock: &Mock,
    endpoint: &str,
    method: &str,
    jobid: &str,
    headers: &[(&str, &str)],
) -> String {
    let path = mock
        .profile()
        .endpoint(endpoint)
        .map_or("", |endpoint| endpoint.path.as_str());
    let origin = mock.setting_text("presigned_origin");
    let base = if origin.is_empty() {
        &mock.base
    } else {
        &origin
    };
    let state = mock.state::<State>();
    presign(&Presign {
        method,
        url: &format!("{base}{}", path.replace("{jobid}", jobid)),
        access_key_id: ACCESS_KEY_ID,
        secret: &secret(&state),
        region: &state.region,
        now: mock.now(),
        lifetime: Duration::from_secs(mock.setting_u64("presigned_ttl_s").clamp(1, 604_800)),
        headers,
    })
}

fn secret(state: &State) -> Secret {
    aws::secret(state.seed, ACCESS_KEY_ID)
}

/// `PUT` the document.
pub(super) async fn upload(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let reply = answer(&mock, &request, stored(&mock, &request)).await;
    Ok(common_headers::with_common_headers(
        &mock,
        "frame_storage",
        reply,
    ))
}

/// `GET` the model.
pub(super) async fn model(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let reply = answer(&mock, &request, fetched(&mock, &request)).await;
    Ok(common_headers::with_common_headers(
        &mock,
        "frame_storage",
        reply,
    ))
}

async fn answer(
    mock: &Mock,
    request: &Request,
    act: impl Future<Output = Result<Reply, Denial>>,
) -> Reply {
    let result = match granted(mock, request).await {
        Ok(()) => act.await,
        Err(denial) => Err(denial),
    };
    result.map_or_else(
        |denial| denied(mock, denial),
        |reply| reply.outcome(Outcome::Admitted),
    )
}

async fn granted(mock: &Mock, request: &Request) -> Result<(), Denial> {
    let state = mock.state::<State>();
    let policy = Policy {
        region: state.region.clone(),
        service: "s3".to_owned(),
        skew: Duration::from_secs(mock.setting_u64("sigv4_skew_s")),
        spelling: Spelling {
            normalize: false,
            double_encode: false,
            plus_is_space: true,
        },
        payload: Payload::Never,
        unsigned_token: true,
        unsigned_content_sha256: true,
        unsigned_amz_headers: true,
        refuse_absent_header: false,
        refuse_malformed_list: false,
        echo_canonical: false,
    };
    let own = |id: String| async move {
        (id == ACCESS_KEY_ID).then(|| Known {
            credentials: Credentials {
                secret: secret(&state),
                session_token: None,
                expires: None,
                revoked: false,
            },
            token: None,
        })
    };
    sigv4::admit(mock, request, &policy, own).await.map(|_| ())
}

/// The refusal in S3's words: what has none of its own is AccessDenied.
fn denied(mock: &Mock, denial: Denial) -> Reply {
    let own = format!("storage_{}", denial.reason);
    let reason = if mock.profile().denials.contains_key(&own) {
        own
    } else {
        "storage_denied".to_owned()
    };
    let mut reply = Reply::denied(
        mock.profile(),
        Denial {
            reason,
            ..denial.clone()
        },
    );
    reply.denial = Some(denial);
    reply
}

async fn stored(mock: &Mock, request: &Request) -> Result<Reply, Denial> {
    let digest = Md5::digest(&request.body);
    let shown = request.header("content-md5")?;
    if shown.is_some_and(|shown| shown != STANDARD.encode(digest)) {
        let bad = Denial::new(DenialKind::Invalid, "bad_digest");
        return Err(bad
            .expected(STANDARD.encode(digest))
            .got(shown.unwrap_or_default()));
    }
    let state = mock.state::<State>();
    let mut tasks = state.tasks();
    present(mock, request, &mut tasks)?.uploaded = Some(mock.now());
    Ok(Reply::status(200).header("etag", etag(&request.body)))
}

async fn fetched(mock: &Mock, request: &Request) -> Result<Reply, Denial> {
    let state = mock.state::<State>();
    let mut tasks = state.tasks();
    let model = present(mock, request, &mut tasks)?.model();
    Ok(Reply::json(200, &model).header("etag", etag(model.to_string().as_bytes())))
}

/// The task that a URL names, for whose owner the request is then noted.
fn present<'a>(
    mock: &Mock,
    request: &Request,
    tasks: &'a mut Tasks,
) -> Result<&'a mut Task, Denial> {
    let task = tasks
        .get(request.param("jobid"))
        .filter(|task| !task.deleted)
        .ok_or_else(gone)?;
    mock.note_principal(task.owner.clone());
    Ok(task)
}

fn gone() -> Denial {
    Denial::new(DenialKind::NotFound, "no_such_key")
}

/// The MD5 of an object, in quotes: clients compare it with what they read.
fn etag(body: &[u8]) -> String {
    let digits: String = Md5::digest(body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{digits}\"")
}
