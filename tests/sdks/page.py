"""Writes README.md from the reports of `run.sh`: a row a requirement, a column a client.

Usage: page.py REPORTS                      writes the page
       page.py --line REPORT                prints the verdicts of one report in a line
       page.py --known NAME VENDOR REPORT   fails where known.tsv tells something else
"""

import csv
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
# Those that are told one by one, worst first.
SHOWN = ("FAIL", "WARN", "ERROR", "HARNESS")
COUNTED = ("PASS", "FAIL", "WARN", "INFO", "ERROR", "HARNESS", "INCONCLUSIVE", "N/A", "NOT_RUN")


class Run:
    """One client at one vendor."""

    def __init__(self, row, results):
        self.row, self.results = row, results
        subject = results["subject"]
        self.version = subject.get("version", "")
        self.title = f"{row['client']} {self.version}" if " " not in row["client"] else self.named(subject)
        self.verdicts = {verdict["id"]: verdict for verdict in results["verdicts"] if verdict["judge"] == "client"}

    def named(self, subject):
        """A client that stands on another: its own version comes behind its own name."""
        first, rest = self.row["client"].split(" ", 1)
        return f"{first} {subject.get('version', '')} {rest}"

    def counts(self):
        found = [verdict["verdict"] for verdict in self.verdicts.values()]
        return {name: found.count(name) for name in COUNTED if name in found}


def read(folder):
    return json.loads((pathlib.Path(folder) / "results.json").read_text())


def cell(text):
    """Text that a table's cell can hold on one line, without the place where it was made."""
    text = str(text).replace(f"{HERE.parents[1].resolve()}/", "")
    return re.sub(r"\s+", " ", str(text)).replace("|", "\\|").replace("<", "&lt;")


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(cell(one) for one in row) + " |" for row in rows])


def summary(runs):
    heads = ["client", *[name for name in COUNTED if any(name in run.counts() for run in runs)]]
    return table(heads, [[run.title, *[run.counts().get(name, 0) for name in heads[1:]]] for run in runs])


def beside(runs):
    """A row for each requirement on which the clients are not all fine, not judged, or not asked."""
    ids = [id for id, one in runs[0].verdicts.items() if any(run.verdicts[id]["verdict"] in SHOWN for run in runs)]
    columns = [str(number) for number in range(1, len(runs) + 1)]
    rows = [[id, runs[0].verdicts[id]["requirement"], *[run.verdicts[id]["verdict"] for run in runs]] for id in ids]
    return table(["", "requirement", *columns], rows)


def told(run):
    """What was seen, for each finding."""
    found = [verdict for verdict in run.verdicts.values() if verdict["verdict"] in SHOWN]
    found.sort(key=lambda verdict: SHOWN.index(verdict["verdict"]))
    rows = []
    for verdict in found:
        events = [f"{one['scenario']} {', '.join(map(str, one['entries'][:6]))}" for one in verdict["evidence"][:2]]
        rows.append([verdict["verdict"], verdict["id"], verdict["reason"], "; ".join(events)])
    return table(["verdict", "", "seen", "events"], rows) if rows else "Nothing that is demanded of a client is broken."


def fingerprint(runs, vendor):
    """A row for each figure that a report carries of how the client works."""
    cards = [run.results.get("fingerprint", {}).get(vendor) for run in runs]
    if not any(cards):
        return None
    names = list(dict.fromkeys(name for card in cards if card for name in card))
    value = lambda one: ", ".join(f"{key} {one[key]}" for key in one) if isinstance(one, dict) else one  # noqa: E731
    rows = [[name.replace("_", " "), *[value((card or {}).get(name, "-")) for card in cards]] for name in names]
    return table(["", *[str(number) for number in range(1, len(runs) + 1)]], rows)


def page(reports):
    with (HERE / "sdks.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    runs = [Run(row, read(reports / f"{row['name']}-{row['vendor']}")) for row in rows]
    tool = runs[0].results["tool"]
    parts = [
        "# Published clients, judged",
        "`just judge-sdks` installs each client from its registry, unmodified, drives it with `locum drive` against the "
        "mock of a vendor, and writes this page from the reports: nothing on it is written by hand. The shims beside it "
        "add no cache and no retry; what a client leaves to its caller is done as its own manual shows, and is named. A "
        "finding is about that use of the client, in that version, at that vendor. `locum explain ID` tells what a requirement demands and "
        "where that is written; `events` are lines of the report's `events.ndjson`.",
        f"Catalogue: {tool['catalogue']}. Seed: {runs[0].results['run']['seed']}.",
    ]
    for vendor in dict.fromkeys(run.row["vendor"] for run in runs):
        those = [run for run in runs if run.row["vendor"] == vendor]
        parts += [f"## At {vendor}", summary(those)]
        numbered = "; ".join(f"{number} {run.title}" for number, run in enumerate(those, 1))
        parts += [f"### One client beside another\n\n{numbered}.", beside(those)]
        card = fingerprint(those, vendor)
        if card:
            parts += ["### Fingerprints", card]
        for run in those:
            left = run.row["left to the caller"]
            parts += [f"### {run.title}", *([f"Left to the caller: {left}."] if left != "-" else []), told(run)]
    (HERE / "README.md").write_text("\n\n".join(parts) + "\n")


def known(name, vendor, report):
    """What known.tsv tells of this client and the report does not, a line each."""
    with (HERE / "known.tsv").open() as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if (row["name"], row["vendor"]) == (name, vendor)]
    found = {verdict["id"]: verdict for verdict in read(report)["verdicts"] if verdict["judge"] == "client"}
    for row in rows:
        seen = found[row["id"]]
        if seen["verdict"] != row["verdict"]:
            yield f"{row['id']} is known to be {row['verdict']}, here {seen['verdict']}: {seen['reason']}"


def main(arguments):
    match arguments:
        case ["--line", report]:
            found = [verdict["verdict"] for verdict in read(report)["verdicts"] if verdict["judge"] == "client"]
            print(", ".join(f"{found.count(name)} {name}" for name in COUNTED if name in found))
        case ["--known", name, vendor, report]:
            missed = list(known(name, vendor, report))
            for line in missed:
                print(f"      {line}")
            return 1 if missed else 0
        case [reports]:
            page(pathlib.Path(reports))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


sys.exit(main(sys.argv[1:]))
