"""scribemi, which logs in with scribeauth; only the environment and the scheme point it at a mock."""

import io
import json
import os
from urllib.parse import urlsplit

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

import boto3  # noqa: E402: the environment comes first
import protocol  # noqa: E402
import requests  # noqa: E402
import scribemi.ScribeMi as scribemi  # noqa: E402

SCHEMES = {}
clients = {}


class Scheme:
    """What scribemi calls requests. It writes https:// before its host; here the config decides."""

    def __getattr__(self, name):
        return getattr(requests, name)

    def request(self, url, **more):
        host = urlsplit(url).netloc
        return requests.request(url=url.replace("https", SCHEMES[host], 1), **more)


scribemi.requests = Scheme()


def new(ask):
    config = ask["config"]
    os.environ["AWS_ENDPOINT_URL"] = config["token_url"]
    if "ca_file" in config:
        os.environ["AWS_CA_BUNDLE"] = os.environ["REQUESTS_CA_BUNDLE"] = config["ca_file"]
    boto3.DEFAULT_SESSION = None  # it would keep the environment of the instance before
    address = urlsplit(config["api_url"])
    SCHEMES[address.netloc] = address.scheme
    client = scribemi.MI({
        "API_URL": address.netloc + address.path,
        "IDENTITY_POOL_ID": config["identity_pool_id"],
        "USER_POOL_ID": config["user_pool_id"],
        "CLIENT_ID": config["client_id"],
        "REGION": config["region"],
    })
    clients[ask["client"]] = client, config


def ready(ask):
    """The client; it is logged in when it is first asked for something."""
    client, config = clients[ask["client"]]
    if client.request_auth is None:
        names = ("refresh_token",) if "refresh_token" in config else ("username", "password")
        client.authenticate({name: config[name] for name in names})
    return client


def call(ask):
    client = ready(ask)
    body = ask.get("body")
    client.call_endpoint(ask["method"], ask["path"], data=json.loads(body) if body else None)
    return {"status": 200}  # it raises for every other


def create(ask):
    ready(ask).submit_task(io.BytesIO(b"one page"), {"filetype": "pdf", "filename": "report.pdf"})


def list_(ask):
    ready(ask).list_tasks()


def revoke(ask):
    client, _ = clients[ask["client"]]
    client.auth_client.revoke_refresh_token(client.tokens["refresh_token"])


def change_password(ask):
    client, config = clients[ask["client"]]
    client.auth_client.change_password(config["username"], config["password"], ask["new_password"])
    config["password"] = ask["new_password"]


def drop(ask):
    clients.pop(ask["client"], None)


OPS = {"new": new, "call": call, "create": create, "list": list_, "revoke": revoke, "change_password": change_password}
protocol.serve("scribemi", ("scribe",), {**OPS, "drop": drop})
