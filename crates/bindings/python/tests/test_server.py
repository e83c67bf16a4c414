"""How the binary is found and started, and how it ends: pytest within pytest."""

import os
import signal
import subprocess
import sys
import time

import pytest

from pytest_locum import server


def test_the_binary_is_named_or_on_the_path_or_in_the_package(tmp_path, monkeypatch):
    for folder in ("bin", "path"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "locum").touch(mode=0o755)
    monkeypatch.setattr(server, "__file__", str(tmp_path / "server.py"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert server.find_binary() == os.environ["LOCUM_BIN"]
    monkeypatch.delenv("LOCUM_BIN")
    assert server.find_binary() == str(tmp_path / "path" / "locum")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert server.find_binary() == str(tmp_path / "bin" / "locum")
    (tmp_path / "bin" / "locum").unlink()
    with pytest.raises(server.LocumError, match="name it in LOCUM_BIN"):
        server.find_binary()


def test_a_binary_that_does_not_start_is_an_error_that_says_what_to_do(pytester, monkeypatch):
    pytester.makepyfile("def test_nothing(locum): pass")
    for variable, value, says in [
        ("LOCUM_BIN", "/nowhere/locum", "*/nowhere/locum does not start: *LOCUM_BIN names another"),
        ("LOCUM_SERVE_ARGS", "--no-such-flag", "*--no-such-flag` did not start; its standard error says why"),
    ]:
        with monkeypatch.context() as patch:
            patch.setenv(variable, value)
            result = pytester.runpytest_subprocess()
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines([says])


def test_a_vendor_of_ones_own_is_served(pytester, monkeypatch):
    subprocess.run([os.environ["LOCUM_BIN"], "new", "mine.toml"], check=True)
    monkeypatch.setenv("LOCUM_SERVE_ARGS", "mine.toml pattern")
    pytester.makepyfile("""
        def test_mine(locum, locum_pattern):
            assert locum["mine"].token_url != locum_pattern.token_url
            assert set(locum.document["vendors"]) == {"mine", "pattern"}
    """)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_the_server_ends_when_the_runner_is_killed(pytester):
    pytester.makepyfile(f"""
        import os, pathlib, signal
        def test_killed(locum_server):
            pathlib.Path("pid").write_text(str(locum_server.process.pid))
            os.kill(os.getpid(), signal.SIGKILL)
    """)
    result = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=pytester.path, check=False)
    assert result.returncode == -signal.SIGKILL
    pid = int((pytester.path / "pid").read_text())
    deadline = time.monotonic() + 30
    with pytest.raises(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.02)
