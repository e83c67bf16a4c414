"""requests-oauthlib with oauthlib's client for the grant: a new token when it says that one is over."""

import os

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback

import protocol  # noqa: E402: the environment comes first
from oauthlib.oauth2 import BackendApplicationClient, TokenExpiredError  # noqa: E402
from requests_oauthlib import OAuth2Session  # noqa: E402

clients = {}


def new(ask):
    config = ask["config"]
    session = OAuth2Session(client=BackendApplicationClient(client_id=config["client_id"]))
    if "tenant" in config:
        session.headers["Tenant-Name"] = config["tenant"]
    if "ca_file" in config:
        session.verify = config["ca_file"]
    clients[ask["client"]] = session, config


def call(ask):
    session, config = clients[ask["client"]]
    timeout = protocol.limit(ask)

    def fetch():
        keys = {"client_id": config["client_id"], "client_secret": config["client_secret"]}
        # Corti shows the pair in the body; else the library writes it as Basic.
        body = {"include_client_id": True, "auth": None} if "tenant" in config else {}
        session.fetch_token(config["token_url"], timeout=timeout, **keys, **body)

    def send():
        headers = {"Content-Type": "application/json", **ask.get("headers", {})}
        url = config["api_url"] + ask["path"]
        return session.request(ask["method"], url, data=ask.get("body"), headers=headers, timeout=timeout).status_code

    if not session.token:
        fetch()
    try:
        return {"status": send()}
    except TokenExpiredError:
        fetch()
        return {"status": send()}


def drop(ask):
    clients.pop(ask["client"], None)


protocol.serve("requests-oauthlib", ("pattern", "corti"), {"new": new, "call": call, "drop": drop})
