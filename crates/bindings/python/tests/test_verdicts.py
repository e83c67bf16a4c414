"""A client that breaks a requirement fails its test: pytest within pytest."""

import contextlib
from pathlib import Path

import pytest
from clients import Corti, Pattern

CASE = """
import sys; sys.path.insert(0, {folder!r})
import pytest
from clients import Corti

{mark}
def test_client(locum_corti):
    account = {{name: locum_corti.credentials[name] for name in ("client_id", "client_secret")}}
    status = Corti(locum_corti.token_url, locum_corti.api_url, **account{tenant}).interactions()
    {check}
"""
TENANT = ", tenant=locum_corti.credentials['tenant']"


def outcome(pytester, *arguments, mark="", tenant="", check="pass"):
    pytester.makepyfile(CASE.format(folder=str(Path(__file__).parent), mark=mark, tenant=tenant, check=check))
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)


def test_a_faulty_client_fails_a_test_that_asserts_nothing(pytester):
    result = outcome(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "FAIL REQ-08 (MUST, corti): Every REST request carries Tenant-Name with the tenant of the token URL.",
        "  seen: ?*",
        "  expected: ?*",
        "  in: GET /v2/interactions/",
        "  hint: `locum explain REQ-08` *",
        "stage ?*, seed ?*",
    ])


def test_a_good_client_passes(pytester):
    outcome(pytester, tenant=TENANT, check="assert status == 200").assert_outcomes(passed=1)


def test_a_test_that_fails_by_itself_is_told_what_the_client_did(pytester):
    result = outcome(pytester, check="assert status == 200")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 4?? == 200*", "*locum call*", "FAIL REQ-08 *"])


@pytest.mark.parametrize("mark", ["ignore=['REQ-08']", "expect=['REQ-08']", "verdicts='off'"])
def test_a_mark_takes_the_fault_for_meant(pytester, mark):
    outcome(pytester, mark=f"@pytest.mark.locum({mark})").assert_outcomes(passed=1)


def test_verdicts_can_be_switched_off_for_the_run(pytester, monkeypatch):
    outcome(pytester, "--locum-verdicts=off").assert_outcomes(passed=1)
    monkeypatch.setenv("LOCUM_VERDICTS", "off")
    outcome(pytester).assert_outcomes(passed=1)


def test_an_expected_fault_that_is_not_there_fails_the_test(pytester):
    result = outcome(pytester, mark="@pytest.mark.locum(expect=['REQ-08'])", tenant=TENANT)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["REQ-08 was expected to be broken, and is not"])


MEDDLING = {
    "a wrong secret": lambda vendor, call: vendor.credentials.update(client_secret="wrong"),
    "an outage of the token endpoint": lambda vendor, call: vendor.fault({"status": 503}, endpoint="token"),
    "an outage of the API": lambda vendor, call: vendor.fault({"status": 500}, method="GET"),
    "a page in place of a token": lambda vendor, call: vendor.fault({"status": 200, "body": "<html>"}, endpoint="token"),
    "a revoked token": lambda vendor, call: (call(), vendor.revoke()),
    "an expired token": lambda vendor, call: (call(), vendor.expire()),
    "days that come and go": lambda vendor, call: (call(), vendor.advance(172_801), call(), vendor.advance(-172_801)),
}


@pytest.mark.parametrize("meddling", MEDDLING)
@pytest.mark.parametrize("vendor", ["corti", "pattern"])
def test_what_a_test_does_to_the_vendor_is_no_fault_of_the_client(locum, vendor, meddling):
    vendor, client = locum[vendor], None

    def call():
        nonlocal client
        with contextlib.suppress(PermissionError, ValueError):
            client = client or (Pattern if vendor.vendor == "pattern" else Corti).of(vendor)
            client.call()

    MEDDLING[meddling](vendor, call)
    call()
    assert vendor.journal()
