"""`locum/1` on standard input and output, for clients that are called by one thread."""

import json
import sys
from importlib.metadata import version

# What a library raises, by the name of a class among its ancestors, and what that is called here.
KINDS = {
    "SSLError": "tls",
    "Timeout": "timeout",
    "ConnectTimeoutError": "timeout",
    "ReadTimeoutError": "timeout",
    "ConnectionError": "network",
    "TooManyRequestsException": "throttled",
    "UnauthorizedException": "auth",
    "UnauthenticatedException": "auth",
    "AuthlibBaseError": "auth",
    "OAuth2Error": "auth",
}


def failure(fault):
    """What the library raised, in its own words."""
    names = [one.__name__ for one in type(fault).__mro__]
    kind = next((kind for name, kind in KINDS.items() if name in names), "other")
    return {"ok": False, "error": kind, "message": f"{type(fault).__name__}: {fault}"}


def serve(package, vendors, ops):
    """Answers each request by the function of `ops` that has its name, one after another."""
    for line in sys.stdin.buffer:
        ask = json.loads(line)
        if ask["op"] == "hello":
            names = sorted(ops) if ask["vendor"] in vendors else []
            about = {"name": package, "version": version(package), "language": "python", "proto": "locum/1"}
            reply = {"ok": True, **about, "ops": names, "caps": []}
        elif ask["op"] not in ops:
            reply = {"unsupported": ask["op"]}
        else:
            try:
                reply = {"ok": True, **(ops[ask["op"]](ask) or {})}
            except Exception as fault:  # noqa: BLE001: any of a library's own
                reply = failure(fault)
        print(json.dumps({"id": ask["id"], **reply}), flush=True)


def limit(ask):
    """The caller's own limit, in seconds."""
    return ask.get("timeout_ms", 10_000) / 1000
