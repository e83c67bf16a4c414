"""Clients such as a user of the plugin tests: one for Pattern Health, one for Corti."""

import base64
import json
import time
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

http = build_opener(ProxyHandler({}))


def send(url, headers, form=None):
    body = urlencode(form).encode() if form else None
    try:
        with http.open(Request(url, body, {"Accept": "application/json", **headers}), timeout=10) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, {}


class Pattern:
    """Keeps its token until shortly before its milliseconds run out, and replaces one that is refused."""

    def __init__(self, token_url, api_url, client_id, client_secret, group_id):
        self.token_url, self.members_url = token_url, f"{api_url}/api/v1/groups/{group_id}/members"
        self.basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self.token, self.ends, self.logins = None, 0, 0

    @classmethod
    def of(cls, vendor):
        return cls(vendor.token_url, vendor.api_url, group_id=vendor.env["LOCUM_GROUP_ID"], **vendor.credentials)

    def login(self):
        self.logins += 1
        status, reply = send(self.token_url, {"Authorization": f"Basic {self.basic}"}, {"grant_type": "client_credentials"})
        if status != 200:
            raise PermissionError(f"login: {status}")
        self.token, self.ends = reply["access_token"], time.monotonic() + reply["expires_in"] / 1000 - 30

    def members(self):
        if time.monotonic() >= self.ends:
            self.login()
        for last in (False, True):
            status, reply = send(self.members_url, {"Authorization": f"Bearer {self.token}"})
            if status != 401 or last:
                return status
            self.login()

    call = members


class Corti:
    """Logs in once; without a `tenant` it forgets to say whose data it wants."""

    def __init__(self, token_url, api_url, client_id, client_secret, tenant=None):
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret, "scope": "openid"}
        self.token = send(token_url, {}, form)[1].get("access_token")
        self.url, self.tenant = f"{api_url}/interactions/", {"Tenant-Name": tenant} if tenant else {}

    @classmethod
    def of(cls, vendor):
        names = ("client_id", "client_secret", "tenant")
        return cls(vendor.token_url, vendor.api_url, *(vendor.credentials[name] for name in names))

    def interactions(self):
        return send(self.url, {"Authorization": f"Bearer {self.token}", **self.tenant})[0]

    call = interactions
