"""`locum serve` as a child of this process, and calls of its control API."""

import json
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener


class LocumError(Exception):
    """The server could not be found, started or asked; the text says what to do."""


def find_binary():
    """`LOCUM_BIN`, else what locum's wheel put beside this Python, else PATH, else this package's folder `bin`."""
    bundled = Path(__file__).parent / "bin"
    folders = [sysconfig.get_path("scripts"), None, bundled]  # None is PATH
    found = os.environ.get("LOCUM_BIN") or next(filter(None, (shutil.which("locum", path=one) for one in folders)), None)
    if not found:
        where = f"put it on PATH (in its clone: `cargo install --locked --path .`) or into {bundled}"
        raise LocumError(f"no locum to start: {where}, or name it in LOCUM_BIN")
    return found


class Server:
    """A running `locum serve`, which ends with this process, however that ends."""

    def __init__(self):
        options = "--host 127.0.0.1 --port 0 --tls-port 0 --quiet --exit-with-stdin".split()
        command = [find_binary(), "serve", *options, *os.environ.get("LOCUM_SERVE_ARGS", "").split()]
        # The control API of a server of our own, on loopback, needs no token.
        environment = {name: value for name, value in os.environ.items() if name != "LOCUM_CONTROL_TOKEN"}
        pipe = subprocess.PIPE
        try:
            self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, text=True)
        except OSError as error:
            raise LocumError(f"{command[0]} does not start: {error}; LOCUM_BIN names another") from error
        words = self.process.stdout.readline().split()
        if words[:1] != ["LISTENING"]:
            self.stop()
            raise LocumError(f"`{' '.join(command)}` did not start; its standard error says why")
        self.control = f"{words[1]}/_locum"
        self._opener = build_opener(ProxyHandler({}))

    def call(self, method, path, body=None, **query):
        """The JSON that a call of the control API answers; `path` is what follows `/_locum`."""
        url = self.control + path + ("?" + urlencode(query) if query else "")
        data = None if body is None else json.dumps(body).encode()
        request = Request(url, data, {"Content-Type": "application/json"}, method=method)
        try:
            with self._opener.open(request, timeout=60) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise LocumError(f"{method} {url}: {error.code} {error.read().decode()}") from None
        except OSError as error:
            raise LocumError(f"{method} {url}: {error}") from error

    def stop(self):
        """Ends the server and waits until it has ended."""
        with self.process:
            self.process.stdin.close()
