"""Cases from a seed: a good request of an endpoint, and what clients do to it.

A case is a list of steps; a step is a request whose `${…}` are filled, for each side, with what
that side has answered to the steps before.
"""

import base64
import hashlib
import json
import random
from urllib.parse import quote, quote_plus

from world import CALLBACK, CLIENTS, ORIGIN, PASSWORDS, SECRETS, USERS

OIDC = "/realms/${realm}/protocol/openid-connect"
FORM = "application/x-www-form-urlencoded"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
SCOPES = ["openid", "openid", "openid", None, "openid profile", "openid email phone", "openid offline_access",
          "offline_access", "phone", "address openid", "openid transcribe", "streams openid", "openid openid",
          "roles", "openid microprofile-jwt", "openid organization", "organization:*", "openid basic acr",
          "profile", "email openid web-origins"]
BAD_SCOPES = ["", " ", "nix", "openid nix", "OPENID", "openid  email", " openid", "openid ", "openid,email",
              "openid\temail", "openid\nemail", "é", "openid " + "x" * 4001, "x" * 4000, "service_account", "*", "\"", "<b>"]
STRANGE = ["", " ", "null", "undefined", "0", "é€𝄞", "a\x00b", "<script>", "'\"", "%", "%zz", "x" * 300, "[]", "{}", "*"]
JUNK_TOKENS = ["", "garbage", "a.b.c", "undefined", "..", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", "Bearer x", " ", "x" * 4001]
CONF = [client["client_id"] for client in CLIENTS if not client.get("public")]
ALL = [client["client_id"] for client in CLIENTS]
DIRECT = ["conf", "app", "heard", "odd", "no-sa"]
WEB = ["app", "conf"]


class Make:
    """One case in the making."""

    def __init__(self, rng):
        self.rng = rng
        self.steps = []
        self.world = "main"

    def chance(self, share):
        return self.rng.random() < share

    def pick(self, items):
        return self.rng.choice(items)

    # ------------------------------------------------------------------ parts of requests

    def basic(self, client, secret, odd=True):
        """`Authorization: Basic …`, mostly as it should be."""
        kind = self.pick(["plain"] * 6 + ["raw", "plus", "nopad", "lower", "urlsafe", "spaces", "tab", "junk",
                                          "nocolon", "badescape", "latin", "empty", "colon", "comma", "word", "alone",
                                          "glued", "tail"]) if odd else "plain"
        encode = {"raw": str, "plus": quote_plus, "nocolon": str}.get(kind, lambda text: quote(text, safe=""))
        text = f"{encode(client)}:{encode(secret)}"
        if kind == "nocolon":
            text = client
        if kind == "badescape":
            text = f"{client}:%zz"
        if kind == "empty":
            text = f"{client}:"
        if kind == "colon":
            text = f":{secret}"
        data = text.encode("latin-1", "replace") if kind == "latin" else text.encode()
        if kind == "urlsafe":
            data = f"{client}:".encode() + b"\xfb\xff\xfe?" * 2
        value = (base64.urlsafe_b64encode if kind == "urlsafe" else base64.b64encode)(data).decode()
        if kind == "nopad":
            value = value.rstrip("=")
        if kind == "junk":
            value = value[:4] + "!*" + value[4:]
        scheme, gap = "Basic", " "
        if kind == "lower":
            scheme = "bAsIc"
        if kind == "spaces":
            gap = "   "
        if kind == "tab":
            gap = "\t"
        if kind == "comma":
            value += ", x"
        if kind == "word":
            value = "x " + value
        if kind == "tail":
            value += "="
        if kind == "alone":
            gap = value = ""
        if kind == "glued":
            gap = ""
        return ("Authorization", f"{scheme}{gap}{value}")

    def credentials(self, step, client, share=0.15):
        """Puts the client's credentials into `step`, now and then wrongly."""
        secret = SECRETS[client]
        wrong = self.chance(share)
        if wrong:
            secret = self.pick(["wrong", "", secret + " ", secret + "\n", " " + secret, secret.upper(), secret[:-1], "é"])
        how = self.pick(["body"] * 5 + ["basic"] * 3 + ["both", "basic-id", "basic-secret", "none", "id"])
        if client in ("app", "no-flow", "pkce"):
            how = self.pick(["id"] * 6 + ["body", "basic", "none"])
        form = step["form"]
        if how in ("body", "both", "id", "basic-id"):
            form.append(["client_id", client, "plus"])
        if how in ("body", "both", "basic-secret"):
            form.append(["client_secret", secret, "plus"])
        if how in ("basic", "both", "basic-id", "basic-secret"):
            other = secret if how != "both" else self.pick([secret, "wrong"])
            named = client if not (how == "both" and self.chance(0.3)) else self.pick(ALL)
            step["headers"].append(list(self.basic(named, other)))

    def post(self, path, pairs, save=None):
        step = {"method": "POST", "path": OIDC + path, "form": [[name, value, "plus"] for name, value in pairs],
                "headers": [["Content-Type", FORM]], "query": [], "save": save}
        return step

    def get(self, path, pairs=(), save=None, **more):
        return {"method": "GET", "path": OIDC + path, "query": [[name, value, "plus"] for name, value in pairs],
                "headers": [], "save": save, **more}

    def add(self, step):
        self.steps.append(step)
        return step

    # ------------------------------------------------------------------ what comes before

    def login(self, name="a", client=None, user=None, scope="openid"):
        """Tokens of a user, by password."""
        client = client or self.pick(DIRECT)
        user = user or self.pick(["ada", "bob"])
        pairs = [("grant_type", "password"), ("client_id", client), ("username", user), ("password", PASSWORDS[user])]
        if SECRETS[client]:
            pairs.append(("client_secret", SECRETS[client]))
        if scope is not None:
            pairs.append(("scope", scope))
        self.add(self.post("/token", pairs, name))
        return client

    def service(self, name="a", client=None, scope="openid"):
        """Tokens of a client."""
        client = client or self.pick(["conf", "second", "odd", "heard", "cc-refresh"])
        pairs = [("grant_type", "client_credentials"), ("client_id", client), ("client_secret", SECRETS[client])]
        if scope is not None:
            pairs.append(("scope", scope))
        self.add(self.post("/token", pairs, name))
        return client

    def any_token(self, name="a"):
        """(client, slots of tokens)."""
        if self.chance(0.3):
            client = self.service(name, scope=self.pick(["openid", None, "openid phone"]))
            return client, [f"${{{name}.access_token}}", f"${{{name}.id_token}}", f"${{{name}.refresh_token}}"]
        client = self.login(name, scope=self.pick(["openid", "openid", None, "openid offline_access", "openid address"]))
        return client, [f"${{{name}.access_token}}", f"${{{name}.refresh_token}}", f"${{{name}.id_token}}"]

    def authorization(self, client, more=(), drop=()):
        pairs = [("response_type", "code"), ("client_id", client), ("redirect_uri", CALLBACK),
                 ("scope", "openid"), ("state", "st 1&"), ("nonce", "n-1")]
        pairs = [pair for pair in pairs if pair[0] not in drop and pair[0] not in dict(more)]
        return pairs + list(more)

    def browser(self, client=None, user=None, more=(), name="b"):
        """A code, by the login form."""
        client = client or self.pick(WEB)
        user = user or self.pick(["ada", "bob"])
        self.add(self.get("/auth", self.authorization(client, more), name))
        self.form(name, [("username", user), ("password", PASSWORDS[user])])
        return client

    def form(self, name, pairs, cookies=True):
        return self.add({"method": "POST", "path": f"${{{name}.action}}", "query": [],
                         "form": [[key, value, "plus"] for key, value in pairs],
                         "headers": [["Content-Type", FORM]], "cookies": cookies, "save": name})

    def exchange(self, client, name="b", save="t", more=()):
        pairs = [("grant_type", "authorization_code"), ("client_id", client), ("code", f"${{{name}.code}}"),
                 ("redirect_uri", CALLBACK)]
        if SECRETS[client]:
            pairs.append(("client_secret", SECRETS[client]))
        return self.add(self.post("/token", [*pairs, *more], save))

    def dead(self, name, client):
        """Ends the tokens called `name`, one way or another."""
        how = self.pick(["logout", "revoke refresh", "revoke access", "refresh", "id hint", "revoke twice"])
        credentials = [("client_id", client)] + ([("client_secret", SECRETS[client])] if SECRETS[client] else [])
        if how == "logout":
            self.add(self.post("/logout", [*credentials, ("refresh_token", f"${{{name}.refresh_token}}")]))
        elif how.startswith("revoke"):
            kind = "access" if how == "revoke access" else "refresh"
            for _ in range(2 if how == "revoke twice" else 1):
                self.add(self.post("/revoke", [*credentials, ("token", f"${{{name}.{kind}_token}}")]))
        elif how == "refresh":
            self.add(self.post("/token", [*credentials, ("grant_type", "refresh_token"),
                                          ("refresh_token", f"${{{name}.refresh_token}}")], "r"))
        else:
            self.add(self.get("/logout", [("id_token_hint", f"${{{name}.id_token}}"),
                                          ("post_logout_redirect_uri", CALLBACK), ("client_id", client)]))
        return how

    # ------------------------------------------------------------------ what clients do to a request

    def bend(self, step, most=3):
        """Changes `step` in none to `most` ways."""
        for _ in range(self.pick([0, 0, 1, 1, 1, 2, most])):
            self.pick([self.drop, self.drop, self.repeat, self.strange, self.strange, self.empty, self.bare, self.other_case,
                       self.unknown, self.styled, self.styled, self.shuffled, self.to_query, self.headed, self.headed,
                       self.typed, self.methodical, self.pathed, self.broken])(step)

    def pairs(self, step):
        return step.get("form") if step.get("form") else step["query"]

    def one(self, step):
        pairs = self.pairs(step)
        return self.pick(pairs) if pairs else ["x", "y", "plus"]

    def drop(self, step):
        pairs = self.pairs(step)
        if pairs:
            pairs.pop(self.rng.randrange(len(pairs)))

    def repeat(self, step):
        name, value, style = self.one(step)
        self.pairs(step).append([name, self.pick([value, value, "other", ""]), style])

    def strange(self, step):
        self.one(step)[1] = self.pick(STRANGE)

    def empty(self, step):
        self.one(step)[1] = ""

    def bare(self, step):
        pair = self.one(step)
        pair[1], pair[2] = "", "bare"

    def other_case(self, step):
        pair = self.one(step)
        if self.chance(0.5):
            pair[0] = pair[0].upper()
        elif "${" not in pair[1]:
            pair[1] = pair[1].swapcase()

    def unknown(self, step):
        self.pairs(step).append([self.pick(["foo", "", "kc_action", "ui_locales", "resource", "audience", "a[]"]),
                                 self.pick(["1", "", "é"]), "plus"])

    def styled(self, step):
        self.one(step)[2] = self.pick(["pct", "lower", "over", "overname", "latin"])

    def shuffled(self, step):
        self.rng.shuffle(self.pairs(step))

    def to_query(self, step):
        if step.get("form"):
            step["query"].append(step["form"].pop(self.rng.randrange(len(step["form"]))))

    def headed(self, step):
        step["headers"].append(self.pick([
            ["Accept", "text/html"], ["Accept", "application/xml"], ["Accept", ""], ["Accept", "application/json"],
            ["Origin", ORIGIN], ["Origin", ORIGIN], ["Origin", "https://evil.example"], ["Origin", "null"], ["Origin", ""],
            ["Tenant-Name", "x"], ["Cookie", "a=b"], ["X-Forwarded-Host", "evil.example"], ["X-Forwarded-Proto", "https"],
            ["DPoP", "garbage"], ["DPoP", ""], ["Accept-Language", "de"], ["X-Requested-With", "XMLHttpRequest"],
            ["Authorization", "Bearer x"], ["Authorization", "Basic eDp5"], ["Authorization", "Digest x"], ["Authorization", ""],
            ["Content-Type", "text/plain"], ["Referer", "http://x/"], ["Accept-Encoding", "gzip"], ["Connection", "close"],
            ["User-Agent", "x"], ["Cache-Control", "no-cache"], ["If-None-Match", "*"]]))

    def typed(self, step):
        if step.get("form") is None:
            return
        for header in step["headers"]:
            if header[0] == "Content-Type":
                header[1] = self.pick([FORM + "; charset=utf-8", FORM + ";charset=ISO-8859-1", FORM.upper(), FORM + ";",
                                       FORM + "; charset=nope", "text/plain", "application/json", "multipart/form-data; boundary=x",
                                       "garbage", "application/", "", "*/*", FORM + ", text/plain", FORM + "; a=b", " " + FORM])

    def methodical(self, step):
        if self.chance(0.5):
            step["method"] = self.pick(["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "POST", "post", "TRACE", "FOO"])

    def pathed(self, step):
        if self.chance(0.6) and step["path"].startswith("/realms"):
            step["path"] = self.pick([
                step["path"] + "/", step["path"] + "//", step["path"] + "/nix", step["path"] + "x", step["path"] + ";a=b",
                step["path"].replace("/protocol", "//protocol"), step["path"].replace("connect/", "connect/%74"),
                step["path"].replace("${realm}", "nowhere"), step["path"].replace("${realm}", "PARITY-MAIN"),
                step["path"].replace("openid-connect", "saml"), step["path"].replace("openid-connect", "nix"),
                step["path"].replace("/realms", "/auth/realms"), step["path"].replace("/realms", ""),
                step["path"] + "?", step["path"] + "?a=%zz", step["path"] + "/../token", step["path"] + "/.", step["path"] + "%2F",
                step["path"].replace("/realms", "/REALMS"), step["path"].replace("/protocol/", "/"), step["path"] + "%20", step["path"] + "#x"])

    def broken(self, step):
        if step.get("form"):
            step["form"].append(["foo", self.pick(["%zz", "%", "%4", "a;b", "&&", "a=b", "ü", " "]), "raw"])


# ---------------------------------------------------------------------- the families of cases


def token_client_credentials(make):
    client = make.pick(CONF + ["conf"] * 4 + ["app", "nobody"])
    step = make.post("/token", [("grant_type", "client_credentials")])
    scope = make.pick(SCOPES + BAD_SCOPES)
    if scope is not None:
        step["form"].append(["scope", scope, "plus"])
    if client == "nobody":
        step["form"] += [["client_id", "nobody", "plus"], ["client_secret", "x", "plus"]]
    else:
        make.credentials(step, client)
    make.bend(step)
    make.add(step)


def token_password(make):
    client = make.pick(DIRECT * 3 + ALL)
    step = make.post("/token", [("grant_type", "password")])
    user = make.pick(["ada", "bob"] * 3 + [user["username"] for user in USERS] + ["nobody", "service-account-conf"])
    password = PASSWORDS.get(user, "x") if make.chance(0.8) else make.pick(["wrong", "", " ", "x" * 4001])
    user = make.pick([user] * 6 + [user.upper(), f"{user}@example.org", f" {user}", "bob@example.com", ""])
    step["form"] += [["username", user, "plus"], ["password", password, "plus"]]
    scope = make.pick(SCOPES * 2 + BAD_SCOPES)
    if scope is not None:
        step["form"].append(["scope", scope, "plus"])
    make.credentials(step, client)
    make.bend(step)
    make.add(step)


def token_refresh(make):
    if make.chance(0.2):
        make.world = "rotating"
    kind = make.pick(["login"] * 4 + ["service", "code"])
    if kind == "login":
        client = make.login(scope=make.pick(["openid", "openid", None, "openid offline_access", "openid phone address", "offline_access"]))
    elif kind == "service":
        client = make.service(client="cc-refresh", scope=make.pick(["openid", None]))
    else:
        client = make.browser(name="b")
        make.exchange(client, save="a")
    if make.chance(0.3):
        make.dead("a", client)
    token = make.pick(["${a.refresh_token}"] * 8 + ["${a.access_token}", "${a.id_token}", "${a.refresh_token}x",
                                                   "${r.refresh_token}", " ${a.refresh_token}"] + JUNK_TOKENS)
    for _ in range(make.pick([1, 1, 2, 3])):
        step = make.post("/token", [("grant_type", "refresh_token"), ("refresh_token", token)], "r")
        scope = make.pick([None] * 6 + SCOPES + BAD_SCOPES)
        if scope is not None:
            step["form"].append(["scope", scope, "plus"])
        make.credentials(step, client if make.chance(0.85) else make.pick(ALL), 0.05)
        make.bend(step, 1)
        make.add(step)
        token = make.pick([token, "${r.refresh_token}"])
    if make.chance(0.4):
        make.add(make.get("/userinfo"))["headers"].append(["Authorization", make.pick(["Bearer ${r.access_token}", "Bearer ${a.access_token}"])])


def token_code(make):
    pkce = make.pick([None, None, None, "S256", "plain", "bare"])
    more = []
    if pkce:
        more.append(("code_challenge", CHALLENGE if pkce == "S256" else VERIFIER))
        if pkce != "bare":
            more.append(("code_challenge_method", pkce))
    scope = make.pick(["openid"] * 4 + ["openid offline_access", "profile", "openid phone"])
    more.append(("scope", scope))
    if make.chance(0.2):
        more.append(("response_mode", make.pick(["fragment", "query"])))
    client = make.browser(client="pkce" if pkce == "S256" and make.chance(0.4) else None, more=more)
    for _ in range(make.pick([1, 1, 1, 2])):
        step = make.post("/token", [("grant_type", "authorization_code"),
                                    ("code", make.pick(["${b.code}"] * 9 + ["${b.code}x", "", "garbage", "a.b.c"])),
                                    ("redirect_uri", make.pick([CALLBACK] * 9 + [CALLBACK + "/", "", "http://localhost:9/other?x=1"]))], "t")
        verifier = make.pick([VERIFIER] * 8 + ["x" * 43, "short", "", "é" * 43, VERIFIER + "x" * 90]) if pkce or make.chance(0.1) else None
        if verifier is not None and make.chance(0.9):
            step["form"].append(["code_verifier", verifier, "plus"])
        make.credentials(step, client if make.chance(0.85) else make.pick(ALL), 0.05)
        make.bend(step, 1)
        make.add(step)
    if make.chance(0.5):
        make.add(make.get("/userinfo"))["headers"].append(["Authorization", "Bearer ${t.access_token}"])
    if make.chance(0.3):
        pairs = [("grant_type", "refresh_token"), ("refresh_token", "${t.refresh_token}"), ("client_id", client)]
        make.add(make.post("/token", pairs + ([("client_secret", SECRETS[client])] if SECRETS[client] else [])))


def token_other(make):
    grant = make.pick(["urn:ietf:params:oauth:grant-type:device_code", "urn:openid:params:grant-type:ciba",
                       "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:uma-ticket",
                       "urn:ietf:params:oauth:grant-type:token-exchange", "implicit", "", "CLIENT_CREDENTIALS", "client_credentials ",
                       "refresh-token", "é", "hybrid", "urn:ietf:params:oauth:grant-type:pre-authorized_code"])
    step = make.post("/token", [("grant_type", grant)])
    for name in ("assertion", "device_code", "auth_req_id", "subject_token", "subject_token_type", "audience", "ticket", "code"):
        if make.chance(0.15):
            step["form"].append([name, make.pick(["garbage", "", "a.b.c", "urn:ietf:params:oauth:token-type:access_token", "conf"]), "plus"])
    make.credentials(step, make.pick(ALL))
    make.bend(step, 1)
    make.add(step)


def introspection(make):
    client, slots = make.any_token()
    if make.chance(0.25):
        make.dead("a", client)
    value = make.pick(slots * 4 + JUNK_TOKENS + [slots[0] + "x", slots[0] + " ", "Bearer " + slots[0]])
    step = make.post("/token/introspect", [("token", value)])
    hint = make.pick([None] * 4 + ["access_token", "refresh_token", "refresh_token", "id_token", "", "magic", "requesting_party_token"])
    if hint is not None:
        step["form"].append(["token_type_hint", hint, "plus"])
    asker = make.pick([client, client, "heard", "heard", make.pick(ALL)])
    make.credentials(step, asker, 0.1)
    make.bend(step, 1)
    make.add(step)


def introspection_heard(make):
    how = make.pick(["login", "service"])
    (make.login if how == "login" else make.service)(client="heard", scope=make.pick(["openid", None, "openid offline_access"]))
    if make.chance(0.2):
        make.dead("a", "heard")
    kind = make.pick(["access", "access", "refresh", "id"])
    step = make.post("/token/introspect", [("token", f"${{a.{kind}_token}}"), ("client_id", "heard"), ("client_secret", SECRETS["heard"])])
    if make.chance(0.6):
        step["form"].append(["token_type_hint", make.pick([f"{kind}_token", "refresh_token", "access_token"]), "plus"])
    if make.chance(0.3):
        step["headers"].append(["Accept", make.pick(["application/jwt", "application/json", "text/html", "*/*"])])
    make.add(step)


def revocation(make):
    client, slots = make.any_token()
    value = make.pick(slots * 5 + JUNK_TOKENS + [slots[0] + "x"])
    for _ in range(make.pick([1, 1, 2])):
        step = make.post("/revoke", [("token", value)])
        hint = make.pick([None] * 4 + ["access_token", "refresh_token", "magic", ""])
        if hint is not None:
            step["form"].append(["token_type_hint", hint, "plus"])
        make.credentials(step, client if make.chance(0.8) else make.pick(ALL), 0.05)
        make.bend(step, 1)
        make.add(step)
    probe(make, client)


def probe(make, client):
    """Looks what is left of the tokens `a`."""
    if make.chance(0.6):
        make.add(make.get("/userinfo"))["headers"].append(["Authorization", "Bearer ${a.access_token}"])
    if make.chance(0.4):
        pairs = [("grant_type", "refresh_token"), ("refresh_token", "${a.refresh_token}"), ("client_id", client)]
        make.add(make.post("/token", pairs + ([("client_secret", SECRETS[client])] if SECRETS[client] else [])))


def logging_out(make):
    client, slots = make.any_token()
    if make.chance(0.2):
        make.dead("a", client)
    value = make.pick(["${a.refresh_token}"] * 6 + slots + JUNK_TOKENS)
    step = make.post("/logout", [("refresh_token", value)])
    make.credentials(step, client if make.chance(0.8) else make.pick(ALL), 0.05)
    make.bend(step, 1)
    make.add(step)
    probe(make, client)


def logging_out_by_browser(make):
    if make.chance(0.5):
        client = make.login(client=make.pick(WEB))
    else:
        client = make.browser(name="b")
        make.exchange(client, save="a")
    pairs = []
    if make.chance(0.7):
        pairs.append(("id_token_hint", make.pick(["${a.id_token}"] * 8 + ["${a.access_token}", "undefined", "", "a.b.c", "${a.id_token}x"])))
    if make.chance(0.7):
        pairs.append(("post_logout_redirect_uri", make.pick([CALLBACK] * 5 + ["http://evil/", "", CALLBACK + "/", "http://localhost:9/other?x=1", "undefined"])))
    if make.chance(0.4):
        pairs.append(("client_id", make.pick([client] * 3 + ["nobody", "second", ""])))
    if make.chance(0.4):
        pairs.append(("state", make.pick(["s1", "", "a b&c", "é"])))
    if make.chance(0.1):
        pairs.append(("ui_locales", "de"))
    if make.chance(0.3):
        step = make.post("/logout", pairs)
    else:
        step = make.get("/logout", pairs)
    step["cookies"] = make.chance(0.5)
    make.bend(step, 1)
    make.add(step)
    probe(make, client)


def userinfo(make):
    client, slots = make.any_token()
    if make.chance(0.3):
        make.dead("a", client)
    token = make.pick(["${a.access_token}"] * 8 + slots + JUNK_TOKENS + ["${a.access_token}x"])
    how = make.pick(["header"] * 5 + ["form", "form", "both", "query", "none", "json"])
    step = make.get("/userinfo")
    if how in ("form", "both", "json") or make.chance(0.15):
        step = make.post("/userinfo", [])
    if how in ("form", "both"):
        step["form"].append(["access_token", token, "plus"])
    if how == "json":
        step["form"], step["body"], step["headers"] = None, '{"access_token":"x"}', [["Content-Type", "application/json"]]
    if how == "query":
        step["query"].append(["access_token", token, "plus"])
    if how in ("header", "both", "json"):
        scheme = make.pick(["Bearer "] * 10 + ["bearer ", "BEARER ", "Bearer  ", "Bearer\t", "Bearer", "Bearer Bearer ", "DPoP ", "Token ", "Basic ", ""])
        step["headers"].append(["Authorization", f"{scheme}{token}"])
        if make.chance(0.1):
            step["headers"].append(["Authorization", "Bearer ${a.access_token}"])
    if make.chance(0.15):
        step["headers"].append(["Accept", make.pick(["application/jwt", "text/html", "application/json"])])
    make.bend(step, 1)
    make.add(step)


def authorization(make):
    client = make.pick(WEB * 4 + ALL + ["nobody", "é", ""])
    more, drop = [], []
    for name, values, share in (
        ("response_type", ["token", "id_token", "code id_token", "code token", "none", "id_token token", "", "nix", "CODE", "code code", "code nix", " code"], 0.2),
        ("redirect_uri", ["http://evil/", CALLBACK + "/", CALLBACK + "?a=b", CALLBACK + "#x", "", "http://localhost:9/CB", "http://localhost:8/cb",
                          "http://127.0.0.1:9/cb", "https://localhost:9/cb", "http://localhost:9/cb/../cb", "http://localhost:9/c%62",
                          "http://user@localhost:9/cb", "javascript:alert(1)", "//localhost:9/cb", "http://localhost:9/other?x=1", "urn:ietf:wg:oauth:2.0:oob"], 0.2),
        ("scope", [scope for scope in SCOPES + BAD_SCOPES if scope is not None], 0.3),
        ("state", ["", "s1", "é", "a=b&c=d", "x" * 3000, "<b>\"'"], 0.3),
        ("nonce", ["", "n", "é"], 0.2),
        ("prompt", ["none", "none", "login", "consent", "create", "select_account", "login consent", "none login", "nix", ""], 0.3),
        ("max_age", ["0", "1", "-1", "nix", "", "99999999999999999999"], 0.1),
        ("response_mode", ["query", "fragment", "form_post", "jwt", "query.jwt", "form_post.jwt", "nix", "", "QUERY"], 0.25),
        ("code_challenge", [CHALLENGE, VERIFIER, "short", "", "é" * 43, "x" * 128, "x" * 129, "x" * 42], 0.25),
        ("code_challenge_method", ["S256", "S256", "plain", "s256", "", "S512"], 0.25),
        ("request", ["x", "", "a.b.c"], 0.04), ("request_uri", ["http://x/", "", "urn:ietf:params:oauth:request_uri:x"], 0.04),
        ("login_hint", ["ada", "<b>", ""], 0.05), ("acr_values", ["1", "gold"], 0.05), ("claims", ["{}", "nix", '{"id_token":{"acr":{"essential":true,"values":["2"]}}}'], 0.06),
        ("id_token_hint", ["nix"], 0.03), ("ui_locales", ["de", "xx"], 0.04), ("kc_idp_hint", ["nix"], 0.03), ("kc_action", ["UPDATE_PASSWORD", "nix"], 0.03),
        ("dpop_jkt", ["nix", ""], 0.03), ("display", ["popup"], 0.03), ("resource", ["http://x/"], 0.03),
    ):
        if make.chance(share):
            more.append((name, make.pick(values)))
    if make.chance(0.2):
        drop.append(make.pick(["response_type", "client_id", "redirect_uri", "scope", "state", "nonce"]))
        more = [pair for pair in more if pair[0] not in drop]
    pairs = make.authorization(client, more, drop)
    step = make.get("/auth", pairs, "b")
    if make.chance(0.1):
        step = make.post("/auth", pairs, "b")
    if make.chance(0.3):
        make.bend(step, 1)
    make.add(step)


def login_form(make):
    client = make.pick(WEB)
    if make.chance(0.15):
        client = make.pick(["consent", "pkce"])
    more = [("response_mode", make.pick(["fragment", "form_post", "query"]))] if make.chance(0.3) else []
    if client == "pkce":
        more += [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]
    make.add(make.get("/auth", make.authorization(client, more), "b"))
    for _ in range(make.pick([1, 1, 1, 2])):
        user = make.pick(["ada"] * 3 + [user["username"] for user in USERS] + ["nobody", ""])
        password = PASSWORDS.get(user, "x") if make.chance(0.75) else make.pick(["wrong", ""])
        user = make.pick([user] * 5 + [user.upper(), f"{user}@example.org", user + " "])
        step = make.form("b", [("username", user), ("password", password), ("credentialId", "")], cookies=make.chance(0.9))
        if make.chance(0.3):
            make.bend(step, 1)
    if make.chance(0.5):
        again = [("prompt", make.pick(["none", "login", "consent"]))] if make.chance(0.5) else []
        if make.chance(0.2):
            again.append(("max_age", make.pick(["0", "1000"])))
        make.add(make.get("/auth", make.authorization(make.pick(WEB + ["consent"]), again), "c", cookies=True))
    if make.chance(0.2):
        make.add(make.get("/auth", make.authorization(client, [("prompt", "none")]), "c"))


def known_browser(make):
    """Single sign-on, and codes that outlive it."""
    client = make.browser(name="b")
    make.exchange(client, save="a")
    other = make.pick(WEB)
    make.add(make.get("/auth", make.authorization(other, [("prompt", "none")] if make.chance(0.4) else []), "c", cookies=True))
    if make.chance(0.5):
        make.dead("a", client)
    make.exchange(other, name="c", save="d")
    make.add(make.get("/userinfo"))["headers"].append(["Authorization", make.pick(["Bearer ${a.access_token}", "Bearer ${d.access_token}"])])
    make.add(make.get("/auth", make.authorization(client, [("prompt", "none")]), "e", cookies=True))


def documents(make):
    path = make.pick(["/realms/${realm}/.well-known/openid-configuration"] * 3 + [
        OIDC + "/certs", OIDC + "/certs", "/realms/${realm}", "/realms/${realm}/", "/realms/${realm}/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/realms/${realm}", "/.well-known/openid-configuration/realms/${realm}",
        "/realms/${realm}/.well-known/nix", "/realms/${realm}/.well-known/uma2-configuration", "/realms/${realm}/.well-known", "/realms", "/", "/nix", "/realms/", "/health",
        OIDC, OIDC + "/", OIDC + "/nix", OIDC + "/token/nix", OIDC + "/login-status-iframe.html", OIDC + "/3p-cookies/step1.html",
        "/realms/${realm}/nix", "/realms/${realm}/account", "/realms/${realm}/protocol/nix/x", "/realms/${realm}/protocol", "/robots.txt", "/admin",
        OIDC + "/registrations", OIDC + "/forgot-credentials", OIDC + "/auth/device", OIDC + "/delegated", "/realms/${realm}/login-actions/authenticate",
        "/realms/${realm}/login-actions/nix", "/realms/${realm}/device", "/realms/${realm}/broker/nix/login", "/js/keycloak.js", "/resources/x"])
    step = {"method": make.pick(["GET"] * 6 + ["POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"]), "path": path, "query": [], "headers": []}
    if make.chance(0.3):
        step["headers"].append(make.pick([["Accept", "text/html"], ["Accept", "application/json"], ["Accept", "application/*;q=0.5"], ["Accept", "image/png"],
                                          ["Accept", "text/html,*/*;q=0.1"], ["Origin", ORIGIN], ["Origin", "https://evil.example"], ["Accept-Encoding", "gzip"], ["Accept", "nix"], ["Accept", ""]]))
    if make.chance(0.2):
        step["query"].append(["a", make.pick(["b", "", "%zz"]), make.pick(["plus", "raw"])])
    if make.chance(0.1):
        make.pathed(step)
    make.add(step)


def preflight(make):
    path = make.pick(["/token", "/token/introspect", "/revoke", "/logout", "/userinfo", "/auth", "/certs", "/ext/par/request", "/auth/device", "/ext/ciba/auth", "/nix"])
    step = {"method": "OPTIONS", "path": OIDC + path, "query": [], "headers": []}
    if make.chance(0.1):
        step["path"] = "/realms/${realm}/.well-known/openid-configuration"
    if make.chance(0.7):
        step["headers"].append(["Origin", make.pick([ORIGIN, "https://evil.example", "null", "", "*", "http://localhost:3000"])])
    if make.chance(0.6):
        step["headers"].append(["Access-Control-Request-Method", make.pick(["POST", "GET", "DELETE"])])
    if make.chance(0.4):
        step["headers"].append(["Access-Control-Request-Headers", make.pick(["authorization", "x-a,x-b"])])
    make.add(step)


def pushed(make):
    client = make.pick(WEB * 3 + ALL)
    step = make.post("/ext/par/request", [])
    pairs = [pair for pair in make.authorization(client) if pair[0] != "client_id"]
    step["form"] += [[name, value, "plus"] for name, value in pairs]
    if make.chance(0.2):
        step["form"].append(["request_uri", "urn:x", "plus"])
    make.credentials(step, client)
    make.bend(step, 1)
    make.add(step)


def device(make):
    step = make.post("/auth/device", [("scope", make.pick(["openid", "", "nix"]))])
    make.credentials(step, make.pick(ALL))
    make.bend(step, 1)
    make.add(step)


def ciba(make):
    step = make.post("/ext/ciba/auth", [("scope", make.pick(["openid", "", "nix"])), ("login_hint", make.pick(["ada", "nobody"]))])
    make.credentials(step, make.pick(ALL))
    make.bend(step, 1)
    make.add(step)


def registration(make):
    path = "/realms/${realm}/clients-registrations/" + make.pick(["openid-connect", "openid-connect", "openid-connect/conf", "default", "nix", "install/conf"])
    step = {"method": make.pick(["POST", "POST", "GET", "PUT", "DELETE", "OPTIONS"]), "path": path, "query": [], "headers": [], "body": None}
    if step["method"] in ("POST", "PUT"):
        step["body"] = make.pick(['{"redirect_uris":["http://localhost:9/cb"]}', "{}", "nix", ""])
        step["headers"].append(["Content-Type", make.pick(["application/json", "application/json", "text/plain"])])
    if make.chance(0.4):
        if make.chance(0.5):
            make.login()
            step["headers"].append(["Authorization", "Bearer ${a.access_token}"])
        else:
            step["headers"].append(["Authorization", make.pick(["Bearer garbage", "Bearer", "Basic eDp5"])])
    make.add(step)


def expired(make):
    make.world = "short"
    client = make.login(client=make.pick(["app", "conf", "heard"])) if make.chance(0.7) else make.service(client="heard")
    make.add({"sleep": 4.2})
    token = make.pick(["access", "id"])
    credentials = [("client_id", client)] + ([("client_secret", SECRETS[client])] if SECRETS[client] else [])
    make.add(make.get("/userinfo"))["headers"].append(["Authorization", f"Bearer ${{a.{token}_token}}"])
    make.add(make.post("/token/introspect", [*credentials, ("token", f"${{a.{token}_token}}")]))
    make.add(make.get("/logout", [("id_token_hint", "${a.id_token}"), ("post_logout_redirect_uri", CALLBACK), ("client_id", client)])) if make.chance(0.4) else None
    make.add(make.post("/token", [*credentials, ("grant_type", "refresh_token"), ("refresh_token", "${a.refresh_token}")], "r"))
    make.add(make.post("/revoke", [*credentials, ("token", f"${{a.{token}_token}}")]))


def closed(make):
    make.world = "closed"
    step = make.pick([
        make.post("/token", [("grant_type", "client_credentials"), ("client_id", "conf"), ("client_secret", SECRETS["conf"])]),
        make.post("/token", [("client_id", "conf")]), make.post("/token/introspect", [("token", "x")]), make.post("/revoke", [("token", "x")]),
        make.post("/logout", [("refresh_token", "x"), ("client_id", "conf"), ("client_secret", SECRETS["conf"])]), make.get("/logout"),
        make.get("/userinfo"), make.get("/auth", make.authorization("app")), make.get("/certs"), make.get("/nix"),
        make.post("/ext/par/request", [("client_id", "app")]), make.post("/auth/device", [("client_id", "app")]), make.post("/ext/ciba/auth", [("client_id", "app")]),
        {"method": "GET", "path": "/realms/${realm}", "query": [], "headers": []},
        {"method": "GET", "path": "/realms/${realm}/.well-known/openid-configuration", "query": [], "headers": []},
        {"method": "POST", "path": "/realms/${realm}/clients-registrations/openid-connect", "query": [], "headers": [["Content-Type", "application/json"]], "body": "{}"}])
    make.bend(step, 1)
    make.add(step)


def large(make):
    """What is long: values, names, headers, targets."""
    kind = make.pick(["value", "secret", "header", "target", "names", "username", "many", "token", "state"])
    step = make.post("/token", [("grant_type", "client_credentials"), ("client_id", "conf"), ("client_secret", SECRETS["conf"])])
    if kind == "value":
        step["form"].append(["foo", "x" * make.pick([4000, 131072, 131073, 200000]), "plus"])
    elif kind == "secret":
        step["form"][2][1] = "x" * make.pick([4000, 4001, 70000])
    elif kind == "header":
        step["headers"].append(["X-Long", "x" * make.pick([8000, 32000, 65000, 65600, 70000])])
    elif kind == "target":
        step["query"].append(["a", "x" * make.pick([8000, 32000, 64000, 66000]), "plus"])
    elif kind == "names":
        step["form"] += [[f"n{at}", "", "plus"] for at in range(make.pick([900, 996, 997, 998, 1100]))]
    elif kind == "username":
        step["form"][0][1] = "password"
        step["form"] += [["username", "x" * make.pick([300, 4001]), "plus"], ["password", "x" * make.pick([1, 4001]), "plus"]]
    elif kind == "many":
        step["headers"] += [[f"X-{at}", "1"] for at in range(make.pick([50, 99, 150]))]
    elif kind == "token":
        step = make.get("/userinfo")
        step["headers"].append(["Authorization", "Bearer " + "x" * make.pick([4000, 9000, 30000])])
    else:
        step = make.get("/auth", make.authorization("app", [("state", "x" * make.pick([2000, 4000, 4001]))]))
    make.add(step)


FAMILIES = [
    (token_client_credentials, 20), (token_password, 14), (token_refresh, 9), (token_code, 7), (token_other, 5), (introspection, 7),
    (introspection_heard, 4), (revocation, 6), (logging_out, 4), (logging_out_by_browser, 5), (userinfo, 9), (authorization, 14),
    (login_form, 6), (known_browser, 3), (documents, 8), (preflight, 4), (pushed, 3), (device, 2), (ciba, 2), (registration, 2),
    (closed, 3), (large, 2), (expired, 0.4),
]


def cases(seed, only=""):
    """Cases without end, the same for the same seed."""
    import re

    families = [(family, weight) for family, weight in FAMILIES if re.search(only, family.__name__)]
    number = 0
    while True:
        # A generator each: a change of one family leaves the cases of the others.
        rng = random.Random(f"{seed} {number}")
        family = rng.choices([family for family, _ in families], [weight for _, weight in families])[0]
        make = Make(rng)
        family(make)
        yield {"about": family.__name__, "world": make.world, "steps": make.steps}
        number += 1
