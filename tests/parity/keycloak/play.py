"""Plays seeded cases against Keycloak and locum and compares the answers.

    play.py --keycloak 127.0.0.1:8080 --control http://127.0.0.1:4700/_locum [--seed 1] [--requests 5000]

Ends with `N requests, D differences (E explained)`; exit 1 when a difference has no reason in
`explained.toml`.
"""

import argparse
import copy
import html
import json
import os
import re
import sys
import tomllib
from collections import Counter
from urllib.parse import parse_qsl, urlsplit

import compare
import generate
import wire
import world

HERE = os.path.dirname(os.path.abspath(__file__))


class Player:
    """Both sides, and the values that one case has got from each."""

    def __init__(self, keycloak, stages):
        self.keycloak, self.stages = keycloak, stages
        self.requests = 0

    def sides(self, name):
        return self.keycloak, self.stages[name]

    def play(self, case):
        """Plays a case to its first difference: (index, [(facet, keycloak, locum)], raw answers) or None."""
        values = ({}, {})
        for index, step in enumerate(case["steps"]):
            if "sleep" in step:
                import time
                time.sleep(step["sleep"])
                continue
            answers, shown = [], []
            for side, have in zip(self.sides(case["world"]), values):
                raw, target, method = rendered(step, side, have, case["world"])
                answer = side.send(raw, method)
                self.requests += 1
                remember(step, answer, have)
                answers.append((raw, answer))
                shown.append(compare.masked_answer(answer, side, target))
            found = compare.differences(*shown)
            if found:
                return index, found, answers
        return None


def rendered(step, side, have, world_name):
    """The bytes of a step for one side, with what the side has given before."""
    def fill(text):
        def slot(found):
            return str(have.get(found[1], "MISSING"))
        text = text.replace("${base}", side.base).replace("${realm}", world.realm_of(world_name))
        return re.sub(r"\$\{([a-z0-9_.]+)\}", slot, text)

    target = fill(step["path"])
    if step.get("query"):
        pairs = [(name, fill(value), style) for name, value, style in step["query"]]
        target += ("&" if "?" in target else "?") + wire.joined(pairs)
    headers = [(name, fill(value)) for name, value in step.get("headers", [])]
    body = None
    if step.get("form") is not None:
        pairs = [(name, fill(value), style) for name, value, style in step["form"]]
        body = wire.joined(pairs).encode("utf-8", "surrogateescape")
    elif step.get("body") is not None:
        body = fill(step["body"]).encode("utf-8", "surrogateescape")
    if step.get("cookies") and have.get("jar"):
        line = "; ".join(f"{name}={value}" for name, value in have["jar"].items())
        headers.append(("Cookie", line))
    raw = wire.request_bytes(step["method"], target, f"{side.host}:{side.port}", headers, body)
    return raw, target, step["method"]


def remember(step, answer, have):
    """Keeps cookies, and under the step's name the members, redirect parameters and form action."""
    _, _, headers, body = answer
    jar = have.setdefault("jar", {})
    for name, value in headers:
        if name.lower() == "set-cookie":
            key, _, content = value.split(";")[0].partition("=")
            jar.pop(key, None)
            if content:
                jar[key] = content
    name = step.get("save")
    if not name:
        return
    try:
        document = json.loads(body)
        have.update({f"{name}.{key}": value for key, value in document.items()})
    except (ValueError, AttributeError):
        pass
    for key, value in headers:
        if key.lower() == "location":
            parts = urlsplit(value)
            have.update({f"{name}.{k}": v for k, v in parse_qsl(parts.query) + parse_qsl(parts.fragment)})
            have[f"{name}.location"] = value.split("://", 1)[-1].partition("/")[1] + value.split("://", 1)[-1].partition("/")[2]
    action = re.search(rb'<form[^>]*action="([^"]*)"', body)
    if action:
        parts = urlsplit(html.unescape(action[1].decode()))
        have[f"{name}.action"] = parts.path + ("?" + parts.query if parts.query else "")


class Explained:
    """The table of differences that have a reason."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.rows = tomllib.load(file).get("difference", [])
        self.hits = Counter()

    def row(self, step, facet, one, other):
        """The row that explains one facet's difference, or None."""
        request = f"{step['method']} {step['path']} {json.dumps(step, ensure_ascii=False)}"
        for row in self.rows:
            if (re.search(row.get("facet", ""), facet) and re.search(row.get("keycloak", ""), one)
                    and re.search(row.get("locum", ""), other) and re.search(row.get("request", ""), request)):
                return row
        return None

    def left(self, step, found):
        """The facets that have no reason; a row with `whole` explains all of an answer, one with
        `same` nothing where that facet differs too."""
        differing = {facet for facet, *_ in found}
        rows = [self.row(step, *item) for item in found]
        rows = [row if row and row.get("same") not in differing else None for row in rows]
        self.hits.update({row["name"] for row in rows if row})
        if any(row and row.get("whole") for row in rows):
            return []
        return [item for item, row in zip(found, rows) if row is None]


