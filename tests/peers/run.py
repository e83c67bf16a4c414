"""Starts each peer on a free port, has `locum check` judge it, stops it, and compares with peers.tsv.

Usage: run.py [PEER...]     called by run.sh, which installs the peers

Exit 1 when a verdict differs from peers.tsv, 3 when a run did not come about. Without names all are judged, and the
page README.md is written anew: exit 1 when that changed it, so that the change is looked at.
"""

import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import page
from peers import CLIENTS, PEERS

HERE = pathlib.Path(__file__).parent
WORK = pathlib.Path(os.environ["PEERS_WORK"])
# The checks mostly wait for the end of a token.
AT_ONCE = 4


class Failed(Exception):
    """A run that did not come about."""


def free_port():
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        return there.getsockname()[1]


def answering(port, process, log, seconds):
    """Waits until something answers there: a server may listen long before."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/")
            connection.getresponse()
            return
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    raise Failed(f"it did not start: {log.read_text(errors='replace')[-1500:]}")


class Started:
    """A program that answers on a free port of its own for as long as it is needed."""

    def __init__(self, command, plain, environment, folder, name, seconds, **known):
        self.port = free_port()
        log = folder / f"{name}.log"
        more = {key: value.format(port=self.port) for key, value in environment.items()}
        with log.open("w") as out:
            self.process = subprocess.Popen(
                [part.format(port=self.port, work=WORK, here=HERE, **known) for part in command],
                env={**plain, **more}, cwd=folder, stdout=out, stderr=out, start_new_session=True)
        self.log, self.seconds = log, seconds

    def __enter__(self):
        try:
            answering(self.port, self.process, self.log, self.seconds)
        except Failed:
            self.__exit__()
            raise
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(20)
        except ProcessLookupError:
            pass
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)


def plain():
    """The environment without what would tell `locum` of anything else."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LOCUM_")}


def judged(peer, groups):
    """The results of `locum check` at one peer; at `groups` is what it may hand calls on to."""
    folder = WORK / "reports" / peer.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    given = {**plain(), **peer.accounts, "PEER_FOLDER": str(folder), "PEER_GROUPS": groups}
    with contextlib.ExitStack() as stack:
        base = stack.enter_context(Started(peer.command, given, peer.environment, folder, "server", peer.starts_within_s))
        # What has to be made at the running server first; it tells the variables of what it made.
        accounts = {**peer.accounts, **(peer.prepare(base) if peer.prepare else {})}
        if peer.beside:
            api = stack.enter_context(Started(peer.beside, plain(), {}, folder, "beside", 60, base=base))
            accounts["LOCUM_API_URL"] = f"{api}/v2"
        command = [os.environ["LOCUM"], "check", peer.vendor, "--url", base, "--seed", "7", "--report", str(folder / "report")]
        # What `locum resume` would need stays with the report, not in the home of whoever runs this.
        told = {**plain(), **accounts, "LOCUM_STATE_DIR": str(folder / "state")}
        done = subprocess.run(command, env=told, capture_output=True, text=True, timeout=300)
        (folder / "check.txt").write_text(done.stdout + done.stderr)
        # 0 and 1 are verdicts; every other code is a run that did not come about.
        if done.returncode > 1:
            raise Failed(f"locum check ended with {done.returncode}: {(done.stdout + done.stderr)[-1500:]}")
        return json.loads((folder / "report" / "results.json").read_text())


def main(names):
    peers = [peer for peer in PEERS if not names or peer.name in names]
    if unknown := set(names) - {peer.name for peer in PEERS}:
        print(f"peers.py has none of: {' '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    status, runs = 0, []
    serves_groups = [sys.executable, "{here}/python/groups.py", "{port}"]
    with (Started(serves_groups, {**plain(), **CLIENTS}, {}, WORK, "groups", 20) as groups,
          concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool):
        for peer, run in [(peer, pool.submit(judged, peer, groups)) for peer in peers]:
            try:
                runs.append((peer, run.result()))
            except Exception as error:  # of whatever kind: the others are judged all the same
                print(f"FAIL  {peer.name}: {type(error).__name__}: {error}")
                status = 3
                continue
            differences = list(page.differences(*runs[-1]))
            print(f"{'FAIL' if differences else 'ok'}    {peer.title} as {peer.vendor}: {page.counted(runs[-1][1])}", flush=True)
            for line in differences:
                print(f"      {line}")
            status = status or (1 if differences else 0)
    if not names and status == 0 and page.write(runs):
        print("FAIL  README.md is another: look at the difference, and commit it")
        return 1
    return status


sys.exit(main(sys.argv[1:]))
