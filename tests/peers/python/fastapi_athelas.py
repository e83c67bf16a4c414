"""FastAPI in the shape of Athelas' pages: the application of tests/parity/fastapi, and two other ways to build it.

PEER_GUARD=http guards the API by HTTPBearer instead of OAuth2PasswordBearer; PEER_LOGIN=json takes the
login as a JSON body, as many FastAPI services do and Athelas' page does not.
"""

import os
import pathlib
import sys
from typing import Annotated

os.environ["PARITY_USERNAME"], os.environ["PARITY_PASSWORD"] = os.environ["LOCUM_USERNAME"], os.environ["LOCUM_PASSWORD"]
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "parity/fastapi"))

import app as parity  # noqa: E402
import uvicorn  # noqa: E402
from fastapi import Depends  # noqa: E402
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, OAuth2PasswordRequestForm  # noqa: E402
from pydantic import BaseModel  # noqa: E402


class Login(BaseModel):
    username: str
    password: str


def by_http_bearer(found: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):
    return found.credentials


def by_json(login: Login):
    return login


if os.environ.get("PEER_GUARD") == "http":
    parity.app.dependency_overrides[parity.bearer] = by_http_bearer
if os.environ.get("PEER_LOGIN") == "json":
    parity.app.dependency_overrides[OAuth2PasswordRequestForm] = by_json
uvicorn.run(parity.app, port=int(sys.argv[1]), log_level="warning")
