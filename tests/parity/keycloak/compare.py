"""What an answer says once everything is masked that may differ: times, random words, addresses."""

import base64
import hashlib
import html
import json
import re
import time
from urllib.parse import quote, unquote_plus

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
SID = r"[A-Za-z0-9_-]{24}"
# Lifetimes: the second may turn while an answer is made, so that one second less is the same.
LIFETIMES = (2, 60, 300, 600, 1800, 36000)
# Claims whose order differs from realm to realm of the same Keycloak: what scopes map.
MAPPED = {"clientHost", "email_verified", "preferred_username", "clientAddress", "client_id", "name",
          "given_name", "family_name", "email", "upn", "groups"}
TOKENS = ("access_token", "refresh_token", "id_token")


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def masked_answer(answer, side, target):
    """An answer as comparable facets: {facet: text}."""
    version, status, headers, body = answer
    if status == 0:
        return {"status": "no answer"}
    kind = next((value for name, value in headers if name.lower() == "content-type"), "")
    facets = {"status": f"{version} {status}"}
    shown, is_page = [], kind.startswith("text/html")
    for name, value in headers:
        low = name.lower()
        if low == "content-length":
            value = "<n>" if body or value != "0" else "0"
        elif low == "location":
            value = location(value, side)
        elif low == "set-cookie":
            value = cookie(value)
        elif low == "access-control-allow-headers":
            # A set, whose order differs from one start of Keycloak to the next.
            value = ", ".join(sorted(value.split(", ")))
        else:
            value = addresses(value, side)
        shown.append((low, value))
    # Lines of one name count as one at the place of the first: their order among other names says
    # nothing (RFC 9110 section 5.3), and the mock's HTTP library keeps them together.
    # `Connection` is the server's own (RFC 9110 section 7.6.1): its place is not compared.
    facets["header names"] = " ".join(dict.fromkeys(name for name, _ in shown if name != "connection"))
    for name in dict.fromkeys(name for name, _ in shown):
        facets[f"header {name}"] = " || ".join(value for have, value in shown if have == name)
    if is_page:
        facets["body"] = page(body.decode("utf-8", "replace"), side)
    else:
        facets["body"] = text_body(body, side, target)
    return facets


def addresses(text, side):
    return text.replace(side.base, "{base}").replace(quote(side.base, safe=""), "{base%}")


def text_body(body, side, target):
    text = body.decode("utf-8", "replace")
    try:
        value = json.loads(text, object_pairs_hook=Pairs)
    except ValueError:
        return addresses(text, side)
    # The bytes have to be those of the values: no spaces, no other escapes.
    compact = "" if json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=dict) == text else " (spaced)"
    return json.dumps(masked(value, side, target), ensure_ascii=False) + compact


class Pairs(dict):
    """A JSON object in its order; a dict keeps it."""


def masked(value, side, target, name=""):
    if isinstance(value, dict):
        if "keys" in value and "certs" in target:
            value = {"keys": sorted(value["keys"], key=lambda key: str(key.get("use")))}
        members = {key: member(key, item, value, side, target) for key, item in value.items()}
        return ordered(members)
    if isinstance(value, list):
        value = [masked(item, side, target, name) for item in value]
        return value
    if isinstance(value, str):
        return plain(value, side)
    return value


def ordered(members):
    """Mapped claims are moved together and sorted; everything else keeps its place."""
    keys = [key for key in members if key not in MAPPED]
    before = next((key for key in ("scope", "acr", "sub") if key in keys), None)
    if before is None or not set(members) & MAPPED:
        return members
    at = keys.index(before) + 1
    return {key: members[key] for key in keys[:at] + sorted(set(members) & MAPPED) + keys[at:]}


def member(name, value, around, side, target):
    now = time.time()
    if name in TOKENS and isinstance(value, str):
        return token(value, around, side)
    if name in ("exp", "expires_in", "refresh_expires_in"):
        if not isinstance(value, int):
            return value
        length = value - around.get("iat", now) if name == "exp" else value
        length = round(length) if name == "exp" else length
        # Between `iat` and `exp` it may turn too: then there is one second more.
        turned = (-1, 0, 1) if name == "exp" else (0, 1)
        return next((near for near in LIFETIMES if near - length in turned and length > 0), length)
    if name in ("iat", "auth_time", "nbf") and isinstance(value, int):
        return "<time>" if now - 900 < value <= now + 2 else value
    if name in ("not-before-policy", "tokens-not-before") and value:
        return "<time>" if now - 900 < value <= now + 2 else value
    if name in ("scope", "scopes_supported") and value:
        words = value.split(" ") if isinstance(value, str) else value
        words = words[:1] + sorted(words[1:]) if words[0] == "openid" else sorted(words)
        return " ".join(words)
    if name in ("kid", "n", "x5t", "x5t#S256", "public_key", "details", "request_uri"):
        if name == "details":
            value = re.sub(r"-\d+$", "-<count>", value)
        return re.sub(UUID, "<uuid>", shape(value) if name in ("kid", "n", "x5t", "x5t#S256", "public_key") else value)
    if name == "x5c":
        return [f"<{len(item) // 100}00>" for item in value]
    if name == "code":
        return plain(value, side)
    if name == "session_state" or name == "sid":
        return "<sid>" if re.fullmatch(SID, str(value)) else value
    return masked(value, side, target, name)


