"""Authlib's session for requests: it fetches, keeps and renews the token by itself."""

import protocol
from authlib.integrations.requests_client import OAuth2Session

METHODS = {"pattern": "client_secret_basic", "corti": "client_secret_post"}
clients = {}


def new(ask):
    config = ask["config"]
    session = OAuth2Session(
        config["client_id"],
        config["client_secret"],
        token_endpoint_auth_method=METHODS[ask["vendor"]],
        token_endpoint=config["token_url"],
        grant_type="client_credentials",
    )
    if "tenant" in config:
        session.headers["Tenant-Name"] = config["tenant"]
    if "ca_file" in config:
        session.verify = config["ca_file"]
    clients[ask["client"]] = session, config


def call(ask):
    session, config = clients[ask["client"]]
    session.default_timeout = protocol.limit(ask)
    if not session.token:
        session.fetch_token(config["token_url"], grant_type="client_credentials")
    headers = {"Content-Type": "application/json", **ask.get("headers", {})}
    reply = session.request(ask["method"], config["api_url"] + ask["path"], data=ask.get("body"), headers=headers)
    return {"status": reply.status_code}


def drop(ask):
    clients.pop(ask["client"], None)


protocol.serve("Authlib", METHODS, {"new": new, "call": call, "drop": drop})
