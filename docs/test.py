#!/usr/bin/env python3
"""Runs every fenced block of the documentation, and checks its links and its generated parts.

    LOCUM=target/release/locum python3 docs/test.py [PAGE.md...]

Needs curl and jq, and for the page of five minutes node, java and go. What a fence may say behind its language:

    sh                      is run by bash in a folder that the page has for itself; `# prints: TEXT` must be part of its
                            output, in this order (`…` stands for anything), and `# exits: N` is its exit code, else 0
    sh serve                one `locum serve` in the background; 4700 and 4743 in later blocks are its free ports
    sh no-run               is not run; an HTML comment above it says why
    text prints             what the block above printed, line by line; `…` stands for anything
    LANGUAGE file=NAME      is written to the page's folder
    LANGUAGE from=PATH      stands in that file of the repository, which has a test of its own
    json                    must be JSON
    LANGUAGE no-run         the same; of yaml and toml, each `locum …` line must stand in a block of the page that is run
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time

sys.dont_write_bytecode = True
import generate
import links

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "src"
FENCE = re.compile(r"^(?P<indent> *)```(?P<info>\S[^\n]*)\n(?P<body>.*?)^(?P=indent)```$", re.M | re.S)
REASON = re.compile(r"<!-- no-run: \S.* -->\s*\Z", re.S)
BLOCK_TIMEOUT_S = 80
START_TIMEOUT_S = 20


class Failure(Exception):
    """A block that does not do what its page says."""


class Block:
    """One fenced block: where it stands, what its fence says, what is in it."""

    def __init__(self, page, text, match):
        self.where = f"{os.path.relpath(page, ROOT)}:{text.count(chr(10), 0, match.start()) + 1}"
        self.language, *words = match["info"].split()
        self.words = {word for word in words if "=" not in word}
        self.options = dict(word.split("=", 1) for word in words if "=" in word)
        self.body = textwrap.dedent(match["body"])
        self.has_reason = bool(REASON.search(text[: match.start()]))

    @property
    def is_run(self):
        return self.language == "sh" and "no-run" not in self.words

    def claims(self, name):
        return re.findall(rf"# {name}: (.+)$", self.body, re.M)

    def commands(self):
        """The lines that call locum, without what wraps them in another format and without comments."""
        lines = re.findall(r"(?<![\w./-])locum (?:check|drive|watch|serve|report|resume|env)\b[^\n]*", self.body)
        return [re.sub(r"\s+(#.*)?$", "", line) for line in lines]


def blocks_of(page):
    text = page.read_text()
    if text.count("```") % 2:
        raise Failure(f"{page.name}: a fence is open at the end")
    found = [Block(page, text, match) for match in FENCE.finditer(text)]
    if len(found) != text.count("```") // 2:
        raise Failure(f"{page.name}: a fence says no language")
    return found


def check_in_order(expected, output, where):
    """Each expected piece is found behind the one before; the last output line may be cut by neither."""
    position = 0
    for piece in expected:
        pattern = ".*?".join(re.escape(part.strip()) for part in piece.strip().split("…"))
        match = re.compile(pattern).search(output, position)
        if not match:
            raise Failure(f"{where}: did not print `{piece.strip()}`; it printed\n{textwrap.indent(output, '      ')}")
        position = match.end()


class Page:
    """The blocks of one page, in their order, in a folder of their own."""

    def __init__(self, path, folder, environment):
        self.path = path
        self.folder = folder
        self.environment = dict(environment)
        self.ports = {}
        self.servers = []
        self.output = ""
        self.counted = 0

    def play(self):
        blocks = blocks_of(self.path)
        run = {command for block in blocks if block.is_run for command in block.commands()}
        try:
            for block in blocks:
                self.play_block(block, run)
                self.counted += 1
        finally:
            for server in self.servers:
                end(server)
        return self.counted

    def play_block(self, block, run):
        if "no-run" in block.words:
            if not block.has_reason:
                raise Failure(f"{block.where}: not run, and no comment `<!-- no-run: … -->` above it says why")
            for command in block.commands() if block.language in ("yaml", "toml") else []:
                if command not in run:
                    raise Failure(f"{block.where}: `{command}` stands in no block that is run")
        elif "from" in block.options:
            source = (ROOT / block.options["from"]).read_text()
            if block.body.strip() not in textwrap.dedent(source):
                raise Failure(f"{block.where}: does not stand like this in {block.options['from']}")
        elif "file" in block.options:
            (self.folder / block.options["file"]).write_text(block.body)
        elif block.language == "json":
            json.loads(block.body)
        elif block.language == "text" and "prints" in block.words:
            check_in_order(block.body.strip().splitlines(), self.output, block.where)
        elif block.language != "sh":
            raise Failure(f"{block.where}: `{block.language}` says neither file=, from=, prints nor no-run")
        elif "serve" in block.words:
            self.serve(block)
        else:
            self.run(block)

    def script(self, block):
        text = block.body
        for documented, real in self.ports.items():
            text = re.sub(rf"\b{documented}\b", real, text)
        return text

    def run(self, block):
        process = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", self.script(block)],
            cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=BLOCK_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise Failure(f"{block.where}: has not ended after {BLOCK_TIMEOUT_S} s") from None
        finally:
            end(process)
        for documented, real in self.ports.items():
            output = re.sub(rf"\b{real}\b", documented, output)
        self.output = output
        expected = int((block.claims("exits") or ["0"])[-1])
        if process.returncode != expected:
            raise Failure(
                f"{block.where}: ended with {process.returncode}, not {expected}; it printed\n"
                + textwrap.indent(output, "      ")
            )
        check_in_order(block.claims("prints"), output, block.where)

    def serve(self, block):
        command = block.body.split("#")[0].split()
        assert command[:2] == ["locum", "serve"], block.where
        port_file = self.folder / f"port-{len(self.servers)}"
        log = open(self.folder / f"serve-{len(self.servers)}.log", "w+")
        free = ["--port", "0", "--port-file", str(port_file)] + (["--tls-port", "0"] if "--tls" in command else [])
        server = subprocess.Popen(
            command + free, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, start_new_session=True,
        )
        self.servers.append(server)
        deadline = time.monotonic() + START_TIMEOUT_S
        # The port is written before the lines that tell of TLS.
        while not (port_file.exists() and port_file.read_text().strip() and (self.folder / log.name).read_text()):
            if server.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise Failure(f"{block.where}: does not serve: {log.read()}")
            time.sleep(0.02)
        self.ports["4700"] = port_file.read_text().strip()
        log.seek(0)
        self.output = log.read()
        over_tls = re.search(r"https://[^:\s]+:(\d+)", self.output)
        if over_tls:
            self.ports["4743"] = over_tls[1]
        self.environment["LOCUM_CONTROL_URL"] = f"http://127.0.0.1:{self.ports['4700']}/_locum"


def end(process):
    """Ends what a block started, with all that it started itself."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def main():
    locum = generate.built()
    started = time.monotonic()
    wrong = generate.stale(locum) + generate.unknown_commands(locum) + links.dead(ROOT)
    passed = 0
    pages = [pathlib.Path(page).resolve() for page in sys.argv[1:]] or sorted(PAGES.rglob("*.md"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOCUM")}
    with tempfile.TemporaryDirectory(prefix="locum-docs-") as temporary:
        folder = pathlib.Path(temporary)
        (folder / "bin").mkdir()
        shutil.copy(locum, folder / "bin" / "locum")
        environment["PATH"] = f"{folder / 'bin'}:{environment['PATH']}"
        environment["LOCUM_STATE_DIR"] = str(folder / "state")
        environment["NO_COLOR"] = "1"
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
            played = {}
            for page in pages:
                own = folder / page.stem
                own.mkdir()
                played[page] = workers.submit(Page(page, own, environment).play)
            for page, result in played.items():
                try:
                    count = result.result()
                    passed += count
                    print(f"ok    {page.relative_to(ROOT)}: {count} blocks")
                except Failure as failure:
                    wrong.append(str(failure))
    for sentence in wrong:
        print(f"FAIL  {sentence}")
    print(f"{time.monotonic() - started:.0f} s")
    print(f"{passed} passed, {len(wrong)} failed")
    return 1 if wrong or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
