"""pycognito and warrant as published, which log in by SRP: the environment names the LIBRARY."""

import os
import sys
import urllib.request

import stage

LIBRARY = os.environ["LIBRARY"]
NAME, VENDOR = stage.scribe()
CREDENTIALS = VENDOR["credentials"]
with urllib.request.urlopen(VENDOR["urls"]["jwks"]) as reply:
    os.environ["COGNITO_JWKS"] = reply.read().decode()  # both verify the tokens with it

library = __import__(LIBRARY)


def user(username=None, client_id=None, secret=None):
    return library.Cognito(
        CREDENTIALS["user_pool_id"],
        client_id or CREDENTIALS["client_id"],
        user_pool_region=CREDENTIALS["region"],
        client_secret=secret,
        username=username or CREDENTIALS["username"],
    )


def signed_in(account, password):
    account.authenticate(password=password)
    assert account.access_token and account.id_token and account.refresh_token
    return account


def sign_in():
    signed_in(user(), CREDENTIALS["password"])
    # An alias is typed, and the hash goes over the pool's own name.
    signed_in(user(VENDOR["principals"]["users"][0]["email"]), CREDENTIALS["password"])
    stage.refused(lambda: user().authenticate(password="Wrong-1x"), "NotAuthorizedException")
    stage.refused(lambda: user("nobody").authenticate(password="Wrong-1x"), "NotAuthorizedException")


def states():
    for state, expected in [
        ("disabled", "NotAuthorizedException"),
        ("unconfirmed", "UserNotConfirmedException"),
        ("reset_required", "PasswordResetRequiredException"),
    ]:
        barred = stage.user(VENDOR, state)
        stage.refused(lambda: user(barred["username"]).authenticate(password=barred["password"]), expected)


def temporary_password():
    fresh = stage.user(VENDOR, "temporary")
    account = user(fresh["username"])
    stage.refused(lambda: account.authenticate(password=fresh["password"]), "ForceChangePasswordException")
    stage.refused(lambda: account.new_password_challenge("Wrong-1x", "Chosen-1-password"), "NotAuthorizedException")
    account.new_password_challenge(fresh["password"], "Chosen-1-password")
    assert account.access_token
    signed_in(user(fresh["username"]), "Chosen-1-password")
    stage.refused(lambda: user(fresh["username"]).authenticate(password=fresh["password"]), "NotAuthorizedException")


def client_secret():
    client = {"client_id": "confidential1", "client_secret": "s3cret"}
    stage.call("PATCH", f"/stages/{NAME}/principals", {"scribe": {"clients": [client]}})
    account = signed_in(user(client_id="confidential1", secret="s3cret"), CREDENTIALS["password"])
    account.renew_access_token()
    wrong = user(client_id="confidential1", secret="another")
    stage.refused(lambda: wrong.authenticate(password=CREDENTIALS["password"]), "NotAuthorizedException")


def padding():
    """Salts, public numbers and digests whose first bit is set, or whose first digits are zero."""
    users = [{"username": f"user-{n}", "password": f"Chosen-{n}-password", "email": f"u{n}@example.com"} for n in range(16)]
    stage.call("PATCH", f"/stages/{NAME}/principals", {"scribe": {"users": users}})
    for one in users:
        signed_in(user(one["username"]), one["password"])


globals()[sys.argv[1]]()
