"""What is made at a running server before it is judged; each function tells the variables of what it made."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "parity/keycloak"))

import boto3  # noqa: E402
import botocore.config  # noqa: E402
import botocore.exceptions  # noqa: E402
import world  # noqa: E402

REGION = "eu-west-2"
USERS = {"": ("anna@example.org", "Anna-0123-pass!"), "SECOND_": ("ben@example.org", "Ben-4567-pass!")}
TEMPORARY = ("new@example.org", "New-8901-pass!")


def pools(base):
    """A user pool and an identity pool as Scribe's page tells of them: tokens live 30 minutes, refresh tokens 30 days."""
    def client(service):
        return boto3.client(
            service, endpoint_url=base, region_name=REGION, aws_access_key_id="peers", aws_secret_access_key="peers",
            config=botocore.config.Config(retries={"max_attempts": 1}))

    idp = client("cognito-idp")
    pool = idp.create_user_pool(PoolName="peers")["UserPool"]["Id"]
    clients = [idp.create_user_pool_client(
        UserPoolId=pool, ClientName=name, GenerateSecret=False, PreventUserExistenceErrors="ENABLED",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        AccessTokenValidity=30, IdTokenValidity=30, RefreshTokenValidity=30,
        TokenValidityUnits={"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "days"},
    )["UserPoolClient"]["ClientId"] for name in ("one", "two")]
    for name, password in [*USERS.values(), TEMPORARY]:
        idp.admin_create_user(UserPoolId=pool, Username=name, TemporaryPassword=password, MessageAction="SUPPRESS",
                              UserAttributes=[{"Name": "email", "Value": name}])
        if (name, password) != TEMPORARY:
            idp.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
    try:
        identities = client("cognito-identity").create_identity_pool(
            IdentityPoolName="peers", AllowUnauthenticatedIdentities=False,
            CognitoIdentityProviders=[{"ProviderName": f"cognito-idp.{REGION}.amazonaws.com/{pool}", "ClientId": clients[0]}],
        )["IdentityPoolId"]
    except (botocore.exceptions.ClientError, botocore.exceptions.ParamValidationError):
        identities = f"{REGION}:00000000-0000-0000-0000-000000000000"  # it has none
    made = {
        "LOCUM_CLIENT_ID": clients[0], "LOCUM_SECOND_CLIENT_ID": clients[1], "LOCUM_REGION": REGION,
        "LOCUM_USER_POOL_ID": pool, "LOCUM_IDENTITY_POOL_ID": identities, "LOCUM_COGNITO_URL": base,
        "LOCUM_TEMP_USERNAME": TEMPORARY[0], "LOCUM_TEMP_PASSWORD": TEMPORARY[1],
    }
    for which, (name, password) in USERS.items():
        made |= {f"LOCUM_{which}USERNAME": name, f"LOCUM_{which}PASSWORD": password}
    return made


def realms(base):
    """Two realms with the clients and users of tests/parity/keycloak."""
    # It listens before it serves.
    for _ in range(600):
        try:
            if world.call("GET", f"{base}/realms/master")[0] == 200:
                break
        except OSError:
            pass
        time.sleep(0.5)
    keycloak = world.Keycloak(base, "admin", "admin")
    for realm in ("peers", "peers-two"):
        keycloak.make(realm, {})
    return {
        "LOCUM_TENANT": "peers", "LOCUM_SECOND_TENANT": "peers-two",
        "LOCUM_CLIENT_ID": "conf", "LOCUM_CLIENT_SECRET": world.SECRETS["conf"],
        "LOCUM_SECOND_CLIENT_ID": "second", "LOCUM_SECOND_CLIENT_SECRET": world.SECRETS["second"],
        "LOCUM_PUBLIC_CLIENT_ID": "app", "LOCUM_REDIRECT_URI": world.CALLBACK,
        "LOCUM_USERNAME": "ada", "LOCUM_PASSWORD": world.PASSWORDS["ada"],
    }
