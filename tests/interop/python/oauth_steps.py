"""Libraries of OAuth and OpenID Connect for Python as published, each with a refusal beside what is served."""

import json
import os
import sys
import urllib.parse

import stage

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback
STAGE = stage.call("POST", "/stages", {"listen": True, "settings": {"corti.iss": "{base}/realms/{tenant}"}})
ATHELAS, CORTI, PATTERN = (STAGE["vendors"][name] for name in ("athelas", "corti", "pattern"))
KEYS = CORTI["credentials"]
USER = CORTI["principals"]["realms"][0]["users"][0]


def advance(seconds):
    stage.call("POST", f"/stages/{STAGE['name']}/clock", {"advance_s": seconds})


def fails(action, status=None, error=None):
    """Runs `action`, whose exception has to show this status or this error."""
    try:
        action()
    except Exception as failure:  # noqa: BLE001: what it says decides
        reply = getattr(failure, "response", None)
        shown = [getattr(failure, name, None) for name in ("response_code", "status_code", "error", "code")]
        shown += [getattr(reply, "status_code", None)]
        assert (status is None or status in shown) and (error is None or error in shown), f"{shown}: {failure!r}"
    else:
        raise AssertionError("accepted")


def python_keycloak():
    from keycloak import KeycloakOpenID

    server = CORTI["urls"]["login"].removesuffix("/realms")
    realm = urllib.parse.urlsplit(CORTI["urls"]["token"]).path.split("/")[2]
    made = lambda secret: KeycloakOpenID(  # noqa: E731
        server_url=server, realm_name=realm, client_id=KEYS["client_id"], client_secret_key=secret
    )
    client = made(KEYS["client_secret"])
    assert client.well_known()["issuer"] == CORTI["urls"]["issuer"]
    token = client.token(USER["username"], USER["password"], scope="openid")
    assert client.userinfo(token["access_token"])["preferred_username"] == USER["username"]
    assert client.decode_token(token["access_token"])["azp"] == KEYS["client_id"]
    renewed = client.refresh_token(token["refresh_token"])
    client.logout(renewed["refresh_token"])
    fails(lambda: client.refresh_token(renewed["refresh_token"]), 400)
    fails(lambda: client.userinfo(token["access_token"]), 401)
    fails(lambda: client.token(USER["username"], "wrong"), 400)
    fails(lambda: made("wrong").token(grant_type="client_credentials"), 401)


def authlib():
    from authlib.integrations.requests_client import OAuth2Session

    for vendor, method, lifetime in ((CORTI, "client_secret_post", 300), (PATTERN, "client_secret_basic", 3600000)):
        keys = vendor["credentials"]
        session = lambda secret: OAuth2Session(keys["client_id"], secret, token_endpoint_auth_method=method)  # noqa: B023, E731
        token = session(keys["client_secret"]).fetch_token(vendor["urls"]["token"], grant_type="client_credentials")
        assert token["expires_in"] == lifetime, token["expires_in"]
        wrong = session("wrong")
        fails(lambda: wrong.fetch_token(vendor["urls"]["token"], grant_type="client_credentials"))  # noqa: B023


def authlib_client_secret_jwt():
    from authlib.integrations.requests_client import OAuth2Session
    from authlib.oauth2.rfc7523 import ClientSecretJWT

    url, secret = CORTI["urls"]["token"], "a secret of more than 32 characters"
    sealed = {"client_id": "sealed", "auth": "client_secret_jwt", "client_secret": secret}
    realm = {"name": KEYS["tenant"], "clients": [sealed]}
    stage.call("PATCH", f"/stages/{STAGE['name']}/principals", {"corti": {"realms": [realm]}})

    def fetch(secret, method=None):
        session = OAuth2Session("sealed", secret, token_endpoint_auth_method=method or "client_secret_jwt")
        session.register_client_auth_method(ClientSecretJWT(url))
        return session.fetch_token(url, grant_type="client_credentials")

    assert fetch(secret)["expires_in"] == 300
    fails(lambda: fetch("another secret of more than 32 bytes"), error="unauthorized_client")
    fails(lambda: fetch(secret, "client_secret_post"), error="invalid_client")


