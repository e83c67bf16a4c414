#!/usr/bin/env python3
"""Writes the parts of the documentation that the program itself can tell.

    LOCUM=target/release/locum python3 docs/generate.py [--check]

A part stands between `<!-- generated: NAME [ARGUMENT] -->` and `<!-- generated: end -->`; what stands there is replaced by
what the function of that name returns. `--check` writes nothing and fails on a page that differs.
"""

import contextlib
import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "src"
PART = re.compile(r"(<!-- generated: (?P<name>[a-z-]+)(?: (?P<argument>\S+))? -->\n).*?(<!-- generated: end -->)", re.S)
START_TIMEOUT_S = 20


class Program:
    """The command, and what a server of it says of itself."""

    def __init__(self, locum, folder):
        # Usage lines tell the name by which the program was called.
        self.locum = folder / "locum"
        self.locum.symlink_to(locum)
        self.folder = folder

    def prints(self, *arguments):
        done = subprocess.run(
            [self.locum, *arguments], capture_output=True, text=True, check=True, cwd=self.folder, env=self.environment()
        )
        return done.stdout

    @staticmethod
    def environment():
        # A help text shows the values of variables that are set.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCUM")}
        return kept | {"NO_COLOR": "1", "COLUMNS": "100"}

    @functools.cached_property
    def served(self):
        """OpenAPI document, settings and the stage document of a server that ran for a moment."""
        port_file = self.folder / "port"
        with subprocess.Popen(
            [self.locum, "serve", "--port", "0", "--port-file", port_file, "--exit-with-stdin", "--quiet"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=self.folder, env=self.environment(),
        ) as server:
            deadline = time.monotonic() + START_TIMEOUT_S
            while not (port_file.exists() and port_file.read_text().strip()):
                if time.monotonic() > deadline:
                    raise TimeoutError("the server does not start")
                time.sleep(0.02)
            base = f"http://127.0.0.1:{port_file.read_text().strip()}/_locum"
            answers = {}
            for name in ("openapi.json", "settings", "stages/default"):
                with urllib.request.urlopen(f"{base}/{name}") as reply:
                    answers[name] = json.load(reply)
            server.stdin.close()
        return answers


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def code(text):
    return f"`{text}`" if text else ""


def commands(program, _):
    """Every command with what it does."""
    listed = program.prints("--help").partition("Commands:\n")[2].partition("\nOptions:")[0]
    entries = re.findall(r"^  (\S+) +(.+(?:\n {4,}.+)*)", listed, re.M)
    return table(
        ["command", "does"],
        [
            [f"[`locum {name}`](#locum-{name})", re.sub(r"\s+", " ", text)]
            for name, text in entries
            if name != "help"
        ],
    )


def help_texts(program, _):
    """The short help of every command, word by word."""
    names = re.findall(r"^\[`locum (\S+)`\]", commands(program, None).replace("| [", "\n["), re.M)
    text = ""
    for name in names:
        printed = "\n".join(line.rstrip() for line in program.prints(name, "-h").strip().splitlines())
        text += f"### locum {name}\n\n<!-- no-run: what the program prints -->\n```text no-run\n{printed}\n```\n\n"
    return text.rstrip("\n") + "\n"


def settings(program, vendor):
    """A vendor's settings: name, values, default, source of the default, why it is a setting."""
    rows = []
    for name, view in program.served["settings"].items():
        if not name.startswith(f"{vendor}."):
            continue
        values = view["values"]
        numbers = bool(values) and len(values) > 10 and all(str(value).isdigit() for value in values)
        shown = f"{values[0]} to {values[-1]}" if numbers else ", ".join(code(str(value)) for value in values)
        default = view["default"]
        default = default if isinstance(default, str) else json.dumps(default)
        source = ", ".join(filter(None, [view["source"], "assumed" if view["assumed"] else ""]))
        rows.append([f"{code(name)}<br>{shown or type_of(view['default'])}", code(default) or "empty", source, view["reason"]])
    return table(["setting, values", "default", "source", "why it is a setting"], rows)


def type_of(value):
    if isinstance(value, bool):
        return "true, false"
    return {int: "number", float: "number", list: "list"}.get(type(value), "text")


def given(program, vendor):
    """What the stage document tells of a vendor: addresses, credentials, variables."""
    document = program.served["stages/default"]["vendors"][vendor]
    shared = ("LOCUM_VENDOR", "LOCUM_CONTROL_URL")
    own = [name for name in document["env"] if name not in shared and not name.startswith(f"LOCUM_{vendor.upper()}_")]
    return table(
        ["in the stage document", "members"],
        [
            [code("urls"), ", ".join(map(code, document["urls"]))],
            [code("credentials"), ", ".join(map(code, document["credentials"]))],
            [code("env"), ", ".join(map(code, own))],
        ],
    )


def exit_codes(program, _):
    """The exit codes, as the long help of `check` tells them."""
    told = program.prints("check", "--help").partition("\nExit codes:\n")[2]
    rows = re.findall(r"^  (\d+) +(.+(?:\n {4,}.+)*)", told, re.M)
    return table(["code", "means"], [[code, re.sub(r"\s+", " ", text)] for code, text in rows])


def verdicts(program, _):
    """The verdicts as the schema of results.json explains them."""
    schema = json.loads(program.prints("report", "schema"))["$defs"]["Verdict"]
    return table(["verdict", "means"], [[each["const"], each["description"].replace("\n", " ")] for each in schema["oneOf"]])


def calls(program, _):
    """The calls of the control API, those of a stage by their path within it."""
    rows = []
    paths = program.served["openapi.json"]["paths"]
    for path, methods in paths.items():
        if path.startswith("/_locum/stages/{stage}") or f"/_locum/stages/{{stage}}{path.removeprefix('/_locum')}" not in paths:
            shown = path.replace("/_locum/stages/{stage}", "…")
            for method, call in methods.items():
                rows.append([code(f"{method.upper()} {shown}"), call["summary"].replace("\n", " ")])
    return table(["call", "does"], rows)


def fault(program, member):
    """The members of one part of a fault."""
    post = program.served["openapi.json"]["paths"]["/_locum/faults"]["post"]
    schema = post["requestBody"]["content"]["application/json"]["schema"]["properties"][member]
    rows = [
        [code(name), each["description"].replace("\n", " ")]
        for name, each in schema["properties"].items()
    ]
    return table([member, "meaning"], rows)


PARTS = {
    "commands": commands,
    "help": help_texts,
    "settings": settings,
    "given": given,
    "exit-codes": exit_codes,
    "verdicts": verdicts,
    "calls": calls,
    "fault": fault,
}


def built():
    """The binary that LOCUM names, else the one that `cargo build --release` makes."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return pathlib.Path(os.environ.get("LOCUM", target / "release" / "locum")).resolve()


@contextlib.contextmanager
def program_of(locum):
    with tempfile.TemporaryDirectory(prefix="locum-docs-") as folder:
        yield Program(locum, pathlib.Path(folder))


def rendered(locum):
    """Each page with generated parts, and its text as it has to be."""
    with program_of(locum) as program:
        for page in sorted(PAGES.rglob("*.md")):
            text = page.read_text()

            def part(match):
                return match[1] + "\n" + PARTS[match["name"]](program, match["argument"]) + "\n" + match[4]

            if PART.search(text):
                yield page, PART.sub(part, text)


def stale(locum):
    """A sentence for each page whose generated parts are not what the program says."""
    return [
        f"{page.relative_to(ROOT)}: its generated parts are stale: python3 docs/generate.py"
        for page, text in rendered(locum)
        if page.read_text() != text
    ]


def unknown_commands(locum):
    """A sentence for each command that llms.txt names and the program does not have."""
    named = set(re.findall(r"`(?:eval \"\$\()?locum ([a-z]+)", (PAGES / "llms.txt").read_text()))
    with program_of(locum) as program:
        known = set(re.findall(r"`locum (\w+)`", commands(program, None)))
    return [f"docs/src/llms.txt: there is no command `locum {name}`" for name in sorted(named - known)]


def main():
    locum = built()
    if "--check" in sys.argv[1:]:
        sentences = stale(locum)
        print("\n".join(sentences) or "the generated parts are what the program says")
        return 1 if sentences else 0
    for page, text in rendered(locum):
        page.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
