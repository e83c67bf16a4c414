"""A group's members, tasks and measurements in the shape of Pattern's pages: what a peer puts behind its own guard.

Peers in Python call `answer`; for the others, `groups.py PORT` serves the same on loopback.
"""

import datetime
import http.server
import json
import os
import sys
import uuid
from urllib.parse import parse_qsl, urlencode, urlsplit

CLIENTS = {os.environ[f"LOCUM_{name}CLIENT_ID"]: os.environ[f"LOCUM_{name}CLIENT_SECRET"]
           for name in ("", "SECOND_", "BARRED_") if f"LOCUM_{name}CLIENT_ID" in os.environ}
BARRED = os.environ.get("LOCUM_BARRED_CLIENT_ID")
GROUP = {"href": f"/api/v1/groups/{os.environ.get('LOCUM_GROUP_ID')}", "title": "Peers"}
GENDERS = ("male", "female", "other", "preferNotToSay")
STATUSES = ("notStarted", "inProgress", "failed", "completed", "refused", "expired")
TYPES = ("checkBG", "takeMeds", "walkSteps")
MAX_LIMIT = 200


def _id(name):
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{GROUP['href']}/{name}"))


def _member(number, last_name):
    id = _id(f"member {number}")
    return {
        "href": f"{GROUP['href']}/members/{id}", "group": GROUP, "tags": [f"cohort-{number % 2}"], "attributes": {}, "planSettings": {},
        "enrollmentDate": f"2026-02-0{number}",
        "user": {"uuid": id, "firstName": "Kim", "lastName": last_name, "gender": GENDERS[number % 4], "birthDate": f"1960-01-0{number}",
                 "email": f"{last_name.lower()}@example.org", "locale": "en-US", "timeZone": "America/New_York"},
    }


def _task(number, member):
    id, date = _id(f"task {number}"), f"2026-03-0{number}"
    return {
        "uuid": id, "href": f"{GROUP['href']}/tasks/{id}", "activityUuid": _id(f"activity {number}"), "group": GROUP,
        "member": {"href": member["href"], "title": f"Kim {member['user']['lastName']}"}, "title": f"Task {number}", "taskDate": date,
        "startTime": f"{date}T08:00:00.000Z", "endTime": f"{date}T09:00:00.000Z", "adHoc": False, "status": STATUSES[number % 3],
        "type": TYPES[number % 3], "progress": number / 10, "measurements": [],
    }


def _measurement(number, task):
    return {"type": "steps", "value": 1000 + number, "unit": "count", "sourceName": "device", "taskUuid": task["uuid"],
            **{name: task[name] for name in ("member", "startTime", "endTime")}}


MEMBERS = [_member(*one) for one in enumerate(("Abel", "Baker", "Cohen", "Diaz", "Ellis", "Fox", "Gray"), 1)]
TASKS = [_task(*one) for one in enumerate(MEMBERS, 1)]
LISTS = {"members": MEMBERS, "tasks": TASKS, "measurements": [_measurement(*one) for one in enumerate(TASKS, 1)]}


class Invalid(Exception):
    """A value of the query that the page does not have."""


def _number(text):
    try:
        return int(text)
    except ValueError:
        raise Invalid(f"{text} is not a whole number") from None


def _date(text):
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{text} is not a date as yyyy-MM-dd") from None


def _one_of(*words):
    def read(text):
        if text not in words:
            raise Invalid(f"{text} is none of {', '.join(words)}")
        return text
    return read


def _enrolled(text):
    if _date(text) > datetime.date.today():
        raise Invalid("enrollmentDate lies in the future")
    return _date(text)


SHARED = {"limit": _number, "offset": _number, "includeSubgroups": _one_of("true", "false"), "sortDirection": _one_of("ASC", "DESC")}
SORTED_BY = {"LAST_NAME": "lastName", "FIRST_NAME": "firstName", "GENDER": "gender", "NAME": "lastName"}
def _range(text):
    least, _, most = text.partition(":")
    return float(least), float(most)