def cognito_token_endpoint():
    import boto3
    from authlib.integrations.requests_client import OAuth2Session
    from botocore import UNSIGNED
    from botocore.config import Config

    scribe = STAGE["vendors"]["scribe"]
    url, keys = scribe["urls"]["oauth_token"], scribe["credentials"]
    machine = next(client for client in scribe["principals"]["clients"] if client.get("client_secret"))
    for method in ("client_secret_basic", "client_secret_post"):
        session = lambda secret: OAuth2Session(machine["client_id"], secret, token_endpoint_auth_method=method)  # noqa: B023, E731
        token = session(machine["client_secret"]).fetch_token(url, grant_type="client_credentials", scope="tasks/read")
        assert token["expires_in"] == 1800 and "refresh_token" not in token, token
        fails(lambda: session("wrong").fetch_token(url, grant_type="client_credentials"), error="invalid_client")  # noqa: B023
        other = session(machine["client_secret"])
        fails(lambda: other.fetch_token(url, grant_type="client_credentials", scope="other/read"), error="invalid_scope")  # noqa: B023
    pool = boto3.client(
        "cognito-idp", region_name=keys["region"], endpoint_url=scribe["urls"]["cognito"], config=Config(signature_version=UNSIGNED)
    )
    parameters = {"USERNAME": keys["username"], "PASSWORD": keys["password"]}
    login = pool.initiate_auth(ClientId=keys["client_id"], AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    refresh_token = login["AuthenticationResult"]["RefreshToken"]
    session = OAuth2Session(keys["client_id"], token_endpoint_auth_method="none")
    renewed = session.refresh_token(url, refresh_token=refresh_token)
    assert pool.get_user(AccessToken=renewed["access_token"])["Username"] == keys["username"]
    pool.revoke_token(Token=refresh_token, ClientId=keys["client_id"])
    fails(lambda: session.refresh_token(url, refresh_token=refresh_token), error="invalid_grant")


def requests_oauthlib():
    import requests
    from oauthlib.oauth2 import BackendApplicationClient, LegacyApplicationClient, TokenExpiredError
    from requests_oauthlib import OAuth2Session

    keys = ATHELAS["credentials"]
    session = OAuth2Session(client=LegacyApplicationClient(client_id=""))
    token = session.fetch_token(ATHELAS["urls"]["token"], username=keys["username"], password=keys["password"])
    assert "expires_in" not in token and token["token_type"] == "bearer"
    scribes = ATHELAS["urls"]["api"] + "/scribe"
    made = session.post(scribes, files={"template_ids": (None, "1042"), "transcripts": (None, "hello")})
    url = f"{scribes}/{made.json()['scribe_id']}"
    assert session.get(url).status_code == 200
    assert requests.get(url, timeout=10).status_code == 401
    advance(172801)
    assert session.get(url).status_code == 401, "after 48 hours"
    fails(lambda: session.fetch_token(ATHELAS["urls"]["token"], username=keys["username"], password="wrong"))

    keys = CORTI["credentials"]
    backend = OAuth2Session(client=BackendApplicationClient(client_id=keys["client_id"]))
    body = {"include_client_id": True, "client_secret": keys["client_secret"]}
    backend.fetch_token(CORTI["urls"]["token"], **body)
    calls = {"Tenant-Name": keys["tenant"]}
    assert backend.get(CORTI["urls"]["api"] + "/interactions/", headers=calls).status_code == 200
    backend.token = dict(backend.token, expires_at=1)
    try:
        backend.get(CORTI["urls"]["api"] + "/interactions/", headers=calls)
    except TokenExpiredError:
        pass
    else:
        raise AssertionError("sent although it had ended")


def websockets():
    import requests
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    form = {"grant_type": "client_credentials", "client_id": KEYS["client_id"], "client_secret": KEYS["client_secret"]}
    access = requests.post(CORTI["urls"]["token"], data=form, timeout=10).json()["access_token"]
    place = lambda token: f"{CORTI['urls']['ws']}/transcribe?tenant-name={KEYS['tenant']}&token={urllib.parse.quote(token)}"  # noqa: E731
    try:
        connect(place("Bearer nothing"), proxy=None)
    except InvalidStatus as refused:
        assert refused.response.status_code == 401, refused
    else:
        raise AssertionError("a token that is none was taken")
    seen = []
    with connect(place(f"Bearer {access}"), proxy=None) as socket:
        socket.send(json.dumps({"type": "config", "configuration": {"primaryLanguage": "en"}}))
        for message in socket:
            seen.append(json.loads(message)["type"])
            if seen[-1] == "CONFIG_ACCEPTED":
                for _ in range(4):
                    socket.send(bytes(8000))
                socket.send(json.dumps({"type": "end"}))
    assert {"CONFIG_ACCEPTED", "transcript", "usage", "ended"} <= set(seen), seen


globals()[sys.argv[1]]()
