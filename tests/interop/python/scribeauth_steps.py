"""scribeauth as published: only AWS_ENDPOINT_URL points it here."""

import sys

import stage

NAME, VENDOR = stage.scribe()
CREDENTIALS = VENDOR["credentials"]

from scribeauth import ScribeAuth  # noqa: E402: the environment comes first
from scribeauth.scribeauth import UnauthorizedException  # noqa: E402,F401

ACCESS = ScribeAuth({name: CREDENTIALS[name] for name in ("client_id", "user_pool_id", "identity_pool_id")})


def login():
    return ACCESS.get_tokens(username=CREDENTIALS["username"], password=CREDENTIALS["password"])


def sign_in():
    tokens = login()
    assert sorted(tokens) == ["access_token", "id_token", "refresh_token"], sorted(tokens)
    stage.refused(lambda: ACCESS.get_tokens(username=CREDENTIALS["username"], password="Wrong-1x"), "UnauthorizedException")


def temporary_password():
    user = stage.user(VENDOR, "temporary")
    challenge = ACCESS.get_tokens(username=user["username"], password=user["password"])
    assert challenge["challenge_name"] == "NEW_PASSWORD_REQUIRED", challenge
    assert ACCESS.change_password(user["username"], user["password"], "Chosen-1-password") is True
    assert "access_token" in ACCESS.get_tokens(username=user["username"], password="Chosen-1-password")
    stage.refused(lambda: ACCESS.get_tokens(username=user["username"], password=user["password"]), "UnauthorizedException")


def refresh():
    first = login()
    stage.call("POST", f"/stages/{NAME}/clock", {"advance_s": 1801})
    second = ACCESS.get_tokens(refresh_token=first["refresh_token"])
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] == first["refresh_token"]


def revoke():
    tokens = login()
    assert ACCESS.get_tokens(refresh_token=tokens["refresh_token"])
    assert ACCESS.revoke_refresh_token(tokens["refresh_token"]) is True
    stage.refused(lambda: ACCESS.get_tokens(refresh_token=tokens["refresh_token"]), "UnauthorizedException")
    assert ACCESS.revoke_refresh_token("refresh_token") is True  # junk is answered with 200, too


def federated():
    tokens = login()
    identity = ACCESS.get_federated_id(tokens["id_token"])
    assert identity.startswith("eu-west-2:") and identity == ACCESS.get_federated_id(tokens["id_token"])
    credentials = ACCESS.get_federated_credentials(identity, tokens["id_token"])
    assert credentials["AccessKeyId"].startswith("ASIA"), "an access key id of temporary credentials"
    assert credentials["SecretKey"] and credentials["SessionToken"] and credentials["Expiration"]
    unknown = "eu-west-2:00000000-1111-2abc-3def-4444aaaa5555"
    stage.refused(lambda: ACCESS.get_federated_credentials(unknown, tokens["id_token"]), "ResourceNotFoundException")
    stage.refused(lambda: ACCESS.get_federated_id("id_token"), "UnauthorizedException", "NotAuthorizedException")


globals()[sys.argv[1]]()
