"""What the fixtures give, in many tests at once (`-n auto`), each with a clock of its own."""

import pytest
from clients import Corti, Pattern


@pytest.mark.locum(clock={"now": "2030-01-01T00:00:00Z", "mode": "frozen"})
@pytest.mark.parametrize("days", range(10))
def test_every_test_turns_a_clock_of_its_own(locum_pattern, days):
    client = Pattern.of(locum_pattern)
    assert client.members() == 200
    for day in range(days):
        assert locum_pattern.advance(86_400)["now"].startswith(f"2030-01-{day + 2:02}")
        assert client.members() == 200
    assert client.logins == days + 1
    assert len(locum_pattern.journal(endpoint="token")) == days + 1


def test_tokens_end_when_the_test_says_so(locum_pattern):
    client = Pattern.of(locum_pattern)
    client.members()
    assert locum_pattern.expire()["tokens"] == [1]
    assert client.members() == 200
    assert 2 in locum_pattern.revoke()["tokens"]
    assert client.members() == 200
    assert client.logins == 3


def test_a_fault_strikes_its_vendor_alone(locum):
    locum["pattern"].fault({"status": 503}, {"first": 1}, endpoint="token")
    with pytest.raises(PermissionError, match="503"):
        Pattern.of(locum["pattern"]).members()
    assert Corti.of(locum["corti"]).interactions() == 200
    assert {entry["vendor"] for entry in locum.journal()} == {"pattern", "corti"}


@pytest.mark.locum(settings={"pattern.token_ttl_ms": 7000})
def test_settings_are_given_at_the_start_or_changed(locum_pattern):
    client = Pattern.of(locum_pattern)
    client.login()
    locum_pattern.settings(**{"pattern.token_ttl_ms": 9000})
    client.login()
    bodies = [entry["reply"]["body"] for entry in locum_pattern.journal()]
    assert "7000" in bodies[0] and "9000" in bodies[1]


@pytest.mark.locum(seed=7)
@pytest.mark.parametrize("again", range(2))
def test_a_seed_gives_the_same_world_again(locum_pattern, again, known={}):
    assert known.setdefault("secret", locum_pattern.credentials["client_secret"]) == locum_pattern.credentials["client_secret"]