def signature(case, index, left):
    """Differences of the same look are one."""
    path = case["steps"][index]["path"].split("?")[0]
    return json.dumps([case["steps"][index]["method"], path, left])


def shrunk(player, explained, case, index, facets):
    """The case with every part left out that the difference does not need."""
    def same(smaller):
        result = player.play(smaller)
        if result is None:
            return False
        at, found, _ = result
        left = explained.left(smaller["steps"][at], found)
        return at == len(smaller["steps"]) - 1 and {facet for facet, *_ in left} == facets

    case = copy.deepcopy(case)
    case["steps"] = case["steps"][: index + 1]
    at = 0
    while at < len(case["steps"]) - 1:
        smaller = copy.deepcopy(case)
        del smaller["steps"][at]
        case, at = (smaller, at) if same(smaller) else (case, at + 1)
    for step in range(len(case["steps"])):
        for part in ("query", "form", "headers"):
            at = 0
            while at < len(case["steps"][step].get(part) or []):
                smaller = copy.deepcopy(case)
                del smaller["steps"][step][part][at]
                case, at = (smaller, at) if same(smaller) else (case, at + 1)
    return case


def tell(player, case, index, left, seed):
    print(f"\n--- seed {seed}, world {case['world']}: {case['about']}")
    result = player.play({**case, "steps": case["steps"][: index + 1]})
    for facet, one, other in left:
        one, other = compare.apart(one, other)
        print(f"  {facet}\n    keycloak: {one}\n    locum:    {other}")
    if result:
        for name, (raw, (version, status, headers, body)) in zip(("keycloak", "locum"), result[2]):
            if name == "keycloak":
                print("  > " + raw.decode(errors="replace").replace("\r\n", "\n  > ")[:1500])
            print(f"  {name} < {version} {status} {dict(headers)}")
            print(f"  {name} < {body[:400].decode(errors='replace')}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keycloak", default="127.0.0.1:18080")
    parser.add_argument("--admin", default="admin:admin")
    parser.add_argument("--control", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--shown", type=int, default=40, help="differences that are shrunk and printed")
    parser.add_argument("--no-setup", action="store_true", help="the realms are there already")
    parser.add_argument("--only", default="", help="a regular expression over the families of cases")
    parser.add_argument("--brief", action="store_true", help="one line a difference, nothing shrunk")
    arguments = parser.parse_args()

    host, port = arguments.keycloak.split(":")
    keycloak = wire.Side("keycloak", host, int(port))
    admin = world.Keycloak(keycloak.base, *arguments.admin.split(":", 1))
    stages = {}
    for name in world.WORLDS:
        if not arguments.no_setup:
            admin.make(world.realm_of(name), world.WORLDS[name]["realm"])
        stages[name] = wire.Side("locum", "127.0.0.1", world.stage(arguments.control, f"parity-{name}", name))

    player = Player(keycloak, stages)
    explained = Explained(os.path.join(HERE, "explained.toml"))
    compared = differing = excused = 0
    found_by = {}
    for number, case in enumerate(generate.cases(arguments.seed, arguments.only)):
        before = player.requests
        result = player.play(case)
        compared += (player.requests - before) // 2
        if result:
            index, found, _ = result
            differing += 1
            left = explained.left(case["steps"][index], found)
            if left:
                found_by.setdefault(signature(case, index, left), []).append((number, case, index, left))
            else:
                excused += 1
        if compared >= arguments.requests:
            break
    for times in sorted(found_by.values(), key=len, reverse=True)[: arguments.shown]:
        number, case, index, left = min(times, key=lambda item: len(item[1]["steps"]))
        if arguments.brief:
            step = case["steps"][index]
            print(f"\n{len(times)} x {case['about']}: {step['method']} {step['path']}")
            for facet, one, other in left:
                one, other = compare.apart(one, other)
                print(f"  {facet}\n    K: {one}\n    L: {other}")
            continue
        small = shrunk(player, explained, case, index, {facet for facet, *_ in left})
        print(f"\n=== {len(times)} times")
        tell(player, small, len(small["steps"]) - 1, left, f"{arguments.seed}, case {number}")
    unexplained = differing - excused
    print(f"\nkinds of unexplained differences: {len(found_by)}; explained by: "
          + (", ".join(f"{name} ({times})" for name, times in explained.hits.most_common()) or "nothing"))
    print(f"{compared} requests, {differing} differences ({excused} explained)")
    sys.exit(1 if unexplained else 0)


if __name__ == "__main__":
    main()
