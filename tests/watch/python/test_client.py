"""The project's own tests. They know nothing of locum but the addresses in the environment, and
where they want to see the end of a token, its control API."""

import json
import os
import time
import urllib.request

import pytest

from client import Client, Refused


def control(method, path, body):
    url = os.environ["LOCUM_CONTROL_URL"] + path
    request = urllib.request.Request(url, json.dumps(body).encode(), method=method)
    urllib.request.urlopen(request, timeout=10).close()


@pytest.fixture(scope="module")
def client():
    return Client()


def test_members_have_a_list(client):
    assert client.members()


def test_many_calls_succeed(client):
    for _ in range(12):
        assert client.members()


def test_a_refused_token_is_replaced(client):
    client.members()
    control("POST", "/tokens/expire", {"all": True})
    assert client.members()


def test_a_token_is_renewed_before_its_end():
    control("PATCH", "/settings", {"pattern.token_ttl_ms": 1000})
    client = Client()
    client.members()
    time.sleep(1.1)
    for _ in range(2):
        try:
            client.members()
        except Refused:
            pass
    assert client.members()


def test_a_call_that_stays_refused_ends(client):
    fault = {"match": {"vendor": "pattern", "endpoint": "members"}, "then": {"status": 401}}
    control("POST", "/faults", {**fault, "when": {"always": True}})
    try:
        with pytest.raises(Refused):
            client.members()
    finally:
        control("DELETE", "/faults", None)
