"""boto3 as published, and a signed call with what it brought."""

import sys
import urllib.error
import urllib.request

import stage

NAME, VENDOR = stage.scribe()
CREDENTIALS = VENDOR["credentials"]

import boto3  # noqa: E402: the environment comes first
from botocore import UNSIGNED  # noqa: E402
from botocore.auth import SigV4Auth  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402

REGION = CREDENTIALS["region"]
POOL = boto3.client("cognito-idp", region_name=REGION, config=Config(signature_version=UNSIGNED))
IDENTITY = boto3.client("cognito-identity", region_name=REGION, config=Config(signature_version=UNSIGNED))
LOGINS = f"cognito-idp.{REGION}.amazonaws.com/{CREDENTIALS['user_pool_id']}"


def login(username=None, password=None):
    parameters = {"USERNAME": username or CREDENTIALS["username"], "PASSWORD": password or CREDENTIALS["password"]}
    return POOL.initiate_auth(ClientId=CREDENTIALS["client_id"], AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)


def renewed(token):
    return POOL.initiate_auth(
        ClientId=CREDENTIALS["client_id"], AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": token}
    )["AuthenticationResult"]


def sign_in():
    result = login()["AuthenticationResult"]
    assert result["ExpiresIn"] == 1800 and result["TokenType"] == "Bearer", "lifetime and type"
    user = POOL.get_user(AccessToken=result["AccessToken"])
    assert user["Username"], user
    stage.refused(lambda: login(password="Wrong-1x"), "NotAuthorizedException")
    stage.refused(lambda: login(username="nobody@example.com"), "NotAuthorizedException")
    stage.refused(lambda: POOL.get_user(AccessToken=result["IdToken"]), "NotAuthorizedException")


def temporary_password():
    user = stage.user(VENDOR, "temporary")
    challenge = login(user["username"], user["password"])
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED" and "AuthenticationResult" not in challenge
    answer = {"USERNAME": user["username"], "NEW_PASSWORD": "Chosen-1-password"}
    respond = lambda session: POOL.respond_to_auth_challenge(  # noqa: E731
        ClientId=CREDENTIALS["client_id"], ChallengeName="NEW_PASSWORD_REQUIRED", Session=session, ChallengeResponses=answer
    )
    stage.refused(lambda: respond("forged-session-of-twenty-characters"), "NotAuthorizedException", "CodeMismatchException")
    assert respond(challenge["Session"])["AuthenticationResult"]["AccessToken"]
    assert login(user["username"], "Chosen-1-password")["AuthenticationResult"]


def refresh():
    first = login()["AuthenticationResult"]
    stage.call("POST", f"/stages/{NAME}/clock", {"advance_s": 1801})
    stage.refused(lambda: POOL.get_user(AccessToken=first["AccessToken"]), "NotAuthorizedException")
    second = renewed(first["RefreshToken"])
    assert "RefreshToken" not in second, "a refresh brings none"
    assert POOL.get_user(AccessToken=second["AccessToken"])["Username"]


def revoke():
    first = login()["AuthenticationResult"]
    other = login()["AuthenticationResult"]
    second = renewed(first["RefreshToken"])
    POOL.revoke_token(Token=first["RefreshToken"], ClientId=CREDENTIALS["client_id"])
    stage.refused(lambda: renewed(first["RefreshToken"]), "NotAuthorizedException")
    for dead in (first, second):
        stage.refused(lambda: POOL.get_user(AccessToken=dead["AccessToken"]), "NotAuthorizedException")
    assert POOL.get_user(AccessToken=other["AccessToken"])["Username"], "another login lives on"


def federated():
    token = login()["AuthenticationResult"]["IdToken"]
    identity = IDENTITY.get_id(IdentityPoolId=CREDENTIALS["identity_pool_id"], Logins={LOGINS: token})["IdentityId"]
    found = IDENTITY.get_credentials_for_identity(IdentityId=identity, Logins={LOGINS: token})["Credentials"]
    url = VENDOR["urls"]["api"] + "/tasks"
    request = AWSRequest(method="GET", url=url)
    keys = Credentials(found["AccessKeyId"], found["SecretKey"], found["SessionToken"])
    SigV4Auth(keys, "execute-api", REGION).add_auth(request)
    signed = urllib.request.Request(url, headers=dict(request.headers.items()))
    with urllib.request.urlopen(signed) as reply:
        assert b'"tasks"' in reply.read(), "a list of tasks"
    bare = lambda: urllib.request.urlopen(url)  # noqa: E731
    try:
        bare()
    except urllib.error.HTTPError as error:
        assert error.code == 403, error.code
    else:
        raise AssertionError("an unsigned request was served")


