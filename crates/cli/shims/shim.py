"""Lets locum drive a Python client: locum drive pattern -- python3 shim.py"""

import base64, json, ssl, sys, threading, time, urllib.error, urllib.parse, urllib.request


# ---- your client here: import yours instead of this example, which is one for Pattern Health ----
class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None  # the token is for the vendor, not for another address


class Client:
    def __init__(self, config):
        self.config, self.lock, self.token, self.ends = config, threading.Lock(), None, 0.0
        self.fault, self.quiet_until = None, 0.0
        trusted = ssl.create_default_context(cafile=config.get("ca_file"))
        self.http = urllib.request.build_opener(NoRedirect, urllib.request.HTTPSHandler(context=trusted))

    def send(self, method, url, body, headers):
        request = urllib.request.Request(url, body and body.encode(), headers, method=method)
        try:
            with self.http.open(request, timeout=10) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read()

    def log_in(self):
        began = time.monotonic()
        pair = f"{self.config['client_id']}:{self.config['client_secret']}"
        basic = base64.b64encode(pair.encode()).decode()
        form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        headers = {"Authorization": f"Basic {basic}", **form}
        status, text = self.send("POST", self.config["token_url"], "grant_type=client_credentials", headers)
        if status != 200:
            raise RuntimeError(f"the token endpoint answered {status}")
        reply = json.loads(text)
        token, life = reply.get("access_token"), reply.get("expires_in")
        if not (token and isinstance(token, str) and str(reply.get("token_type")).lower() == "bearer"):
            raise RuntimeError("the reply has no usable token")
        life = life if isinstance(life, (int, float)) else 3_600_000
        self.token, self.ends = token, began + life / 1000  # Pattern counts milliseconds

    def bearer(self, refused=None):
        with self.lock:  # one login, however many callers wait for it
            left = self.ends - time.monotonic() if self.token not in (None, refused) else 0
            if left > 60:
                return self.token
            if time.monotonic() > self.quiet_until:
                try:
                    self.log_in()
                    return self.token
                except Exception as fault:
                    self.fault, self.quiet_until = fault, time.monotonic() + 1
            if left > 0:
                return self.token  # still good, though a new one could not be had
            raise self.fault

    def call(self, method, path, headers, body):
        def attempt(token):
            sent = {"Content-Type": "application/json", **headers, "Authorization": f"Bearer {token}"}
            return self.send(method, self.config["api_url"] + path, body, sent)[0]

        token = self.bearer()
        status = attempt(token)
        return attempt(self.bearer(refused=token)) if status == 401 else status


# ---- the shim: requests on standard input, replies on standard output, logs on standard error ----
clients, output = {}, threading.Lock()


def perform(ask):
    op, name = ask["op"], ask.get("client")
    if op == "hello":
        about = {"name": "example", "version": "1", "language": "python", "proto": "locum/1"}
        return {"ok": True, **about, "ops": ["new", "call", "drop"], "caps": ["concurrency"]}
    if op == "call":
        status = clients[name].call(ask["method"], ask["path"], ask.get("headers", {}), ask.get("body"))
        return {"ok": True, "status": status}
    if op not in ("new", "drop"):
        return {"unsupported": op}
    clients[name] = Client(ask["config"]) if op == "new" else None
    return {"ok": True}


def answer(ask):
    try:
        reply = perform(ask)
    except Exception as fault:  # "auth", "network", "timeout", "tls" or "throttled", if you can tell
        reply = {"ok": False, "error": "other", "message": str(fault)}
    with output:
        print(json.dumps({"id": ask["id"], **reply}), flush=True)


for line in sys.stdin.buffer:
    ask = json.loads(line)
    if ask["op"] == "call":  # several at once
        threading.Thread(target=answer, args=(ask,)).start()
    else:
        answer(ask)
