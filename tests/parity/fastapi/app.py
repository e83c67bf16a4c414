"""A FastAPI server in the shape of Athelas' pages: what a server of that kind answers by itself.

The token endpoint takes FastAPI's own OAuth2PasswordRequestForm, the API FastAPI's own
OAuth2PasswordBearer and a JWT, as FastAPI's tutorial has it. Nothing here words a refusal but the
two sentences that the vendor's page prints.
"""

import os
from datetime import datetime, timedelta, timezone
from typing import Annotated, List, Optional

import jwt
from fastapi import Depends, FastAPI, File, Form, HTTPException, UploadFile
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm

API = "/v1/ambient/api"
KEY = "parity-parity-parity-parity-parity-parity"
USERS = {os.environ["PARITY_USERNAME"]: os.environ["PARITY_PASSWORD"]}

# The pages show no OpenAPI document and no pages of FastAPI's own.
app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
bearer = OAuth2PasswordBearer(tokenUrl=f"{API}/auth/token")
scribes = {12345: "COMPLETED"}
transcriptions = {}
last = 12345


def next_id():
    global last
    last += 1
    return last


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def current_user(token: Annotated[str, Depends(bearer)]):
    refused = HTTPException(
        status_code=401,
        detail="Could not validate credentials",
        headers={"WWW-Authenticate": "Bearer"},
    )
    try:
        username = jwt.decode(token, KEY, algorithms=["HS256"]).get("sub")
    except jwt.InvalidTokenError:
        raise refused
    if username not in USERS:
        raise refused
    return username


@app.post(f"{API}/auth/token")
def token(form: Annotated[OAuth2PasswordRequestForm, Depends()]):
    if form.username not in USERS or USERS[form.username] != form.password:
        raise HTTPException(
            status_code=401,
            detail="Incorrect username or password",
            headers={"WWW-Authenticate": "Bearer"},
        )
    ends = datetime.now(timezone.utc) + timedelta(seconds=172800)
    value = jwt.encode({"sub": form.username, "exp": ends}, KEY, algorithm="HS256")
    return {"access_token": value, "token_type": "bearer"}


@app.post(f"{API}/scribe", status_code=202)
async def create(
    user: Annotated[str, Depends(current_user)],
    template_ids: Annotated[List[int], Form()],
    audio_files: Annotated[Optional[List[UploadFile]], File()] = None,
    transcripts: Annotated[Optional[List[str]], Form()] = None,
    patient_name: Annotated[Optional[str], Form()] = None,
    date_of_service: Annotated[Optional[datetime], Form()] = None,
    additional_context: Annotated[Optional[str], Form()] = None,
):
    scribe = next_id()
    scribes[scribe] = "IN_PROGRESS"
    return {"scribe_id": scribe, "status": "IN_PROGRESS", "submitted_at": now()}


@app.get(f"{API}/scribe/{{scribe_id}}")
async def scribe(scribe_id: int, user: Annotated[str, Depends(current_user)]):
    if scribe_id not in scribes:
        raise HTTPException(status_code=404, detail="Scribe not found")
    return {"scribe_id": scribe_id, "status": scribes[scribe_id], "submitted_at": now()}


@app.post(f"{API}/scribe/{{scribe_id}}/regenerate/audio", status_code=202)
async def regenerate(
    scribe_id: int,
    user: Annotated[str, Depends(current_user)],
    audio_files: Annotated[List[UploadFile], File()],
):
    if scribe_id not in scribes:
        raise HTTPException(status_code=404, detail="Scribe not found")
    scribes[scribe_id] = "IN_PROGRESS"
    return {"scribe_id": scribe_id, "status": "IN_PROGRESS"}


@app.post(f"{API}/transcribe", status_code=202)
async def transcribe(
    user: Annotated[str, Depends(current_user)],
    audio_file: Annotated[UploadFile, File()],
    patient_name: Annotated[Optional[str], Form()] = None,
    additional_context: Annotated[Optional[str], Form()] = None,
    date_of_service: Annotated[Optional[datetime], Form()] = None,
):
    transcription = next_id()
    transcriptions[transcription] = now()
    return {"transcription_id": transcription, "submitted_at": now()}


@app.get(f"{API}/transcribe/{{transcription_id}}")
async def transcription(
    transcription_id: int, user: Annotated[str, Depends(current_user)]
):
    if transcription_id not in transcriptions:
        raise HTTPException(status_code=404, detail="Transcription not found")
    made = transcriptions[transcription_id]
    return {
        "id": transcription_id,
        "task_status": "DETECTED_FILE",
        "raw_text": None,
        "created_at": made,
        "updated_at": made,
        "workflow_id": transcription_id,
        "error_message": None,
    }
