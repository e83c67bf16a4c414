"""The same principals on both sides: realms in Keycloak by its admin API, stages in locum."""

import copy
import json
import urllib.error
import urllib.parse
import urllib.request

ORIGIN = "https://app.example.org"
CALLBACK = "http://localhost:9/cb"

CLIENTS = [
    {"client_id": "conf", "client_secret": "s3cret-of-conf", "direct_access": True, "standard_flow": True,
     "redirect_uris": [CALLBACK, "http://localhost:9/other?x=1"], "web_origins": [ORIGIN]},
    {"client_id": "second", "client_secret": "second-secret"},
    {"client_id": "odd", "client_secret": "s3 +/=&%:ü€", "direct_access": True},
    {"client_id": "off", "client_secret": "off-secret", "enabled": False, "direct_access": True,
     "standard_flow": True, "redirect_uris": [CALLBACK]},
    {"client_id": "no-sa", "client_secret": "no-sa-secret", "service_account": False, "direct_access": True},
    {"client_id": "sa-off", "client_secret": "sa-off-secret", "service_user_enabled": False},
    {"client_id": "cc-refresh", "client_secret": "cc-refresh-secret", "refresh_for_client_credentials": True},
    {"client_id": "app", "public": True, "direct_access": True, "standard_flow": True,
     "redirect_uris": [CALLBACK], "web_origins": [ORIGIN]},
    {"client_id": "no-flow", "public": True, "redirect_uris": [CALLBACK]},
    {"client_id": "pkce", "public": True, "standard_flow": True, "redirect_uris": [CALLBACK], "pkce": "S256"},
    {"client_id": "consent", "client_secret": "consent-secret", "direct_access": True, "standard_flow": True,
     "redirect_uris": [CALLBACK], "consent_required": True},
    {"client_id": "heard", "client_secret": "heard-secret", "direct_access": True, "audience": ["heard"]},
]
USERS = [
    {"username": "ada", "password": "ada-pw é+ &%"},
    {"username": "bob", "password": "bob-pw", "email": "bob@example.com", "first_name": "Bob", "last_name": "Babbage"},
    {"username": "eve", "password": "eve-pw", "enabled": False},
    {"username": "new", "password": "new-pw", "required_action": "UPDATE_PASSWORD"},
    {"username": "bare", "password": "bare-pw", "email": "", "first_name": "", "last_name": ""},
]
SECRETS = {client["client_id"]: client.get("client_secret", "") for client in CLIENTS}
PASSWORDS = {user["username"]: user["password"] for user in USERS}

# Each world is a realm there and a stage here; `realm` is what Keycloak calls it, `settings` ours.
WORLDS = {
    "main": {"realm": {}, "settings": {}},
    "rotating": {"realm": {"revokeRefreshToken": True, "refreshTokenMaxReuse": 0},
                 "settings": {"corti.rotate_refresh": True}},
    "short": {"realm": {"accessTokenLifespan": 2}, "settings": {"corti.access_ttl_s": 2}},
    "closed": {"realm": {"enabled": False}, "settings": {}},
}


def realm_of(world):
    """The realm's name, the same on both sides."""
    return f"parity-{world}"


def call(method, url, body=None, headers=None, form=None):
    """One JSON call; (status, body, headers)."""
    data = None if body is None else json.dumps(body).encode()
    headers = dict(headers or {})
    if form is not None:
        data = urllib.parse.urlencode(form).encode()
    elif data is not None:
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, json.loads(reply.read() or b"null"), reply.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace"), error.headers