def administration():
    keys = {"aws_access_key_id": CREDENTIALS["admin_access_key_id"], "aws_secret_access_key": CREDENTIALS["admin_secret_access_key"]}
    admin = boto3.client("cognito-idp", region_name=REGION, **keys)
    pool = CREDENTIALS["user_pool_id"]
    unsigned = lambda: POOL.list_users(UserPoolId=pool)  # noqa: E731
    stage.refused(unsigned, "MissingAuthenticationTokenException")
    stage.refused(lambda: boto3.client("cognito-idp", region_name="us-east-1", **keys).list_users(UserPoolId=pool), "InvalidSignatureException")
    other = {**keys, "aws_secret_access_key": keys["aws_secret_access_key"][:-1]}
    stage.refused(lambda: boto3.client("cognito-idp", region_name=REGION, **other).list_users(UserPoolId=pool), "InvalidSignatureException")

    made = admin.admin_create_user(UserPoolId=pool, Username="made", TemporaryPassword="Temporary-1", MessageAction="SUPPRESS")["User"]
    assert made["UserStatus"] == "FORCE_CHANGE_PASSWORD" and made["Enabled"], made
    assert abs(made["UserCreateDate"].timestamp() - made["UserLastModifiedDate"].timestamp()) < 1
    stage.refused(lambda: admin.admin_create_user(UserPoolId=pool, Username="made"), "UsernameExistsException")
    stage.refused(lambda: admin.admin_set_user_password(UserPoolId=pool, Username="made", Password="short"), "InvalidPasswordException")
    admin.admin_set_user_password(UserPoolId=pool, Username="made", Password="Permanent-1", Permanent=True)
    assert login("made", "Permanent-1")["AuthenticationResult"]
    assert [user["Username"] for user in admin.list_users(UserPoolId=pool, Filter='username = "made"')["Users"]] == ["made"]
    pages = admin.get_paginator("list_users").paginate(UserPoolId=pool, PaginationConfig={"PageSize": 3})
    assert len([user for page in pages for user in page["Users"]]) == 8

    client = VENDOR["principals"]["clients"][1]["client_id"]
    parameters = {"USERNAME": "made", "PASSWORD": "Permanent-1"}
    result = admin.admin_initiate_auth(UserPoolId=pool, ClientId=client, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=parameters)
    token = result["AuthenticationResult"]["AccessToken"]
    assert POOL.get_user(AccessToken=token)["Username"] == "made"
    admin.admin_user_global_sign_out(UserPoolId=pool, Username="made")
    stage.refused(lambda: POOL.get_user(AccessToken=token), "NotAuthorizedException")
    admin.admin_disable_user(UserPoolId=pool, Username="made")
    stage.refused(lambda: login("made", "Permanent-1"), "NotAuthorizedException")
    admin.admin_enable_user(UserPoolId=pool, Username="made")
    assert admin.admin_get_user(UserPoolId=pool, Username="made")["UserStatus"] == "CONFIRMED"
    admin.admin_delete_user(UserPoolId=pool, Username="made")
    stage.refused(lambda: admin.admin_get_user(UserPoolId=pool, Username="made"), "UserNotFoundException")
    assert admin.describe_user_pool(UserPoolId=pool)["UserPool"]["Id"] == pool
    assert admin.describe_user_pool_client(UserPoolId=pool, ClientId=client)["UserPoolClient"]["ClientId"] == client


def registration():
    client = CREDENTIALS["client_id"]
    sign_up = lambda password: POOL.sign_up(  # noqa: E731
        ClientId=client, Username="new", Password=password, UserAttributes=[{"Name": "email", "Value": "new@example.com"}]
    )
    stage.refused(lambda: sign_up("short"), "InvalidPasswordException")
    assert sign_up("Chosen-1-password")["UserConfirmed"] is False
    stage.refused(lambda: sign_up("Chosen-1-password"), "UsernameExistsException")
    stage.refused(lambda: login("new", "Chosen-1-password"), "UserNotConfirmedException")
    stage.refused(lambda: POOL.confirm_sign_up(ClientId=client, Username="new", ConfirmationCode="x"), "CodeMismatchException")
    POOL.resend_confirmation_code(ClientId=client, Username="new")
    users = stage.call("GET", f"/stages/{NAME}")["vendors"]["scribe"]["principals"]["users"]
    code = next(user["confirmation_code"] for user in users if user["username"] == "new")
    POOL.confirm_sign_up(ClientId=client, Username="new", ConfirmationCode=code)
    assert login("new", "Chosen-1-password")["AuthenticationResult"]


globals()[sys.argv[1]]()
