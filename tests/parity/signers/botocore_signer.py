"""botocore signs the requests of standard input, one a line as JSON, and tells what it signed."""

import base64
import datetime
import json
import sys

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION, SERVICE = "eu-west-2", "execute-api"


def told(base):
    """A signer that remembers its canonical request and string to sign."""

    class Told(base):
        def canonical_request(self, request):
            self.canonical = super().canonical_request(request)
            return self.canonical

        def string_to_sign(self, request, canonical_request):
            self.string = super().string_to_sign(request, canonical_request)
            return self.string

    return Told


Header, Query = told(botocore.auth.SigV4Auth), told(botocore.auth.SigV4QueryAuth)


def sign(given):
    at = datetime.datetime.strptime(given["date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda *_, **__: at
    url = "http://" + given["host"] + given["path"] + ("?" + given["query"] if given["query"] else "")
    body = base64.b64decode(given["body"])
    request = AWSRequest(method=given["method"], url=url, data=body or None)
    for name, value in given["headers"]:
        request.headers.add_header(name, value)
    credentials = Credentials(given["key"], given["secret"], given["token"])
    if given["expires"]:
        signer = Query(credentials, SERVICE, REGION, expires=given["expires"])
    else:
        signer = Header(credentials, SERVICE, REGION)
    signer.add_auth(request)
    return {
        "number": given["number"],
        "target": request.url.split(given["host"], 1)[1],
        "headers": [["host", given["host"]], *([name, value] for name, value in request.headers.items())],
        "canonical": signer.canonical,
        "string_to_sign": signer.string,
    }


for line in sys.stdin:
    print(json.dumps(sign(json.loads(line))))