def shape(value):
    return f"<{'uuid' if re.fullmatch(UUID, value) else len(value)}>"


def token(value, around, side):
    """Header as it stands, claims in order."""
    parts = value.split(".")
    if len(parts) != 3:
        return f"<no JWT of {len(parts)} parts>"
    try:
        header = unbase64(parts[0]).decode()
        claims = json.loads(unbase64(parts[1]), object_pairs_hook=Pairs)
    except ValueError:
        return "<broken JWT>"
    header = re.sub(r'"kid" : "([^"]*)"', lambda found: f'"kid" : "{shape(found[1])}"', header)
    if "at_hash" in claims and "access_token" in around:
        digest = hashlib.sha256(around["access_token"].encode()).digest()[:16]
        right = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        claims["at_hash"] = "<right>" if claims["at_hash"] == right else "<wrong>"
    if "sid" in claims and around.get("session_state") not in (None, claims["sid"]):
        claims["sid"] = "<other than session_state>"
    signature = f"<{len(unbase64(parts[2]))} bytes>" if parts[2] else "<none>"
    return [header, masked(claims, side, ""), signature]


def plain(text, side):
    text = addresses(text, side)
    text = re.sub(rf"{UUID}\.{SID}\.{UUID}", "<code>", text)
    return re.sub(UUID, "<uuid>", text)


def location(value, side):
    value = addresses(value, side)
    value = re.sub(r"(code=)[^&#]*", lambda found: found[1] + plain(found[0][5:], side), value)
    value = re.sub(r"response=([^&#]*)", lambda found: "response=" + str(token(found[1], {}, side)), value)
    value = re.sub(r"(session_code|tab_id|client_data|execution|auth_session_id)=[^&#]*", r"\1=<word>", value)
    return re.sub(rf"session_state={SID}(?=&|$)", "session_state=<sid>", value)


def cookie(value):
    first, *attributes = value.split(";")
    name, _, content = first.partition("=")
    return ";".join([f"{name}=" + ("<value>" if content else "")] + attributes)


def page(text, side):
    """What a person reads: title, heading, message, and the way the form goes."""
    def first(pattern):
        found = re.search(pattern, text, re.S)
        inner = re.sub(r"<[^>]*>", " ", found[1]) if found else ""
        return html.unescape(re.sub(r"\s+", " ", inner)).strip()

    # Keycloak's theme marks messages by these; ours uses the same names.
    messages = [
        html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", found))).strip()
        for found in re.findall(
            r'<(?:span|p|div)[^>]*(?:id="(?:input-error[^"]*|message)"|class="[^"]*(?:instruction|kc-feedback-text|helper-text)[^"]*")[^>]*>(.*?)</(?:span|p|div)>',
            text, re.S)
    ]
    title, heading = first(r"<title>(.*?)</title>"), first(r'id="kc-page-title"[^>]*>(.*?)</h1>')
    if "OIDC Form_Post Response" in text:
        text = re.sub(r'NAME="session_state" VALUE="[^"]*"', 'session_state', addresses(text, side))
        return re.sub(r'(NAME="response" VALUE=")([^"]*)', lambda found: found[1] + str(token(found[2], {}, side)), plain(text, side))
    action = re.search(r'<form[^>]*action="([^"?]*)', text)
    return json.dumps([title, heading, sorted(set(message for message in messages if message)),
                       addresses(html.unescape(action[1]), side) if action else ""], ensure_ascii=False)


def differences(one, other):
    """Facets that differ: [(facet, keycloak, locum)]."""
    return [(facet, one.get(facet, "-"), other.get(facet, "-"))
            for facet in dict.fromkeys([*one, *other]) if one.get(facet) != other.get(facet)]


def apart(one, other):
    """Where two long texts part, for people."""
    at = next((at for at, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
    start = max(0, at - 80)
    return [("…" if start else "") + text[start : at + 160] + ("…" if len(text) > at + 160 else "") for text in (one, other)]
