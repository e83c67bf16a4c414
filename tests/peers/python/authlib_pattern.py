"""Authlib's authorization server and resource protector for Flask, in the shape of Pattern's page."""

import os
import time

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # plain http on loopback

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector  # noqa: E402
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants  # noqa: E402
from authlib.oauth2.rfc6750 import BearerTokenValidator  # noqa: E402
from flask import Flask, request  # noqa: E402
from groups import BARRED, CLIENTS, answer  # noqa: E402

issued = {}


class Client(ClientMixin):
    def __init__(self, id):
        self.id = id

    def get_client_id(self):
        return self.id

    def get_allowed_scope(self, scope):
        return ""

    def check_client_secret(self, secret):
        return CLIENTS[self.id] == secret

    def check_endpoint_auth_method(self, method, endpoint):
        return method in ("client_secret_basic", "client_secret_post")

    def check_grant_type(self, grant):
        return grant == "client_credentials" and self.id != BARRED


class Token(TokenMixin):
    def __init__(self, answer, client):
        self.client, self.scope, self.ends = client, answer.get("scope", ""), time.time() + answer["expires_in"]

    def check_client(self, client):
        return self.client == client

    def get_scope(self):
        return self.scope

    def is_expired(self):
        return self.ends < time.time()

    def is_revoked(self):
        return False


class Validator(BearerTokenValidator):
    def authenticate_token(self, text):
        return issued.get(text)


app = Flask(__name__)
# The library's own default is 864000, ten days, which nobody waits for.
app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {"client_credentials": 3600}
server = AuthorizationServer(
    app, query_client=lambda id: Client(id) if id in CLIENTS else None,
    save_token=lambda answer, request: issued.update({answer["access_token"]: Token(answer, request.client)}))
server.register_grant(grants.ClientCredentialsGrant)
guarded = ResourceProtector()
guarded.register_token_validator(Validator())


@app.post("/api/auth/token")
def token():
    return server.create_token_response()


@app.get("/api/v1/groups/<group>/<kind>")
@app.post("/api/v1/groups/<group>/<kind>")
@app.get("/api/v1/groups/<group>/<kind>/<id>")
@guarded()
def group(**_):
    status, body = answer(request.method, request.url)
    return body, status
