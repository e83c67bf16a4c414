"""Compares results with peers.tsv, and writes README.md from both."""

import csv
import pathlib
import re

HERE = pathlib.Path(__file__).parent
# Those that peers.tsv tells one by one, worst first.
SHOWN = ("FAIL", "ERROR", "HARNESS", "WARN", "INCONCLUSIVE", "NOT_RUN")
COUNTED = ("PASS", "FAIL", "WARN", "ERROR", "HARNESS", "INCONCLUSIVE", "PENDING", "INFO", "N/A", "NOT_RUN")


def verdicts(results):
    return [one for one in results["verdicts"] if one["judge"] == "vendor"]


def counts(results):
    found = [one["verdict"] for one in verdicts(results)]
    return {name: found.count(name) for name in COUNTED if name in found}


def counted(results):
    return ", ".join(f"{count} {name}" for name, count in counts(results).items())


def told(peer):
    """The lines of peers.tsv for one peer; a line holds one row, or several of one reason."""
    with (HERE / "peers.tsv").open() as file:
        return [line for line in csv.DictReader(file, delimiter="\t") if line["peer"] == peer.name]


def differences(peer, results):
    """Where peers.tsv and the run differ, a line each."""
    lines = told(peer)
    expected = {id: line["verdict"] for line in lines for id in line["row"].split()}
    for one in verdicts(results):
        verdict = expected.pop(one["id"], None)
        if verdict is None and one["verdict"] in SHOWN:
            yield f"{one['id']} {one['verdict']} is not in peers.tsv: {one['reason']}"
        elif verdict and verdict != one["verdict"]:
            yield f"{one['id']} is {verdict} in peers.tsv, here {one['verdict']}: {one['reason']}"
    for id in expected:
        yield f"{id} of peers.tsv was not judged"
    for version in {line["version"] for line in lines} - {peer.version}:
        yield f"peers.tsv was read at version {version}, installed is {peer.version}"


def cell(text):
    return re.sub(r"\s+", " ", str(text)).replace("|", "\\|").replace("<", "&lt;")


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(cell(one) for one in row) + " |" for row in rows])


def write(runs):
    """Writes the page; returns whether it says anything else than before."""
    heads = ["server", "as", *[name for name in COUNTED if any(name in counts(results) for _, results in runs)]]
    summary = [[peer.title, peer.vendor, *[counts(results).get(name, 0) for name in heads[2:]]] for peer, results in runs]
    parts = [
        "# Other people's servers, judged",
        "`just peers` installs each server unmodified from its registry, starts it on a loopback port, has `locum check` judge "
        "it by default flags, and compares the verdicts with `peers.tsv`, where each FAIL, WARN, ERROR, INCONCLUSIVE and NOT_RUN was "
        "read once. None of them is the vendor: each is set up as its page asks, as far as the server can be, with the glue "
        "beside this page, so a FAIL says that this server, in this version, set up so, is not what the "
        "vendor's page or an RFC demands. `locum explain ID` tells what a row demands and where that is written. This page is "
        "written by a run in which nothing differed.",
        table(heads, summary),
    ]
    for peer, results in runs:
        lines = sorted(told(peer), key=lambda line: SHOWN.index(line["verdict"]))
        rows = [[line["verdict"], line["row"], line["reason"], line["source"]] for line in lines]
        parts += [f"## {peer.title}, as {peer.vendor}", table(["verdict", "", "why", "source"], rows)]
    readme, text = HERE / "README.md", "\n\n".join(parts) + "\n"
    before = readme.read_text() if readme.exists() else ""
    readme.write_text(text)
    return text != before
