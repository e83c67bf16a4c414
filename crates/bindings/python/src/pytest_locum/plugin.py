"""The fixtures `locum`, `locum_pattern`, …, the marker `locum`, and the verdict after each test."""

import contextlib
import os

import pytest

from .server import LocumError, Server
from .stage import Stage

STAGE = pytest.StashKey()
MARKER = (
    "locum(ignore=[], expect=[], verdicts='on', **stage): requirements that the client may or must break; "
    "verdicts: on, strict (a WARN fails, too), off; the rest is the body of POST /_locum/stages"
)


def pytest_addoption(parser):
    parser.getgroup("locum").addoption(
        "--locum-verdicts",
        choices=["on", "strict", "off"],
        default=os.environ.get("LOCUM_VERDICTS", "on"),
        help="whether a client that breaks a requirement fails its test (LOCUM_VERDICTS)",
    )


def pytest_configure(config):
    config.addinivalue_line("markers", MARKER)


def _options(item):
    """What the marks of test, class and module say, the nearest last, and how to judge."""
    options = {"ignore": (), "expect": (), "verdicts": item.config.getoption("locum_verdicts")}
    for mark in reversed(list(item.iter_markers("locum"))):
        options.update(mark.kwargs)
    judged = {name: options.pop(name) for name in ("ignore", "expect", "verdicts")}
    return options, judged


@pytest.fixture(scope="session")
def locum_server():
    """`locum serve`, one for each session or worker of xdist."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def locum(request, locum_server):
    """A stage of the test's own: `locum["pattern"]` is a vendor."""
    spec, _ = _options(request.node)
    stage = Stage(locum_server, locum_server.call("POST", "/stages", {"listen": True, **spec}))
    request.node.stash[STAGE] = stage
    yield stage
    stage.call("DELETE", "")


def _vendor(name):
    return pytest.fixture(name=f"locum_{name}")(lambda locum: locum[name])


locum_athelas, locum_corti, locum_pattern, locum_scribe = map(_vendor, ["athelas", "corti", "pattern", "scribe"])


def _failures(item):
    stage, (_, judged) = item.stash.get(STAGE, None), _options(item)
    verdicts = judged.pop("verdicts")
    return stage.failures(**judged, strict=verdicts == "strict") if stage and verdicts != "off" else ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    try:
        result = yield
    except Exception:
        # The test has its own reason to fail; what the client did may explain it.
        with contextlib.suppress(LocumError):
            item.add_report_section("call", "locum", _failures(item) or "no requirement is broken")
        raise
    text = _failures(item)
    if text:
        pytest.fail(text, pytrace=False)
    return result
