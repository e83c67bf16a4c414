"""Requests to be signed, one a line as JSON: the same for the same seed. Usage: generate.py COUNT SEED

Each is spelled as its client would send it: a query with every byte encoded but RFC 3986's unreserved
ones, since botocore signs the query as it stands; no default port, since each signer drops it.
"""

import base64
import datetime
import json
import random
import string
import sys
import urllib.parse

PLAIN = string.ascii_letters + string.digits
UNRESERVED = PLAIN + "-_.~"
ANYTHING = UNRESERVED + " !\"#$%&'()*+,/:;<=>?@[\\]^`{|}éöß€日本🙂\u00a0"
# What a path may hold as it stands (RFC 3986 §3.3) and AWS encodes all the same.
RAW_IN_PATH = "!$&'()*+,;=:@"
SECRET = PLAIN + "+/"


def text(rng, alphabet, least, most):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(least, most)))


def segment(rng):
    if rng.random() < 0.3:
        return text(rng, PLAIN + RAW_IN_PATH, 1, 8).lstrip(".") or "x"
    return urllib.parse.quote(text(rng, ANYTHING, 1, 8), safe="").replace(".", "x") or "x"


def path(rng):
    """A path, and whether it has empty or dot segments."""
    segments = [segment(rng) for _ in range(rng.randint(0, 5))]
    dotted = rng.random() < 0.15
    if dotted:
        segments.insert(rng.randint(0, len(segments)), rng.choice(["", ".", ".."]))
        # A double slash at the beginning would be read as a host.
        segments.insert(0, "v1")
    slash = "/" if segments and rng.random() < 0.2 else ""
    return "/" + "/".join(segments) + slash, dotted


def query(rng):
    names = [text(rng, ANYTHING, 1, 6) for _ in range(rng.randint(0, 5))]
    names += rng.sample(names, k=min(len(names), rng.choice([0, 0, 1, 2])))
    rng.shuffle(names)
    quote = lambda value: urllib.parse.quote(value, safe="-_.~")  # noqa: E731
    parts = []
    for name in names:
        if rng.random() < 0.1:
            parts.append(quote(name))
        else:
            parts.append(quote(name) + "=" + quote(text(rng, ANYTHING, 0, 10)))
    return "&".join(parts)


def headers(rng):
    chosen = []
    for name in rng.sample(["Content-Type", "Accept", "X-Custom", "x-lower", "X-Amz-Meta-Note", "User-Agent", "X-UPPER"], rng.randint(0, 5)):
        chosen.append([name, text(rng, PLAIN + " ,;=/\"'()", 0, 24)])
    if chosen and rng.random() < 0.3:
        chosen.append(["X-Twice", text(rng, PLAIN + " ,", 0, 9)])
        chosen.append(["X-Twice", "  " + text(rng, PLAIN + " ", 0, 9) + "   b "])
    return chosen


def request(rng, number):
    at = datetime.datetime(2001, 1, 1) + datetime.timedelta(seconds=rng.randrange(99 * 365 * 86400))
    in_query = rng.random() < 0.2
    spelled, dotted = path(rng)
    has_body = not in_query and rng.random() < 0.5
    body = rng.randbytes(rng.choice([1, 7, 64, 300])) if has_body else b""
    host = rng.choice(["mi.example.com", "127.0.0.1:18443", "localhost:4700", "a-b.execute-api.eu-west-2.amazonaws.com"])
    return {
        "number": number,
        "method": rng.choice(["GET", "DELETE", "HEAD"] if not has_body else ["POST", "PUT", "PATCH"]),
        "host": host,
        "path": spelled,
        "dotted": dotted,
        "query": query(rng),
        "headers": headers(rng),
        "body": base64.b64encode(body).decode(),
        "date": at.strftime("%Y%m%dT%H%M%SZ"),
        "skew": rng.randint(-300, 300),
        "expires": rng.randint(301, 604800) if in_query else None,
        "key": "ASIA" + text(rng, string.ascii_uppercase + "234567", 16, 16),
        "secret": text(rng, SECRET, 40, 40),
        "token": text(rng, SECRET + "=", 20, 400) if rng.random() < 0.7 else None,
    }


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(seed)
    for number in range(count):
        print(json.dumps(request(rng, number)))


main()
