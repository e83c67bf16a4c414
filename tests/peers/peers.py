"""The servers that are judged: how each is started, in which version, and with which accounts."""

import dataclasses
import os
from typing import Callable

import prepare

CLIENTS = {
    "LOCUM_CLIENT_ID": "peer", "LOCUM_CLIENT_SECRET": "of-peer:0f3c5a7e9b1d",
    "LOCUM_SECOND_CLIENT_ID": "second", "LOCUM_SECOND_CLIENT_SECRET": "of-second:2b4d6f8a0c1e",
    "LOCUM_BARRED_CLIENT_ID": "barred", "LOCUM_BARRED_CLIENT_SECRET": "of-barred:4a6c8e0f2b3d",
    "LOCUM_GROUP_ID": "6f1d1f52-3c57-4c53-9d0a-7f8f5b0f6f10",
}
PERSON = {"LOCUM_USERNAME": "svc@example.org", "LOCUM_PASSWORD": "pass-of-svc-5e7a9c"}


@dataclasses.dataclass
class Peer:
    """One server as one vendor. `command` and `environment` know {port}, `command` {work} and {here}, too."""

    name: str
    title: str
    version: str
    vendor: str
    command: list
    accounts: dict = dataclasses.field(default_factory=dict)
    environment: dict = dataclasses.field(default_factory=dict)
    prepare: Callable | None = None
    # Another program, started when all is prepared, with {port} its own and {base} the server's address.
    beside: list = dataclasses.field(default_factory=list)
    starts_within_s: int = 60


def python(venv, *command):
    return [f"{{work}}/{venv}/bin/python", *command]


def fastapi(version, guard):
    names = {"oauth2": "OAuth2PasswordBearer", "http": "HTTPBearer", "json": "a JSON login"}
    environment = {"PEER_LOGIN": "json"} if guard == "json" else {"PEER_GUARD": guard}
    generation = version.rsplit(".", 1)[0]
    return Peer(f"fastapi-{generation}-{guard}", f"FastAPI {version} with {names[guard]}", version, "athelas",
                python(f"fastapi-{generation}", "{here}/python/fastapi_athelas.py", "{port}"), PERSON, environment)


def fastapi_pattern(version):
    generation = version.rsplit(".", 1)[0]
    return Peer(f"fastapi-{generation}-basic", f"FastAPI {version} with HTTPBasic and HTTPBearer", version, "pattern",
                python(f"fastapi-{generation}", "{here}/python/fastapi_pattern.py", "{port}"), CLIENTS)


def wsgi(name, title, version, module, environment=None):
    command = python("wsgi", "-m", "gunicorn", "--threads=4", "--bind=127.0.0.1:{port}", "--chdir={here}/python", f"{module}:app")
    return Peer(name, title, version, "pattern", command, CLIENTS, environment or {})


PEERS = [
    fastapi("0.115.6", "oauth2"),
    fastapi("0.115.6", "http"),
    fastapi("0.165.0", "oauth2"),
    fastapi("0.165.0", "http"),
    fastapi("0.165.0", "json"),
    fastapi_pattern("0.115.6"),
    fastapi_pattern("0.165.0"),
    wsgi("authlib", "Authlib 1.9.10", "1.9.10", "authlib_pattern"),
    wsgi("django-oauth-toolkit", "django-oauth-toolkit 3.4.1", "3.4.1", "django_pattern"),
    Peer("oidc-provider", "oidc-provider 9.13.3", "9.13.3", "pattern", ["node", "{work}/node/oidc_provider.mjs", "{port}"], CLIENTS),
    Peer("node-oauth2-server", "@node-oauth/oauth2-server 5.3.0", "5.3.0", "pattern", ["node", "{work}/node/oauth2_server.cjs", "{port}"], CLIENTS),
    Peer("go-oauth2", "go-oauth2 4.5.4", "4.5.4", "pattern", ["{work}/go-oauth2", "{port}"], CLIENTS),
    Peer("moto", "moto 5.2.5", "5.2.5", "scribe", python("aws", "-m", "moto.server", "-p", "{port}"), prepare=prepare.pools),
    Peer("ministack", "ministack 1.5.33", "1.5.33", "scribe", ["{work}/aws/bin/ministack"],
         environment={"GATEWAY_PORT": "{port}"}, prepare=prepare.pools),
    Peer("cognito-local", "cognito-local 5.3.0", "5.3.0", "scribe", ["node", "{work}/node/node_modules/.bin/cognito-local"],
         environment={"PORT": "{port}"}, prepare=prepare.pools),
    Peer("keycloak", "Keycloak 26.7.3", "26.7.3", "corti",
         ["bash", os.environ["KEYCLOAK_HOME"] + "/bin/kc.sh", "start-dev", "--db=dev-mem", "--http-host=127.0.0.1", "--http-port={port}"],
         environment={"KC_BOOTSTRAP_ADMIN_USERNAME": "admin", "KC_BOOTSTRAP_ADMIN_PASSWORD": "admin",
                      "JAVA_OPTS_KC_HEAP": "-Xms128m -Xmx512m"}, prepare=prepare.realms,
         beside=["node", "{work}/node/corti_api.mjs", "{port}", "{base}/realms/peers"], starts_within_s=300),
]
