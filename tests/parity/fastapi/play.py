"""Plays generated requests against FastAPI and the mock, and compares what they answer.

Usage: play.py MOCK-CONTROL-URL GENERATION [COUNT] [SEED]
"""

import json
import os
import random
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from explained import explanation
from generate import TOKEN, Generator

HERE = Path(__file__).parent
USERNAME, PASSWORD = "svc+parity@example.com", "Pa%r+i t&y=é"
# What a client can tell two servers apart by; Date is each one's own clock.
HEADERS = ["content-type", "www-authenticate", "allow", "location", "cache-control", "pragma", "retry-after", "server", "vary"]


def call(url, method="GET", body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def mock(control, generation):
    """Makes a stage whose account and settings are those of app.py; its host."""
    stage = call(f"{control}/stages", "POST", {
        "listen": True,
        "clock": {"mode": "frozen"},
        "vendors": {"athelas": {"principals": {"users": [{"username": USERNAME, "password": PASSWORD}]}}},
        "settings": {
            "athelas.fastapi_profile": generation,
            "athelas.require_content": False,
            "athelas.claims": ["sub", "exp"],
        },
    })  # fmt: skip
    return stage["vendors"]["athelas"]["urls"]["token"].split("/")[2]


def fastapi():
    """Starts app.py; its process and host."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "PARITY_USERNAME": USERNAME, "PARITY_PASSWORD": PASSWORD}
    command = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port), "--log-level", "critical", "--http", "h11"]
    process = subprocess.Popen(command, cwd=HERE, env=environment)
    host = f"127.0.0.1:{port}"
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process, host
        except OSError:
            time.sleep(0.05)
    process.kill()
    sys.exit("FastAPI did not start")


def send(host, request):
    """Status, header lines and body of the answer; all None where there is none."""
    address, port = host.split(":")
    received = b""
    with socket.create_connection((address, int(port)), timeout=20) as connection:
        connection.sendall(request)
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except ConnectionResetError:
            pass
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if not lines[0].startswith("HTTP/"):
        return None, [], received
    headers = [tuple(line.split(": ", 1)) for line in lines[1:] if ": " in line]
    return int(lines[0].split(" ")[1]), [(name.lower(), value) for name, value in headers], body


def login(host):
    from urllib.parse import quote_plus

    body = f"username={quote_plus(USERNAME)}&password={quote_plus(PASSWORD)}".encode()
    head = f"POST {TOKEN} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    status, _, answer = send(host, head.encode() + body)
    assert status == 200, answer
    return json.loads(answer)["access_token"]


def seen(host, token, request):
    """What matters of the answer, with the side's own host, token, ids and times taken out."""
    filled = request.replace(b"{host}", host.encode()).replace(b"{token}", token.encode())
    status, headers, body = send(host, filled)
    text = body.decode("utf-8", "backslashreplace").replace(host, "HOST")
    text = re.sub(r'"access_token":"[^"]*"', '"access_token":"TOKEN"', text)
    text = text.replace(token, "TOKEN")
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ(?=\"[,}])", "TIME", text) if status and status < 300 else text
    if status and status < 300:
        text = re.sub(r'"(scribe_id|transcription_id|id|workflow_id)":\d+', r'"\1":ID', text)
    kept = [(name, value.replace(host, "HOST")) for name, value in headers if name in HEADERS]
    return {"status": status, "headers": sorted(kept), "body": text}


def main():
    control, generation = sys.argv[1], sys.argv[2]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 2500
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 7
    process, engine = fastapi()
    try:
        ours = mock(control, generation)
        tokens = {host: login(host) for host in (engine, ours)}
        generator = Generator(random.Random(seed), USERNAME, PASSWORD)
        different = explained = 0
        shown = 0
        for number in range(count):
            request = generator.request()
            theirs = seen(engine, tokens[engine], request)
            mine = seen(ours, tokens[ours], request)
            if theirs == mine:
                continue
            different += 1
            if explanation(generation, request, theirs, mine):
                explained += 1
                continue
            if shown < int(os.environ.get("PARITY_SHOW", "20")):
                shown += 1
                print(f"--- request {number} of seed {seed}\n{request[:900]!r}")
                for side, answer in [("FastAPI", theirs), ("mock", mine)]:
                    print(f"{side}: {answer['status']} {answer['headers']} {answer['body'][:600]}")
    finally:
        process.terminate()
    print(f"FastAPI {generation}: {count} requests, {different} differences ({explained} explained)")
    sys.exit(different > explained)


if __name__ == "__main__":
    main()
