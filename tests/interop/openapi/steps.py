"""The control API through the client that was generated from its description."""

import sys
import urllib.error
import urllib.parse
import urllib.request

from locum_control import Client
from locum_control.api.clock import post_stages_stage_clock as turn_clock
from locum_control.api.faults import get_stages_stage_faults as list_faults
from locum_control.api.faults import post_stages_stage_faults as add_fault
from locum_control.api.journal import get_stages_stage_journal as read_journal
from locum_control.api.stages import delete_stages_stage as delete_stage
from locum_control.api.stages import post_stages as make_stage
from locum_control.api.tokens import post_stages_stage_tokens as mint_token
from locum_control.models import (
    PostStagesBody,
    PostStagesStageClockBody,
    PostStagesStageFaultsBody,
    PostStagesStageTokensBody,
    Refusal,
)


def call(operation, body=None, **arguments):
    """The parsed answer of a call that has to succeed."""
    if body is not None:
        arguments["body"] = body
    answer = operation.sync(client=client, **arguments)
    assert answer is not None and not isinstance(answer, Refusal), answer
    return answer


def status(url, form):
    """The status of a login."""
    data = urllib.parse.urlencode(form).encode()
    try:
        with urllib.request.urlopen(url, data) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


client = Client(base_url=sys.argv[1].removesuffix("/_locum"), raise_on_unexpected_status=True)
stage = call(make_stage, PostStagesBody.from_dict({"clock": {"mode": "frozen"}}))
name = stage.name

before = stage.clock.now
clock = call(turn_clock, PostStagesStageClockBody(advance_s=3600), stage=name)
assert (clock.now - before).total_seconds() == 3600, clock

corti = stage.vendors["corti"]
fault = call(
    add_fault,
    PostStagesStageFaultsBody.from_dict(
        {
            "match": {"vendor": "corti", "client": corti.credentials["client_id"]},
            "when": {"first": 1},
            "then": {"status": 503},
        }
    ),
    stage=name,
)
form = {
    "grant_type": "client_credentials",
    "client_id": corti.credentials["client_id"],
    "client_secret": corti.credentials["client_secret"],
}
seen = [status(corti.urls["token"], form) for _ in range(2)]
assert seen == [503, 200], seen
assert [fault.hits for fault in call(list_faults, stage=name).faults] == [1]

body = PostStagesStageTokensBody.from_dict({"vendor": "corti", "defect": "alg_none"})
minted = call(mint_token, body, stage=name)
assert minted.defect == "alg_none" and minted.value.count(".") == 2, minted

entries = call(read_journal, stage=name).entries
assert [entry.reply.status for entry in entries] == [503, 200]
assert entries[0].fault == fault.id and str(entries[1].outcome) == "granted", entries

refused = add_fault.sync(
    client=client,
    stage=name,
    body=PostStagesStageFaultsBody.from_dict({"then": {"status": 70000}}),
)
assert isinstance(refused, Refusal) and "`status` takes" in refused.error, refused
call(delete_stage, stage=name)
