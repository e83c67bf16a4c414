"""A home-made client of Pattern Health, as small projects have one; FAULT gives it a usual fault."""

import base64
import json
import os
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

FAULT = os.environ.get("FAULT", "none")
MARGIN_S = 0.2


class Refused(Exception):
    """The vendor answered with this status."""

    def __init__(self, status):
        super().__init__(f"refused with {status}")
        self.status = status


class Client:
    def __init__(self, environment=os.environ):
        self.environment = environment
        self.lock = threading.Lock()
        self.token = None
        self.ends = 0.0

    def members(self):
        group = self.environment["LOCUM_GROUP_ID"]
        return self.get(f"/api/v1/groups/{group}/members")

    def get(self, path):
        token = self.current_token()
        attempts = 12 if FAULT == "loop" else 2
        for attempt in range(attempts):
            status, body = self.send(path, token)
            is_last = attempt + 1 == attempts or FAULT == "units"
            if status != 401 or is_last:
                break
            token = self.current_token(instead_of=token)
        if status >= 400:
            raise Refused(status)
        return json.loads(body)

    def current_token(self, instead_of=None):
        with self.lock:
            if instead_of is not None and self.token == instead_of:
                self.token = None
            if self.token is None or time.monotonic() >= self.ends or FAULT == "login_per_call":
                self.log_in()
            return self.token

    def log_in(self):
        url = self.environment["LOCUM_TOKEN_URL"]
        pair = f"{self.environment['LOCUM_CLIENT_ID']}:{self.environment['LOCUM_CLIENT_SECRET']}"
        headers = {
            "Accept": "application/json",
            "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        form = urllib.parse.urlencode({"grant_type": "client_credentials"}).encode()
        status, body = exchange(urllib.request.Request(url, form, headers, method="POST"))
        if status != 200:
            raise Refused(status)
        reply = json.loads(body)
        self.token = reply["access_token"]
        # The vendor counts milliseconds.
        lifetime_s = reply["expires_in"] if FAULT == "units" else reply["expires_in"] / 1000
        self.ends = time.monotonic() + lifetime_s - MARGIN_S
        if FAULT == "token_logged":
            print(f"logged in, the token is {self.token}")

    def send(self, path, token):
        url = self.environment["LOCUM_API_URL"] + path
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
        if FAULT == "token_in_query":
            url += "?" + urllib.parse.urlencode({"access_token": token})
        if FAULT == "no_bearer":
            headers["Authorization"] = token
        return exchange(urllib.request.Request(url, headers=headers))


def exchange(request):
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