# How a value of each list's query is read, and, where it is a filter, which entries have it.
READ = {
    "members": {"sortBy": _one_of(*SORTED_BY), "gender": _one_of(*GENDERS), "tagValue": str, "enrollmentDate": _enrolled},
    "tasks": {"sortBy": _one_of("NAME", "START"), "status": _one_of(*STATUSES), "type": _one_of(*TYPES),
              "taskDateStart": _date, "taskDateEnd": _date, "progress": _range},
    "measurements": {"sortBy": _one_of("START"), "startDate": _date, "endDate": _date},
}
HAS = {
    "gender": lambda entry, wanted: entry["user"]["gender"] == wanted,
    "tagValue": lambda entry, wanted: wanted in entry["tags"],
    "enrollmentDate": lambda entry, wanted: _date(entry["enrollmentDate"]) >= wanted,
    "progress": lambda entry, wanted: wanted[0] <= entry["progress"] <= wanted[1],
    "status": lambda entry, wanted: entry["status"] == wanted,
    "type": lambda entry, wanted: entry["type"] == wanted,
    **dict.fromkeys(("taskDateStart", "startDate"), lambda entry, wanted: _date(entry["startTime"][:10]) >= wanted),
    **dict.fromkeys(("taskDateEnd", "endDate"), lambda entry, wanted: _date(entry["startTime"][:10]) <= wanted),
}


def _listed(base, path, kind, query):
    """One page of a list."""
    read = {**SHARED, **READ[kind]}
    wanted = {name: read[name](text) for name, text in query.items() if name in read}
    limit, offset = wanted.get("limit", MAX_LIMIT), wanted.get("offset", 0)
    if limit < 1 or offset < 0:
        raise Invalid("limit begins at 1 and offset at 0")
    for first, last in (("taskDateStart", "taskDateEnd"), ("startDate", "endDate")):
        if first in wanted and last in wanted and wanted[first] > wanted[last]:
            raise Invalid(f"{last} lies before {first}")
    limit = min(limit, MAX_LIMIT)
    entries = [entry for entry in LISTS[kind] if all(HAS[name](entry, value) for name, value in wanted.items() if name in HAS)]
    if kind == "members":
        entries.sort(key=lambda entry: entry["user"][SORTED_BY[wanted.get("sortBy", "NAME")]])
    if wanted.get("sortDirection") == "DESC":
        entries.reverse()
    body = {"totalCount": len(entries), "limit": limit, "offset": offset, "results": entries[offset : offset + limit]}
    for name, other, there in (
        ("nextPage", offset + limit, offset + limit < len(entries)),
        ("previousPage", max(0, offset - limit), offset > 0),
    ):
        if there:
            body[name] = f"{base}{path}?{urlencode({**query, 'offset': other, 'limit': limit})}"
    return 200, body


def answer(method, url):
    """(status, body) of a call whose token was found good."""
    parts = urlsplit(url)
    kind, _, id = parts.path.removeprefix(f"{GROUP['href']}/").partition("/")
    if kind not in LISTS or id and kind == "measurements":
        return 404, {"message": "there is no such group or list"}
    if method == "POST":
        return 422, {"message": "inviteCode is mandatory"}  # nobody is registered here
    if id:
        found = [entry for entry in LISTS[kind] if entry["href"] == parts.path]
        return (200, found[0]) if found else (404, {"message": "there is no such entry"})
    try:
        return _listed(f"{parts.scheme}://{parts.netloc}", parts.path, kind, dict(parse_qsl(parts.query)))
    except Invalid as why:
        return 422, {"message": str(why)}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers for a peer that hands on a call and its Host."""

    def answer(self):
        status, body = answer(self.command, f"http://{self.headers['Host']}{self.path}")
        text = json.dumps(body).encode()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        # No header of its own: what else a peer answers with is the peer's.
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_HEAD = do_POST = answer

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
