"""FastAPI in the shape of Pattern's page: HTTPBasic at the token endpoint, HTTPBearer at the API.

The lifetime is told in seconds, as RFC 6749 has it and Pattern has not.
"""

import secrets
import sys
import time
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, Form, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer
from groups import BARRED, CLIENTS, answer

LIFETIME = 3600
app = FastAPI(openapi_url=None)
ends = {}


@app.post("/api/auth/token")
def token(
    client: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())],
    grant_type: Annotated[str, Form(pattern="^client_credentials$")],
):
    secret = CLIENTS.get(client.username, "")
    if not secret or not secrets.compare_digest(secret.encode(), client.password.encode()):
        raise HTTPException(401, "Invalid client", headers={"WWW-Authenticate": "Basic"})
    if client.username == BARRED:
        raise HTTPException(400, "This client may not use client_credentials")
    value = secrets.token_urlsafe(32)
    ends[value] = time.time() + LIFETIME
    return {"access_token": value, "expires_in": LIFETIME, "token_type": "bearer"}


def admitted(found: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):
    if ends.get(found.credentials, 0) < time.time():
        raise HTTPException(401, "Invalid token", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


@app.get("/api/v1/groups/{group}/{kind}", dependencies=[Depends(admitted)])
@app.post("/api/v1/groups/{group}/{kind}", dependencies=[Depends(admitted)])
@app.get("/api/v1/groups/{group}/{kind}/{id}", dependencies=[Depends(admitted)])
def group(request: Request):
    status, body = answer(request.method, str(request.url))
    return JSONResponse(body, status)


uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
