"""Speaks `locum/1` with a shim and looks at what its example client did at the mock.

Usage: converse.py CONTROL LANGUAGE COMMAND...
"""

import itertools
import json
import subprocess
import sys
import tempfile
import urllib.request

CONTROL, LANGUAGE, COMMAND = sys.argv[1], sys.argv[2], sys.argv[3:]


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(CONTROL + path, data=data, method=method)
    with urllib.request.urlopen(request) as reply:
        return reply.read()


STAGE = json.loads(control("POST", "/stages", {"listen": True}))
VENDOR = STAGE["vendors"]["pattern"]
KEYS = {name: VENDOR["credentials"][name] for name in ("client_id", "client_secret")}
PATH = f"/api/v1/groups/{VENDOR['env']['LOCUM_GROUP_ID']}/members"
CALL = {"op": "call", "client": "a", "method": "GET", "path": PATH}


def config(urls, **more):
    return {"token_url": urls["token"], "api_url": urls["api"], **KEYS, **more}


def token_requests():
    entries = json.loads(control("GET", f"/stages/{STAGE['name']}/journal?endpoint=token"))["entries"]
    return len(entries)


class Shim:
    def __init__(self):
        self.process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ids = itertools.count(1)

    def ask(self, *messages):
        """Sends all of them, then reads as many replies, which may come in any order."""
        sent = [{"id": next(self.ids), **message} for message in messages]
        lines = [json.dumps(message, ensure_ascii=False) + "\n" for message in sent]
        self.process.stdin.write("".join(lines).encode())
        self.process.stdin.flush()
        replies = [json.loads(self.process.stdout.readline()) for _ in sent]
        found = {reply["id"]: reply for reply in replies}
        return [found[message["id"]] for message in sent]

    def new(self, name, config):
        [reply] = self.ask({"op": "new", "client": name, "vendor": "pattern", "config": config})
        assert reply["ok"] is True, reply

    def served(self, count, **more):
        for reply in self.ask(*[{**CALL, **more}] * count):
            assert reply["ok"] is True and reply["status"] == 200, reply

    def refused(self, **more):
        [reply] = self.ask({**CALL, **more})
        assert reply["ok"] is False and isinstance(reply["message"], str), reply
        return reply

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(2) == 0, "it ends with its standard input"
        assert self.process.stdout.read() == b"", "it says nothing that was not asked"


shim = Shim()
try:
    [hello] = shim.ask({"op": "hello", "proto": "locum/1", "vendor": "pattern"})
    assert hello["ok"] is True and hello["proto"] == "locum/1" and hello["language"] == LANGUAGE, hello
    assert sorted(hello["ops"]) == ["call", "drop", "new"] and hello["caps"] == ["concurrency"], hello
    [other] = shim.ask({"op": "ws_open", "client": "a", "url": "ws://localhost"})
    assert other["unsupported"] == "ws_open", other

    shim.new("a", config(VENDOR["urls"]))
    shim.served(20)
    assert token_requests() == 1, "twenty calls at once are one login"
    control("POST", f"/stages/{STAGE['name']}/tokens/revoke", {"vendor": "pattern"})
    shim.served(20)
    assert token_requests() == 2, "and one more when the token is refused"
    body = json.dumps({"note": "é \" \\ \n"})
    [posted] = shim.ask({**CALL, "method": "POST", "body": body, "headers": {"X-Trace": "1"}})
    assert posted["ok"] is True and posted["status"] == 422, posted

    secret = "wrong é \" \\ :%+/="
    shim.new("b", {**config(VENDOR["urls"]), "client_secret": secret})
    for _ in range(50):
        assert secret not in shim.refused(client="b")["message"]
    assert token_requests() == 3, "a refusal is not asked for again at once"

    with tempfile.NamedTemporaryFile(suffix=".pem") as authority:
        authority.write(control("GET", "/ca.pem"))
        authority.flush()
        shim.new("c", config(VENDOR["tls_urls"], ca_file=authority.name))
        shim.served(1, client="c")
    shim.new("d", config(VENDOR["tls_urls"]))
    shim.refused(client="d")
    [dropped] = shim.ask({"op": "drop", "client": "a"})
    assert dropped["ok"] is True, dropped
    shim.end()
finally:
    shim.process.kill()
