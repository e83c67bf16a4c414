"""A fresh stage for one step: its document, and the environment that AWS's libraries read."""

import json
import os
import urllib.request

CONTROL = os.environ["CONTROL"]


def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(CONTROL + path, data=data, method=method)
    with urllib.request.urlopen(request) as reply:
        return json.loads(reply.read() or b"null")


def scribe():
    """Makes a stage, points AWS's libraries at it, and returns what the stage document says."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            del os.environ[name]
    document = call("POST", "/stages", {"listen": True})
    vendor = document["vendors"]["scribe"]
    os.environ["AWS_ENDPOINT_URL"] = vendor["urls"]["cognito"]
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    return document["name"], vendor


def user(vendor, state):
    return next(user for user in vendor["principals"]["users"] if user["state"] == state)


def refused(action, *names):
    """Runs `action`, which has to end in one of the exceptions called `names`."""
    try:
        action()
    except Exception as error:  # noqa: BLE001: the name decides
        seen = [type(error).__name__, getattr(error, "response", {}).get("Error", {}).get("Code")]
        assert any(name in names for name in seen), f"{seen} instead of {names}: {error}"
    else:
        raise AssertionError(f"accepted, instead of {names}")
