"""Holds the reports of real runs against the public schemas of their formats.

Usage: validate.py SCHEMAS WORK
"""

import json
import pathlib
import re
import sys

import jsonschema
import xmlschema
from referencing import Registry, Resource

schemas, work = map(pathlib.Path, sys.argv[1:])
passed = failed = 0


def step(name, fault):
    global passed, failed
    if fault:
        failed += 1
        print(f"FAIL  {name}: {fault}")
    else:
        passed += 1
        print(f"ok    {name}")


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def first_fault(validator, document):
    fault = next(iter(validator.iter_errors(document)), None)
    return fault and f"{fault.json_path}: {fault.message[:200]}"


def har():
    resources = [(path.name, Resource.from_contents(read(path))) for path in (schemas / "har-1.2").glob("*.json")]
    resources += [(f"{name}#", resource) for name, resource in resources]
    registry = Registry().with_resources(resources)
    return jsonschema.Draft6Validator({"$ref": "har.json"}, registry=registry)


def tap(path):
    """What TAP 14 asks of lines: the version, a plan, points in order, YAML between its marks."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if lines[0] != "TAP version 14":
        return "no version"
    plan = re.fullmatch(r"1\.\.(\d+)", lines[1])
    if not plan:
        return "no plan"
    number, inside = 0, False
    for line in lines[2:]:
        if inside:
            inside = line != "  ..."
            if inside and not re.fullmatch(r'  [a-z]+: ".*"', line):
                return f"not a member: {line}"
        elif line == "  ---":
            inside = True
        else:
            point = re.fullmatch(r"(?:not )?ok (\d+) - [^#]*(?:\\#[^#]*)*(?: # (?:SKIP|TODO) .*)?", line)
            if not point or int(point[1]) != number + 1:
                return f"not a point: {line}"
            number += 1
    return None if number == int(plan[1]) else f"{number} points of {plan[1]}"


validators = {
    "results.json": jsonschema.Draft202012Validator(read(work / "results.schema.json")),
    "results.sarif": jsonschema.Draft4Validator(read(schemas / "sarif-2.1.0.json")),
}
junit = xmlschema.XMLSchema(schemas / "junit.xsd")
archive = har()
for run in ["good", "bad", "client"]:
    folder = work / run
    for name, validator in validators.items():
        step(f"{run}/{name}", first_fault(validator, read(folder / name)))
    fault = next(junit.iter_errors(folder / "junit.xml"), None)
    step(f"{run}/junit.xml", fault and f"{fault.path}: {fault.reason}")
    step(f"{run}/results.tap", tap(folder / "results.tap"))
    archives = sorted((folder / "har").glob("*.har"))
    faults = [f"{path.name} {fault}" for path in archives if (fault := first_fault(archive, read(path)))]
    step(f"{run}/har ({len(archives)} archives)", (faults or (None if archives else ["there is none"])) and str(faults[:1]))
    badge = read(folder / "badge.json")
    step(f"{run}/badge.json", None if badge["schemaVersion"] == 1 and badge["label"] and badge["message"] else badge)

# A validator that takes anything would be none.
broken = read(work / "bad" / "results.json")
broken["verdicts"][0]["verdict"] = "GREEN"
step("a verdict that does not exist is refused", None if first_fault(validators["results.json"], broken) else "it passed")
broken = read(work / "bad" / "results.sarif")
broken["runs"][0]["results"][0]["level"] = "bad"
step("a level that does not exist is refused", None if first_fault(validators["results.sarif"], broken) else "it passed")

broken = read(next((work / "bad" / "har").glob("*.har")))
del broken["log"]["entries"][0]["request"]["method"]
step("a request without a method is refused", None if first_fault(archive, broken) else "it passed")

print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed or not passed else 0)