class Keycloak:
    """The admin API, as far as it is needed."""

    def __init__(self, base, user, password):
        self.base, self.user, self.password, self.token = base, user, password, None

    def call(self, method, path, body=None):
        for _ in (1, 2):
            if self.token is None:
                form = {"grant_type": "password", "client_id": "admin-cli",
                        "username": self.user, "password": self.password}
                url = f"{self.base}/realms/master/protocol/openid-connect/token"
                self.token = call("POST", url, form=form)[1]["access_token"]
            status, answer, headers = call(
                method, self.base + "/admin/realms" + path, body, {"Authorization": f"Bearer {self.token}"})
            if status != 401:
                break
            self.token = None
        if status >= 400:
            raise RuntimeError(f"Keycloak refuses {method} {path}: {status} {answer}")
        return answer, headers

    def make(self, realm, changes):
        """Makes `realm` anew, with the clients and users of this file."""
        try:
            self.call("DELETE", f"/{realm}")
        except RuntimeError:
            pass
        # One round of hashing: what is compared is answers, not the strength of the store.
        base = {"realm": realm, "enabled": True, "accessTokenLifespan": 300,
                "passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)"}
        self.call("POST", "", base)
        for scope in ("transcribe", "streams"):
            _, headers = self.call("POST", f"/{realm}/client-scopes", {
                "name": scope, "protocol": "openid-connect",
                "attributes": {"include.in.token.scope": "true", "display.on.consent.screen": "true"}})
            made = headers["Location"].rsplit("/", 1)[1]
            self.call("PUT", f"/{realm}/default-optional-client-scopes/{made}")
        ids = {}
        for client in CLIENTS:
            ids[client["client_id"]] = self._client(realm, client)
        for client in CLIENTS:
            for audience in client.get("audience", []):
                self.call("POST", f"/{realm}/clients/{ids[client['client_id']]}/protocol-mappers/models", {
                    "name": f"audience {audience}", "protocol": "openid-connect",
                    "protocolMapper": "oidc-audience-mapper",
                    "config": {"included.client.audience": audience, "access.token.claim": "true"}})
            if not client.get("service_user_enabled", True):
                user, _ = self.call("GET", f"/{realm}/clients/{ids[client['client_id']]}/service-account-user")
                self.call("PUT", f"/{realm}/users/{user['id']}", {**user, "enabled": False})
        for user in USERS:
            self._user(realm, user)
        if changes:
            self.call("PUT", f"/{realm}", {**base, **changes})

    def _client(self, realm, client):
        public = client.get("public", False)
        attributes = {"post.logout.redirect.uris": "+"}
        if client.get("refresh_for_client_credentials"):
            attributes["client_credentials.use_refresh_token"] = "true"
        if client.get("pkce"):
            attributes["pkce.code.challenge.method"] = client["pkce"]
        body = {
            "clientId": client["client_id"], "protocol": "openid-connect", "publicClient": public,
            "enabled": client.get("enabled", True),
            "serviceAccountsEnabled": not public and client.get("service_account", True),
            "directAccessGrantsEnabled": client.get("direct_access", False),
            "standardFlowEnabled": client.get("standard_flow", False),
            "consentRequired": client.get("consent_required", False),
            "redirectUris": client.get("redirect_uris", []), "webOrigins": client.get("web_origins", []),
            "attributes": attributes,
        }
        if client.get("client_secret"):
            body["secret"] = client["client_secret"]
        _, headers = self.call("POST", f"/{realm}/clients", body)
        return headers["Location"].rsplit("/", 1)[1]

    def _user(self, realm, user):
        name = user["username"]
        body = {
            "username": name, "enabled": user.get("enabled", True),
            "email": user.get("email", f"{name}@example.org"),
            "firstName": user.get("first_name", name), "lastName": user.get("last_name", "Locum"),
            "requiredActions": [user["required_action"]] if "required_action" in user else [],
            "credentials": [{"type": "password", "value": user["password"], "temporary": False}],
        }
        self.call("POST", f"/{realm}/users", {key: value for key, value in body.items() if value != ""})


def stage(control, name, world):
    """Makes the stage of a world; returns the port where its Corti answers at the root."""
    settings = {"corti.iss": "{base}/realms/{tenant}", **WORLDS[world]["settings"]}
    realm = {"name": realm_of(world), "clients": copy.deepcopy(CLIENTS), "users": copy.deepcopy(USERS)}
    if WORLDS[world]["realm"].get("enabled") is False:
        realm["enabled"] = False
    call("DELETE", f"{control}/stages/{name}")
    status, document, _ = call("POST", f"{control}/stages", {
        "name": name, "listen": True, "settings": settings,
        "vendors": {"corti": {"principals": {"realms": [realm]}}}})
    if status != 201:
        raise RuntimeError(f"locum refuses the stage: {status} {document}")
    return int(document["vendors"]["corti"]["base"].rsplit(":", 1)[1].rstrip("/"))
