"""The servers that are judged: how each is started, in which version, and with which accounts."""

import dataclasses
import json
import os
import pathlib
import re
from typing import Callable

import prepare

TESTS = pathlib.Path(__file__).parents[1]


def found(path, pattern):
    """What `pattern` has in its brackets, in a file below tests/: the version that run.sh installs stands there alone."""
    return re.search(pattern, (TESTS / path).read_text(), re.MULTILINE).group(1)


def pip(path, name):
    return found(path, rf"^{re.escape(name)}(?:\[.*\])?==(\S+)$")


def npm(name):
    return json.loads((TESTS / "peers/node/package.json").read_text())["dependencies"][name]


CLIENTS = {
    "LOCUM_CLIENT_ID": "peer", "LOCUM_CLIENT_SECRET": "of-peer:0f3c5a7e9b1d",
    "LOCUM_SECOND_CLIENT_ID": "second", "LOCUM_SECOND_CLIENT_SECRET": "of-second:2b4d6f8a0c1e",
    "LOCUM_BARRED_CLIENT_ID": "barred", "LOCUM_BARRED_CLIENT_SECRET": "of-barred:4a6c8e0f2b3d",
    "LOCUM_GROUP_ID": "6f1d1f52-3c57-4c53-9d0a-7f8f5b0f6f10",
}
FASTAPI = "parity/fastapi/requirements-{}.txt"
PERSON = {"LOCUM_USERNAME": "svc@example.org", "LOCUM_PASSWORD": "pass-of-svc-5e7a9c"}


@dataclasses.dataclass
class Peer:
    """One server as one vendor. `command` and `environment` know {port}, `command` {work} and {here}, too."""

    name: str
    software: str
    version: str
    vendor: str
    command: list
    accounts: dict = dataclasses.field(default_factory=dict)
    environment: dict = dataclasses.field(default_factory=dict)
    prepare: Callable | None = None
    # Another program, started when all is prepared, with {port} its own and {base} the server's address.
    beside: list = dataclasses.field(default_factory=list)
    starts_within_s: int = 60
    # Which of several ways to use it this is.
    form: str = ""

    @property
    def title(self):
        return f"{self.software} {self.version}{self.form}"


def python(venv, *command):
    return [f"{{work}}/{venv}/bin/python", *command]


def fastapi(generation, guard):
    names = {"oauth2": "OAuth2PasswordBearer", "http": "HTTPBearer", "json": "a JSON login"}
    environment = {"PEER_LOGIN": "json"} if guard == "json" else {"PEER_GUARD": guard}
    return Peer(f"fastapi-{generation}-{guard}", "FastAPI", pip(FASTAPI.format(generation), "fastapi"), "athelas",
                python(f"fastapi-{generation}", "{here}/python/fastapi_athelas.py", "{port}"), PERSON, environment, form=f" with {names[guard]}")


def fastapi_pattern(generation):
    return Peer(f"fastapi-{generation}-basic", "FastAPI", pip(FASTAPI.format(generation), "fastapi"), "pattern",
                python(f"fastapi-{generation}", "{here}/python/fastapi_pattern.py", "{port}"), CLIENTS,
                form=" with HTTPBasic and HTTPBearer")


def wsgi(software, module):
    command = python("wsgi", "-m", "gunicorn", "--threads=4", "--bind=127.0.0.1:{port}", "--chdir={here}/python", f"{module}:app")
    version = pip("peers/python/requirements-wsgi.txt", software)
    return Peer(software.lower(), software, version, "pattern", command, CLIENTS)


def aws(software, command, environment=None):
    version = pip("peers/python/requirements-aws.txt", software)
    return Peer(software, software, version, "scribe", command, environment=environment or {}, prepare=prepare.pools)


PEERS = [
    fastapi("0.115", "oauth2"),
    fastapi("0.115", "http"),
    fastapi("0.165", "oauth2"),
    fastapi("0.165", "http"),
    fastapi("0.165", "json"),
    fastapi_pattern("0.115"),
    fastapi_pattern("0.165"),
    wsgi("Authlib", "authlib_pattern"),
    wsgi("django-oauth-toolkit", "django_pattern"),
    Peer("oidc-provider", "oidc-provider", npm("oidc-provider"), "pattern", ["node", "{work}/node/oidc_provider.mjs", "{port}"], CLIENTS),
    Peer("node-oauth2-server", "@node-oauth/oauth2-server", npm("@node-oauth/oauth2-server"), "pattern",
         ["node", "{work}/node/oauth2_server.cjs", "{port}"], CLIENTS),
    Peer("go-oauth2", "go-oauth2", found("peers/go/go.mod", r"go-oauth2/oauth2/v4 v(\S+)"), "pattern",
         ["{work}/go-oauth2", "{port}"], CLIENTS),
    aws("moto", python("aws", "-m", "moto.server", "-p", "{port}")),
    aws("ministack", ["{work}/aws/bin/ministack"], {"GATEWAY_PORT": "{port}"}),
    Peer("cognito-local", "cognito-local", npm("cognito-local"), "scribe", ["node", "{work}/node/node_modules/.bin/cognito-local"],
         environment={"PORT": "{port}"}, prepare=prepare.pools),
    Peer("keycloak", "Keycloak", found("parity/keycloak/install.sh", r"^keycloak_version=(\S+)"), "corti",
         ["bash", os.environ["KEYCLOAK_HOME"] + "/bin/kc.sh", "start-dev", "--db=dev-mem", "--http-host=127.0.0.1", "--http-port={port}"],
         environment={"KC_BOOTSTRAP_ADMIN_USERNAME": "admin", "KC_BOOTSTRAP_ADMIN_PASSWORD": "admin",
                      "JAVA_OPTS_KC_HEAP": "-Xms128m -Xmx512m"}, prepare=prepare.realms,
         beside=["node", "{work}/node/corti_api.mjs", "{port}", "{base}/realms/peers"], starts_within_s=300),
]
